"""The pages about plugins, taken by their word: their commands and their code are run as they stand there."""
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

PATH = os.pathsep.join([str(pathlib.Path(sys.executable).parent), str(pathlib.Path(mien_command()).parent), os.environ["PATH"]])


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def run(folder, line):
    done = subprocess.run(["bash", "-ec", line], cwd=folder, env={**os.environ, "PATH": PATH}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
    return done.stdout


def replace(file, pattern, new):
    """Puts `new` in place of the one thing that the pattern finds."""
    text, count = re.subn(pattern, lambda _: new, file.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert count == 1
    file.write_text(text)


@pytest.mark.parametrize("language, file, replaced", [
    ("python", "plugin.py", r"\A.*\Z"),
    ("c", "plugin.c", r"^/\*[^\n]*\*/\nstatic mien_status estimate\(.*?^\}\n"),
    pytest.param("swift", "Sources/MyVoicePlugin/Plugin.swift", r"^///[^\n]*\nstruct Loudness: .*?^\}\n", marks=needs_swift),
], ids=["python", "c", "swift"])
def test_the_first_plugin_in_15_minutes(tmp_path, language, file, replaced):
    text = (ROOT / f"docs/plugins/{language}.md").read_text()
    shutil.copy(ROOT / "Examples/speech.ogg", tmp_path)
    begin, go_on = [block.splitlines() for block in blocks(text, "sh")]
    # No more than two commands to a plugin that passes.
    assert [line.split()[:2] for line in begin[:2]] == [["mien", "plugins"], ["mien", "conformance"]]
    for line in begin:
        run(tmp_path, line)
    # What the page says to change.
    assert f"my-voice/{file}`" in text
    replace(tmp_path / "my-voice/plugin.json", r'^[^\n]*"categories"[^\n]*\n', *blocks(text, "json"))
    replace(tmp_path / "my-voice" / file, replaced, *blocks(text, language))
    *lines, hear = go_on
    assert lines[-1] == begin[1] and hear == begin[2]
    for line in lines:
        run(tmp_path, line)
    answer = json.loads(run(tmp_path, hear + " --json").splitlines()[0])
    level, = answer["nativeScores"]
    assert level["label"] == "level" and -60 <= level["score"] < 0 and answer["categories"][0]["name"] == "Anger"


def test_the_page_names_every_key_of_a_manifest():
    text = (ROOT / "docs/plugins.md").read_text()
    schema = json.loads((ROOT / "docs/plugin.schema.json").read_text())

    def keys(shape):
        for key, value in shape.get("properties", {}).items():
            yield key
            yield from keys(value)
            yield from keys(value.get("items", {}))

    names = set(keys(schema))
    assert {"entry", "sha256", "memory_mb", "margin"} < names and [key for key in sorted(names) if not re.search(f'[`"]{re.escape(key)}[`"]', text)] == []


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    prose = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\(([^)#]*)(?:#[^)]*)?\)", prose):
        assert "://" in link or (page.parent / link).exists(), link
