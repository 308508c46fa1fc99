"""Accuracy of `mien face --no-detect` on FER2013, beside ONNX Runtime on the very same pictures.

    fer2013_accuracy.py MIEN FER2013.npz MINI_XCEPTION.onnx [SPLIT]

The npz holds `images` [n, 48, 48] u8, `fer_label` and `split` (1: PublicTest, the default). The ONNX file comes from mini_xception_onnx.py.
Top-1 accuracy, seven classes. Needs numpy, onnxruntime, opencv-python-headless and Pillow.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import cv2
import numpy as np
import onnxruntime
from PIL import Image

mien, data, model = sys.argv[1:4]
split = int(sys.argv[4]) if len(sys.argv) > 4 else 1
data = np.load(data)
chosen = data["split"] == split
images, labels = data["images"][chosen], data["fer_label"][chosen]

session = onnxruntime.InferenceSession(model)
resized = np.stack([cv2.resize(image, (64, 64)) for image in images])
peer = np.concatenate([session.run(None, {"input": ((batch / np.float32(255) - np.float32(0.5)) * 2)[:, None].astype(np.float32)})[0]
                       for batch in np.array_split(resized, 30)])

ours = np.zeros_like(peer)
with tempfile.TemporaryDirectory() as folder:
    for index, image in enumerate(images):
        Image.fromarray(image).save(f"{folder}/{index:05}.png")
    names = sorted(str(path) for path in pathlib.Path(folder).glob("*.png"))
    for start in range(0, len(names), 500):
        lines = subprocess.run([mien, "face", "--no-detect", "--json", *names[start:start + 500]], check=True, capture_output=True, text=True).stdout
        for line in lines.splitlines():
            answer = json.loads(line)
            scores = answer["estimates"][0]["nativeScores"]
            ours[int(pathlib.Path(answer["file"]).stem)] = [score.get("score", 0) for score in scores]

print(f"{len(labels)} pictures")
print(f"mien          {np.mean(ours.argmax(1) == labels):.4%}")
print(f"ONNX Runtime  {np.mean(peer.argmax(1) == labels):.4%}")
print(f"same answer   {np.mean(ours.argmax(1) == peer.argmax(1)):.4%}, largest difference of a score {np.abs(ours - peer).max():.1e}")
