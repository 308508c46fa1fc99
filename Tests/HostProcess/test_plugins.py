"""Plugins in processes of their own, through the real command: how they are found, what is said of them, and what their ends cost."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import pytest
import soundfile

from plugin_client import EXAMPLES, needs_swift
from trial_plugin import PATH, PORTRAIT, READ, SPEECH, VOICE, VoiceRequest, ask, host, mien, plugin
from wire_client import ROOT, CallFailed, Client, M, mien_command

SAMPLES = soundfile.read(SPEECH, dtype="int16")[0]
UNAVAILABLE, FAILED_PRECONDITION, INTERNAL, DEADLINE_EXCEEDED = 14, 9, 13, 4


def children(pid):
    """Processes that descend from this one."""
    found = []
    for line in subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True).stdout.splitlines():
        child, parent, state = line.split()
        if int(parent) == pid and not state.startswith("Z"):
            found += [int(child), *children(int(child))]
    return found


def is_running(pid):
    """Neither gone nor waiting for somebody to ask how it ended, which for orphans is the system's business."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_examples_answer_like_any_other_estimator():
    with host(EXAMPLES) as client:
        listed = {one.id: one for one in client.unary("/mien.v1.Host/ListEstimators", M["mien.v1.ListEstimatorsRequest"](), "mien.v1.ListEstimatorsResponse").estimators}
        assert list(listed["loud-voices"].categories) == ["Anger"] and listed["loud-voices"].models[-1].license == "Apache-2.0"
        assert not children(client.process.pid), "nothing is started before it is needed"
        answer = ask(client, "loud-voices")
        estimate = answer.estimates[0]
        assert estimate.made_by.estimator == "loud-voices" and 0 < estimate.categories[0].intensity < 1 and estimate.categories[0].native_scale.meaning == "intensity"
        assert len(children(client.process.pid)) == 1
        face = client.unary("/mien.v1.Estimation/EstimateFace", M["mien.v1.EstimateFaceRequest"](path=str(PORTRAIT), estimator="mouth-contrast"),
                            "mien.v1.EstimateFaceResponse").estimates[0]
        assert face.attributes[0].name == "Mouth contrast" and face.attributes[0].high_end == "varied" and face.face.box.width > 50
        health = client.unary("/grpc.health.v1.Health/Check", M["grpc.health.v1.HealthCheckRequest"](service="estimator/loud-voices"), "grpc.health.v1.HealthCheckResponse")
        assert health.status == 1


def test_live_streams_and_the_command_line_reach_plugins():
    shown = mien("voice", "--plugin", EXAMPLES, "--estimator", "loud-voices", "--json", SPEECH)
    assert json.loads(shown.stdout.splitlines()[0])["madeBy"]["estimator"] == "loud-voices"
    samples = subprocess.run([sys.executable, "-c", "import soundfile, sys; s, r = soundfile.read(sys.argv[1], dtype='int16'); sys.stdout.buffer.write(s.tobytes())", str(SPEECH)],
                             capture_output=True, check=True).stdout
    done = subprocess.run([mien_command(), "listen", "--plugin", str(EXAMPLES), "--estimator", "loud-voices"], input=samples, capture_output=True, timeout=60, env={**os.environ, "PATH": PATH})
    assert done.returncode == 0 and b"Anger" in done.stdout, done.stderr


def test_the_command_lists_describes_and_checks(tmp_path):
    listed = mien("plugins", "--plugin", EXAMPLES, "--plugin", ROOT / "Tests/OnnxFaceTests/Fixtures/tiny").stdout
    assert "python-voice  1        process    loud-voices" in listed and "random-tiny" in listed and "ONNX file" in listed
    assert "speech at 16000 Hz, clips of up to 30.0 s" in mien("plugins", "info", EXAMPLES / "python-voice").stdout
    for name in ("python-voice", "python-face"):
        assert "described itself as its manifest does" in mien("plugins", "check", EXAMPLES / name).stdout
    assert "neither a folder nor the id" in mien("plugins", "info", "nobody", code=64).stderr
    broken = plugin(tmp_path / "broken", "    return Reading(categories={'Anger': float('nan')})")
    assert "is NaN" in mien("plugins", "check", broken, code=78).stdout
    other = plugin(tmp_path / "other", version="2")
    (other / "plugin.py").write_text("import json, pathlib\nfolder = pathlib.Path('copy')\nfolder.mkdir(exist_ok=True)\nmanifest = json.loads(pathlib.Path('plugin.json').read_text())\n"
                                     "manifest['version'] = '1'\n(folder / 'plugin.json').write_text(json.dumps(manifest))\n" + READ.format(body="    pass").replace("serve()", "serve(folder='copy')"))
    assert 'its version is "1", and "2" in its manifest' in mien("plugins", "check", other, code=78).stdout


