"""EmoNet's networks at full size in PyTorch, with random weights, for the suite `emonet`:

    emonet_peer.py export siglip|whisper|voice-heads|face-heads FOLDER    writes NETWORK.safetensors (of the encoders, with the hub's names),
                                                                          NETWORK.onnx and NETWORK_int8.onnx (as ONNX Runtime quantises)
    emonet_peer.py run NETWORK f32|f16|bf16 FOLDER|COUNT ROWS THREADS REPEATS
                                                                          a resident peer like network_peer.py; encoders read FOLDER, heads
                                                                          are COUNT with random weights

Heads are stacked, the first layer of all of them as one product: what a user of PyTorch would do who cares for speed. All ONNX files take any number of rows.
"""
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "Scripts/reference"))
VOICE_HEADS = 5  # in the ONNX files: 1.5 GB, a multiple of every cache
FACE_HEADS = 40

if sys.argv[1:2] == ["run"]:  # read when torch is loaded
    os.environ["OMP_NUM_THREADS"] = sys.argv[6]
    os.environ["OMP_PROC_BIND"] = "true"
    os.environ["OMP_PLACES"] = ",".join(f"{{{core}}}" for core in range(int(sys.argv[6])))

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

import emonet_networks as networks
import resident

torch.set_grad_enabled(False)


class StackedHeads(nn.Module):
    """COUNT heads at once: [rows, inputs] -> [rows, COUNT]."""

    def __init__(self, count, inputs, sizes):
        super().__init__()
        self.count, self.first = count, nn.Linear(inputs, count * sizes[0])
        self.weights = nn.ParameterList(nn.Parameter(torch.empty(count, before, size)) for before, size in zip(sizes, sizes[1:]))
        self.biases = nn.ParameterList(nn.Parameter(torch.empty(count, 1, size)) for size in sizes[1:])

    def forward(self, x):
        x = self.first(x).unflatten(1, (self.count, -1)).transpose(0, 1)
        for weight, bias in zip(self.weights, self.biases):
            x = torch.relu(x) @ weight + bias
        return x.squeeze(2).transpose(0, 1)


class Encoder(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        result = self.model(x)
        return tuple(result[name] for name in ("last_hidden_state", "pooler_output") if name in result)


def stacked(kind, count):
    random = np.random.default_rng(2)
    whisper = networks.WHISPER["full"]
    inputs, sizes = ((networks.SIGLIP["full"]["hidden_size"], networks.FACE_LAYERS["full"]["large"]) if kind == "face-heads" else
                     (whisper["max_source_positions"] * whisper["d_model"], networks.VOICE_LAYERS["full"]["small"]))

    def weights(module):
        # The second extent is that of the inputs, in the first layer [outputs, inputs] and in the stacked ones [heads, inputs, outputs].
        return {name: networks.random_values(random, parameter.shape, 0.1 if "bias" in name else (2 / parameter.shape[1]) ** 0.5)
                for name, parameter in module.named_parameters()}

    return networks.build(StackedHeads, weights, count, inputs, sizes)


def example(network, rows):
    """Random input of that many pictures, clips or rows."""
    if network == "siglip":
        image = networks.SIGLIP["full"]["image_size"]
        shape = (rows, 3, image, image)
    elif network == "whisper":
        shape = (rows, networks.WHISPER["full"]["num_mel_bins"], 2 * networks.WHISPER["full"]["max_source_positions"])
    else:
        width = networks.WHISPER["full"]["max_source_positions"] * networks.WHISPER["full"]["d_model"]
        shape = (rows, networks.SIGLIP["full"]["hidden_size"] if network == "face-heads" else width)
    return torch.rand(shape, generator=torch.Generator().manual_seed(1)) * 2 - 1


ENCODERS = {"siglip": (networks.siglip, "vision_model.", networks.SIGLIP["full"]["num_attention_heads"]),
            "whisper": (networks.whisper, "model.encoder.", networks.WHISPER["full"]["encoder_attention_heads"])}


def export(network, folder):
    if network in ENCODERS:
        make, prefix, heads = ENCODERS[network]
        model = make("full", np.random.default_rng(0), "sdpa")
        save_file({prefix + name: value for name, value in model.state_dict().items()}, folder / f"{network}.safetensors", {"heads": str(heads)})
        model = Encoder(model)
    else:
        model = stacked(network, FACE_HEADS if network == "face-heads" else VOICE_HEADS)
    path, rounded = folder / f"{network}.onnx", folder / f"{network}_int8.onnx"
    for file in (path, rounded):  # weights of an earlier export would be added to
        file.with_name(file.name + ".data").unlink(missing_ok=True)
    torch.onnx.export(model.eval(), (example(network, 2),), path, input_names=["x"], opset_version=18, dynamo=True, external_data=True,
                      dynamic_shapes=({0: torch.export.Dim("rows", min=1, max=64)},))
    del model
    from onnxruntime.quantization import QuantType, quantize_dynamic
    # ONNX Runtime multiplies stacked matrices of 8 bits only with one scale for all.
    quantize_dynamic(path, rounded, weight_type=QuantType.QInt8, per_channel=network in ENCODERS, op_types_to_quantize=["MatMul", "Gemm"],
                     use_external_data_format=True)


def encoder(network, folder):
    """With the weights that `export` wrote."""
    make, prefix, _ = ENCODERS[network]
    weights = load_file(pathlib.Path(folder) / f"{network}.safetensors")
    return Encoder(make("full", {name.removeprefix(prefix): value for name, value in weights.items()}, "sdpa")).eval()


def run(network, precision, source, rows, threads, repeats):
    torch.set_num_threads(threads)
    model = encoder(network, source) if network in ENCODERS else stacked(network, int(source))
    kind = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}[precision]
    model, x = model.eval().to(kind), example(network, rows).to(kind)
    resident.answer(lambda: model(x), repeats)


if __name__ == "__main__":
    if sys.argv[1:2] == ["export"] and len(sys.argv) == 4:
        export(sys.argv[2], pathlib.Path(sys.argv[3]))
    elif sys.argv[1:2] == ["run"] and len(sys.argv) == 8:
        run(*sys.argv[2:5], *map(int, sys.argv[5:8]))
    else:
        sys.exit(__doc__)
