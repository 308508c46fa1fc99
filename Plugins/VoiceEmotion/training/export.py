"""Writes the shipped file and the reference vectors, both as safetensors."""
import json
import struct
from dataclasses import asdict

import numpy as np
import torch

from corpora import EMOTIONS, SHARED
from learning import PLACES
from logmel import LEVEL, level, log_mel
from network import HEADS, WIDTH, VoiceNetwork

SCALE = ".scale"


def quantised(state):
    """{name: tensor} -> {name: array}: every matrix and convolution as I8 with an F32 scale per output channel beside it (the weight
    is `I8 * scale[channel]`), positions as F16, the rest as F32."""
    stored = {}
    for name, tensor in state.items():
        values = tensor.detach().float().numpy()
        if name.endswith(".weight") and values.ndim >= 2:
            flat = values.reshape(len(values), -1)
            # The width of a step that loses least: clipping a rare large weight often costs less than coarser steps for all others.
            best, scale = np.full(len(flat), np.inf), np.zeros(len(flat), np.float32)
            for share in np.linspace(0.75, 1, 11):
                trial = np.maximum(np.abs(flat).max(axis=1) * share / 127, 1e-12).astype(np.float32)
                error = np.square(np.clip(np.round(flat / trial[:, None]), -127, 127) * trial[:, None] - flat).sum(axis=1)
                scale, best = np.where(error < best, trial, scale).astype(np.float32), np.minimum(error, best)
            codes = np.clip(np.round(flat / scale[:, None]), -127, 127).astype(np.int8)
            stored[name], stored[name + SCALE] = codes.reshape(values.shape), scale
        else:
            stored[name] = values.astype(np.float16 if name.endswith("positions") else np.float32)
    return stored


def restored(stored):
    """The weights that `quantised` stands for, f32."""
    state = {}
    for name, values in stored.items():
        if not name.endswith(SCALE):
            scale = stored.get(name + SCALE)
            values = values.astype(np.float32)
            state[name] = torch.from_numpy(values if scale is None else values * scale.reshape(-1, *[1] * (values.ndim - 1)))
    return state


def through_int8(network):
    """The same network with the weights that are shipped."""
    copy = VoiceNetwork(len(network.encoder.layers))
    copy.load_state_dict(restored(quantised(network.state_dict())))
    return copy.eval()


TYPES = {"float32": "F32", "float16": "F16", "int8": "I8"}


def save(path, tensors, metadata):
    """A safetensors file whose bytes depend on nothing but its contents. Metadata that are not strings are stored as JSON."""
    header, offset = {"__metadata__": {key: value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
                                       for key, value in sorted(metadata.items())}}, 0
    order = sorted(tensors, key=lambda name: (-tensors[name].itemsize, name))  # so that every tensor is aligned
    for name in order:
        size = tensors[name].nbytes
        header[name] = {"dtype": TYPES[tensors[name].dtype.name], "shape": list(tensors[name].shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(tensors[name].tobytes() for name in order))


def write(path, network, metadata):
    save(path, quantised(network.state_dict()), metadata)


def metadata(recipe, calibration, clips):
    """What a reader needs to know beside the weights."""
    corpora = sorted({clip.corpus for clip in clips})
    return {
        "format": "mien.voice-emotion 1",
        "labels": SHARED,
        "outputs": EMOTIONS + ["valence", "arousal"],
        "config": {"sample_rate": 16000, "mels": 80, "hop": 160, "window": 400, "level": LEVEL, "width": WIDTH, "heads": HEADS, "layers": recipe.layers,
                   "positions": 500, "longest_seconds": 10.0, "shortest_seconds": 0.5},
        "temperature": calibration["temperature"],
        "conformal": calibration["thresholds"],
        "emonet": {"anger": "Anger", "disgust": "Disgust", "fear": "Fear", "happiness": "Elation", "sadness": "Sadness",
                   "surprise": "Astonishment/Surprise"},
        "places": {name: PLACES[name] for name in EMOTIONS},
        "recipe": asdict(recipe),
        "trained_on": {corpus: {"clips": len(own), "speakers": len({clip.speaker for clip in own}), "languages": sorted({clip.language for clip in own})}
                       for corpus in corpora for own in [[clip for clip in clips if clip.corpus == corpus]]},
        "derived_from": "Whisper tiny.en (MIT, OpenAI), tuned",
    }


def signals():
    """{name: f32 samples at 16 kHz}: sounds that anyone can make again, spoken by no one."""
    random = np.random.default_rng(20)

    def vowels(seconds, pitch, rise, formants):
        time = np.arange(int(seconds * 16000)) / 16000
        glide = pitch * (1 + rise * time / seconds + 0.01 * np.sin(2 * np.pi * 5 * time))
        phase = 2 * np.pi * np.cumsum(glide) / 16000
        sound = np.zeros_like(time)
        for harmonic in range(1, int(7000 / pitch / (1 + abs(rise))) + 1):
            shape = sum(1 / (1 + ((harmonic * glide - formant) / 90) ** 2) for formant in formants)
            sound += np.sin(harmonic * phase) * shape / harmonic ** 0.5
        return sound * (0.55 + 0.45 * np.sin(2 * np.pi * 3.1 * time - 1)) + 0.003 * random.standard_normal(len(time))

    made = {"low": vowels(1.0, 110, -0.2, (600, 1100, 2500)), "high": vowels(0.6, 260, 0.5, (750, 1500, 2900)),
            "noise": 0.1 * random.standard_normal(4001)}
    return {name: (0.3 * sound / np.abs(sound).max()).astype(np.float32) for name, sound in made.items()}


@torch.inference_mode()
def reference(path, network, probabilities):
    """Inputs, intermediate results and outputs in f64 of the shipped weights, stored as F32. `probabilities`: outputs [1, n] -> [7]."""
    network = through_int8(network).double()
    vectors = {}
    for name, audio in signals().items():
        mel = log_mel(audio, torch.float64)
        levelled = level(mel)
        batch, lengths = levelled[None], torch.tensor([levelled.shape[1]])
        states, mask = network.encoder(batch, lengths)
        outputs = network.head(states[-1], mask)
        vectors |= {f"{name}.audio": audio, f"{name}.log_mel": mel.numpy(), f"{name}.outputs": outputs[0].numpy(),
                    f"{name}.probabilities": probabilities(outputs.numpy())}
        vectors |= {f"{name}.state{height}": state[0].numpy() for height, state in enumerate(states)}
        vectors |= {f"{name}.pooled": network.head.pool(states[-1], mask)[0].numpy()}
    vectors = {name: np.ascontiguousarray(values, np.float32) for name, values in vectors.items()}
    save(path, vectors, {"level": LEVEL, "sample_rate": 16000})
