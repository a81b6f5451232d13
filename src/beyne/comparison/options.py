"""How to compare, and who is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from beyne.comparison.budget import Budget
from beyne.doctor import Watcher
from beyne.errors import UsageError
from beyne.metrics import COLUMNS
from beyne.predict.device import find_device


@dataclass
class Listener:
    """Where a comparison reports to; the defaults keep silent."""

    message: Callable[[str], None] = lambda text: None
    #: done, in all, newest values: training images of a run, or pictures scored
    progress: Callable[[int, int, dict[str, float]], None] = lambda done, total, values: None
    watcher: Watcher | None = None  # of the data check


@dataclass(frozen=True)
class Options:
    """How to compare.

    Attributes:
        seeds: Trainings of each recipe.
        budget: Length of each; None: as the recipes say.
        split: A ``split.csv`` to obey instead of the data folder's.
        scale: Enlargement; None: the smallest that the arms make.
        metric: That decides; None: LPIPS if it could be measured, or else PSNR.
        device: Where pictures are enlarged and scored, as for `beyne.load`.
        settings: Over every recipe; of a translation also where its sides are.
        debug: Let errors nobody foresaw through.
    """

    seeds: int = 3
    budget: Budget | None = None
    split: Path | None = None
    scale: int | None = None
    metric: str | None = None
    device: str = "auto"
    settings: tuple[str, ...] = ()
    debug: bool = False

    def __post_init__(self) -> None:
        if self.seeds < 1:
            raise UsageError(f"--seeds {self.seeds}: at least one", "--seeds 3")
        if self.metric is not None:
            _check_metric(self.metric)
        find_device(self.device)


def _check_metric(name: str) -> None:
    deciding = [known for known, metric in COLUMNS.items() if metric.better]
    if name not in COLUMNS:
        raise UsageError(f"there is no metric '{name}'", f"one of {', '.join(deciding)}")
    if name not in deciding:
        raise UsageError(f"--metric {name} can't decide", f"one of {', '.join(deciding)}")
