"""docs/plugin.schema.json says of a plugin.json what the decoder says of it."""
import collections
import json
import os
import re
import subprocess

import jsonschema
import mien.manifest
import pytest

from wire_client import ROOT, mien_command

SCHEMA = ROOT / "docs/plugin.schema.json"
VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
BEGINNING = {"$schema": "./plugin.schema.json", "schema": 1, "id": "my-plugin", "version": "1.2", "summary": "Reads.", "licence": "MIT", "attribution": "me"}
FACES = {"id": "my-faces", "version": "9", "summary": "Faces.", "categories": ["anger", "Fear"], "dimensions": ["valence"], "attributes": ["Age"], "native_labels": ["a", "b"],
         "minimum_reliability": 0.25, "uses_neutral": True, "batch": 8, "precision": "f32", "licence": "Apache-2.0", "attribution": "you", "memory_mb": 12, "cost_ms": 2.5, "skill": 0.5, "online": True,
         "face": {"width": 48, "height": 64, "pixels": "grey", "crop": "box", "margin": 0.1, "square": True}}
VOICES = {"id": "my-voices", "categories": [], "dimensions": ["arousal"], "voice": {"rate": 16000, "maximum_seconds": 10.5}}
PROCESS = {**BEGINNING, "kind": "process", "entry": ["python3", "plugin.py"], "protocol": [1, 2], "files": [{"file": "weights/a.bin", "sha256": "0f" * 32}],
           "environment": ["OMP_NUM_THREADS"], "limits": {"processes": 2, "memory_mb": 500, "start_seconds": 5, "call_seconds": 7},
           "restart": {"attempts": 3, "seconds": 60}, "estimators": [FACES, VOICES]}
LIBRARY = {**BEGINNING, "kind": "library", "entry": ["libmine.so"], "abi": [1, 1],
           "estimators": [VOICES, {"id": "a", "categories": ["Fear"], "face": {"width": 8, "height": 1024, "pixels": "rgb", "crop": "aligned"}}]}
# Plugins that the command takes from one folder.
BATCH = 250
# What a schema cannot say: ids and spellings of categories that mean the same, and the names of all categories, which people may spell in their own way.
INEXPRESSIBLE = ["as that of another", " twice", "none of EmoNet's 40 categories"]
STRANGE = [None, True, 7, -1, 0, 1, 2, 1.5, 65, 1e9, "", "x", "X y", "../x", "a" * 65, "a" * 129, "a" * 501, "a\nb", "library", "process", "rgb", "aligned", "x.so", [], {}, ["x"], ["x", "x"],
           ["lib/x.so"], ["x.dylib"], [1, 1], [2, 3], [1], [1, 1, 1], ["A=B"], ["Anger", "Anger"], ["valence", "mood"]]


def mutants(value):
    """The value with one place in it changed, in many ways."""
    yield from STRANGE
    if isinstance(value, dict):
        for key in [*value, "unknown"]:
            yield {name: one for name, one in value.items() if name != key} if key in value else {**value, key: 1}
            yield from ({**value, key: changed} for changed in mutants(value.get(key)))
        yield from ({**value, key: one} for key, one in {**PROCESS, **LIBRARY}.items() if key not in value)
    if isinstance(value, list):
        yield value + value[:1]
        for index, one in enumerate(value):
            yield from (value[:index] + [changed] + value[index + 1:] for changed in mutants(one))


def refusals(folder, manifests):
    """Why the decoder refuses each; None where it does not."""
    for number, manifest in enumerate(manifests):
        (folder / f"{number:04}").mkdir()
        (folder / f"{number:04}/plugin.json").write_text(json.dumps(manifest))
    told = subprocess.run([mien_command(), "plugins", "list"], capture_output=True, text=True, check=True, timeout=60, env={**os.environ, "MIEN_PLUGINS": str(folder), "MIEN_HOME": str(folder)}).stderr
    reasons = {int(number): reason for number, reason in re.findall(rf"left out: {re.escape(str(folder))}/(\d+)/plugin.json:(.*)", told)}
    # They have the same names, which is no fault of theirs.
    return [None if reasons.get(number, "as well").endswith("as well") else reasons[number] for number in range(len(manifests))]


def test_it_is_fresh():
    shown = subprocess.run([mien_command(), "plugins", "schema"], capture_output=True, text=True, check=True).stdout
    assert SCHEMA.read_text() == shown, "run: mien plugins schema > docs/plugin.schema.json"


@pytest.mark.parametrize("path", sorted((ROOT / "Plugins").rglob("plugin.json")), ids=lambda path: path.parent.name)
def test_our_manifests_are_valid(path):
    VALIDATOR.validate(json.loads(path.read_text()))


@pytest.mark.parametrize("manifest", [PROCESS, LIBRARY], ids=["process", "library"])
def test_it_agrees_with_the_decoder(tmp_path, manifest):
    changed = [json.loads(text) for text in sorted({json.dumps(one) for one in [manifest, *mutants(manifest)]})]
    verdicts = collections.Counter()
    for start in range(0, len(changed), BATCH):
        some = changed[start:start + BATCH]
        (tmp_path / str(start)).mkdir()
        for one, reason in zip(some, refusals(tmp_path / str(start), some)):
            is_valid = VALIDATOR.is_valid(one)
            verdicts[is_valid] += 1
            assert is_valid == (reason is None) or is_valid and any(words in reason for words in INEXPRESSIBLE), f"{reason}: {json.dumps(one)}"
    assert verdicts[True] > 100 and verdicts[False] > 500


def test_the_package_for_python_takes_the_key_for_editors(tmp_path):
    (tmp_path / "plugin.json").write_text(json.dumps({**PROCESS, "estimators": [VOICES]}))
    assert mien.manifest.load(tmp_path).id == "my-plugin"
