#!/usr/bin/env python3
"""Trains head.json and measures it on speakers and corpora that it has not heard, on the clips, labels and folds of the voice estimator in
Plugins/VoiceEmotion, so that the figures of both can stand side by side.

    pip install -r requirements-training.txt
    train.py DATA [--work FOLDER] [--only-measure]

DATA holds one tar or folder per corpus, as Plugins/VoiceEmotion/training/README.md says. Makes head.json, its digest in plugin.json, the reference
for the tests, and report.md in the work folder, with every table of MODEL_CARD.md. Features take some ten minutes of one core and are kept there;
the rest takes five. Exit codes: 0 done, 1 the input cannot be used, 2 wrong usage.
"""
import argparse
import hashlib
import importlib.metadata
import inspect
import json
import pathlib
import re
import sys
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "Plugins/VoiceEmotion/training"))
import corpora  # noqa: E402
import measures  # noqa: E402
from corpora import RATE, SHARED  # noqa: E402

import egemaps  # noqa: E402

PENALTIES = (0.0003, 0.003, 0.03, 0.3)  # scikit-learn's C: the smaller, the stronger
LIMITS = (3.0, 5.0, 100.0)  # of a standardised feature, in deviations; the last is none in effect
SEVEN = list(range(len(SHARED)))
# How many clips, drawn at random and balanced by corpus and speaker, are changed to see how much the head minds; and how many are brought to the same
# level, to see whether a head that is trained on such clips does better.
CHANGED, LEVELLED, SEED = 400, 1600, 1


def levelled(audio):
    """At a root mean square of 0.05, so that the distance to the microphone does not matter."""
    return audio * (0.05 / np.sqrt(np.mean(audio**2)))


