"""Tables of held-out accuracy and calibration."""
import numpy as np

import measures
from corpora import BOREDOM, CALM, EMOTIONS, SHARED
from export import quantised
from learning import PLACES

NEUTRAL = SHARED.index("neutral")


def probabilities(outputs, temperature):
    """outputs [n, 11] -> [n, 7] over SHARED."""
    return measures.softmax(outputs[:, :len(SHARED)] / temperature)


def native(clips, outputs):
    """The most probable of the labels that the clips' corpus has, indices into EMOTIONS. All clips are of one corpus."""
    labels = sorted({clip.emotion for clip in clips})
    scores = outputs[:, :CALM].copy()
    scores[:, [label for label in range(CALM) if label not in labels and not (label == NEUTRAL and CALM in labels)]] = -1e4
    guess = scores.argmax(axis=1)
    if CALM in labels:
        calm = (guess == NEUTRAL) & ((outputs[:, CALM] > 0) if NEUTRAL in labels else True)
        guess[calm] = CALM
    return np.array([clip.emotion for clip in clips]), guess


def scores(clips, outputs):
    """UAR of clips over 4 and 7 labels and of high against low arousal; correlation of the dimensions with their derived targets."""
    truth, logits = np.array([clip.shared for clip in clips]), outputs[:, :len(SHARED)]
    seven, four = truth >= 0, np.isin(truth, measures.FOUR)
    targets = np.array([PLACES[EMOTIONS[clip.emotion]] for clip in clips])
    places = np.clip(outputs[:, len(EMOTIONS):], -1, 1)
    return {"clips": len(clips), "uar4": measures.uar(truth[four], measures.restricted(logits[four], measures.FOUR)),
            "uar7": measures.uar(truth[seven], logits[seven].argmax(axis=1)),
            "arousal": measures.arousal_uar(truth[seven], logits[seven]),
            "r_valence": float(np.corrcoef(places[:, 0], targets[:, 0])[0, 1]), "r_arousal": float(np.corrcoef(places[:, 1], targets[:, 1])[0, 1])}


def summary(clips, folds, by_speaker, by_corpus):
    """Everything that the model card reports, as plain values."""
    names = np.array([clip.corpus for clip in clips])
    found = {"speaker": {}, "corpus": {}}
    for kind, outputs in (("speaker", by_speaker), ("corpus", by_corpus)):
        for name in ["pooled", *np.unique(names)]:
            inside = np.flatnonzero((names == name) | (name == "pooled"))
            some = [clips[index] for index in inside]
            row = scores(some, outputs[inside])
            if name != "pooled":
                truth, guess = native(some, outputs[inside])
                row["native"], row["labels"] = measures.uar(truth, guess), len(np.unique(truth))
            found[kind][name] = row
        rows = [found[kind][name] for name in np.unique(names)]
        found[kind]["mean of corpora"] = {key: float(np.mean([row[key] for row in rows])) for key in rows[0] if key not in ("clips", "labels")}

    truth = np.array([clip.shared for clip in clips])
    kept = truth >= 0
    logits = by_speaker[kept, :len(SHARED)].astype(np.float64)
    calibrated, covered, size = measures.cross_fitted(truth[kept], logits, folds[kept])
    found["confusion"] = {kind: measures.confusion(truth[kept], outputs[kept, :len(SHARED)].argmax(axis=1), range(len(SHARED))).tolist()
                          for kind, outputs in (("speaker", by_speaker), ("corpus", by_corpus))}
    found["calibration"] = {}
    overall = calibration(clips, by_speaker)
    foreign = probabilities(by_corpus[kept].astype(np.float64), overall["temperature"])
    foreign_set = measures.in_set(foreign, overall["threshold"])
    for name in ["pooled", *np.unique(names)]:
        inside = (names[kept] == name) | (name == "pooled")
        some = truth[kept][inside]
        found["calibration"][name] = {
            "accuracy": float(np.mean(calibrated[inside].argmax(1) == some)),
            "ECE, no temperature": measures.ece(some, measures.softmax(logits[inside])), "ECE": measures.ece(some, calibrated[inside]),
            "coverage": float(covered[inside].mean()), "labels per set": float(size[inside].mean()),
            "other corpus: ECE": measures.ece(some, foreign[inside]),
            "other corpus: coverage": float(foreign_set[inside][np.arange(len(some)), some].mean())}
    return found


