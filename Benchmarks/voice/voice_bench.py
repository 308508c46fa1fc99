"""Voices through a real host: how long after the end of speech its estimate is there, and how fast a long recording is read.

    voice_bench.py latency REPEATS    seconds from the sample that decides that an utterance of 5 s has ended to its estimate, one per line
    voice_bench.py recording MINUTES  seconds that `mien voice` takes for a recording of so many minutes of speech

Speech is Examples/speech.ogg, as often as needed.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import wave

import numpy as np
import soundfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MIEN = ROOT / ".build/release/mien"
os.environ["MIEN_COMMAND"] = str(MIEN)
sys.path.insert(0, str(ROOT / "Tests/HostProcess"))
from wire_client import Client, M  # noqa: E402

RATE, CHUNK = 16000, 320
SPEECH = (soundfile.read(ROOT / "Examples/speech.ogg", dtype="float32")[0] * 32767).astype("<i2")


def latency(repeats):
    Request, Event = M["mien.v1.WatchVoiceRequest"], M["mien.v1.WatchVoiceEvent"]
    # About 5 s without a pause that ends an utterance: the second and third sentence together.
    speech = SPEECH[int(0.4 * RATE):int(5.95 * RATE)]
    sound = np.concatenate([speech[:5 * RATE], np.zeros(RATE, "<i2")])
    with Client() as host:
        for repeat in range(repeats + 2):
            call = host.open("/mien.v1.Estimation/WatchVoice")
            host.message(call, Request(start=dict(format=dict(samples="SAMPLE_FORMAT_S16LE", rate=RATE))).SerializeToString())
            sent, found = [], []

            def listen():
                while (data := call.next(60)) is not None:
                    event = Event.FromString(data)
                    if event.WhichOneof("kind") == "utterance":
                        found.append((time.perf_counter(), event.time))

            listener = threading.Thread(target=listen)
            listener.start()
            for start in range(0, len(sound), CHUNK):
                sent.append(time.perf_counter())
                host.message(call, Request(samples=sound[start:start + CHUNK].tobytes()).SerializeToString())
                # Faster than anyone speaks, but never so fast that the host is behind when the end comes.
                time.sleep(0.002 if start < 4 * RATE else 0.02)
            host.half_close(call)
            listener.join()
            when, position = found[-1]
            if repeat >= 2:
                print(when - sent[min(int(position * RATE - 1) // CHUNK, len(sent) - 1)], flush=True)


def recording(minutes):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "speech.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1), file.setsampwidth(2), file.setframerate(RATE)
            file.writeframes(np.resize(SPEECH, minutes * 60 * RATE).tobytes())
        start = time.perf_counter()
        subprocess.run([MIEN, "voice", "--json", path], stdout=subprocess.DEVNULL, check=True)
        print(time.perf_counter() - start)


{"latency": latency, "recording": recording}[sys.argv[1]](int(sys.argv[2]))
