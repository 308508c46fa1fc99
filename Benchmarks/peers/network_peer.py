"""One resident peer: `network_peer.py onnxruntime|openvino|openvino-int8 MODEL.onnx N,C,H,W THREADS REPEATS [pinned]`.

Weights may lie beside the model. With "pinned" each thread stays on a core of its own. openvino-int8 compresses the weights to 8 bits with
NNCF and lets OpenVINO quantise activations as they come, in groups of 128.

Every line "go" on stdin is answered with the seconds of one run after a pause, and with the median of REPEATS further ones.
"""
import contextlib
import os
import pathlib
import sys
import tempfile

import numpy as np
import onnx

import resident


def open_network(peer, path, shape, threads, pinned):
    """A function from an input of that shape to the network's outputs."""
    model = onnx.load(path, load_external_data=False)
    weights = {w.name for w in model.graph.initializer}
    data = next(i for i in model.graph.input if i.name not in weights)
    # Static shapes are what the peers optimise best. Shapes stated for the outputs belong to the exported size, so they go.
    for dimension, extent in zip(data.type.tensor_type.shape.dim, shape):
        dimension.dim_value = extent
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    # Weights listed as inputs too keep ONNX Runtime from folding them.
    kept = [i for i in model.graph.input if i.name not in weights]
    del model.graph.input[:]
    model.graph.input.extend(kept)
    # Beside the original, because the weights are found from there.
    with tempfile.NamedTemporaryFile(dir=pathlib.Path(path).parent, suffix=".onnx") as static:
        static.write(model.SerializeToString())
        static.flush()
        del model
        if peer == "onnxruntime":
            import onnxruntime
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            if pinned and threads > 1:  # the calling thread is the first
                options.add_session_config_entry("session.intra_op_thread_affinities", ";".join(str(core + 1) for core in range(1, threads)))
            session = onnxruntime.InferenceSession(static.name, options, providers=["CPUExecutionProvider"])
            if pinned:
                os.sched_setaffinity(0, {0})
            return lambda x: session.run(None, {data.name: x})
        import openvino
        network = openvino.Core().read_model(static.name)
        settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"}
        if pinned:
            settings["ENABLE_CPU_PINNING"] = True
        if peer == "openvino-int8":
            with contextlib.redirect_stdout(sys.stderr):  # stdout is for the answers
                import nncf
                network = nncf.compress_weights(network, mode=nncf.CompressWeightsMode.INT8_SYM)
            settings["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = 128
        request = openvino.Core().compile_model(network, "CPU", settings).create_infer_request()
        return lambda x: list(request.infer({0: x}, share_inputs=True, share_outputs=True).values())


def main():
    peer, path, shape, threads, repeats = sys.argv[1], sys.argv[2], tuple(map(int, sys.argv[3].split(","))), int(sys.argv[4]), int(sys.argv[5])
    if peer not in ("onnxruntime", "openvino", "openvino-int8"):
        sys.exit(f"unknown peer {peer}")
    run = open_network(peer, path, shape, threads, sys.argv[6:] == ["pinned"])
    x = (np.random.default_rng(1).random(shape) * 255).astype(np.float32)
    resident.answer(lambda: run(x), repeats)


if __name__ == "__main__":
    main()
