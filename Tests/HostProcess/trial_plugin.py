"""A voice plugin whose one function a test writes, hosts that have it, and the command line with the Python that it needs."""
import json
import os
import pathlib
import subprocess
import sys

from wire_client import ROOT, Client, M, mien_command

PORTRAIT, SPEECH = ROOT / "Examples/astronaut.jpg", ROOT / "Examples/speech.ogg"
VOICE = "/mien.v1.Estimation/EstimateVoice"
VoiceRequest = M["mien.v1.EstimateVoiceRequest"]
# So that "python3" is this one, which has the package.
PATH = f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"

READ = """
import os, signal, sys, time
from mien.plugin import Clip, Reading, estimator, serve

@estimator("trial")
def read(clip: Clip) -> Reading:
{body}
    return Reading(categories={{"Anger": 0.5}}, attributes={{}})

serve()
"""


def mien(*arguments, code=0, **environment):
    done = subprocess.run([mien_command(), *map(str, arguments)], env={**os.environ, "PATH": PATH, **environment}, capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stderr
    return done


def plugin(folder, body="    pass", **changes):
    """A voice plugin named trial, whose function has this body."""
    folder.mkdir(parents=True)
    manifest = dict(schema=1, id="trial", version="1", summary="Tries.", licence="Apache-2.0", attribution="nobody", kind="process", entry=["python3", "plugin.py"],
                    estimators=[dict(id="trial", categories=["Anger"], voice={})])
    (folder / "plugin.json").write_text(json.dumps(manifest | changes))
    (folder / "plugin.py").write_text(READ.format(body=body))
    return folder


def host(*folders, **environment):
    options = [word for folder in folders for word in ("--plugin", str(folder))]
    return Client(*options, environment={"PATH": PATH, **environment})


def ask(host, estimator="trial", timeout=None):
    return host.unary(VOICE, VoiceRequest(path=str(SPEECH), estimator=estimator), "mien.v1.EstimateVoiceResponse", timeout=timeout)
