"""One call of the other side: what has come, and what is to be sent."""
from __future__ import annotations

import time
from typing import Callable, Optional

from .status import CallError, Code


class Cancelled(BaseException):
    """Raised by `Context.check()`. Not an Exception, so that an author's `except Exception` does not swallow it."""


class Context:
    """What a computation may ask about its call, from any thread."""

    def __init__(self, deadline: Optional[float] = None) -> None:
        self._deadline = deadline
        self._has_ended = False

    @property
    def is_cancelled(self) -> bool:
        """Nobody waits for the answer any more: the caller has cancelled, its deadline has passed, or it has gone."""
        return self._has_ended or (self._deadline is not None and time.monotonic() >= self._deadline)

    def check(self) -> None:
        """Raises Cancelled if nobody waits for the answer any more. For long computations, between two steps."""
        if self.is_cancelled:
            raise Cancelled

    def end(self) -> None:
        self._has_ended = True


Handler = Callable[[bytes, Context], bytes]
"""Answers a unary call, on a worker's thread: from a serialised request to a serialised answer. Raises CallError to answer with an error."""


class Call:
    """State of one call, under the connection's lock."""

    def __init__(self, number: int, method: str, handler: Handler, deadline: Optional[float], window: int, credit: int) -> None:
        self.number, self.method, self.handler, self.deadline = number, method, handler, deadline
        self.context = Context(deadline)
        self._window = window
        # Bytes that may still come.
        self.allowance = window
        self._data = bytearray()
        self._is_unfinished = False
        self._is_half_closed = False
        self.request: Optional[bytes] = None
        # Memory has been set aside for a message that outgrows the window.
        self.has_room = False
        self.is_running = False
        # Bytes that the other side still accepts.
        self.credit = credit
        self.answer: Optional[memoryview] = None
        self.offset = 0
        # The status that follows the answer.
        self.last_frame = b""

    @property
    def size(self) -> int:
        """Bytes that are kept for this call."""
        return len(self._data) if self.request is None else len(self.request)

    @property
    def is_unfinished(self) -> bool:
        return self._is_unfinished

    @property
    def is_half_closed(self) -> bool:
        return self._is_half_closed

    @property
    def is_complete(self) -> bool:
        """No further message may come."""
        return self._is_half_closed and not self._is_unfinished

    def receive(self, chunk: bytes, continues: bool, max_message_bytes: int) -> None:
        """Takes one chunk of the request."""
        if self.request is not None:
            raise CallError(Code.INVALID_ARGUMENT, f"{self.method} takes one message and got more", "MESSAGE_COUNT")
        if len(chunk) > self.allowance:
            raise CallError(Code.INTERNAL, f"more bytes were sent than the call's credit of {self.allowance} allowed", "CREDIT_EXCEEDED")
        if len(self._data) + len(chunk) > max_message_bytes:
            raise CallError(Code.RESOURCE_EXHAUSTED, f"a message exceeds the limit of {max_message_bytes} bytes", "MESSAGE_TOO_LARGE",
                            facts={"limit": max_message_bytes})
        self.allowance -= len(chunk)
        self._is_unfinished = continues
        if continues or self._data:
            self._data += chunk
            chunk = b""
        if not continues:
            self.request = bytes(self._data) or chunk
            self._data = bytearray()

    def half_close(self) -> None:
        """The caller sends no further message after the one that may be unfinished."""
        self._is_half_closed = True

    @property
    def needs_room(self) -> bool:
        return self._is_unfinished and not self.has_room and self.allowance < self._window // 2

    def take_credit(self) -> int:
        """Credit to give now, in bytes; often 0, so that grants are few and large."""
        if not self._is_unfinished:
            return 0
        due = self._window - self.allowance - (0 if self.has_room else len(self._data))
        if due <= 0 or (due < self._window // 4 and self.allowance > 0):
            return 0
        self.allowance += due
        return due
