"""`mien models` from the shell: what is refused, with which exit status. Pulls are tested in MienModelsTests, against a server with faults."""
import os
import subprocess

import pytest

from wire_client import mien_command


def run(home, *arguments, **environment):
    return subprocess.run([mien_command(), "models", *map(str, arguments)], env={**os.environ, "MIEN_HOME": str(home), **environment}, capture_output=True, text=True, timeout=60)


def test_list_shows_what_is_missing_and_what_it_would_take(tmp_path):
    done = run(tmp_path, "list", "--long")
    assert done.returncode == 0, done.stderr
    assert "centerface" in done.stdout and "missing" in done.stdout
    assert "to install it: mien models pull centerface" in done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments, code, message", [
    (["import", "centerface"], 64, "a folder with --folder"),
    (["import", "centerface", "x", "--folder", "."], 64, "one of the two"),
    (["import", "centerface", "--folder", "."], 66, "known by digest: mien models import centerface PATH"),
    (["import", "nobody", "--folder", "."], 64, "no model is called \"nobody\""),
    (["pull", "nobody"], 64, "no model is called \"nobody\""),
    (["verify", "centerface"], 1, "model centerface is missing; run: mien models pull centerface"),
])
def test_mistakes_have_their_exit_status_and_say_what_to_do(tmp_path, arguments, code, message):
    done = run(tmp_path, *arguments)
    assert (done.returncode, message in done.stderr) == (code, True), done.stderr
    assert done.stdout == ""
