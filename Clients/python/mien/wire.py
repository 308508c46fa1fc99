"""The answering side of Mien's protocol (docs/protocol.md) on two file descriptors.

One thread reads and never waits for another: pings are answered while workers compute. One thread writes. Workers run the calls in the order in which
their requests became whole. What they share is a `State` under one lock, which nobody holds while reading, writing or computing.
"""
from __future__ import annotations

import contextlib
import math
import os
import select
import sys
import threading
import time
import traceback
from typing import Any, Iterator, Mapping, Optional, Tuple

from .call import Call, Cancelled, Handler
from .frames import FrameBuffer, Violation
from .hello import Limits, hello
from .messages import Frame
from .state import EXIT_INPUT_OUTPUT, EXIT_OK, EXIT_VIOLATION, State
from .status import CallError, Code, late

__all__ = ["EXIT_INPUT_OUTPUT", "EXIT_OK", "EXIT_VIOLATION", "LIMITS", "Connection", "failure"]

# Frames of usual callers stay far below; less than the default, because fields cost more memory than bytes.
LIMITS = Limits(max_frame_bytes=2 << 20)


class Connection:
    """A caller's connection. `methods` are handlers of unary calls by path: "/mien.v1.Plugin/Describe"."""

    def __init__(self, source: int, sink: int, methods: Mapping[str, Handler], name: str, version: str, workers: int = 1, limits: Limits = LIMITS) -> None:
        self._source, self._sink, self._workers, self._limits = source, sink, workers, limits
        self._state = State(limits, methods)
        self._state.outbox.emit(hello(name, version, limits))
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._output = threading.Condition(self._lock)
        self._stopped = False
        self._drain_reason: Optional[str] = None
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)

    def __del__(self) -> None:
        # Not at the end of run(): a worker that is still busy may wake the reader later, and the numbers may be somebody else's by then.
        os.close(self._wake_read)
        os.close(self._wake_write)

    def run(self) -> int:
        """Serves until the connection ends, on the thread that calls; returns the exit code of the process: EXIT_..."""
        threading.Thread(target=self._write_loop, name="mien-writer", daemon=True).start()
        for number in range(self._workers):
            threading.Thread(target=self._work_loop, name=f"mien-worker-{number}", daemon=True).start()
        reading, waiting = select.poll(), select.poll()
        reading.register(self._source, select.POLLIN)
        for poll in (reading, waiting):
            poll.register(self._wake_read, select.POLLIN)
        buffer = FrameBuffer(self._limits.max_frame_bytes)
        while True:
            with self._changing() as state:
                now = time.monotonic()
                if self._drain_reason is not None:
                    state.drain(self._drain_reason)
                until = state.plan(now)
                if until is None:
                    assert state.exit is not None
                    self._stopped = True
                    self._work.notify_all()
                    self._output.notify_all()
                    return state.exit
                poll = reading if state.wants_input else waiting
            # Rounded up: waking too early would only mean to wait again.
            timeout = None if until == math.inf else max(0, math.ceil(min(until - now, 1e6) * 1000))
            for descriptor, _ in poll.poll(timeout):
                if descriptor == self._wake_read:
                    os.read(self._wake_read, 4096)
                else:
                    self._read(buffer)

    @property
    def wake_descriptor(self) -> int:
        """What is written to it, without blocking, wakes run()."""
        return self._wake_write

    @property
    def reason(self) -> str:
        """Why the connection has ended, unless its input did."""
        return self._state.reason

    @property
    def is_busy(self) -> bool:
        """A worker is inside a handler, though perhaps nobody waits for its answer any more."""
        with self._lock:
            return self._state.busy > 0

    def drain(self, reason: str) -> None:
        """Takes no further calls and ends when those that were taken are done. Takes no lock: for signal handlers."""
        self._drain_reason = reason
        self._wake_reader()

    @contextlib.contextmanager
    def _changing(self) -> Iterator[State]:
        """The state, under the lock; afterwards those who now have something to do are told."""
        with self._lock:
            yield self._state
            if self._state.outbox.can_send:
                self._output.notify()
            if self._state.wants_worker:
                self._work.notify_all()

    def _wake_reader(self) -> None:
        try:
            os.write(self._wake_write, b"w")
        except BlockingIOError:
            pass  # it has been woken often enough

    def _read(self, buffer: FrameBuffer) -> None:
        """Reads once and handles every whole frame."""
        try:
            data = os.read(self._source, 256 << 10)
        except OSError as error:
            with self._changing() as state:
                state.close(EXIT_INPUT_OUTPUT, f"reading failed: {error.strerror}", time.monotonic())
            return
        buffer.feed(data)
        with self._changing() as state:
            now = time.monotonic()
            try:
                if not data:
                    return state.end_input(buffer.truncation(), now)
                while (content := buffer.next()) is not None:
                    state.receive(_decode(content), now)
            except Violation as violation:
                state.violate(violation, now)

    def _work_loop(self) -> None:
        while True:
            with self._lock:
                self._work.wait_for(lambda: self._stopped or self._state.wants_worker)
                if self._stopped:
                    return
                call = self._state.begin()
            answer, error = _run(call)
            with self._changing() as state:
                state.finish(call, answer, error)
                is_ending = state.is_ending
            if is_ending:
                self._wake_reader()

    def _write_loop(self) -> None:
        while True:
            with self._lock:
                self._output.wait_for(lambda: self._stopped or self._state.outbox.can_send)
                if self._stopped:
                    return
                data = self._state.take_output()
            failure: Optional[OSError] = None
            try:
                view = memoryview(data)
                while view:
                    view = view[os.write(self._sink, view):]
            except OSError as error:
                failure = error
            with self._changing() as state:
                was_paused = not state.wants_input
                state.end_output(failure)
                is_waited_for = was_paused or state.is_ending
            if is_waited_for:
                self._wake_reader()
            if failure is not None:
                return


def _decode(content: bytes) -> Any:
    try:
        return Frame.FromString(content)
    except Exception as error:  # which one differs between protobuf's implementations
        raise Violation(f"a frame that cannot be decoded: {error}") from None


def _run(call: Call) -> Tuple[bytes, Optional[CallError]]:
    """The answer of a call's handler, or the error that takes its place: whatever an author's code does, the process lives on."""
    assert call.request is not None
    try:
        return call.handler(call.request, call.context), None
    except CallError as error:
        return b"", error
    except Cancelled:
        # A deadline may show here before the reader has woken.
        is_late = call.deadline is not None and time.monotonic() >= call.deadline
        return b"", late() if is_late else CallError(Code.CANCELLED, "the call was cancelled")
    except BaseException as error:
        return b"", failure(error, "", "HANDLER_FAILED")


def failure(error: BaseException, prefix: str, reason: str) -> CallError:
    """An exception that nobody expected, as INTERNAL; its traceback goes to stderr."""
    try:
        traceback.print_exception(type(error), error, error.__traceback__)
        sys.stderr.flush()
        text = str(error)
    except Exception:  # stderr may be closed, and an exception may have no words
        text = ""
    return CallError(Code.INTERNAL, f"{prefix}{type(error).__name__}{': ' if text else ''}{text}", reason)
