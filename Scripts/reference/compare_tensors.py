"""Compares the tensors of two safetensors files by name: `compare_tensors.py OURS THEIRS [--tolerance T] [--all]`.

OURS is what `mien network run --out` wrote, THEIRS the reference; `expected.`, `scores.` and `model_` before a name and `_best` after it are passed
over, and so are inputs. Prints for each tensor the largest absolute error, that error relative to the largest value of THEIRS, and the root mean
square of the errors over that of THEIRS.

Exits 1 if a relative error is above T (default 1e-3) or no number, shapes differ, or the files have no tensor in common; with --all also if OURS
lacks one of THEIRS. Exits 2 if a file cannot be read. Needs numpy.
"""
import argparse
import json
import pathlib
import struct
import sys

import numpy as np

KINDS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "<i1", "U8": "<u1", "BOOL": "?"}


def read(path):
    """Tensors of a file, mapped rather than read, by name as compared."""
    size = pathlib.Path(path).stat().st_size
    with open(path, "rb") as file:
        length, = struct.unpack("<Q", file.read(8))
        if length > size - 8:
            raise ValueError(f"its header has {length} bytes, the file {size}")
        header = json.loads(file.read(length))
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__" or name.startswith("input."):
            continue
        first, last = entry["data_offsets"]
        if not 0 <= first <= last <= size - 8 - length:
            raise ValueError(f"tensor '{name}' lies outside of the file")
        data = np.memmap(path, np.uint8, "r", 8 + length + first, (last - first,)) if last > first else np.zeros(0, np.uint8)
        if entry["dtype"] == "BF16":
            values = (data.view("<u2").astype(np.uint32) << 16).view(np.float32)
        elif entry["dtype"] in KINDS:
            values = data.view(KINDS[entry["dtype"]])
        else:
            raise ValueError(f"tensor '{name}' has type {entry['dtype']}")
        tensors[name.removeprefix("expected.").removeprefix("scores.").removeprefix("model_").removesuffix("_best")] = values.reshape(entry["shape"])
    return tensors


def errors(ours, theirs):
    """Largest absolute error, relative to the largest value, root mean square over root mean square; infinite where something is no number."""
    difference, size = np.abs(ours.astype(np.float64) - theirs), np.abs(theirs.astype(np.float64))
    if not np.isfinite(difference).all():
        return (np.inf,) * 3
    largest = difference.max(initial=0)
    ratio = lambda a, b: a / b if b else (np.inf if a else 0.0)
    return largest, ratio(largest, size.max(initial=0)), ratio(np.sqrt(np.square(difference).sum()), np.sqrt(np.square(size).sum()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ours")
    parser.add_argument("theirs")
    parser.add_argument("--tolerance", type=float, default=1e-3, help="largest relative error allowed")
    parser.add_argument("--all", action="store_true", help="every tensor of THEIRS must be in OURS")
    arguments = parser.parse_args()
    found = []
    for path in (arguments.ours, arguments.theirs):
        try:
            found.append(read(path))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
            print(f"{path}: {error}", file=sys.stderr)
            sys.exit(2)
    ours, theirs = found
    common, failed = [name for name in theirs if name in ours], False
    width = max(map(len, common), default=0)
    print(f"{'':{width}}  {'largest':>9}  {'relative':>9}  {'rms':>9}")
    for name in common:
        if ours[name].shape != theirs[name].shape:
            print(f"{name:{width}}  shape {list(ours[name].shape)}, expected {list(theirs[name].shape)}")
            failed = True
            continue
        largest, relative, rms = errors(ours[name], theirs[name])
        wrong = not relative <= arguments.tolerance
        print(f"{name:{width}}  {largest:9.2e}  {relative:9.2e}  {rms:9.2e}{'  above the tolerance' if wrong else ''}")
        failed |= wrong
    lacking = [name for name in theirs if name not in ours]
    if lacking:
        print(f"not in {arguments.ours}: {', '.join(lacking)}")
    if not common:
        print("the files have no tensor in common")
    sys.exit(1 if failed or not common or arguments.all and lacking else 0)


if __name__ == "__main__":
    main()
