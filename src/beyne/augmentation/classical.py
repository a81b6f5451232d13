"""Classical augmentation of one strength: flips, turns, zoom, shifts, noise."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

#: Of 0, nothing changes; of 1, as far as `varied` says.
STRENGTHS = (0.0, 0.5, 1.0)

_TURN, _ZOOM, _SHIFT, _NOISE = math.radians(30), 0.3, 0.15, 0.2


def varied(images: Tensor, strength: float) -> Tensor:
    """Each picture in its own way; draws from torch's generator.

    At strength 1: half of them mirrored left to right, turned by up to 30°, zoomed by up to a
    factor of 1.3 or 1/1.3, shifted by up to 15 % of the side, noise of up to 0.2; borders are
    mirrored. At strength s the mirrored are half with s ≥ 1/2, all else is s times as far.

    Args:
        images: ``(N, C, H, W)``, at deviation 1.
        strength: 0 to 1.
    """
    if not strength:
        return images
    number = len(images)
    turn, zoom, down, right = strength * (2 * torch.rand(4, number) - 1)
    mirror = torch.where(torch.rand(number) < min(0.5, strength), -1.0, 1.0)
    scale = (1 + _ZOOM) ** zoom
    cosine, sine = scale * torch.cos(_TURN * turn), scale * torch.sin(_TURN * turn)
    rows = torch.stack([cosine * mirror, -sine, 2 * _SHIFT * right], 1)
    columns = torch.stack([sine * mirror, cosine, 2 * _SHIFT * down], 1)
    grid = F.affine_grid(torch.stack([rows, columns], 1), list(images.shape), align_corners=False)
    moved = F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    amount = strength * _NOISE * torch.rand(number, 1, 1, 1)
    return moved + amount * torch.randn_like(moved)
