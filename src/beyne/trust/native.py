"""What trust is told of values as files hold them: as the model is given them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from beyne.images.raster import Pixels, Raster, from_tensor, is_data, to_steps, white_of
from beyne.predict.native import filled
from beyne.predict.transparency import bleed
from beyne.predict.values import Values
from beyne.trust.calibration import Calibration, FloatMap
from beyne.trust.summary import Meaning

#: Levels of 8 bits, in which errors count.
WHITE = 255


def model_raster(samples: Pixels, valid: NDArray[np.bool_], values: Values) -> Raster:
    """``(C, H, W)`` as the model is given them: bytes, or floats in [0, 1].

    Args:
        samples: As the file holds them.
        valid: Which of it is data.
        values: What they are to the model.
    """
    deep = values.dtype != np.uint8
    tensor = filled(samples, valid, values).clamp(0, 1).float()
    return Raster(from_tensor(tensor, np.dtype(np.float32 if deep else np.uint8)))


def model_picture(raster: Raster, values: Values) -> Raster:
    """The same of a picture, whose alpha is left out; ``values`` are of its steps."""
    pixels = raster.pixels if raster.alpha is None else bleed(raster.pixels, raster.alpha)
    samples = to_steps(pixels, raster.levels).transpose(2, 0, 1)
    return model_raster(samples, is_data(samples, raster.padding), values)


def grey_of(result: Raster, values: Values, levels: int) -> FloatMap:
    """``(H, W)``, a result's mean over its bands, 0 to 255 in the range that ``values`` state.

    Args:
        result: In whatever type it was written.
        values: Of the steps of its source.
        levels: Of these, see `Raster.levels`.
    """
    grey: FloatMap = result.pixels.mean(2, dtype=np.float32)
    grey *= (levels or 1) / white_of(result.pixels.dtype)
    grey -= values.black
    grey *= WHITE / values.width
    return grey


def meaning_of(calibration: Calibration, values: Sequence[Values], georeferenced: bool) -> Meaning:
    """What trust says of a file with these ranges, one for each group of its bands."""
    kind, levels = calibration.kind_of(georeferenced), calibration.levels
    deep = values[0].dtype != np.uint8
    # Finer than its steps a file can't be right.
    tolerance = max(levels / WHITE * values[0].width, values[0].levels.step)
    if not deep:
        return Meaning(tolerance, f"levels of {values[0].width:g}", kind)
    if len(values) > 1:
        return Meaning(levels, f"of {WHITE} parts of each band's range", kind, deep)
    if values[0].dtype.kind == "f":
        return Meaning(tolerance, "(in the file's values)", kind, deep)
    unit = "stored value" if tolerance == 1 else "stored values"
    return Meaning(tolerance, unit, kind, deep)
