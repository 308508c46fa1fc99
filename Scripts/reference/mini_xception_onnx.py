"""Writes fer's mini-Xception (Keras HDF5) as ONNX, for ONNX Runtime and OpenVINO: `mini_xception_onnx.py emotion_model.hdf5 OUT.onnx`.

Layers, shapes and weights are read from the HDF5 file. Inputs are [n, 1, 64, 64], (grey / 255 - 0.5) * 2; the output is a softmax [n, 7].
Needs h5py, numpy and onnx.
"""
import json
import sys

import h5py
import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

source, target = sys.argv[1:]
file = h5py.File(source)
layers = json.loads(file.attrs["model_config"])["config"]["layers"]
weights = {}
file["model_weights"].visititems(lambda name, item: weights.__setitem__(name, item[()]) if isinstance(item, h5py.Dataset) else None)
nodes, constants, values = [], [], {}


def weight(layer, kind):
    return next(value for name, value in weights.items() if name.split("/")[0] == layer and name.endswith(kind + ":0"))


def constant(name, value):
    constants.append(numpy_helper.from_array(np.ascontiguousarray(value, dtype=np.float32), name))
    return name


def add(operator, name, inputs, **attributes):
    nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
    return name


for layer in layers:
    config, name, kind = layer["config"], layer["name"], layer["class_name"]
    inputs = [values[node[0]] for node in layer["inbound_nodes"][0]] if layer["inbound_nodes"] else []
    # Keras' "same" puts the odd pixel at the bottom and right, as SAME_UPPER does.
    window = dict(auto_pad="VALID" if config.get("padding") == "valid" else "SAME_UPPER", strides=config.get("strides"))
    if kind == "InputLayer":
        output = "input"
    elif kind == "Conv2D":
        parts = inputs + [constant(name + ".w", weight(name, "kernel").transpose(3, 2, 0, 1))]
        if config["use_bias"]:
            parts.append(constant(name + ".b", weight(name, "bias")))
        output = add("Conv", name, parts, **window)
    elif kind == "SeparableConv2D":
        depthwise = weight(name, "depthwise_kernel").transpose(2, 3, 0, 1)
        middle = add("Conv", name + ".depthwise", inputs + [constant(name + ".dw", depthwise)], group=depthwise.shape[0], **window)
        output = add("Conv", name, [middle, constant(name + ".pw", weight(name, "pointwise_kernel").transpose(3, 2, 0, 1))])
    elif kind == "BatchNormalization":
        parts = [constant(f"{name}.{part}", weight(name, part)) for part in ("gamma", "beta", "moving_mean", "moving_variance")]
        output = add("BatchNormalization", name, inputs + parts, epsilon=config["epsilon"])
    elif kind == "Activation":
        output = add("Relu", name, inputs) if config["activation"] == "relu" else add("Softmax", name, inputs, axis=1)
    elif kind == "MaxPooling2D":
        output = add("MaxPool", name, inputs, kernel_shape=config["pool_size"], **window)
    elif kind == "Add":
        output = add("Add", name, inputs)
    elif kind == "GlobalAveragePooling2D":
        output = add("Flatten", name, [add("GlobalAveragePool", name + ".mean", inputs)])
    else:
        sys.exit(f"{name}: a layer of kind {kind} is not covered")
    values[name] = output

graph = helper.make_graph(nodes, "mini-xception", [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", 1, 64, 64])],
                          [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["n", 7])], constants)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
checker.check_model(model)
save(model, target)
