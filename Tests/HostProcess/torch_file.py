"""Checkpoints as torch.save writes them, without PyTorch: `write(path, {name: array of f32})`."""
import collections
import io
import pickle
import sys
import types
import zipfile

import numpy as np


def rebuild(*_):
    raise NotImplementedError("only its name is written")


# The pickler looks these up under the names that it writes.
rebuild.__module__, rebuild.__qualname__, rebuild.__name__ = "torch._utils", "_rebuild_tensor_v2", "_rebuild_tensor_v2"
FloatStorage = type("FloatStorage", (), {"__module__": "torch"})


class Storage:
    def __init__(self, key, count):
        self.key, self.count = key, count


class Tensor:
    def __init__(self, key, array):
        self.key, self.array = key, array

    def __reduce__(self):
        strides = tuple(stride // self.array.itemsize for stride in self.array.strides)
        return rebuild, (Storage(self.key, self.array.size), 0, self.array.shape, strides, False, collections.OrderedDict())


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        return ("storage", FloatStorage, value.key, "cpu", value.count) if isinstance(value, Storage) else None


def write(path, tensors):
    arrays = {name: np.ascontiguousarray(array, "<f4") for name, array in tensors.items()}
    names = {"torch": types.SimpleNamespace(FloatStorage=FloatStorage), "torch._utils": types.SimpleNamespace(_rebuild_tensor_v2=rebuild)}
    before = {name: sys.modules.get(name) for name in names}
    sys.modules.update(names)
    try:
        pickled = io.BytesIO()
        Pickler(pickled, protocol=2).dump(collections.OrderedDict((name, Tensor(str(key), array)) for key, (name, array) in enumerate(arrays.items())))
    finally:
        for name, module in before.items():
            sys.modules.pop(name) if module is None else sys.modules.update({name: module})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickled.getvalue())
        for key, array in enumerate(arrays.values()):
            archive.writestr(f"archive/data/{key}", array.tobytes())
