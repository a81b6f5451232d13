"""How well a result gives its input back when shrunk again."""

from __future__ import annotations

import math

from beyne.images.raster import Raster, to_tensor
from beyne.images.resample import Operator, downscale

_ROWS = 64  # input rows at once, so that memory does not grow with the picture
_CONTEXT = 4  # input rows beyond them; A reaches two
_BEST = 100.0  # decibels given to an exact match, as JSON has no infinity


def consistency_db(source: Raster, result: Raster, operator: Operator) -> float | None:
    """PSNR in decibels of the shrunk result against the actual input, alpha left out.

    Args:
        source: The input.
        result: The input enlarged by a whole factor.
        operator: The downscaling A.

    Returns:
        At most 100; None where the two can't be compared: equal sizes, other bands, transparency.
    """
    scale = result.height // source.height
    alike = source.channels == result.channels and source.alpha is None
    if scale == 1 or not alike:
        return None
    total = 0.0
    for top in range(0, source.height, _ROWS):
        first = max(top - _CONTEXT, 0)
        bottom = min(top + _ROWS, source.height)
        last = min(bottom + _CONTEXT, source.height)
        shrunk = downscale(to_tensor(result.pixels[first * scale : last * scale]), scale, operator)
        given = to_tensor(source.pixels[top:bottom])
        difference = shrunk[..., top - first : bottom - first, :].clamp(0, 1) - given
        total += float(difference.double().square().sum())
    mean = total / math.prod(source.pixels.shape)
    return round(min(_BEST, 10 * math.log10(1 / mean)) if mean else _BEST, 2)
