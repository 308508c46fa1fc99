"""Frames out of a stream of bytes: a length of 4 bytes, big-endian, then as many bytes."""
from __future__ import annotations

import struct
from typing import Any, Optional

DEFAULT_MAX_FRAME_BYTES = 16 << 20
# Room for metadata, an error and a chunk.
SMALLEST_MAX_FRAME_BYTES = 64 << 10
# Every length below this begins with a byte that no text begins with.
FRAME_BYTES_BOUND = 128 << 20


class Violation(Exception):
    """The other side broke a rule of the protocol: the connection cannot go on."""


def framed(frame: Any) -> bytes:
    """A `mien.v1.Frame` as it goes on the stream."""
    data: bytes = frame.SerializeToString()
    return struct.pack(">I", len(data)) + data


class FrameBuffer:
    """Bytes go in through `feed`, frames come out of `next`. A length is refused when its fourth byte arrives, and believed only as far as bytes
    have come: memory grows with what was sent, never with what was claimed."""

    def __init__(self, max_frame_bytes: int) -> None:
        self._max_frame_bytes = max_frame_bytes
        self._bytes = bytearray()
        self._start = 0

    def feed(self, data: bytes) -> None:
        del self._bytes[:self._start]
        self._start = 0
        self._bytes += data

    def next(self) -> Optional[bytes]:
        """The next whole frame without its length; None until there is one. Raises Violation for a length above the limit."""
        length = self._length()
        if length is None:
            return None
        if length > self._max_frame_bytes:
            text = self._text()
            raise Violation(f"the stream carries text instead of a frame: {text}" if text
                            else f"a frame of {length} bytes exceeds the limit of {self._max_frame_bytes}")
        begin = self._start + 4
        if len(self._bytes) < begin + length:
            return None
        self._start = begin + length
        return bytes(self._bytes[begin:self._start])

    def truncation(self) -> Optional[str]:
        """What to say when the stream ends now; None if it ends between two frames."""
        count = len(self._bytes) - self._start
        if count == 0:
            return None
        text = self._text()
        if text:
            return f"the stream carried text instead of a frame, then ended: {text}"
        length = self._length()
        if length is None:
            return f"the stream ended inside a frame's length, after {count} of 4 bytes"
        return f"the stream ended inside a frame, after {count - 4} of {length} bytes"

    def _length(self) -> Optional[int]:
        head = self._bytes[self._start:self._start + 4]
        return int.from_bytes(head, "big") if len(head) == 4 else None

    def _text(self) -> Optional[str]:
        """The bytes that wait, quoted, if they begin like text."""
        head = bytes(self._bytes[self._start:self._start + 80])
        if not head or head[0] < 8 or any((byte < 0x20 and byte not in b"\t\n\r\x1b") or byte == 0x7F for byte in head[:4]):
            return None
        return ascii(head.decode("utf-8", "replace"))
