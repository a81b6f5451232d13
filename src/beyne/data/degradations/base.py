"""What the degradations share: their configuration's base, and numbers drawn from ranges."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, Field

from beyne.config import Config

Random = np.random.Generator


class DegradationConfig(Config):
    """Base of the table ``data.degradation``."""

    kind: str


class BicubicConfig(DegradationConfig):
    """The input is the original shrunk by the operator A, made once when the file is read."""

    kind: Literal["bicubic"] = "bicubic"


def _rising(range: tuple[float, float]) -> tuple[float, float]:
    if range[0] > range[1]:
        raise ValueError(f"the range runs from {range[0]:g} down to {range[1]:g}")
    return range


Probability = Annotated[float, Field(ge=0, le=1)]
_Positive = Annotated[float, Field(gt=0)]
_NotNegative = Annotated[float, Field(ge=0)]
#: Least and greatest value, drawn evenly between; equal for a fixed one.
Range = Annotated[tuple[_NotNegative, _NotNegative], AfterValidator(_rising)]
PositiveRange = Annotated[tuple[_Positive, _Positive], AfterValidator(_rising)]


def uniform(range: tuple[float, float], random: Random) -> float:
    """A number drawn evenly from the range."""
    return float(random.uniform(*range))


def happens(probability: float, random: Random) -> bool:
    """True with this probability."""
    return bool(random.random() < probability)
