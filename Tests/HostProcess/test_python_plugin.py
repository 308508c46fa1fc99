"""Plugins in Python: the package in Clients/python answers what the host asks, whatever the author's code does, and whatever the caller does."""
import fcntl
import os
import random
import signal
import struct
import sys
import termios

import pytest

from plugin_client import EXAMPLES, ODD, PACKAGE, Plugin, readings, values, voices
from wire_client import CallFailed, Frame, M, eventually

sys.path.insert(0, str(PACKAGE))
from mien import media, wire  # noqa: E402
from mien.frames import FrameBuffer, framed  # noqa: E402
from mien.status import CallError, Code  # noqa: E402

EX_PROTOCOL = 76
WAV = [0.5, -0.5] * 800
DESCRIBE = "/mien.v1.Plugin/Describe"


@pytest.fixture(scope="module")
def shared():
    """One process for the tests that leave no trace in it."""
    with Plugin(ODD) as client:
        yield client


@pytest.fixture
def odd():
    with Plugin(ODD) as client:
        yield client


def fails(call):
    with pytest.raises(CallFailed) as failure:
        call.next()
    return failure.value


def describe(client):
    return M["mien.v1.PluginDescription"].FromString(client.unary(DESCRIBE, M["mien.v1.DescribePluginRequest"]()))


def history(client):
    return {warning.reason: warning.message.split() for warning in client.heard("history", [0])[0].warnings}


def has_begun(client, number):
    """By way of a second worker, while the first is busy."""
    return eventually(lambda: str(number) in history(client)["BEGUN"])


# The examples

def test_the_voice_example():
    with Plugin(EXAMPLES / "python-voice") as client:
        assert (client.hello.magic, client.hello.peer_name, client.hello.peer_version, client.hello.pid) == ("mien", "python-voice", "1", client.process.pid)
        description = describe(client)
        assert [one.id for one in description.estimators] == ["loud-voices"]
        assert client.unary("/mien.v1.Plugin/Warm", M["mien.v1.WarmPluginRequest"](estimator="loud-voices")) == b""
        quiet, loud = client.heard("loud-voices", [0.0625, -0.0625] * 10)[0], client.heard("loud-voices", WAV)[0]
        assert values(quiet.categories) == {"Anger": 0.625} and values(quiet.dimensions) == {"arousal": 0.25}
        assert values(loud.categories) == {"Anger": 1} and values(loud.dimensions) == {"arousal": 1}
        client.close_stdin()
        assert client.wait_exit() == 0
        assert client.stderr_text == b""


def test_the_face_example():
    with Plugin(EXAMPLES / "python-face") as client:
        even, striped = bytes([90]) * 112 * 112, bytes([0, 255] * 56) * 112
        first, second = client.seen("mouth-contrast", even, striped)
        assert values(first.attributes) == {"Mouth contrast": 0} and values(second.attributes)["Mouth contrast"] == pytest.approx(1, abs=0.01)
        assert second.attributes[0].scale.maximum == 1 and second.attributes[0].high_end == "varied"


def test_the_readme_shows_the_example():
    code = (EXAMPLES / "python-voice/plugin.py").read_text()
    assert code.replace("\n\n\n", "\n\n") in (PACKAGE / "README.md").read_text()


# What it answers

def test_describe_says_what_the_manifest_says(shared):
    description = describe(shared)
    assert (description.id, description.version) == ("odd", "3.1")
    first, second, faces = description.estimators[:3]
    assert (first.version, first.summary, first.licence, first.attribution, first.precision) == ("7", "Says all that can be said.", "MIT", "Somebody", "int8")
    assert (list(first.categories), list(first.dimensions), list(first.attributes)) == (["Anger", "Awe"], ["valence"], ["Loads", "Rms"])
    assert list(first.native_labels) == ["calm", "angry"] and first.minimum_reliability == -0.25 and first.uses_neutral and first.memory_bytes == 3_000_000
    assert (first.voice.rate, first.voice.maximum_seconds, first.batch) == (16000, 30, 1)
    assert (second.version, second.summary, second.precision) == ("3.1", "Estimators for tests.", "f32")
    assert second.WhichOneof("optional_minimum_reliability") is None
    face = faces.face
    assert (face.width, face.height, face.format, face.crop, face.margin, face.square, faces.batch) == (224, 224, 2, 1, 0.25, True, 100)


