"""Every message of Mien's protos, from the descriptor set beside this file: no generated code, so that any protobuf from 4.22 on will do."""
from __future__ import annotations

import pathlib
from typing import Any, Dict

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_files = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(__file__).with_name("mien.desc").read_bytes()).file
# A pool of our own: a program may have loaded other versions of these files into the default one.
_pool = descriptor_pool.DescriptorPool()
for _file in _files:
    _pool.Add(_file)  # type: ignore[no-untyped-call, unused-ignore]

MESSAGES: Dict[str, Any] = dict(message_factory.GetMessageClassesForFiles([file.name for file in _files], _pool))
"""Classes by full name: "mien.v1.Frame"."""

# Their fields are known at run time alone, hence Any.
Frame: Any = MESSAGES["mien.v1.Frame"]
Status: Any = MESSAGES["mien.v1.Status"]
ErrorInfo: Any = MESSAGES["mien.v1.ErrorInfo"]
PluginDescription: Any = MESSAGES["mien.v1.PluginDescription"]
PluginEstimator: Any = MESSAGES["mien.v1.PluginEstimator"]
PluginReading: Any = MESSAGES["mien.v1.PluginReading"]
PluginReadings: Any = MESSAGES["mien.v1.PluginReadings"]
