"""Plugins in processes, and a caller that asks them what the host asks."""
import atexit
import pathlib
import shutil
import struct
import sys
import tempfile

import pytest

from wire_client import ROOT, Client, M, mien_command

PACKAGE = ROOT / "Clients/python"
EXAMPLES = ROOT / "Plugins/examples"
ODD = pathlib.Path(__file__).with_name("odd_plugin")
# Compiled once for all processes, and not into the tree.
ENVIRONMENT = {"PYTHONPATH": str(PACKAGE), "PYTHONDONTWRITEBYTECODE": "", "PYTHONUNBUFFERED": "", "PYTHONPYCACHEPREFIX": tempfile.mkdtemp()}
atexit.register(shutil.rmtree, ENVIRONMENT["PYTHONPYCACHEPREFIX"], ignore_errors=True)

needs_swift = pytest.mark.skipif(shutil.which("swift") is None, reason="swift is not in PATH")


class Plugin(Client):
    """The plugin in Python in a folder, spawned as the host spawns it. `largest_frame` is the size of the largest frame that has come from it."""

    def __init__(self, folder, environment=None, **options):
        self.folder, self.largest_frame = folder, 0
        super().__init__(environment={**ENVIRONMENT, **(environment or {})}, **options)

    def command(self):
        return [sys.executable, str(self.folder / "plugin.py")]

    def _handle(self, frame):
        self.largest_frame = max(self.largest_frame, frame.ByteSize())
        super()._handle(frame)

    def begin(self, method, request, **options):
        return self.open(f"/mien.v1.Plugin/{method}", message=request.SerializeToString(), half_close=True, **options)

    def hear(self, estimator, *clips, **options):
        """Begins a call about clips, each a list of samples."""
        return self.begin("EstimateVoices", voices(estimator, *clips), **options)

    def heard(self, estimator, *clips, **options):
        return readings(self.hear(estimator, *clips, **options))

    def seen(self, estimator, *faces, **fields):
        return readings(self.begin("EstimateFaces", M["mien.v1.PluginFacesRequest"](estimator=estimator, faces=faces, **fields)))


class Library(Plugin):
    """The library in a folder, served by the command."""

    def command(self):
        return [mien_command(), "plugins", "serve", str(self.folder)]


def voices(estimator, *clips, **fields):
    return M["mien.v1.PluginVoicesRequest"](estimator=estimator, clips=[struct.pack(f"<{len(clip)}f", *clip) for clip in clips], **fields)


def readings(call):
    data = call.next()
    assert call.next() is None
    return list(M["mien.v1.PluginReadings"].FromString(data).readings)


def values(items):
    """Estimates by name, as plain numbers."""
    return {item.name: getattr(item, "value" if "value" in item.DESCRIPTOR.fields_by_name else "intensity") for item in items}
