"""Blur: Gaussian kernels, two relatives of theirs, and the ringing of a sharp cut-off.

Formulas of Wang et al. 2021 (Real-ESRGAN, arXiv 2107.10833), sections 3.1 and 3.3.
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, model_validator
from torch import Tensor
from torch.nn import functional as F

from beyne.config import Config
from beyne.data.degradations.base import PositiveRange, Probability, Random, happens, uniform

Kernel = NDArray[np.float64]

_FAST = 16  # lengths with small prime factors are transformed fastest


def _odd(side: tuple[int, int]) -> tuple[int, int]:
    if side[0] > side[1] or not side[0] % 2 or not side[1] % 2:
        raise ValueError("give two odd sides, the smaller one first")
    return side


_Side = Annotated[int, Field(ge=1, le=99)]


class BlurConfig(Config):
    """How a round blurs, as published for the first round but for ``isotropic`` and ``cutoff``.

    Of the kernels that are no sinc, shares of ``generalised`` and ``plateau`` are those, the rest
    plain Gaussian.
    """

    probability: Probability = 1.0
    side: Annotated[tuple[_Side, _Side], AfterValidator(_odd)] = (7, 21)
    sigma: PositiveRange = (0.2, 3.0)  # pixels; both axes of an anisotropic kernel
    isotropic: Probability = 0.65
    generalised: Probability = 0.15
    plateau: Probability = 0.15
    generalised_shape: PositiveRange = (0.5, 4.0)  # 1 is Gaussian, more is flatter
    plateau_shape: PositiveRange = (1.0, 2.0)
    sinc: Probability = 0.1
    cutoff: PositiveRange = (math.pi / 3, math.pi)  # radians a pixel; π lets everything pass

    @model_validator(mode="after")
    def _shares_fit(self) -> BlurConfig:
        if self.generalised + self.plateau > 1:
            raise ValueError("generalised and plateau are more than 1 together")
        return self


def blurred(image: Tensor, config: BlurConfig, random: Random) -> Tensor:
    """``(1, C, H, W)`` blurred, or as it is; borders mirrored, values may overshoot."""
    if not happens(config.probability, random):
        return image
    if happens(config.sinc, random):
        return ringing(image, config, random)
    first = uniform(config.sigma, random)
    isotropic = happens(config.isotropic, random)
    second = first if isotropic else uniform(config.sigma, random)
    side, angle = _side(image, config, random), uniform((0, math.pi), random)
    form = random.random()
    if form < config.plateau:
        shape = uniform(config.plateau_shape, random)
        return convolved(image, plateau_kernel(side, (first, second), angle, shape))
    generalised = form < config.plateau + config.generalised
    shape = uniform(config.generalised_shape, random) if generalised else 1.0
    return convolved(image, gaussian_kernel(side, (first, second), angle, shape))


def ringing(image: Tensor, config: BlurConfig, random: Random) -> Tensor:
    """``(1, C, H, W)`` with all above a random frequency cut off, so that edges ring."""
    kernel = sinc_kernel(_side(image, config, random), uniform(config.cutoff, random))
    return convolved(image, kernel)


def _side(image: Tensor, config: BlurConfig, random: Random) -> int:
    """An odd side from the range; on tiny images no larger than mirroring allows."""
    low, high = config.side
    return min(low + 2 * int(random.integers((high - low) // 2 + 1)), 2 * min(image.shape[-2:]) - 1)


def gaussian_kernel(
    side: int, sigmas: tuple[float, float], angle: float = 0.0, shape: float = 1.0
) -> Kernel:
    """Generalised Gaussian exp(-qᵝ/2), q being the squared distance in standard deviations.

    Args:
        side: Of the square kernel, odd.
        sigmas: Standard deviations along the two axes, in pixels.
        angle: Of the first axis, in radians from the horizontal.
        shape: β; 1 for the plain Gaussian.

    Returns:
        ``(side, side)``, sum 1.
    """
    return _normalised(np.exp(-0.5 * _distance(side, sigmas, angle) ** shape))


def plateau_kernel(side: int, sigmas: tuple[float, float], angle: float, shape: float) -> Kernel:
    """1 / (1 + qᵝ), arguments as for `gaussian_kernel`."""
    return _normalised(1 / (1 + _distance(side, sigmas, angle) ** shape))


def sinc_kernel(side: int, cutoff: float) -> Kernel:
    """The ideal low-pass filter of a disc of frequencies, ω·J₁(ω·r) / 2πr, sum 1.

    Args:
        side: Of the square kernel, odd.
        cutoff: ω, in radians a pixel.
    """
    x = np.arange(side) - side // 2
    radius = np.hypot(x[:, None], x)
    radius[side // 2, side // 2] = 1e-6  # the limit there is ω² / 4π
    bessel = torch.special.bessel_j1(torch.from_numpy(cutoff * radius)).numpy()
    return _normalised(cutoff * bessel / (2 * math.pi * radius))


def _distance(side: int, sigmas: tuple[float, float], angle: float) -> Kernel:
    offsets = np.arange(side) - side // 2
    y, x = offsets[:, None], offsets[None, :]
    along = (x * math.cos(angle) + y * math.sin(angle)) / sigmas[0]
    across = (y * math.cos(angle) - x * math.sin(angle)) / sigmas[1]
    distance: Kernel = along**2 + across**2
    return distance


def _normalised(kernel: Kernel) -> Kernel:
    normalised: Kernel = kernel / kernel.sum()
    return normalised


def convolved(image: Tensor, kernel: Kernel) -> Tensor:
    """``(1, C, H, W)`` convolved with an odd square kernel, borders mirrored.

    By Fourier transform: at a side of 160 and a kernel of 21 that took 0.6 ms, directly 8 ms.
    """
    height, width = image.shape[-2:]
    reach = len(kernel) // 2
    padded = F.pad(image, (reach,) * 4, mode="reflect")
    size = [-(-length // _FAST) * _FAST for length in padded.shape[-2:]]
    weights = torch.from_numpy(kernel).to(image)
    product = torch.fft.rfft2(padded, s=size) * torch.fft.rfft2(weights, s=size)
    whole: Tensor = torch.fft.irfft2(product, s=size)
    return whole[..., 2 * reach : 2 * reach + height, 2 * reach : 2 * reach + width]
