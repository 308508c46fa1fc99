"""Estimators that are slow, loud, large or wrong, for test_python_plugin.py. Names of functions say what they do to the library."""
import multiprocessing
import os
import subprocess
import sys
import time
from typing import List

from mien.plugin import Attribute, Category, Clip, Context, Face, PredictionSet, Reading, Scale, estimator, serve

loads = 0
begun = []
seen_cancelled = []


def load():
    global loads
    loads += 1


@estimator("everything", load=load)
def everything(clip: Clip) -> Reading:
    anger = Category(0.5, probability=0.25, native_score=3, native_scale=Scale(0, 4, "points"), above_neutral=-1, rater_reliability=0.75)
    return Reading(categories={"Anger": anger, "Awe": 1.000001}, dimensions={"valence": -0.5},
                   attributes={"Loads": loads, "Rms": Attribute(clip.rms, (0, 1, "of full scale"), "quiet", "loud", 0.125)},
                   native_scores={"calm": clip.neutral.get("calm", -1), "angry": clip.seconds}, prediction_set=PredictionSet(["angry"], 0.9),
                   warnings={"CATEGORIES": ",".join(sorted(clip.categories or ["all"]))})


@estimator("in-order")
def in_order(clip):
    return Reading(native_scores=[clip.samples[0], len(clip.samples)])


@estimator("faces", batch=True)
def faces(faces: List[Face], context: Context) -> List[Reading]:
    return [Reading(attributes={"First": face.pixels[0], "Mean": face.array().mean()}) for face in faces]


@estimator("large")
def large(clip: Clip) -> Reading:
    return Reading(warnings={"LARGE": "x" * int(clip.samples[0])})


@estimator("waiting")
def waiting(clip: Clip, context: Context) -> Reading:
    begun.append(clip.samples[0])
    try:
        while True:
            context.check()
            time.sleep(0.002)
    except BaseException as error:
        seen_cancelled.append(type(error).__name__)
        raise


@estimator("computing")
def computing(clip: Clip, *, context: Context) -> Reading:
    begun.append(clip.samples[0])
    while not context.is_cancelled:  # without a pause: nothing but the interpreter's own turns lets others run
        sum(range(1000))
    return Reading()


@estimator("history")
def history(clip: Clip) -> Reading:
    return Reading(warnings={"BEGUN": " ".join(f"{number:g}" for number in begun), "SEEN": " ".join(seen_cancelled)})


@estimator("printing")
def printing(clip: Clip) -> Reading:
    print("said by print")
    os.write(1, b"said by a library\n")
    subprocess.run([sys.executable, "-S", "-c", "import sys; print('said by a child', sys.stdin.read())"], check=True)
    return Reading()


def double(number):
    print("said by a helper", flush=True)  # a pool ends its helpers by a signal
    return 2 * number


@estimator("helping")
def helping(clip: Clip) -> Reading:
    with multiprocessing.get_context("spawn").Pool(1) as pool:  # which imports this file again, serve() included
        return Reading(warnings={"DOUBLE": str(pool.map(double, [clip.samples[0]])[0])})


class Unprintable(Exception):
    def __str__(self):
        raise ValueError("no words")


WRONG = {
    1: lambda: 1 / 0,
    2: lambda: sys.exit("enough"),
    3: lambda: {"Anger": 0.5},
    4: lambda: Reading(categories={"Anger": float("nan")}),
    5: lambda: Reading(categories={"Anger": 1.5}),
    6: lambda: Reading(categories={"Rage": 0.5}),
    7: lambda: Reading(dimensions={"valence": -1.5}),
    8: lambda: Reading(native_scores={"calm": 1}),
    9: lambda: Reading(native_scores=[1, 2, 3]),
    10: lambda: Reading(native_scores={"calm": 1, "angry": 2, "bored": 3}),
    11: lambda: Reading(categories={"Anger": "0.5"}),
    12: lambda: Reading(categories={"Anger": Category(0.5, native_score=1)}),
    13: lambda: Reading(attributes={"Rms": float("inf")}),
    14: lambda: Reading(prediction_set=PredictionSet(["furious"], 0.9)),
    15: lambda: Reading(warnings={"not so": "text"}),
    16: lambda: Reading(categories=["Anger"]),
    17: lambda: raises(Unprintable()),
    18: lambda: Reading(dimensions={"valence": True}),
}


def raises(error):
    raise error


@estimator("wrong")
def wrong(clip: Clip) -> Reading:
    return WRONG[int(clip.samples[0])]()


@estimator("wrong-count", batch=True)
def wrong_count(clips: List[Clip]) -> List[Reading]:
    return [Reading()] * (len(clips) + 1) if len(clips) < 3 else iter(clips)


@estimator("unloadable", load=lambda: raises(OSError("no weights")))
def unloadable(clip: Clip) -> Reading:
    return Reading()


serve(workers=int(os.environ.get("ODD_WORKERS", "1")))
