"""How well a result gives its input back when shrunk again."""

from __future__ import annotations

from beyne.images.raster import Raster
from beyne.images.resample import Operator
from beyne.images.residual import Levels, Residual


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
    made, given = (raster.pixels.transpose(2, 0, 1) for raster in (result, source))
    residual.add_whole(made, given, levels, operator)
    return residual.decibels
