"""Resizing back and forth, as pictures meet it on their way through programs and web sites."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from torch import Tensor
from torch.nn import functional as F

from beyne.config import Config
from beyne.data.degradations.base import PositiveRange, Probability, Random, happens, uniform


class ResizeConfig(Config):
    """How a round resizes, as published for the first round of Real-ESRGAN (arXiv 2107.10833).

    ``aliased`` is ours: how often bilinear and bicubic skip the smoothing that belongs
    before shrinking. Its authors' code always does, most programs do not.
    """

    enlarge: Probability = 0.2
    shrink: Probability = 0.7  # else the size is kept
    factor: PositiveRange = (0.15, 1.5)  # shrinking draws from the part below 1
    modes: Annotated[tuple[Literal["area", "bilinear", "bicubic"], ...], Field(min_length=1)] = (
        "area",
        "bilinear",
        "bicubic",
    )
    aliased: Probability = 0.5

    @model_validator(mode="after")
    def _shares_fit(self) -> ResizeConfig:
        if self.enlarge + self.shrink > 1:
            raise ValueError("enlarge and shrink are more than 1 together")
        if not self.factor[0] <= 1 <= self.factor[1]:
            raise ValueError("factor must run from at most 1 to at least 1")
        return self


def resized(image: Tensor, base: tuple[int, int], config: ResizeConfig, random: Random) -> Tensor:
    """``(1, C, H, W)`` at a random factor of the ``base`` height and width; may overshoot."""
    choice = random.random()
    low, high = config.factor
    if choice < config.enlarge:
        factor = uniform((1, high), random)
    elif choice < config.enlarge + config.shrink:
        factor = uniform((low, 1), random)
    else:
        factor = 1.0
    size = max(1, round(base[0] * factor)), max(1, round(base[1] * factor))
    return resized_to(image, size, config, random)


def resized_to(
    image: Tensor, size: tuple[int, int], config: ResizeConfig, random: Random
) -> Tensor:
    """``(1, C, H, W)`` at ``size`` by a random mode; may overshoot."""
    if image.shape[-2:] == size:
        return image
    mode = config.modes[int(random.integers(len(config.modes)))]
    smooth = mode != "area" and not happens(config.aliased, random)
    return F.interpolate(image, size=size, mode=mode, antialias=smooth)
