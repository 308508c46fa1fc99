"""What an estimator sees and hears, cut by the host to what plugin.json asks for."""
from __future__ import annotations

import array
import dataclasses
import math
import operator
import sys
from typing import TYPE_CHECKING, Any, FrozenSet, Mapping, Optional

if TYPE_CHECKING:
    import numpy
    import numpy.typing


@dataclasses.dataclass(frozen=True)
class Face:
    """One face, of the size that the estimator's `face` asks for.

    `pixels` are rows from top to bottom without padding: height * width * channels bytes, 0..255; red, green, blue, or grey alone.
    `categories` are canonical names of the only ones that anyone asks for; None: all. Others may be left out, and need not.
    """

    width: int
    height: int
    channels: int
    pixels: bytes = dataclasses.field(repr=False)
    categories: Optional[FrozenSet[str]] = None

    def array(self) -> numpy.typing.NDArray[numpy.uint8]:
        """[height, width, channels], 0..255. Needs numpy; reads the same memory as `pixels` and cannot be written to."""
        return _numpy().frombuffer(self.pixels, dtype="u1").reshape(self.height, self.width, self.channels)  # type: ignore[no-any-return]


@dataclasses.dataclass(frozen=True)
class Clip:
    """One stretch of one voice: mono, at least one sample.

    `samples` is a memoryview of 32-bit floats, finite, full scale -1..1, `rate` of them a second. `neutral` has native scores of the same speaker's
    neutral voice, by label, if they are known and plugin.json says `uses_neutral`. `categories` are as in Face.
    """

    samples: memoryview[float]
    rate: int
    neutral: Mapping[str, float] = dataclasses.field(default_factory=dict)
    categories: Optional[FrozenSet[str]] = None

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate

    @property
    def rms(self) -> float:
        """The root of the mean square: 1 is a square wave at full scale, 0 silence. Computed anew each time."""
        return math.sqrt(sum(map(operator.mul, self.samples, self.samples)) / len(self.samples))

    def array(self) -> numpy.typing.NDArray[numpy.float32]:
        """[samples], -1..1. Needs numpy; reads the same memory as `samples` and cannot be written to."""
        return _numpy().frombuffer(self.samples, dtype="f4")  # type: ignore[no-any-return]


def samples(data: bytes) -> memoryview[float]:
    """Little-endian floats, as they travel, as floats of this machine."""
    if sys.byteorder == "little":
        return memoryview(data).cast("f")
    floats = array.array("f", data)
    floats.byteswap()
    return memoryview(floats.tobytes()).cast("f")


def _numpy() -> Any:
    # Most plugins bring it, small ones need not pay for it.
    import numpy
    return numpy
