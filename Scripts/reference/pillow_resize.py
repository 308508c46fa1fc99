"""Pictures resized by Pillow (BILINEAR on 8 bits), for Tests/MienMediaTests: `pillow_resize.py OUT.json`.

Needs numpy and Pillow before 13, which for some sizes goes along the columns first: other roundings, by one step of 255."""
import base64
import json
import sys

import numpy as np
from PIL import Image

SIZES = [(61, 43, 20, 17), (61, 43, 97, 80), (61, 43, 30, 90), (200, 3, 5, 9), (7, 5, 7, 5), (1, 1, 3, 2), (2, 300, 1, 7)]


def formula(width, height, channels):
    """The picture that PictureOperationsTests makes."""
    x, y, c = np.arange(width)[None, :, None], np.arange(height)[:, None, None], np.arange(channels)[None, None, :]
    return ((x * 7 + y * 13 + x * y * (c + 1)) % 251).astype(np.uint8)


found = {}
for width, height, out_width, out_height in SIZES:
    for channels in (1, 3):
        picture = formula(width, height, channels)
        resized = Image.fromarray(picture[..., 0] if channels == 1 else picture).resize((out_width, out_height), Image.BILINEAR)
        found[f"{width} {height} {out_width} {out_height} {channels}"] = base64.b64encode(np.asarray(resized).tobytes()).decode()
json.dump(found, open(sys.argv[1], "w"), indent=1)
