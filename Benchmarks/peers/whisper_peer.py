"""Whisper's encoder in PyTorch, with random weights: `whisper_peer.py export FOLDER` writes tiny's as whisper_tiny.safetensors (with the names
of transformers), whisper_tiny.onnx and whisper_tiny_int8.onnx (weights of 8 bits, activations quantised as they come); `whisper_peer.py run FILE.safetensors N,MELS,FRAMES THREADS REPEATS` is a resident peer like network_peer.py.
"""
import os
import sys

if sys.argv[1] == "run":
    os.environ["OMP_NUM_THREADS"] = sys.argv[4]  # read when torch is loaded

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

import resident


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.q_proj, self.v_proj, self.out_proj = (nn.Linear(width, width) for _ in range(3))
        self.k_proj = nn.Linear(width, width, bias=False)

    def forward(self, x):
        split = lambda y: y.unflatten(-1, (self.heads, -1)).transpose(1, 2)
        y = functional.scaled_dot_product_attention(split(self.q_proj(x)), split(self.k_proj(x)), split(self.v_proj(x)))
        return self.out_proj(y.transpose(1, 2).flatten(2))


class Layer(nn.Module):
    def __init__(self, width, heads, hidden):
        super().__init__()
        self.self_attn, self.fc1, self.fc2 = Attention(width, heads), nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.self_attn_layer_norm, self.final_layer_norm = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x):
        x = x + self.self_attn(self.self_attn_layer_norm(x))
        return x + self.fc2(functional.gelu(self.fc1(self.final_layer_norm(x))))


class Encoder(nn.Module):
    """The defaults are tiny's extents."""

    def __init__(self, width=384, layers=4, heads=6, hidden=1536, mels=80, positions=1500):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv1d(mels, width, 3, padding=1), nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.embed_positions = nn.Embedding(positions, width)
        self.layers = nn.ModuleList(Layer(width, heads, hidden) for _ in range(layers))
        self.layer_norm = nn.LayerNorm(width)

    def forward(self, mel):
        x = functional.gelu(self.conv2(functional.gelu(self.conv1(mel)))).transpose(1, 2)
        x = x + self.embed_positions.weight[:x.shape[1]]
        for layer in self.layers:
            x = layer(x)
        return self.layer_norm(x)


torch.manual_seed(0)
torch.set_grad_enabled(False)
model = Encoder().eval()
if sys.argv[1] == "export":
    folder = sys.argv[2]
    save_file(model.state_dict(), os.path.join(folder, "whisper_tiny.safetensors"))
    torch.onnx.export(model, (torch.randn(1, 80, 3000),), os.path.join(folder, "whisper_tiny.onnx"), input_names=["mel"], opset_version=18,
                      dynamo=True, external_data=False)
    from onnxruntime.quantization import QuantType, quantize_dynamic
    quantize_dynamic(os.path.join(folder, "whisper_tiny.onnx"), os.path.join(folder, "whisper_tiny_int8.onnx"), weight_type=QuantType.QInt8,
                     per_channel=True, op_types_to_quantize=["MatMul", "Gemm"])
else:
    path, shape, threads, repeats = sys.argv[2], tuple(map(int, sys.argv[3].split(","))), int(sys.argv[4]), int(sys.argv[5])
    torch.set_num_threads(threads)
    model.load_state_dict(load_file(path))
    mel = torch.rand(shape) * 2.5 - 1
    resident.answer(lambda: model(mel), repeats)
