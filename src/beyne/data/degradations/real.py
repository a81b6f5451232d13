"""Two rounds of blur, resizing, noise and JPEG: what pictures found anywhere have been through.

The second-order model of Wang et al. 2021 (Real-ESRGAN, arXiv 2107.10833, section 3). One round,
with stages switched off, serves to clean up without enlarging.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import model_validator
from torch import Tensor

from beyne.config import Config, merged
from beyne.data.degradations.base import DegradationConfig, Probability, Random, happens
from beyne.data.degradations.blur import BlurConfig, blurred, ringing
from beyne.data.degradations.jpeg import JpegConfig, compressed
from beyne.data.degradations.noise import NoiseConfig, noisy
from beyne.data.degradations.resize import ResizeConfig, resized, resized_to

# Where the published second round differs from the first.
_SECOND = {
    "blur": {"probability": 0.8, "sigma": (0.2, 1.5)},
    "resize": {"enlarge": 0.3, "shrink": 0.4, "factor": (0.3, 1.2)},
    "noise": {"sigma": (1.0, 25.0), "poisson_scale": (0.05, 2.5)},
}


class RoundConfig(Config):
    """The four stages of a round. A stage with probability 0 is off."""

    blur: BlurConfig = BlurConfig()
    resize: ResizeConfig = ResizeConfig()
    noise: NoiseConfig = NoiseConfig()
    jpeg: JpegConfig = JpegConfig()


class RealConfig(DegradationConfig):
    """The second-order model. The defaults are those published for ×4."""

    kind: Literal["real"] = "real"
    first: RoundConfig = RoundConfig()
    second: RoundConfig = RoundConfig.model_validate(_SECOND)
    second_order: Probability = 1.0  # how often there is a second round
    final_sinc: Probability = 0.8

    @model_validator(mode="before")
    @classmethod
    def _second_has_its_own_defaults(cls, values: Any) -> Any:
        second = values.get("second", {})
        if not isinstance(second, Mapping):
            return values  # what is wrong with it is said where its fields are checked
        return {**values, "second": merged(_SECOND, second)}


def degrade(image: Tensor, size: tuple[int, int], config: RealConfig, random: Random) -> Tensor:
    """A low-resolution version of ``image`` that shows the same place.

    The first round resizes relative to the original, the second relative to ``size``. The JPEG of
    the last round comes before or after the last resizing and its sinc filter.

    Args:
        image: ``(1, C, H, W)`` in [0, 1], any C, on the CPU.
        size: Height and width to make.
        config: What may happen.
        random: Decides what does; equal generators give equal results.

    Returns:
        ``(1, C, *size)`` in [0, 1].
    """
    image = image.contiguous()  # every stage works plane by plane
    image = _round(image, (image.shape[-2], image.shape[-1]), config.first, random)
    last = config.first
    if happens(config.second_order, random):
        image, last = compressed(image, config.first.jpeg, random), config.second
        image = _round(image, size, last, random)
    compressed_first = happens(0.5, random)
    if compressed_first:
        image = compressed(image, last.jpeg, random)
    image = resized_to(image, size, last.resize, random)
    if happens(config.final_sinc, random):
        image = ringing(image, last.blur, random)
    if not compressed_first:
        image = compressed(image, last.jpeg, random)
    return image.clamp(0, 1)


def _round(image: Tensor, base: tuple[int, int], config: RoundConfig, random: Random) -> Tensor:
    image = blurred(image, config.blur, random)
    image = resized(image, base, config.resize, random)
    return noisy(image, config.noise, random)
