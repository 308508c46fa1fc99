"""What waits to be sent: small frames at once, large answers in chunks by turns and within the other side's credit."""
from __future__ import annotations

import collections
from typing import Any, Deque, List, Tuple

from .call import Call
from .frames import Violation, framed
from .hello import Limits
from .messages import Frame

BATCH_BYTES = 256 << 10
MAX_UNFINISHED_MESSAGES = 64
# Far above every honest sum of credit.
CREDIT_BOUND = 1 << 50


class Outbox:
    """A state without threads: whoever holds the connection's lock may use it."""

    def __init__(self) -> None:
        self._control: List[bytes] = []
        self.control_bytes = 0
        # Calls with a part of their answer to send and credit for it, in turn.
        self._ring: Deque[Call] = collections.deque()
        # Calls that wait because too many answers have been begun.
        self._deferred: Deque[Call] = collections.deque()
        self._unfinished = 0
        self._credit = 0
        self._chunk_bytes = 0
        # Of answers that are not on their way.
        self.answer_bytes = 0

    def meet(self, peer: Limits) -> None:
        """The other side has said what it is ready to receive."""
        self._credit = peer.connection_window_bytes
        self._chunk_bytes = peer.chunk_bytes

    def emit(self, frame: Any) -> None:
        """Queues a frame that needs no credit."""
        data = framed(frame)
        self._control.append(data)
        self.control_bytes += len(data)

    def answer(self, call: Call, answer: bytes, status: Any) -> None:
        """Queues an answer above one chunk, and the status after it."""
        call.answer = memoryview(answer)
        call.last_frame = framed(Frame(call=call.number, status=status))
        self.answer_bytes += len(answer)
        if call.credit > 0:
            self._ring.append(call)

    def drop(self, call: Call) -> None:
        """Forgets what a call still had to send."""
        if call.answer is None:
            return
        self.answer_bytes -= len(call.answer) - call.offset
        for queue in (self._ring, self._deferred):
            if call in queue:
                queue.remove(call)
        if call.offset > 0:
            self._end_message()
        call.answer = None

    def grant(self, count: int) -> None:
        """More may be sent on the connection."""
        self._credit += count
        if self._credit > CREDIT_BOUND:
            raise Violation(f"absurd credit of {count} bytes")

    def grant_call(self, call: Call, count: int) -> None:
        """More may be sent on a call."""
        was_waiting = call.credit == 0 and call.answer is not None and call not in self._deferred
        call.credit += count
        if call.credit > CREDIT_BOUND:
            raise Violation(f"absurd credit of {count} bytes for call {call.number}")
        if was_waiting and count > 0:
            self._ring.append(call)

    @property
    def can_send(self) -> bool:
        return bool(self._control) or (bool(self._ring) and self._credit > 0)

    def take(self) -> Tuple[bytes, List[Call]]:
        """What to write next, and the calls that end with it."""
        parts, self._control = self._control, []
        self.control_bytes = 0
        ended: List[Call] = []
        room = BATCH_BYTES
        while room > 0 and self._ring and self._credit > 0:
            call = self._ring.popleft()
            assert call.answer is not None
            rest = len(call.answer) - call.offset
            size = min(rest, self._chunk_bytes, call.credit, self._credit)
            if call.offset == 0:
                # Answers are larger than a chunk, so each is unfinished for a while, and the other side need not bear more.
                if self._unfinished == MAX_UNFINISHED_MESSAGES:
                    self._deferred.append(call)
                    continue
                self._unfinished += 1
            data = bytes(call.answer[call.offset:call.offset + size])
            parts.append(framed(Frame(call=call.number, message={"data": data, "continues": size < rest})))
            call.offset += size
            call.credit -= size
            self._credit -= size
            self.answer_bytes -= size
            room -= size
            if size == rest:
                parts.append(call.last_frame)
                call.answer = None
                ended.append(call)
                self._end_message()
            elif call.credit > 0:
                self._ring.append(call)
        return b"".join(parts), ended

    def _end_message(self) -> None:
        self._unfinished -= 1
        if self._deferred:
            self._ring.append(self._deferred.popleft())
