"""Noise of a camera's sensor: of its electronics (Gaussian) and of the light itself (Poisson)."""

from __future__ import annotations

import numpy as np
import torch
from pydantic import model_validator
from torch import Tensor

from beyne.config import Config
from beyne.data.degradations.base import Probability, Random, Range, happens, uniform

_GREY_LEVELS = 255


class NoiseConfig(Config):
    """How a round adds noise, as published for Real-ESRGAN's first round (arXiv 2107.10833)."""

    gaussian: Probability = 0.5
    poisson: Probability = 0.5  # else there is no noise
    sigma: Range = (1.0, 30.0)  # Gaussian: standard deviation in grey levels of 255
    poisson_scale: Range = (0.05, 3.0)  # 1 is the noise of 255 photons for white
    grey: Probability = 0.4  # the same noise in every channel

    @model_validator(mode="after")
    def _shares_fit(self) -> NoiseConfig:
        if self.gaussian + self.poisson > 1:
            raise ValueError("gaussian and poisson are more than 1 together")
        return self


def noisy(image: Tensor, config: NoiseConfig, random: Random) -> Tensor:
    """``(1, C, H, W)`` with noise, clamped to [0, 1]; or as it is."""
    choice = random.random()
    if choice >= config.gaussian + config.poisson:
        return image
    image = image.clamp(0, 1)
    lit = image.mean(1, keepdim=True) if happens(config.grey, random) else image
    if choice < config.gaussian:
        deviation = torch.tensor(uniform(config.sigma, random) / _GREY_LEVELS)
    else:
        # The normal limit of the counts: only the darkest tones differ, counting takes 5 times
        # as long.
        deviation = (lit / _GREY_LEVELS).sqrt() * uniform(config.poisson_scale, random)
    noise = torch.from_numpy(random.standard_normal(lit.shape, dtype=np.float32))
    return (image + noise * deviation).clamp(0, 1)
