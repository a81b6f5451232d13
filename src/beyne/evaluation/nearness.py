"""How near pictures come to those that a model was trained on.

Two views, each a distance between vectors of length one, so that brightness and contrast play no
part: thumbnails without their mean colour, at the best of all shifts up to an eighth of the side,
and the features of a backbone. A copy is near in both, so they count as their geometric mean, which
needs no weights; of all flips and turns of a picture the nearest counts.

What is judged is relative: the distance to the nearest training picture over that to the second. A
picture of a kind that training has is near to several; a copy is near to one (as in Carlini et al.
2023, arXiv 2301.13188, who take the mean of fifty others: of small classes there are not so many).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from beyne.errors import UsageError
from beyne.images.resample import resize

#: ``(N, C, H, W)`` in [0, 1] → ``(N, D)``, such as `beyne.metrics.features.Features`.
Describe = Callable[[Tensor], Tensor]

_SIDE, _WINDOW = 32, 24  # pixels of a thumbnail, and of the part that is looked for in another
_OTHER = 2  # the neighbour that the nearest is measured by
_BATCH = 32
_FLAT = 1e-6  # variance of a window, in [0, 1]², that shows nothing


class Nearness(NamedTuple):
    """Of each of N pictures.

    Attributes:
        values: ``(N,)``: 0 for an exact copy, about 1 for a picture like many.
        nearest: ``(N,)``, the number of the nearest training picture.
    """

    values: Tensor
    nearest: Tensor


class Training:
    """The training pictures, as others are compared with them.

    Args:
        pictures: ``(M, C, H, W)`` in [0, 1], any number of bands.
        describe: Gives features.

    Raises:
        UsageError: There are fewer than two pictures.
    """

    def __init__(self, pictures: Tensor, describe: Describe) -> None:
        if len(pictures) < _OTHER:
            problem = f"{len(pictures)} training pictures are too few to tell a copy"
            raise UsageError(problem, f"it takes {_OTHER}")
        self.pictures, self.describe = pictures, describe
        self.thumbnails = next(_thumbnails(pictures))
        self.features = F.normalize(described(pictures, describe), dim=1)

    def distances(self, pictures: Tensor) -> Tensor:
        """From each of ``(N, C, H, W)``, in [0, 1], to each training picture: ``(N, M)``."""
        return torch.cat([self._distances(part) for part in torch.split(pictures, _BATCH)])

    def _distances(self, pictures: Tensor) -> Tensor:
        least = torch.full((len(pictures), len(self.pictures)), torch.inf)
        for turned in _orientations(pictures):
            pixels = torch.full_like(least, torch.inf)
            for thumbnails in _thumbnails(turned):
                pixels = torch.minimum(pixels, shifted_distances(thumbnails, self.thumbnails))
            seen = F.normalize(described(turned, self.describe), dim=1)
            features = _apart(seen @ self.features.T)
            least = torch.minimum(least, (pixels * features).sqrt())
        return least

    def nearness(self, pictures: Tensor) -> Nearness:
        """Of ``(N, C, H, W)`` in [0, 1], N ≥ 0."""
        if not len(pictures):
            return Nearness(torch.zeros(0), torch.zeros(0, dtype=torch.int64))
        return nearness(self.distances(pictures))


def nearness(distances: Tensor) -> Nearness:
    """From distances ``(N, M)``, M ≥ 2."""
    order = distances.sort(dim=1)
    other = order.values[:, _OTHER - 1].clamp(min=torch.finfo(torch.float32).tiny)
    return Nearness(order.values[:, 0] / other, order.indices[:, 0])


def shifted_distances(one: Tensor, other: Tensor) -> Tensor:
    """Distance of the middles of thumbnails to the most similar place in others.

    Args:
        one: ``(N, C, 32, 32)``.
        other: ``(M, C, 32, 32)``.

    Returns:
        ``(N, M)``, √(2 − 2ρ) of the correlation coefficient ρ, every band less its mean.
    """
    margin = (_SIDE - _WINDOW) // 2
    middles = one[..., margin : margin + _WINDOW, margin : margin + _WINDOW]
    middles = middles - middles.mean((2, 3), keepdim=True)
    power = middles.square().sum((1, 2, 3)).clamp(min=_FLAT * _WINDOW**2)
    products = F.conv2d(other, middles)  # (M, N, 9, 9)
    spread = F.avg_pool2d(other.square(), _WINDOW, 1) - F.avg_pool2d(other, _WINDOW, 1).square()
    windows = (spread.sum(1) * _WINDOW**2).clamp(min=_FLAT * _WINDOW**2)
    correlation = products / (power.sqrt()[:, None, None] * windows.sqrt()[:, None])
    return _apart(correlation.amax((2, 3)).T)


def _apart(cosine: Tensor) -> Tensor:
    """Distance of two vectors of length one from the cosine between them."""
    return (2 - 2 * cosine).clamp(min=0).sqrt()


def described(pictures: Tensor, describe: Describe) -> Tensor:
    """Features of ``(N, C, H, W)`` in [0, 1], ``(N, D)``, computed in parts."""
    return torch.cat([describe(part).float() for part in torch.split(pictures, _BATCH)])


def _thumbnails(pictures: Tensor) -> Iterator[Tensor]:
    """``(N, C, 32, 32)``, then the same moved by half a pixel down, right, and both.

    Without those, fine texture that was shifted by half a pixel of a thumbnail looks like another.
    """
    fine = resize(pictures.float(), (2 * _SIDE, 2 * _SIDE))
    for down, right in ((0, 0), (1, 0), (0, 1), (1, 1)):
        moved = F.pad(fine, (right, 0, down, 0), mode="replicate")
        yield F.avg_pool2d(moved[..., : 2 * _SIDE, : 2 * _SIDE], 2)


def _orientations(pictures: Tensor) -> Iterator[Tensor]:
    """Flips and, of square pictures, quarter turns."""
    quarters = (0, 1, 2, 3) if pictures.shape[-1] == pictures.shape[-2] else (0, 2)
    for turns in quarters:
        turned = pictures.rot90(turns, (2, 3))
        yield turned
        yield turned.flip(3)
