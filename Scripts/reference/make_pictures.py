"""Writes the picture fixtures of MienMediaTests: small JPEG and PNG files of every kind, and what Pillow and OpenCV make of them.

Needs numpy, Pillow and opencv-python-headless: python Scripts/reference/make_pictures.py. The result is deterministic for given
versions of the two libraries.

Every NAME.jpg / NAME.png has a line in expected.json: width, height, channels, and the decoded pixels, upright, in base64.
"""
import base64, io, json, pathlib, struct, zlib
import cv2
import numpy as np
from PIL import Image, ImageOps

OUT = pathlib.Path(__file__).resolve().parents[2] / "Tests/MienMediaTests/Fixtures"
OUT.mkdir(parents=True, exist_ok=True)
expected = {}


def scene(width, height):
    """Smooth shapes in all colours, not symmetric in any way, so that a wrong turn shows."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    red = 255 * x / (width - 1)
    green = 255 * y / (height - 1)
    blue = 128 + 100 * np.sin(x / 5.0) * np.cos(y / 7.0)
    picture = np.stack([red, green, blue], -1)
    picture[(x - width * 0.3) ** 2 + (y - height * 0.25) ** 2 < (height * 0.15) ** 2] = (250, 220, 30)
    return Image.fromarray(picture.round().astype(np.uint8))


def record(name, picture):
    pixels = np.asarray(picture)
    expected[name] = {"width": picture.width, "height": picture.height, "channels": 1 if pixels.ndim == 2 else pixels.shape[2],
                      "pixels": base64.b64encode(pixels.tobytes()).decode()}


def save_jpeg(name, picture, **options):
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", **options)
    (OUT / name).write_bytes(buffer.getvalue())
    decoded = ImageOps.exif_transpose(Image.open(io.BytesIO(buffer.getvalue())))
    record(name, decoded if decoded.mode == "L" else decoded.convert("RGB"))


def exif(orientation, order="<"):
    """A TIFF structure with a directory of three entries, the orientation in the middle."""
    entry = lambda tag, kind, count, value: struct.pack(order + "HHI4s", tag, kind, count, value)
    short = lambda value: struct.pack(order + "HH", value, 0)
    entries = entry(0x0100, 3, 1, short(7)) + entry(0x0112, 3, 1, short(orientation)) + entry(0x0128, 3, 1, short(2))
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    return b"Exif\0\0" + head + struct.pack(order + "H", 3) + entries + struct.pack(order + "I", 0)


photo = scene(37, 26)
save_jpeg("ycbcr-420.jpg", photo, quality=90, subsampling=2)
save_jpeg("ycbcr-422.jpg", photo, quality=90, subsampling=1)
save_jpeg("ycbcr-444.jpg", photo, quality=90, subsampling=0)
save_jpeg("progressive.jpg", photo, quality=90, progressive=True, subsampling=0)
save_jpeg("gray.jpg", photo.convert("L"), quality=90)
save_jpeg("gray-progressive.jpg", photo.convert("L"), quality=90, progressive=True)
save_jpeg("cmyk.jpg", photo.convert("CMYK"), quality=95)
save_jpeg("restarts.jpg", photo, quality=90, subsampling=0, restart_marker_blocks=2)
save_jpeg("one-pixel.jpg", photo.crop((10, 10, 11, 11)), quality=90)
save_jpeg("large.jpg", scene(203, 150), quality=85)
del expected["large.jpg"]["pixels"]  # For scaled decoding, which is compared with its own full decode.
for orientation in range(1, 9):
    save_jpeg(f"orientation-{orientation}.jpg", photo, quality=90, subsampling=0, exif=exif(orientation, "<" if orientation % 2 else ">"))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def png(samples, depth, kind, interlaced=False, extra=b"", before=b""):
    """A PNG file of `samples` [height, width, channels], each below 2^depth. Filter 0 throughout; written here because Pillow writes
    neither interlaced files nor every depth."""
    height, width, channels = samples.shape

    def rows(part):
        data = b""
        for row in part:
            if depth == 16:
                packed = row.astype(">u2").tobytes()
            elif depth == 8:
                packed = row.astype(np.uint8).tobytes()
            else:
                bits = "".join(format(int(value), f"0{depth}b") for value in row.reshape(-1))
                bits += "0" * (-len(bits) % 8)
                packed = bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))
            data += b"\0" + packed
        return data

    if interlaced:
        parts = [samples[y::dy, x::dx] for x, y, dx, dy in PASSES]
        data = b"".join(rows(part) for part in parts if part.size)
    else:
        data = rows(samples)
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, int(interlaced))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + extra + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")


def save_png(name, data, rgba, gray):
    """`rgba` in 0..1 [height, width, 4] is what the file shows."""
    (OUT / name).write_bytes(data)
    white = rgba[..., :3] * rgba[..., 3:] + 1 - rgba[..., 3:]
    shown = np.floor(white * 255 + 0.5).astype(np.uint8)
    record(name, Image.fromarray(shown[..., 0] if gray else shown))


small = np.asarray(scene(19, 13)).astype(np.float64) / 255
grays = np.asarray(scene(19, 13).convert("L")).astype(np.float64) / 255
alphas = np.linspace(0, 1, 19)[None, :].repeat(13, 0)
ones = np.ones((13, 19, 1))
for interlaced in (False, True):
    tail = "-interlaced.png" if interlaced else ".png"
    for depth in (1, 2, 4, 8, 16):
        top = 2 ** depth - 1
        values = np.round(grays * top)[..., None]
        upper = np.floor(values / 256) / 255 if depth == 16 else values / top
        save_png(f"gray{depth}" + tail, png(values, depth, 0, interlaced), np.concatenate([upper.repeat(3, -1), ones], -1), True)
        if depth <= 8:
            entries = min(2 ** depth, 200)
            palette = np.array([[(i * 37) % 256, (i * 91 + 60) % 256, 255 - (i * 53) % 256] for i in range(entries)], np.uint8)
            indices = np.minimum(np.round(grays * (entries - 1)), entries - 1).astype(int)
            trns = bytes([0, 128]) if depth == 2 else b""
            alpha = np.ones(entries)
            alpha[:len(trns)] = np.frombuffer(trns, np.uint8) / 255
            rgba = np.concatenate([palette[indices] / 255, alpha[indices][..., None]], -1)
            extra = chunk(b"PLTE", palette.tobytes()) + (chunk(b"tRNS", trns) if trns else b"")
            save_png(f"palette{depth}" + tail, png(indices[..., None], depth, 3, interlaced, extra), rgba, False)
    for depth in (8, 16):
        top = 2 ** depth - 1
        cut = lambda values: np.floor(values / 256) / 255 if depth == 16 else values / 255
        color, alpha, gray = np.round(small * top), np.round(alphas * top)[..., None], np.round(grays * top)[..., None]
        save_png(f"rgb{depth}" + tail, png(color, depth, 2, interlaced), np.concatenate([cut(color), ones], -1), False)
        save_png(f"rgba{depth}" + tail, png(np.concatenate([color, alpha], -1), depth, 6, interlaced),
                 np.concatenate([cut(color), cut(alpha)], -1), False)
        save_png(f"graya{depth}" + tail, png(np.concatenate([gray, alpha], -1), depth, 4, interlaced),
                 np.concatenate([cut(gray).repeat(3, -1), cut(alpha)], -1), True)
values = np.round(grays * 255)[..., None]
key = int(values[0, 0, 0])
save_png("gray8-key.png", png(values, 8, 0, False, chunk(b"tRNS", struct.pack(">H", key))),
         np.concatenate([(values / 255).repeat(3, -1), (values != key).astype(float)], -1), True)
turned = np.rot90(small, -1)
save_png("exif-6.png", png(np.round(small * 255), 8, 2, False, chunk(b"eXIf", exif(6)[6:])),
         np.concatenate([turned, np.ones(turned.shape[:2] + (1,))], -1), False)
# All filters, as an encoder of the world writes them.
buffer = io.BytesIO()
scene(40, 30).save(buffer, "PNG", optimize=True)
(OUT / "filters.png").write_bytes(buffer.getvalue())
record("filters.png", scene(40, 30))
(OUT / "expected.json").write_text(json.dumps(expected, separators=(",", ":")))

# What OpenCV makes of pixels given as a formula: (x * 7 + y * 13 + x * y * channel) mod 251.
def formula(width, height, channels):
    y, x, c = np.mgrid[0:height, 0:width, 0:channels]
    return ((x * 7 + y * 13 + x * y * (c + 1)) % 251).astype(np.uint8).squeeze()

operations = {"bilinear": {}, "area": {}}
encode = lambda pixels: base64.b64encode(np.ascontiguousarray(pixels).tobytes()).decode()
operations["gray"] = encode(cv2.cvtColor(formula(61, 43, 3), cv2.COLOR_RGB2GRAY))
for width, height, to_width, to_height, channels in [(48, 48, 64, 64, 1), (100, 100, 64, 64, 1), (133, 37, 64, 64, 1), (20, 15, 31, 23, 3),
                                                      (1, 1, 8, 8, 1), (61, 43, 61, 43, 1), (90, 70, 17, 33, 3)]:
    operations["bilinear"][f"{width} {height} {to_width} {to_height} {channels}"] = encode(
        cv2.resize(formula(width, height, channels), (to_width, to_height), interpolation=cv2.INTER_LINEAR))
for width, height, to_width, to_height, channels in [(64, 48, 32, 24, 1), (100, 75, 64, 48, 3), (133, 37, 10, 36, 1), (61, 43, 1, 1, 3)]:
    operations["area"][f"{width} {height} {to_width} {to_height} {channels}"] = encode(
        cv2.resize(formula(width, height, channels), (to_width, to_height), interpolation=cv2.INTER_AREA))
operations["laplacian"] = float(cv2.Laplacian(formula(61, 43, 1), cv2.CV_64F).var())

# Umeyama's method by singular values, as published, for five points onto five.
source = np.array([[38.1, 52.7], [73.9, 50.2], [56.3, 71.9], [42.4, 92.0], [70.9, 91.1]])
target = np.array([[120.5, 80.25], [160.0, 95.5], [133.75, 118.0], [112.0, 131.5], [145.25, 143.0]])
mean_s, mean_t = source.mean(0), target.mean(0)
u, d, vt = np.linalg.svd((target - mean_t).T @ (source - mean_s) / 5)
sign = np.diag([1, np.sign(np.linalg.det(u) * np.linalg.det(vt))])
rotation = u @ sign @ vt
scale = (d * np.diag(sign)).sum() / (source - mean_s).var(0).sum()
shift = mean_t - scale * rotation @ mean_s
operations["umeyama"] = {"source": source.tolist(), "target": target.tolist(),
                         "expected": [scale * rotation[0, 0], scale * rotation[1, 0], shift[0], shift[1]]}
(OUT / "operations.json").write_text(json.dumps(operations, separators=(",", ":")))
