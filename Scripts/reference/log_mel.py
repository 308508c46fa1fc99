"""Writes Tests/MienMediaTests/Fixtures/log_mel.json: log-mel features of a short sound, in float64 with NumPy alone.

Run `python Scripts/reference/log_mel.py`. "samples" are 16-bit, the others f32 [frames, mels], all little-endian in base64.
"""
import base64, json, pathlib
import numpy as np

LENGTH, HOP, RATE = 400, 160, 16_000


def filters(count):
    """Slaney's triangles of area 1: [bins, count]."""
    step = np.log(6.4) / 27
    top = 15 + np.log(RATE / 2 / 1000) / step
    mel = np.linspace(0, top, count + 2)
    corners = np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * step))
    frequency = np.fft.rfftfreq(LENGTH, 1 / RATE)
    triangles = [np.interp(frequency, corners[i:i + 3], [0, 1, 0]) * 2 / (corners[i + 2] - corners[i]) for i in range(count)]
    return np.stack(triangles, axis=1)


def features(samples, mels, window=None):
    x = samples / 32768
    if window is not None:
        x = np.pad(x[:window * HOP], (0, max(0, window * HOP - len(x))))
    x = np.pad(x, LENGTH // 2, mode="reflect")
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(LENGTH) / LENGTH)
    frames = np.lib.stride_tricks.sliding_window_view(x, LENGTH)[::HOP][:-1] * hann
    power = np.abs(np.fft.rfft(frames)) ** 2
    logs = np.log10(np.maximum(power @ filters(mels), 1e-10))
    return (np.maximum(logs, logs.max() - 8) + 4) / 4


def encoded(array, kind):
    return base64.b64encode(np.ascontiguousarray(array, dtype=kind).tobytes()).decode()


def main():
    # A rising tone, one that decays, and noise, over 0.12 s and a bit.
    t = np.arange(1997) / RATE
    sound = 0.4 * np.sin(2 * np.pi * (200 + 20_000 * t) * t) + 0.2 * np.exp(-60 * t) * np.sin(2 * np.pi * 6100 * t)
    samples = np.round(32768 * (sound + 0.003 * np.random.default_rng(5).standard_normal(len(t)))).astype(np.int16)
    fixture = dict(samples=encoded(samples, "<i2"),
                   mels80=encoded(features(samples, 80), "<f4"),
                   mels128=encoded(features(samples, 128), "<f4"),
                   padded=encoded(features(samples, 80, window=16), "<f4"),
                   cut=encoded(features(samples, 80, window=5), "<f4"),
                   # Fewer samples than the mirror needs: it goes back and forth.
                   short=encoded(features(samples[:170], 80), "<f4"))
    path = pathlib.Path(__file__).parents[2] / "Tests/MienMediaTests/Fixtures/log_mel.json"
    path.write_text(json.dumps(fixture, indent=1) + "\n")


if __name__ == "__main__":
    main()
