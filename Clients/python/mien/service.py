"""Answers of the service `mien.v1.Plugin`, from an author's functions and what plugin.json says about them."""
from __future__ import annotations

import dataclasses
import threading
from typing import Any, Callable, Dict, FrozenSet, List, Mapping, Optional, Sequence, Union

from . import media
from .call import Cancelled, Context, Handler
from .inputs import Clip, Face, samples
from .manifest import EstimatorManifest, FaceInput, Manifest, VoiceInput
from .messages import MESSAGES, PluginReadings
from .readings import ReadingError, message
from .status import CallError, Code
from .wire import failure

Input = Union[Face, Clip]


@dataclasses.dataclass(frozen=True)
class Function:
    """An author's function, called alike whatever its signature: one input or a list of them, and the context."""

    call: Callable[[Any, Context], object]
    batch: bool
    load: Optional[Callable[[], object]]


class _Estimator:
    def __init__(self, manifest: EstimatorManifest, function: Function) -> None:
        self.manifest, self._function = manifest, function
        self._loading = threading.Lock()
        self._is_loaded = function.load is None

    def warm(self) -> None:
        """Loads once. What has failed is tried again by the next call."""
        with self._loading:
            if not self._is_loaded and self._function.load is not None:
                self._guard(self._function.load, "loading failed: ", "ESTIMATOR_LOAD_FAILED")
                self._is_loaded = True

    def read(self, inputs: Sequence[Input], context: Context) -> Any:
        self.warm()
        readings = self._batch(inputs, context) if self._function.batch else self._one_by_one(inputs, context)
        result = PluginReadings()
        for index, reading in enumerate(readings):
            try:
                result.readings.append(message(reading, self.manifest))
            except ReadingError as error:
                place = f"readings[{index}]{'.' if error.field else ''}{error.field}"
                raise CallError(Code.INTERNAL, f"{self.manifest.id}: {place} {error}", "READING_INVALID", place) from None
        return result

    def _one_by_one(self, inputs: Sequence[Input], context: Context) -> List[object]:
        readings = []
        for one in inputs:
            context.check()
            readings.append(self._guard(lambda: self._function.call(one, context), "", "ESTIMATOR_FAILED"))
        return readings

    def _batch(self, inputs: Sequence[Input], context: Context) -> Sequence[object]:
        context.check()
        readings = self._guard(lambda: self._function.call(list(inputs), context), "", "ESTIMATOR_FAILED")
        if not isinstance(readings, (list, tuple)):
            raise CallError(Code.INTERNAL, f"{self.manifest.id}: returned a {type(readings).__name__} where a list of readings belongs", "READING_INVALID",
                            "readings")
        if len(readings) != len(inputs):
            raise CallError(Code.INTERNAL, f"{self.manifest.id}: returned {len(readings)} readings for {len(inputs)} inputs", "READING_INVALID", "readings")
        return readings

    def _guard(self, call: Callable[[], object], prefix: str, reason: str) -> object:
        """Lets nothing of the author's pass that is not about the call itself."""
        try:
            return call()
        except Cancelled:
            raise
        except BaseException as error:  # sys.exit() included: it would end this thread and nothing else
            raise failure(error, f"{self.manifest.id}: {prefix}", reason) from None