def test_a_reading_with_everything(odd):
    request = voices("everything", WAV, categories=["Awe", "Anger"], neutral=[dict(label="calm", score=2.5)])
    for _ in range(2):
        reading, = readings(odd.begin("EstimateVoices", request))
        anger, awe = reading.categories
        assert (anger.name, anger.intensity, anger.calibrated_probability, anger.native_score) == ("Anger", 0.5, 0.25, 3)
        assert (anger.native_scale.maximum, anger.native_scale.meaning, anger.above_neutral, anger.rater_reliability) == (4, "points", -1, 0.75)
        assert awe.intensity == 1 and awe.WhichOneof("optional_probability") is None and not awe.HasField("native_scale")
        assert values(reading.attributes) == {"Loads": 1, "Rms": 0.5} and reading.attributes[1].above_neutral == 0.125
        assert [(one.label, one.score) for one in reading.native_scores] == [("calm", 2.5), ("angry", pytest.approx(0.1))]
        assert (list(reading.prediction_set.labels), reading.prediction_set.coverage) == (["angry"], pytest.approx(0.9))
        assert [(one.reason, one.message) for one in reading.warnings] == [("CATEGORIES", "Anger,Awe")]


def test_a_hundred_faces_in_many_chunks(shared):
    # 15 MB: far above the call's window, so that it needs credit as it grows.
    size = 224 * 224 * 3
    found = shared.seen("faces", *(bytes([number]) * size for number in range(100)))
    assert [values(one.attributes) for one in found] == [{"First": number, "Mean": number} for number in range(100)]


def test_many_calls_at_once(shared):
    calls = [shared.hear("in-order", [number] * (number + 1)) for number in range(300)]
    for number, call in enumerate(calls):
        assert [one.score for one in readings(call)[0].native_scores] == [number, number + 1]


@pytest.mark.parametrize("limits", [{}, dict(max_frame_bytes=65536, call_window_bytes=40000, connection_window_bytes=50000)])
def test_large_answers_stay_within_credit_and_frames(limits):
    with Plugin(ODD, limits=limits) as client:
        calls = [client.hear("large", [500_000 + number]) for number in range(20)]
        small = client.hear("large", [1])
        for number, call in enumerate(calls):
            assert len(readings(call)[0].warnings[0].message) == 500_000 + number
        assert len(readings(small)[0].warnings[0].message) == 1
        assert client.largest_frame <= 65536 + 64
        assert client.frames_read["message"] >= 20 * 500_000 / 65536


def test_an_answer_above_the_callers_limit_is_refused():
    with Plugin(ODD, limits=dict(max_message_bytes=100_000)) as client:
        error = fails(client.hear("large", [200_000]))
        assert (error.code, error.info.reason) == (8, "MESSAGE_TOO_LARGE")


def test_calls_wait_for_credit_and_others_pass():
    with Plugin(ODD, limits=dict(call_window_bytes=70_000)) as client:
        client._give_credit = lambda call, count: None
        stuck = client.hear("large", [300_000])
        assert eventually(lambda: client.frames_read["message"] == 2)
        assert len(client.heard("large", [10])[0].warnings) == 1
        client.cancel(stuck)
        assert fails(stuck).code == 1


# Requests that cannot be answered

