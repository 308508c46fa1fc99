"""plugin.json, schema 1: what a plugin is and offers. The host reads the same file; what both make of it must be the same."""
from __future__ import annotations

import dataclasses
import pathlib
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

from .hello import MAJORS
from .messages import PluginDescription, PluginEstimator
from .node import ARGUMENT, FILE, ID, LABEL, SHA256, TEXT, VARIABLE, VERSION, ManifestError, Node, parse, shown
from .taxonomy import CATEGORIES, DIMENSIONS
from .wire import LIMITS

NAME = "plugin.json"
RATE = 16000
MAX_FILE_BYTES = 1 << 20
_CHANNELS = {"rgb": 3, "grey": 1}


@dataclasses.dataclass(frozen=True)
class FaceInput:
    """Size in pixels; `margin` as a share of the box, -0.4..1."""

    width: int
    height: int
    pixels: str
    crop: str
    margin: float
    square: bool

    @property
    def channels(self) -> int:
        return _CHANNELS[self.pixels]

    @property
    def most_bytes(self) -> int:
        return self.width * self.height * self.channels


@dataclasses.dataclass(frozen=True)
class VoiceInput:
    """Hz; seconds."""

    rate: int
    maximum_seconds: float

    @property
    def most_bytes(self) -> int:
        return int(self.rate * self.maximum_seconds + 1) * 4


@dataclasses.dataclass(frozen=True)
class EstimatorManifest:
    """One of the plugin's estimators, defaults filled in."""

    id: str
    version: str
    summary: str
    categories: Tuple[str, ...]
    dimensions: Tuple[str, ...]
    attributes: Tuple[str, ...]
    native_labels: Tuple[str, ...]
    minimum_reliability: Optional[float]
    uses_neutral: bool
    input: Union[FaceInput, VoiceInput]
    batch: int
    precision: str
    licence: str
    attribution: str
    memory_mb: int
    cost_ms: Optional[float]
    skill: Optional[float]
    online: bool

    def description(self) -> Any:
        """As a `mien.v1.PluginEstimator`."""
        names = ("id", "version", "summary", "categories", "dimensions", "attributes", "native_labels", "minimum_reliability", "uses_neutral", "batch",
                 "precision", "licence", "attribution", "cost_ms", "skill", "online")
        message = PluginEstimator(memory_bytes=self.memory_mb * 1_000_000, **{name: getattr(self, name) for name in names})
        if isinstance(self.input, VoiceInput):
            message.voice.rate, message.voice.maximum_seconds = self.input.rate, self.input.maximum_seconds
        else:
            face = message.face
            face.width, face.height, face.margin, face.square = self.input.width, self.input.height, self.input.margin, self.input.square
            # PIXEL_FORMAT_GRAY8 and _RGB8, FACE_CROP_BOX and _ALIGNED.
            face.format = 2 if self.input.channels == 3 else 1
            face.crop = 2 if self.input.crop == "aligned" else 1
        return message


@dataclasses.dataclass(frozen=True)
class Manifest:
    """What of a plugin.json concerns the plugin itself. The rest is the host's affair, and is checked all the same."""

    id: str
    version: str
    estimators: Tuple[EstimatorManifest, ...]

    def description(self) -> Any:
        """As a `mien.v1.PluginDescription`."""
        return PluginDescription(id=self.id, version=self.version, estimators=[one.description() for one in self.estimators])


def load(folder: pathlib.Path) -> Manifest:
    """Reads the plugin.json of a folder. Raises ManifestError, whose text begins with the file's path."""
    path = folder / NAME
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise ManifestError(f"the file is larger than {MAX_FILE_BYTES} bytes")
        return _plugin(parse(data))
    except OSError as error:
        raise ManifestError(f"{path}: {error.strerror}") from None
    except ManifestError as error:
        raise ManifestError(f"{path}: {error}") from None


def _plugin(value: object) -> Manifest:
    node = Node(value, "", ["$schema", "schema", "id", "version", "summary", "licence", "attribution", "kind", "entry", "protocol", "abi", "files", "environment",
                            "limits", "restart", "estimators"])
    if node.value("schema") != 1:
        raise ManifestError("schema is not 1, the only one that this package knows")
    plugin = {"id": node.text("id", ID), "version": node.text("version", VERSION)}
    texts = {"summary": node.text("summary", TEXT), "licence": node.text("licence", TEXT), "attribution": node.text("attribution", TEXT)}
    if node.choice("kind", ["process", "library"]) == "library":
        raise ManifestError('kind is "library", but a plugin in Python is a "process"')
    if node.has("abi"):
        raise ManifestError('abi belongs to plugins of the kind "library"')
    node.texts("entry", ARGUMENT, 1, 64, unique=False)
    if node.has("protocol"):
        _protocol(node)
    if node.has("files"):
        for element, place in node.array("files", 0, 1024):
            file = Node(element, place, ["file", "sha256"])
            file.text("file", FILE)
            file.text("sha256", SHA256)
    if node.has("environment"):
        node.texts("environment", VARIABLE, 0, 64)
    _resources(node)
    estimators: List[EstimatorManifest] = []
    for element, place in node.array("estimators", 1, 64):
        one = _estimator(element, place, {**texts, "version": plugin["version"]})
        if any(one.id == other.id for other in estimators):
            raise ManifestError(f"{place}.id is {shown(one.id)} for the second time")
        estimators.append(one)
    return Manifest(plugin["id"], plugin["version"], tuple(estimators))