class Service:
    """`functions` has one for every estimator of the manifest."""

    def __init__(self, manifest: Manifest, functions: Mapping[str, Function]) -> None:
        description = manifest.description()
        description.mapped_media = media.attach()
        self._description: bytes = description.SerializeToString(deterministic=True)
        self._estimators = {one.id: _Estimator(one, functions[one.id]) for one in manifest.estimators}

    def methods(self) -> Dict[str, Handler]:
        """Handlers by path."""
        named: Dict[str, Callable[[Any, Context], bytes]] = {
            "Describe": lambda request, context: self._description, "Warm": self._warm, "EstimateFaces": self._faces, "EstimateVoices": self._voices}
        requests = {"Describe": "DescribePluginRequest", "Warm": "WarmPluginRequest", "EstimateFaces": "PluginFacesRequest",
                    "EstimateVoices": "PluginVoicesRequest"}
        return {f"/mien.v1.Plugin/{name}": _decoding(f"mien.v1.{requests[name]}", answer) for name, answer in named.items()}

    def _warm(self, request: Any, context: Context) -> bytes:
        self._find(request.estimator).warm()
        return b""

    def _faces(self, request: Any, context: Context) -> bytes:
        estimator = self._find(request.estimator)
        cut = estimator.manifest.input
        if not isinstance(cut, FaceInput):
            raise CallError(Code.INVALID_ARGUMENT, f"{estimator.manifest.id} hears voices and sees no faces", "ESTIMATOR_MODALITY", "estimator")
        inputs = media.inputs(request, "faces")
        _check_count("faces", len(inputs), estimator.manifest.batch)
        size = cut.width * cut.height * cut.channels
        for index, pixels in enumerate(inputs):
            if len(pixels) != size:
                raise CallError(Code.INVALID_ARGUMENT, f"faces[{index}] has {len(pixels)} bytes, but {cut.width}x{cut.height} pixels with {cut.channels} "
                                f"channels are {size}", "FIELD_OUT_OF_RANGE", f"faces[{index}]")
        wanted = _wanted(request)
        faces = [Face(cut.width, cut.height, cut.channels, pixels, wanted) for pixels in inputs]
        return _serialised(estimator.read(faces, context))

    def _voices(self, request: Any, context: Context) -> bytes:
        estimator = self._find(request.estimator)
        cut = estimator.manifest.input
        if not isinstance(cut, VoiceInput):
            raise CallError(Code.INVALID_ARGUMENT, f"{estimator.manifest.id} sees faces and hears no voices", "ESTIMATOR_MODALITY", "estimator")
        inputs = media.inputs(request, "clips")
        _check_count("clips", len(inputs), estimator.manifest.batch)
        for index, data in enumerate(inputs):
            if not data or len(data) % 4 or len(data) > cut.most_bytes:
                raise CallError(Code.INVALID_ARGUMENT, f"clips[{index}] has {len(data)} bytes, but samples are 4 bytes each, at least one and at most "
                                f"{cut.maximum_seconds:g} s", "FIELD_OUT_OF_RANGE", f"clips[{index}]")
        wanted, neutral = _wanted(request), {score.label: score.score for score in request.neutral}
        clips = [Clip(samples(data), cut.rate, neutral, wanted) for data in inputs]
        return _serialised(estimator.read(clips, context))

    def _find(self, name: str) -> _Estimator:
        estimator = self._estimators.get(name)
        if estimator is None:
            raise CallError(Code.NOT_FOUND, f"no estimator {ascii(name[:80])}; there is: {', '.join(self._estimators)}", "ESTIMATOR_UNKNOWN", "estimator")
        return estimator


def _decoding(name: str, answer: Callable[[Any, Context], bytes]) -> Handler:
    def handle(data: bytes, context: Context) -> bytes:
        try:
            request = MESSAGES[name].FromString(data)
        except Exception as error:  # which one differs between protobuf's implementations
            raise CallError(Code.INVALID_ARGUMENT, f"{name}: {error}", "MESSAGE_MALFORMED") from None
        return answer(request, context)
    return handle


def _serialised(readings: Any) -> bytes:
    data: bytes = readings.SerializeToString()
    return data


def _wanted(request: Any) -> Optional[FrozenSet[str]]:
    return frozenset(request.categories) or None


def _check_count(field: str, count: int, batch: int) -> None:
    if not 1 <= count <= batch:
        raise CallError(Code.INVALID_ARGUMENT, f"{field} has {count} elements where there must be 1 to {batch}", "FIELD_OUT_OF_RANGE", field)
