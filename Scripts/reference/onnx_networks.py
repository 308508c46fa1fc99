#!/usr/bin/env python3
"""Exports whole networks for faces from timm with random weights, as people have them in ONNX files, with the outputs of ONNX Runtime.

    python3 Scripts/reference/onnx_networks.py FOLDER [--small] [--only TEXT]

The networks are those of the EmotiEffLib/HSEmotion family: EfficientNet B0 and B2, MobileViT, MobileFaceNet, and MobileNetV3 and a vision
transformer beside them, written by both of PyTorch's exporters, for several operator sets, with a free and with a fixed batch. With --small
they are narrow ones of the same operators and a few kB: the fixtures of MienNetworksTests. `networks.safetensors` holds inputs and expected
outputs, maps as [n, h, w, c].

Needs torch, timm, onnx, onnxruntime and onnxscript (made with 2.13.0+cpu, 1.0.31, 1.23.2, 1.32.0 and 0.7.2).
"""
import argparse
import json
import os
import warnings
import zlib
from functools import partial

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

# timm imports torchvision, whose wheel does not fit torch's for CPUs alone: without these two names the import fails.
try:
    import torchvision  # noqa: F401
except (ImportError, RuntimeError):
    library = torch.library.Library("torchvision", "DEF")
    for operator in ("nms", "qnms"):
        library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
import timm
from timm.models._efficientnet_blocks import SqueezeExcite
from timm.models.vision_transformer import VisionTransformer
from timm.models.efficientnet import EfficientNet, decode_arch_def, round_channels


