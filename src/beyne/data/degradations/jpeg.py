"""JPEG's blocks and colour bleeding, by compressing and reading back."""

from __future__ import annotations

from typing import Annotated

import imagecodecs
import numpy as np
from pydantic import AfterValidator, Field
from torch import Tensor

from beyne.config import Config
from beyne.data.degradations.base import Probability, Random, happens
from beyne.images.raster import Pixels, from_tensor, to_tensor


def _rising(range: tuple[int, int]) -> tuple[int, int]:
    if range[0] > range[1]:
        raise ValueError("the lower quality comes first")
    return range


_Quality = Annotated[int, Field(ge=1, le=100)]


class JpegConfig(Config):
    """How a round compresses, as published for Real-ESRGAN (arXiv 2107.10833)."""

    probability: Probability = 1.0
    quality: Annotated[tuple[_Quality, _Quality], AfterValidator(_rising)] = (30, 95)


def compressed(image: Tensor, config: JpegConfig, random: Random) -> Tensor:
    """``(1, C, H, W)`` through JPEG, clamped to [0, 1] and rounded to 8 bits; or as it is.

    Three channels are taken as colours, at the usual 4:2:0; any other number band by band as grey.
    """
    if not happens(config.probability, random):
        return image
    quality = int(random.integers(config.quality[0], config.quality[1] + 1))
    pixels = from_tensor(image, np.dtype(np.uint8))
    if pixels.shape[2] == 3:
        return to_tensor(_round_trip(pixels, quality))
    bands = [_round_trip(np.ascontiguousarray(band), quality) for band in np.moveaxis(pixels, 2, 0)]
    return to_tensor(np.stack(bands, axis=2))


def _round_trip(pixels: Pixels, quality: int) -> Pixels:
    read: Pixels = imagecodecs.jpeg8_decode(imagecodecs.jpeg8_encode(pixels, level=quality))
    return read
