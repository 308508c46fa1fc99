"""What a minimal Python program with ONNX Runtime needs from its start to the first CenterFace heat map: `spawn_onnxruntime.py MODEL PICTURE`."""
import sys

import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
data = session.get_inputs()[0]
x = np.zeros([d if isinstance(d, int) else 1 for d in data.shape], np.float32)
session.run(None, {data.name: x})