@pytest.mark.parametrize("request_, code, reason, field", [
    (voices("nobody", WAV), 5, "ESTIMATOR_UNKNOWN", "estimator"),
    (voices("faces", WAV), 3, "ESTIMATOR_MODALITY", "estimator"),
    (voices("large"), 3, "FIELD_OUT_OF_RANGE", "clips"),
    (voices("large", [1], [2]), 3, "FIELD_OUT_OF_RANGE", "clips"),
    (voices("wrong", [1], []), 3, "FIELD_OUT_OF_RANGE", "clips[1]"),
    (voices("large", [0] * 160_002), 3, "FIELD_OUT_OF_RANGE", "clips[0]"),
    (M["mien.v1.PluginVoicesRequest"](estimator="large", clips=[b"abc"]), 3, "FIELD_OUT_OF_RANGE", "clips[0]"),
])
def test_requests_about_voices_are_checked(shared, request_, code, reason, field):
    error = fails(shared.begin("EstimateVoices", request_))
    assert (error.code, error.info.reason, error.info.field) == (code, reason, field)


def test_requests_about_faces_are_checked(shared):
    for request, reason in ((dict(estimator="large", faces=[b"x"]), "ESTIMATOR_MODALITY"), (dict(estimator="faces", faces=[b"x"]), "FIELD_OUT_OF_RANGE"),
                            (dict(estimator="faces"), "FIELD_OUT_OF_RANGE")):
        assert fails(shared.begin("EstimateFaces", M["mien.v1.PluginFacesRequest"](**request))).info.reason == reason


@pytest.mark.parametrize("method, data, code, reason", [
    ("/mien.v1.Plugin/Nothing", b"", 12, "METHOD_UNKNOWN"), ("/mien.v9.Other/At", b"", 12, "SERVICE_UNKNOWN"), ("no-slash", b"", 3, "METHOD_PATH_MALFORMED"),
    ("", b"", 3, "METHOD_PATH_MALFORMED"), ("/mien.v1.Plugin/EstimateVoices", b"\x0a\xff", 3, "MESSAGE_MALFORMED"),
])
def test_unknown_methods_and_undecodable_requests(shared, method, data, code, reason):
    error = fails(shared.open(method, message=data, half_close=True))
    assert (error.code, error.info.reason) == (code, reason)


def test_wrong_number_of_messages(shared):
    none = shared.open(DESCRIBE)
    shared.half_close(none)
    assert fails(none).info.reason == "MESSAGE_COUNT"
    two = shared.open(DESCRIBE)
    shared.message(two, b"")
    shared.message(two, b"")
    assert fails(two).info.reason == "MESSAGE_COUNT"


@pytest.mark.parametrize("metadata, reason", [
    ([("large", "x" * 9000)], "METADATA_TOO_LARGE"), ([("Large", "")], "METADATA_NAME"), ([("mien-x", "")], "METADATA_RESERVED"),
])
def test_metadata_is_checked(shared, metadata, reason):
    assert fails(shared.open(DESCRIBE, metadata=metadata, message=b"", half_close=True)).info.reason == reason


def test_bounds_of_a_call_end_that_call_alone(shared):
    many = shared.open(DESCRIBE)
    shared.send(Frame(call=many.number, message=dict(data=bytes((1 << 20) + 1), continues=True)))
    assert fails(many).info.reason == "CREDIT_EXCEEDED"
    calls = [shared.open(DESCRIBE) for _ in range(65)]
    for call in calls:
        shared.send(Frame(call=call.number, message=dict(data=b"", continues=True)))
    assert fails(calls[-1]).info.reason == "TOO_MANY_UNFINISHED_MESSAGES"
    for call in calls[:-1]:
        shared.cancel(call)
        assert fails(call).code == 1
    assert describe(shared).id == "odd"


def test_too_large_a_message_and_too_many_calls(shared):
    large = shared.open(DESCRIBE)
    shared.message(large, bytes((64 << 20) + 1))
    assert fails(large).info.reason == "MESSAGE_TOO_LARGE"
    calls = [shared.open(DESCRIBE) for _ in range(1025)]
    assert fails(calls[-1]).info.reason == "TOO_MANY_CALLS"
    for call in calls[:-1]:
        shared.half_close(call)
        assert fails(call).info.reason == "MESSAGE_COUNT"
    assert describe(shared).id == "odd"


