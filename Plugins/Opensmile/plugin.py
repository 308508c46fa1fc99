"""Voices by openSMILE's eGeMAPSv02 and a linear head: what the field measures new estimators against. MODEL_CARD.md says what that is worth, and on
what terms openSMILE may be used."""
import math
import os
import pathlib

from mien.plugin import Category, Clip, Reading, Scale, estimator, serve

import egemaps

# What the labels mean among EmoNet's categories, as for the estimator that comes with Mien. "Neutral" is the absence of all and has none.
CATEGORIES = {"anger": "Anger", "disgust": "Disgust", "fear": "Fear", "happiness": "Elation", "sadness": "Sadness",
              "surprise": "Astonishment/Surprise"}
# There are no large products here, but every thread of a library that waits for some counts against the memory that the host allows.
os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
SCALE = Scale(0, 1, "calibrated probability")


class Reader:
    def __init__(self) -> None:
        self.head = egemaps.Head(pathlib.Path(__file__).with_name("head.json"))
        try:
            self.functionals = egemaps.Functionals()
        except ImportError as error:
            raise RuntimeError(f"{error}; openSMILE does not come with Mien: pip install -r requirements.txt, once its licence suits you") from error
        if self.functionals.names != self.head.names:
            raise RuntimeError("this openSMILE gives other features than the head was trained on: pip install -r requirements.txt")

    def read(self, clip: Clip) -> Reading:
        values, warnings = self.functionals(clip.array()), {}
        probabilities = dict(zip(self.head.labels, self.head.probabilities(values), strict=True))
        if clip.seconds < egemaps.LEAST_SECONDS:
            warnings["CLIP_SHORT"] = f"less than {egemaps.LEAST_SECONDS:g} s, filled up with silence, which the features describe as well"
        missing = sum(not math.isfinite(value) for value in values)
        if missing:
            warnings["FEATURES_NOT_FINITE"] = f"{missing} of {egemaps.COUNT} features could not be told; the training data's mean stands in for them"
        categories = {name: Category(probabilities[label], probability=probabilities[label], native_score=probabilities[label], native_scale=SCALE)
                      for label, name in CATEGORIES.items()}
        return Reading(categories=categories, native_scores=probabilities, warnings=warnings)


reader = None


def load() -> None:
    global reader
    reader = Reader()


@estimator("opensmile-egemaps", load=load)
def read(clip: Clip) -> Reading:
    return reader.read(clip)


serve()
