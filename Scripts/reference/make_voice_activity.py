"""Writes the fixtures of voice activity detection:

- MienNetworksTests/Fixtures/silero-tiny*.safetensors: Silero VAD's network with small widths and random weights, computed in float64;
- MienMediaTests/Fixtures/speech-segments.json: segments that silero-vad 6.2.3 makes of drawn probabilities;
- VoiceEmotionTests/Fixtures/speech.safetensors: sentences spoken by espeak-ng, with ONNX Runtime's probabilities and silero-vad's segments.

    pip download --no-deps silero-vad==6.2.3 && unzip silero_vad-6.2.3-py3-none-any.whl -d WHEEL
    python Scripts/reference/make_voice_activity.py WHEEL [--tracks N] [--speech FILE...]

Needs numpy, packaging, onnxruntime and espeak-ng; with --speech (recordings in place of espeak-ng's, to try more than is committed), soundfile.
"""
import argparse, io, json, pathlib, subprocess, sys, types, wave
import numpy as np

TESTS = pathlib.Path(__file__).resolve().parents[2] / "Tests"
KINDS = {"float32": "F32", "int16": "I16", "int64": "I64"}


def save(path, tensors):
    header, data = {}, b""
    for name, values in tensors.items():
        header[name] = dict(dtype=KINDS[str(values.dtype)], shape=list(values.shape), data_offsets=[len(data), len(data) + values.nbytes])
        data += np.ascontiguousarray(values).tobytes()
    text = json.dumps(header, separators=(",", ":")).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


# The network, in float64, with windows of 2 T samples for a transform of T.

