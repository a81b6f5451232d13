"""What a comparison found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from beyne.comparison.arms import Arm
from beyne.evaluation.scores import Scores
from beyne.evaluation.statistics import Values, Verdict
from beyne.metrics import COLUMNS
from beyne.predict.files import Failure


@dataclass
class Comparison:
    """What a comparison found.

    Attributes:
        arms: Those that were scored.
        names: Pictures, in the order of all columns.
        part: Which pictures they are, in words.
        tables: Arm → its scores, one table for each seed.
        metric: That the verdicts are about.
        verdicts: Every pair of arms, p corrected for their number.
        failed: Arms and pictures that came to nothing.
    """

    arms: tuple[Arm, ...]
    names: tuple[str, ...]
    part: str
    tables: dict[str, tuple[Scores, ...]]
    metric: str
    verdicts: tuple[Verdict, ...]
    failed: tuple[Failure, ...]

    def values(self, arm: str, metric: str) -> Values:
        """Scores of an arm, ``(seeds, pictures)``."""
        return np.stack([table.values(metric, self.names) for table in self.tables[arm]])

    @property
    def metrics(self) -> tuple[str, ...]:
        """Those that every arm has, in the order of `COLUMNS`."""
        columns = [table.columns.keys() for tables in self.tables.values() for table in tables]
        return tuple(name for name in COLUMNS if all(name in column for column in columns))

    def common(self, arm: str, metric: str) -> Values:
        """Those `values` for whose pictures every arm has one, so that means are of the same."""
        tables = {one.name: self.values(one.name, metric) for one in self.arms}
        measured = [np.isfinite(table).all(0) for table in tables.values()]
        return tables[arm][:, np.logical_and.reduce(measured)]

    @property
    def best(self) -> str:
        """The arm with the best mean of the metric that decides, on pictures that all could do."""
        means = {}
        for arm in self.arms:
            values = self.common(arm.name, self.metric)
            means[arm.name] = float(values.mean()) if values.size else 0.0
        choose = min if COLUMNS[self.metric].better == "lower" else max
        return choose(means, key=means.__getitem__)
