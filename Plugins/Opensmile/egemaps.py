"""What this plugin computes: 88 functionals of a voice, and a linear head that turns them into probabilities. train.py uses the same, so that the
head is trained on what it will be given."""
import json
import math
import pathlib
import warnings

RATE = 16000
COUNT = 88
# Shorter clips are filled up with silence, as for the estimator that comes with Mien: there has to be something to pool over.
LEAST_SECONDS = 0.5
# The largest sample below full scale that 16 bits hold.
LOUDEST = 32767 / 32768


class Functionals:
    """openSMILE's eGeMAPSv02, one vector per clip. Importing the package takes a second or two, and so happens here and not above."""

    def __init__(self):
        import opensmile
        self._smile = opensmile.Smile(feature_set=opensmile.FeatureSet.eGeMAPSv02, feature_level=opensmile.FeatureLevel.Functionals)
        self.names = list(self._smile.feature_names)

    def __call__(self, samples):
        """[88] of a numpy array of 16 kHz samples. What openSMILE cannot tell is NaN."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of NaN, which is dealt with below
            return self._smile(prepared(samples), RATE).reshape(-1)


def prepared(samples):
    """The samples as openSMILE can take them: it turns them into 16-bit integers by a cast, in which a sample of exactly 1 becomes -32768, a click
    that moves some features by more than a deviation."""
    import numpy
    short = max(0, int(LEAST_SECONDS * RATE) - len(samples))
    return numpy.pad(numpy.clip(samples, -1, LOUDEST), (0, short)).astype(numpy.float32)


class Head:
    """The linear head of head.json: standardises, limits, multiplies, softmax. In plain Python, since 88 times 7 products need no library."""

    def __init__(self, path):
        found = json.loads(pathlib.Path(path).read_text())
        self.labels = found["labels"]
        self.temperature, self.limit = found["temperature"], found["limit"]
        self.intercepts = found["intercepts"]
        self.features = found["features"]

    @property
    def names(self):
        return [feature["name"] for feature in self.features]

    def standardised(self, values):
        """[88] in deviations from the training data's mean, at most `limit` of them. Where there is no finite value, the mean stands in for it."""
        return [min(max((float(value) - feature["mean"]) / feature["deviation"], -self.limit), self.limit) if math.isfinite(value) else 0.0
                for value, feature in zip(values, self.features, strict=True)]

    def probabilities(self, values):
        """[labels] of [88] features, as openSMILE gives them."""
        logits = list(self.intercepts)
        for value, feature in zip(self.standardised(values), self.features, strict=True):
            for label, weight in enumerate(feature["weights"]):
                logits[label] += weight * value
        highest = max(logits)
        powers = [math.exp((logit - highest) / self.temperature) for logit in logits]
        return [power / sum(powers) for power in powers]
