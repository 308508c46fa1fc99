"""How much light and dark there is around the mouth: a measurement and no emotion, as an example of a plugin for faces."""
import statistics

from mien.plugin import Attribute, Face, Reading, Scale, estimator, serve

# Around the mouth in an aligned face of 112 x 112 pixels, whose corners are near (42, 92) and (71, 92).
ROWS, COLUMNS = range(82, 104), range(36, 77)


@estimator("mouth-contrast")
def read(face: Face) -> Reading:
    region = [face.pixels[row * face.width + column] for row in ROWS for column in COLUMNS]
    contrast = statistics.pstdev(region) / 127.5
    return Reading(attributes={"Mouth contrast": Attribute(contrast, Scale(0, 1, "standard deviation of grey levels by the largest possible"), "even", "varied")})


serve()
