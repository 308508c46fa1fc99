"""Large inputs lie in memory that the host and a plugin's process share."""
import os
import subprocess

import numpy
import soundfile

from trial_plugin import PATH, SPEECH, VOICE, VoiceRequest, host, plugin
from wire_client import mien_command

LISTEN = """
import hashlib, os
from mien import media
from mien.plugin import Clip, Reading, estimator, serve

kept = []

@estimator("trial")
def read(clip: Clip) -> Reading:
    kept.append((clip, hashlib.sha256(clip.samples).hexdigest()))
    # What came with earlier questions is still what it was.
    assert all(hashlib.sha256(one.samples).hexdigest() == digest for one, digest in kept)
    digest = int(kept[-1][1][:5], 16)
    return Reading(categories={"Anger": 0.5}, native_scores={"digest": digest, "mapped": float(media.attach() and "MIEN_MEDIA" not in os.environ)})

serve()
"""


def test_large_inputs_lie_in_memory_that_both_have(tmp_path):
    """The same samples through the pipe (a host that cannot make such memory says nothing about it) and through memory, on both sides of the threshold, one after another."""
    estimator = dict(id="trial", categories=["Anger"], native_labels=["digest", "mapped"], batch=1, voice={"maximum_seconds": 30})
    mapped = plugin(tmp_path / "mapped", estimators=[estimator])
    (mapped / "plugin.py").write_text(LISTEN)
    inline = plugin(tmp_path / "inline", id="inline", estimators=[estimator | dict(id="inline")])
    (inline / "plugin.py").write_text('import os\nos.environ.pop("MIEN_MEDIA", None)\n' + LISTEN.replace('"trial"', '"inline"'))
    speech, rate = soundfile.read(SPEECH, dtype="float32")
    assert rate == 16000 and speech.ndim == 1
    sound = numpy.resize(speech, 16000 * 40).astype("<f4")
    raw = dict(format=dict(samples="SAMPLE_FORMAT_F32LE", rate=16000, channels=1))
    with host(mapped, inline) as client:
        def scores(estimator, seconds):
            request = VoiceRequest(raw=dict(samples=sound[: int(16000 * seconds)].tobytes(), **raw), estimator=estimator,
                                   options=dict(granularity="GRANULARITY_WINDOW", window=30, hop=30))
            answer = client.unary(VOICE, request, "mien.v1.EstimateVoiceResponse")
            return [[score.score for score in estimate.native_scores] for estimate in answer.estimates]

        for seconds, count in ((40, 2), (3, 1), (36, 2), (2, 1), (40, 2)):
            one, other = scores("trial", seconds), scores("inline", seconds)
            assert len(one) == count and [digest for digest, _ in one] == [digest for digest, _ in other]
            assert all(flag == 1 for _, flag in one) and all(flag == 0 for _, flag in other)


def test_a_host_that_may_make_no_large_files_goes_on_without(tmp_path):
    folder = plugin(tmp_path / "p", "    import mien.media\n    assert not mien.media.attach()")
    command = f"ulimit -f 1000; exec {mien_command()} voice --plugin {folder} --estimator trial {SPEECH}"
    done = subprocess.run(["bash", "-c", command], env={**os.environ, "PATH": PATH}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "Anger" in done.stdout, done.stderr
