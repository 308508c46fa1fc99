"""What happens to speech on its way to a microphone and through a codec, applied at random: to waveforms, and to log-mels."""
import numpy as np
import scipy.signal
import torch

from logmel import LEVEL, RANGE, level

RATE = 16000


def speed(audio, random):
    """Plays 0.88 to 1.14 times as fast: pitch, formants and tempo change together, as between speakers."""
    factor = int(random.integers(88, 115))
    return scipy.signal.resample_poly(audio, 100, factor)


def room(audio, random):
    """Convolves with exponentially decaying noise (60 dB in 0.15 to 0.7 s) behind a direct path 0 to 12 dB above it."""
    length = random.uniform(0.15, 0.7)
    tail = random.standard_normal(int(length * RATE)) * 10 ** (-3 * np.linspace(0, 1, int(length * RATE)))
    tail *= 10 ** (-random.uniform(0, 12) / 20) / np.sqrt(np.square(tail).sum())
    tail[0] += 1
    return scipy.signal.fftconvolve(audio, tail)[:len(audio)]


def band_limit(audio, random):
    """Butterworth low pass at 3.4 to 7.5 kHz and, half of the time, a high pass at 60 to 320 Hz: telephones, laptops, lossy codecs."""
    audio = scipy.signal.sosfilt(scipy.signal.butter(6, random.uniform(3400, 7500), fs=RATE, output="sos"), audio)
    if random.random() < 0.5:
        audio = scipy.signal.sosfilt(scipy.signal.butter(2, random.uniform(60, 320), "high", fs=RATE, output="sos"), audio)
    return audio


def mu_law(audio, random):
    """8 bits on a logarithmic scale, as in telephony."""
    top = np.abs(audio).max() * random.uniform(1, 3) + 1e-9
    code = np.round(np.sign(audio) * np.log1p(255 * np.abs(audio / top)) / np.log(256) * 127) / 127
    return top * np.sign(code) * np.expm1(np.abs(code) * np.log(256)) / 255


def clip(audio, random):
    """Cuts the loudest 0.1 to 2 percent of the samples off."""
    top = np.quantile(np.abs(audio), 1 - random.uniform(0.001, 0.02))
    return np.clip(audio, -top, top)


def noise(audio, random):
    """Adds noise of a 1/f^0...2 spectrum, 5 to 35 dB below the speech."""
    spectrum = np.fft.rfft(random.standard_normal(len(audio)))
    spectrum *= np.maximum(np.arange(len(spectrum)) / len(spectrum), 30 / 8000) ** (-random.uniform(0, 1))
    sound = np.fft.irfft(spectrum, len(audio))
    return audio + sound * audio.std() / (sound.std() + 1e-9) * 10 ** (-random.uniform(5, 35) / 20)


def waveform(audio, random):
    """Each effect by chance, in the order in which they happen to real recordings."""
    for effect, chance in ((speed, 0.8), (room, 0.4), (noise, 0.5), (band_limit, 0.5), (clip, 0.1), (mu_law, 0.2)):
        if random.random() < chance:
            audio = effect(audio, random)
    return np.asarray(audio, np.float32)


def channel(mel, corpus, channels, random):
    """Half of the time, moves a log-mel part of the way to how another corpus sounds on average. `channels`: {corpus: [80, 1]}."""
    others = sorted(set(channels) - {corpus})
    if not others or random.random() < 0.5:
        return mel
    shifted = level(mel + random.uniform(0, 1) * (channels[others[random.integers(len(others))]] - channels[corpus]))
    return shifted.clamp(min=LEVEL - RANGE)


def mel(mel, random):
    """Changes a log-mel [80, T] in ways too cheap to store: a smooth response of the microphone (up to about 4 dB), a vocal tract
    7 % longer or shorter, a tempo 12 % faster or slower, and masked stripes (SpecAugment). May return the same tensor."""
    bands, length = mel.shape
    if random.random() < 0.6:
        warp, tempo = random.uniform(0.93, 1.07), random.uniform(0.88, 1.12)
        rows = (torch.arange(bands) * warp).clamp(max=bands - 1)
        columns = (torch.arange(int(length / tempo)) * tempo).clamp(max=length - 1)
        grid = torch.stack(torch.meshgrid(columns / (length - 1) * 2 - 1, rows / (bands - 1) * 2 - 1, indexing="xy"), dim=-1)
        grid = grid.to(mel.dtype)
        mel = torch.nn.functional.grid_sample(mel[None, None], grid[None], align_corners=True)[0, 0]
        length = mel.shape[1]
    if random.random() < 0.6:
        points = np.interp(np.arange(bands), np.linspace(0, bands - 1, 5), random.normal(0, 0.08, 5))
        mel = mel + torch.from_numpy(points).to(mel.dtype)[:, None]
    if random.random() < 0.6:
        mel = mel.clone()
        fill = mel.mean()
        for _ in range(2):
            first, width = random.integers(0, bands), random.integers(0, 12)
            mel[first:first + width] = fill
            first, width = random.integers(0, length), random.integers(0, max(2, length // 10))
            mel[:, first:first + width] = fill
    return mel
