"""Plugins in Python that are set up wrongly: their manifest, their functions, or what they do before they serve."""
import json
import os
import re
import subprocess
import sys

import pytest

from plugin_client import ENVIRONMENT, EXAMPLES, ODD, PACKAGE
from wire_client import ROOT

sys.path.insert(0, str(PACKAGE))
from mien import manifest, plugin, taxonomy  # noqa: E402
from mien.node import ManifestError  # noqa: E402
from mien.signature import Mismatch, Signature  # noqa: E402

EX_CONFIG = 78


def good():
    return json.loads((ODD / "plugin.json").read_text())


def load(tmp_path, change):
    document = good()
    change(document)
    (tmp_path / "plugin.json").write_text(document if isinstance(document, str) else json.dumps(document))
    return manifest.load(tmp_path)


def put(path, value):
    def change(document):
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = value
    return change


FIRST = ("estimators", 0)


@pytest.mark.parametrize("change, words", [
    (put(["schema"], 2), "schema is not 1"), (put(["colour"], 1), '"colour" is not a key'), (lambda document: document.pop("version"), "version is missing"),
    (put(["id"], "Odd One"), 'id is "Odd One"'), (put(["kind"], "library"), 'kind is "library"'), (put(["kind"], "magic"), "kind is none of"),
    (put(["abi"], [1, 1]), 'abi belongs to plugins of the kind "library"'),
    (put(["entry"], []), "entry has 0"), (put(["entry"], "python3"), "entry is a string where an array"), (put(["protocol"], [2, 3]), "protocol is 2-3"),
    (put(["protocol"], [1]), "protocol has 1"), (put(["files"], [{"file": "../x", "sha256": "0" * 64}]), 'files[0].file is "../x"'),
    (put(["files"], [{"file": "x", "sha256": "0"}]), "files[0].sha256"), (put(["environment"], ["A=B"]), "environment[0]"),
    (put(["limits", "memory_mb"], 0), "limits.memory_mb is not a whole number"), (put(["limits", "cpu"], 1), 'limits."cpu" is not a key'),
    (put(["restart", "seconds"], "1"), "restart.seconds is not a whole number"), (put(["estimators"], []), "estimators has 0"),
    (put([*FIRST, "id"], "faces"), "estimators[2].id is \"faces\" for the second time"), (put([*FIRST, "categories"], ["Surprise"]), "Astonishment/Surprise"),
    (put([*FIRST, "categories"], ["Awe", "Awe"]), "estimators[0].categories[1]"), (put([*FIRST, "dimensions"], ["warmth"]), "valence, arousal, dominance"),
    (put([*FIRST, "minimum_reliability"], 1.5), "minimum_reliability is not a number from -1 to 1"),
    (put([*FIRST, "voice", "rate"], 8000), "voice.rate is not 16000"),
    (put([*FIRST, "voice", "maximum_seconds"], 0), "voice.maximum_seconds"), (put([*FIRST, "face"], {}), "either face or voice"),
    (put([*FIRST, "uses_neutral"], 1), "uses_neutral is a number"), (put([*FIRST, "native_labels"], []), "uses_neutral is true"),
    (put([*FIRST, "batch"], 0), "batch is not"), (put([*FIRST, "batch"], True), "batch is not"), (put([*FIRST, "batch"], 1000), "more than one message may hold"),
    (put(["estimators", 2, "face", "width"], 4), "estimators[2].face.width"),
    (put(["estimators", 2, "face", "crop"], "aligned"), "face.margin has a meaning only"),
    (put(["estimators", 2, "face", "pixels"], "gray"), "rgb, grey"), (put(["estimators", 2, "attributes"], []), "neither categories nor"),
])
def test_wrong_manifests_name_the_key(tmp_path, change, words):
    with pytest.raises(ManifestError) as error:
        load(tmp_path, change)
    assert words in str(error.value) and str(error.value).startswith(str(tmp_path / "plugin.json"))


@pytest.mark.parametrize("text, words", [
    ("{", "no JSON"), ("[]", "an array where an object"), ('{"schema": 1, "schema": 1}', "stands twice"), ('{"schema": NaN}', "NaN"), ("\xff", "no JSON"),
])
def test_what_is_no_manifest(tmp_path, text, words):
    (tmp_path / "plugin.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ManifestError, match=words):
        manifest.load(tmp_path)


def program(tmp_path, code, document=None):
    (tmp_path / "plugin.py").write_text("from mien.plugin import *\n" + code)
    if document is not None:
        (tmp_path / "plugin.json").write_text(json.dumps(document))
    ended = subprocess.run([sys.executable, tmp_path / "plugin.py"], stdin=subprocess.DEVNULL, capture_output=True, timeout=20,
                           env={**os.environ, **ENVIRONMENT})
    return ended.returncode, ended.stdout, ended.stderr.decode()


def one_voice(**change):
    document = json.loads((EXAMPLES / "python-voice/plugin.json").read_text())
    document.update(change)
    return document


@pytest.mark.parametrize("code, document, words", [
    ("serve()", None, "plugin.json: No such file"),
    ("serve()", one_voice(kind="library"), 'kind is "library"'),
    ("serve()", one_voice(), 'has the estimator "loud-voices", but no function'),
    ("@estimator('quiet-voices')\ndef read(clip): pass\nserve()", one_voice(), '@estimator("quiet-voices") names an estimator'),
    ("@estimator('loud-voices')\ndef read(face: Face): pass\nserve()", one_voice(), "TypeError: @estimator(\"loud-voices\"): read() takes faces (Face)"),
])
def test_a_wrong_setup_is_told_and_exits_with_78(tmp_path, code, document, words):
    exit_code, out, error = program(tmp_path, code, document)
    assert (exit_code, out) == (EX_CONFIG, b"") and words in error


def test_early_prints_wait_and_another_folder_can_be_named(tmp_path):
    code = f"print('early')\n@estimator('loud-voices')\ndef read(clip): pass\nserve({str(EXAMPLES / 'python-voice')!r})\nprint('after')"
    exit_code, out, error = program(tmp_path, code)
    assert exit_code == 0 and b"early" not in out and error.splitlines() == ["early", "after"]


def named(function, batch=False):
    return Signature(function, batch, '@estimator("x")')


def test_signatures_are_checked():
    def face(face: plugin.Face) -> plugin.Reading: ...
    def clips(clips: "list[plugin.Clip]", context: plugin.Context) -> "list[plugin.Reading]": ...
    def nothing() -> None: ...
    def two(clip, other): ...
    def text(clip: str): ...
    def number(clip) -> float: ...
    async def later(clip): ...

    named(face).check(plugin.Face)
    named(clips, batch=True).check(plugin.Clip)
    named(lambda clip: None).check(plugin.Clip)
    with pytest.raises(Mismatch, match=r"face\(\) takes faces \(Face\), but plugin.json says that the estimator takes voices \(Clip\)"):
        named(face).check(plugin.Clip)
    for function, batch, words in ((nothing, False, "no parameter"), (two, False, "needs other"), (text, False, "takes str"), (number, False, "returns float"),
                                   (later, False, "coroutine"), (face, True, "batch=True"), (clips, False, "without batch=True")):
        with pytest.raises(TypeError, match=words):
            named(function, batch)


def test_the_categories_are_the_hosts():
    swift = (ROOT / "Sources/MienEstimation/Taxonomy.swift").read_text()
    assert re.findall(r'Entry\("([^"]+)"', swift) == list(taxonomy.CATEGORIES)
