"""How well a calibration of trust holds on pixels with known errors, for ``bench/trust.py``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from beyne.trust.calibration import EVIDENCE, Calibration, Kind

HEADING = """\
| model | pictures | taken as | right | trust | ECE | AUROC | gradient's | gain | error low/high |
|---|---|---|---|---|---|---|---|---|---|"""

Values = NDArray[np.floating]


@dataclass(frozen=True)
class Sample:
    """Pixels of one set of pictures: evidence ``(4, n)``, and the error in levels ``(n,)``."""

    evidence: Values
    error: Values
    pictures: int


def reliability(trust: Values, right: NDArray[np.bool_]) -> list[tuple[float, float, float]]:
    """Mean trust, share that is right and part of all, for each of ten bins."""
    bins = np.minimum((trust * 10).astype(int), 9)
    chosen = [bins == number for number in range(10) if (bins == number).any()]
    return [(trust[c].mean(), right[c].mean(), c.mean()) for c in chosen]


def calibration_error(bins: list[tuple[float, float, float]]) -> float:
    """ECE of what `reliability` gives."""
    return float(sum(part * abs(mean - share) for mean, share, part in bins))


def auroc(score: Values, event: NDArray[np.bool_]) -> float:
    """Chance that an event scores above a non-event."""
    ranks, events = rankdata(score), int(event.sum())
    above = ranks[event].sum() - events * (events + 1) / 2
    return float(above / (events * (event.size - events)))


def ratios(trust: Values, wrong: Values, gradient: Values) -> list[float]:
    """Error where trust is lowest over that where it is highest, in each fifth of the gradient."""
    fifth = np.digitize(gradient, np.quantile(gradient, (0.2, 0.4, 0.6, 0.8)))
    found = []
    for number in range(5):
        order = np.argsort(trust[fifth == number], kind="stable")
        ordered, tenth = wrong[fifth == number][order], order.size // 10
        found.append(float(ordered[:tenth].mean() / ordered[-tenth:].mean()))
    return found


def line(model: str, data: str, sample: Sample, kind: Kind, calibration: Calibration) -> str:
    """A row of the table."""
    trust = calibration.probability(sample.evidence, kind)
    gradient = sample.evidence[EVIDENCE.index("gradient")]
    wrong = sample.error > calibration.levels
    ece = calibration_error(reliability(trust, ~wrong))
    mine, plain = auroc(-trust, wrong), auroc(gradient, wrong)
    by_fifth = " ".join(f"{ratio:.1f}" for ratio in ratios(trust, sample.error, gradient))
    return (
        f"| {model} | {data} ({sample.pictures}) | {kind} "
        f"| {1 - wrong.mean():.3f} | {trust.mean():.3f} | {ece:.3f} "
        f"| {mine:.3f} | {plain:.3f} | {mine - plain:+.3f} | {by_fifth} |"
    )


def plot(path: Path, curves: dict[str, dict[str, list[tuple[float, float, float]]]]) -> None:
    """Reliability: trust across, the share that is right up; a panel a model."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(curves), figsize=(4 * len(curves), 4.4), squeeze=False)
    for panel, (model, sets) in zip(axes[0], curves.items(), strict=True):
        panel.plot([0, 1], [0, 1], color="0.7", linewidth=1)
        for (data, points), mark in zip(sets.items(), "os^Dv", strict=False):
            trust, right, part = zip(*points, strict=True)
            panel.plot(trust, right, linewidth=1, label=data)
            sizes = [10 + 200 * p for p in part]
            panel.scatter(trust, right, s=sizes, marker=mark, alpha=0.7)
        panel.set(title=model, xlabel="trust", ylabel="share that is right")
        panel.set_aspect("equal")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), fontsize=8, ncol=3, loc="lower center")
    figure.tight_layout(rect=(0, 0.12, 1, 1))
    figure.savefig(path, dpi=110)
