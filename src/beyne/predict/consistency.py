"""How well a result gives its input back when shrunk again."""

from __future__ import annotations

from beyne.bundle import ModelCard
from beyne.images.raster import Raster, is_data, to_steps
from beyne.images.residual import Levels, Residual
from beyne.predict.values import values_of_pictures


def consistency_db(source: Raster, result: Raster, card: ModelCard) -> float | None:
    """PSNR in decibels of the shrunk result against the actual input, alpha left out.

    Args:
        source: The input.
        result: The input enlarged by a whole factor.
        card: Of the model, which says the downscaling A and what of floats is black to white.

    Returns:
        At most 100; None where the two can't be compared: equal sizes, other bands, transparency,
        nothing but padding.
    """
    scale = result.height // source.height
    alike = source.channels == result.channels and source.alpha is None
    if scale == 1 or not alike:
        return None
    residual = Residual()
    levels = Levels(1.0, source.white, (0.0, source.white))
    if source.pixels.dtype.kind == "f":
        levels = values_of_pictures(card, source).levels
    data = None
    if source.padding is not None:
        data = is_data(to_steps(source.pixels, source.levels), source.padding).transpose(2, 0, 1)
    made, given = (raster.pixels.transpose(2, 0, 1) for raster in (result, source))
    residual.add_whole(made, given, levels, card.operator, data)
    return residual.decibels
