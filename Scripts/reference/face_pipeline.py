"""The face-expression estimator once more, written independently: CenterFace in ONNX Runtime, mini-Xception in numpy from the Keras
checkpoint, everything around them in numpy and Pillow. What Mien answers is compared with what this prints.

    face_pipeline.py --centerface centerface.onnx --fer emotion_model.hdf5 [--threshold 0.5] PICTURE...
        One line of JSON per picture: boxes, landmarks, probabilities.
    face_pipeline.py ... --fixture OUT.json PICTURE
        The same into a file for the tests.
    face_pipeline.py --fer emotion_model.hdf5 --fer2013 fer2013.npz [--export OUT.bin]
        Accuracy on the PublicTest half, every picture taken as a face. --export writes the pictures with these answers for Mien's test
        (MIEN_FER2013=OUT.bin): u32 count, then per picture u8 label, 7 x f32 probabilities, 48 x 48 bytes.

Needs numpy, Pillow, h5py, and for detection onnx and onnxruntime.
"""
import argparse, json, struct
import numpy as np
from PIL import Image, ImageOps

LABELS = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]


class CenterFace:
    LONGEST, MULTIPLE, STRIDE, OVERLAP = 640, 32, 4, 0.3

    def __init__(self, path):
        import onnx, onnxruntime
        from onnx.tools.update_model_dims import update_inputs_outputs_dims
        model = onnx.load(path)
        sizes = {i.name: [d.dim_value for d in i.type.tensor_type.shape.dim] for i in model.graph.input}
        sizes["input.1"] = ["n", 3, "H", "W"]
        model = update_inputs_outputs_dims(model, sizes, {"537": ["n", 1, "h", "w"], "538": ["n", 2, "h", "w"], "539": ["n", 2, "h", "w"],
                                                          "540": ["n", 10, "h", "w"]})
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])

    def detect(self, rgb, threshold):
        """`rgb` [h, w, 3] u8. Rows of left, top, width, height, confidence, ten landmark coordinates; strongest first."""
        height, width = rgb.shape[:2]
        shrink = min(1, self.LONGEST / max(width, height))
        w, h = max(1, round(width * shrink)), max(1, round(height * shrink))
        small = np.asarray(Image.fromarray(rgb).resize((w, h), Image.BOX)) if (w, h) != (width, height) else rgb
        padded = np.zeros((-(-h // self.MULTIPLE) * self.MULTIPLE, -(-w // self.MULTIPLE) * self.MULTIPLE, 3), np.float32)
        padded[:h, :w] = small
        heat, size, offset, points = self.session.run(["537", "538", "539", "540"], {"input.1": padded.transpose(2, 0, 1)[None]})
        ys, xs = np.nonzero(heat[0, 0] > threshold)
        if len(ys) == 0:
            return np.zeros((0, 15))
        score = heat[0, 0, ys, xs]
        extent_y, extent_x = (np.exp(size[0, axis, ys, xs].astype(np.float64)) * self.STRIDE for axis in (0, 1))
        top = (ys + offset[0, 0, ys, xs] + 0.5) * self.STRIDE - extent_y / 2
        left = (xs + offset[0, 1, ys, xs] + 0.5) * self.STRIDE - extent_x / 2
        marks = np.stack([left[:, None] + points[0, 1::2, ys, xs] * extent_x[:, None], top[:, None] + points[0, 0::2, ys, xs] * extent_y[:, None]], -1)
        boxes = np.stack([left.clip(0), top.clip(0), (left + extent_x).clip(max=w), (top + extent_y).clip(max=h)], -1)
        kept = []
        for i in np.argsort(-score, kind="stable"):
            if all(self.iou(boxes[i], boxes[j]) < self.OVERLAP for j in kept):
                kept.append(i)
        sx, sy = width / w, height / h
        return np.array([[boxes[i, 0] * sx, boxes[i, 1] * sy, (boxes[i, 2] - boxes[i, 0]) * sx, (boxes[i, 3] - boxes[i, 1]) * sy, score[i],
                          *(marks[i] * [sx, sy]).reshape(-1)] for i in kept])

    @staticmethod
    def iou(a, b):
        shared = max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))
        area = lambda box: (box[2] - box[0]) * (box[3] - box[1])
        return shared / (area(a) + area(b) - shared)


class MiniXception:
    """The layers as the checkpoint's configuration lists them; float32 in NHWC."""

    def __init__(self, path):
        import h5py
        with h5py.File(path) as file:
            self.layers = json.loads(file.attrs["model_config"])["config"]["layers"]
            self.weights = {}
            file["model_weights"].visititems(lambda name, item: self.weights.__setitem__(
                (name.split("/")[0], name.split("/")[-1][:-2]), item[()]) if isinstance(item, h5py.Dataset) else None)

    def __call__(self, x):
        values = {}
        for layer in self.layers:
            config, name, kind = layer["config"], layer["name"], layer["class_name"]
            inputs = [values[node[0]] for node in layer["inbound_nodes"][0]] if layer["inbound_nodes"] else [x]
            weight = lambda kind: self.weights[name, kind]
            if kind == "InputLayer":
                y = x
            elif kind == "Conv2D":
                y = self.convolve(inputs[0], weight("kernel"), config["strides"][0], config["padding"])
                y = y + weight("bias") if config["use_bias"] else y
            elif kind == "SeparableConv2D":
                windows = self.windows(inputs[0], 3, 1, "same", 0)
                y = np.einsum("nhwcij,ijc->nhwc", windows, weight("depthwise_kernel")[..., 0], optimize=True) @ weight("pointwise_kernel")[0, 0]
            elif kind == "BatchNormalization":
                y = (inputs[0] - weight("moving_mean")) / np.sqrt(weight("moving_variance") + config["epsilon"]) * weight("gamma") + weight("beta")
            elif kind == "Activation" and config["activation"] == "relu":
                y = np.maximum(inputs[0], 0)
            elif kind == "Activation":
                y = np.exp(inputs[0] - inputs[0].max(-1, keepdims=True))
                y = y / y.sum(-1, keepdims=True)
            elif kind == "MaxPooling2D":
                y = self.windows(inputs[0], 3, 2, "same", -np.inf).max((-1, -2))
            elif kind == "Add":
                y = inputs[0] + inputs[1]
            elif kind == "GlobalAveragePooling2D":
                y = inputs[0].mean((1, 2))
            else:
                raise SystemExit(f"unknown layer {kind}")
            values[name] = y
        return y

    def convolve(self, x, kernel, stride, padding):
        windows = self.windows(x, kernel.shape[0], stride, padding, 0)
        n, h, w = windows.shape[:3]
        return (windows.transpose(0, 1, 2, 4, 5, 3).reshape(n * h * w, -1) @ kernel.reshape(-1, kernel.shape[3])).reshape(n, h, w, -1)

    @staticmethod
    def windows(x, size, stride, padding, fill):
        """[n, h, w, c, size, size]; in "same" padding the odd pixel goes to the bottom and right."""
        if padding == "same":
            need = [max((-(-extent // stride) - 1) * stride + size - extent, 0) for extent in x.shape[1:3]]
            x = np.pad(x, ((0, 0), *((n // 2, n - n // 2) for n in need), (0, 0)), constant_values=fill)
        return np.lib.stride_tricks.sliding_window_view(x, (size, size), (1, 2))[:, ::stride, ::stride]


def gray(rgb):
    """OpenCV's grey: 15-bit fixed point."""
    return (rgb.astype(np.int64) @ [9798, 19235, 3735] + 16384 >> 15).astype(np.uint8) if rgb.ndim == 3 else rgb


def resize(image, side=64):
    """Bilinear, pixel centres at halves, no smoothing; weights of 11 bits and intermediate shifts as in OpenCV, which `fer` uses."""
    def axis(extent, blend):
        position = ((np.arange(side) + 0.5) * extent / side - 0.5).astype(np.float32)
        low = np.floor(position).astype(int)
        part = np.where(blend | ((low >= 0) & (low < extent - 1)), position - low, 0)
        return low.clip(0, extent - 1), (low + 1).clip(0, extent - 1), np.rint((1 - part) * 2048).astype(int), np.rint(part * 2048).astype(int)
    top, bottom, upper, lower = axis(image.shape[0], True)
    left, right, before, after = axis(image.shape[1], False)
    image = image.astype(np.int64)
    rows = image[:, left] * before + image[:, right] * after >> 4
    return (rows[top] * upper[:, None] >> 16) + (rows[bottom] * lower[:, None] >> 16) + 2 >> 2


def crop(picture, box):
    """As `fer` crops: box made square, 10 pixels more around, from the grey picture with a border of 40 in the mean of its last rows."""
    border, margin = 40, 10
    left, top, right, bottom = int(box[0]), int(box[1]), int(box[0] + box[2]), int(box[1] + box[3])
    width, height = right - left, bottom - top
    left, width = (left - (height - width) // 2, height) if height > width else (left, width)
    top, height = (top - (width - height) // 2, width) if width > height else (top, height)
    padded = np.pad(picture, border, constant_values=np.uint8(np.rint(picture[-2:].mean())))
    rows = slice(max(0, top - margin + border), top + height + margin + border)
    columns = slice(max(0, left - margin + border), left + width + margin + border)
    return padded[rows, columns]


def classify(network, crops):
    x = np.stack([resize(image) for image in crops]).astype(np.float32)[..., None]
    return network((x / np.float32(255) - np.float32(0.5)) * np.float32(2))


def faces(detector, network, path, threshold):
    rgb = np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
    found = detector.detect(rgb, threshold)
    scores = classify(network, [crop(gray(rgb), row) for row in found]) if len(found) else []
    return {"width": rgb.shape[1], "height": rgb.shape[0], "faces": [
        {"box": [round(float(v), 4) for v in row[:4]], "confidence": round(float(row[4]), 6),
         "landmarks": [round(float(v), 4) for v in row[5:]], "probabilities": [round(float(v), 6) for v in values]}
        for row, values in zip(found, scores)]}


def accuracy(network, path, export):
    data = np.load(path)
    test = data["split"] == 1
    images, labels = data["images"][test], data["fer_label"][test]
    answers = np.concatenate([classify(network, images[i:i + 64]) for i in range(0, len(images), 64)])
    if export:
        with open(export, "wb") as out:
            out.write(struct.pack("<I", len(images)))
            for image, label, row in zip(images, labels, answers):
                out.write(bytes([int(label)]) + row.astype("<f4").tobytes() + image.tobytes())
    guesses = answers.argmax(1)
    print(json.dumps({"pictures": len(images), "accuracy": float((guesses == labels).mean()),
                      "recall": {name: round(float((guesses[labels == i] == i).mean()), 4) for i, name in enumerate(LABELS)},
                      "counts": {name: int((labels == i).sum()) for i, name in enumerate(LABELS)},
                      "guessed": {name: int((guesses == i).sum()) for i, name in enumerate(LABELS)}}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--centerface")
    parser.add_argument("--fer", required=True)
    parser.add_argument("--threshold", type=float, default=0.5)
    parser.add_argument("--fixture")
    parser.add_argument("--fer2013")
    parser.add_argument("--export")
    parser.add_argument("pictures", nargs="*")
    arguments = parser.parse_args()
    network = MiniXception(arguments.fer)
    if arguments.fer2013:
        accuracy(network, arguments.fer2013, arguments.export)
    if arguments.pictures:
        detector = CenterFace(arguments.centerface)
        for path in arguments.pictures:
            answer = faces(detector, network, path, arguments.threshold)
            print(json.dumps({"file": path, **answer}))
            if arguments.fixture:
                with open(arguments.fixture, "w") as out:
                    json.dump(answer, out, indent=1)
                    out.write("\n")
