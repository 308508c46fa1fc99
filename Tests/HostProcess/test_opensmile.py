"""The plugin around openSMILE: its head by itself, its warnings with a stand-in for the package, and, where the package is installed, all of it as
the host meets it. Mien does not bring openSMILE, whose licence is not for everyone."""
import hashlib
import importlib.util
import json
import math
import sys

import numpy as np
import pytest

from plugin_client import PACKAGE, Plugin, values
from wire_client import ROOT, CallFailed, M

FOLDER = ROOT / "Plugins/Opensmile"
sys.path.insert(0, str(FOLDER))
import egemaps  # noqa: E402

MANIFEST, HEAD = json.loads((FOLDER / "plugin.json").read_text()), json.loads((FOLDER / "head.json").read_text())
LABELS = ["anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"]
CATEGORIES = {"Anger": "anger", "Disgust": "disgust", "Fear": "fear", "Elation": "happiness", "Sadness": "sadness",
              "Astonishment/Surprise": "surprise"}
needs_opensmile = pytest.mark.skipif(importlib.util.find_spec("opensmile") is None,
                                     reason="opensmile is not installed; its licence permitting: pip install -r Plugins/Opensmile/requirements.txt")

STAND_IN = """
import json, numpy
class FeatureSet: eGeMAPSv02 = None
class FeatureLevel: Functionals = None
class Smile:
    def __init__(self, feature_set, feature_level):
        self.features = json.load(open("head.json"))["features"]
        self.feature_names = [feature["name"] for feature in self.features]
    def __call__(self, samples, rate):
        # Half of the features cannot be told; the others are as the first sample says, in deviations from the mean.
        found = [feature["mean"] + float(samples[0]) * feature["deviation"] for feature in self.features]
        return numpy.array([numpy.nan] * 44 + found[44:], "f4").reshape(1, -1, 1)
"""


def vowel(seconds=1.5, pitch=140):
    """An "a" that rises somewhat: harmonics of a falling spectrum through two formants, louder in the middle."""
    time = np.arange(int(seconds * 16000)) / 16000
    phase = 2 * np.pi * np.cumsum(pitch * (1 + 0.1 * time)) / 16000
    sound = sum((1 / n) * sum(1 / (1 + ((n * pitch - formant) / 90) ** 2) for formant in (750, 1200)) * np.sin(n * phase) for n in range(1, 25))
    sound *= np.sin(np.pi * (time + 0.05) / (seconds + 0.1))
    return (0.3 * sound / np.abs(sound).max()).astype(np.float32)


def scores(reading):
    assert [one.label for one in reading.native_scores] == LABELS
    found = [one.score for one in reading.native_scores]
    assert all(map(math.isfinite, found)) and sum(found) == pytest.approx(1, abs=1e-6)
    return found


# The head

def test_the_head_is_the_one_that_the_manifest_names():
    assert MANIFEST["files"] == [{"file": "head.json", "sha256": hashlib.sha256((FOLDER / "head.json").read_bytes()).hexdigest()}]


def test_the_head_has_the_shape_that_it_says():
    estimator, = MANIFEST["estimators"]
    assert HEAD["labels"] == estimator["native_labels"] == LABELS and estimator["categories"] == list(CATEGORIES)
    assert len(HEAD["features"]) == egemaps.COUNT == 88 and len({feature["name"] for feature in HEAD["features"]}) == 88
    assert len(HEAD["intercepts"]) == 7 and all(len(feature["weights"]) == 7 for feature in HEAD["features"])
    assert all(feature["deviation"] > 0 for feature in HEAD["features"]) and 0.1 < HEAD["temperature"] < 10 and HEAD["limit"] > 0
    numbers = [*HEAD["intercepts"], *(number for feature in HEAD["features"] for number in [feature["mean"], *feature["weights"]])]
    assert all(map(math.isfinite, numbers))


def test_the_head_computes_what_scikit_learn_computed():
    stored = json.loads((ROOT / "Tests/HostProcess/opensmile_head.json").read_text())
    features = [math.nan if value is None else value for value in stored["features"]]
    head = egemaps.Head(FOLDER / "head.json")
    assert head.probabilities(features) == pytest.approx(stored["probabilities"], abs=1e-4)
    assert head.standardised(features)[3] == head.limit and head.standardised(features)[5] == 0
    with pytest.raises(ValueError):
        head.probabilities(features[:-1])


def test_what_is_not_finite_counts_as_the_mean():
    head = egemaps.Head(FOLDER / "head.json")
    means = [feature["mean"] for feature in HEAD["features"]]
    assert head.probabilities([math.nan, math.inf, -math.inf, *means[3:]]) == head.probabilities(means)


def test_sound_is_prepared_for_sixteen_bits():
    found = egemaps.prepared(np.array([1, -1, 0.5, 2], "f4"))
    assert len(found) == 8000 and found.dtype == np.float32 and not found[4:].any()
    assert (found[:4] * 32768).astype(np.int16).tolist() == [32767, -32768, 16384, 32767]
    assert np.array_equal(egemaps.prepared(vowel()), vowel())


