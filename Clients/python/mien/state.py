"""What a connection knows about its calls: no threads, no descriptors, so that all rules of docs/protocol.md stand in one place."""
from __future__ import annotations

import collections
import math
from typing import Any, Deque, Dict, Mapping, Optional

from .call import Call, Handler
from .frames import Violation
from .hello import Limits, accept
from .inbox import MAX_UNFINISHED_MESSAGES, Inbox
from .messages import Frame, Status
from .outbox import Outbox
from .status import CallError, Code, check_metadata, cut, late, unknown

EXIT_OK = 0
EXIT_INPUT_OUTPUT = 74
EXIT_VIOLATION = 76

# Time that calls that run get when the input has ended, and the last words when nothing runs any more; seconds.
DRAIN_SECONDS = 2.0
CLOSING_SECONDS = 0.5
# Replies that may wait for the other side to read before nothing more is read from it.
MAX_CONTROL_BYTES = 4 << 20
# Answers that may wait before workers wait.
MAX_ANSWER_BYTES = 64 << 20

# Frames about the connection, and those about a call that has been opened.
_OF_CONNECTION = ("go_away", "ping", "pong")
_OF_CALL = ("message", "half_close", "cancel", "status")


class State:
    """To be used under the connection's lock. Times are of the monotonic clock, in seconds."""

    def __init__(self, limits: Limits, methods: Mapping[str, Handler]) -> None:
        self._limits, self._methods = limits, methods
        self._peer: Optional[Limits] = None
        self._calls: Dict[int, Call] = {}
        self._highest_call = 0
        self._deadlines: Dict[int, float] = {}
        self._inbox = Inbox(limits.connection_window_bytes)
        self.outbox = Outbox()
        # Calls whose request is whole and that no worker has taken, in their order.
        self._ready: Deque[Call] = collections.deque()
        # Handlers that run, those of calls that have ended included.
        self.busy = 0
        # Of what is being written and not yet taken by the other side.
        self._writing_bytes = 0
        self.output_error: Optional[OSError] = None
        self._input_ended = False
        self._is_draining = False
        self._finish_by = math.inf
        # Set when nothing runs any more and the last words are being written.
        self.exit: Optional[int] = None
        self._closing_until = math.inf
        self.reason = ""

    # Whose turn it is

    @property
    def wants_input(self) -> bool:
        return not self._input_ended and self.exit is None and self.outbox.control_bytes + self._writing_bytes <= MAX_CONTROL_BYTES

    @property
    def wants_worker(self) -> bool:
        return bool(self._ready) and self.outbox.answer_bytes <= MAX_ANSWER_BYTES

    @property
    def is_ending(self) -> bool:
        """The reader has to look again whenever something has been done."""
        return self._is_draining or self._input_ended or self.exit is not None or self.output_error is not None

    def plan(self, now: float) -> Optional[float]:
        """Does what is due. Returns when the reader has to look again; None if the connection is over."""
        for number in [number for number, deadline in self._deadlines.items() if deadline <= now]:
            self._fail(self._calls[number], late())
        if self.exit is None:
            if self.output_error is not None:
                is_gone = isinstance(self.output_error, (BrokenPipeError, ConnectionResetError))
                self.close(EXIT_OK if is_gone else EXIT_INPUT_OUTPUT, "" if is_gone else f"writing failed: {self.output_error.strerror}", now)
            elif (self._input_ended or self._is_draining) and (not self._calls or now >= self._finish_by):
                self.close(EXIT_OK, "", now)
        if self.exit is None:
            return min([*self._deadlines.values(), self._finish_by])
        is_flushed = not self.outbox.can_send and self._writing_bytes == 0
        return None if is_flushed or self.output_error is not None or now >= self._closing_until else self._closing_until

    def close(self, code: int, reason: str, now: float, error: Optional[CallError] = None) -> None:
        """Ends all calls and lets what is queued be written."""
        self.exit, self.reason, self._closing_until = code, reason, now + CLOSING_SECONDS
        for call in list(self._calls.values()):
            self._fail(call, error or CallError(Code.CANCELLED, "the caller closed the connection"))

    def drain(self, reason: str) -> None:
        """Takes no further calls."""
        if not self._is_draining and self.exit is None:
            self._is_draining = True
            self._go_away(reason)

    def violate(self, violation: Violation, now: float) -> None:
        """Tells the other side what it did, and closes."""
        text = f"protocol violation: {cut(str(violation), 1024)}"
        self._go_away(text)
        self.close(EXIT_VIOLATION, text, now, CallError(Code.UNAVAILABLE, text, "PROTOCOL_VIOLATION"))

    def _go_away(self, reason: str) -> None:
        self.outbox.emit(Frame(go_away={"last_call": self._highest_call, "reason": cut(reason, 1100)}))

    # Receiving

    def end_input(self, truncation: Optional[str], now: float) -> None:
        if truncation is not None:
            raise Violation(truncation)
        self._input_ended = True
        self._finish_by = now + DRAIN_SECONDS
        for call in list(self._calls.values()):
            # What has come as a whole is answered, whether or not a worker has found the time yet; the rest can never be.
            if not call.is_complete:
                self._fail(call, CallError(Code.CANCELLED, "the caller closed the connection"))

    def receive(self, frame: Any, now: float) -> None:
        kind, number = frame.WhichOneof("kind"), frame.call
        if self._peer is None:
            if kind != "hello":
                raise Violation(f"the first frame was {kind or 'empty or of unknown kind'} and not a hello")
            if number != 0:
                raise Violation(f"the hello names call {number}")
            self._peer = accept(frame.hello)
            self.outbox.meet(self._peer)
            return
        if kind == "hello":
            raise Violation("a second hello")
        if kind in _OF_CONNECTION and number != 0:
            raise Violation(f"{kind} names call {number}, but is about the connection")
        if kind in _OF_CALL and number == 0:
            raise Violation(f"{kind} without a call's number")
        if kind in _OF_CALL + ("credit", "log") and number != 0 and (number % 2 == 0 or number > self._highest_call):
            raise Violation(f"{kind} for call {number}, which was never opened")
        if kind == "open":
            self._receive_open(number, frame.open, now)
        elif kind == "message":
            self._receive_message(number, frame.message)
        elif kind == "half_close":
            self._receive_half_close(number)
        elif kind == "cancel":
            if number in self._calls:
                why = f": {frame.cancel.reason}" if frame.cancel.reason else ""
                self._fail(self._calls[number], CallError(Code.CANCELLED, f"cancelled by the caller{why}"))
        elif kind == "status":
            raise Violation(f"the caller sent a status for call {number}: only the side that answers does that")
        elif kind == "credit":
            self._receive_credit(number, frame.credit.bytes)
        elif kind == "ping":
            self.outbox.emit(Frame(pong={"token": frame.ping.token}))
        # A caller takes no calls, so that its go_away means nothing; a kind from a newer version is ignored.

    def _receive_open(self, number: int, opening: Any, now: float) -> None:
        if number % 2 == 0:
            raise Violation(f"the caller opened call {number}: its calls have odd numbers")
        if number <= self._highest_call:
            raise Violation(f"call {number} was opened twice" if number in self._calls
                            else f"call {number} was opened after call {self._highest_call}: numbers must rise")
        self._highest_call = number
        has_message = opening.WhichOneof("optional_message") is not None
        if opening.continues and not has_message:
            raise Violation(f"call {number} was opened with a message that continues, but without its beginning")
        self._inbox.receive(len(opening.message))
        assert self._peer is not None
        try:
            handler = self._admit(opening)
        except CallError as error:
            self.outbox.emit(Frame(call=number, status=error.status()))
            return self._grant()
        # Longer than any process lives is none.
        timeout = opening.timeout_us / 1e6 if opening.WhichOneof("optional_timeout") and opening.timeout_us < 1 << 50 else None
        call = Call(number, opening.method, handler, None if timeout is None else now + timeout, self._limits.call_window_bytes,
                    self._peer.call_window_bytes)
        self._calls[number] = call
        if call.deadline is not None:
            self._deadlines[number] = call.deadline
        if opening.half_close:
            call.half_close()
        self._accept(call, opening.message if has_message else None, opening.continues)

    def _admit(self, opening: Any) -> Handler:
        """The handler of a call that may begin."""
        if self._is_draining:
            raise CallError(Code.UNAVAILABLE, "the plugin is shutting down", "DRAINING")
        if len(self._calls) >= self._limits.max_open_calls:
            raise CallError(Code.RESOURCE_EXHAUSTED, f"{self._limits.max_open_calls} calls are open already", "TOO_MANY_CALLS",
                            facts={"limit": self._limits.max_open_calls})
        check_metadata(opening.metadata)
        if opening.WhichOneof("optional_timeout") and opening.timeout_us == 0:
            raise CallError(Code.DEADLINE_EXCEEDED, "the call arrived after its deadline")
        handler = self._methods.get(opening.method)
        if handler is None:
            raise unknown(opening.method, self._methods)
        return handler

    def _receive_message(self, number: int, message: Any) -> None:
        self._inbox.receive(len(message.data))
        call = self._calls.get(number)
        if call is None or call.answer is not None:
            # A late frame of a call that has ended: gone, and its credit goes back.
            return self._grant()
        if call.is_complete:
            raise Violation(f"a message on call {number} after its half-close")
        self._accept(call, message.data, message.continues)

    def _receive_half_close(self, number: int) -> None:
        call = self._calls.get(number)
        if call is None or call.answer is not None:
            return
        if call.is_half_closed:
            raise Violation(f"call {number} was half-closed twice")
        if call.is_unfinished:
            raise Violation(f"call {number} was half-closed inside a message")
        call.half_close()
        self._accept(call, None, False)

    def _accept(self, call: Call, chunk: Optional[bytes], continues: bool) -> None:
        """A chunk, counted against the connection already, or news of the half-close."""
        try:
            if chunk is not None:
                call.receive(chunk, continues, self._limits.max_message_bytes)
                if not continues:
                    self._inbox.hold(call)
                elif sum(other.is_unfinished for other in self._calls.values()) > MAX_UNFINISHED_MESSAGES:
                    raise CallError(Code.RESOURCE_EXHAUSTED, f"more than {MAX_UNFINISHED_MESSAGES} messages are unfinished at once",
                                    "TOO_MANY_UNFINISHED_MESSAGES")
            if call.is_complete:
                if call.request is None:
                    raise CallError(Code.INVALID_ARGUMENT, f"{call.method} takes one message and got none", "MESSAGE_COUNT")
                self._ready.append(call)
        except CallError as error:
            return self._fail(call, error)
        if call.needs_room:
            self._inbox.request_room(call)
        self._grant(call)

    def _receive_credit(self, number: int, count: int) -> None:
        if number == 0:
            self.outbox.grant(count)
        elif number in self._calls:
            self.outbox.grant_call(self._calls[number], count)

    def _grant(self, *calls: Call) -> None:
        """Gives credit back, on these calls and on the connection."""
        for number, count in [(call.number, call.take_credit()) for call in calls] + [(0, self._inbox.take_credit())]:
            if count > 0:
                self.outbox.emit(Frame(call=number, credit={"bytes": count}))

    # The end of calls

    def _remove(self, call: Call) -> None:
        """Takes a call out of the table and settles its accounts."""
        del self._calls[call.number]
        self._deadlines.pop(call.number, None)
        call.context.end()
        self._grant(*self._inbox.release(call))

    def _fail(self, call: Call, error: CallError) -> None:
        """Ends a call with an error, whatever its handler is doing."""
        if call in self._ready:
            self._ready.remove(call)
        self.outbox.drop(call)
        self.outbox.emit(Frame(call=call.number, status=error.status()))
        self._remove(call)

    # Working

    def begin(self) -> Call:
        """The next call for a worker."""
        call = self._ready.popleft()
        call.is_running = True
        self.busy += 1
        return call

    def finish(self, call: Call, answer: bytes, error: Optional[CallError]) -> None:
        """The handler of a call is done. Nothing is sent if nobody waits any more."""
        self.busy -= 1
        call.is_running = False
        if self._calls.get(call.number) is not call:
            return
        assert self._peer is not None
        if error is None and len(answer) > self._peer.max_message_bytes:
            error = CallError(Code.RESOURCE_EXHAUSTED, f"a message of {len(answer)} bytes exceeds the other side's limit of {self._peer.max_message_bytes}",
                              "MESSAGE_TOO_LARGE", facts={"limit": self._peer.max_message_bytes, "size": len(answer)})
        if error is not None:
            self._fail(call, error)
        elif len(answer) <= self._peer.chunk_bytes:
            self.outbox.emit(Frame(call=call.number, status={"answer": answer}))
            self._remove(call)
        else:
            self.outbox.answer(call, answer, Status())

    def take_output(self) -> bytes:
        """What to write next."""
        data, ended = self.outbox.take()
        self._writing_bytes = len(data)
        for call in ended:
            self._remove(call)
        return data

    def end_output(self, error: Optional[OSError]) -> None:
        """That has been written, or cannot be."""
        self._writing_bytes = 0
        self.output_error = error
