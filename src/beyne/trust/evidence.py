"""What can be told about a result without the truth: how free it was, how much others differ."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional as F

from beyne.images.projection import project
from beyne.images.raster import LUMA
from beyne.images.resample import Operator
from beyne.trust.calibration import FloatMap

_FLOOR = 0.1  # levels of 255, added before logarithms; half a level is what rounding leaves


def luma(image: Tensor) -> Tensor:
    """``(N, C, H, W)`` → ``(N, 1, H, W)``: BT.601 luma of three bands, of others the mean.

    In full swing: errors count in levels of what is seen.
    """
    if image.shape[1] != len(LUMA):
        return image.mean(1, keepdim=True)
    return (image * image.new_tensor(LUMA).view(1, -1, 1, 1)).sum(1, keepdim=True)


def around(values: Tensor, window: int) -> Tensor:
    """Means over the square of ``window`` pixels around each; ``(N, C, H, W)``, as the result."""
    reach = window // 2
    return F.avg_pool2d(F.pad(values, (reach,) * 4, mode="replicate"), window, 1)


def evidence(
    result: Tensor,
    partner: Tensor,
    turned: Iterable[Tensor],
    source: Tensor,
    operator: Operator,
    window: int,
) -> FloatMap:
    """The evidence about one result.

    - orientations: the standard deviation of results made in eight orientations of the input;
    - partner: the difference from the other model's result;
    - freedom: the part that the input does not force, x − A⁺A x, as the root of its mean square;
    - gradient: the length of the result's gradient.

    Args:
        result: ``(1, 1, H·s, W·s)``, luma in [0, 1], as are the others.
        partner: The other model's result.
        turned: Results of one model in every orientation, turned back; taken one by one.
        source: ``(1, 1, H, W)``, the input.
        operator: The downscaling A.
        window: Side of the square over which each is averaged.

    Returns:
        ``(4, H·s, W·s)``: logarithms of levels of 255, in the order of `EVIDENCE`.
    """
    free = project(result, torch.zeros_like(source), operator)
    maps = [
        around(_spread(turned), window),
        around((result - partner).abs(), window),
        around(free.square(), window).clamp_(min=0).sqrt(),
        around(_gradient(result), window),
    ]
    logarithms: FloatMap = torch.cat(maps, 1)[0].mul_(255).add_(_FLOOR).log_().numpy()
    return logarithms


def error(result: Tensor, truth: Tensor, window: int) -> FloatMap:
    """What trust is about: mean absolute error of the luma around each pixel, in levels of 255.

    Args:
        result: ``(1, C, H, W)`` in [0, 1], as is ``truth``.
    """
    found: FloatMap = around((luma(result) - luma(truth)).abs(), window)[0, 0].mul(255).numpy()
    return found


def _spread(results: Iterable[Tensor]) -> Tensor:
    """Standard deviation, pixel by pixel (Welford 1962: few images in memory, no cancellation)."""
    mean, squares = torch.zeros(()), torch.zeros(())
    for count, image in enumerate(results, 1):
        difference = image - mean
        mean = mean + difference / count
        squares = squares + difference * (image - mean)
    return (squares / count).sqrt()


def _gradient(image: Tensor) -> Tensor:
    padded = F.pad(image, (1,) * 4, mode="replicate")
    across = padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]
    down = padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]
    return torch.hypot(across, down) / 2
