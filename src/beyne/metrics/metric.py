"""What a metric says of itself, so that a column of a table of scores is one line."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Metric:
    """One way to score an output.

    Attributes:
        title: For headings of tables.
        function: Takes ``(output, target)``, float tensors ``(N, C, H, W)``, and the keywords
            ``data_range``, ``luma`` and ``crop``; gives one value per image, ``(N,)``.
        better: Which values are better; None where 1 is right, and more is as wrong as less.
        unit: Of the values; empty without one.
        digits: Decimal places that tell pictures apart.
        scaled: Takes ``scale``, the enlargement, too.
        loaded: ``function`` has first to be made, by calling it, and needs weights.
        against: What the output is compared with: the original, or the actual input; then it takes
            the downscaling A as third argument and none of the keywords.
        whole: Takes all channels and crops nothing, whatever the protocol.
        smallest: Pixels a side that it needs, after the crop.
        bands: Channels that it needs.
        bounds: Least and greatest value that there is; intervals of means end there.
        most: What one image counts at most. Where chance left an input as it was and the model
            did, too, the score is infinite, and so would be every mean.
    """

    title: str
    function: Callable[..., Any]
    better: Better | None
    unit: str = ""
    digits: int = 2
    scaled: bool = False
    loaded: bool = False
    against: Literal["original", "input"] = "original"
    whole: bool = False
    smallest: int = 1
    bands: int = 1
    bounds: tuple[float, float] = (0.0, math.inf)
    most: float = math.inf

    def within(self, ends: tuple[float, float]) -> tuple[float, float]:
        """An interval without what lies outside `bounds`; NaN stays NaN."""
        least, greatest = self.bounds
        low, high = (min(max(end, least), greatest) if end == end else end for end in ends)
        return low, high
