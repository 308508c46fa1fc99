"""The conformance kit: what is right passes all cases, and a plugin with one defect fails those that are about it and no others."""
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from plugin_client import needs_swift
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
    passes(found, 110)
    assert not found["skipped"]


@pytest.mark.parametrize("name, words, at_least", [("python-voice", [], 95), ("python-face", ["--only", "estimate", "--only", "describe", "--only", "warm"], 19)])
def test_the_examples_pass(name, words, at_least):
    """All cases once; how the second one speaks the protocol is the same code."""
    passes(verdicts(*words, EXAMPLES / name), at_least)


def test_a_plugin_in_swift_passes():
    found = verdicts("--as", "plugin", "--", pathlib.Path(mien_command()).with_name("faulty-plugin"), "steady")
    passes(found, 95)


# Libraries, which mien plugins serve makes processes of

def new_library(folder, old="", new=""):
    """The folder of a plugin in C, as it is begun, with a change to its code."""
    subprocess.run([mien_command(), "plugins", "new", "my-own", "--lang", "c"], cwd=folder, check=True, timeout=60)
    code = folder / "my-own/plugin.c"
    assert old in code.read_text()
    code.write_text(code.read_text().replace(old, new))
    subprocess.run(["cc", "-std=c99", "-shared", "-fPIC", "-o", "libmy-own.so", "plugin.c", "-lm"], cwd=folder / "my-own", check=True)
    return folder / "my-own"


def test_the_prosody_plugin_passes(tmp_path):
    shutil.copytree(ROOT / "Plugins/Prosody", tmp_path / "prosody", ignore=shutil.ignore_patterns("*.so"))
    subprocess.run(["cc", "-std=c99", "-O2", "-shared", "-fPIC", "-I", ROOT / "Sources/CPluginABI/include", "-o", "libprosody.so", "prosody.c", "-lm"], cwd=tmp_path / "prosody", check=True)
    found = verdicts(tmp_path / "prosody")
    passes(found, 100)
    assert not found["skipped"]


@pytest.mark.parametrize("reads", ["voice", "face"])
@pytest.mark.parametrize("language", ["c", pytest.param("swift", marks=needs_swift)])
def test_a_new_library_passes(tmp_path, language, reads):
    subprocess.run([mien_command(), "plugins", "new", "my-own", "--lang", language, "--reads", reads], cwd=tmp_path, check=True, timeout=90)
    found = verdicts(tmp_path / "my-own")
    passes(found, 99)
    assert list(found["skipped"]) == ["estimate-batch"]


@pytest.mark.parametrize("old, new, came", [
    # What a host would refuse, the kit refuses as well.
    ("2 * loud - 1", "2 * loud + 1", "2.7"), ('"arousal"', '"valence"', "valence"), ("return MIEN_OK;\n}", "return MIEN_NOT_FOUND;\n}", "it has not found something"),
    ("double sum = 0;", "double sum = *(volatile double *)8;", "signal 11"),
])
def test_a_library_that_does_wrong_fails(tmp_path, old, new, came):
    failed = verdicts("--only", "describe", "--only", "estimate-one", "--only", "estimate-short", new_library(tmp_path, old, new))["failed"]
    assert list(failed) == ["estimate-one"] and came in failed["estimate-one"][1], failed


@pytest.mark.parametrize("old, new, word", [
    ('.id = "my-own"', '.id = "another"', 'its id is "another"'), ("return &plugin;", "return 0;", "does not want to work with this host"), ("mien_plugin_entry", "entry", "mien_plugin_entry"),
])
def test_a_library_that_cannot_be_used_says_why(tmp_path, old, new, word):
    result = conformance(new_library(tmp_path, old, new))
    assert result.returncode == 69 and word in result.stderr


def test_a_plugin_on_bare_bytes_passes():
    found = verdicts("--", *PYTHON, BROKEN)
    passes(found, 100)
    assert not found["skipped"]


