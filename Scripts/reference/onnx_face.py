#!/usr/bin/env python3
"""Writes the fixtures of OnnxFaceTests: plugins with small random networks, and what NumPy and ONNX Runtime make of them.

    python3 Scripts/reference/onnx_face.py [FOLDER]

    FOLDER/tiny/            [n, 3, 32, 24] to 10 numbers, 8 logits with valence and arousal behind them, as EmotiEffLib's "mtl" networks give
    FOLDER/channels-last/   the same network, which takes [n, 32, 24, 3], blue first
    FOLDER/two-heads/       grey [1, 1, 16, 16], as exporters of a single example write it; outputs "emotions" [1, 3], sigmoids already, and "affect" [1, 1],
                            -10 to 10
    FOLDER/overflow/        [n, 3, 8, 8] to 2 numbers that are infinite unless the picture is black
    FOLDER/expected.safetensors
        pictures            [4, 32, 24, 3], 0 to 255
        input, output, scores           of tiny: the tensor that goes in [4, 32, 24, 3], what comes out [4, 10], softmax and dimensions [4, 10]
        channels-last/output            [4, 10], of the same pictures
        two-heads/pictures [2, 16, 16, 1], two-heads/scores [2, 4]

Needs numpy, onnx and onnxruntime (made with 2.4.6, 1.23.2 and 1.32.0). Everything that a network is given is computed here in float64 from the
manifest that is written beside it.
"""
import hashlib
import json
import pathlib
import struct
import sys

import numpy as np
import onnxruntime
from onnx import TensorProto, checker, helper, numpy_helper

FOLDER = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2] / "Tests/OnnxFaceTests/Fixtures")
LABELS = [("Anger", "Anger"), ("Contempt", "Contempt"), ("Disgust", "Disgust"), ("Fear", "Fear"), ("Happiness", "Elation"), ("Neutral", None),
          ("Sadness", "Sadness"), ("Surprise", "Surprise")]


class Network:
    """Nodes and weights of an ONNX graph under construction."""

    def __init__(self, seed):
        self.random, self.nodes, self.weights = np.random.default_rng(seed), [], []

    def weight(self, values):
        self.weights.append(numpy_helper.from_array(np.asarray(values, np.float32), f"w{len(self.weights)}"))
        return self.weights[-1].name

    def add(self, operator, *inputs, output=None, **attributes):
        name = output or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], name=f"{operator.lower()}_{len(self.nodes)}", **attributes))
        return name

    def convolution(self, x, inputs, outputs):
        kernel = self.random.standard_normal((outputs, inputs, 3, 3)) * np.sqrt(2 / (9 * inputs))
        bias = self.random.standard_normal(outputs) * 0.3
        return self.add("Relu", self.add("Conv", x, self.weight(kernel), self.weight(bias), strides=[2, 2], pads=[1, 1, 1, 1]))

    def dense(self, x, inputs, outputs, gain, output=None):
        matrix = self.random.standard_normal((outputs, inputs)) * gain / np.sqrt(inputs)
        return self.add("Gemm", x, self.weight(matrix), self.weight(self.random.standard_normal(outputs) * 0.2), output=output, transB=1)

    def pooled(self, x):
        return self.add("Flatten", self.add("GlobalAveragePool", x))

    def bytes(self, shape, outputs, batch="n"):
        graph = helper.make_graph(self.nodes, "face", [helper.make_tensor_value_info("input", TensorProto.FLOAT, [batch, *shape])],
                                  [helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, count]) for name, count in outputs], self.weights)
        model = helper.make_model(graph, producer_name="onnx_face", opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        checker.check_model(model)
        return model.SerializeToString(deterministic=True)


def expressions(channels_last=False):
    net = Network(7)
    x = net.add("Transpose", "input", perm=[0, 3, 1, 2]) if channels_last else "input"
    for inputs, outputs in [(3, 8), (8, 16), (16, 24), (24, 32)]:
        x = net.convolution(x, inputs, outputs)
    net.dense(net.pooled(x), 32, 10, 2, output="logits")
    return net.bytes([32, 24, 3] if channels_last else [3, 32, 24], [("logits", 10)])


def two_heads():
    net = Network(8)
    x = net.add("GlobalAveragePool", net.convolution(net.convolution("input", 1, 8), 8, 16))
    net.weights.append(numpy_helper.from_array(np.array([1, 16]), "extents"))
    x = net.add("Reshape", x, "extents")
    net.add("Sigmoid", net.dense(x, 16, 3, 2), output="emotions")
    net.dense(x, 16, 1, 8, output="affect")
    return net.bytes([1, 16, 16], [("emotions", 3), ("affect", 1)], batch=1)


def overflow():
    net = Network(9)
    net.add("Gemm", net.pooled("input"), net.weight([[3e38] * 3, [1] * 3]), net.weight([0.5, 0.25]), output="scores", transB=1)
    return net.bytes([3, 8, 8], [("scores", 2)])


def manifest(name, onnx, inputs, crop, outputs):
    return {"schema": 1, "id": name, "version": "1", "summary": f"Random weights, made for tests: {name}.", "licence": "CC0-1.0", "attribution": "nobody",
            "model": {"file": "face.onnx", "sha256": hashlib.sha256(onnx).hexdigest()}, "input": inputs, "crop": crop, "outputs": outputs}


def picture_input(height, width, colour, scale, mean, std, resize="bilinear"):
    return {"height": height, "width": width, "colour": colour, "resize": resize, "scale": scale, "mean": mean, "std": std}


def plugin(folder, onnx, **parts):
    folder = FOLDER / folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "face.onnx").write_bytes(onnx)
    description = manifest("random-" + folder.name, onnx, **parts)
    (folder / "face.json").write_text(json.dumps(description, indent=2) + "\n")
    return description, onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])