@pytest.mark.parametrize("reads", ["voice", "face"])
@pytest.mark.parametrize("language", ["python", "c", pytest.param("swift", marks=needs_swift)])
def test_a_new_plugin_works_at_once(tmp_path, language, reads):
    subprocess.run([mien_command(), "plugins", "new", "my-own", "--lang", language, "--reads", reads], cwd=tmp_path, check=True, env={**os.environ, "PATH": PATH}, timeout=90)
    assert "warm after" in mien("plugins", "check", tmp_path / "my-own").stdout
    media = SPEECH if reads == "voice" else PORTRAIT
    shown = mien(reads, "--plugin", tmp_path / "my-own", "--estimator", "my-own", media).stdout
    assert media.name in shown and ("+0." in shown or "-0." in shown)


@pytest.mark.parametrize("language, tool", [("python", "python3"), ("c", "cc"), ("swift", "swift")])
def test_nothing_is_begun_without_the_tools_of_its_language(tmp_path, language, tool):
    assert f"{tool} is not in PATH" in mien("plugins", "new", "no-tool", "--lang", language, code=69, PATH=str(tmp_path)).stderr
    assert not pathlib.Path("no-tool").exists()


def test_a_library_can_have_a_process_of_its_own(tmp_path):
    """The command serves it, from a plugin around it: then its crash costs an answer, and not the host."""
    subprocess.run([mien_command(), "plugins", "new", "trial", "--lang", "c"], cwd=tmp_path, check=True, timeout=60)
    manifest = json.loads((tmp_path / "trial/plugin.json").read_text()) | dict(kind="process", entry=["mien", "plugins", "serve", "trial"])
    (tmp_path / "plugin.json").write_text(json.dumps(manifest))
    path = f"{pathlib.Path(mien_command()).parent}:{PATH}"
    assert "described itself as its manifest does" in mien("plugins", "check", tmp_path, PATH=path).stdout
    code = tmp_path / "trial/plugin.c"
    code.write_text(code.read_text().replace("double sum = 0;", "double sum = *(volatile double *)8;"))
    subprocess.run(["cc", "-std=c99", "-shared", "-fPIC", "-o", "libtrial.so", "plugin.c", "-lm"], cwd=tmp_path / "trial", check=True)
    with host(tmp_path, PATH=path) as client:
        with pytest.raises(CallFailed) as failure:
            ask(client)
        assert failure.value.info.reason == "PLUGIN_FAILED" and "signal 11" in failure.value.message
        client.unary("/mien.v1.Host/GetInfo", M["mien.v1.GetInfoRequest"](), "mien.v1.GetInfoResponse")


def test_what_cannot_be_served_says_why(tmp_path):
    for folder, word in [(plugin(tmp_path / "trial"), "not one plugin that is a library"), (tmp_path / "nowhere", "nowhere")]:
        assert word in mien("plugins", "serve", folder, code=78).stderr


def test_plugins_beside_the_models_are_always_there(tmp_path):
    (tmp_path / "plugins").mkdir()
    shutil.copytree(EXAMPLES / "python-voice", tmp_path / "plugins/python-voice")
    (tmp_path / "plugins/broken").mkdir()
    (tmp_path / "plugins/broken/plugin.json").write_text("{\n")
    done = mien("plugins", "list", MIEN_HOME=str(tmp_path))
    assert "loud-voices" in done.stdout and "broken/plugin.json: line 2" in done.stderr


def test_manifests_that_are_wrong_are_told_by_line_and_key(tmp_path):
    folder = plugin(tmp_path / "trial", limits=dict(processes=0))
    done = mien("serve", "--plugin", folder, code=78)
    assert f"{folder}/plugin.json:1: limits.processes is not a whole number from 1 to 64" in done.stderr
    shutil.rmtree(folder)
    os.chmod(plugin(folder) / "plugin.json", 0o666)
    assert "can be written by everybody" in mien("serve", "--plugin", folder, code=78).stderr


def test_a_plugin_that_is_killed_again_and_again_costs_no_answer_and_leaves_nothing(tmp_path):
    with host(plugin(tmp_path / "trial", restart=dict(attempts=1000, seconds=1)), EXAMPLES) as client:
        pid = client.process.pid

        def end_it():
            victim = next(child for child in children(pid) if pathlib.Path(f"/proc/{child}/cwd").readlink().name == "trial")
            os.kill(victim, signal.SIGKILL)
            assert len(ask(client).estimates) == 1

        ask(client), ask(client, "loud-voices")
        end_it(), end_it()  # what is made once, such as the runtime's timer, is there now
        time.sleep(1.2)
        descriptors, threads, steady = len(os.listdir(f"/proc/{pid}/fd")), len(os.listdir(f"/proc/{pid}/task")), set(children(pid))
        for _ in range(10):
            end_it()
        assert len(children(pid)) == len(steady)
        # The host's pools may have had use for another thread; each process has two.
        wait_until(lambda: len(os.listdir(f"/proc/{pid}/fd")) <= descriptors and len(os.listdir(f"/proc/{pid}/task")) <= threads + 4)
        client.close_stdin()
        client.wait_exit()
        wait_until(lambda: not any(os.path.exists(f"/proc/{child}") for child in steady))