# Which cases are played to which defect: those that are about the same part of the protocol. All of them to all would take minutes.
ESTIMATES = ["describe", "warm", "estimate"]
WIRE = ["hello", "frame", "call-n", "cancel-", "late", "deadline", "stdin", "metadata", "ping", "unary-in", "half", "method", "message-m", "no-m", "two-m", "unimpl", "continues", "status"]
HEAVY = ["credit", "unary-large", "message-t", "unfinished"]
FEW = ["hello-and", "unary-in-one", "ping", "stdin-end-at", "describe-ids", "estimate-one"]

EVERY_ESTIMATE = ["estimate-and-ping", "estimate-batch", "estimate-cancelled", "estimate-empty-input", "estimate-one", "estimate-several-calls", "estimate-subset", "estimate-twice"]
EVERY_END = ["stdin-end", "stdin-end-answers-first", "stdin-end-at-once", "stdin-end-cancels"]
EVERY_VIOLATION = [
    "call-never-opened", "call-number-even", "call-number-falling", "call-number-reused", "call-number-twice", "call-number-zero", "cancel-never-opened",
    "continues-without-beginning", "frame-cut-off", "frame-is-text", "frame-length-cut-off", "frame-of-128-mib", "frame-too-long", "frame-undecodable", "half-close-twice",
    "hello-twice", "ping-of-a-call", "status-from-caller",
]
VIOLATIONS_BEFORE_HELLO = [
    "hello-empty-frame-first", "hello-length-of-ones", "hello-missing", "hello-noise", "hello-tiny-frames", "hello-version-impossible", "hello-version-too-new", "hello-wrong-magic",
]
ALL_OF_FEW = ["hello-and-call", "unary-in-one-frame", "ping", "ping-during-a-call", "ping-of-a-call", "estimate-and-ping", "stdin-end-at-once", "describe-ids", "estimate-one"]

# The defect, the cases that are played, and those of them that fail.
DEFECTS = {
    # What it says of itself
    "no-input": (ESTIMATES, ["describe-inputs"]), "no-version": (ESTIMATES, ["describe-complete"]), "id-twice": (ESTIMATES, ["describe-ids"]),
    "id-with-spaces": (ESTIMATES, ["describe-ids"]), "description-changes": (ESTIMATES, ["describe-twice"]),
    # It still says "Anger" of clips, which is no longer what its description names.
    "category-misspelt": (ESTIMATES, ["describe-names", *EVERY_ESTIMATE]),
    # What it says about faces and clips
    "nan": (ESTIMATES, EVERY_ESTIMATE), "too-strong": (ESTIMATES, EVERY_ESTIMATE), "unlisted-category": (ESTIMATES, EVERY_ESTIMATE),
    "labels-in-disorder": (ESTIMATES, EVERY_ESTIMATE), "wrong-count": (ESTIMATES, EVERY_ESTIMATE), "changes-its-mind": (ESTIMATES, ["estimate-batch", "estimate-twice"]),
    "batch-is-reversed": (ESTIMATES, ["estimate-batch"]), "subset-misunderstood": (ESTIMATES, ["estimate-subset"]),
    "knows-everybody": (ESTIMATES, ["estimate-unknown-estimator", "warm-unknown"]),
    "takes-all-sizes": (ESTIMATES, ["estimate-empty-input", "estimate-long-input", "estimate-short-input"]),
    "dies-of-wrong-sizes": (ESTIMATES, ["estimate-empty-input", "estimate-long-input", "estimate-short-input"]),
    # How it answers
    "prints": (ESTIMATES, EVERY_ESTIMATE), "dies-of-estimates": (ESTIMATES, EVERY_ESTIMATE), "answers-twice": (ESTIMATES, EVERY_ESTIMATE),
    "status-without-answer": (ESTIMATES, EVERY_ESTIMATE), "message-without-status": (["describe", "estimate-one"], ["estimate-one"]),
    "never-answers": (["describe", "estimate-one"], ["estimate-one"]), "hasty": (WIRE, ["two-messages", "unary-in-three-frames"]),
    "no-pong": (WIRE, ["estimate-and-ping", "frame-unknown-fields", "frames-in-one-write", "hello-features-and-fields", "ping", "ping-during-a-call"]),
    "ignores-cancel": (["cancel-", "late", "deadline"], ["cancel-after-begin", "cancel-inside-a-message", "cancel-twice", "late-frames"]),
    "ignores-deadlines": (["deadline", "unary-in"], ["deadline-passed", "deadline-while-waiting"]), "answers-late-frames": (["late", "cancel-"], ["late-frames"]),
    "any-metadata": (["metadata", "unary-in"], ["metadata-name", "metadata-reserved"]), "unknown-is-unknown": (["method", "unimpl", "message-m"], ["method-malformed", "unimplemented-method", "unimplemented-service"]),
    "no-reasons": (WIRE, ["message-malformed", "metadata-name", "metadata-reserved", "metadata-too-large", "no-message", "two-messages"]),
    # Credit
    "keeps-credit": (HEAVY, ["credit-larger-windows", "credit-of-answered-calls", "credit-of-cancelled-calls", "message-too-large"]),
    "keeps-credit-of-calls": (HEAVY, ["credit-larger-windows", "message-too-large", "unary-large-request"]),
    # The greeting and the end
    "no-hello": (FEW, ALL_OF_FEW), "text-first": (FEW, ALL_OF_FEW), "wrong-magic": (FEW, ALL_OF_FEW), "wrong-version": (FEW, ALL_OF_FEW),
    "any-magic": (["hello"], ["hello-wrong-magic"]), "dies-of-the-unknown": (WIRE, ["frame-unknown-fields", "frame-unknown-kind"]),
    "forgives-garbage": (["frame"], ["frame-undecodable"]), "forgives-strangers": (["call-n", "cancel-"], ["call-never-opened", "cancel-never-opened"]),
    "half-a-frame-is-fine": (["frame", "stdin"], ["frame-cut-off", "frame-length-cut-off"]),
    "numbers-do-not-matter": (["call-n", "unary-in"], ["call-number-falling", "call-number-reused", "call-number-twice"]),
    "violations-are-fine": (WIRE, EVERY_VIOLATION + VIOLATIONS_BEFORE_HELLO), "leaves-without-a-word": (WIRE, EVERY_VIOLATION),
    "exits-with-3": (["stdin", "sigterm", "unary-in"], EVERY_END), "stays": (["stdin-end-at", "unary-in"], ["stdin-end-at-once"]),
}


