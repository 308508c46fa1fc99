#!/usr/bin/env python3
"""Linear models that the network has to beat, on the same clips and the same folds.

    floors.py --data FOLDER --whisper WHEEL [--work FOLDER]

Features: eGeMAPS (88 functionals, openSMILE); and the last layer of Whisper tiny.en, mean, deviation and maximum over time (1,152). Each
is standardised and given to logistic regression over the seven labels, classes balanced. Its penalty is the best of four by the unheard
corpora, as everything here is chosen. Features are kept in the work folder.
"""
import argparse
import os
import pathlib
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import torch
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import corpora
import report
from network import WIDTH, Encoder, pad
from train import LONGEST, dataset, kept, sources, whisper_encoder

PENALTIES = (0.0003, 0.003, 0.03, 0.3)  # scikit-learn's C: the smaller, the stronger


def egemaps(clips):
    """[n, 88] of the trimmed sounds of some clips."""
    import opensmile
    smile = opensmile.Smile(feature_set=opensmile.FeatureSet.eGeMAPSv02, feature_level=opensmile.FeatureLevel.Functionals)
    return np.stack([smile.process_signal(corpora.trim(clip.audio), corpora.RATE).to_numpy()[0] for clip in clips]).astype(np.float32)


def egemaps_of_all(folder):
    clips = corpora.load(sources(folder))
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return np.concatenate(list(pool.map(egemaps, [clips[first:first + 100] for first in range(0, len(clips), 100)])))


@torch.inference_mode()
def last_layer(mels, whisper, batch=8):
    """[n, 1152]: mean, deviation and maximum over time of the whole encoder's output."""
    encoder, norm = Encoder(sum(name.endswith("norm1.weight") for name in whisper), LONGEST // 2).eval(), torch.nn.LayerNorm(WIDTH)
    encoder.load_state_dict({name: whisper[name][:LONGEST // 2] if name == "positions" else whisper[name] for name in encoder.state_dict()})
    norm.load_state_dict({part: whisper[f"norm.{part}"] for part in ("weight", "bias")})
    found = np.zeros((len(mels), 3 * WIDTH), np.float32)
    order = sorted(range(len(mels)), key=lambda index: mels[index].shape[1])
    for first in range(0, len(order), batch):
        chosen = order[first:first + batch]
        states, mask = encoder(*pad([torch.from_numpy(mels[index]).float() for index in chosen]))
        for index, state, inside in zip(chosen, norm(states[-1]), mask):
            state = state[inside]
            found[index] = torch.cat([state.mean(dim=0), state.std(dim=0, correction=0), state.amax(dim=0)]).numpy()
    return found


def held_out(features, truth, groups, penalty):
    """Logarithms of probabilities [n, 7], by models that have not heard the clip's group."""
    outputs = np.full((len(truth), len(corpora.SHARED)), -1e9)
    for group in np.unique(groups):
        train, test = (groups != group) & (truth >= 0), groups == group
        model = make_pipeline(StandardScaler(), LogisticRegression(C=penalty, class_weight="balanced", max_iter=300)).fit(features[train], truth[train])
        outputs[np.ix_(test, model.classes_)] = log_softmax(model.decision_function(features[test]), axis=1)
    return outputs


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--whisper", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("work"))
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.work.mkdir(parents=True, exist_ok=True)
    clips, mels, key = dataset(options.data, options.work)
    truth, names = np.array([clip.shared for clip in clips]), np.array([clip.corpus for clip in clips])
    folds = corpora.speaker_folds(clips)
    kinds = {"eGeMAPS": lambda: egemaps_of_all(options.data),
             "last layer of tiny.en": lambda: last_layer([versions[0] for versions in mels], whisper_encoder(options.whisper, options.work))}
    rows, choice = [], {}
    for name, make in kinds.items():
        features = kept(options.work / f"floor-{name.replace(' ', '-')}-{key}.npy", make)
        tried = []
        for penalty in PENALTIES:
            tried.append(held_out(features, truth, names, penalty))
            row = report.brief(f"{name}, C {penalty:g}", clips, tried[-1], tried[-1])
            print(row[0], *row[-2:], flush=True)
            choice[penalty] = float(row[-2].split()[0]) + float(row[-1].split()[0])
        best = max(PENALTIES, key=choice.get)
        rows.append(report.brief(f"{name}, C {best:g}", clips, held_out(features, truth, folds, best), tried[PENALTIES.index(best)]))
    text = "\n".join(report.table(report.BRIEF, rows))
    (options.work / "floors.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
