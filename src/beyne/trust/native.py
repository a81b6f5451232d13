"""What trust is told of values as rasters and volumes hold them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from beyne.images.raster import Pixels, Raster, from_tensor
from beyne.predict.native import Values, filled
from beyne.trust.assessor import WHITE
from beyne.trust.calibration import Calibration
from beyne.trust.summary import Meaning


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


def widened(values: Values) -> Values:
    """At least 255 steps from black to white: finer than its steps a file can't be right."""
    if values.dtype.kind == "f":
        return values
    return replace(values, width=max(values.width, float(WHITE)))


def meaning_of(calibration: Calibration, values: Sequence[Values], georeferenced: bool) -> Meaning:
    """What trust says of a file with these ranges, one for each group of its bands."""
    kind, levels = calibration.kind_of(georeferenced), calibration.levels
    if values[0].dtype == np.uint8:
        return Meaning(levels, f"levels of {WHITE}", kind)
    if len(values) > 1:
        return Meaning(levels, f"of {WHITE} parts of each band's range", kind, deep=True)
    return Meaning(levels / WHITE * values[0].width, "stored values", kind, deep=True)
