"""What a comparison found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import compress, islice

import numpy as np

from beyne.comparison.arms import Arm
from beyne.evaluation.scores import Scores
from beyne.evaluation.statistics import Values, Verdict, by_group, corrected, pairs
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
        metric: That decides.
        tests: Metric, the one that decides first → every pair of arms; p corrected for the number
            of all.
        failed: Arms and pictures that came to nothing.
        groups: Picture → its group (patient, scene); of one group several are averaged first.
    """

    arms: tuple[Arm, ...]
    names: tuple[str, ...]
    part: str
    tables: dict[str, tuple[Scores, ...]]
    metric: str
    tests: dict[str, tuple[Verdict, ...]]
    failed: tuple[Failure, ...]
    groups: Mapping[str, str] = field(default_factory=dict)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """All of `tests`."""
        return tuple(one for family in self.tests.values() for one in family)

    def test(self, *metrics: str) -> None:
        """Compare every pair of arms by these metrics."""
        families: dict[str, list[Verdict]] = {}
        for name in metrics:
            metric = COLUMNS[name]
            assert metric.better is not None
            columns = {arm.name: self.values(arm.name, name) for arm in self.arms}
            unit = metric.unit or metric.title
            families[name] = pairs(columns, metric.better, unit, groups=self.grouped)
        done = iter(corrected([one for family in families.values() for one in family]))
        self.tests = {name: tuple(islice(done, len(family))) for name, family in families.items()}

    @property
    def grouped(self) -> tuple[str, ...]:
        """The group of each of `names`; empty where every picture is one by itself."""
        found = tuple(self.groups.get(name, name) for name in self.names)
        return found if len(set(found)) < len(found) else ()

    def values(self, arm: str, metric: str) -> Values:
        """Scores of an arm, ``(seeds, pictures)``."""
        return np.stack([table.values(metric, self.names) for table in self.tables[arm]])

    @property
    def metrics(self) -> tuple[str, ...]:
        """Those that every arm has, in the order of `COLUMNS`."""
        columns = [table.columns.keys() for tables in self.tables.values() for table in tables]
        return tuple(name for name in COLUMNS if all(name in column for column in columns))

    def common(self, arm: str, metric: str) -> Values:
        """Those `values` for whose pictures every arm has one, so that means are of the same.

        Pictures of one group are averaged: ``(seeds, pictures or groups)``.
        """
        tables = {one.name: self.values(one.name, metric) for one in self.arms}
        measured = [np.isfinite(table).all(0) for table in tables.values()]
        everywhere = np.logical_and.reduce(measured)
        values = tables[arm][:, everywhere]
        return by_group(values, [*compress(self.grouped, everywhere)]) if self.grouped else values

    @property
    def best(self) -> str:
        """The arm with the best mean of the metric that decides, on pictures that all could do."""
        means = {}
        for arm in self.arms:
            values = self.common(arm.name, self.metric)
            means[arm.name] = float(values.mean()) if values.size else 0.0
        choose = min if COLUMNS[self.metric].better == "lower" else max
        return choose(means, key=means.__getitem__)
