"""What an estimator says, and whether it may say that."""
from __future__ import annotations

import dataclasses
import math
import re
from typing import Any, Iterable, List, Mapping, NamedTuple, Optional, Sequence, SupportsFloat, Tuple, Union

from .manifest import EstimatorManifest
from .messages import PluginReading

FLOAT32_MAX = 3.4028234663852886e38
# A softmax in 32-bit floats may exceed 1 by this much; that is taken as 1.
ROUNDING = 1e-5


class ReadingError(Exception):
    """What an estimator returned cannot be used. `field` is the place within its reading, in dotted form."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class Scale(NamedTuple):
    """From where to where native scores go, and what they are: Scale(0, 1, "softmax probability")."""

    minimum: float
    maximum: float
    meaning: str


@dataclasses.dataclass(frozen=True)
class Category:
    """A category with more than its intensity, 0..1. `probability`, 0..1, only if the estimator was calibrated on held-out people; `native_score` as the
    model gave it, together with its scale; `above_neutral` is the native score minus that of a neutral face or voice; `rater_reliability`, -1..1, says how far
    human raters agree about the category."""

    intensity: SupportsFloat
    probability: Optional[SupportsFloat] = None
    native_score: Optional[SupportsFloat] = None
    native_scale: Optional[Union[Scale, Tuple[float, float, str]]] = None
    above_neutral: Optional[SupportsFloat] = None
    rater_reliability: Optional[SupportsFloat] = None


@dataclasses.dataclass(frozen=True)
class Attribute:
    """An attribute with more than its value: the scale of the value, and what the ends of the scale mean."""

    value: SupportsFloat
    scale: Optional[Union[Scale, Tuple[float, float, str]]] = None
    low_end: str = ""
    high_end: str = ""
    above_neutral: Optional[SupportsFloat] = None


class PredictionSet(NamedTuple):
    """Of conformal prediction: native labels, the most probable first, and how often such a set holds the right one, 0..1."""

    labels: Sequence[str]
    coverage: float


@dataclasses.dataclass(frozen=True)
class Reading:
    """What an estimator sees in one face or hears in one clip. Names are those of plugin.json; what is left out is not said.

    `categories`: intensities, 0..1. `dimensions`: -1..1. `attributes`: as the model gave them. `native_scores`: one per native label, by label or in the
    order of plugin.json, all or none. `warnings`: text for people by reason in UPPER_SNAKE_CASE.
    """

    categories: Mapping[str, Union[SupportsFloat, Category]] = dataclasses.field(default_factory=dict)
    dimensions: Mapping[str, SupportsFloat] = dataclasses.field(default_factory=dict)
    attributes: Mapping[str, Union[SupportsFloat, Attribute]] = dataclasses.field(default_factory=dict)
    native_scores: Union[Mapping[str, SupportsFloat], Sequence[SupportsFloat]] = ()
    prediction_set: Optional[Union[PredictionSet, Tuple[Sequence[str], float]]] = None
    warnings: Mapping[str, str] = dataclasses.field(default_factory=dict)


def message(reading: object, estimator: EstimatorManifest) -> Any:
    """As a `mien.v1.PluginReading`. Raises ReadingError for what the estimator must not say."""
    if not isinstance(reading, Reading):
        raise ReadingError("", f"is a {type(reading).__name__} where a Reading belongs")
    result = PluginReading()
    for name, value in _members("categories", reading.categories, estimator.categories):
        _category(result.categories.add(name=name), f"categories.{name}", value)
    for name, value in _members("dimensions", reading.dimensions, estimator.dimensions):
        result.dimensions.add(name=name, value=_number(f"dimensions.{name}", value, -1, 1))
    for name, value in _members("attributes", reading.attributes, estimator.attributes):
        _attribute(result.attributes.add(name=name), f"attributes.{name}", value)
    for name, score in _native(reading.native_scores, estimator.native_labels):
        result.native_scores.add(label=name, score=_number(f"native_scores.{name}", score))
    if reading.prediction_set is not None:
        _prediction_set(result.prediction_set, reading.prediction_set, estimator.native_labels)
    for reason, text in _members("warnings", reading.warnings, None):
        if not re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*", reason) or not isinstance(text, str):
            raise ReadingError(f"warnings.{reason}", "is not a text under a reason in UPPER_SNAKE_CASE")
        result.warnings.add(reason=reason, message=text)
    return result


def _category(result: Any, field: str, value: object) -> None:
    if not isinstance(value, Category):
        result.intensity = _number(field, value, 0, 1)
        return
    result.intensity = _number(f"{field}.intensity", value.intensity, 0, 1)
    if value.probability is not None:
        result.calibrated_probability = _number(f"{field}.probability", value.probability, 0, 1)
    if (value.native_score is None) != (value.native_scale is None):
        raise ReadingError(f"{field}.native_score", "and native_scale are there together or not at all")
    if value.native_score is not None:
        result.native_score = _number(f"{field}.native_score", value.native_score)
        _scale(result.native_scale, f"{field}.native_scale", value.native_scale)
    if value.above_neutral is not None:
        result.above_neutral = _number(f"{field}.above_neutral", value.above_neutral)
    if value.rater_reliability is not None:
        result.rater_reliability = _number(f"{field}.rater_reliability", value.rater_reliability, -1, 1)


def _attribute(result: Any, field: str, value: object) -> None:
    if not isinstance(value, Attribute):
        result.value = _number(field, value)
        return
    result.value = _number(f"{field}.value", value.value)
    if value.scale is not None:
        _scale(result.scale, f"{field}.scale", value.scale)
    result.low_end, result.high_end = _text(f"{field}.low_end", value.low_end), _text(f"{field}.high_end", value.high_end)
    if value.above_neutral is not None:
        result.above_neutral = _number(f"{field}.above_neutral", value.above_neutral)


def _scale(result: Any, field: str, value: object) -> None:
    if not isinstance(value, tuple) or len(value) != 3:
        raise ReadingError(field, "is not a Scale(minimum, maximum, meaning)")
    result.minimum, result.maximum = _number(f"{field}.minimum", value[0]), _number(f"{field}.maximum", value[1])
    result.meaning = _text(f"{field}.meaning", value[2])
    if not result.minimum < result.maximum:
        raise ReadingError(field, f"goes from {result.minimum:g} to {result.maximum:g}")


def _prediction_set(result: Any, value: object, labels: Sequence[str]) -> None:
    if not isinstance(value, tuple) or len(value) != 2 or isinstance(value[0], str) or not isinstance(value[0], Iterable):
        raise ReadingError("prediction_set", "is not a PredictionSet(labels, coverage)")
    names = list(value[0])
    for name in names:
        if name not in labels or names.count(name) > 1:
            raise ReadingError("prediction_set.labels", f"has {_shown(name)}, which is no native label of plugin.json or there twice")
    result.labels.extend(names)
    result.coverage = _number("prediction_set.coverage", value[1], 0, 1)


def _native(scores: object, labels: Sequence[str]) -> List[Tuple[str, object]]:
    """In the order of the labels."""
    if isinstance(scores, Mapping):
        if not scores:
            return []
        _members("native_scores", scores, labels)
        missing = [label for label in labels if label not in scores]
        if missing:
            raise ReadingError("native_scores", f"has nothing for {', '.join(map(_shown, missing))}; all native labels have a score, or none")
        return [(label, scores[label]) for label in labels]
    if isinstance(scores, (str, bytes)) or not isinstance(scores, Iterable):
        raise ReadingError("native_scores", f"is a {type(scores).__name__} where scores by label belong")
    values = list(scores)
    if values and len(values) != len(labels):
        raise ReadingError("native_scores", f"has {len(values)} scores, but plugin.json has {len(labels)} native labels")
    return list(zip(labels, values))


def _members(field: str, values: object, known: Optional[Sequence[str]]) -> List[Tuple[str, object]]:
    if not isinstance(values, Mapping):
        raise ReadingError(field, f"is a {type(values).__name__} where a dict belongs")
    for name in values:
        if not isinstance(name, str):
            raise ReadingError(field, f"has the key {_shown(name)}, which is no string")
        if known is not None and name not in known:
            there = f"it has: {', '.join(known)}" if known else "it has none"
            raise ReadingError(f"{field}.{name}", f"is not among the {'native_labels' if field == 'native_scores' else field} of plugin.json; {there}")
    return list(values.items())


def _number(field: str, value: object, low: float = -FLOAT32_MAX, high: float = FLOAT32_MAX) -> float:
    # Numbers of numpy and torch convert themselves; strings would too, and a comparison's result is a mistake.
    if isinstance(value, (bool, str, bytes)) or not (isinstance(value, SupportsFloat) or hasattr(value, "__index__")):
        raise ReadingError(field, f"is {_shown(value)}, which is no number")
    try:
        number = float(value)
    except Exception as error:
        raise ReadingError(field, f"is no single number: {error}") from None
    if math.isnan(number):
        raise ReadingError(field, "is NaN")
    if not low - ROUNDING <= number <= high + ROUNDING:
        raise ReadingError(field, f"is {number:g}, " + ("which is too large" if high == FLOAT32_MAX else f"outside {low:g}..{high:g}"))
    return min(max(number, low), high)


def _text(field: str, value: object) -> str:
    if not isinstance(value, str):
        raise ReadingError(field, f"is {_shown(value)}, which is no text")
    return value


def _shown(value: object) -> str:
    try:
        return ascii(value)[:80]
    except Exception:
        return f"a {type(value).__name__}"