def middle(audio, seconds):
    count = int(seconds * RATE)
    first = max(0, (len(audio) - count) // 2)
    return audio[first:first + count]


CHANGES = {"12 dB softer": lambda audio: audio / 4, "6 dB louder": lambda audio: audio * 2, "each at the same level": levelled,
           "2 s from the middle": lambda audio: middle(audio, 2), "1 s from the middle": lambda audio: middle(audio, 1),
           "0.5 s from the middle": lambda audio: middle(audio, 0.5)}


# Features

def sources(folder):
    """The tar or folder of every corpus."""
    paths = sorted(path for path in folder.iterdir() if path.suffix == ".tar" or (path / "labels.csv").exists())
    if not paths:
        raise ValueError(f"{folder}: neither a tar nor a folder with labels.csv")
    return paths


def data_key(paths):
    """Names the data and what makes features of them."""
    digest = hashlib.sha256((importlib.metadata.version("opensmile") + inspect.getsource(egemaps.prepared)).encode())
    for path in paths:
        for name, data in sorted(corpora.members(path).items()):
            digest.update(f"{name} {len(data)}".encode())
            digest.update(data)
    return digest.hexdigest()[:12]


@dataclass
class Data:
    """Clips, and by clip: the index of its label (-1: none of the seven), corpus, fold of its speaker, features."""
    clips: list
    truth: np.ndarray
    names: np.ndarray
    folds: np.ndarray
    features: np.ndarray

    def part(self, indices):
        return Data([self.clips[index] for index in indices], *(values[indices] for values in (self.truth, self.names, self.folds, self.features)))


def kept(path, sounds, functionals):
    """[n, 88] of some sounds, from a file, made first if there is none."""
    if not path.exists():
        found = []
        for sound in sounds:
            found.append(functionals(sound))
            if len(found) % 500 == 0:
                print(f"{path.stem}: {len(found)} of {len(sounds)}", flush=True)
        partial = path.with_name(f"{path.stem}.partial.npy")
        np.save(partial, np.stack(found).astype(np.float32))
        partial.rename(path)
    return np.load(path)


def balanced_part(clips, count, random):
    """Indices of `count` clips: corpora in turn, within a corpus its speakers in turn, their clips in random order."""
    queues = {}
    for index in random.permutation(len(clips)):
        if clips[index].shared >= 0:
            queues.setdefault(clips[index].corpus, {}).setdefault(clips[index].speaker, []).append(index)
    chosen = []
    for turn in range(count):
        corpus = queues[sorted(queues)[turn % len(queues)]]
        speaker = sorted(corpus)[turn // len(queues) % len(corpus)]
        if corpus[speaker]:
            chosen.append(corpus[speaker].pop())
    return np.array(sorted(chosen))


# The head

class Model:
    """Standardisation and logistic regression, learnt from some clips."""

    def __init__(self, features, truth, penalty, limit):
        self.mean, self.deviation = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64)
        self.limit = limit
        # Balanced, so that a label counts alike however often it was recorded: its frequency here says nothing about that elsewhere.
        self.regression = LogisticRegression(C=penalty, class_weight="balanced", max_iter=2000).fit(self.standardised(features), truth)
        if self.regression.classes_.tolist() != SEVEN:
            raise ValueError("there are labels without a clip to learn from")

    def standardised(self, features):
        """Beyond the limit counts as at the limit: no feature of an unusual sound shall decide alone. What is not finite counts as the mean."""
        values = np.clip((features - self.mean) / self.deviation, -self.limit, self.limit)
        return np.where(np.isfinite(features), values, 0)

    def logits(self, features):
        return self.regression.decision_function(self.standardised(features))


def held_out(features, truth, groups, penalty, limit):
    """Logarithms of probabilities [n, 7], by heads that have not heard the clip's group."""
    outputs = np.zeros((len(truth), len(SHARED)))
    for group in np.unique(groups):
        train, test = (groups != group) & (truth >= 0), groups == group
        outputs[test] = log_softmax(Model(features[train], truth[train], penalty, limit).logits(features[test]), axis=1)
    return outputs


def uar(truth, outputs, labels):
    kept = np.isin(truth, labels)
    return measures.uar(truth[kept], measures.restricted(outputs[kept], labels))


def mean_scores(truth, names, outputs):
    """UAR of 4 and of 7 labels, the mean of the corpora."""
    corpus = [names == name for name in np.unique(names)]
    return [float(np.mean([uar(truth[some], outputs[some], labels) for some in corpus])) for labels in (measures.FOUR, SEVEN)]


# Tables

def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines.extend("| " + " | ".join(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row) + " |" for row in rows)
    return [*lines, ""]


def scores(truth, names, outputs):
    """Rows: all clips, every corpus, and the mean of the corpora."""
    kept, rows = truth >= 0, []
    for name in ["pooled", *np.unique(names)]:
        some = kept & ((names == name) | (name == "pooled"))
        rows.append([name, int(some.sum()), uar(truth[some], outputs[some], measures.FOUR), uar(truth[some], outputs[some], SEVEN),
                     measures.arousal_uar(truth[some], outputs[some])])
    return [*rows, ["mean of corpora", "", *(float(np.mean([row[column] for row in rows[1:]])) for column in (2, 3, 4))]]


def confusion(truth, outputs):
    kept = truth >= 0
    counts = measures.confusion(truth[kept], outputs[kept].argmax(axis=1), SEVEN)
    return [[name, *row, float(row[n] / row.sum())] for n, (name, row) in enumerate(zip(SHARED, counts))]


def calibration(truth, names, folds, by_speaker, by_corpus, temperature):
    """ECE of unheard speakers, their temperature learnt from the other folds; and of unheard corpora with the shipped one."""
    kept = truth >= 0
    calibrated = measures.cross_fitted(truth[kept], by_speaker[kept], folds[kept])[0]
    foreign = measures.softmax(by_corpus[kept] / temperature)
    rows = []
    for name in ["pooled", *np.unique(names)]:
        some, right = (names[kept] == name) | (name == "pooled"), truth[kept]
        accuracy, elsewhere = (float(np.mean(found[some].argmax(axis=1) == right[some])) for found in (calibrated, foreign))
        rows.append([name, accuracy, measures.ece(right[some], measures.softmax(by_speaker[kept][some])), measures.ece(right[some], calibrated[some]),
                     elsewhere, measures.ece(right[some], foreign[some])])
    return rows


def changed(data, part, make, penalty, limit, temperature):
    """How heads that have not heard the speaker do on clips that were changed, which they were not trained for."""
    judged = data.truth >= 0
    models = {}
    for fold in np.unique(data.folds):
        others = (data.folds != fold) & judged
        models[fold] = Model(data.features[others], data.truth[others], penalty, limit)
    some = data.part(part)

    def row(name, features):
        logits = np.stack([models[fold].logits(values[None])[0] for fold, values in zip(some.folds, features)])
        return [name, uar(some.truth, logits, measures.FOUR), uar(some.truth, logits, SEVEN), logits.argmax(axis=1),
                measures.ece(some.truth, measures.softmax(logits / temperature))]

    rows = [row("as they are", some.features), *(row(name, make(name, change, some.clips)) for name, change in CHANGES.items())]
    return [[*each[:3], f"{np.mean(each[3] != rows[0][3]):.1%}", each[4]] for each in rows]


def trained_levelled(data, make, penalty, limit):
    """Heads trained and measured on clips as they are, and on the same clips at the same level."""
    rows = []
    for name, some in (("as they are", data), ("at the same level", replace(data, features=make("level", levelled, data.clips)))):
        outputs = [held_out(some.features, some.truth, groups, penalty, limit) for groups in (some.folds, some.names)]
        rows.append([name, *(score for found in outputs for score in mean_scores(some.truth, some.names, found))])
    return rows


def chosen(data):
    """Rows with the scores of every penalty and limit on unheard corpora, the best of them, and its outputs."""
    rows, best = [], None
    for limit in LIMITS:
        for penalty in PENALTIES:
            outputs = held_out(data.features, data.truth, data.names, penalty, limit)
            rows.append([f"C {penalty:g}, limit {limit:g}", *mean_scores(data.truth, data.names, outputs)])
            print(*rows[-1], flush=True)
            if best is None or sum(rows[-1][1:]) > best[0]:
                best = sum(rows[-1][1:]), penalty, limit, outputs
    return rows, *best[1:]


def measured(data, make):
    """Lines of the report, and the penalty, limit and temperature that it found best."""
    rows, penalty, limit, by_corpus = chosen(data)
    by_speaker = held_out(data.features, data.truth, data.folds, penalty, limit)
    judged = data.truth >= 0
    temperature = measures.temperature(data.truth[judged], by_speaker[judged])
    lines = [f"C {penalty:g}, limit {limit:g}, temperature {temperature:.4f}", "", "### Choices, by unheard corpora", ""]
    lines += table(["", "4 labels", "7 labels"], rows)
    for kind, outputs in (("speaker", by_speaker), ("corpus", by_corpus)):
        lines += [f"### Heads that have not heard the {kind}", ""]
        lines += table(["", "clips", "4 labels", "7 labels", "arousal"], scores(data.truth, data.names, outputs))
        lines += table(["truth", *SHARED, "recall"], confusion(data.truth, outputs))
    lines += ["### Calibration", ""]
    lines += table(["", "accuracy", "ECE, no temperature", "ECE", "other corpus: accuracy", "other corpus: ECE"],
                   calibration(data.truth, data.names, data.folds, by_speaker, by_corpus, temperature))
    part = balanced_part(data.clips, CHANGED, np.random.default_rng(SEED))
    lines += [f"### {len(part)} clips, changed", ""]
    lines += table(["", "4 labels", "7 labels", "other answer", "ECE"], changed(data, part, make, penalty, limit, temperature))
    part = balanced_part(data.clips, LEVELLED, np.random.default_rng(SEED))
    lines += [f"### Trained and measured on {len(part)} clips", ""]
    lines += table(["", "4 labels", "7 labels", "without the corpus: 4 labels", "7 labels"], trained_levelled(data.part(part), make, penalty, limit))
    return lines, penalty, limit, temperature


# Files

def head_file(model, names, temperature):
    def short(number):
        return float(f"{number:.6g}")

    features = [{"name": name, "mean": short(mean), "deviation": short(deviation), "weights": [short(weight) for weight in weights]}
                for name, mean, deviation, weights in zip(names, model.mean, model.deviation, model.regression.coef_.T, strict=True)]
    head = {"features_by": f"opensmile {importlib.metadata.version('opensmile')}, eGeMAPSv02, functionals of 16 kHz", "labels": SHARED,
            "temperature": short(temperature), "limit": model.limit, "intercepts": [short(value) for value in model.regression.intercept_]}
    # One feature a line, for people and for comparisons.
    lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    lines.append(' "features": [\n  ' + ",\n  ".join(json.dumps(feature) for feature in features) + "\n ]")
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    (HERE / "head.json").write_text(text)
    manifest = HERE / "plugin.json"
    digest = hashlib.sha256(text.encode()).hexdigest()
    manifest.write_text(re.sub(r'("file": "head.json", "sha256": )"[0-9a-f]*"', rf'\1"{digest}"', manifest.read_text()))


def reference(path, model, temperature):
    """Features of no recording, drawn at random about where those of recordings lie, one of them missing and one far out, and what scikit-learn makes
    of them."""
    random = np.random.default_rng(SEED)
    values = (model.mean + model.deviation * random.normal(size=egemaps.COUNT)).astype(np.float32)
    values[3] = model.mean[3] + 40 * model.deviation[3]
    values[5] = np.nan
    answer = measures.softmax(model.logits(values[None].astype(np.float64)) / temperature)[0]
    path.write_text(json.dumps({"features": [None if np.isnan(value) else float(f"{value:.7g}") for value in values],
                                "probabilities": [round(value, 7) for value in answer.tolist()]}) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / ".build-opensmile")
    parser.add_argument("--only-measure", action="store_true", help="write no head")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    functionals, paths = egemaps.Functionals(), sources(options.data)
    key, clips = data_key(paths), corpora.load(paths)

    def make(name, change, some):
        """Features of some clips, trimmed and changed; kept in the work folder."""
        path = options.work / f"{re.sub('[^a-z0-9]+', '-', name.lower())}-{len(some)}-{key}.npy"
        return kept(path, [change(corpora.trim(clip.audio)) for clip in some], functionals)

    data = Data(clips, np.array([clip.shared for clip in clips]), np.array([clip.corpus for clip in clips]), corpora.speaker_folds(clips),
                make("all", lambda audio: audio, clips))
    if not np.isfinite(data.features).all():
        raise ValueError(f"features of {np.sum(~np.isfinite(data.features).all(axis=1))} clips are not finite")
    lines, penalty, limit, temperature = measured(data, make)
    (options.work / "report.md").write_text("\n".join(lines))
    print("\n".join(lines))
    if not options.only_measure:
        judged = data.truth >= 0
        model = Model(data.features[judged], data.truth[judged], penalty, limit)
        head_file(model, functionals.names, temperature)
        reference(ROOT / "Tests/HostProcess/opensmile_head.json", model, temperature)


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError, KeyError) as error:
        sys.exit(f"train: {error}")
