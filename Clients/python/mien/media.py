"""Inputs that come with a question, or lie in memory that the host has given this process."""
from __future__ import annotations

import fcntl
import mmap
import os
import sys
from typing import Any, List, Optional, Sequence

from .status import CallError, Code

_memory: Optional[mmap.mmap] = None


def attach() -> bool:
    """Maps the host's memory if there is any; False if not."""
    global _memory
    # Nobody that this process starts has it, whatever it inherits.
    if os.environ.pop("MIEN_MEDIA", None) == "3" and _memory is None and sys.platform == "linux":
        try:
            # A file that could shrink is not the host's, and would end this process.
            if fcntl.fcntl(3, fcntl.F_GET_SEALS) & fcntl.F_SEAL_SHRINK:
                _memory = mmap.mmap(3, 0, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ)
                os.close(3)
        except (OSError, ValueError):  # not what it says: inputs come with the questions then
            pass
    return _memory is not None


def inputs(request: Any, name: str) -> Sequence[bytes]:
    """The faces or clips of a request, by the field's name. Copies, since the memory is written to again after the answer, and an estimator may keep what it got."""
    inline: Sequence[bytes] = getattr(request, name)
    if not request.mapped:
        return inline
    if inline:
        raise CallError(Code.INVALID_ARGUMENT, f"{name} and mapped are both set", "FIELD_OUT_OF_RANGE", "mapped")
    if _memory is None:
        raise CallError(Code.INVALID_ARGUMENT, "this process has no memory in common with its caller", "MEDIA_NOT_MAPPED", "mapped")
    found: List[bytes] = []
    for index, span in enumerate(request.mapped):
        if span.offset > len(_memory) or span.size > len(_memory) - span.offset:
            raise CallError(Code.INVALID_ARGUMENT, f"mapped[{index}] has {span.size} bytes from {span.offset} on, of {len(_memory)} in all", "FIELD_OUT_OF_RANGE",
                            f"mapped[{index}]")
        found.append(_memory[span.offset:span.offset + span.size])
    return found
