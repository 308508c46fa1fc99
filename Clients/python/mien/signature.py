"""What an author's function says about itself: what it takes, and whether that fits plugin.json."""
from __future__ import annotations

import collections.abc
import inspect
import typing
from typing import Any, Callable, Dict, FrozenSet, Optional, Tuple

from .call import Context
from .inputs import Clip, Face
from .readings import Reading

_SEQUENCES = (list, collections.abc.Sequence, collections.abc.Iterable, collections.abc.Collection)


class Mismatch(TypeError):
    """A function says that it takes something else than plugin.json says."""


class Signature:
    """Raises TypeError for a function that no call of ours fits. `name` is for errors: '@estimator("loud-voices")'."""

    def __init__(self, function: Callable[..., Any], batch: bool, name: str) -> None:
        self._batch = batch
        self._name = f"{name}: {getattr(function, '__name__', type(function).__name__)}()"
        if not callable(function):
            raise TypeError(f"{name} belongs above a function")
        if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
            raise TypeError(f"{self._name} is a coroutine or generator, but a plain function belongs here")
        self._first, self._context = self._parameters(inspect.signature(function))
        hints = _hints(function)
        self.accepts = self._accepted(hints.get(self._first, Any))
        self._check_result(hints.get("return", Any))

    def check(self, kind: type) -> None:
        """Raises Mismatch if the function says that it takes something else than Face or Clip, as its estimator does."""
        if self.accepts is not None and kind not in self.accepts:
            other = next(iter(self.accepts))
            raise Mismatch(f"{self._name} takes {_plural(other)}, but plugin.json says that the estimator takes {_plural(kind)}")

    def adapt(self, function: Callable[..., Any]) -> Callable[[Any, Context], object]:
        """The function as one of two arguments."""
        if self._context is None:
            return lambda value, context: function(value)
        if self._context is inspect.Parameter.KEYWORD_ONLY:
            return lambda value, context: function(value, context=context)
        return lambda value, context: function(value, context)

    def _parameters(self, signature: inspect.Signature) -> Tuple[str, Optional[Any]]:
        parameters = list(signature.parameters.values())
        positional = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
        context = next((one for one in parameters if one.name == "context" and one not in positional[:1]), None)
        if not positional and not any(one.kind is one.VAR_POSITIONAL for one in parameters):
            raise TypeError(f"{self._name} takes no parameter; one for the input belongs there")
        if context in positional and positional.index(context) != 1:
            raise TypeError(f"{self._name} has a context that is not its second parameter")
        for one in parameters:
            needed = one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
            if needed and one is not context and one not in positional[:1]:
                raise TypeError(f"{self._name} needs {one.name}, but it gets the input and, if it has a second parameter of that name, the context")
        return positional[0].name if positional else "", context.kind if context else None

    def _accepted(self, hint: Any) -> Optional[FrozenSet[type]]:
        """Of Face and Clip, those that the annotation names; None if it names nothing."""
        if hint is Any:
            return None
        expected = "a list of Face or Clip" if self._batch else "Face or Clip"
        origin = typing.get_origin(hint)
        if self._batch:
            if hint is list:
                return None
            if origin not in _SEQUENCES:
                raise TypeError(f"{self._name} takes {_text(hint)}, but with batch=True it gets {expected}")
            hint = typing.get_args(hint)[0]
        elif hint is list or origin in _SEQUENCES:
            raise TypeError(f"{self._name} takes {_text(hint)}, but without batch=True it gets {expected}")
        kinds = [kind for kind in (Face, Clip) if kind is hint or kind in typing.get_args(hint)]
        if not kinds and hint is not Any:
            raise TypeError(f"{self._name} takes {_text(hint)}, but it gets {expected}")
        return frozenset(kinds) or None

    def _check_result(self, hint: Any) -> None:
        if self._batch and typing.get_origin(hint) in _SEQUENCES:
            hint = typing.get_args(hint)[0]
        elif self._batch and hint is not Any and hint is not list:
            raise TypeError(f"{self._name} returns {_text(hint)}, but with batch=True a list of Reading belongs there")
        if hint is not Any and hint is not list and not (isinstance(hint, type) and issubclass(hint, Reading)):
            raise TypeError(f"{self._name} returns {_text(hint)}, but a Reading belongs there")


def _hints(function: Callable[..., Any]) -> Dict[str, Any]:
    try:
        target = function if inspect.isroutine(function) else type(function).__call__
        return typing.get_type_hints(target)
    except Exception:  # names that are there for type checkers alone: then they, and the first call, have to tell
        return {}


def _plural(kind: type) -> str:
    return "faces (Face)" if kind is Face else "voices (Clip)"


def _text(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) and not typing.get_args(hint) else str(hint)
