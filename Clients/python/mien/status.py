"""How calls end: gRPC's codes, and errors as they travel."""
from __future__ import annotations

import enum
import re
from typing import Any, Dict, Iterable, List, Mapping, Optional

from .messages import ErrorInfo, Status

MAX_METADATA_BYTES = 8 << 10


class Code(enum.IntEnum):
    """Those of gRPC's codes that a plugin uses."""

    OK = 0
    CANCELLED = 1
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    RESOURCE_EXHAUSTED = 8
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14


class CallError(Exception):
    """Ends a call. `reason` is for programs, in UPPER_SNAKE_CASE; `field` names the part that is to blame, in dotted form."""

    def __init__(self, code: Code, message: str, reason: str = "", field: str = "", facts: Optional[Mapping[str, object]] = None) -> None:
        super().__init__(message)
        self.code, self.message, self.reason, self.field, self.facts = code, message, reason, field, facts or {}

    def status(self) -> Any:
        """As a `mien.v1.Status`; long texts are cut, so that it fits into the smallest frame that a caller may allow."""
        status = Status(code=int(self.code), message=cut(self.message, 4 << 10))
        if self.reason or self.field or self.facts:
            facts = [{"name": name, "value": str(value)} for name, value in self.facts.items()]
            info = ErrorInfo(reason=cut(self.reason, 256), field=cut(self.field, 1 << 10), facts=facts)
            status.details.add(type="mien.v1.ErrorInfo", value=info.SerializeToString())
        return status


def cut(text: str, limit: int) -> str:
    """The longest beginning of at most `limit` bytes. What UTF-8 cannot hold (file names have such characters) becomes a question mark."""
    return text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")


def check_metadata(metadata: Any) -> None:
    """Raises CallError if a caller may not attach these entries to a call."""
    size = 0
    for entry in metadata:
        if not re.fullmatch(r"[a-z0-9._-]+", entry.name):
            raise CallError(Code.INVALID_ARGUMENT, f"the metadata name {ascii(entry.name[:80])} is not made of lower-case letters, digits, '-', '_' and '.'",
                            "METADATA_NAME")
        if entry.name.startswith("mien-"):
            raise CallError(Code.INVALID_ARGUMENT, f"the metadata name {ascii(entry.name[:80])} is reserved: names that begin with mien- belong to the "
                            "protocol", "METADATA_RESERVED")
        size += len(entry.name.encode()) + len(entry.value.encode())
    if size > MAX_METADATA_BYTES:
        raise CallError(Code.RESOURCE_EXHAUSTED, f"{size} bytes of metadata exceed the limit of {MAX_METADATA_BYTES}", "METADATA_TOO_LARGE",
                        facts={"limit": MAX_METADATA_BYTES})


def late() -> CallError:
    return CallError(Code.DEADLINE_EXCEEDED, "the call was not done before its deadline")


def unknown(method: str, methods: Iterable[str]) -> CallError:
    """Why no handler answers a method."""
    parts = method.split("/", 3)
    if len(parts) != 3 or parts[0] or not parts[1] or not parts[2]:
        return CallError(Code.INVALID_ARGUMENT, f"method path {ascii(method[:200])} is not of the form /package.Service/Method", "METHOD_PATH_MALFORMED")
    services: Dict[str, List[str]] = {}
    for path in methods:
        services.setdefault(path.split("/")[1], []).append(path.split("/")[2])
    if parts[1] not in services:
        return CallError(Code.UNIMPLEMENTED, f"no service {ascii(parts[1][:200])}; there are: {', '.join(services)}", "SERVICE_UNKNOWN")
    return CallError(Code.UNIMPLEMENTED, f"service {parts[1]} has no method {ascii(parts[2][:200])}; it has: {', '.join(services[parts[1]])}", "METHOD_UNKNOWN")
