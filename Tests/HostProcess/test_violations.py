"""What the host does with bytes that no honest client sends: a clear error, and a clean end or a connection that lives on."""
import random
import struct

import pytest

from wire_client import CallFailed, Client, Frame, M

ECHO = "/mien.v1.Diagnostics/Echo"
EX_PROTOCOL = 76


def framed(data):
    return struct.pack(">I", len(data)) + data


def ends_with_violation(host, *words):
    """The host explains itself on stderr and in a GoAway, and exits with EX_PROTOCOL."""
    assert host.wait_exit() == EX_PROTOCOL
    host.reader.join(5)
    text = host.stderr_text.decode(errors="replace")
    for word in words:
        assert word.lower() in text.lower(), text


@pytest.mark.parametrize("noise, word", [
    (b"Hello, world! This is no frame.\n", "Hello, world!"),
    (b"\xff\xff\xff\xff", "instead of a frame"),
    (struct.pack(">I", 128 << 20), str(128 << 20)),
    (framed(b"\xff\xff\xff"), "Frame"),
    (framed(b""), "hello"),
])
def test_noise_before_hello(noise, word):
    with Client(handshake=False) as host:
        host.send_bytes(noise)
        host.close_stdin()
        ends_with_violation(host, word)


def test_half_a_frame_and_the_end():
    with Client() as host:
        host.send_bytes(struct.pack(">I", 1000) + b"only this")
        host.close_stdin()
        ends_with_violation(host, "frame")


def test_a_frame_over_the_announced_limit():
    with Client() as host:
        host.send_bytes(struct.pack(">I", (16 << 20) + 1))
        ends_with_violation(host, str((16 << 20) + 1))


def test_noise_after_hello():
    with Client() as host:
        host.send_bytes(b"printf debugging was here\n")
        ends_with_violation(host, "printf debugging")


@pytest.mark.parametrize("magic, low, high, word", [("nein", 1, 1, "nein"), ("mien", 2, 9, "2"), ("mien", 0, 0, "0"), ("mien", 3, 2, "3")])
def test_wrong_hello(magic, low, high, word):
    with Client(handshake=False) as host:
        frame = Frame()
        frame.hello.magic, frame.hello.min_major, frame.hello.max_major = magic, low, high
        host.send(frame)
        ends_with_violation(host, word)


def frame_for(call, **kind):
    return Frame(call=call, **{name: value for name, value in kind.items()})


@pytest.mark.parametrize("name, frames, word", [
    ("message for a call never opened", [dict(call=9, message=dict(data=b"x"))], "9"),
    ("status from a caller", [dict(call=1, open=dict(method=ECHO)), dict(call=1, status=dict(code=0))], "status"),
    ("even call number", [dict(call=2, open=dict(method=ECHO))], "2"),
    ("call number 0", [dict(call=0, open=dict(method=ECHO))], "0"),
    ("number used twice", [dict(call=1, open=dict(method="/mien.v1.Diagnostics/Collect")), dict(call=1, open=dict(method=ECHO))], "1"),
    ("number that falls", [dict(call=9, open=dict(method=ECHO)), dict(call=7, open=dict(method=ECHO))], "7"),
    ("second hello", [dict(hello=dict(magic="mien", min_major=1, max_major=1))], "hello"),
    ("credit beyond all bounds", [dict(credit=dict(bytes=(1 << 64) - 1)), dict(credit=dict(bytes=(1 << 64) - 1))], "credit"),
])
def test_frames_out_of_turn(name, frames, word):
    with Client() as host:
        for frame in frames:
            host.send(Frame(**frame))
        ends_with_violation(host, word)


def test_more_payload_than_the_calls_credit_ends_the_call(host):
    window = host.hello.limits.call_window_bytes
    call = host.open("/mien.v1.Diagnostics/EchoStream")
    host.send(Frame(call=call.number, message=dict(data=bytes(window + 1), continues=True)))
    with pytest.raises(CallFailed) as failure:
        call.next()
    assert failure.value.code == 13 and failure.value.info.reason == "CREDIT_EXCEEDED"
    assert host.unary(ECHO, M["mien.v1.EchoRequest"](payload=b"ok"), "mien.v1.EchoResponse").payload == b"ok"


def test_unknown_kinds_and_fields_are_ignored():
    with Client() as host:
        host.send_bytes(framed(b"\x08\x00" + b"\xfa\x7f\x03abc"))  # call 0, field 2047: a kind from the future
        host.send_bytes(framed(Frame(ping=dict(token=5)).SerializeToString() + b"\xfa\x7f\x03abc"))
        assert host.pongs.get(timeout=10) == 5
        assert host.unary(ECHO, M["mien.v1.EchoRequest"](payload=b"ok"), "mien.v1.EchoResponse").payload == b"ok"


def test_random_frames_never_crash_the_host():
    dice = random.Random(7)
    for _ in range(25):
        with Client() as host:
            for _ in range(dice.randrange(1, 30)):
                host.send_bytes(framed(dice.randbytes(dice.randrange(40))))
            host.close_stdin()
            assert host.wait_exit() in (0, EX_PROTOCOL)


@pytest.mark.parametrize("method, code, words", [
    ("/mien.v1.Estimation/NoSuchMethod", 12, ["NoSuchMethod", "mien.v1.Estimation"]),
    ("/mien.v9.Nothing/At", 12, ["mien.v9.Nothing"]),
    ("no-slash", 3, ["no-slash"]),
    ("", 3, ["method"]),
])
def test_unknown_methods(host, method, code, words):
    call = host.open(method, message=b"", half_close=True)
    with pytest.raises(CallFailed) as failure:
        call.next()
    assert failure.value.code == code
    for word in words:
        assert word in failure.value.message


def test_undecodable_request_is_invalid_argument(host):
    call = host.open(ECHO, message=b"\x0a\xff", half_close=True)
    with pytest.raises(CallFailed) as failure:
        call.next()
    assert failure.value.code == 3 and "EchoRequest" in failure.value.message


def test_wrong_number_of_messages(host):
    empty = host.open(ECHO)
    host.half_close(empty)
    with pytest.raises(CallFailed) as failure:
        empty.next()
    assert failure.value.code in (3, 12, 13) and "message" in failure.value.message
    two = host.open(ECHO)
    host.message(two, b"")
    host.message(two, b"")
    host.half_close(two)
    with pytest.raises(CallFailed) as failure:
        two.next()
    assert failure.value.code in (3, 12, 13) and "message" in failure.value.message


def test_metadata_over_8_kib_is_refused(host):
    call = host.open(ECHO, metadata=[("large", "x" * 9000)], message=b"", half_close=True)
    with pytest.raises(CallFailed) as failure:
        call.next()
    assert failure.value.code == 8 and "metadata" in failure.value.message