def calibration(clips, by_speaker, levels=(0.8, 0.9, 0.95)):
    """Temperature and conformal thresholds from all clips, each judged by a network that has not heard its speaker."""
    truth = np.array([clip.shared for clip in clips])
    kept = truth >= 0
    logits = by_speaker[kept, :len(SHARED)].astype(np.float64)
    t = measures.temperature(truth[kept], logits)
    p = measures.softmax(logits / t)
    thresholds = {str(level): measures.conformal_threshold(truth[kept], p, level) for level in levels}
    return {"temperature": t, "threshold": thresholds["0.9"], "thresholds": thresholds}


BRIEF = ["", "4 labels", "7 labels", "arousal", "without the corpus: 4 labels", "7 labels"]


def brief(name, clips, by_speaker, by_corpus):
    """One row under BRIEF: pooled scores by speaker (unless None), then the mean over corpora and every corpus by corpus. Outputs
    [n, at least 7]."""
    truth, names = np.array([clip.shared for clip in clips]), np.array([clip.corpus for clip in clips])

    def uar(outputs, labels, inside):
        kept = inside & np.isin(truth, labels)
        return measures.uar(truth[kept], measures.restricted(outputs[kept], labels))

    seven, every = list(range(len(SHARED))), np.ones(len(truth), bool)
    cells = ["", "", ""] if by_speaker is None else [
        uar(by_speaker, measures.FOUR, every), uar(by_speaker, seven, every),
        measures.arousal_uar(truth[truth >= 0], by_speaker[truth >= 0, :len(SHARED)])]
    for labels in (measures.FOUR, seven):
        each = [uar(by_corpus, labels, names == corpus) for corpus in np.unique(names)]
        cells.append(f"{np.mean(each):.3f} (" + ", ".join(f"{corpus} {value:.2f}" for corpus, value in zip(np.unique(names), each)) + ")")
    return [name, *cells]


def moved(before, after):
    """How far tuning took the weights, per part of the network: |after - before| / |before|, and the share of stored int8 codes
    (of positions: f16 numbers) that differ."""
    codes = [quantised(state) for state in (before, after)]
    rows = []
    for part in ("encoder.conv1", "encoder.conv2", "encoder.positions", "encoder.layers.0", "encoder.layers.1", "head.hidden", "head.output"):
        names = [name for name in before if name.startswith(part)]
        change, size = (sum(float(values.double().square().sum()) for values in some) for some in
                        ([after[name] - before[name] for name in names], [before[name] for name in names]))
        pairs = [(codes[0][name], codes[1][name]) for name in names if codes[0][name].dtype != np.float32]
        differ = sum(int((a != b).sum()) for a, b in pairs) / max(1, sum(a.size for a, _ in pairs))
        rows.append(f"{part:18s} moved by {(change / size) ** 0.5:.4f}, {differ:.1%} of the codes changed")
    return "\n".join(rows)


def table(head, rows):
    """Lines of Markdown."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines.extend("| " + " | ".join(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row) + " |" for row in rows)
    return [*lines, ""]


def markdown(found):
    lines = []
    for kind in ("speaker", "corpus"):
        lines += [f"### Networks that have not heard the {kind}", ""]
        lines += table(["", "clips", "4 labels", "7 labels", "own labels", "arousal", "r valence", "r arousal"],
                       [[name, row.get("clips", ""), row["uar4"], row["uar7"], f"{row['native']:.3f} ({row['labels']})" if "labels" in row else row.get("native", ""),
                         row["arousal"], row["r_valence"], row["r_arousal"]] for name, row in found[kind].items()])
        lines += ["All clips but boredom, the guess being the most probable of seven:", ""]
        counts = found["confusion"][kind]
        lines += table(["truth", *SHARED, "recall"], [[name, *row, row[n] / max(1, sum(row))] for n, (name, row) in enumerate(zip(SHARED, counts))])
    lines += ["### Calibration", ""]
    heads = list(found["calibration"]["pooled"])
    lines += table(["", *heads], [[name, *row.values()] for name, row in found["calibration"].items()])
    return "\n".join(lines)
