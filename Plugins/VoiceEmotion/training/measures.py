"""Accuracy and honesty of probabilities."""
import numpy as np
import scipy.optimize

from corpora import SHARED

FOUR = [SHARED.index(name) for name in ("anger", "happiness", "neutral", "sadness")]
HIGH_AROUSAL = [SHARED.index(name) for name in ("anger", "fear", "happiness", "surprise")]
LOW_AROUSAL = [SHARED.index(name) for name in ("neutral", "sadness")]


def softmax(logits):
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def uar(truth, guess):
    """Unweighted average recall over the labels that occur in `truth`."""
    return float(np.mean([np.mean(guess[truth == label] == label) for label in np.unique(truth)]))


def confusion(truth, guess, labels):
    """[truth, guess] counts."""
    return np.array([[int(np.sum((truth == t) & (guess == g))) for g in labels] for t in labels])


def restricted(logits, labels):
    """The most probable of `labels` only."""
    return np.asarray(labels)[logits[:, labels].argmax(axis=1)]


def arousal_uar(truth, logits):
    """High (anger, fear, happiness, surprise) against low (neutral, sadness) by the sums of probabilities; disgust is left out."""
    kept = np.isin(truth, HIGH_AROUSAL + LOW_AROUSAL)
    p = softmax(logits[kept])
    return uar(np.isin(truth[kept], HIGH_AROUSAL), p[:, HIGH_AROUSAL].sum(axis=1) > p[:, LOW_AROUSAL].sum(axis=1))


def ece(truth, probabilities, bins=15):
    """Expected calibration error of the most probable label over bins of equal width."""
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    which = np.minimum((sure * bins).astype(int), bins - 1)
    return float(sum(abs(sure[which == b].mean() - right[which == b].mean()) * np.mean(which == b) for b in np.unique(which)))


def temperature(truth, logits):
    """The divisor of the logits that makes `truth` most likely."""
    def loss(log_t):
        return -np.mean(np.log(softmax(logits / np.exp(log_t))[np.arange(len(truth)), truth] + 1e-12))
    return float(np.exp(scipy.optimize.minimize_scalar(loss, bounds=(-2, 2), method="bounded").x))


def conformal_threshold(truth, probabilities, coverage=0.9):
    """A set of all labels of at least this probability holds the true one with `coverage` (split conformal prediction)."""
    scores = np.sort(probabilities[np.arange(len(truth)), truth])
    rank = int(np.floor((len(scores) + 1) * (1 - coverage)))
    return float(scores[max(rank - 1, 0)])


def in_set(probabilities, threshold):
    """bool [n, 7]: the labels of the prediction set; where no label reaches the threshold, the most probable one."""
    return (probabilities >= threshold) | (probabilities == probabilities.max(axis=1, keepdims=True))


def cross_fitted(truth, logits, fold, coverage=0.9):
    """Temperature and threshold fitted on all folds but one and applied to that one -> calibrated probabilities [n, 7], covered [n],
    size of the set [n]."""
    probabilities, covered, size = np.zeros_like(logits), np.zeros(len(truth), bool), np.zeros(len(truth), int)
    for held in np.unique(fold):
        test, rest = fold == held, fold != held
        t = temperature(truth[rest], logits[rest])
        threshold = conformal_threshold(truth[rest], softmax(logits[rest] / t), coverage)
        probabilities[test] = softmax(logits[test] / t)
        inside = in_set(probabilities[test], threshold)
        covered[test] = inside[np.arange(test.sum()), truth[test]]
        size[test] = inside.sum(axis=1)
    return probabilities, covered, size