def conv(x, weight, bias, stride=1, pad=1):
    """x [channels, time]"""
    x = np.pad(x, ((0, 0), (pad, pad)))
    taps = weight.shape[2]
    return np.stack([np.tensordot(weight, x[:, t:t + taps], 2) for t in range(0, x.shape[1] - taps + 1, stride)], 1) + bias[:, None]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def network(w, samples):
    length = w["stft_conv.weight"].shape[2]
    window, context = 2 * length, length // 4
    units = w["lstm_cell.weight_hh"].shape[1]
    h, c, states, probabilities = np.zeros(units), np.zeros(units), [], []
    heard = np.concatenate([np.zeros(context), samples, np.zeros(-len(samples) % window)])
    for start in range(0, len(heard) - context, window):
        x = heard[start:start + context + window]
        x = np.concatenate([x, x[-2:-2 - context:-1]])
        spectrum = conv(x[None], w["stft_conv.weight"], np.zeros(length + 2), length // 2, 0)
        x = np.hypot(spectrum[:length // 2 + 1], spectrum[length // 2 + 1:])
        for name, stride in (("conv1", 1), ("conv2", 2), ("conv3", 2), ("conv4", 1)):
            x = np.maximum(conv(x, w[name + ".weight"], w[name + ".bias"], stride), 0)
        a = w["lstm_cell.weight_ih"] @ x[:, 0] + w["lstm_cell.bias_ih"] + w["lstm_cell.weight_hh"] @ h + w["lstm_cell.bias_hh"]
        i, f, g, o = np.split(a, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        states.append(np.stack([h, c]))
        probabilities.append(sigmoid(w["final_conv.weight"][0, :, 0] @ np.maximum(h, 0) + w["final_conv.bias"][0]))
    return np.array(probabilities), states


def tiny():
    rng = np.random.default_rng(6)
    length, units = 32, 13
    shapes = {"stft_conv.weight": (length + 2, 1, length), "conv1.weight": (11, length // 2 + 1, 3), "conv2.weight": (9, 11, 3), "conv3.weight": (7, 9, 3),
              "conv4.weight": (18, 7, 3), "lstm_cell.weight_ih": (4 * units, 18), "lstm_cell.weight_hh": (4 * units, units), "final_conv.weight": (1, units, 1)}
    w = {name: (rng.standard_normal(shape) * (1.6 / np.prod(shape[1:])) ** 0.5).astype(np.float32) for name, shape in shapes.items()}
    w["final_conv.weight"] *= 6
    for name in ("conv1", "conv2", "conv3", "conv4", "final_conv"):
        w[name + ".bias"] = (rng.standard_normal(len(w[name + ".weight"])) * 0.1).astype(np.float32)
    for name in ("bias_ih", "bias_hh"):
        w["lstm_cell." + name] = (rng.standard_normal(4 * units) * 0.1).astype(np.float32)
    count = 40 * 2 * length + 23
    loudness = np.repeat(rng.random(count // 160 + 1) ** 3 * 3, 160)[:count]
    samples = (rng.standard_normal(count) * loudness).astype(np.float32)
    probabilities, states = network({name: values.astype(np.float64) for name, values in w.items()}, samples.astype(np.float64))
    fixtures = TESTS / "MienNetworksTests/Fixtures"
    save(fixtures / "silero-tiny.safetensors", w)
    # The state after the last complete window.
    save(fixtures / "silero-tiny-expected.safetensors",
         dict(samples=samples, probabilities=probabilities.astype(np.float32), state=states[-2].astype(np.float32)))


def segments_of(timestamps, probabilities, count, **criteria):
    found = timestamps([float(np.float32(p)) for p in probabilities], audio_length_samples=count, **criteria)
    return [[one["start"], one["end"]] for one in found]


def drawn_track(rng, windows):
    """Speech and silence by turns, with dips, bursts and values at the thresholds."""
    track, speaks = [], bool(rng.integers(2))
    while len(track) < windows:
        size = int(rng.integers(1, 5 if rng.random() < 0.6 else 40))
        low, high = (0.3, 1) if speaks else (0, 0.5)
        track += list(rng.uniform(low, high, size) if rng.random() < 0.7 else rng.choice([0, 0.2, 0.35, 0.36, 0.5, 0.49, 1], size))
        speaks = not speaks
    return [round(float(p), 2) for p in track[:windows]]


def tracks(timestamps, number):
    rng = np.random.default_rng(7)
    cases = [dict(name="nothing", probabilities=[], samples=0), dict(name="all speech", probabilities=[1] * 20, samples=20 * 512 - 3),
             dict(name="all silence", probabilities=[0] * 20, samples=20 * 512), dict(name="one sample", probabilities=[1], samples=1),
             dict(name="just too short", probabilities=[1] * 7 + [0] * 9, samples=16 * 512),
             dict(name="just long enough", probabilities=[1] * 8 + [0] * 9, samples=17 * 512),
             dict(name="endless speech, cut at once", probabilities=[0.9] * 100, samples=100 * 512, maximumSpeech=700)]
    for index in range(number):
        windows = int(rng.integers(1, 130))
        case = dict(name=f"drawn {index}", probabilities=drawn_track(rng, windows), samples=windows * 512 - int(rng.integers(0, 512)))
        if index % 3:
            for key, choices in dict(threshold=[0.3, 0.6, 0.1], silenceThreshold=[0.05, 0.2, 0.1], minimumSpeech=[0, 32, 64, 400, 1000],
                                     minimumSilence=[0, 20, 64, 150, 320, 700], padding=[0, 10, 31, 100, 333], maximumSpeech=[800, 1200, 2048, 3001],
                                     minimumSplitSilence=[0, 32, 98, 250]).items():
                if rng.random() < 0.5:
                    case[key] = choices[rng.integers(len(choices))]
        if "silenceThreshold" in case:
            case["silenceThreshold"] = min(case["silenceThreshold"], case.get("threshold", 0.5))
        # Longer than the padding and a window, as Mien demands.
        if case.get("maximumSpeech", 1e9) * 16 > 512 + 32 * case.get("padding", 30):
            cases.append(case)
    for case in cases:
        names = dict(threshold="threshold", silenceThreshold="neg_threshold", minimumSpeech="min_speech_duration_ms", minimumSilence="min_silence_duration_ms",
                     padding="speech_pad_ms", minimumSplitSilence="min_silence_at_max_speech")
        criteria = {name: case[key] for key, name in names.items() if key in case}
        if "maximumSpeech" in case:
            criteria["max_speech_duration_s"] = case["maximumSpeech"] / 1000
        case["segments"] = segments_of(timestamps, case["probabilities"], case["samples"], **criteria)
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (TESTS / "MienMediaTests/Fixtures/speech-segments.json").write_text(f"[\n{lines}\n]\n")


def spoken(text, voice):
    """espeak-ng's voice, brought from its rate to 16 kHz by cutting the spectrum."""
    out = subprocess.run(["espeak-ng", "-v", voice, "-s", "165", "--stdout", text], check=True, capture_output=True).stdout
    with wave.open(io.BytesIO(out)) as file:
        rate = file.getframerate()
        sound = np.frombuffer(out[44:], np.int16) / 32768
    count = len(sound) * 16000 // rate
    return np.fft.irfft(np.fft.rfft(sound)[:count // 2 + 1], count) * count / len(sound)


def speech(wheel, timestamps, files):
    rng = np.random.default_rng(8)
    if files:
        import soundfile
        sound = np.concatenate([soundfile.read(file)[0] for file in files])
    else:
        parts = [np.zeros(9000), spoken("How are you today?", "en-us"), np.zeros(7777), spoken("Danke, gut.", "de"), np.zeros(12345)]
        sound = np.concatenate(parts)
        sound = 0.6 * sound / np.abs(sound).max() + 0.002 * rng.standard_normal(len(sound))
    samples = np.clip(np.round(sound * 32768), -32768, 32767).astype(np.int16)
    import onnxruntime
    session = onnxruntime.InferenceSession(str(wheel / "silero_vad/data/silero_vad.onnx"), providers=["CPUExecutionProvider"])
    padded = np.concatenate([np.zeros(64), samples / np.float32(32768), np.zeros(-len(samples) % 512)]).astype(np.float32)
    state, probabilities = np.zeros((2, 1, 128), np.float32), []
    for start in range(0, len(padded) - 64, 512):
        probability, state = session.run(None, dict(input=padded[None, start:start + 576], state=state, sr=np.array(16000, np.int64)))
        probabilities.append(probability[0, 0])
    found = segments_of(timestamps, probabilities, len(samples))
    print(f"speech: {len(samples)} samples, segments {found if len(found) < 9 else len(found)}")
    save(TESTS / "VoiceEmotionTests/Fixtures/speech.safetensors",
         dict(probabilities=np.array(probabilities, np.float32), segments=np.array(found, np.int64).reshape(-1, 2), samples=samples))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("wheel", type=pathlib.Path)
    parser.add_argument("--tracks", type=int, default=60)
    parser.add_argument("--speech", nargs="*", default=[])
    arguments = parser.parse_args()
    # The function that makes the segments is plain Python, but its file imports torch for others. A stand-in saves its gigabyte.
    sys.modules["torch"] = types.SimpleNamespace(no_grad=lambda: lambda function: function, Tensor=None, device=lambda name: name)
    sys.path.insert(0, str(arguments.wheel / "silero_vad"))
    from utils_vad import get_speech_timestamps_from_probs
    tiny()
    tracks(get_speech_timestamps_from_probs, arguments.tracks)
    speech(arguments.wheel, get_speech_timestamps_from_probs, arguments.speech)


main()
