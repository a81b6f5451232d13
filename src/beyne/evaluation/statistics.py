"""Means with intervals, and verdicts about two models on the same images.

A difference is *claimed* when two things hold: the interval of the mean difference excludes zero,
and Wilcoxon's signed-rank test, corrected for the number of comparisons, has p < 0.05. Each keeps
the other honest. The interval speaks of the mean that tables show and knows how training seeds
scatter; the test does not trust one outlying image and counts how often one asks. Of two equal
models about 4 in 100 comparisons of 30 images claim a difference; one of 0.2 dB that scatters by
0.3 dB is found in 93 of 100 (``bench/claims.py``).

Images of one group (patient, scene) are no independent witnesses: where groups are given, each is
averaged first, and the groups take the place of the images.

Values that are not finite count as not measured: their images are left out of the comparison.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import floor, isfinite, log10, sqrt
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from beyne.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from beyne.metrics import Better

Outcome = Literal["better", "worse", "no difference shown"]
Values = NDArray[np.float64]

LEVEL = 0.95
RESAMPLES = 10_000
_BLOCK = 500  # resamples drawn at once, for the memory's sake


class Interval(NamedTuple):
    """Where a mean lies with the stated confidence; both NaN where one image can't tell."""

    low: float
    high: float

    def said(self, decimals: int) -> str:
        """Such as ``" [0.007, 0.016]"``; empty where it is not known."""
        return f" [{self.low:.{decimals}f}, {self.high:.{decimals}f}]" if isfinite(self.low) else ""


@dataclass(frozen=True)
class Verdict:
    """Whether ``second`` is better than ``first``, on images that both were scored on.

    Attributes:
        first: Name of what is compared with, as is ``second`` of what is judged.
        better: Which values of the score are better.
        unit: Of the score, for the sentence.
        n: Images that have a value in both; with groups, the groups of these.
        gain: Mean improvement from first to second; negative where second is worse, whichever
            values are better.
        interval: Of the gain.
        share: Of the images, or groups, on which second is better, 0 to 1.
        effect: Matched-pairs rank-biserial correlation (Kerby 2014): of all ranks of Wilcoxon's
            test, the part that favours second minus the part that favours first, −1 to 1.
        p: Of Wilcoxon's signed-rank test, two-sided; after `corrected`, by Holm.
        grouped: Whether images were averaged by groups.
    """

    first: str
    second: str
    better: Better
    unit: str
    n: int
    gain: float
    interval: Interval
    share: float
    effect: float
    p: float
    grouped: bool = False

    @property
    def outcome(self) -> Outcome:
        """What is claimed of second; the rule stands in the module's text."""
        if self.p < 1 - LEVEL and self.interval.low > 0:
            return "better"
        if self.p < 1 - LEVEL and self.interval.high < 0:
            return "worse"
        return "no difference shown"

    @property
    def can_show(self) -> bool:
        """Whether so few images, all of one mind, could pass the test: its least p is 2/2ⁿ."""
        return 2.0 ** (1 - self.n) < 1 - LEVEL

    @property
    def sentence(self) -> str:
        """Such as ``"B better than A by 0.012 LPIPS [0.007, 0.016], 83 % of images, p = 0.002"``.

        The interval has the sign of the difference that is named. Where none is shown, it is the
        gain of second over first.
        """
        worse = self.outcome == "worse"
        gain, interval = self.gain, self.interval
        if worse:
            gain, interval = -gain, Interval(-interval.high, -interval.low)
        number = _decimals(interval)
        size = f"{gain:.{number}f} {self.unit}".strip() + interval.said(number)
        p = "p < 0.001" if self.p < 0.001 else f"p = {self.p:.2g}"
        of = "groups" if self.grouped else "images"
        if self.outcome == "no difference shown":
            images = f"{self.n} {of[:-1] if self.n == 1 else of}"
            few = "" if self.can_show else f", and {images} can't show any"
            between = f"no difference shown between {self.first} and {self.second}"
            return f"{between}: {size}, n = {self.n}, {p}{few}"
        share = f"{100 * self.share:.0f} % of {of}" + (" better" if worse else "")
        return f"{self.second} {self.outcome} than {self.first} by {size}, {share}, {p}"


