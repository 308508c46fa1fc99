"""An object within a JSON file, which knows where it stands and which keys it may have."""
from __future__ import annotations

import json
import math
import re
from typing import Any, Dict, List, Pattern, Sequence, Tuple, Union

Range = Tuple[float, float]


class ManifestError(Exception):
    """Why a plugin.json cannot be used, in words for its author; begins with the key's place: "estimators[0].face.width"."""


class Rule:
    """What a string may look like. `meaning` ends the sentence "this is not ..."."""

    def __init__(self, meaning: str, pattern: Union[str, Pattern[str]], limit: int) -> None:
        self.meaning, self._pattern, self._limit = meaning, re.compile(pattern), limit

    def allows(self, text: str) -> bool:
        return len(text.encode("utf-8", "replace")) <= self._limit and self._pattern.fullmatch(text) is not None


_NO_CONTROLS = r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]+"
ID = Rule("an id of lower-case letters, digits and single hyphens that begins with a letter, at most 64", r"[a-z](-?[a-z0-9])*", 64)
VERSION = Rule("a version of letters, digits and .+_- that begins with a letter or digit, at most 64", r"[A-Za-z0-9_][A-Za-z0-9.+_-]*", 64)
TEXT = Rule("text of 1 to 500 bytes without control characters", _NO_CONTROLS, 500)
LABEL = Rule("text of 1 to 64 bytes without control characters", _NO_CONTROLS, 64)
ARGUMENT = Rule("text of 1 to 4096 bytes without control characters", _NO_CONTROLS, 4096)
# Neither absolute nor with a part that is empty or leads out of the folder, since no part may begin with a dot.
FILE = Rule("the path of a file within the plugin's folder: plain names with / between", r"[A-Za-z0-9_][A-Za-z0-9._+-]*(/[A-Za-z0-9_][A-Za-z0-9._+-]*)*", 512)
SHA256 = Rule("64 lower-case hexadecimal digits", r"[0-9a-f]{64}", 64)
VARIABLE = Rule("the name of an environment variable", r"[A-Za-z_][A-Za-z0-9_]*", 128)


class Node:
    """A missing key is an error without a default; so is a key that was not announced."""

    def __init__(self, value: object, place: str, keys: Sequence[str]) -> None:
        self._place = place
        if not isinstance(value, dict):
            raise ManifestError(f"{place or 'the file'} is {_kind(value)} where an object belongs")
        self._object: Dict[str, Any] = value
        for key in value:
            if key not in keys:
                raise ManifestError(f"{self.at(shown(key))} is not a key of the schema; known are: {', '.join(keys)}")

    def at(self, key: str) -> str:
        return f"{self._place}.{key}" if self._place else key

    def has(self, key: str) -> bool:
        return key in self._object

    def value(self, key: str) -> Any:
        if key not in self._object:
            raise ManifestError(f"{self.at(key)} is missing")
        return self._object[key]

    def text(self, key: str, rule: Rule) -> str:
        return _text(self.value(key), self.at(key), rule)

    def choice(self, key: str, words: Sequence[str]) -> str:
        value = self.value(key)
        if not isinstance(value, str) or value not in words:
            raise ManifestError(f"{self.at(key)} is none of: {', '.join(words)}")
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self._object.get(key, default)
        if not isinstance(value, bool):
            raise ManifestError(f"{self.at(key)} is {_kind(value)} where true or false belongs")
        return value

    def integer(self, key: str, low: int, high: int) -> int:
        value = self.value(key)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ManifestError(f"{self.at(key)} is not a whole number from {low} to {high}")
        return value

    def number(self, key: str, low: float, high: float) -> float:
        value = self.value(key)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise ManifestError(f"{self.at(key)} is not a number from {low:g} to {high:g}")
        return float(value)

    def array(self, key: str, low: int, high: int) -> List[Tuple[Any, str]]:
        """Elements and their places."""
        value = self.value(key)
        if not isinstance(value, list):
            raise ManifestError(f"{self.at(key)} is {_kind(value)} where an array belongs")
        if not low <= len(value) <= high:
            wanted = str(low) if low == high else f"{low} to {high}"
            raise ManifestError(f"{self.at(key)} has {len(value)} elements where there must be {wanted}")
        return [(element, f"{self.at(key)}[{index}]") for index, element in enumerate(value)]

    def texts(self, key: str, rule: Rule, low: int, high: int, unique: bool = True) -> Tuple[str, ...]:
        texts: List[str] = []
        for element, place in self.array(key, low, high):
            text = _text(element, place, rule)
            if unique and text in texts:
                raise ManifestError(f"{place} is {shown(text)} for the second time")
            texts.append(text)
        return tuple(texts)


def parse(data: bytes) -> object:
    """JSON without what RFC 8259 leaves open: no key twice, no NaN."""
    def members(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            keys = [key for key, _ in pairs]
            raise ManifestError(f"the key {shown(next(key for key in members if keys.count(key) > 1))} stands twice in one object")
        return members

    def number(text: str) -> float:
        value = float(text)
        if not math.isfinite(value):
            raise ManifestError(f"{text[:80]} is no number that JSON has, or too large")
        return value

    try:
        value: object = json.loads(data.decode("utf-8"), object_pairs_hook=members, parse_constant=number, parse_float=number)
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"the file is no JSON: {error}") from None
    return value


def shown(text: str) -> str:
    """A word of the author's in an error message: quoted, cut to a sensible length."""
    return json.dumps(text[:80], ensure_ascii=False).encode("utf-8", "replace").decode()


def _text(value: object, place: str, rule: Rule) -> str:
    if not isinstance(value, str):
        raise ManifestError(f"{place} is {_kind(value)} where a string belongs")
    if not rule.allows(value):
        raise ManifestError(f"{place} is {shown(value)}, which is not {rule.meaning}")
    return value


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    return "a string" if isinstance(value, str) else "an array" if isinstance(value, list) else "an object"
