"""Whisper's log-mel spectrogram of a clip of its own length (not padded to 30 s)."""
import numpy as np
import torch

MELS, WINDOW, HOP, RATE = 80, 400, 160, 16000


def mel_filters():
    """[201, 80] f64: triangles that are equally wide on Slaney's mel scale over 0...8000 Hz, each of area 1 (in Hz) up to a constant."""
    linear_until, per_mel, steps = 1000.0, 200.0 / 3, np.log(6.4) / 27

    def to_hz(mel):
        return np.where(mel < linear_until / per_mel, mel * per_mel, linear_until * np.exp(steps * (mel - linear_until / per_mel)))

    top = linear_until / per_mel + np.log(RATE / 2 / linear_until) / steps
    edges = to_hz(np.linspace(0, top, MELS + 2))
    bins = np.linspace(0, RATE / 2, WINDOW // 2 + 1)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.maximum(0, np.minimum(rising, falling)) * 2 / (edges[2:] - edges[:-2])


_filters = {}


def log_mel(audio, dtype=torch.float32):
    """[n] samples at 16 kHz, n >= 201 -> [80, n // 160]: reflected by 200 samples at both ends, periodic Hann window of 400, hop 160,
    the last frame dropped; log10 of the power floored at 1e-10 and at 8 below the maximum; (x + 4) / 4."""
    audio = torch.as_tensor(audio, dtype=dtype)
    if dtype not in _filters:
        _filters[dtype] = (torch.hann_window(WINDOW, dtype=dtype), torch.from_numpy(mel_filters().T).to(dtype))
    window, filters = _filters[dtype]
    power = torch.stft(audio, WINDOW, HOP, window=window, center=True, pad_mode="reflect", return_complex=True)[:, :-1].abs().square()
    mel = (filters @ power).clamp(min=1e-10).log10()
    return (torch.maximum(mel, mel.max() - 8) + 4) / 4


# Loudest cell of the log-mel that the network is given. Speech into Whisper has about this maximum.
LEVEL = 1.25
RANGE = 2.0  # from the loudest cell down to the floor


def level(mel):
    """Shifts a log-mel so that its maximum is LEVEL: the answer then does not depend on the gain of the microphone."""
    return mel + (LEVEL - mel.max())
