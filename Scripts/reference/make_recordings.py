"""Writes the recordings of MienMediaTests: a fraction of a second in every kind of file that Mien reads, and what ffmpeg and sox make of them.

Needs numpy, sox (with all its formats) and ffmpeg (with libmp3lame, libtwolame, libvorbis, libopus): python Scripts/reference/make_recordings.py.
Encoders differ between versions, so every file and all of expected.json are written together.

expected.json has a line for every file: rate, channels, frames, `values` (every 41st sample of the interleaved whole, as 32-bit floats),
the mean and the root of the mean square of all samples. `loss` is how far apart decoders may be; 0 where decoding is exact. What
`sox FILE -n stats` says about "stats.wav" is in `stats`.
"""
import json, pathlib, re, shutil, subprocess, sys
import numpy as np

OUT = pathlib.Path(__file__).resolve().parents[2] / "Tests/MienMediaTests/Fixtures/audio"
for tool in ("sox", "ffmpeg"):
    if not shutil.which(tool):
        sys.exit(f"{tool} is needed")
shutil.rmtree(OUT, ignore_errors=True)
OUT.mkdir(parents=True)
expected = {}


def voice(rate, frames, channels):
    """A gliding tone with overtones, louder and softer, and another in each channel; about -6 dBFS at its peak."""
    t = np.arange(frames) / rate
    sound = []
    for channel in range(channels):
        phase = 2 * np.pi * (110 + 25 * channel) * (t + 0.6 * t * t)
        tone = sum(np.sin(k * phase + channel) / k ** 1.2 for k in range(1, 9))
        sound.append(0.22 * tone * (0.55 + 0.45 * np.sin(2 * np.pi * 11 * t + channel)))
    return np.stack(sound, -1)


