#!/usr/bin/env python3
"""Writes the ONNX fixtures of MienNetworksTests: small random models, one for each operator and variant that the importer maps, with the
outputs of ONNX Runtime, and models that it must refuse, with a part of the message.

    python3 Scripts/reference/onnx_cases.py [FOLDER]

Needs numpy, onnx and onnxruntime (made with 2.4.6, 1.23.2 and 1.32.0). Inputs and expected outputs go into one `cases.safetensors` in the
core's order: maps as [n, h, w, c] whatever the model says. The seed of a case is its name, so that adding one changes no other.
"""
import json
import os
import sys
import zlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

FOLDER = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "../../Tests/MienNetworksTests/Fixtures/onnx")
ARRAYS, METADATA = {}, {}


class Model:
    """A model under construction: nodes, constants, and a generator of its own."""

    def __init__(self, name, opset=13, ir=8):
        self.name, self.opset, self.ir = name, opset, ir
        self.random = np.random.default_rng(zlib.crc32(name.encode()))
        self.nodes, self.constants, self.inputs, self.outputs = [], [], [], []
        self.listed, self.domains, self.feeds = False, [], {}

    def input(self, *shape, name="x", channels_last=False):
        declared = ["n"] + [s if s else None for s in shape[1:]]
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, declared))
        fed = [s or d for s, d in zip(shape, (2, 4, 6, 5))]
        self.feeds[name] = (self.random.standard_normal(fed).astype(np.float32), channels_last)
        return name

    def weight(self, *shape, low=None, dtype=np.float32, raw=True, value=None):
        name = f"w{len(self.constants)}"
        if value is None:
            value = self.random.uniform(low, low + 1, shape) if low is not None else self.random.standard_normal(shape) * 0.5
        value = np.asarray(value).astype(dtype)
        if raw:
            tensor = numpy_helper.from_array(value, name)
        else:
            tensor = helper.make_tensor(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape, value.flatten().tolist())
        self.constants.append(tensor)
        return name

    def ints(self, *values):
        return self.weight(value=np.array(values), dtype=np.int64)

    def op(self, kind, *inputs, outputs=1, domain="", **attributes):
        names = [f"v{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=f"{kind.lower()}_{len(self.nodes)}", domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def output(self, *names):
        self.outputs += names

    def bytes(self):
        inputs = list(self.inputs)
        if self.listed:
            inputs += [helper.make_tensor_value_info(t.name, t.data_type, t.dims) for t in self.constants]
        outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in self.outputs]
        graph = helper.make_graph(self.nodes, self.name, inputs, outputs, self.constants)
        sets = [helper.make_opsetid("", self.opset)] + [helper.make_opsetid(d, 1) for d in self.domains]
        model = helper.make_model(graph, producer_name="onnx_cases", opset_imports=sets, ir_version=self.ir)
        return model.SerializeToString(deterministic=True)


def core_order(array, channels_last):
    return array if array.ndim != 4 or channels_last else array.transpose(0, 2, 3, 1)


def write(name, data):
    with open(os.path.join(FOLDER, f"{name}.onnx"), "wb") as file:
        file.write(data)


def case(name, build, channels_last=False, **options):
    """A model that has to be imported and give what ONNX Runtime gives."""
    model = Model(name, **options)
    model.output(*np.atleast_1d(build(model)).tolist())
    data = model.bytes()
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 3
    session = onnxruntime.InferenceSession(data, settings, providers=["CPUExecutionProvider"])
    results = session.run(model.outputs, {key: value for key, (value, _) in model.feeds.items()})
    for key, (value, last) in model.feeds.items():
        ARRAYS[f"{name}/input/{key}"] = core_order(value, last)
    for key, value in zip(model.outputs, results):
        assert value.dtype == np.float32 and np.isfinite(value).all() and value.std() > 1e-4, (name, value)
        ARRAYS[f"{name}/output/{key}"] = core_order(value, channels_last)
    write(name, data)


def refused(name, build, *message, change=None, **options):
    """A model that must not be imported; the error has to contain every part of `message`."""
    model = Model(name, **options)
    model.output(*np.atleast_1d(build(model)).tolist())
    data = model.bytes()
    if change:
        parsed = onnx.ModelProto.FromString(data)
        change(parsed)
        data = parsed.SerializeToString(deterministic=True)
    METADATA[f"refused/{name}"] = "\n".join(message)
    write(f"refused_{name}", data)


# Convolutions.
case("conv_3x3", lambda m: m.op("Conv", m.input(2, 4, 7, 6), m.weight(5, 4, 3, 3), m.weight(5), pads=[1, 1, 1, 1]))
case("conv_1x1_no_bias", lambda m: m.op("Conv", m.input(2, 4, 5, 6), m.weight(7, 4, 1, 1), kernel_shape=[1, 1]))
case("conv_stride_2", lambda m: m.op("Conv", m.input(2, 3, 9, 8), m.weight(8, 3, 3, 3), m.weight(8), pads=[1, 1, 1, 1], strides=[2, 2]), opset=9)
case("conv_uneven", lambda m: m.op("Conv", m.input(1, 3, 8, 9), m.weight(4, 3, 2, 5), m.weight(4), pads=[0, 2, 1, 1], strides=[1, 2]))
case("conv_dilated", lambda m: m.op("Conv", m.input(1, 3, 9, 10), m.weight(4, 3, 3, 3), pads=[2, 2, 2, 2], dilations=[2, 2]))
case("conv_depthwise", lambda m: m.op("Conv", m.input(2, 9, 6, 7), m.weight(9, 1, 3, 3), m.weight(9), group=9, pads=[1, 1, 1, 1]))
case("conv_depthwise_5x5_stride_2", lambda m: m.op("Conv", m.input(1, 8, 9, 9), m.weight(8, 1, 5, 5), group=8, pads=[2, 2, 2, 2], strides=[2, 2]))
case("conv_depthwise_multiplied", lambda m: m.op("Conv", m.input(1, 3, 6, 6), m.weight(6, 1, 3, 3), m.weight(6), group=3, pads=[1, 1, 1, 1]))
case("conv_grouped", lambda m: m.op("Conv", m.input(2, 6, 6, 5), m.weight(4, 3, 3, 3), m.weight(4), group=2, pads=[1, 1, 1, 1]))
case("conv_same_upper", lambda m: m.op("Conv", m.input(1, 3, 8, 7), m.weight(4, 3, 3, 3), auto_pad="SAME_UPPER", strides=[2, 2]))
case("conv_same_lower", lambda m: m.op("Conv", m.input(1, 3, 6, 7), m.weight(4, 3, 3, 5), auto_pad="SAME_LOWER"))
case("conv_valid", lambda m: m.op("Conv", m.input(1, 3, 6, 7), m.weight(4, 3, 3, 3), auto_pad="VALID"))
case("conv_open_extents", lambda m: m.op("Conv", m.input(1, 3, None, None), m.weight(4, 3, 3, 3), pads=[1, 1, 1, 1]))
case("conv_f16_weights", lambda m: m.op("Conv", m.input(1, 3, 6, 5), m.op("Cast", m.weight(4, 3, 3, 3, dtype=np.float16), to=1)))
case("conv_listed_weights", lambda m: m.op("Conv", m.input(1, 3, 6, 5), m.weight(4, 3, 3, 3, raw=False), m.weight(4, raw=False)))


