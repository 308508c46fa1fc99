"""The conformance kit: what is right passes all cases, and a plugin with one defect fails those that are about it and no others."""
import collections
import json
import os
import pathlib
import subprocess
import sys

import pytest

from wire_client import ROOT, mien_command

BROKEN = ROOT / "Tests/Conformance/broken/broken.py"
STDIO_CLIENT = pathlib.Path(__file__).with_name("stdio_client.py")
EXAMPLES = ROOT / "Plugins/examples"
# `python3` of plugin.json is ours, and so are its packages.
ENVIRONMENT = dict(os.environ, PATH=f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}")
# Without site packages, which the broken plugin does not need, Python starts in a fraction of the time.
PYTHON = [sys.executable, "-I", "-S"]


def conformance(*arguments, **options):
    return subprocess.run([mien_command(), "conformance", *map(str, arguments)], capture_output=True, text=True, timeout=120, env=ENVIRONMENT, **options)


def verdicts(*arguments):
    """Names of cases by verdict."""
    result = conformance("--json", *arguments)
    found = collections.defaultdict(dict)
    for line in result.stdout.splitlines():
        entry = json.loads(line)
        found[entry["verdict"]][entry["case"]] = (entry.get("expected"), entry.get("came"))
    assert result.returncode == (1 if found["failed"] else 0), result.stderr
    return found


def passes(found, at_least):
    assert not found["failed"] and len(found["passed"]) >= at_least, dict(found["failed"])


def test_the_host_passes():
    found = verdicts("--", mien_command(), "serve", "--log-level", "error")
    passes(found, 85)
    assert not found["skipped"]


@pytest.mark.parametrize("name", ["python-voice", "python-face"])
def test_the_examples_pass(name):
    passes(verdicts(EXAMPLES / name), 70)


def test_a_plugin_in_swift_passes():
    found = verdicts("--as", "plugin", "--", pathlib.Path(mien_command()).with_name("faulty-plugin"), "steady")
    passes(found, 70)


def test_a_plugin_on_bare_bytes_passes():
    found = verdicts("--", *PYTHON, BROKEN)
    passes(found, 75)
    assert not found["skipped"]


# Words that stand for all cases whose names begin with them.
ESTIMATES = ["estimate-one", "estimate-several-calls", "estimate-batch", "estimate-twice", "estimate-subset", "estimate-empty-input", "estimate-and-ping", "estimate-cancelled"]
DEFECTS = {
    "no-input": ["describe-inputs"],
}


@pytest.mark.parametrize("mode", DEFECTS)
def test_each_defect_is_noticed(mode):
    # As a plugin, because some defects are such that nothing else could be found out.
    found = verdicts("--as", "plugin", "--timeout", "0.7", "--jobs", "4", "--", *PYTHON, BROKEN, mode)
    assert sorted(found["failed"]) == sorted(DEFECTS[mode])


@pytest.mark.parametrize("mode, failing", [
    ("right", []), ("no-hello", ["client-"]), ("no-credit", ["client-gives-credit"]), ("hangs", ["client-stdin-end"]), ("strict", ["client-unknown-frames"]),
    ("happy", ["client-error"]),
])
def test_clients(mode, failing):
    found = verdicts("--client", "--timeout", "3", "--", sys.executable, STDIO_CLIENT, mode)
    assert all(any(name.startswith(word) for word in failing) for name in found["failed"]), dict(found["failed"])
    assert bool(found["failed"]) == bool(failing) and len(found["failed"]) + len(found["passed"]) == 9


# The command

def test_the_report():
    result = conformance("--only", "describe", "--only", "unary-in-one", "--", *PYTHON, BROKEN, "category-misspelt")
    lines = result.stdout.splitlines()
    assert result.returncode == 1 and lines[0].split() == ["CASE", "ABOUT", "VERDICT"] and lines[-1] == "5 passed, 1 failed, 0 skipped"
    place = next(index for index, line in enumerate(lines) if line.startswith("describe-names (step 1)"))
    assert "canonical names" in lines[place + 1] and lines[place + 2].strip() == 'came:     "anger", which is spelt "Anger"'


def test_known_failures(tmp_path):
    known = tmp_path / "known"
    known.write_text("# for now\ndescribe-names\n")
    command = ["--known-failures", known, "--only", "describe", "--", *PYTHON, BROKEN]
    result = conformance(*command, "category-misspelt")
    assert result.returncode == 0 and result.stdout.splitlines()[-1] == "4 passed, 0 failed, 0 skipped, 1 known to fail"
    result = conformance(*command)
    assert result.returncode == 1 and "take it off the list" in result.stdout
    known.write_text("no-such-case\n")
    result = conformance(*command)
    assert result.returncode == 64 and "no-such-case" in result.stderr


def test_cases_of_ones_own(tmp_path):
    file = tmp_path / "own.json"
    file.write_text('{"for": "plugin", "cases": [{"name": "own", "about": "lives", "steps": [{"lives": 1}]}]}')
    result = conformance("--cases", tmp_path, "--", *PYTHON, BROKEN)
    assert result.returncode == 0 and result.stdout.splitlines()[-1] == "1 passed, 0 failed, 0 skipped"
    file.write_text('{"for": "plugin", "cases": [{"name": "own", "about": "lives", "steps": [{"live": 1}]}]}')
    result = conformance("--cases", tmp_path, "--", *PYTHON, BROKEN)
    assert result.returncode == 64 and "own.json: own, step 1: has none of the verbs" in result.stderr


@pytest.mark.parametrize("arguments, code, word", [
    ([], 64, "either a plugin's folder or"), (["folder", "--", "command"], 64, "either"), (["--", "/nonexistent"], 69, "no program"), (["/nonexistent"], 78, "nonexistent"),
    (["--client", "--as", "host", "--", "true"], 64, "exclude"), (["--only", "nothing-like-it", "--", "true"], 64, "nothing-like-it"),
    (["--", "true"], 69, "a Hello"), (["--", "echo", "Hello,", "world"], 69, "Hello, world"), (["--cases", "/nonexistent", "--", "true"], 66, "nonexistent"),
])
def test_wrong_usage(arguments, code, word):
    result = conformance(*arguments)
    assert result.returncode == code and word in result.stderr
