"""Differentiable augmentation of what a discriminator sees (Zhao et al. 2020, arXiv 2006.10738).

Real and generated images alike go through it, in the discriminator's step and in the generator's,
so a discriminator that sees few pictures can't learn them by heart, and the generator is never
asked to paint what the augmentation did.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from pydantic import Field
from torch import Tensor

from beyne.config import Config

_GREY = 0.5  # what comes in from outside, and what covers a cut-out


class AugmentationConfig(Config):
    """What is done to every image; the defaults are the paper's three."""

    colour: bool = Field(True, description="brightness, saturation, contrast; off where hue tells")
    translation: float = Field(0.125, ge=0, le=1, description="farthest shift, of the side")
    cutout: float = Field(0.5, ge=0, le=1, description="side of the covered part, of the side")


@dataclass(frozen=True)
class Augmentation:
    """One draw for a batch of N images, in shares of their sides: it fits tensors of any size.

    Call it with several tensors to treat them alike, such as the input and output of a pair, or use
    `moved` for one whose colours mean something.

    Attributes:
        config: What it was drawn by.
        brightness: ``(N, 1, 1, 1)``, added, as are the factors ``saturation`` and ``contrast``.
        shift: ``(N, 2)``, down and right.
        centre: ``(N, 2)`` of what is cut out.
    """

    config: AugmentationConfig
    brightness: Tensor
    saturation: Tensor
    contrast: Tensor
    shift: Tensor
    centre: Tensor

    def __call__(self, images: Tensor) -> Tensor:
        """``(N, C, H, W)`` in [0, 1], any number of bands, to the same shape, not clamped."""
        return self.moved(self.coloured(images))

    def coloured(self, images: Tensor) -> Tensor:
        """Brightness, then saturation about the mean of the bands, contrast about the image's."""
        if not self.config.colour:
            return images
        brightness, saturation, contrast = (
            drawn.to(images) for drawn in (self.brightness, self.saturation, self.contrast)
        )
        images = images + brightness
        grey = images.mean(1, keepdim=True)
        images = grey + (images - grey) * saturation
        mean = images.mean((1, 2, 3), keepdim=True)
        return mean + (images - mean) * contrast

    def moved(self, images: Tensor) -> Tensor:
        """Translation, then cut-out: both leave mid-grey behind."""
        height, width = images.shape[-2:]
        rows, columns = (
            torch.arange(side) - (share * side).round().long()[:, None]
            for side, share in ((height, self.shift[:, 0]), (width, self.shift[:, 1]))
        )
        seen = _outer(rows.clamp(0, height - 1) == rows, columns.clamp(0, width - 1) == columns)
        if self.config.cutout:
            down, right = (
                ((torch.arange(side) + 0.5) / side - at[:, None]).abs() < self.config.cutout / 2
                for side, at in ((height, self.centre[:, 0]), (width, self.centre[:, 1]))
            )
            seen &= ~_outer(down, right)
        first = torch.arange(len(images))[:, None, None]
        rows, columns = rows.clamp(0, height - 1), columns.clamp(0, width - 1)
        places = [at.to(images.device) for at in (first, rows[:, :, None], columns[:, None, :])]
        moved = images.movedim(1, -1)[tuple(places)].movedim(-1, 1)
        return torch.where(seen[:, None].to(images.device), moved, _GREY)


def draw(config: AugmentationConfig, number: int, random: torch.Generator) -> Augmentation:
    """Draw an augmentation for ``number`` images.

    Args:
        random: A generator on the CPU, so that every device sees the same; made from the seed and
            the images seen so far, it makes a resumed run go on exactly.
    """

    def evenly(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(number, *shape, generator=random)

    farthest = config.translation
    return Augmentation(
        config=config,
        brightness=evenly(-0.25, 0.25, 1, 1, 1),  # ±0.5 of the paper's range from -1 to 1
        saturation=evenly(0, 2, 1, 1, 1),
        contrast=evenly(0.5, 1.5, 1, 1, 1),
        shift=evenly(-farthest, farthest, 2),
        centre=evenly(0, 1, 2),
    )


def _outer(rows: Tensor, columns: Tensor) -> Tensor:
    """``(N, H)`` and ``(N, W)`` flags to ``(N, H, W)``."""
    return rows[:, :, None] & columns[:, None, :]
