"""From the files of a hub to an answer: `mien models pack`, and the estimators of what it wrote, on networks of a few random weights."""
import collections
import json
import os
import pathlib
import shutil
import subprocess

import pytest

import torch_file
from test_network import read
from wire_client import ROOT, mien_command

PORTRAIT, SPEECH = ROOT / "Examples/astronaut.jpg", ROOT / "Examples/speech.ogg"


def mien(home, *arguments, code=0):
    done = subprocess.run([mien_command(), *map(str, arguments)], env={**os.environ, "MIEN_HOME": str(home)}, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.fixture(params=["face", "voice"])
def model(request, tmp_path):
    """A home with the detectors, and a folder with encoder and heads."""
    fixtures, source, home = ROOT / f"Tests/Empathic{request.param.capitalize()}Tests/Fixtures", tmp_path / "source", tmp_path / "home"
    shutil.copytree(fixtures / "encoder", source / "encoder")
    (source / "heads").mkdir()
    heads = collections.defaultdict(dict)
    for name, array in read(fixtures / "heads.safetensors").items():
        head, _, rest = name.partition(".")
        heads[head][rest] = array
    for head, tensors in heads.items():
        torch_file.write(source / f"heads/model_{head}_best.pth", tensors)
    (home / "models").mkdir(parents=True)
    installed = pathlib.Path(os.environ.get("MIEN_HOME") or pathlib.Path.home() / ".local/share/mien")
    for detector in ("centerface", "silero-vad"):
        (home / "models" / detector).symlink_to(installed / "models" / detector)
    return request.param, source, home, len(heads)


def answer(home, kind, *options):
    if kind == "face":
        return json.loads(mien(home, "face", "--no-detect", "--json", "--estimator", "empathic-face", *options, PORTRAIT))
    return json.loads(mien(home, "voice", "--granularity", "clip", "--json", "--estimator", "empathic-voice", *options, SPEECH))


def test_a_packed_model_answers(model):
    kind, source, home, count = model
    told = mien(home, "models", "pack", f"empathic-{kind}", "--from", source, "--measure", PORTRAIT if kind == "face" else SPEECH)
    assert "MEAN DIFFERENCE" in told and f"empathic-{kind}: packed at int8" in told
    assert "installed" in next(line for line in mien(home, "models").splitlines() if line.startswith(f"empathic-{kind} "))
    result = answer(home, kind)
    estimate = result["estimates"][0]
    assert len(estimate["categories"]) == len(estimate["nativeScores"]) == count and len(estimate["coveredCategories"]) == 40
    assert [category["rank"] for category in estimate["categories"]] == list(range(1, count + 1))
    assert any(warning["reason"] == "WEIGHTS_RANDOM" for warning in result.get("warnings", []) + estimate.get("warnings", []))
    some = answer(home, kind, "--categories", "elation")["estimates"][0]
    assert [category["name"] for category in some["categories"]] == ["Elation"] and len(some["nativeScores"]) == 1
    exact = answer(home, kind)["estimates"][0]["nativeScores"]
    assert exact == estimate["nativeScores"]


def test_a_precision_changes_little_and_a_damaged_file_is_found(model, tmp_path):
    kind, source, home, _ = model
    scores = {}
    for precision in ("f32", "f16", "int8"):
        mien(home, "models", "pack", f"empathic-{kind}", "--from", source, "--precision", precision)
        scores[precision] = [score["score"] for score in answer(home, kind)["estimates"][0]["nativeScores"]]
    for precision, bound in (("f16", 0.02), ("int8", 0.5)):
        assert 0 < max(abs(a - b) for a, b in zip(scores[precision], scores["f32"])) < bound
    packed = tmp_path / "model.mien"
    mien(home, "models", "pack", f"empathic-{kind}", "--from", source, "--out", packed)
    assert "right" in mien(home, "models", "verify", packed)
    contents = bytearray(packed.read_bytes())
    contents[5000] ^= 1
    packed.write_bytes(contents)
    assert "encoder" in mien(home, "models", "verify", packed, code=1)


def test_what_cannot_be_packed_leaves_things_as_they_were(model, tmp_path):
    kind, source, home, _ = model
    kept = tmp_path / "kept.mien"
    kept.write_text("before")
    next((source / "heads").iterdir()).write_text("no checkpoint")
    assert "_best.pth" in mien(home, "models", "pack", f"empathic-{kind}", "--from", source, "--out", kept, code=66)
    assert kept.read_text() == "before" and not list(tmp_path.glob("*.part"))
    assert "empathic" in mien(home, "models", "pack", f"empathic-{kind}", code=69)
    assert "mien models pull" in mien(home, "face" if kind == "face" else "voice", "--estimator", f"empathic-{kind}", PORTRAIT if kind == "face" else SPEECH, code=69)
