"""The four call shapes, multiplexing, deadlines, cancellation and flow control against the real host."""
import os
import random
import threading
import time

import pytest

from wire_client import CHUNK, CallFailed, Client, Frame, M, eventually

ECHO, COLLECT = "/mien.v1.Diagnostics/Echo", "/mien.v1.Diagnostics/Collect"
EXPAND, ECHO_STREAM = "/mien.v1.Diagnostics/Expand", "/mien.v1.Diagnostics/EchoStream"
CANCELLED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED = 1, 4, 8
EchoRequest, ExpandRequest = M["mien.v1.EchoRequest"], M["mien.v1.ExpandRequest"]


def echo(host, payload=b"", timeout=None, **fields):
    return host.unary(ECHO, EchoRequest(payload=payload, **fields), "mien.v1.EchoResponse", timeout).payload


def test_empty_and_large_unary(host):
    assert echo(host) == b""
    for size in (1, CHUNK - 1, CHUNK, CHUNK + 1, 1_000_000, 5_000_000):
        payload = random.Random(size).randbytes(size)
        assert echo(host, payload) == payload


def test_client_streaming(host):
    call = host.open(COLLECT)
    sizes = [0, 1, CHUNK, 3 * CHUNK + 5, 17]
    for size in sizes:
        host.message(call, EchoRequest(payload=bytes(size)).SerializeToString())
    host.half_close(call)
    answer = M["mien.v1.CollectResponse"].FromString(call.next())
    assert (answer.messages, answer.bytes) == (len(sizes), sum(sizes))


def test_empty_stream_is_answered(host):
    call = host.open(COLLECT)
    host.half_close(call)
    assert M["mien.v1.CollectResponse"].FromString(call.next()).messages == 0


def test_server_streaming(host):
    call = host.open(EXPAND, message=ExpandRequest(count=200, bytes=100_000).SerializeToString(), half_close=True)
    for _ in range(200):
        assert len(M["mien.v1.EchoResponse"].FromString(call.next()).payload) == 100_000
    assert call.next() is None


def test_ping_pong(host):
    call = host.open(ECHO_STREAM)
    for size in (1, 31415, 9, 2653, 58979, 0):
        payload = bytes([size % 251]) * size
        host.message(call, EchoRequest(payload=payload).SerializeToString())
        assert M["mien.v1.EchoResponse"].FromString(call.next()).payload == payload
    host.half_close(call)
    assert call.next() is None


def test_status_code_and_unicode_message(host):
    text = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
    with pytest.raises(CallFailed) as failure:
        echo(host, status_code=2, status_message=text)
    assert (failure.value.code, failure.value.message) == (2, text)


def test_deadline_on_a_sleeping_method(host):
    start = time.monotonic()
    with pytest.raises(CallFailed) as failure:
        echo(host, timeout=0.05, delay_ms=20_000)
    assert failure.value.code == DEADLINE_EXCEEDED
    assert time.monotonic() - start < 10
    with pytest.raises(CallFailed) as failure:
        echo(host, timeout=0)
    assert failure.value.code == DEADLINE_EXCEEDED


def test_cancel_after_begin_and_after_first_answer(host):
    call = host.open(COLLECT)
    host.cancel(call)
    with pytest.raises(CallFailed) as failure:
        call.next()
    assert failure.value.code == CANCELLED
    call = host.open(ECHO_STREAM)
    host.message(call, EchoRequest(payload=b"x").SerializeToString())
    call.next()
    host.cancel(call)
    with pytest.raises(CallFailed) as failure:
        call.next()
    assert failure.value.code == CANCELLED
    # Frames that crossed the end on their way are dropped without a word.
    host.send(Frame(call=call.number, message=M["mien.v1.Message"](data=b"late")))
    host.cancel(call)
    assert echo(host, b"still there") == b"still there"