def test_the_end_of_a_plugin_is_told_with_its_cause(tmp_path):
    with host(plugin(tmp_path / "trial", "    print('out of cheese', file=sys.stderr, flush=True)\n    os._exit(9)")) as client:
        with pytest.raises(CallFailed) as failure:
            ask(client)
        assert failure.value.code == UNAVAILABLE and failure.value.info.reason == "PLUGIN_FAILED" and "out of cheese" in failure.value.message
        facts = {fact.name: fact.value for fact in failure.value.info.facts}
        assert facts["exit_code"] == "9" and facts["plugin"] == "trial" and facts["safe_to_repeat"] == "true" and int(facts["pid"]) > 0


def test_a_plugin_that_fails_too_often_is_not_serving(tmp_path):
    with host(plugin(tmp_path / "trial", "    os._exit(9)", restart=dict(attempts=1, seconds=600))) as client:
        with pytest.raises(CallFailed):
            ask(client)
        with pytest.raises(CallFailed) as failure:
            ask(client)
        assert failure.value.info.reason == "PLUGIN_GAVE_UP"
        health = client.unary("/grpc.health.v1.Health/Check", M["grpc.health.v1.HealthCheckRequest"](service="estimator/trial"), "grpc.health.v1.HealthCheckResponse")
        assert health.status == 2
        listed = client.unary("/mien.v1.Host/ListEstimators", M["mien.v1.ListEstimatorsRequest"](), "mien.v1.ListEstimatorsResponse").estimators[-1]
        assert listed.state == 4 and "failed more than 1 times within 600 seconds" in listed.state_detail


def test_errors_of_a_plugin_are_its_own(tmp_path):
    with host(plugin(tmp_path / "trial", "    raise ValueError('no such voice')")) as client:
        for _ in range(3):
            with pytest.raises(CallFailed) as failure:
                ask(client)
            assert failure.value.code == INTERNAL and failure.value.info.reason == "PLUGIN_ERROR" and "no such voice" in failure.value.message
        assert len(children(client.process.pid)) == 1


def test_a_slow_plugin_does_not_keep_others_from_working(tmp_path):
    with host(plugin(tmp_path / "trial", "    time.sleep(30)")) as client:
        slow = [client.open(VOICE, message=VoiceRequest(path=str(SPEECH), estimator="trial").SerializeToString(), half_close=True) for _ in range(20)]
        assert len(ask(client, "voice-emotion", timeout=20).estimates) == 1
        for call in slow:
            client.cancel(call)


def test_deadlines_end_a_call_although_the_plugin_goes_on(tmp_path):
    with host(plugin(tmp_path / "trial", "    time.sleep(3)")) as client:
        with pytest.raises(CallFailed) as failure:
            ask(client, timeout=1)
        assert failure.value.code == DEADLINE_EXCEEDED


CONFINED = """
    import socket, urllib.request
    told = []
    for attempt in (lambda: socket.socket(), lambda: open(OUTSIDE, "w"), lambda: open("inside", "w").close()):
        try:
            attempt()
            told.append("done")
        except OSError as error:
            told.append(type(error).__name__)
    print(*told, file=sys.stderr, flush=True)
"""


@pytest.mark.parametrize("unconfined", [False, True])
def test_plugins_are_confined_unless_told_otherwise(tmp_path, unconfined):
    doctor = mien("doctor").stdout
    if "cannot keep" in doctor:
        pytest.skip("this system cannot confine processes")
    folder = plugin(tmp_path / "trial", CONFINED.replace("OUTSIDE", repr(str(tmp_path / "outside"))))
    words = ["--unconfined"] if unconfined else []
    told = mien("plugins", "check", folder, *words).stderr
    assert ("done done done" if unconfined else "PermissionError PermissionError done") in told
    assert (tmp_path / "outside").exists() == unconfined


def test_files_of_a_manifest_are_checked(tmp_path):
    folder = plugin(tmp_path / "trial", files=[dict(file="weights", sha256="0" * 64)])
    (folder / "weights").write_bytes(b"not these")
    with host(folder) as client:
        with pytest.raises(CallFailed) as failure:
            ask(client)
        assert failure.value.code == FAILED_PRECONDITION and failure.value.info.reason == "PLUGIN_FILE_CHANGED" and "has SHA-256" in failure.value.message


