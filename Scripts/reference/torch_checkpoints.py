"""Small checkpoints by torch.save itself, for Tests/MienNetworksTests: `torch_checkpoints.py FOLDER`. Needs torch."""
import pathlib
import sys

import torch

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
views = {
    "state_dict": {
        "turned": base.t(), "window": base[1:3, 2:5], "whole": base, "every other": base[:, ::2], "number": torch.tensor(3.5), "none": torch.zeros(0, 4),
        "half": torch.tensor([1.5, -2.0, 65504.0], dtype=torch.float16), "brain": torch.tensor([1.5, -2.0, 3e38], dtype=torch.bfloat16),
        "double": torch.tensor([0.1], dtype=torch.float64), "long": torch.tensor([1, -2, 2 ** 40]), "byte": torch.tensor([0, 255], dtype=torch.uint8),
        "flags": torch.tensor([True, False]), "parameter": torch.nn.Parameter(torch.tensor([4.0, 5.0])),
    },
    "epoch": 7, "rate": 1e-3, "name": "x", "big": 2 ** 70, "list": [1, None, (True, False)], 3: {"inner": torch.tensor([9.0])},
}
torch.save(views, folder / "views.pth")
torch.save(views, folder / "views_old.pth", _use_new_zipfile_serialization=False)
network = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))
with torch.no_grad():
    for index, parameter in enumerate(network.parameters()):
        parameter.copy_(torch.arange(parameter.numel()).reshape(parameter.shape) / 8 + index)
torch.save(network.state_dict(), folder / "state.pth")  # an OrderedDict with _metadata
torch.save({"x": torch.zeros(2).expand(1000, 2)}, folder / "expanded.pth")
torch.save(network, folder / "module.pth")  # a whole object: classes by name