def test_chunks_and_half_close_in_the_first_frame(shared):
    data = voices("in-order", [7, 8]).SerializeToString()
    call = shared.open("/mien.v1.Plugin/EstimateVoices")
    shared.next_number += 2
    call.number += 2
    shared.calls[call.number] = call
    shared.send(Frame(call=call.number, open=dict(method="/mien.v1.Plugin/EstimateVoices", message=data[:5], continues=True, half_close=True)))
    shared.send(Frame(call=call.number, message=dict(data=data[5:])))
    assert readings(call)[0].native_scores[0].score == 7


# The end of calls

def test_a_call_cancelled_while_it_waits_is_never_begun(odd):
    running, waiting = odd.hear("waiting", [1]), odd.hear("waiting", [2])
    odd.cancel(waiting)
    assert fails(waiting).code == 1
    odd.cancel(running)
    assert fails(running).code == 1
    assert "2" not in history(odd)["BEGUN"]


def test_a_running_call_hears_of_its_cancellation():
    with Plugin(ODD, environment={"ODD_WORKERS": "2"}) as client:
        call = client.hear("waiting", [1])
        assert has_begun(client, 1)
        client.cancel(call)
        error = fails(call)
        assert error.code == 1 and "the test says so" in error.message
        assert eventually(lambda: history(client)["SEEN"] == ["Cancelled"])
        client.cancel(call)  # late, and ignored
        assert describe(client).id == "odd"


def test_deadlines_of_running_and_waiting_calls(odd):
    running, waiting = odd.hear("waiting", [1], timeout=0.6), odd.hear("waiting", [2], timeout=0.1)
    assert fails(waiting).code == 4 and fails(running).code == 4
    assert fails(odd.hear("waiting", [3], timeout=0)).code == 4
    assert history(odd) == {"BEGUN": ["1"], "SEEN": ["Cancelled"]}


def test_pings_are_answered_while_an_author_computes():
    with Plugin(ODD, environment={"ODD_WORKERS": "2"}) as client:
        call = client.hear("computing", [1])
        assert has_begun(client, 1)
        for token in range(20):
            assert client.ping(token, timeout=5) == token
        client.cancel(call)
        assert fails(call).code == 1


# What an author's code does

def test_print_does_not_reach_the_stream(odd):
    odd.heard("printing", [1])
    assert describe(odd).id == "odd"
    assert eventually(lambda: all(word in odd.stderr_text for word in (b"said by print", b"said by a library", b"said by a child")))


def test_helper_processes_neither_serve_nor_reach_the_stream(odd):
    assert odd.heard("helping", [21])[0].warnings[0].message == "42.0"
    assert eventually(lambda: b"said by a helper" in odd.stderr_text)
    assert b"\0" not in odd.stderr_text  # as a frame would have
    odd.close_stdin()
    assert odd.wait_exit() == 0


def test_exceptions_are_answered_and_traced(odd):
    error = fails(odd.hear("wrong", [1]))
    assert (error.code, error.message, error.info.reason) == (13, "wrong: ZeroDivisionError: division by zero", "ESTIMATOR_FAILED")
    assert eventually(lambda: b"Traceback" in odd.stderr_text and b"1 / 0" in odd.stderr_text)
    assert fails(odd.hear("wrong", [2])).message == "wrong: SystemExit: enough"
    assert fails(odd.hear("wrong", [17])).message == "wrong: Unprintable"
    error = fails(odd.hear("unloadable", [1]))
    assert (error.message, error.info.reason) == ("unloadable: loading failed: OSError: no weights", "ESTIMATOR_LOAD_FAILED")
    assert fails(odd.begin("Warm", M["mien.v1.WarmPluginRequest"](estimator="unloadable"))).info.reason == "ESTIMATOR_LOAD_FAILED"
    assert describe(odd).id == "odd"