def bootstrap_interval(
    values: ArrayLike, level: float = LEVEL, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """A bootstrap interval of a mean over images and, where there are several, training seeds.

    Images are drawn anew with replacement, the same for all seeds; seeds, independently, too; the
    deviations of both add up. A plain percentile interval of few values is too short: deviations
    are therefore widened to what Student's t asks for at that number (after Hesterberg 2015,
    doi:10.1080/00031305.2015.1089789). With one value of a kind its scatter is not known: one seed
    is taken as it is, one image gives no interval.

    Args:
        values: ``(images,)`` or ``(seeds, images)``; images without a finite value are left out.
        level: Confidence.
        resamples: How many times to draw.
        seed: Of the draws.

    Raises:
        UsageError: Not one or two axes, or no image has a value.
    """
    table = _table(values)
    return _interval(table[:, _measured(table)], None, level, resamples, seed)


def verdict(
    first: str,
    second: str,
    values_first: ArrayLike,
    values_second: ArrayLike,
    better: Better,
    unit: str = "",
    *,
    groups: Sequence[str] = (),
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Verdict:
    """Compare two models on the same images.

    Args:
        first: Name of the one, as is ``second`` of the other.
        values_first: Its scores, ``(images,)`` or ``(seeds, images)``; the numbers of seeds of the
            two may differ, the images are the same in the same order.
        values_second: The other's.
        better: Which values are better.
        unit: Of the score.
        groups: The group that each image is of; empty: each is one by itself.
        resamples: Of the interval, see `bootstrap_interval`.
        seed: Of the draws.

    Returns:
        The verdict, p not corrected for other comparisons: see `corrected`.

    Raises:
        UsageError: The images differ in number, or none has a value in both.
    """
    one, other = _table(values_first), _table(values_second)
    if one.shape[1] != other.shape[1]:
        problem = f"{first} has {one.shape[1]} images and {second} {other.shape[1]}"
        raise UsageError(f"{problem}: not the same", "score both on the same images")
    if better == "lower":
        one, other = -one, -other
    both = _measured(one, other)
    one, other = one[:, both], other[:, both]
    if groups:
        kept = [group for group, measured in zip(groups, both, strict=True) if measured]
        one, other = by_group(one, kept), by_group(other, kept)
    gains = other.mean(0) - one.mean(0)
    p, effect = _signed_rank(gains)
    return Verdict(
        first=first,
        second=second,
        better=better,
        unit=unit,
        n=len(gains),
        gain=float(gains.mean()),
        interval=_interval(other, one, LEVEL, resamples, seed),
        share=float((gains > 0).mean()),
        effect=effect,
        p=p,
        grouped=bool(groups),
    )


def verdicts(
    columns: Mapping[str, ArrayLike], better: Better, unit: str = "", **options: Any
) -> list[Verdict]:
    """Every pair of models, see `pairs`, corrected for their number."""
    return corrected(pairs(columns, better, unit, **options))


def pairs(
    columns: Mapping[str, ArrayLike], better: Better, unit: str = "", **options: Any
) -> list[Verdict]:
    """Every pair of models that share a scored image, not corrected.

    Args:
        columns: Name → scores as for `verdict`; of a pair the earlier is ``first``.
        better: As for `verdict`, as are ``unit`` and the options ``groups``, ``resamples``
            and ``seed``.

    Raises:
        UsageError: As `verdict`.
    """
    tables = {name: _table(values) for name, values in columns.items()}
    return [
        verdict(a, b, tables[a], tables[b], better, unit, **options)
        for a, b in combinations(tables, 2)
        if tables[a].shape[1] != tables[b].shape[1] or _finite(tables[a], tables[b]).any()
    ]


def by_group(table: Values, groups: Sequence[str]) -> Values:
    """Means of the images of each group: ``(seeds, images)`` → ``(seeds, groups)``.

    Groups come in the order in which they first appear, so that groups of one image change nothing.
    """
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    member = np.array([numbers[group] for group in groups], dtype=np.int64)
    sums = [np.bincount(member, row, len(numbers)) for row in table]
    return np.asarray(np.stack(sums) / np.bincount(member, minlength=len(numbers)).clip(1))


def corrected(family: Sequence[Verdict]) -> list[Verdict]:
    """The same verdicts, each p raised so that all together err as seldom as one (Holm 1979).

    Args:
        family: Not corrected yet; everything that one reads as one answer.
    """
    raised = holm([one.p for one in family])
    return [replace(one, p=p) for one, p in zip(family, raised, strict=True)]


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction (Scandinavian Journal of Statistics 6, 1979), in order given."""
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(p_values), 0, -1)
    raised = np.maximum.accumulate(np.asarray(p_values)[order] * factors).clip(max=1)
    return [float(raised[rank]) for rank in np.argsort(order)]


def _signed_rank(gains: Values) -> tuple[float, float]:
    """Two-sided p of Wilcoxon's signed-rank test, zeros left out, and the rank-biserial effect."""
    stats = scipy_stats()
    gains = gains[gains != 0]
    if not len(gains):
        return 1.0, 0.0
    ranks = stats.rankdata(np.abs(gains))
    return float(stats.wilcoxon(gains).pvalue), float((ranks * np.sign(gains)).sum() / ranks.sum())


def _interval(
    table: Values, less: Values | None, level: float, resamples: int, seed: int
) -> Interval:
    """Of the mean of ``table``, or of that minus the mean of ``less``; both ``(seeds, images)``."""
    tables = [table] if less is None else [table, -less]
    images = sum(part.mean(0) for part in tables)
    assert isinstance(images, np.ndarray)
    if len(images) < 2:
        return Interval(float("nan"), float("nan"))
    random = np.random.default_rng(seed)
    deviations = _deviations(images, len(images) - 1, level, resamples, random)
    seeded = [part.mean(1) for part in tables if len(part) > 1]
    freedom = sum(len(means) - 1 for means in seeded)
    for means in seeded:
        deviations += _deviations(means, freedom, level, resamples, random)
    low, high = images.mean() + np.quantile(deviations, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))


def _deviations(
    values: Values, freedom: int, level: float, resamples: int, random: np.random.Generator
) -> Values:
    """Means of resampled ``values`` minus their mean, widened for few values: ``(resamples,)``."""
    stats = scipy_stats()
    number, tail = len(values), (1 + level) / 2
    widening = sqrt(number / (number - 1)) * stats.t.ppf(tail, freedom) / stats.norm.ppf(tail)
    centred, evenly = values - values.mean(), np.full(number, 1 / number)
    blocks = [
        random.multinomial(number, evenly, min(_BLOCK, resamples - start)) @ centred
        for start in range(0, resamples, _BLOCK)
    ]
    return np.concatenate(blocks) * float(widening / number)


def _table(values: ArrayLike) -> Values:
    """As ``(seeds, images)``."""
    table = np.atleast_2d(np.asarray(values, dtype=np.float64))
    if table.ndim != 2:
        raise UsageError(f"scores of shape {table.shape} are not seeds × images")
    return table


def _measured(*tables: Values) -> NDArray[np.bool_]:
    """Which images have a finite value everywhere."""
    found = _finite(*tables)
    if not found.any():
        raise UsageError("no image has a score", "look into the table of scores")
    return found


def _finite(*tables: Values) -> NDArray[np.bool_]:
    return np.asarray(np.logical_and.reduce([np.isfinite(table).all(0) for table in tables]))


def _decimals(interval: Interval) -> int:
    """Decimals that show two digits of the interval's half-width."""
    half = (interval.high - interval.low) / 2
    return min(6, max(0, 1 - floor(log10(half)))) if isfinite(half) and half > 0 else 3


def scipy_stats() -> Any:
    """The module ``scipy.stats``.

    Raises:
        MissingExtraError: SciPy is not installed.
    """
    try:
        import scipy.stats
    except ImportError:
        raise MissingExtraError("scipy", "train") from None
    return scipy.stats
