"""How far the edges of a picture lie from those of the truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from beyne.trust.evidence import luma

SIGMA = 1.0  # of the Gaussian whose derivative is the gradient, in pixels
SHARE = 0.1  # edges lie among the steepest tenth of a picture's pixels
FURTHEST = 8.0  # pixels; an edge without a counterpart counts as this far


def edge_error(image: Tensor, truth: Tensor) -> float:
    """Mean distance in pixels between the edges of an image and of the truth, both ways.

    Edges are maxima of the gradient across its direction, among the steepest tenth of each
    picture's pixels: where they lie counts, and not how steep they are. The mean over the truth's
    edges (what is lost or moved) and that over the image's (what is invented or moved) are
    averaged.

    Args:
        image: ``(1, C, H, W)`` in [0, 1], as is ``truth``.
    """
    here, there = (_edges(side) for side in (image, truth))
    return (_distance(there, here) + _distance(here, there)) / 2


def _edges(image: Tensor) -> NDArray[np.bool_]:
    """Pixels steeper than one pixel on and one back along the slope."""
    grey = luma(image)[0, 0].double().cpu().numpy()
    gradient = np.stack([ndimage.gaussian_filter(grey, SIGMA, order) for order in ((1, 0), (0, 1))])
    length = np.hypot(*gradient)
    places, direction = np.indices(length.shape), gradient / length.clip(1e-12)
    ahead, behind = (
        ndimage.map_coordinates(length, places + sign * direction, order=1, mode="nearest")
        for sign in (1, -1)
    )
    steep = length > np.quantile(length, 1 - SHARE)
    return steep & (length > ahead) & (length >= behind)


def _distance(edges: NDArray[np.bool_], others: NDArray[np.bool_]) -> float:
    """Mean distance from ``edges`` to the nearest of ``others``, each at most `FURTHEST`."""
    if not edges.any() or not others.any():
        return FURTHEST if edges.any() or others.any() else 0.0
    away = ndimage.distance_transform_edt(~others)
    return float(away[edges].clip(max=FURTHEST).mean())
