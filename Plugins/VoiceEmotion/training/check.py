#!/usr/bin/env python3
"""Computes the network in NumPy alone, from README.md's description and the shipped file, and compares with the reference vectors.

    check.py WEIGHTS.safetensors REFERENCE.safetensors

Exit codes: 0 all within 1e-4, 1 something is not.
"""
import json
import struct
import sys

import numpy as np
from scipy.special import erf

from logmel import mel_filters


def read(path):
    """-> {name: array}, metadata."""
    with open(path, "rb") as file:
        data = file.read()
    end = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:end])
    metadata = header.pop("__metadata__", {})
    types = {"F32": "<f4", "F16": "<f2", "I8": "i1"}
    return {name: np.frombuffer(data[end:], types[entry["dtype"]], int(np.prod(entry["shape"])), entry["data_offsets"][0]).reshape(entry["shape"])
            for name, entry in header.items()}, metadata


def network(weights, config, audio):
    """-> everything that the reference file holds, f64."""
    def of(name):
        values = weights[name].astype(np.float64)
        scale = weights.get(name + ".scale")
        return values if scale is None else values * scale.astype(np.float64).reshape(-1, *[1] * (values.ndim - 1))

    def linear(x, name):
        return x @ of(name + ".weight").T + of(name + ".bias")

    def convolution(x, name, stride):
        padded, kernel = np.pad(x, ((0, 0), (1, 1))), of(name + ".weight")
        return sum(kernel[:, :, tap] @ padded[:, tap:tap + x.shape[1]:stride] for tap in range(3)) + of(name + ".bias")[:, None]

    def gelu(x):
        return x * 0.5 * (1 + erf(x / np.sqrt(2)))

    def normalised(x):
        return (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)

    def norm(x, name):
        return normalised(x) * of(name + ".weight") + of(name + ".bias")

    def softmax(x):
        powers = np.exp(x - x.max(axis=-1, keepdims=True))
        return powers / powers.sum(axis=-1, keepdims=True)

    found = {}
    samples = np.pad(audio.astype(np.float64), 200, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(samples, 400)[::160][:len(audio) // 160]
    power = np.abs(np.fft.rfft(frames * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)))) ** 2
    mel = np.log10(np.maximum(power @ mel_filters(), 1e-10)).T
    found["log_mel"] = mel = (np.maximum(mel, mel.max() - 8) + 4) / 4
    x = gelu(convolution(mel + (config["level"] - mel.max()), "encoder.conv1", 1))
    x = gelu(convolution(x, "encoder.conv2", 2)).T
    found["state0"] = x = x + of("encoder.positions")[:len(x)]
    for layer in range(config["layers"]):
        name = f"encoder.layers.{layer}."
        q, k, v = linear(norm(x, name + "norm1"), name + "qkv").reshape(len(x), 3, config["heads"], -1).transpose(1, 2, 0, 3)
        attended = softmax(q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1])) @ v
        x = x + linear(attended.swapaxes(0, 1).reshape(len(x), -1), name + "out")
        x = x + linear(gelu(linear(norm(x, name + "norm2"), name + "fc1")), name + "fc2")
        found[f"state{layer + 1}"] = x
    mean, deviation = x.mean(axis=0), np.sqrt(np.maximum(x.var(axis=0), 1e-6))
    found["pooled"] = pooled = np.concatenate([mean, deviation])
    found["outputs"] = outputs = linear(gelu(linear((pooled - of("head.mean")) / of("head.deviation"), "head.hidden")), "head.output")
    found["probabilities"] = softmax(outputs[:7] / config["temperature"])
    return found


def main(weights_path, reference_path):
    weights, metadata = read(weights_path)
    config = json.loads(metadata["config"]) | {"temperature": float(metadata["temperature"])}
    expected, _ = read(reference_path)
    worst = 0.0
    for name in sorted(name[:-len(".audio")] for name in expected if name.endswith(".audio")):
        for part, values in network(weights, config, expected[name + ".audio"]).items():
            error = float(np.abs(values - expected[f"{name}.{part}"]).max())
            print(f"{name}.{part:14s} {str(values.shape):10s} {error:.1e}")
            worst = max(worst, error)
    return int(worst > 1e-4)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
