"""Estimators for Mien: a function per estimator, a plugin.json beside the program, and `serve()`.

    from mien.plugin import Clip, Reading, estimator, serve

    @estimator("loud-voices")
    def read(clip: Clip) -> Reading:
        loud = min(1.0, 10 * clip.rms)
        return Reading(categories={"Anger": loud}, dimensions={"arousal": 2 * loud - 1})

    serve()
"""
from __future__ import annotations

import os
import pathlib
import signal
import sys
import threading
from typing import Any, Callable, Dict, NamedTuple, NoReturn, Optional, TypeVar, Union

from . import manifest as manifests
from . import streams
from .call import Cancelled, Context
from .inputs import Clip, Face
from .manifest import FaceInput, Manifest
from .node import ManifestError
from .readings import Attribute, Category, PredictionSet, Reading, Scale
from .service import Function, Service
from .signature import Mismatch, Signature
from .wire import EXIT_INPUT_OUTPUT, EXIT_OK, Connection

__all__ = ["Attribute", "Cancelled", "Category", "Clip", "Context", "Face", "PredictionSet", "Reading", "Scale", "estimator", "serve"]

EXIT_USAGE = 64
EXIT_CONFIGURATION = 78

F = TypeVar("F", bound=Callable[..., object])


class _Registered(NamedTuple):
    function: Function
    signature: Signature


_registered: Dict[str, _Registered] = {}


def estimator(id: str, *, batch: bool = False, load: Optional[Callable[[], object]] = None) -> Callable[[F], F]:
    """Makes a function the estimator that plugin.json calls `id`; the function stays what it was.

    It gets a Face or a Clip, as plugin.json says, and returns a Reading; with `batch` it gets a list and returns a list of the same length. If it has a second
    parameter `context`, that tells it whether anyone still waits. `load` is called once, when the host warms the estimator or before its first reading: the place
    for weights and slow imports. Raises TypeError for a function whose parameters or annotations do not fit that.
    """
    if not isinstance(id, str):
        raise TypeError("estimator() takes the id that plugin.json gives it: @estimator(\"my-voices\")")

    def register(function: F) -> F:
        if id in _registered:
            raise ValueError(f'@estimator("{id}") is there twice')
        signature = Signature(function, batch, f'@estimator("{id}")')
        _registered[id] = _Registered(Function(signature.adapt(function), batch, load), signature)
        return function

    return register


def serve(folder: Union[str, "os.PathLike[str]", None] = None, workers: int = 1) -> None:
    """Answers the host until it closes stdin, then returns. `folder` has the plugin.json; without it that lies beside the program.

    `workers` functions run at once; with more than one they have to bear that. Exits with 76 if the host breaks the protocol, with 78 and a line on stderr if
    plugin.json is wrong or does not fit the functions. From here on print() writes to stderr; what was flushed to stdout before would have broken the stream.
    """
    process: Any = sys.modules.get("multiprocessing.process")
    if process is not None and getattr(process.current_process(), "_inheriting", False):
        return  # a helper of the author's that imports the program again, as multiprocessing has it: the host talks to its parent
    if workers < 1:
        raise ValueError("serve() needs at least one worker")
    if os.isatty(0):
        _leave(EXIT_USAGE, "this is a plugin, which the host starts; to try it: mien plugins check DIR")
    try:
        source, sink = streams.take_over()
    except OSError as error:
        _leave(EXIT_INPUT_OUTPUT, f"stdin and stdout cannot be used: {error.strerror}")
    try:
        found = manifests.load(_folder(folder))
        functions = _functions(found)
    except ManifestError as error:
        _leave(EXIT_CONFIGURATION, str(error))
    except Mismatch as error:
        _leave(EXIT_CONFIGURATION, f"TypeError: {error}")
    streams.ignore_interrupts()
    connection = Connection(source, sink, Service(found, functions).methods(), found.id, found.version, workers)
    _drain_on_termination(connection)
    code = connection.run()
    if threading.current_thread() is threading.main_thread():
        signal.set_wakeup_fd(-1)
    if connection.is_busy:
        # Not by returning: Python cannot end a thread that computes, and taking the interpreter down around it may crash.
        _say(connection.reason)
        os._exit(code)
    if code != EXIT_OK:
        _leave(code, connection.reason)


def _folder(folder: Union[str, "os.PathLike[str]", None]) -> pathlib.Path:
    if folder is not None:
        return pathlib.Path(folder)
    program: Any = getattr(sys.modules.get("__main__"), "__file__", None)
    if program is None:
        raise ManifestError("there is no program beside which plugin.json could lie: say serve(folder=...)")
    return pathlib.Path(program).resolve().parent


def _functions(found: Manifest) -> Dict[str, Function]:
    """The functions that belong to the manifest: each estimator has one and each one has an estimator."""
    place = manifests.NAME
    ids = [one.id for one in found.estimators]
    for id in _registered:
        if id not in ids:
            raise ManifestError(f'@estimator("{id}") names an estimator that {place} does not have; it has: {", ".join(ids)}')
    for one in found.estimators:
        if one.id not in _registered:
            raise ManifestError(f'{place} has the estimator "{one.id}", but no function is marked @estimator("{one.id}")')
        _registered[one.id].signature.check(Face if isinstance(one.input, FaceInput) else Clip)
    return {id: registered.function for id, registered in _registered.items()}


def _drain_on_termination(connection: Connection) -> None:
    def drain(number: int, frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        connection.drain("the plugin was told to end")

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, drain)
        # The system may hand the signal to any thread, and Python runs its handler on this one, which sleeps until something is to be read.
        signal.set_wakeup_fd(connection.wake_descriptor, warn_on_full_buffer=False)
        # A helper forked by the author's code has no calls to finish.
        os.register_at_fork(after_in_child=_end_when_told)


def _end_when_told() -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _say(text: str) -> None:
    if text:
        print(f"mien: {text}", file=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            try:
                stream.flush()
            except OSError:
                pass  # nobody reads it any more


def _leave(code: int, text: str) -> NoReturn:
    _say(text)
    sys.exit(code)
