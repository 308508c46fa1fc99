"""The suite `errors`: how far the encoders of full-size EmoNet are from PyTorch's f32 at each precision, Mien's beside the peers', on one input.

Random weights and noise: no rounding is helped by their being trained. The error is the root mean square of the difference over that of PyTorch's values.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np

from harness import HERE, RELEASE, table

CACHE = HERE / ".cache/emonet"
INPUTS = {"siglip": "input.pixel_values", "whisper": "input.mel"}
PEERS = {"onnxruntime": ("onnxruntime", ".onnx"), "openvino": ("openvino", ".onnx"), "onnxruntime int8": ("onnxruntime", "_int8.onnx"),
         "openvino int8": ("openvino-int8", ".onnx")}


def with_input(weights, name, x, target):
    """Copies a safetensors file and adds a tensor at its end."""
    with open(weights, "rb") as source, open(target, "wb") as file:
        header = json.loads(source.read(int.from_bytes(source.read(8), "little")))
        end = max(entry["data_offsets"][1] for key, entry in header.items() if key != "__metadata__")
        header[name] = {"dtype": "F32", "shape": list(x.shape), "data_offsets": [end, end + x.nbytes]}
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        file.write(len(text).to_bytes(8, "little") + text)
        shutil.copyfileobj(source, file, 1 << 24)
        file.write(x.tobytes())


def error(values, exact):
    return float(np.sqrt(np.mean((np.asarray(values, np.float64) - exact) ** 2) / np.mean(np.asarray(exact, np.float64) ** 2)))


def errors(arguments, report):
    sys.path.insert(0, str(HERE / "peers"))
    import emonet_peer
    import network_peer
    from safetensors.numpy import load_file
    for network, name in INPUTS.items():
        if arguments.only.lower() not in network:
            continue
        x = emonet_peer.example(network, 1)
        exact = emonet_peer.encoder(network, CACHE)(x)[0].numpy()
        found = {}
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            both, out = pathlib.Path(folder) / "input.safetensors", pathlib.Path(folder) / "output.safetensors"
            with_input(CACHE / f"{network}.safetensors", name, x.numpy(), both)
            for precision in ("f32", "f16", "int8"):
                subprocess.run([RELEASE / "mien", "network", "run", both, "--network", network, "--precision", precision, "--out", out],
                               check=True, stdout=subprocess.DEVNULL)
                found[f"mien {precision}"] = error(load_file(out)["last_hidden_state"], exact)
        for title, (peer, suffix) in PEERS.items():
            found[title] = error(network_peer.open_network(peer, CACHE / f"{network}{suffix}", tuple(x.shape), 2, False)(x.numpy())[0], exact)
        table(f"{network}'s last states, error against PyTorch in f32", [[title, f"{value:.2e}"] for title, value in found.items()], ["", "of their size"])
        report[f"errors of {network}"] = found
