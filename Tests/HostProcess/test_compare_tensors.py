"""Scripts/reference/compare_tensors.py, which other checks rely on to fail."""
import subprocess
import sys

import numpy as np
import pytest

from test_network import write
from wire_client import ROOT


def compare(tmp_path, ours, theirs, *options):
    write(tmp_path / "ours", ours)
    write(tmp_path / "theirs", theirs)
    command = [sys.executable, ROOT / "Scripts/reference/compare_tensors.py", tmp_path / "ours", tmp_path / "theirs", *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_errors_are_relative_to_the_largest_value(tmp_path):
    theirs = np.array([[3, -4, 0]], np.float32)
    ours = theirs + np.array([[0, 0, 0.01]], np.float32)
    tensors = {"input.mel": theirs * 0, "expected.scores.Awe": theirs}  # an input is no result
    code, text = compare(tmp_path, {"model_Awe_best": ours}, tensors, "--tolerance", "0.003", "--all")
    assert code == 0 and "1.00e-02   2.50e-03   2.00e-03" in text
    assert compare(tmp_path, {"model_Awe_best": ours}, tensors, "--tolerance", "0.002")[0] == 1


@pytest.mark.parametrize("ours, words", [
    ({"x": np.array([1, np.nan], np.float32)}, "above the tolerance"), ({"x": np.ones((1, 2), np.float32)}, "shape [1, 2], expected [2]"),
    ({"y": np.ones(2, np.float32)}, "no tensor in common"), ({"x": np.array([1, np.inf], np.float32)}, "above the tolerance"),
])
def test_what_cannot_be_compared_fails(tmp_path, ours, words):
    code, text = compare(tmp_path, ours, {"expected.x": np.ones(2, np.float32)})
    assert code == 1 and words in text


def test_missing_tensors_fail_only_if_all_are_wanted(tmp_path):
    x = np.array([1, 2], np.float16)
    assert compare(tmp_path, {"x": x}, {"expected.x": x, "expected.y": x})[0] == 0
    code, text = compare(tmp_path, {"x": x}, {"expected.x": x, "expected.y": x}, "--all")
    assert code == 1 and "not in" in text and text.rstrip().endswith("y")


def test_damaged_files_are_named(tmp_path):
    (tmp_path / "damaged").write_bytes(b"\xff" * 100)
    command = [sys.executable, ROOT / "Scripts/reference/compare_tensors.py", tmp_path / "damaged", tmp_path / "damaged"]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 2 and "damaged" in done.stderr and "Traceback" not in done.stderr