def test_the_environment_of_a_plugin_is_small(tmp_path):
    folder = plugin(tmp_path / "trial", "    print(sorted(os.environ), file=sys.stderr, flush=True)", environment=["MIEN_TEST_GIVEN"])
    told = mien("plugins", "check", folder, MIEN_TEST_GIVEN="1", MIEN_TEST_SECRET="2").stderr
    assert "MIEN_TEST_GIVEN" in told and "MIEN_PLUGIN" in told and "MIEN_TEST_SECRET" not in told


@pytest.mark.parametrize("words", [[], ["--unconfined"]])
def test_nobody_survives_a_host_that_is_killed(tmp_path, words):
    body = '    open("begun", "w").close()\n    time.sleep(60)'
    with Client("--plugin", str(plugin(tmp_path / "trial", body)), *words, environment={"PATH": PATH}) as client:
        client.open(VOICE, message=VoiceRequest(path=str(SPEECH), estimator="trial").SerializeToString(), half_close=True)
        wait_until((tmp_path / "trial/begun").exists)
        left = children(client.process.pid)
        assert left
        client.process.kill()
        wait_until(lambda: not any(map(is_running, left)))


# Live streams: a part of one long utterance, in pieces of which each ends with an estimate.

WATCH = "/mien.v1.Estimation/WatchVoice"
WatchRequest, WatchEvent = M["mien.v1.WatchVoiceRequest"], M["mien.v1.WatchVoiceEvent"]
DEADLY = """
    if os.path.exists("deadly"):
        os.remove("deadly")
        os.kill(os.getpid(), signal.SIGKILL)
"""


class Stream:
    """A live stream. Someone speaks from its first second on, and is heard every half second."""
    PIECES = [SAMPLES[:16000]] + [SAMPLES[i:i + 8000] for i in range(16000, 80000, 8000)]

    def __init__(self, client, estimator):
        self.client, self.call, self.events = client, client.open(WATCH), []
        start = dict(format=dict(samples="SAMPLE_FORMAT_S16LE", rate=16000), estimator=estimator, interval=0.5, activity=dict(minimum_silence=10))
        client.message(self.call, WatchRequest(start=start).SerializeToString())

    def push(self, piece):
        self.client.message(self.call, WatchRequest(samples=piece.tobytes()).SerializeToString())

    def read(self, kind):
        """Events up to one of this kind; all of them if there is none."""
        while (data := self.call.next()) is not None:
            self.events.append(WatchEvent.FromString(data))
            if self.events[-1].WhichOneof("kind") == kind:
                break

    def run(self, before=lambda index: None):
        """All of the stream, with something done before each piece, when nothing is being estimated; its events."""
        for index, piece in enumerate(self.PIECES):
            before(index)
            self.push(piece)
            self.read("interval")
        self.client.half_close(self.call)
        self.read(None)
        return self.events


def test_a_live_stream_goes_on_when_its_plugin_is_killed(tmp_path):
    folder = plugin(tmp_path / "trial", DEADLY, restart=dict(attempts=1000, seconds=1))
    with host(folder, EXAMPLES) as client:
        undisturbed, others = Stream(client, "trial").run(), Stream(client, "loud-voices").run()
        assert sum(event.WhichOneof("kind") == "interval" for event in undisturbed) == len(Stream.PIECES) and undisturbed[-1].WhichOneof("kind") == "utterance"
        other, victims = Stream(client, "loud-voices"), set()

        def harm(index):
            """Kills the plugin between two windows or within the next one, in turns, while another stream goes on."""
            victim = next(child for child in children(client.process.pid) if pathlib.Path(f"/proc/{child}/cwd").readlink().name == "trial")
            victims.add(victim)
            if index % 2:
                (folder / "deadly").touch()
            else:
                os.kill(victim, signal.SIGKILL)
                wait_until(lambda: not os.path.exists(f"/proc/{victim}"))
            other.push(Stream.PIECES[index])

        assert Stream(client, "trial").run(harm) == undisturbed
        assert len(victims) == len(Stream.PIECES), "each time it was another process"
        client.half_close(other.call)
        other.read(None)
        assert other.events == others


def test_a_live_stream_of_a_plugin_that_always_dies_ends_with_the_cause(tmp_path):
    with host(plugin(tmp_path / "trial", "    os.kill(os.getpid(), signal.SIGKILL)", restart=dict(attempts=3, seconds=600)), EXAMPLES) as client:
        other = Stream(client, "loud-voices")
        for reason in ("PLUGIN_FAILED", "PLUGIN_FAILED", "PLUGIN_GAVE_UP"):
            with pytest.raises(CallFailed) as failure:
                Stream(client, "trial").run()
            assert failure.value.code == UNAVAILABLE and failure.value.info.reason == reason, failure.value
        assert other.run()[-1].WhichOneof("kind") == "utterance"
