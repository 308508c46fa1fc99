"""docs/plugins.md, taken by its word: its commands and its code are run as they stand there."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

from wire_client import ROOT, mien_command

TEXT = (ROOT / "docs/plugins.md").read_text()
PATH = os.pathsep.join([str(pathlib.Path(sys.executable).parent), str(pathlib.Path(mien_command()).parent), os.environ["PATH"]])


def block(language):
    """The first block in that language."""
    return re.search(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL).group(1)


def run(folder, line):
    done = subprocess.run(["bash", "-ec", line], cwd=folder, env={**os.environ, "PATH": PATH}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
    return done.stdout


def test_the_first_plugin_in_python(tmp_path):
    shutil.copy(ROOT / "Examples/speech.ogg", tmp_path)
    lines = block("sh").splitlines()
    assert [line.split()[:3] for line in lines[:2]] == [["mien", "plugins", "new"], ["mien", "plugins", "check"]]
    for line in lines:
        run(tmp_path, line)
    # What the page says to change.
    manifest = tmp_path / "my-voice/plugin.json"
    old = next(line for line in manifest.read_text().splitlines() if '"categories"' in line)
    manifest.write_text(manifest.read_text().replace(old, block("json")))
    (tmp_path / "my-voice/plugin.py").write_text(block("python"))
    run(tmp_path, lines[1])
    answer = json.loads(run(tmp_path, lines[2] + " --json").splitlines()[0])
    assert [one["label"] for one in answer["nativeScores"]] == ["level"] and answer["categories"][0]["name"] == "Anger"


def test_the_page_names_every_key_of_a_manifest():
    keys = set(re.findall(r'"([a-z_0-9]+)"', re.search(r"static let keys = \[(.*?)\]", (ROOT / "Sources/MienPlugins/Manifest/PluginManifest+Decoding.swift").read_text(), re.DOTALL).group(1)))
    assert keys and [key for key in sorted(keys) if f"`{key}`" not in TEXT] == []