def run(*command, data=None):
    return subprocess.run([str(part) for part in command], input=data, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def decode(path, rate, decoder):
    """Interleaved 32-bit floats at the rate that the file states: by sox, or by ffmpeg with options."""
    if decoder == "sox":
        return np.frombuffer(run("sox", "-D", path, "-t", "f32", "-").stdout, "<f4")
    sound = run("ffmpeg", "-v", "error", *decoder, "-i", path, "-f", "f32le", "-c:a", "pcm_f32le", "-ar", rate, "-").stdout
    return np.frombuffer(sound, "<f4")


def record(name, rate, channels, loss=0.0, decoder=()):
    values = decode(OUT / name, rate, decoder)
    expected[name] = {"rate": rate, "channels": channels, "frames": len(values) // channels, "loss": loss,
                      "values": [float(v) for v in values[::41]], "mean": float(values.mean(dtype=np.float64)),
                      "rms": float(np.sqrt((values.astype(np.float64) ** 2).mean()))}


def source(rate, frames, channels):
    return voice(rate, frames, channels).astype("<f8").tobytes(), ["-t", "f64", "-r", rate, "-c", channels, "-L", "-"]


def by_sox(name, rate, channels, *encoding, frames=1500, loss=0.0, decoder=()):
    data, kind = source(rate, frames, channels)
    run("sox", "-D", *kind, *encoding, OUT / name, data=data)
    record(name, rate, channels, loss, decoder)


def by_ffmpeg(name, rate, channels, *encoding, frames=1500, loss=0.0, decoder=()):
    data, _ = source(rate, frames, channels)
    run("ffmpeg", "-v", "error", "-f", "f64le", "-ar", rate, "-ac", channels, "-i", "-", "-bitexact", *encoding, OUT / name, data=data)
    record(name, rate, channels, loss, decoder)


by_sox("u8.wav", 11025, 1, "-b", 8, "-e", "unsigned")
by_sox("s16.wav", 16000, 1, "-b", 16)
by_sox("s16-stereo.wav", 44100, 2, "-b", 16)
by_sox("s24.wav", 48000, 1, "-b", 24)
by_sox("s32.wav", 8000, 1, "-b", 32)
by_sox("f32.wav", 22050, 2, "-b", 32, "-e", "float", frames=700)
by_sox("f64.wav", 96000, 1, "-b", 64, "-e", "float", frames=1000)
by_sox("a-law.wav", 8000, 1, "-e", "a-law")
by_sox("mu-law.wav", 8000, 1, "-e", "mu-law")
by_sox("big-endian.wav", 16000, 1, "-B", "-b", 16, decoder="sox")
by_sox("ima-adpcm.wav", 8000, 1, "-e", "ima-adpcm", decoder="sox")
by_sox("ms-adpcm.wav", 8000, 1, "-e", "ms-adpcm", decoder="sox")
by_ffmpeg("six-channels.wav", 16000, 6, "-c:a", "pcm_s16le", frames=500)
by_ffmpeg("extensible.wav", 32000, 2, "-c:a", "pcm_s24le", frames=700)
by_ffmpeg("rf64.wav", 16000, 1, "-c:a", "pcm_s16le", "-rf64", "always")
by_sox("s8.aiff", 16000, 1, "-b", 8)
by_sox("s16.aiff", 44100, 2, "-b", 16)
by_sox("s24.aiff", 48000, 1, "-b", 24)
by_sox("s32.aiff", 16000, 1, "-b", 32)
by_ffmpeg("f32.aifc", 16000, 1, "-c:a", "pcm_f32be", "-f", "aiff")
by_ffmpeg("mu-law.aifc", 8000, 1, "-c:a", "pcm_mulaw", "-f", "aiff")
by_ffmpeg("little-endian.aifc", 16000, 1, "-c:a", "pcm_s16le", "-f", "aiff", "-tag:a", "sowt")
by_sox("s16.flac", 16000, 1, "-b", 16)
by_sox("s24.flac", 48000, 2, "-b", 24)
# sox rounds to 16 bits; ffmpeg drops the last block.
by_ffmpeg("vorbis.ogg", 16000, 1, "-c:a", "libvorbis", "-q:a", 2, frames=4000, loss=1.6e-5, decoder="sox")
by_ffmpeg("vorbis-stereo.ogg", 44100, 2, "-c:a", "libvorbis", "-q:a", 2, frames=6000, loss=1.6e-5, decoder="sox")
by_ffmpeg("opus.ogg", 48000, 1, "-c:a", "libopus", "-b:a", "24k", "-f", "ogg", frames=9600, loss=1e-4, decoder=("-c:a", "libopus"))
# At 16 kHz libopus is 0.8 samples later than its sound at 48 kHz, which ffmpeg resamples.
by_ffmpeg("opus-16k-stereo.opus", 16000, 2, "-c:a", "libopus", "-b:a", "32k", frames=3200, loss=0.07, decoder=("-c:a", "libopus"))
by_ffmpeg("mono.mp3", 16000, 1, "-c:a", "libmp3lame", "-b:a", "32k", frames=4000, loss=1e-4)
by_ffmpeg("stereo-vbr.mp3", 44100, 2, "-c:a", "libmp3lame", "-q:a", 6, frames=6000, loss=1e-4)
by_ffmpeg("tagged.mp3", 22050, 1, "-c:a", "libmp3lame", "-b:a", "32k", "-id3v2_version", 3, "-metadata", "title=" + "long " * 40, frames=4000, loss=1e-4)
by_ffmpeg("layer-2.mp2", 48000, 1, "-c:a", "libtwolame", "-b:a", "64k", "-f", "mp2", frames=4000, loss=1e-4)

# sox's measurements of a recording with an offset.
data = (voice(16000, 8000, 1) * 0.5 + 0.03).astype("<f8").tobytes()
run("sox", "-D", "-t", "f64", "-r", 16000, "-c", 1, "-L", "-", "-b", 16, OUT / "stats.wav", data=data)
record("stats.wav", 16000, 1)
report = run("sox", OUT / "stats.wav", "-n", "stats").stderr.decode()
number = lambda label: float(re.search(re.escape(label) + r"\s+(-?[\d.]+)", report).group(1))
stats = {"offset": number("DC offset"), "peak": number("Pk lev dB"), "level": number("RMS lev dB")}
(OUT / "expected.json").write_text(json.dumps({"files": expected, "stats": stats}, separators=(",", ":")))
total = sum(path.stat().st_size for path in OUT.iterdir())
print(f"{len(expected)} recordings, {total} bytes")
