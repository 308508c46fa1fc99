#!/usr/bin/env python3
"""Converts the weights of a Keras HDF5 checkpoint into a safetensors file.

    python3 import_hdf5.py INPUT.hdf5 OUTPUT.safetensors

Every dataset below the group `model_weights` becomes a tensor of the same name (without that prefix), shape and f32 values. Needs
h5py and numpy. Nothing in the file is executed: attributes, Keras' configuration among them, are not read. The same input gives the
same bytes on every machine, so that the output can be pinned by its SHA-256.

Exit codes: 0 done, 1 the input cannot be converted, 2 wrong usage.
"""
import hashlib
import json
import os
import sys

import h5py
import numpy

CONVERTER = "mien import_hdf5 1"
SIZE_LIMIT = 1 << 30


class Refused(Exception):
    """The input is not what this script converts."""


def weights(group):
    """Yields (name, f32 array) for every dataset below `group`; follows hard links only, and each group once."""
    found = {}
    total = 0

    def visit(prefix, node, path):
        nonlocal total
        for key in node:
            name = f"{prefix}{key}"
            link = node.get(key, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise Refused(f"'{name}' is a link to somewhere else")
            child = node[key]
            if isinstance(child, h5py.Group):
                if child.id in path:
                    raise Refused(f"group '{name}' contains itself")
                visit(f"{name}/", child, path + [child.id])
            elif isinstance(child, h5py.Dataset):
                if child.external or child.is_virtual:
                    raise Refused(f"'{name}' keeps its data in another file")
                if child.dtype != numpy.dtype("<f4"):
                    raise Refused(f"'{name}' has elements of type {child.dtype}, expected little-endian f32")
                total += int(child.size) * 4
                if total > SIZE_LIMIT:
                    raise Refused(f"more than {SIZE_LIMIT} bytes of weights")
                values = numpy.ascontiguousarray(child[()], dtype="<f4").reshape(child.shape)
                if not numpy.isfinite(values).all():
                    raise Refused(f"'{name}' holds values that are not finite")
                found[name] = values
            else:
                raise Refused(f"'{name}' is neither a group nor a dataset")

    visit("", group, [group.id])
    if not found:
        raise Refused("'model_weights' holds no weights")
    return sorted(found.items())


def serialized(tensors, metadata):
    """The bytes of a safetensors file: length of the header, header, data."""
    header, offset = {"__metadata__": metadata}, 0
    for name, values in tensors:
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [offset, offset + values.nbytes]}
        offset += values.nbytes
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=True).encode("ascii")
    text += b" " * (-len(text) % 8)  # the data then begin at a multiple of 8
    return len(text).to_bytes(8, "little") + text + b"".join(values.tobytes() for _, values in tensors)


def convert(source, target):
    """Converts the file `source`; `target` appears only when it is complete."""
    with open(source, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else hashlib.sha256(file.read()).hexdigest()
    with h5py.File(source, "r") as file:
        group = file.get("model_weights")
        if not isinstance(group, h5py.Group):
            raise Refused("there is no group 'model_weights': not a Keras checkpoint")
        tensors = weights(group)
    contents = serialized(tensors, {"converter": CONVERTER, "source": "Keras HDF5, model_weights", "source_sha256": digest})
    partial = f"{target}.{os.getpid()}.partial"
    try:
        with open(partial, "wb") as file:
            file.write(contents)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, target)
    finally:
        if os.path.exists(partial):
            os.unlink(partial)
    return len(tensors), len(contents)


def main(arguments):
    if len(arguments) != 2:
        print("usage: import_hdf5.py INPUT.hdf5 OUTPUT.safetensors", file=sys.stderr)
        return 2
    try:
        count, size = convert(*arguments)
    except (Refused, OSError, KeyError, RuntimeError, ValueError) as error:
        print(f"{arguments[0]}: {error}", file=sys.stderr)
        return 1
    print(f"{arguments[1]}: {count} tensors, {size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
