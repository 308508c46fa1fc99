"""Bounds on what is received: the connection's credit, and memory for messages larger than their call's window."""
from __future__ import annotations

import collections
from typing import Deque, Dict, List

from .call import Call
from .frames import Violation

# Messages of several chunks that may be under way at once.
MAX_UNFINISHED_MESSAGES = 64
# Calls whose message may outgrow the call's window at once. The others wait in line, so that memory is bounded and one that is let in can finish.
MAX_LARGE_MESSAGES = 3


class Inbox:
    """A state without threads: whoever holds the connection's lock may use it."""

    def __init__(self, window: int) -> None:
        self._window = window
        # Bytes that may still come on all calls together.
        self._allowance = window
        # Bytes of whole requests of usual size, until their call ends, by call.
        self._held: Dict[int, int] = {}
        self._large: Dict[int, Call] = {}
        self._line: Deque[Call] = collections.deque()

    def receive(self, count: int) -> None:
        """Counts bytes of payload, whatever becomes of them. Raises Violation for more than the credit."""
        if count > self._allowance:
            raise Violation(f"{count} bytes of message were sent with {self._allowance} bytes of the connection's credit left")
        self._allowance -= count

    def hold(self, call: Call) -> None:
        """The request of a call is whole."""
        if not call.has_room:
            self._held[call.number] = call.size

    def release(self, call: Call) -> List[Call]:
        """A call has ended. Returns those that may go on for it."""
        self._held.pop(call.number, None)
        if call in self._line:
            self._line.remove(call)
        self._large.pop(call.number, None)
        admitted = []
        while self._line and len(self._large) < MAX_LARGE_MESSAGES:
            waiting = self._line.popleft()
            self._admit(waiting)
            admitted.append(waiting)
        return admitted

    def request_room(self, call: Call) -> None:
        """A message may outgrow its call's window: now, or when its turn has come."""
        if call in self._line:
            return
        if not self._line and len(self._large) < MAX_LARGE_MESSAGES:
            self._admit(call)
        else:
            self._line.append(call)

    def take_credit(self) -> int:
        """Credit to give on the connection now, in bytes; often 0, so that grants are few and large."""
        due = self._window - sum(self._held.values()) - self._allowance
        if due <= 0 or (due < self._window // 4 and self._allowance > 0):
            return 0
        self._allowance += due
        return due

    def _admit(self, call: Call) -> None:
        call.has_room = True
        self._large[call.number] = call