@pytest.mark.parametrize("number, field, words", [
    (3, "", "dict where a Reading"), (4, "categories.Anger", "NaN"), (5, "categories.Anger", "1.5, outside 0..1"), (6, "categories.Rage", "Anger"),
    (7, "dimensions.valence", "-1.5, outside -1..1"), (8, "native_scores", "'angry'"), (9, "native_scores", "3 scores"), (10, "native_scores.bored", "calm, angry"),
    (11, "categories.Anger", "'0.5', which is no number"), (12, "categories.Anger.native_score", "native_scale"), (13, "attributes.Rms", "inf"),
    (14, "prediction_set.labels", "'furious'"), (15, "warnings.not so", "UPPER_SNAKE_CASE"), (16, "categories", "list where a dict"),
    (18, "dimensions.valence", "True, which is no number"),
])
def test_what_must_not_be_said(shared, number, field, words):
    error = fails(shared.hear("wrong", [number]))
    place = "readings[0]" + (f".{field}" if field else "")
    assert (error.code, error.info.reason, error.info.field) == (13, "READING_INVALID", place)
    assert error.message.startswith(f"wrong: {place} ") and words in error.message


def test_wrong_counts(shared):
    assert "returned 3 readings for 2 inputs" in fails(shared.hear("wrong-count", [1], [2])).message
    assert "returned a list_iterator where a list" in fails(shared.hear("wrong-count", [1], [2], [3])).message


# The connection

@pytest.mark.parametrize("frames, word", [
    ([dict(call=9, message=dict(data=b"x"))], "never opened"),
    ([dict(call=1, open=dict(method=DESCRIBE)), dict(call=1, status=dict(code=0))], "status"),
    ([dict(call=2, open=dict(method=DESCRIBE))], "odd"),
    ([dict(call=0, open=dict(method=DESCRIBE))], "0"),
    ([dict(call=9, open=dict(method=DESCRIBE)), dict(call=7, open=dict(method=DESCRIBE))], "7"),
    ([dict(call=1, open=dict(method=DESCRIBE)), dict(call=1, open=dict(method=DESCRIBE))], "twice"),
    ([dict(hello=dict(magic="mien", min_major=1, max_major=1))], "second hello"),
    ([dict(credit=dict(bytes=(1 << 64) - 1))], "credit"),
    ([dict(call=1, open=dict(method="/mien.v1.Plugin/EstimateVoices", message=voices("waiting", [1]).SerializeToString(), half_close=True)),
      dict(call=1, message=dict(data=b"x"))], "after its half-close"),
    ([dict(call=1, open=dict(method=DESCRIBE, continues=True))], "without its beginning"),
    ([dict(call=3, ping=dict(token=1))], "about the connection"),
    (b"printf debugging was here\n", "printf debugging"),
    (struct.pack(">I", (2 << 20) + 1), str((2 << 20) + 1)),
    (b"\x00\x00\x00\x03\xff\xff\xff", "cannot be decoded"),
    (struct.pack(">I", 1000) + b"only this", "inside a frame, after 9 of 1000"),
    (b"\x00\x00", "after 2 of 4 bytes"),
])
def test_violations_end_the_connection(frames, word):
    with Plugin(ODD, handshake=False) as client:
        client.send_hello()
        if isinstance(frames, bytes):
            client.send_bytes(frames)
        else:
            for frame in frames:
                client.send(Frame(**frame))
        client.close_stdin()
        assert client.wait_exit() == EX_PROTOCOL
        client.reader.join(5)
        assert client.go_away and word in client.go_away.reason
        assert eventually(lambda: word in client.stderr_text.decode())


def test_requests_beyond_the_connections_credit_are_a_violation(odd):
    odd.hear("waiting", [1])
    for number in range(17):  # they are held while the only worker is busy
        odd.send(Frame(call=101 + 2 * number, open=dict(method=DESCRIBE, message=bytes(1 << 20), half_close=True)))
    assert odd.wait_exit() == EX_PROTOCOL
    odd.reader.join(5)
    assert "connection's credit" in odd.go_away.reason


def test_open_calls_are_ended_before_a_violation_closes(odd):
    call = odd.hear("waiting", [1])
    odd.send_bytes(b"garbage")
    error = fails(call)
    assert (error.code, error.info.reason) == (14, "PROTOCOL_VIOLATION")
    assert odd.wait_exit() == EX_PROTOCOL