class DepthwiseSeparable(nn.Module):
    """MobileFaceNet's block: widen, depthwise, narrow, each normalised, PReLU between them."""

    def __init__(self, inputs, outputs, middle, stride, adds):
        super().__init__()
        self.adds = adds
        self.steps = nn.Sequential(
            nn.Conv2d(inputs, middle, 1, bias=False), nn.BatchNorm2d(middle), nn.PReLU(middle),
            nn.Conv2d(middle, middle, 3, stride, 1, groups=middle, bias=False), nn.BatchNorm2d(middle), nn.PReLU(middle),
            nn.Conv2d(middle, outputs, 1, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return x + self.steps(x) if self.adds else self.steps(x)


class MobileFaceNet(nn.Module):
    """MobileFaceNet (arXiv:1804.07573) with a classifier on its embedding, for pictures of 16 times `last` pixels."""

    def __init__(self, width=64, depth=(4, 6, 2), embedding=512, last=7, classes=8):
        super().__init__()
        w = width
        layers = [nn.Conv2d(3, w, 3, 2, 1, bias=False), nn.BatchNorm2d(w), nn.PReLU(w),
                  nn.Conv2d(w, w, 3, 1, 1, groups=w, bias=False), nn.BatchNorm2d(w), nn.PReLU(w)]
        inputs = w
        for outputs, middle, repeats in ((w, 2 * w, depth[0]), (2 * w, 4 * w, depth[1]), (2 * w, 4 * w, depth[2])):
            layers.append(DepthwiseSeparable(inputs, outputs, middle, 2, False))
            layers += [DepthwiseSeparable(outputs, outputs, middle, 1, True) for _ in range(repeats)]
            inputs = outputs
        layers += [nn.Conv2d(inputs, embedding, 1, bias=False), nn.BatchNorm2d(embedding), nn.PReLU(embedding),
                   nn.Conv2d(embedding, embedding, last, groups=embedding, bias=False), nn.BatchNorm2d(embedding), nn.Flatten(),
                   nn.Linear(embedding, embedding // 4, bias=False), nn.BatchNorm1d(embedding // 4), nn.Linear(embedding // 4, classes)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)


def small_efficientnet(classes):
    blocks = decode_arch_def([["ds_r1_k3_s1_e1_c16_se0.25"], ["ir_r2_k3_s2_e6_c24_se0.25"], ["ir_r1_k5_s2_e6_c40_se0.25"]])
    return EfficientNet(blocks, num_features=48, stem_size=16, round_chs_fn=partial(round_channels, multiplier=0.5), num_classes=classes,
                        act_layer=nn.SiLU, pad_type="same")


def small_mobilenetv3(classes):
    blocks = decode_arch_def([["ds_r1_k3_s2_e1_c16_se0.25_nre"], ["ir_r2_k5_s2_e3_c24_se0.25"]])
    return EfficientNet(blocks, num_features=48, stem_size=16, round_chs_fn=partial(round_channels, multiplier=0.5), num_classes=classes,
                        act_layer=nn.Hardswish, se_layer=partial(SqueezeExcite, gate_layer="hard_sigmoid"))


def small_mobilevit(classes):
    from timm.models.byobnet import ByoModelCfg, ByobNet
    from timm.models.mobilevit import _inverted_residual_block as residual, _mobilevit_block as attention
    configuration = ByoModelCfg(
        blocks=(residual(d=8, c=8, s=1), attention(d=1, c=12, s=2, transformer_dim=16, transformer_depth=2, patch_size=2, br=2.0)),
        stem_chs=8, stem_type="3x3", stem_pool="", downsample="", act_layer="silu", num_features=24)
    return ByobNet(configuration, num_classes=classes)


def small_vit(classes, **more):
    return VisionTransformer(img_size=32, patch_size=8, embed_dim=24, depth=2, num_heads=3, num_classes=classes, **more)


class TwoHeads(nn.Module):
    """Emotions and valence and arousal side by side, as the `mtl` networks have them."""

    def __init__(self, body):
        super().__init__()
        self.body = body

    def forward(self, x):
        y = self.body(x)
        return y[:, :8], torch.tanh(y[:, 8:])


def networks(small):
    """name -> (network, size of its picture)"""
    if small:
        return {
            "efficientnet": (small_efficientnet(10), 33),
            "efficientnet_two_heads": (TwoHeads(small_efficientnet(10)), 32),
            "mobilevit": (small_mobilevit(8), 32),
            "mobilevit_resized": (small_mobilevit(8), 36),
            "mobilefacenet": (MobileFaceNet(4, (1, 1, 1), 16, 2), 32),
            "mobilenetv3": (small_mobilenetv3(8), 32),
            "vit": (small_vit(8, global_pool="avg", class_token=False, pos_embed="none"), 32),
            "vit_with_token": (small_vit(8), 32),
        }
    create = partial(timm.create_model, pretrained=False)
    return {
        "tf_efficientnet_b0": (create("tf_efficientnet_b0", num_classes=8), 224),
        "tf_efficientnet_b0_mtl": (create("tf_efficientnet_b0", num_classes=10), 224),
        "tf_efficientnet_b2": (create("tf_efficientnet_b2", num_classes=8), 260),
        "efficientnet_b0": (create("efficientnet_b0", num_classes=8), 224),
        "mobilevit_xxs": (create("mobilevit_xxs", num_classes=8), 256),
        "mobilevit_xs_224": (create("mobilevit_xs", num_classes=10), 224),
        "mobilefacenet": (MobileFaceNet(), 112),
        "vit_tiny": (create("vit_tiny_patch16_224", num_classes=8), 224),
        "mobilenetv3_small": (create("mobilenetv3_small_100", num_classes=8), 224),
    }


def settle(network, size, seed):
    """Statistics of normalisations that fit the random weights, so that the outputs are neither all alike nor huge."""
    torch.manual_seed(seed)
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight, nonlinearity="linear")
            if module.bias is not None:
                nn.init.uniform_(module.bias, -0.1, 0.1)
        if isinstance(module, VisionTransformer) and module.cls_token is not None:
            nn.init.normal_(module.cls_token)
            nn.init.normal_(module.pos_embed)
        if isinstance(module, nn.PReLU):
            nn.init.uniform_(module.weight, 0, 0.5)
        if isinstance(module, (nn.BatchNorm2d, nn.BatchNorm1d)):
            module.momentum = None
    network.train()
    with torch.no_grad():
        for _ in range(2):
            network(torch.randn(8, 3, size, size))
    return network.eval()


def export(network, size, path, opset, exporter, free):
    example = torch.randn(2 if free else 1, 3, size, size)
    if exporter == "dynamo":
        batch = torch.export.Dim("batch", min=1, max=64)
        torch.onnx.export(network, (example,), path, dynamo=True, opset_version=opset, input_names=["input"], external_data=False,
                          dynamic_shapes=({0: batch},) if free else None, verbose=False)
    else:
        torch.onnx.export(network, (example,), path, dynamo=False, opset_version=opset, input_names=["input"],
                          dynamic_axes={"input": {0: "batch"}} if free else None)


def strip(path):
    """Without where in the Python program each node comes from, which takes more room than a small network."""
    model = onnx.load(path)
    del model.metadata_props[:], model.graph.metadata_props[:], model.graph.value_info[:]
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    onnx.save(model, path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    os.makedirs(arguments.folder, exist_ok=True)
    arrays = {}
    for name, (network, size) in networks(arguments.small).items():
        settle(network, size, zlib.crc32(name.encode()))
        for exporter, opset, free in (("script", 14, True), ("script", 17, False), ("dynamo", 18, True), ("dynamo", 20, False)):
            if arguments.small and name.endswith(("two_heads", "resized")) and opset in (17, 18):
                continue
            case = f"{name}_{exporter}{opset}_{'free' if free else 'fixed'}"
            if arguments.only not in case:
                continue
            path = os.path.join(arguments.folder, f"{case}.onnx")
            export(network, size, path, opset, exporter, free)
            if arguments.small:
                strip(path)
            picture = np.random.default_rng(zlib.crc32(case.encode())).standard_normal((2 if free else 1, 3, size, size)).astype(np.float32)
            session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            arrays[f"{case}/input/input"] = np.ascontiguousarray(picture.transpose(0, 2, 3, 1))
            for output, value in zip(session.get_outputs(), session.run(None, {"input": picture})):
                assert np.isfinite(value).all() and value.std() > 1e-3, (case, value)
                arrays[f"{case}/output/{output.name}"] = value
            print(f"{case}: {os.path.getsize(path)} bytes, {len(onnx.load(path).graph.node)} nodes", flush=True)
    write(os.path.join(arguments.folder, "networks.safetensors"), arrays)


def write(path, arrays):
    header, offset = {}, 0
    for name, array in sorted(arrays.items()):
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, array in sorted(arrays.items()):
            file.write(np.ascontiguousarray(array, dtype="<f4").tobytes())


if __name__ == "__main__":
    main()
