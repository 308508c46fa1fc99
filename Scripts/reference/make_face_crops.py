"""Writes the crop fixtures of FaceExpressionTests: what the steps of `fer` 25.10.3 (pad, tosquare, offsets, resize), done with OpenCV,
cut from a picture given as a formula, for boxes inside, at and beyond its edges.

Needs numpy and opencv-python-headless: python Scripts/reference/make_face_crops.py
"""
import base64, json, pathlib
import cv2
import numpy as np

OUT = pathlib.Path(__file__).resolve().parents[2] / "Tests/FaceExpressionTests/Fixtures/crops.json"
WIDTH, HEIGHT = 160, 120
y, x, c = np.mgrid[0:HEIGHT, 0:WIDTH, 0:3]
rgb = ((x * 3 + y * 5 + (x * y // 16) * (c + 1)) % 256).astype(np.uint8)
gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
value = cv2.mean(gray[-2:])[0]
padded = cv2.copyMakeBorder(gray, 40, 40, 40, 40, cv2.BORDER_CONSTANT, value=[value, value, value])
cases = []
for box in [(30, 20, 60, 60), (30.9, 20.2, 40.5, 61.7), (5.5, 40, 70.25, 33), (-0.0, 0, 30, 90), (120, 80, 40, 40), (0, 0, 160, 120),
            (100.5, 3.25, 59.5, 20), (158, 118, 1.5, 1.5), (0, 0, 20, 119)]:
    # Detectors with fractions are truncated as `fer` does it for MTCNN.
    left, top, right, bottom = int(box[0]), int(box[1]), int(box[0] + box[2]), int(box[1] + box[3])
    w, h = right - left, bottom - top
    if h > w:
        left -= (h - w) // 2
        w = h
    elif w > h:
        top -= (w - h) // 2
        h = w
    x1, x2, y1, y2 = (v + 40 for v in (left - 10, left + w + 10, top - 10, top + h + 10))
    part = padded[max(0, y1):y2, max(0, x1):x2]
    crop = cv2.resize(part, (64, 64))
    cases.append({"box": box, "pixels": base64.b64encode(crop.tobytes()).decode()})
OUT.write_text(json.dumps(cases, separators=(",", ":")))
