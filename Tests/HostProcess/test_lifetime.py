"""The host ends when it should, as it should, and never outlives its parent."""
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from wire_client import Client, Frame, M, eventually, mien_command

ECHO = "/mien.v1.Diagnostics/Echo"
EchoRequest = M["mien.v1.EchoRequest"]


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_end_of_stdin_before_hello():
    with Client(handshake=False) as host:
        host.close_stdin()
        assert host.wait_exit() == 0


def test_end_of_stdin_finishes_running_unary_calls():
    with Client() as host:
        call = host.open(ECHO, message=EchoRequest(payload=b"late", delay_ms=500).SerializeToString(), half_close=True)
        host.close_stdin()
        assert M["mien.v1.EchoResponse"].FromString(call.next()).payload == b"late"
        assert host.wait_exit() == 0


def test_end_of_stdin_does_not_wait_for_ever():
    with Client() as host:
        unary = host.open(ECHO, message=EchoRequest(delay_ms=600_000).SerializeToString(), half_close=True)
        stream = host.open("/mien.v1.Diagnostics/EchoStream")
        watch = host.open("/mien.v1.Host/WatchLogs", message=b"", half_close=True)
        host.close_stdin()
        for call in (unary, stream, watch):
            with pytest.raises(Exception):
                while call.next() is not None:
                    pass
        assert host.wait_exit() == 0


def test_sigterm_drains_and_a_second_one_ends_at_once():
    with Client() as host:
        call = host.open(ECHO, message=EchoRequest(payload=b"x", delay_ms=300).SerializeToString(), half_close=True)
        assert host.ping() == 7
        host.process.send_signal(signal.SIGTERM)
        assert eventually(lambda: host.go_away) and host.go_away.last_call == call.number
        assert call.next() is not None
        assert host.wait_exit() == 0
    with Client() as host:
        host.open(ECHO, message=EchoRequest(delay_ms=600_000).SerializeToString(), half_close=True)
        assert host.ping() == 7
        host.process.send_signal(signal.SIGTERM)
        assert eventually(lambda: host.go_away)
        host.process.send_signal(signal.SIGTERM)
        host.wait_exit(1.5)


def test_drain_by_call():
    with Client() as host:
        call = host.open(ECHO, message=EchoRequest(payload=b"x", delay_ms=300).SerializeToString(), half_close=True)
        host.unary("/mien.v1.Host/Drain", M["mien.v1.DrainRequest"](), "mien.v1.DrainResponse")
        assert call.next() is not None
        assert host.wait_exit() == 0


PARENT = textwrap.dedent("""
    import sys, time
    sys.path.insert(0, sys.argv[1])
    from wire_client import Client, M
    phase = sys.argv[2]
    host = Client(handshake=phase != "before hello", start_new_session=(phase == "other session"))
    # A second copy of both pipe ends, as a careless parent leaves it to its other children: no end of stdin will tell the host.
    import subprocess
    keeper = subprocess.Popen(["sleep", "30"], stdin=host.process.stdin, stdout=subprocess.DEVNULL, pass_fds=[host.process.stdin.fileno(), host.process.stdout.fileno()])
    if phase == "before hello":
        while not host.hello:  # the host's, that is: it is up, and waits for ours
            time.sleep(0.01)
    if phase == "mid-stream":
        call = host.open("/mien.v1.Diagnostics/Expand", message=M["mien.v1.ExpandRequest"](count=1000000, bytes=1000, interval_ms=1).SerializeToString(), half_close=True)
        call.next()
    if phase == "mid-call":
        host.open("/mien.v1.Diagnostics/Echo", message=M["mien.v1.EchoRequest"](delay_ms=600000).SerializeToString(), half_close=True)
    if phase == "in shutdown":
        host.open("/mien.v1.Diagnostics/Echo", message=M["mien.v1.EchoRequest"](delay_ms=600000).SerializeToString(), half_close=True)
        host.unary("/mien.v1.Host/Drain", M["mien.v1.DrainRequest"]())
    print(host.process.pid, keeper.pid, flush=True)
    time.sleep(60)
""")


@pytest.mark.parametrize("phase", ["before hello", "idle", "mid-call", "mid-stream", "in shutdown", "other session"])
def test_sigkill_of_the_parent_ends_the_host_within_a_second(phase):
    parent = subprocess.Popen([sys.executable, "-c", PARENT, os.path.dirname(__file__), phase], stdout=subprocess.PIPE, text=True)
    host, keeper = map(int, parent.stdout.readline().split())
    try:
        assert phase == "in shutdown" or alive(host)
        parent.kill()
        parent.wait()
        assert eventually(lambda: not alive(host), 1.0), "the host is still there"
    finally:
        for pid in (host, keeper):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def test_a_terminal_on_stdin_is_refused():
    import pty
    master, slave = pty.openpty()
    result = subprocess.run([mien_command(), "serve"], stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=10)
    os.close(master), os.close(slave)
    assert result.returncode == 64 and result.stdout == b"" and b"terminal" in result.stderr


def test_a_closed_stdout_ends_the_host():
    with Client() as host:
        host.process.stdout.close()
        for _ in range(200):
            host.send(Frame(ping=dict(token=1)))
            time.sleep(0.005)
            if host.process.poll() is not None:
                break
        assert host.wait_exit(5) == 0


def test_two_hosts_side_by_side():
    with Client() as one, Client() as two:
        assert one.ping() == two.ping() == 7
        assert one.hello.pid != two.hello.pid


def test_trace_records_both_directions(tmp_path):
    with Client(environment={"MIEN_TRACE": str(tmp_path)}) as host:
        host.unary(ECHO, EchoRequest(payload=b"find me in the trace"), "mien.v1.EchoResponse")
        host.close_stdin()
        assert host.wait_exit() == 0
    recorded = [path for path in tmp_path.rglob("*") if path.is_file() and b"find me in the trace" in path.read_bytes()]
    assert recorded