def old_file(m):
    m.listed = True
    return m.op("Conv", m.input(1, 3, 6, 5), m.weight(4, 3, 3, 3), m.weight(4))


case("conv_initializers_as_inputs", old_file, opset=8, ir=3)
case("conv_transpose_2", lambda m: m.op("ConvTranspose", m.input(2, 5, 4, 3), m.weight(5, 6, 2, 2), m.weight(6), strides=[2, 2], kernel_shape=[2, 2]))
case("conv_transpose_3", lambda m: m.op("ConvTranspose", m.input(1, 3, 4, 3), m.weight(3, 4, 3, 3), strides=[3, 3], dilations=[1, 1], group=1))


# Batch normalisation and arithmetic.
def normalized(m, x, channels, **more):
    return m.op("BatchNormalization", x, m.weight(channels), m.weight(channels), m.weight(channels), m.weight(channels, low=0.2), **more)


case("batch_norm", lambda m: normalized(m, m.input(2, 5, 4, 3), 5, epsilon=1e-3, momentum=0.9))
case("batch_norm_rows", lambda m: normalized(m, m.input(3, 6), 6), opset=15)
case("batch_norm_after_conv", lambda m: m.op("Relu", normalized(m, m.op("Conv", m.input(1, 3, 6, 5), m.weight(5, 3, 3, 3)), 5)), opset=9)
for kind in ("Add", "Sub", "Mul"):
    case(f"{kind.lower()}_values", lambda m: m.op(kind, m.input(2, 4, 3, 5), m.input(2, 4, 3, 5, name="y")))
    case(f"{kind.lower()}_constant", lambda m: m.op(kind, m.input(2, 4, 3, 5), m.weight(4, 1, 1)))
    case(f"{kind.lower()}_constant_first", lambda m: m.op(kind, m.weight(1, 4, 1, 1), m.input(2, 4, 3, 5)))
case("div_constant", lambda m: m.op("Div", m.input(2, 4, 3, 5), m.weight(1, 4, 1, 1, low=1)))
case("add_scalar", lambda m: m.op("Add", m.input(2, 4, 3, 5), m.weight(value=0.75)))
case("mul_rows", lambda m: m.op("Mul", m.input(2, 6), m.weight(6)))
case("subtract_with_itself", lambda m: m.op("Sub", m.op("Relu", m.input(2, 4, 3, 5)), "x"))

# Activations.
for kind, more in {"Relu": {}, "LeakyRelu": {"alpha": 0.2}, "Sigmoid": {}, "Tanh": {}, "HardSwish": {}}.items():
    case(kind.lower(), lambda m: m.op(kind, m.op("Mul", m.input(2, 5, 4, 3), m.weight(value=3.0)), **more), opset=14)
case("leaky_relu_default", lambda m: m.op("LeakyRelu", m.input(2, 6)))
case("clip_attributes", lambda m: m.op("Clip", m.input(2, 5, 4, 3), min=-0.5, max=0.75), opset=9)
case("clip_inputs", lambda m: m.op("Clip", m.input(2, 5, 4, 3), m.weight(value=0.0), m.weight(value=0.9)))
case("clip_lower_only", lambda m: m.op("Clip", m.input(2, 5, 4, 3), m.weight(value=-0.25)))
case("clip_zero", lambda m: m.op("Clip", m.input(2, 5, 4, 3), m.weight(value=0.0)))
case("clip_upper_only", lambda m: m.op("Clip", m.input(2, 5, 4, 3), "", m.weight(value=0.25)))
case("clip_largest_float", lambda m: m.op("Clip", m.input(2, 5, 4, 3), min=0.0, max=float(np.finfo(np.float32).max)), opset=9)
case("silu", lambda m: m.op("Mul", m.input(2, 5, 4, 3), m.op("Sigmoid", "x")))
case("silu_reversed", lambda m: m.op("Mul", m.op("Sigmoid", m.input(2, 5, 4, 3)), "x"))
case("gate_of_another_value", lambda m: m.op("Mul", m.input(2, 5, 4, 3), m.op("Sigmoid", m.input(2, 5, 4, 3, name="y"))))
case("hard_swish_in_two", lambda m: m.op("Mul", m.input(2, 5, 4, 3), m.op("HardSigmoid", "x", alpha=1 / 6, beta=0.5)))


def shared_sigmoid(m):
    gate = m.op("Sigmoid", m.input(2, 5, 4, 3))
    return [m.op("Mul", "x", gate), m.op("Tanh", gate)]


case("silu_with_shared_sigmoid", shared_sigmoid)

