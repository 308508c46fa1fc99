"""The process's real stdin and stdout, kept for frames alone."""
from __future__ import annotations

import functools
import os
import signal
import sys
import threading
from typing import Tuple


def take_over() -> Tuple[int, int]:
    """Moves stdin and stdout out of reach and returns where they are now. From then on fd 0 is /dev/null and fd 1 is stderr, so that nobody's print
    gets between two frames; programs that are started inherit these and not the real ones."""
    source, sink = os.dup(0), os.dup(1)  # dup's are not inherited
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    try:
        os.dup2(2, 1)
    except OSError:  # there is no stderr
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
    os.close(nothing)
    for descriptor in (source, sink):
        os.set_blocking(descriptor, True)
    # A fork inherits everything: multiprocessing's children must neither write frames nor keep the host waiting for the end of ours.
    for descriptor in (source, sink):
        os.register_at_fork(after_in_child=functools.partial(os.close, descriptor))
    if sys.stdout is not None and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)
    return source, sink


def ignore_interrupts() -> None:
    """The host decides when a plugin ends, by closing its stdin; Ctrl-C at a terminal reaches the whole family and must not cut off calls."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