# The plugin with a stand-in for openSMILE

def stand_in(folder, code):
    (folder / "opensmile.py").write_text(code)
    return Plugin(FOLDER, environment={"PYTHONPATH": f"{PACKAGE}:{folder}"}, cwd=FOLDER)


def test_warnings(tmp_path):
    with stand_in(tmp_path, STAND_IN) as client:
        long, short = (client.heard("opensmile-egemaps", [0.5] * count)[0] for count in (8000, 7999))
    assert [warning.reason for warning in long.warnings] == ["FEATURES_NOT_FINITE"] and "44 of 88" in long.warnings[0].message
    assert [warning.reason for warning in short.warnings] == ["CLIP_SHORT", "FEATURES_NOT_FINITE"]
    expected = [math.nan] * 44 + [feature["mean"] + 0.5 * feature["deviation"] for feature in HEAD["features"][44:]]
    assert scores(long) == scores(short) == pytest.approx(egemaps.Head(FOLDER / "head.json").probabilities(expected), abs=1e-5)


@pytest.mark.parametrize("code, words", [
    ("raise ImportError('none here')", "none here"), (STAND_IN.replace('["name"]', '["name"] + "x"'), "other features"),
])
def test_another_opensmile_or_none_says_what_to_do(tmp_path, code, words):
    with stand_in(tmp_path, code) as client:
        with pytest.raises(CallFailed) as failure:
            client.begin("Warm", M["mien.v1.WarmPluginRequest"](estimator="opensmile-egemaps")).next()
    assert failure.value.info.reason == "ESTIMATOR_LOAD_FAILED"
    assert words in failure.value.message and "pip install -r requirements.txt" in failure.value.message


# The plugin with openSMILE

@pytest.fixture(scope="module")
def plugin():
    with Plugin(FOLDER) as client:
        client.unary("/mien.v1.Plugin/Warm", M["mien.v1.WarmPluginRequest"](estimator="opensmile-egemaps"), timeout=60)
        yield client


@needs_opensmile
def test_it_describes_itself(plugin):
    description = M["mien.v1.PluginDescription"].FromString(plugin.unary("/mien.v1.Plugin/Describe", M["mien.v1.DescribePluginRequest"]()))
    one, = description.estimators
    assert (description.id, one.id, one.voice.rate, one.voice.maximum_seconds) == ("opensmile", "opensmile-egemaps", 16000, 10)
    assert list(one.categories) == list(CATEGORIES) and list(one.native_labels) == LABELS and not one.dimensions
    assert "openSMILE" in one.licence and "non-commercial" in one.licence


@needs_opensmile
def test_it_hears_a_vowel_the_same_each_time(plugin):
    first, again = (plugin.heard("opensmile-egemaps", vowel().tolist())[0] for _ in range(2))
    assert first == again and not first.warnings
    found = dict(zip(LABELS, scores(first)))
    assert values(first.categories) == {name: found[label] for name, label in CATEGORIES.items()}
    assert all(one.calibrated_probability == one.native_score == one.intensity for one in first.categories)


@needs_opensmile
def test_features_are_those_of_the_package(plugin):
    import opensmile
    smile = opensmile.Smile(feature_set=opensmile.FeatureSet.eGeMAPSv02, feature_level=opensmile.FeatureLevel.Functionals)
    table = smile.process_signal(vowel(), 16000)
    assert list(table.columns) == [feature["name"] for feature in HEAD["features"]]
    assert np.array_equal(egemaps.Functionals()(vowel()), table.to_numpy()[0])
    expected = egemaps.Head(FOLDER / "head.json").probabilities(table.to_numpy()[0])
    assert scores(plugin.heard("opensmile-egemaps", vowel().tolist())[0]) == pytest.approx(expected, abs=1e-6)


@needs_opensmile
@pytest.mark.parametrize("clip, reasons", [
    ([0.1], ["CLIP_SHORT"]), ([0.0] * 16000, []), ([1.0] * 16000, []), ([3.4e38] * 16000, []), (vowel(0.3).tolist(), ["CLIP_SHORT"]),
    (vowel(10).tolist(), []),
], ids=["one sample", "silence", "full scale", "far beyond", "short", "long"])
def test_odd_clips_are_answered(plugin, clip, reasons):
    reading = plugin.heard("opensmile-egemaps", clip, timeout=30)[0]
    scores(reading)
    assert [warning.reason for warning in reading.warnings if warning.reason != "FEATURES_NOT_FINITE"] == reasons


@needs_opensmile
def test_full_scale_is_no_click(plugin):
    """A sample of exactly 1 must not be cast to the most negative one."""
    sound = vowel() / np.abs(vowel()).max()
    assert sound.max() == 1
    nearly = scores(plugin.heard("opensmile-egemaps", (sound * 0.9999).tolist())[0])
    assert scores(plugin.heard("opensmile-egemaps", sound.tolist())[0]) == pytest.approx(nearly, abs=0.02)
