"""Silero VAD in ONNX Runtime on one thread: `vad_peer.py MODEL.onnx SECONDS`, resident like network_peer.py.

The streaming model is called window by window, as the package's own wrapper does it; the sequence model takes up to 512 windows per call.
Windows are cut beforehand, so that only the calls are timed.
"""
import sys
import time

import numpy as np
import onnxruntime

path, length = sys.argv[1], int(sys.argv[2])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
samples = np.random.default_rng(1).uniform(-0.5, 0.5, length * 16000).astype(np.float32)
padded = np.concatenate([np.zeros(64, np.float32), samples, np.zeros(-len(samples) % 512, np.float32)])
windows = np.stack([padded[start:start + 576] for start in range(0, len(padded) - 64, 512)])


def one_by_one():
    state, rate = np.zeros((2, 1, 128), np.float32), np.array(16000, np.int64)
    for window in windows:
        _, state = session.run(None, {"input": window[None], "state": state, "sr": rate})


def in_sequence():
    h = c = np.zeros((1, 1, 128), np.float32)
    for start in range(0, len(windows), 512):
        _, h, c = session.run(["speech_probs", "hn", "cn"], {"input": windows[start:start + 512], "h": h, "c": c})


run = in_sequence if "h" in {i.name for i in session.get_inputs()} else one_by_one
run()
print("ready", flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    run()
    print(time.perf_counter() - start, flush=True)
