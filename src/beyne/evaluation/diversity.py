"""Does a generator paint one picture again and again? The alarm for mode collapse.

The mean distance between two generated pictures is set against that between two real ones. Its
error comes from the jackknife over pictures (Arvesen 1969, doi:10.1214/aoms/1177697287: the mean
over pairs is a U-statistic). The alarm sounds where the generated pictures are, with 95 %
confidence, less than half as far apart. A generator that has kept several pictures and paints only
those passes: of k equally frequent ones the mean falls by 1/k. Recall and the memorisation check
see it.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from beyne.errors import UsageError

_LEAST = 0.5  # share of the real pictures' distance
_QUANTILE = 1.645  # of the normal distribution, one-sided 95 %


class Diversity(NamedTuple):
    """How far apart generated pictures are.

    Attributes:
        ratio: Their mean distance over that of real ones; about 1 is as it should be.
        deviation: Standard error of the ratio.
        collapsed: Whether the alarm sounds.
    """

    ratio: float
    deviation: float
    collapsed: bool

    @classmethod
    def of(cls, ratio: float, deviation: float) -> Diversity:
        """With the alarm's verdict."""
        return cls(ratio, deviation, ratio + _QUANTILE * deviation < _LEAST)

    @property
    def sentence(self) -> str:
        """Such as ``"mode collapse: generated pictures differ by 12 % ± 3 of …"``."""
        size = f"{100 * self.ratio:.0f} % ± {100 * self.deviation:.0f} of what real ones do"
        fault = "mode collapse: " if self.collapsed else ""
        return f"{fault}generated pictures differ by {size}"


def diversity(generated: Tensor, real: Tensor) -> Diversity:
    """Compare two sets of pictures, each by what they are described with.

    Args:
        generated: A row a picture, ``(N, D)``: features, or the pixels of thumbnails.
        real: The same of real ones, ``(M, D)``.

    Raises:
        UsageError: A set has fewer than three pictures, or the real ones are all the same.
    """
    if min(len(generated), len(real)) < 3:
        numbers = f"{len(generated)} generated and {len(real)} real pictures"
        raise UsageError(f"{numbers} are too few to compare", "it takes 3 of each")
    (mean, error), (real_mean, real_error) = _mean_distance(generated), _mean_distance(real)
    if not real_mean:
        raise UsageError("the real pictures are all the same", "look into the data folder")
    ratio = mean / real_mean
    deviation = ((error / real_mean) ** 2 + (ratio * real_error / real_mean) ** 2) ** 0.5
    return Diversity.of(ratio, deviation)


def _mean_distance(rows: Tensor) -> tuple[float, float]:
    """Over all pairs, and its standard error."""
    apart = torch.cdist(rows.double(), rows.double(), compute_mode="donot_use_mm_for_euclid_dist")
    number, sums = len(rows), apart.sum(1)
    without = (sums.sum() - 2 * sums) / ((number - 1) * (number - 2))
    variance = (number - 1) / number * (without - without.mean()).square().sum()
    return float(sums.sum() / (number * (number - 1))), float(variance.sqrt())