def test_a_thousand_multiplexed_calls_of_mixed_size_with_cancellations_and_deadlines(host):
    """Every call ends exactly once, with its own answer or the status that was asked for."""
    dice = random.Random(20261123)
    plans, calls, ends = [], [], {}
    window = threading.Semaphore(200)

    def finish(call, plan):
        kind, payload = plan
        try:
            data, code = M["mien.v1.EchoResponse"].FromString(call.next(60)).payload, 0
            assert call.next() is None
        except CallFailed as failure:
            data, code = None, failure.code
        ends[call.number] = (kind, data == payload, code)
        window.release()

    threads = []
    for index in range(1000):
        window.acquire()
        size = dice.choice([0, 1, 10, 1000, 1024, 20_000, CHUNK, 200_000, 600_000]) if index % 3 else dice.randrange(3000)
        kind = dice.choice(["plain"] * 6 + ["cancel", "late cancel", "deadline", "failure"])
        request = EchoRequest(payload=dice.randbytes(size))
        timeout = None
        if kind in ("cancel", "deadline"):
            request.delay_ms = 30_000
        if kind == "deadline":
            timeout = dice.uniform(0, 0.2)
        if kind == "failure":
            request.status_code = 9
        call = host.open(ECHO, timeout, message=request.SerializeToString(), half_close=True)
        if "cancel" in kind:
            host.cancel(call)
        thread = threading.Thread(target=finish, args=(call, (kind, request.payload)), daemon=True)
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join(60)
    assert len(ends) == 1000 and not host.calls
    for kind, right, code in ends.values():
        allowed = {"plain": [(True, 0)], "cancel": [(False, CANCELLED)], "late cancel": [(True, 0), (False, CANCELLED)],
                   "deadline": [(False, DEADLINE_EXCEEDED)], "failure": [(False, 9)]}[kind]
        assert (right, code) in allowed, kind
    assert eventually(lambda: host.unary("/mien.v1.Host/GetInfo", M["mien.v1.GetInfoRequest"](), "mien.v1.GetInfoResponse").open_calls <= 1)


def test_small_calls_are_not_held_up_by_a_30_mb_message(host):
    """While 30 MB go in and out in chunks, small calls finish all along: the order of ends is checked, not the clock."""
    large = EchoRequest(payload=os.urandom(30_000_000))
    ended = []
    result = {}

    def send_large():
        call = host.open(ECHO_STREAM)
        host.message(call, large.SerializeToString())
        host.half_close(call)
        result["payload"] = M["mien.v1.EchoResponse"].FromString(call.next(120)).payload
        ended.append("large")

    thread = threading.Thread(target=send_large, daemon=True)
    thread.start()
    small = 0
    while thread.is_alive():
        assert echo(host, b"small") == b"small"
        small += 1
    ended.append("end")
    assert result["payload"] == large.payload
    assert small >= 20, f"only {small} small calls while the large one ran"


def test_a_message_over_the_limit_is_refused_and_the_connection_lives(host):
    call = host.open(ECHO)
    limit = host.hello.limits.max_message_bytes
    assert limit == 64 << 20
    host.message(call, bytes(limit + 1))
    with pytest.raises(CallFailed) as failure:
        call.next(60)
    assert failure.value.code == RESOURCE_EXHAUSTED and str(limit) in failure.value.message
    assert echo(host, b"alive") == b"alive"


def test_more_calls_than_allowed_are_refused_one_by_one(host):
    limit = host.hello.limits.max_open_calls
    calls = [host.open(COLLECT) for _ in range(limit + 5)]
    refused = 0
    for call in calls[limit:]:
        with pytest.raises(CallFailed) as failure:
            call.next()
        assert failure.value.code == RESOURCE_EXHAUSTED and str(limit) in failure.value.message
        refused += 1
    assert refused == 5
    for call in calls[:limit]:
        host.half_close(call)
    for call in calls[:limit]:
        call.next()
    assert echo(host, b"room again") == b"room again"


def test_a_client_that_stops_reading_does_not_make_the_host_grow():
    with Client() as host:
        echo(host, bytes(100_000))
        before = host.resident_bytes()
        host.reading.clear()
        calls = [host.open(EXPAND, message=ExpandRequest(count=10_000, bytes=100_000).SerializeToString(), half_close=True) for _ in range(50)]
        # Small unary calls as well, whose answers need no credit: far more than fit in any buffer of the pipe.
        request = EchoRequest(payload=bytes(30_000)).SerializeToString()
        unread = [host.open(ECHO, message=request, half_close=True) for _ in range(3000)]
        peak = 0
        for _ in range(40):
            time.sleep(0.05)
            peak = max(peak, host.resident_bytes())
        assert peak - before < 64 << 20, f"grew by {(peak - before) >> 20} MiB"
        host.reading.set()
        for call in calls:
            host.cancel(call)
        ends = []
        for call in unread:
            try:
                ends.append(len(M["mien.v1.EchoResponse"].FromString(call.next(60)).payload))
            except CallFailed as failure:
                ends.append(failure.code)
        assert set(ends) <= {30_000, RESOURCE_EXHAUSTED} and ends.count(30_000) > 0


def test_ping_is_answered_while_a_call_runs(host):
    call = host.open(ECHO, message=EchoRequest(delay_ms=60_000).SerializeToString(), half_close=True)
    assert host.ping(token=123) == 123
    host.cancel(call)
