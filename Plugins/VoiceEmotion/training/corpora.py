"""Labelled speech: one tar (or folder) per corpus, with clips and a `labels.csv` of file, speaker, emotion, language.

Any corpus of that layout is accepted; an emotion outside `EMOTIONS` is refused rather than dropped. A speaker's name must be unique
over all corpora.
"""
import csv
import io
import pathlib
import tarfile
from dataclasses import dataclass

import numpy as np
import scipy.signal
import soundfile

RATE = 16000
# The seven labels that the estimator answers with. `calm` counts as neutral and is told from it by a logit of its own; `boredom` has
# a logit that only corpora with that label train.
SHARED = ["anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"]
EMOTIONS = SHARED + ["boredom", "calm"]
BOREDOM, CALM = 7, 8


@dataclass
class Clip:
    """One recording: mono 16 kHz samples of -1...1, and what its corpus says about it."""
    corpus: str
    file: str
    speaker: str
    language: str
    emotion: int
    audio: np.ndarray

    @property
    def shared(self):
        """Index into SHARED, or -1 for boredom."""
        return SHARED.index("neutral") if self.emotion == CALM else (self.emotion if self.emotion < BOREDOM else -1)


def decode(data):
    """Bytes of any format that libsndfile reads -> f32 mono at 16 kHz."""
    audio, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    audio = audio.mean(axis=1)
    if rate != RATE:
        common = np.gcd(rate, RATE)
        audio = scipy.signal.resample_poly(audio, RATE // common, rate // common).astype(np.float32)
    if len(audio) < RATE // 10 or not np.isfinite(audio).all() or np.ptp(audio) == 0:
        raise ValueError("shorter than 0.1 s, silent or not finite")
    return audio


def trim(audio, margin=0.15, below=40.0):
    """Cuts what lies more than `margin` seconds outside the frames within `below` dB of the loudest, as voice activity detection will."""
    frame = RATE // 100
    power = np.square(audio[:len(audio) // frame * frame].reshape(-1, frame)).mean(axis=1)
    loud = np.flatnonzero(10 * np.log10(power + 1e-12) > 10 * np.log10(power.max() + 1e-12) - below)
    first = max(0, loud[0] * frame - int(margin * RATE))
    last = min(len(audio), (loud[-1] + 1) * frame + int(margin * RATE))
    return audio[first:last]


def members(path):
    """{name: bytes} of a tar, or of a folder."""
    path = pathlib.Path(path)
    if path.is_dir():
        return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}
    with tarfile.open(path) as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive if entry.isfile()}


def load(paths):
    """The clips of every corpus in `paths`, in a fixed order."""
    clips, owner = [], {}
    for path in sorted(map(str, paths)):
        files = members(path)
        tables = [name for name in files if name.split("/")[-1] == "labels.csv"]
        if len(tables) != 1:
            raise ValueError(f"{path}: {len(tables)} files called labels.csv, expected one")
        folder = tables[0][:-len("labels.csv")]
        corpus = folder.strip("/").split("/")[-1] or pathlib.Path(path).stem
        for row in csv.DictReader(io.StringIO(files[tables[0]].decode())):
            if row["emotion"] not in EMOTIONS:
                raise ValueError(f"{path}: {row['file']} has the emotion '{row['emotion']}', known are {', '.join(EMOTIONS)}")
            if owner.setdefault(row["speaker"], corpus) != corpus:
                raise ValueError(f"{path}: the speaker '{row['speaker']}' is also one of {owner[row['speaker']]}")
            try:
                audio = decode(files[folder + row["file"]])
            except Exception as error:
                raise ValueError(f"{path}: {row['file']}: {error}") from error
            clips.append(Clip(corpus, row["file"], row["speaker"], row["language"], EMOTIONS.index(row["emotion"]), audio))
    return clips


def speaker_folds(clips, count=5):
    """The fold of every clip, 0..<count: the speakers of each corpus, sorted by name, are dealt out in turn, each corpus going on
    where the one before it stopped. No speaker is in two folds."""
    fold, turn = {}, 0
    for corpus in sorted({clip.corpus for clip in clips}):
        for speaker in sorted({clip.speaker for clip in clips if clip.corpus == corpus}):
            fold[speaker] = turn % count
            turn += 1
    return np.array([fold[clip.speaker] for clip in clips])


def label_sets(clips):
    """{corpus: bool [len(EMOTIONS)]}: which labels a corpus uses."""
    sets = {}
    for clip in clips:
        sets.setdefault(clip.corpus, np.zeros(len(EMOTIONS), bool))[clip.emotion] = True
    return sets
