"""How well a result gives its input back when shrunk again."""

from __future__ import annotations

from beyne.images.raster import Raster
from beyne.images.resample import Operator
from beyne.images.residual import Levels, Residual

_ROWS = 64  # input rows at once, so that memory does not grow with the picture
_CONTEXT = 4  # input rows beyond them; A reaches two


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
    residual = Residual()
    levels = Levels(1.0, source.white, (0.0, source.white))
    for top in range(0, source.height, _ROWS):
        first = max(top - _CONTEXT, 0)
        last = min(top + _ROWS + _CONTEXT, source.height)
        made = result.pixels[first * scale : last * scale].transpose(2, 0, 1)
        given = source.pixels[first:last].transpose(2, 0, 1)
        core = slice(top - first, top - first + _ROWS), slice(None)
        residual.add(made, given, levels, operator, core)
    return residual.decibels