@pytest.fixture(scope="module")
def failures():
    """The names of cases that fail, by defect: several defects at a time, because most of the time somebody waits."""
    def play(mode):
        words = [argument for word in DEFECTS[mode][0] for argument in ("--only", word)]
        # As a plugin, because of some nothing could be found out.
        return mode, verdicts("--as", "plugin", "--timeout", "1.5", *words, "--", *PYTHON, BROKEN, mode)
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        return dict(pool.map(play, DEFECTS))


@pytest.mark.parametrize("mode", DEFECTS)
def test_each_defect_is_noticed_and_nothing_else(failures, mode):
    found = failures[mode]
    assert sorted(found["failed"]) == sorted(DEFECTS[mode][1]), dict(found["failed"])
    assert found["passed"] or DEFECTS[mode][0] is FEW


def test_every_defect_of_the_broken_plugin_is_tried():
    code = BROKEN.read_text()
    modes = set(re.findall(r'MODE [!=]= "([a-z0-9-]+)"', code)) | set(re.findall(r'"([a-z-]+)": (?:float|1\.5)', code))
    assert modes == set(DEFECTS)


@pytest.mark.parametrize("mode, words, failing", [
    ("right", ["client"], []), ("no-hello", ["client-call"], ["client-call"]), ("no-credit", ["call", "credit"], ["client-gives-credit"]),
    ("hangs", ["call", "stdin"], ["client-stdin-end"]), ("strict", ["call", "unknown"], ["client-unknown-frames"]), ("happy", ["call", "error"], ["client-error"]),
])
def test_clients(mode, words, failing):
    only = [argument for word in words for argument in ("--only", word)]
    found = verdicts("--client", "--timeout", "10" if mode == "right" else "2", *only, "--", sys.executable, STDIO_CLIENT, mode)
    assert sorted(found["failed"]) == sorted(failing), dict(found["failed"])
    assert found["passed"] or mode == "no-hello"


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