def _protocol(node: Node) -> None:
    majors = [element for element, _ in node.array("protocol", 2, 2)]
    if not all(isinstance(major, int) and not isinstance(major, bool) for major in majors) or not 1 <= majors[0] <= majors[1]:
        raise ManifestError("protocol is not the lowest and the highest version that the plugin speaks, such as [1, 1]")
    if majors[0] > MAJORS[1] or majors[1] < MAJORS[0]:
        raise ManifestError(f"protocol is {majors[0]}-{majors[1]}, but this package speaks {MAJORS[0]}-{MAJORS[1]}")


def _resources(node: Node) -> None:
    """Limits and restarts are kept by the host."""
    if node.has("limits"):
        limits = Node(node.value("limits"), "limits", ["processes", "memory_mb", "start_seconds", "call_seconds"])
        for key, low, high in (("processes", 1, 64), ("memory_mb", 16, 1_000_000), ("start_seconds", 1, 600), ("call_seconds", 1, 3600)):
            if limits.has(key):
                limits.integer(key, low, high)
    if node.has("restart"):
        restart = Node(node.value("restart"), "restart", ["attempts", "seconds"])
        if restart.has("attempts"):
            restart.integer("attempts", 0, 1000)
        if restart.has("seconds"):
            restart.integer("seconds", 1, 86400)


def _estimator(value: object, place: str, plugin: Dict[str, str]) -> EstimatorManifest:
    node = Node(value, place, ["id", "version", "summary", "categories", "dimensions", "attributes", "native_labels", "minimum_reliability", "uses_neutral",
                               "face", "voice", "batch", "precision", "licence", "attribution", "memory_mb", "cost_ms", "skill", "online"])

    def text(key: str, rule: Any, default: str) -> str:
        return node.text(key, rule) if node.has(key) else default

    def labels(key: str) -> Tuple[str, ...]:
        return node.texts(key, LABEL, 0, 1000) if node.has(key) else ()

    categories = _names(node, "categories", CATEGORIES, "canonical EmoNet category")
    dimensions = _names(node, "dimensions", DIMENSIONS, "dimension") if node.has("dimensions") else ()
    attributes, native_labels = labels("attributes"), labels("native_labels")
    if not (categories or dimensions or attributes):
        raise ManifestError(f"{place} offers neither categories nor dimensions nor attributes")
    if node.has("face") == node.has("voice"):
        raise ManifestError(f"{place} must have either face or voice, which says what it reads")
    cut = _face(node) if node.has("face") else _voice(node)
    uses_neutral = node.flag("uses_neutral", False)
    if uses_neutral and not (native_labels and isinstance(cut, VoiceInput)):
        raise ManifestError(f"{node.at('uses_neutral')} is true, but only voices have neutral scores, and only with native_labels")
    batch = node.integer("batch", 1, 1024) if node.has("batch") else 1
    # Some room for names and neutral scores.
    if batch * cut.most_bytes > LIMITS.max_message_bytes - (1 << 20):
        raise ManifestError(f"{node.at('batch')} is {batch}, but so many inputs of {cut.most_bytes} bytes are more than one message may hold")
    return EstimatorManifest(
        id=node.text("id", ID), version=text("version", VERSION, plugin["version"]), summary=text("summary", TEXT, plugin["summary"]),
        categories=categories, dimensions=dimensions, attributes=attributes, native_labels=native_labels,
        minimum_reliability=node.number("minimum_reliability", -1, 1) if node.has("minimum_reliability") else None,
        uses_neutral=uses_neutral, input=cut, batch=batch, precision=text("precision", LABEL, "f32"),
        licence=text("licence", TEXT, plugin["licence"]), attribution=text("attribution", TEXT, plugin["attribution"]),
        memory_mb=node.integer("memory_mb", 0, 1_000_000) if node.has("memory_mb") else 0,
        cost_ms=node.number("cost_ms", 0, 1e6) if node.has("cost_ms") else None, skill=node.number("skill", -1, 1) if node.has("skill") else None,
        online=node.flag("online", False))


def _names(node: Node, key: str, known: Sequence[str], what: str) -> Tuple[str, ...]:
    names = node.texts(key, LABEL, 0, len(known))
    for index, name in enumerate(names):
        if name not in known:
            near = [other for other in known if name.lower() in other.lower() or other.lower() in name.lower()] or list(known)
            raise ManifestError(f"{node.at(key)}[{index}] is {shown(name)}, which is no {what}; there is: {', '.join(near)}")
    return names


def _face(node: Node) -> FaceInput:
    face = Node(node.value("face"), node.at("face"), ["width", "height", "pixels", "crop", "margin", "square"])
    crop = face.choice("crop", ["box", "aligned"])
    for key in ("margin", "square"):
        if crop == "aligned" and face.has(key):
            raise ManifestError(f'{face.at(key)} has a meaning only with the crop "box"')
    return FaceInput(width=face.integer("width", 8, 1024), height=face.integer("height", 8, 1024), pixels=face.choice("pixels", list(_CHANNELS)), crop=crop,
                     margin=face.number("margin", -0.4, 1) if face.has("margin") else 0.0, square=face.flag("square", False))


def _voice(node: Node) -> VoiceInput:
    voice = Node(node.value("voice"), node.at("voice"), ["rate", "maximum_seconds"])
    if voice.has("rate") and voice.integer("rate", 1, 1 << 20) != RATE:
        raise ManifestError(f"{voice.at('rate')} is not {RATE}, the only rate at which the host gives voices")
    return VoiceInput(RATE, voice.number("maximum_seconds", 1, 600) if voice.has("maximum_seconds") else 30.0)
