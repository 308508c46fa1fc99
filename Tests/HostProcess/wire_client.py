"""A small client of Mien's wire, written from docs/protocol.md alone, so that it checks the host and not itself.

It can also misbehave on purpose: `send_bytes` writes anything, and `reading` can be switched off.
"""
import collections
import os
import pathlib
import queue
import struct
import subprocess
import threading
import time

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHUNK = 64 * 1024
DEFAULT_LIMITS = dict(call_window_bytes=1 << 20, connection_window_bytes=16 << 20)


def load_messages():
    """Message classes by full name, from the descriptor set that the bare clients use."""
    files = descriptor_pb2.FileDescriptorSet.FromString((ROOT / "Clients/examples/mien.desc").read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    classes = {}
    for file in files.file:
        prefix = file.package + "."
        for message in file.message_type:
            classes[prefix + message.name] = message_factory.GetMessageClass(pool.FindMessageTypeByName(prefix + message.name))
    return classes


M = load_messages()
Frame = M["mien.v1.Frame"]


def mien_command():
    return os.environ.get("MIEN_COMMAND", str(ROOT / ".build/release/mien"))


class CallFailed(Exception):
    def __init__(self, status):
        super().__init__(f"{status.code}: {status.message}")
        self.code, self.message = status.code, status.message
        self.details = {d.type: M[d.type].FromString(d.value) for d in status.details if d.type in M}

    @property
    def info(self):
        return self.details["mien.v1.ErrorInfo"]


class Call:
    def __init__(self, number):
        self.number = number
        self.events = queue.Queue()  # bytes: a message; Frame.status: the end; Exception: the connection is gone
        self.window = 0
        self.partial = b""
        self.trailing = {}

    def next(self, timeout=30):
        """The next message; None after an OK status. Raises CallFailed for any other status."""
        event = self.events.get(timeout=timeout)
        if isinstance(event, Exception):
            raise event
        if isinstance(event, bytes):
            return event
        self.trailing = {m.name: m.value for m in event.metadata}
        if event.code:
            raise CallFailed(event)
        if event.WhichOneof("optional_answer"):
            self.events.put(type(event)())
            return event.answer
        return None


class Client:
    def __init__(self, *arguments, environment=None, handshake=True, limits=None, **popen):
        env = dict(os.environ, **(environment or {}))
        self.process = subprocess.Popen([*self.command(), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=popen.pop("stderr", subprocess.PIPE), env=env, bufsize=0, **popen)
        self.lock = threading.Condition()
        self.calls = {}
        self.next_number = 1
        self.connection_window = 0
        self.hello = self.go_away = self.error = None
        self.pongs = queue.Queue()
        self.frames_read = collections.Counter()
        self.reading = threading.Event()
        self.reading.set()
        self.stderr_text = b""
        if self.process.stderr:
            threading.Thread(target=self._drain_stderr, daemon=True).start()
        # A caller must never stop reading because it cannot write, so a thread of its own writes.
        self.outgoing = queue.SimpleQueue()
        threading.Thread(target=self._write, daemon=True).start()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        if handshake:
            self.send_hello(**(limits or {}))
            with self.lock:
                assert self.lock.wait_for(lambda: self.hello or self.error, 20), "no Hello from the host"
            if self.error:
                raise self.error

    def command(self):
        """What answers; the arguments of the test come after it."""
        return [mien_command(), "serve"]

    def _drain_stderr(self):
        while data := self.process.stderr.read(4096):
            self.stderr_text += data

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reading.set()

    # Sending

    def _write(self):
        while (data := self.outgoing.get()) is not None:
            try:
                view = memoryview(data)
                while view:
                    view = view[self.process.stdin.write(view):]
            except (OSError, ValueError):
                return
        self.process.stdin.close()

    def send_bytes(self, data):
        self.outgoing.put(data)

    def close_stdin(self):
        """Ends the host's stdin, after everything sent so far."""
        self.outgoing.put(None)

    def send(self, frame):
        data = frame.SerializeToString()
        self.send_bytes(struct.pack(">I", len(data)) + data)

    def send_hello(self, **limits):
        frame = Frame()
        frame.hello.magic, frame.hello.min_major, frame.hello.max_major = "mien", 1, 1
        frame.hello.peer_name, frame.hello.peer_version, frame.hello.pid = "host-tests", "1", os.getpid()
        for name, value in limits.items():
            setattr(frame.hello.limits, name, value)
        self.send(frame)

    def open(self, method, timeout=None, metadata=(), message=None, half_close=False):
        """Begins a call, with at most one chunk of a first message in the same frame."""
        with self.lock:
            frame = Frame(call=self.next_number)
            self.next_number += 2
            call = Call(frame.call)
            call.window = self.hello.limits.call_window_bytes or DEFAULT_LIMITS["call_window_bytes"]
            self.calls[frame.call] = call
            frame.open.method = method
            for name, value in metadata:
                frame.open.metadata.add(name=name, value=value)
            if timeout is not None:
                frame.open.timeout_us = int(timeout * 1e6)
            if message is not None and len(message) <= CHUNK:
                frame.open.message, frame.open.half_close = message, half_close
                call.window -= len(message)
                self.connection_window -= len(message)
            self.send(frame)
        if message is not None and len(message) > CHUNK:
            self.message(call, message)
            if half_close:
                self.half_close(call)
        return call

    def message(self, call, data):
        """Sends one message in chunks, waiting for credit."""
        position, first = 0, True
        while first or position < len(data):
            chunk, first = data[position:position + CHUNK], False
            with self.lock:
                enough = self.lock.wait_for(lambda: self.error or call.number not in self.calls or
                                            min(call.window, self.connection_window) >= len(chunk), 60)
                assert enough, "no credit for a minute"
                if call.number not in self.calls:
                    return
                call.window -= len(chunk)
                self.connection_window -= len(chunk)
                frame = Frame(call=call.number)
                position += len(chunk)
                frame.message.data, frame.message.continues = chunk, position < len(data)
                self.send(frame)

    def half_close(self, call):
        frame = Frame(call=call.number)
        frame.half_close.SetInParent()
        self.send(frame)

    def cancel(self, call):
        frame = Frame(call=call.number)
        frame.cancel.reason = "the test says so"
        self.send(frame)

    def unary(self, method, request, answer_type=None, timeout=None, metadata=()):
        call = self.open(method, timeout, metadata, request.SerializeToString(), half_close=True)
        data = call.next()
        assert call.next() is None
        return M[answer_type].FromString(data) if answer_type else data

    def ping(self, token=7, timeout=10):
        frame = Frame()
        frame.ping.token = token
        self.send(frame)
        return self.pongs.get(timeout=timeout)

    # Receiving

    def _read_exactly(self, count):
        data = b""
        while len(data) < count:
            self.reading.wait()
            part = self.process.stdout.read(count - len(data))
            if not part:
                raise EOFError("the host closed its stdout" + (" inside a frame" if data else ""))
            data += part
        return data

    def _read(self):
        try:
            while True:
                length = struct.unpack(">I", self._read_exactly(4))[0]
                assert length <= 16 << 20, f"frame of {length} bytes"
                self._handle(Frame.FromString(self._read_exactly(length)))
        except (EOFError, OSError, ValueError, AssertionError) as error:
            with self.lock:
                self.error = error
                for call in self.calls.values():
                    call.events.put(error)
                self.lock.notify_all()

    def _handle(self, frame):
        kind = frame.WhichOneof("kind")
        with self.lock:
            self.frames_read[kind] += 1
            call = self.calls.get(frame.call)
            if kind == "hello":
                self.hello = frame.hello
                self.connection_window = frame.hello.limits.connection_window_bytes or DEFAULT_LIMITS["connection_window_bytes"]
            elif kind == "credit" and frame.call == 0:
                self.connection_window += frame.credit.bytes
            elif kind == "credit" and call:
                call.window += frame.credit.bytes
            elif kind == "message" and call:
                call.partial += frame.message.data
                if not frame.message.continues:
                    call.events.put(call.partial)
                    call.partial = b""
                self._give_credit(frame.call, len(frame.message.data))
            elif kind == "status":
                assert call, f"status for call {frame.call}, which is not open"
                del self.calls[frame.call]
                call.events.put(frame.status)
            elif kind == "pong":
                self.pongs.put(frame.pong.token)
            elif kind == "go_away":
                self.go_away = frame.go_away
            self.lock.notify_all()

    def _give_credit(self, call, count):
        if not count:
            return
        for number in (0, call):
            frame = Frame(call=number)
            frame.credit.bytes = count
            self.send(frame)

    def wait_exit(self, timeout=10):
        return self.process.wait(timeout)

    def resident_bytes(self):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024
        raise ProcessLookupError(self.process.pid)


def eventually(condition, timeout=10):
    """Polls until `condition` holds; its last value is returned either way."""
    end = time.monotonic() + timeout
    while not (value := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    return value