def network_input(pictures, description):
    """`[n, h, w, c]` as the manifest wants it, of pictures `[n, h, w, 3 or 1]` in RGB or grey, which have the right extents."""
    stated = description["input"]
    values = pictures[..., ::-1] if stated["colour"] == "bgr" else pictures
    return ((values.astype(np.float64) * stated["scale"] - stated["mean"]) / stated["std"]).astype(np.float32)


def softmax(logits):
    powers = np.exp(logits.astype(np.float64) - logits.max(-1, keepdims=True))
    return (powers / powers.sum(-1, keepdims=True)).astype(np.float32)


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, values in tensors.items():
        raw = np.ascontiguousarray(values, dtype="<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def main():
    random = np.random.default_rng(1)
    imagenet = dict(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])
    values = [{"label": label, "category": category} for label, category in LABELS]
    affect = [{"dimension": name, "range": [-4, 4]} for name in ("valence", "arousal")]
    multitask = [{"name": "logits", "activation": "softmax", "values": values + affect}]
    box = {"kind": "box", "square": False, "margin": 0}
    tiny, session = plugin("tiny", expressions(), inputs=picture_input(32, 24, "rgb", 1 / 255, **imagenet), crop=box, outputs=multitask)

    # Gradients and noise, so that the pictures differ in their means as well.
    y, x = np.mgrid[0:32, 0:24]
    pictures = np.stack([np.clip(np.stack([x * a + y * b + 40 * i for a, b in ((4, 2), (1, 5), (6, 0))], -1) + random.integers(-30, 30, (32, 24, 3)), 0, 255)
                         for i in range(4)]).astype(np.uint8)
    fed = network_input(pictures, tiny)
    output = session.run(None, {"input": fed.transpose(0, 3, 1, 2)})[0]
    scores = np.concatenate([softmax(output[:, :8]), output[:, 8:]], 1)
    assert scores.std(0).min() > 1e-3 and (scores[:, :8].max(1) < 0.999).all(), scores

    last, session = plugin("channels-last", expressions(True), inputs=picture_input(32, 24, "bgr", 1 / 255, imagenet["mean"][::-1], imagenet["std"][::-1]),
                           crop=box, outputs=multitask)
    blue_first = session.run(None, {"input": network_input(pictures, last)})[0]

    heads = [{"name": "affect", "activation": "none", "values": [{"dimension": "arousal", "range": [-10, 10]}]},
             {"name": "emotions", "activation": "none", "range": [0, 1],
              "values": [{"label": "joy", "category": "Elation"}, {"label": "calm", "category": "Contentment"}, {"label": "other", "category": None}]}]
    two, session = plugin("two-heads", two_heads(), inputs=picture_input(16, 16, "grey", 1, [127.5], [127.5], "antialiased"),
                          crop={"kind": "box", "square": True, "margin": 0.1}, outputs=heads)
    grey = random.integers(0, 256, (2, 16, 16, 1), dtype=np.uint8) // np.array([1, 3]).reshape(2, 1, 1, 1)
    answers = [session.run(["affect", "emotions"], {"input": picture[None]}) for picture in network_input(grey, two).transpose(0, 3, 1, 2)]

    plugin("overflow", overflow(), inputs=picture_input(8, 8, "rgb", 1, [0] * 3, [1] * 3), crop=box,
           outputs=[{"activation": "softmax", "values": values[:2]}])

    write_safetensors(FOLDER / "expected.safetensors", {
        "pictures": pictures, "input": fed, "output": output, "scores": scores, "channels-last/output": blue_first, "two-heads/pictures": grey,
        "two-heads/scores": np.concatenate([np.concatenate(answer, 1) for answer in answers])})


if __name__ == "__main__":
    main()