# Pooling.
case("max_pool", lambda m: m.op("MaxPool", m.input(2, 5, 7, 6), kernel_shape=[2, 2], strides=[2, 2]))
case("max_pool_padded", lambda m: m.op("MaxPool", m.input(1, 5, 7, 8), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], storage_order=0))
case("max_pool_same", lambda m: m.op("MaxPool", m.input(1, 5, 8, 7), kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER"))
case("average_pool", lambda m: m.op("AveragePool", m.input(1, 5, 7, 8), kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1]))
case("average_pool_counting_padding", lambda m: m.op("AveragePool", m.input(1, 5, 7, 8), kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1))
case("average_pool_same", lambda m: m.op("AveragePool", m.input(1, 5, 8, 7), kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER"))
case("global_average", lambda m: m.op("GlobalAveragePool", m.input(2, 5, 4, 3)))
case("reduce_mean", lambda m: m.op("ReduceMean", m.input(2, 5, 4, 3), axes=[2, 3], keepdims=0))
case("reduce_mean_negative_axes", lambda m: m.op("ReduceMean", m.input(2, 5, 4, 3), axes=[-1, -2]))
case("reduce_mean_axes_as_input", lambda m: m.op("ReduceMean", m.input(2, 5, 4, 3), m.ints(2, 3), keepdims=0), opset=18)

# Rows.
case("gemm", lambda m: m.op("Gemm", m.input(3, 6), m.weight(6, 4), m.weight(4)))
case("gemm_transposed", lambda m: m.op("Gemm", m.input(3, 6), m.weight(4, 6), m.weight(1, 4), transB=1, alpha=0.5, beta=2.0))
case("gemm_scalar_bias", lambda m: m.op("Gemm", m.input(3, 6), m.weight(6, 4), m.weight(1)))
case("gemm_no_bias", lambda m: m.op("Gemm", m.input(3, 6), m.weight(4, 6), transB=1), opset=11)
case("matmul", lambda m: m.op("Add", m.op("MatMul", m.input(3, 6), m.weight(6, 4)), m.weight(4)))
case("matmul_transposed_constant", lambda m: m.op("MatMul", m.input(3, 6), m.op("Transpose", m.weight(4, 6), perm=[1, 0])))
case("flatten_then_gemm", lambda m: m.op("Gemm", m.op("Flatten", m.input(2, 3, 4, 5)), m.weight(7, 60), m.weight(7), transB=1))
case("flatten_then_matmul", lambda m: m.op("MatMul", m.op("Flatten", m.input(2, 3, 4, 5), axis=-3), m.weight(60, 7)))
case("flatten_norm_relu_gemm",
     lambda m: m.op("Gemm", m.op("Relu", normalized(m, m.op("Flatten", m.input(2, 3, 2, 5)), 30)), m.weight(7, 30), transB=1))
case("flatten_scaled", lambda m: m.op("Gemm", m.op("Mul", m.op("Flatten", m.input(2, 3, 2, 5)), m.weight(30)), m.weight(30, 7)))
case("flatten_after_pool", lambda m: m.op("Gemm", m.op("Flatten", m.op("GlobalAveragePool", m.input(2, 5, 4, 3))), m.weight(5, 7)))
case("reshape_left_over", lambda m: m.op("Gemm", m.op("Reshape", m.input(2, 3, 4, 5), m.ints(0, -1)), m.weight(60, 7)))
case("reshape_counted", lambda m: m.op("Gemm", m.op("Reshape", m.input(2, 3, 4, 5), m.ints(-1, 60)), m.weight(60, 7)))
case("reshape_to_map", lambda m: m.op("Conv", m.op("Reshape", m.input(2, 6), m.ints(0, 6, 1, 1)), m.weight(4, 6, 1, 1), m.weight(4)))
case("squeeze", lambda m: m.op("Gemm", m.op("Squeeze", m.op("GlobalAveragePool", m.input(2, 5, 4, 3)), m.ints(2, 3)), m.weight(5, 7)))
case("squeeze_attribute", lambda m: m.op("Squeeze", m.op("GlobalAveragePool", m.input(2, 5, 4, 3)), axes=[-2, -1]), opset=11)
case("unsqueeze", lambda m: m.op("Conv", m.op("Unsqueeze", m.input(2, 5), m.ints(2, 3)), m.weight(4, 5, 1, 1)))
case("pooled_convolution", lambda m: m.op("Sigmoid", m.op("Conv", m.op("GlobalAveragePool", m.input(2, 5, 4, 3)), m.weight(7, 5, 1, 1), m.weight(7))))


def computed_shape(m):
    x = m.op("Relu", m.input(2, 3, 4, 5))
    batch = m.op("Unsqueeze", m.op("Gather", m.op("Shape", x), m.weight(value=0, dtype=np.int64), axis=0), axes=[0])
    rest = m.op("Unsqueeze", m.op("Constant", value=helper.make_tensor("minus", TensorProto.INT64, [], [-1])), axes=[0])
    return m.op("Gemm", m.op("Reshape", x, m.op("Concat", batch, rest, axis=0)), m.weight(7, 60), m.weight(7), transB=1)


case("reshape_computed", computed_shape, opset=9)
case("softmax_rows", lambda m: m.op("Softmax", m.input(3, 6)))
case("softmax_rows_old", lambda m: m.op("Softmax", m.input(3, 6), axis=1), opset=9)
case("softmax_channels", lambda m: m.op("Softmax", m.input(2, 5, 3, 4), axis=1))
case("softmax_pooled_old", lambda m: m.op("Softmax", m.op("GlobalAveragePool", m.input(2, 5, 3, 4)), axis=1), opset=9)


# Joining and resampling.
def joined(m, axis):
    x = m.input(2, 3, 4, 5)
    return m.op("Concat", x, m.op("Relu", x), m.op("Conv", x, m.weight(5, 3, 1, 1)), axis=axis)


case("concat", lambda m: joined(m, 1))
case("concat_negative_axis", lambda m: joined(m, -3))
case("concat_rows", lambda m: m.op("Concat", m.input(2, 5), m.input(2, 3, name="y"), axis=1))
case("upsample", lambda m: m.op("Upsample", m.input(1, 3, 3, 4), m.weight(value=[1, 1, 2, 2]), mode="nearest"), opset=9)
case("upsample_attribute", lambda m: m.op("Upsample", m.input(1, 3, 3, 4), scales=[1.0, 1.0, 3.0, 3.0]), opset=7)
case("resize_old", lambda m: m.op("Resize", m.input(1, 3, 3, 4), m.weight(value=[1, 1, 2, 2])), opset=10)
for factor in (2, 3, 4):
    case(f"resize_nearest_{factor}", lambda m: m.op("Resize", m.input(1, 3, 3, 4), "", m.weight(value=[1, 1, factor, factor])))
    case(f"resize_linear_{factor}", lambda m: m.op("Resize", m.input(1, 3, 3, 4), "", m.weight(value=[1, 1, factor, factor]), mode="linear"))
case("resize_nearest_asymmetric", lambda m: m.op("Resize", m.input(1, 3, 3, 4), "", m.weight(value=[1, 1, 3, 3]), mode="nearest",
     coordinate_transformation_mode="asymmetric", nearest_mode="floor"))
case("resize_linear_pytorch", lambda m: m.op("Resize", m.input(1, 3, 3, 4), "", m.weight(value=[1, 1, 2, 2]), mode="linear",
     coordinate_transformation_mode="pytorch_half_pixel", cubic_coeff_a=-0.75))
case("resize_sizes", lambda m: m.op("Resize", m.input(1, 3, 3, 4), "", "", m.ints(1, 3, 6, 8)), opset=19)

# What leaves values alone, and order.
case("dropout", lambda m: m.op("Relu", m.op("Dropout", m.input(2, 5, 4, 3))))
case("dropout_at_inference", lambda m: m.op("Relu", m.op("Dropout", m.input(2, 5, 4, 3), m.weight(value=0.5), m.weight(value=False, dtype=np.bool_))))
case("dropout_old", lambda m: m.op("Relu", m.op("Dropout", m.input(2, 5, 4, 3), ratio=0.5)), opset=9)
case("identity", lambda m: m.op("Relu", m.op("Identity", m.input(2, 5, 4, 3))))
case("constant", lambda m: m.op("Add", m.input(2, 5), m.op("Constant", value_floats=[0.5, -1.0, 2.0, 0.25, 3.0])))
case("transpose_to_last", lambda m: m.op("Transpose", m.op("Relu", m.input(2, 5, 4, 3)), perm=[0, 2, 3, 1]), channels_last=True)
case("transpose_from_last", lambda m: m.op("Conv", m.op("Transpose", m.input(2, 6, 5, 3, channels_last=True), perm=[0, 3, 1, 2]), m.weight(4, 3, 3, 3)))
case("transpose_flatten", lambda m: m.op("Gemm", m.op("Flatten", m.op("Transpose", m.input(2, 3, 4, 5), perm=[0, 2, 3, 1])), m.weight(60, 7)))
case("transpose_matmul", lambda m: m.op("MatMul", m.op("Transpose", m.input(2, 3, 4, 5), perm=[0, 2, 3, 1]), m.weight(3, 7)), channels_last=True)
case("newest_operators", lambda m: m.op("Relu", m.op("Flatten", m.op("GlobalAveragePool", m.input(2, 5, 4, 3)))), opset=25, ir=11)


def endless_upsampling(m):
    x = m.input(1, 3, 4, 4)
    for _ in range(12):
        x = m.op("Resize", x, "", m.weight(value=[1, 1, 64, 64]))
    return x


def endless_concat(m):
    x = m.input(1, 3, 4, 4)
    for _ in range(70):
        x = m.op("Concat", x, x, axis=1)
    return m.op("Add", x, m.weight(value=1.0))


def spread_scalars(m):
    x = m.input(1, 1 << 20, 1, 1)
    for _ in range(40):
        x = m.op("Add", x, m.weight(value=1.0))
    return x


def residual_network(m):
    x = m.op("Clip", m.op("Conv", m.input(2, 3, 12, 10), m.weight(8, 3, 3, 3), m.weight(8), pads=[1, 1, 1, 1], strides=[2, 2]), m.weight(value=0.0), m.weight(value=6.0))
    y = m.op("Relu", m.op("Conv", x, m.weight(8, 1, 3, 3), m.weight(8), group=8, pads=[1, 1, 1, 1]))
    y = m.op("Add", m.op("Conv", y, m.weight(8, 8, 1, 1), m.weight(8)), x)
    z = m.op("Relu", m.op("ConvTranspose", m.op("MaxPool", y, kernel_shape=[2, 2], strides=[2, 2]), m.weight(8, 4, 2, 2), strides=[2, 2]))
    return [m.op("Sigmoid", m.op("Conv", z, m.weight(1, 4, 1, 1), m.weight(1))), m.op("Softmax", m.op("Gemm", m.op("Flatten", m.op("GlobalAveragePool", y)), m.weight(5, 8), transB=1))]


case("two_heads", residual_network)


# Padding, squeeze and excitation, and activations of newer networks.
def excited(m, first):
    x = m.input(2, 5, 4, 3)
    gate = m.op("Sigmoid", m.op("Conv", m.op("GlobalAveragePool", x), m.weight(5, 5, 1, 1), m.weight(5)))
    return m.op("Mul", gate, x) if first else m.op("Mul", x, gate)


case("pad_then_conv", lambda m: m.op("Conv", m.op("Pad", m.input(2, 3, 6, 5), m.ints(0, 0, 0, 1, 0, 0, 2, 1)), m.weight(4, 3, 3, 3), pads=[1, 0, 0, 1], strides=[2, 2]))
case("pad_attributes", lambda m: m.op("Conv", m.op("Pad", m.input(2, 3, 6, 5), pads=[0, 0, 1, 1, 0, 0, 1, 1], mode="constant", value=0.0), m.weight(3, 1, 3, 3), group=3), opset=9)
case("pad_axes", lambda m: m.op("Conv", m.op("Pad", m.input(2, 3, 6, 5), m.ints(1, 2), m.weight(value=0.0), m.ints(-1)), m.weight(4, 3, 3, 5), auto_pad="VALID"), opset=18)
case("pad_nothing", lambda m: m.op("MaxPool", m.op("Pad", m.input(2, 3, 6, 5), m.ints(0, 0, 0, 0, 0, 0, 0, 0)), kernel_shape=[2, 2]))
case("excitation", lambda m: excited(m, False))
case("excitation_first", lambda m: excited(m, True))
case("prelu", lambda m: m.op("PRelu", m.input(2, 5, 4, 3), m.weight(5, 1, 1)))
case("prelu_one_slope", lambda m: m.op("PRelu", m.input(2, 5, 4, 3), m.weight(1)))
case("prelu_rows", lambda m: m.op("PRelu", m.input(3, 6), m.weight(6)), opset=9)
case("hard_sigmoid", lambda m: m.op("HardSigmoid", m.input(2, 5, 4, 3), alpha=0.3, beta=0.4))
case("hard_sigmoid_default", lambda m: m.op("HardSigmoid", m.input(3, 6)))
case("gelu", lambda m: m.op("Gelu", m.input(2, 5, 4, 3)), opset=20, ir=9)
case("gelu_tanh", lambda m: m.op("Gelu", m.input(3, 6), approximate="tanh"), opset=20, ir=9)


def gelu_by_error_function(m, order):
    x = m.op("Add", m.input(3, 6), m.weight(6))
    curve = m.op("Add", m.op("Erf", m.op("Div", x, m.weight(value=2 ** 0.5)) if order < 2 else m.op("Mul", m.weight(value=0.5 ** 0.5), x)), m.weight(value=1.0))
    half = m.weight(value=0.5)
    if order == 0:
        return m.op("Mul", m.op("Mul", x, curve), half)
    if order == 1:
        return m.op("Mul", m.op("Mul", x, half), curve)
    return m.op("Mul", x, m.op("Mul", half, curve))


for order in range(3):
    case(f"gelu_by_error_function_{order}", lambda m: gelu_by_error_function(m, order))

# Arrays.
case("layer_norm", lambda m: m.op("LayerNormalization", m.op("Reshape", m.input(2, 3, 4, 5), m.ints(0, 12, 5)), m.weight(5), m.weight(5), epsilon=1e-3), opset=17)
case("layer_norm_rows", lambda m: m.op("LayerNormalization", m.input(3, 6), m.weight(6), axis=1), opset=17)
case("layer_norm_of_map", lambda m: m.op("LayerNormalization", m.input(2, 3, 4, 5), m.weight(5), axis=-1, stash_type=1), channels_last=True, opset=17)


def written_out_norm(m, squares):
    x = m.op("Reshape", m.input(2, 3, 4, 5), m.ints(-1, 12, 5))
    difference = m.op("Sub", x, m.op("ReduceMean", x, axes=[-1]))
    square = m.op("Pow", difference, m.weight(value=2.0)) if squares == "Pow" else m.op("Mul", difference, difference)
    deviation = m.op("Sqrt", m.op("Add", m.op("ReduceMean", square, axes=[2]), m.weight(value=1e-3)))
    return m.op("Add", m.op("Mul", m.op("Div", difference, deviation), m.weight(5)), m.weight(5))


case("layer_norm_by_powers", lambda m: written_out_norm(m, "Pow"))
case("layer_norm_by_products", lambda m: written_out_norm(m, "Mul"))
case("transpose_map", lambda m: m.op("Transpose", m.op("Relu", m.input(2, 5, 4, 3)), perm=[0, 2, 1, 3]), channels_last=True)
case("transpose_reversed", lambda m: m.op("Transpose", m.op("Relu", m.input(2, 5, 4, 3))), channels_last=True)
case("transpose_and_back", lambda m: m.op("Conv", m.op("Transpose", m.op("Transpose", m.input(2, 5, 4, 3), perm=[3, 0, 1, 2]), perm=[1, 2, 3, 0]), m.weight(4, 5, 3, 3)))
case("reshape_to_tokens", lambda m: m.op("Transpose", m.op("Reshape", m.input(2, 5, 4, 3), m.ints(0, 0, -1)), perm=[0, 2, 1]))
case("reshape_of_batch", lambda m: m.op("MatMul", m.op("Reshape", m.input(2, 4, 6, 5), m.ints(-1, 4, 3)), m.weight(3, 7)))
case("reshape_one_example", lambda m: m.op("Relu", m.op("Reshape", m.input(1, 4, 6, 5), m.ints(20, 2, 3))))
case("reshape_of_flattened", lambda m: m.op("Relu", m.op("Reshape", m.op("Flatten", m.input(2, 3, 4, 5)), m.ints(0, 6, 10))))
case("reshape_back_to_map", lambda m: m.op("MaxPool", m.op("Reshape", m.op("Relu", m.op("Reshape", m.input(2, 4, 6, 5), m.ints(0, 4, 30))), m.ints(0, 4, 6, 5)),
                                           kernel_shape=[2, 2]))
case("squeeze_array", lambda m: m.op("Relu", m.op("Squeeze", m.op("Unsqueeze", m.op("Reshape", m.input(2, 4, 6, 5), m.ints(0, 4, 30)), m.ints(1, -1)), m.ints(1, 4))))
case("slice_channels", lambda m: m.op("Relu", m.op("Slice", m.input(2, 5, 4, 3), m.ints(1), m.ints(4), m.ints(1))))
case("slice_pixels", lambda m: m.op("Conv", m.op("Slice", m.input(2, 5, 4, 3), m.ints(-3, 0), m.ints(1000, -1), m.ints(2, 3), m.ints(1, 1)), m.weight(4, 5, 2, 2)))
case("slice_attributes", lambda m: m.op("Relu", m.op("Slice", m.input(3, 6), starts=[1], ends=[3], axes=[1])), opset=9)
case("split_channels", lambda m: [m.op("Relu", part) for part in m.op("Split", m.input(2, 5, 4, 3), m.ints(2, 3), axis=1, outputs=2)])
case("split_evenly", lambda m: m.op("Split", m.op("Relu", m.input(2, 7)), axis=-1, num_outputs=3, outputs=3), opset=18)
case("split_old", lambda m: m.op("Split", m.op("Relu", m.input(2, 6)), axis=1, split=[1, 5], outputs=2), opset=11)
case("concat_height", lambda m: m.op("Concat", *m.op("Split", m.op("Transpose", m.input(2, 5, 4, 3), perm=[0, 2, 1, 3]), m.ints(1, 3), axis=1, outputs=2)[::-1], axis=1),
     channels_last=True)
case("concat_map_and_array", lambda m: m.op("Concat", m.input(2, 5, 4, 3), m.op("Transpose", m.op("Transpose", "x", perm=[0, 1, 3, 2]), perm=[0, 1, 3, 2]), axis=1))
case("add_map_and_array", lambda m: m.op("Add", m.op("Transpose", m.op("Transpose", m.input(2, 5, 4, 3), perm=[0, 1, 3, 2]), perm=[0, 1, 3, 2]), "x"))
case("mean_of_tokens", lambda m: m.op("ReduceMean", m.op("Reshape", m.input(2, 3, 4, 5), m.ints(0, 12, 5)), axes=[1], keepdims=0))
case("resize_to_sizes", lambda m: m.op("Resize", m.input(2, 3, 7, 6), "", "", m.ints(2, 3, 8, 5), mode="linear", coordinate_transformation_mode="half_pixel"))
case("resize_smaller", lambda m: m.op("Resize", m.input(2, 3, 7, 6), "", "", m.ints(2, 3, 3, 4), mode="linear", coordinate_transformation_mode="pytorch_half_pixel"))
case("gemm_of_folded_batch", lambda m: m.op("Gemm", m.op("Reshape", m.input(2, 24), m.ints(-1, 6)), m.weight(6, 5), m.weight(5)))


def attention(m):
    x = m.op("Transpose", m.op("Reshape", m.input(2, 6, 4, 3), m.ints(0, 6, 12)), perm=[0, 2, 1])
    together = m.op("Transpose", m.op("Reshape", m.op("Add", m.op("MatMul", x, m.weight(6, 18)), m.weight(18)), m.ints(0, 12, 3, 2, 3)), perm=[2, 0, 3, 1, 4])
    q, k, v = (m.op("Gather", together, m.weight(value=i, dtype=np.int64), axis=0) for i in (0, 1, -1))
    scores = m.op("Softmax", m.op("MatMul", m.op("Mul", q, m.weight(value=0.5)), m.op("Transpose", k, perm=[0, 1, 3, 2])), axis=-1)
    return m.op("Reshape", m.op("Transpose", m.op("MatMul", scores, v), perm=[0, 2, 1, 3]), m.ints(0, 12, 6))


case("attention", attention)


def tokens(m, exporter):
    """A class token before the tokens of the map, and position embeddings."""
    x = m.op("Transpose", m.op("Reshape", m.input(2, 6, 4, 3), m.ints(0, 6, 12)), perm=[0, 2, 1])
    batch = m.op("Unsqueeze", m.op("Gather", m.op("Shape", x), m.weight(value=0, dtype=np.int64)), m.ints(0))
    if exporter == "script":  # -1 keeps an extent
        target = m.op("Concat", batch, m.ints(-1, -1), axis=0)
        ones = m.op("ConstantOfShape", m.ints(3), value=helper.make_tensor("one", TensorProto.INT64, [1], [1]))
        target = m.op("Where", m.op("Equal", target, m.op("Mul", ones, m.weight(value=-1, dtype=np.int64))), ones, target)
    else:
        target = m.op("Concat", batch, m.ints(1, 6), axis=0)
    return m.op("Add", m.op("Concat", m.op("Expand", m.weight(1, 1, 6), target), x, axis=1), m.weight(1, 13, 6))


case("tokens_by_script", lambda m: tokens(m, "script"))
case("tokens_by_dynamo", lambda m: tokens(m, "dynamo"))
case("expand_value", lambda m: m.op("Relu", m.op("Expand", m.input(2, 5, 4, 3), m.op("Shape", "x"))))

# Constants that are computed in the file.
def computed_padding(m):
    """How much TensorFlow's SAME pads, from the shape of the map."""
    x = m.op("Relu", m.input(2, 3, 7, 6))
    shape = m.op("Shape", x)
    pads = []
    for axis, kernel in ((2, 3), (3, 3)):
        extent = m.op("Cast", m.op("Gather", shape, m.weight(value=axis, dtype=np.int64), axis=0), to=TensorProto.FLOAT)
        steps = m.op("Cast", m.op("Ceil", m.op("Div", extent, m.weight(value=2.0))), to=TensorProto.INT64)
        reach = m.op("Add", m.op("Mul", m.op("Sub", steps, m.weight(value=1, dtype=np.int64)), m.weight(value=2, dtype=np.int64)), m.weight(value=kernel, dtype=np.int64))
        missing = m.op("Clip", m.op("Sub", reach, m.op("Gather", shape, m.weight(value=axis, dtype=np.int64))), m.weight(value=0, dtype=np.int64))
        before = m.op("Div", missing, m.weight(value=2, dtype=np.int64))
        pads.append([m.op("Unsqueeze", part, m.ints(0)) for part in (before, m.op("Sub", missing, before))])
    none = m.op("ConstantOfShape", m.ints(2), value=helper.make_tensor("zero", TensorProto.INT64, [1], [0]))
    return m.op("Conv", m.op("Pad", x, m.op("Concat", none, pads[0][0], pads[1][0], none, pads[0][1], pads[1][1], axis=0)), m.weight(4, 3, 3, 3), strides=[2, 2])


def turned_padding(m):
    """Pads from the last axis to the first, as PyTorch lists them, in the order of ONNX."""
    listed = m.op("Concat", m.ints(1, 0, 0, 1), m.op("ConstantOfShape", m.ints(4), value=helper.make_tensor("zero", TensorProto.INT64, [1], [0])), axis=0)
    pairs = m.op("Slice", m.op("Reshape", listed, m.ints(-1, 2)), m.ints(-1), m.ints(-(1 << 62)), m.ints(0), m.ints(-1))
    pads = m.op("Cast", m.op("Reshape", m.op("Transpose", pairs, perm=[1, 0]), m.ints(-1)), to=TensorProto.INT64)
    return m.op("Conv", m.op("Pad", m.input(2, 3, 6, 5), pads), m.weight(4, 3, 3, 3))


def folded_batch(m):
    x = m.input(2, 4, 6, 5)
    batch = m.op("Gather", m.op("Shape", x), m.weight(value=0, dtype=np.int64))
    rows = m.op("Unsqueeze", m.op("Mul", batch, m.weight(value=12, dtype=np.int64)), m.ints(0))
    y = m.op("Relu", m.op("Reshape", x, m.op("Concat", rows, m.ints(2, 5), axis=0)))
    return m.op("MaxPool", m.op("Reshape", y, m.op("Concat", m.op("Unsqueeze", batch, m.ints(0)), m.ints(4, -1, 5), axis=0)), kernel_shape=[2, 2])


def computed_weights(m):
    weights = m.op("Mul", m.op("Sub", m.weight(5, 4, 3, 3), m.weight(5, 1, 1, 1)), m.op("Sqrt", m.op("Max", m.weight(4, 1, 1), m.weight(value=0.25))))
    bias = m.op("Neg", m.op("Squeeze", m.op("Min", m.op("Floor", m.weight(1, 5, low=1)), m.weight(value=0.75)), m.ints(0)))
    return m.op("Conv", m.input(2, 4, 6, 5), m.op("Identity", weights), bias)


def part_of_shape(m):
    x = m.op("Relu", m.input(2, 4, 6, 5))
    return m.op("Relu", m.op("Reshape", x, m.op("Concat", m.op("Slice", m.op("Shape", x), m.ints(0), m.ints(2)), m.op("Cast", m.ints(-1), to=TensorProto.INT64), axis=0)))


case("computed_padding", computed_padding)
case("turned_padding", turned_padding)
case("folded_batch", folded_batch)
case("computed_weights", computed_weights)
case("part_of_shape", part_of_shape)
case("gathered_weights", lambda m: m.op("Gemm", m.input(3, 6), m.op("Gather", m.weight(9, 4), m.ints(0, -1, 2, 7, 5, 3)), m.op("Slice", m.weight(7), m.ints(2), m.ints(6))))


def unused_operator(m):
    x = m.input(2, 5, 4, 3)
    m.op("Einsum", x, equation="nchw->nc")
    return m.op("Relu", x)


case("unused_operator_is_not_looked_at", unused_operator)

# Refused.
X = (1, 4, 6, 5)
refused("unknown_operator", lambda m: m.op("Einsum", m.input(*X), equation="nchw->nc"), "Einsum", "einsum_0", "not supported")
refused("other_domain", lambda m: (m.domains.append("com.example"), m.op("Relu", m.input(*X), domain="com.example"))[1], "com.example.Relu", "not supported")
refused("conv_1d", lambda m: m.op("Conv", m.input(1, 4, 6, 5), m.weight(5, 4, 3)), "Conv", "conv_0", "two-dimensional")
refused("conv_channels", lambda m: m.op("Conv", m.input(*X), m.weight(5, 3, 3, 3)), "conv_0", "4 channels")
refused("conv_bias", lambda m: m.op("Conv", m.input(*X), m.weight(5, 4, 3, 3), m.weight(6)), "conv_0", "[6]", "[5]")
refused("conv_kernel_shape", lambda m: m.op("Conv", m.input(*X), m.weight(5, 4, 3, 3), kernel_shape=[5, 5]), "kernel_shape")
refused("conv_too_large", lambda m: m.op("Conv", m.input(*X), m.weight(5, 4, 7, 7)), "conv_0", "larger than its input")
refused("conv_weights_computed", lambda m: m.op("Conv", m.input(*X), m.op("Relu", "x")), "conv_1", "not a constant")
refused("conv_dilations_differ", lambda m: m.op("Conv", m.input(*X), m.weight(5, 4, 3, 3), dilations=[1, 2]), "dilations")
refused("conv_stride_zero", lambda m: m.op("Conv", m.input(*X), m.weight(5, 4, 3, 3), strides=[0, 1]), "strides")
refused("conv_negative_padding", lambda m: m.op("Conv", m.input(*X), m.weight(5, 4, 3, 3), pads=[-1, 0, 0, 0]), "pads")
refused("conv_same_lower_uneven", lambda m: m.op("Conv", m.input(*X), m.weight(5, 4, 2, 2), auto_pad="SAME_LOWER"), "SAME_LOWER")
refused("conv_transpose_overlapping", lambda m: m.op("ConvTranspose", m.input(*X), m.weight(4, 5, 3, 3), strides=[2, 2]), "ConvTranspose", "3x3", "stride 2x2")
refused("conv_transpose_padded", lambda m: m.op("ConvTranspose", m.input(*X), m.weight(4, 5, 2, 2), strides=[2, 2], output_padding=[1, 1]), "output_padding")
refused("wrong_type_of_attribute", lambda m: m.op("Conv", m.input(*X), m.weight(4, 1, 3, 3), group="4"), "conv_0", "'group'", "whole number")
refused("unknown_attribute", lambda m: m.op("Relu", m.input(*X), steepness=2.0), "relu_0", "'steepness'")
refused("double_attribute", lambda m: m.op("LeakyRelu", m.input(*X), alpha=0.5), "'alpha'", "twice",
        change=lambda p: p.graph.node[0].attribute.append(p.graph.node[0].attribute[0]))
refused("max_pool_ceil", lambda m: m.op("MaxPool", m.input(*X), kernel_shape=[2, 2], ceil_mode=1), "ceil_mode")
refused("max_pool_indices", lambda m: m.op("MaxPool", m.input(*X), kernel_shape=[2, 2], outputs=2)[1], "maxpool_0", "output")
refused("broadcast", lambda m: m.op("Add", m.input(*X), m.op("GlobalAveragePool", "x")), "Add", "add_1", "broadcasting")
refused("constant_of_pixels", lambda m: m.op("Add", m.input(*X), m.weight(6, 5)), "add_0", "per channel")
refused("batch_norm_training", lambda m: m.op("BatchNormalization", m.input(*X), *[m.weight(4, low=1) for _ in range(4)], training_mode=1), "training", opset=15)
refused("batch_norm_variance", lambda m: m.op("BatchNormalization", m.input(*X), *[m.weight(4, low=-2) for _ in range(4)]), "variance")
refused("softmax_over_map", lambda m: m.op("Softmax", m.input(*X), axis=1), "softmax_0", "height and width", opset=9)
refused("softmax_over_width", lambda m: m.op("Softmax", m.input(*X)), "softmax_0", "axis -1")
refused("concat_height", lambda m: m.op("Concat", m.input(*X), "x", axis=2), "concat_0", "axis 2")
refused("flatten_unknown", lambda m: m.op("Gemm", m.op("Flatten", m.input(1, 4, None, None)), m.weight(120, 3)), "flatten_0", "declare height and width")
refused("flatten_output", lambda m: m.op("Flatten", m.input(*X)), "order")
refused("gemm_features", lambda m: m.op("Gemm", m.op("Flatten", m.input(*X)), m.weight(119, 3)), "gemm_1", "120 features")
refused("gemm_transposed_input", lambda m: m.op("Gemm", m.input(3, 6), m.weight(3, 4), transA=1), "gemm_0", "transposed")
refused("reshape_uneven", lambda m: m.op("Reshape", m.input(*X), m.ints(-1, 7)), "reshape_0", "[n, 4, 6, 5]", "[-1, 7]")
refused("reshape_of_open_map", lambda m: m.op("Reshape", m.input(1, 4, None, None), m.ints(0, 4, -1)), "reshape_0", "[n, 4, ?, ?]")
refused("reshape_to_nothing", lambda m: m.op("Reshape", m.input(*X), m.ints(0, 4, 30), allowzero=1), "reshape_0", "extent of 0", opset=14)
refused("resize_cubic", lambda m: m.op("Resize", m.input(*X), "", m.weight(value=[1, 1, 2, 2]), mode="cubic"), "resize_0", "cubic")
refused("resize_fraction", lambda m: m.op("Resize", m.input(*X), "", m.weight(value=[1, 1, 1.5, 1.5])), "resize_0", "1.5")
refused("resize_aligned", lambda m: m.op("Resize", m.input(*X), "", m.weight(value=[1, 1, 2, 2]), mode="linear", coordinate_transformation_mode="align_corners"), "align_corners")
refused("transpose_twice_an_axis", lambda m: m.op("Transpose", m.input(*X), perm=[0, 1, 3, 3]), "transpose_0", "[0, 1, 3, 3]")
refused("transpose_open_map", lambda m: m.op("Transpose", m.input(1, 4, None, None), perm=[0, 1, 3, 2]), "transpose_0", "declare height and width")
refused("pad_before_pool", lambda m: m.op("MaxPool", m.op("Pad", m.input(*X), m.ints(0, 0, 1, 1, 0, 0, 1, 1)), kernel_shape=[2, 2]), "maxpool_1", "convolution")
refused("pad_channels", lambda m: m.op("Pad", m.input(*X), m.ints(0, 1, 0, 0, 0, 0, 0, 0)), "pad_0", "height and width")
refused("pad_reflected", lambda m: m.op("Pad", m.input(*X), m.ints(0, 0, 1, 1, 0, 0, 1, 1), mode="reflect"), "pad_0", "only zeros")
refused("pad_ones", lambda m: m.op("Pad", m.input(*X), m.ints(0, 0, 1, 1, 0, 0, 1, 1), m.weight(value=1.0)), "pad_0", "only zeros")
refused("pad_negative", lambda m: m.op("Pad", m.input(*X), m.ints(0, 0, -1, 0, 0, 0, 0, 0)), "pad_0", "only zeros")
refused("pad_beyond_window", lambda m: m.op("Conv", m.op("Pad", m.input(*X), m.ints(0, 0, 3, 0, 0, 0, 0, 0)), m.weight(5, 4, 3, 3)), "conv_1", "larger than the window")
refused("pad_output", lambda m: m.op("Pad", m.input(*X), m.ints(0, 0, 1, 1, 0, 0, 1, 1)), "'v0_0'", "padded")
refused("slice_step", lambda m: m.op("Slice", m.input(*X), m.ints(0), m.ints(6), m.ints(2), m.ints(2)), "slice_0", "steps")
refused("slice_of_batch", lambda m: m.op("Slice", m.input(*X), m.ints(0), m.ints(1), m.ints(0)), "slice_0", "axis 0")
refused("slice_to_nothing", lambda m: m.op("Slice", m.input(*X), m.ints(3), m.ints(3), m.ints(1)), "slice_0", "nothing is left")
refused("split_uneven", lambda m: m.op("Split", m.input(*X), m.ints(2, 3), axis=1, outputs=2)[0], "split_0", "do not make 4")
refused("gather_outside", lambda m: m.op("Gather", m.input(*X), m.weight(value=4, dtype=np.int64), axis=1), "gather_0", "index 4")
refused("gather_several", lambda m: m.op("Gather", m.input(*X), m.ints(0, 1), axis=1), "gather_0", "only one element")
refused("matmul_of_other_values", lambda m: m.op("MatMul", m.input(*X), "x"), "matmul_0", "[n, 4, 6, 5]")
refused("expand_value", lambda m: m.op("Expand", m.input(1, 4, 1, 5), m.ints(1, 4, 6, 5)), "expand_0", "[n, 4, 1, 5]")
refused("expand_constant", lambda m: m.op("Add", m.input(*X), m.op("Expand", m.weight(1, 4, 1, 1), m.op("Shape", "x"))), "expand_1", "constant")
refused("expanded_constant_added", lambda m: m.op("Add", m.input(*X), m.op("Expand", m.weight(1, 4, 6, 5), m.op("Shape", "x"))), "add_2", "expanded")
refused("choice_of_values", lambda m: m.op("Where", m.op("Equal", m.op("Shape", m.input(*X)), m.ints(1, 4, 6, 5)), "x", "x"), "where_2", "shapes")
refused("error_function", lambda m: m.op("Erf", m.input(*X)), "Erf", "not supported")
refused("error_function_scaled", lambda m: m.op("Mul", m.op("Mul", m.input(*X), m.op("Add", m.op("Erf", m.op("Div", "x", m.weight(value=2.0))), m.weight(value=1.0))),
        m.weight(value=0.5)), "mul_4", "error function")
refused("layer_norm_of_channels", lambda m: m.op("LayerNormalization", m.input(*X), m.weight(4, 6, 5), axis=1), "layernormalization_0", "axis 1", opset=17)
refused("divided_by_value", lambda m: m.op("Div", m.input(*X), m.op("Sigmoid", "x")), "div_1", "dividing by a value")
refused("prelu_of_pixels", lambda m: m.op("PRelu", m.input(*X), m.weight(1, 6, 5)), "prelu_0", "per channel")
refused("shape_overflow", lambda m: m.op("Reshape", m.input(*X), m.op("Mul", m.ints(1 << 62), m.ints(4))), "mul_0", "64 bits")
refused("constant_divided_by_zero", lambda m: m.op("Reshape", m.input(*X), m.op("Div", m.ints(1), m.ints(0))), "div_0", "64 bits")
refused("constant_too_large", lambda m: m.op("Add", m.input(*X), m.op("ConstantOfShape", m.ints(1 << 20, 1 << 20))), "constantofshape_0", "far more room")
refused("constant_broadcast_too_large", lambda m: m.op("Add", m.input(*X), m.op("Add", m.op("Reshape", m.weight(4096), m.ints(4096, 1)), m.weight(4096))), "add_1", "far more room")
refused("dilated_input_rank", lambda m: m.op("Relu", m.input(1, 4, 6)), "'x'", "[?, 4, 6]")
refused("old_operators", lambda m: m.op("Relu", m.input(*X)), "operator set 6", "7 to 25", opset=6)
refused("weights_not_finite", lambda m: m.op("Add", m.input(*X), m.weight(value=np.inf)), "'w0'", "inf")
refused("dropout_training", lambda m: m.op("Dropout", m.input(*X), "", m.weight(value=True, dtype=np.bool_)), "dropout_0", "training")
refused("conv_padding_beyond_window", lambda m: m.op("Conv", m.input(*X), m.weight(5, 4, 3, 3), pads=[3, 0, 0, 0]), "conv_0", "larger than the window")
refused("endless_upsampling", endless_upsampling, "resize_", "too large")
refused("endless_concat", endless_concat, "concat_", "too large")
refused("spread_scalars", spread_scalars, "add_", "far more room")
refused("undefined_input", lambda m: m.op("Add", m.input(*X), "nowhere"), "add_0", "'nowhere'")
refused("double_value", lambda m: (m.op("Relu", m.input(*X)), m.op("Tanh", "x"))[0], "'v0_0'", change=lambda p: p.graph.node[1].output.__setitem__(0, "v0_0"))


def external(model):
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../../../etc/passwd"


refused("external_data", lambda m: m.op("Conv", m.input(*X), m.weight(5, 4, 3, 3)), "'w0'", "another file", change=external)


def weights_too_short(model):
    model.graph.initializer[0].raw_data = model.graph.initializer[0].raw_data[:-4]


refused("weights_too_short", lambda m: m.op("Conv", m.input(*X), m.weight(5, 4, 3, 3)), "'w0'", "716 bytes", "720", change=weights_too_short)


def weights_huge(model):
    del model.graph.initializer[0].dims[:]
    model.graph.initializer[0].dims.extend([1 << 40, 1 << 40])


refused("weights_huge", lambda m: m.op("Conv", m.input(*X), m.weight(5, 4, 3, 3)), "'w0'", "impossible", change=weights_huge)
refused("weights_twice", lambda m: m.op("Conv", m.input(*X), m.weight(5, 4, 3, 3)), "'w0'", "twice",
        change=lambda p: p.graph.initializer[0].float_data.append(1))
refused("wrong_type_of_input", lambda m: m.op("Relu", m.input(*X)), "'x'", "type 10", change=lambda p: setattr(p.graph.input[0].type.tensor_type, "elem_type", 10))
refused("no_graph", lambda m: m.op("Relu", m.input(*X)), "no graph", change=lambda p: p.ClearField("graph"))
refused("no_output", lambda m: m.op("Relu", m.input(*X)), "no output", change=lambda p: p.graph.ClearField("output"))
refused("no_opset", lambda m: m.op("Relu", m.input(*X)), "version", change=lambda p: p.ClearField("opset_import"))

# One file of arrays.
header, offset = {"__metadata__": METADATA}, 0
for key in sorted(ARRAYS):
    value = np.ascontiguousarray(ARRAYS[key], dtype="<f4")
    header[key] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [offset, offset + value.nbytes]}
    offset += value.nbytes
text = json.dumps(header, separators=(",", ":"), sort_keys=True).encode()
text += b" " * (-len(text) % 8)
with open(os.path.join(FOLDER, "cases.safetensors"), "wb") as file:
    file.write(len(text).to_bytes(8, "little") + text)
    for key in sorted(ARRAYS):
        file.write(np.ascontiguousarray(ARRAYS[key], dtype="<f4").tobytes())
