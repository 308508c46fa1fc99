"""The opening of a connection: what each side is ready to receive, and which version both speak."""
from __future__ import annotations

import dataclasses
import os
from typing import Any

from .frames import DEFAULT_MAX_FRAME_BYTES, FRAME_BYTES_BOUND, SMALLEST_MAX_FRAME_BYTES, Violation
from .messages import Frame

MAGIC = "mien"
# Protocol majors that this package speaks.
MAJORS = (1, 1)
CHUNK_BYTES = 64 << 10


@dataclasses.dataclass(frozen=True)
class Limits:
    """What one side is ready to receive. Sizes in bytes."""

    max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES
    max_message_bytes: int = 64 << 20
    max_open_calls: int = 1024
    call_window_bytes: int = 1 << 20
    connection_window_bytes: int = 16 << 20

    @classmethod
    def received(cls, limits: Any) -> Limits:
        """From a `mien.v1.Limits`, where 0 means the default."""
        names = [field.name for field in dataclasses.fields(cls)]
        return cls(**{name: getattr(limits, name) for name in names if getattr(limits, name)})

    @property
    def chunk_bytes(self) -> int:
        """Chunks that go to a side with these limits."""
        return min(CHUNK_BYTES, self.max_frame_bytes // 2)


def hello(name: str, version: str, limits: Limits) -> Any:
    return Frame(hello={"magic": MAGIC, "min_major": MAJORS[0], "max_major": MAJORS[1], "peer_name": name, "peer_version": version, "pid": os.getpid(),
                        "limits": dataclasses.asdict(limits)})


def accept(hello: Any) -> Limits:
    """Agrees on a version and reads the other side's limits. Raises Violation where that cannot be."""
    if hello.magic != MAGIC:
        raise Violation(f"the other side is no Mien program: its Hello begins with the magic {ascii(hello.magic[:40])}")
    who = f"{hello.peer_name} {hello.peer_version}".strip() or "the other side"
    if not 1 <= hello.min_major <= hello.max_major:
        raise Violation(f"{who} sent the impossible range of protocol versions {hello.min_major}-{hello.max_major}")
    if hello.min_major > MAJORS[1] or hello.max_major < MAJORS[0]:
        raise Violation(f"no common protocol version: {who} speaks {hello.min_major}-{hello.max_major}, this side speaks {MAJORS[0]}-{MAJORS[1]}")
    limits = Limits.received(hello.limits)
    if not SMALLEST_MAX_FRAME_BYTES <= limits.max_frame_bytes < FRAME_BYTES_BOUND:
        raise Violation(f"{who} asks for frames of at most {limits.max_frame_bytes} bytes; allowed are {SMALLEST_MAX_FRAME_BYTES} to {FRAME_BYTES_BOUND - 1}")
    return limits