@pytest.mark.parametrize("hello, word", [
    (dict(magic="nein", min_major=1, max_major=1), "nein"), (dict(magic="mien", min_major=2, max_major=9), "2-9"),
    (dict(magic="mien", min_major=3, max_major=2), "3-2"), (dict(magic="mien", min_major=1, max_major=1, limits=dict(max_frame_bytes=1000)), "1000"),
    (None, "not a hello"),
])
def test_wrong_hello(hello, word):
    code, frames = answer_in_this_process(framed(Frame(hello=hello) if hello else Frame(ping=dict(token=1))))
    assert code == EX_PROTOCOL
    assert [frame.WhichOneof("kind") for frame in frames] == ["hello", "go_away"] and word in frames[1].go_away.reason


def answer_in_this_process(data):
    """The exit code of a connection over pipes whose caller sends this and closes, and the frames that it gets. Data must fit into a pipe."""
    (source, caller_out), (caller_in, sink) = os.pipe(), os.pipe()
    os.write(caller_out, data)
    os.close(caller_out)
    connection = wire.Connection(source, sink, {"/s/Echo": lambda request, context: request}, "test", "1")
    code = connection.run()
    os.close(source)
    os.close(sink)
    buffer, frames = FrameBuffer(1 << 20), []
    with os.fdopen(caller_in, "rb") as file:
        buffer.feed(file.read())
    while (content := buffer.next()) is not None:
        frames.append(Frame.FromString(content))
    return code, frames


def test_random_frames_never_crash_it():
    dice = random.Random(7)
    kinds = [dict(open=dict(method="/s/Echo", message=b"x", half_close=True)), dict(open=dict(method="/s/Echo", message=b"x", continues=True)),
             dict(message=dict(data=b"y")), dict(half_close={}), dict(cancel={}), dict(credit=dict(bytes=9)), dict(ping=dict(token=1)), dict(go_away={}), {}]
    codes = set()
    for _ in range(300):
        frames = [Frame(hello=dict(magic="mien", min_major=1, max_major=1))]
        frames += [Frame(call=dice.randrange(12), **dice.choice(kinds)) for _ in range(dice.randrange(1, 20))]
        data = b"".join(framed(frame) for frame in frames)
        if dice.random() < 0.3:
            data += struct.pack(">I", 30) + dice.randbytes(30)
        code, answers = answer_in_this_process(data)
        codes.add(code)
        ended = [answer.call for answer in answers if answer.WhichOneof("kind") == "status"]
        assert len(ended) == len(set(ended)), data
    assert codes == {0, EX_PROTOCOL}


def test_what_is_new_or_late_is_ignored(odd):
    odd.send_bytes(b"\x00\x00\x00\x08\x08\x00\xfa\x7f\x03abc")  # call 0, field 2047: a kind from the future
    odd.send_bytes(b"\x00\x00\x00\x00")
    call = odd.open(DESCRIBE, message=b"", half_close=True)
    call.next()
    for frame in (dict(message=dict(data=b"late")), dict(half_close=dict()), dict(cancel=dict()), dict(credit=dict(bytes=5))):
        odd.send(Frame(call=call.number, **frame))
    odd.send(Frame(go_away=dict(reason="soon")))
    assert odd.ping(5) == 5


def test_a_newer_caller_is_understood():
    newer = Frame(hello=dict(magic="mien", min_major=1, max_major=7, features=["telepathy"]))
    code, frames = answer_in_this_process(framed(newer) + framed(Frame(ping=dict(token=3))))
    assert code == 0 and frames[1].pong.token == 3


def test_the_end_of_stdin_ends_the_process(odd):
    odd.close_stdin()
    assert odd.wait_exit() == 0
    assert odd.stderr_text == b""


def test_the_end_of_stdin_does_not_wait_long_for_an_author():
    with Plugin(ODD, environment={"ODD_WORKERS": "2"}) as client:
        running = client.hear("computing", [1])
        assert has_begun(client, 1)
        client.close_stdin()
        assert client.wait_exit() == 0
        client.reader.join(5)
        assert fails(running).code == 1


