"""Reads the encoder of a Whisper model in CTranslate2's `model.bin` (versions 4 to 6).

The file: u32 version, u16 + name of the specification, u32 revision, u32 count; then per variable u16 + name, u8 rank, u32 per axis,
u8 type, u32 bytes, the values. Strings end with a zero byte that their length counts. All numbers are little-endian.
"""
import struct

import numpy as np
import torch

TYPES = {0: "<f4", 1: "i1", 2: "<i2", 3: "<i4", 4: "<f2"}


def variables(data):
    """{name: array} of every variable whose name begins with `encoder/`."""
    offset = 0

    def take(form):
        nonlocal offset
        size = struct.calcsize(form)
        if offset + size > len(data):
            raise ValueError(f"model.bin is cut short at byte {offset}")
        value = struct.unpack_from(form, data, offset)
        offset += size
        return value[0] if len(value) == 1 else value

    def text():
        return take(f"<{take('<H')}s").rstrip(b"\0").decode()

    version = take("<I")
    if not 4 <= version <= 6:
        raise ValueError(f"model.bin has version {version}, known are 4 to 6")
    if (kind := text()) != "WhisperSpec":
        raise ValueError(f"model.bin holds a {kind}, expected a WhisperSpec")
    take("<I")
    found = {}
    for _ in range(take("<I")):
        name, rank = text(), take("<B")
        shape = [take("<I") for _ in range(rank)]
        kind, size = take("<B"), take("<I")
        if offset + size > len(data):
            raise ValueError(f"model.bin is cut short in '{name}'")
        if name.startswith("encoder/"):
            if kind not in TYPES:
                raise ValueError(f"'{name}' has elements of the unknown type {kind}")
            array = np.frombuffer(data, TYPES[kind], size // np.dtype(TYPES[kind]).itemsize, offset)
            found[name] = array.reshape(shape)
        offset += size
    return found


def whisper_encoder(path):
    """The encoder's weights under the names of `network.Encoder`, f32."""
    with open(path, "rb") as file:
        found = variables(file.read())
    weights = {}

    def move(source, target):
        weights[target] = torch.from_numpy(found["encoder/" + source].astype(np.float32))

    for n in (1, 2):
        for part in ("weight", "bias"):
            move(f"conv{n}/{part}", f"conv{n}.{part}")
    move("position_encodings/encodings", "positions")
    for layer in range(sum(name.endswith("self_attention/linear_0/weight") for name in found)):
        source, target = f"layer_{layer}/", f"layers.{layer}."
        for part, gain in (("weight", "gamma"), ("bias", "beta")):
            move(f"{source}self_attention/layer_norm/{gain}", f"{target}norm1.{part}")
            move(f"{source}ffn/layer_norm/{gain}", f"{target}norm2.{part}")
            move(f"{source}self_attention/linear_0/{part}", f"{target}qkv.{part}")
            move(f"{source}self_attention/linear_1/{part}", f"{target}out.{part}")
            move(f"{source}ffn/linear_0/{part}", f"{target}fc1.{part}")
            move(f"{source}ffn/linear_1/{part}", f"{target}fc2.{part}")
    for part, gain in (("weight", "gamma"), ("bias", "beta")):
        move(f"layer_norm/{gain}", f"norm.{part}")
    return weights