def test_a_running_call_is_answered_after_the_end_of_stdin(odd):
    call = odd.hear("printing", [1])
    assert odd.ping() == 7
    assert eventually(lambda: b"said by print" in odd.stderr_text)
    odd.close_stdin()
    assert len(readings(call)) == 1
    assert odd.wait_exit() == 0


def test_whole_requests_that_wait_for_a_worker_are_answered_after_the_end_of_stdin(odd):
    first, second, half = odd.hear("printing", [1]), odd.hear("in-order", [7]), odd.open(DESCRIBE)
    odd.close_stdin()
    assert len(readings(first)) == 1 and readings(second)[0].native_scores[0].score == 7
    assert fails(half).code == 1 and odd.wait_exit() == 0


def test_termination_lets_calls_finish(odd):
    call = odd.hear("waiting", [1])
    assert odd.ping() == 7
    odd.process.send_signal(signal.SIGINT)  # ignored
    odd.process.send_signal(signal.SIGTERM)
    assert eventually(lambda: odd.go_away)
    late = fails(odd.hear("history", [1]))
    assert (late.code, late.info.reason) == (14, "DRAINING")
    odd.cancel(call)
    assert fails(call).code == 1
    assert odd.wait_exit() == 0


def test_a_caller_that_stops_reading_is_no_longer_read(odd):
    odd.reading.clear()
    calls = [odd.hear("large", [60_000]) for _ in range(150)]
    ping = Frame(ping=dict(token=1)).SerializeToString()
    pings = (struct.pack(">I", len(ping)) + ping) * 1000

    def is_pipe_full():
        odd.send_bytes(pings)
        return struct.unpack("i", fcntl.ioctl(odd.process.stdin, termios.FIONREAD, bytes(4)))[0] > 60_000

    assert eventually(is_pipe_full)
    odd.reading.set()
    for call in calls:
        assert len(readings(call)) == 1


def test_a_caller_that_has_gone_ends_the_process():
    with Plugin(ODD) as client:
        client.reading.clear()
        client.send(Frame(ping=dict(token=1)))
        for _ in range(150):
            client.hear("large", [60_000])
        client.process.stdout.close()
        assert client.wait_exit() == 0


# Inputs in memory

@pytest.mark.parametrize("spans, words", [
    ([(0, 257)], "mapped[0] has 257 bytes from 0 on, of 256 in all"), ([(0, 4), (2 ** 64 - 1, 2)], "mapped[1] has 2 bytes"), ([(257, 0)], "mapped[0] has 0 bytes from 257"),
    ([(0, 2 ** 64 - 1)], "mapped[0]"),
])
def test_spans_outside_of_the_memory_are_refused(monkeypatch, spans, words):
    monkeypatch.setattr(media, "_memory", memoryview(bytes(range(256))))
    request = M["mien.v1.PluginVoicesRequest"](mapped=[dict(offset=offset, size=size) for offset, size in spans])
    with pytest.raises(CallError) as failure:
        media.inputs(request, "clips")
    assert words in failure.value.message and failure.value.code == Code.INVALID_ARGUMENT
    request = M["mien.v1.PluginVoicesRequest"](mapped=[dict(offset=64, size=3), dict(offset=256)])
    assert [bytes(one) for one in media.inputs(request, "clips")] == [b"@AB", b""]
    request.clips.append(b"abcd")
    with pytest.raises(CallError, match="both"):
        media.inputs(request, "clips")


@pytest.mark.parametrize("value", [None, "3", "7"])
def test_without_memory_inputs_come_with_the_questions(value):
    """Whatever the environment says: descriptor 3 is none here."""
    with Plugin(EXAMPLES / "python-voice", environment={} if value is None else {"MIEN_MEDIA": value}) as client:
        assert not describe(client).mapped_media and len(client.heard("loud-voices", WAV)) == 1
        request = M["mien.v1.PluginVoicesRequest"](estimator="loud-voices", mapped=[dict(offset=0, size=4)])
        assert fails(client.begin("EstimateVoices", request)).info.reason == "MEDIA_NOT_MAPPED"
