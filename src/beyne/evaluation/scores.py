"""The table of scores: a row a picture, a column a metric."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from beyne.errors import UsageError
from beyne.evaluation.statistics import Interval, Values, bootstrap_interval
from beyne.files import read_rows, write_whole
from beyne.metrics import COLUMNS
from beyne.predict.files import Failure

_HEADINGS = ("model", "seed", "data", "protocol", "file")


@dataclass(frozen=True)
class Scores:
    """One model's scores on one set of pictures.

    What the columns mean, their unit and which values are better, stands in
    `beyne.metrics.COLUMNS`.

    Attributes:
        model: Its name.
        data: Name of the pictures, and which split of them.
        protocol: How they were compared, in words.
        names: Of the pictures, as the data folder has them.
        columns: Name of the metric → a value for each picture; NaN where it was not measured.
        seed: Of the training, where the same recipe was trained several times.
        failed: Pictures that could not be scored.
    """

    model: str
    data: str
    protocol: str
    names: tuple[str, ...]
    columns: Mapping[str, Values]
    seed: int | None = None
    failed: tuple[Failure, ...] = ()

    @property
    def n(self) -> int:
        """Number of pictures."""
        return len(self.names)

    @property
    def mean(self) -> dict[str, float]:
        """Mean of each column over the pictures that have a value."""
        return {name: float(np.nanmean(values)) for name, values in self.columns.items()}

    @property
    def interval(self) -> dict[str, Interval]:
        """95 % bootstrap interval of each mean."""
        return {
            name: Interval(*COLUMNS[name].within(bootstrap_interval(values)))
            for name, values in self.columns.items()
        }

    @property
    def main(self) -> str:
        """The column to judge by where one must do: LPIPS, or else PSNR."""
        return "lpips" if "lpips" in self.columns else "psnr"

    def values(self, metric: str, names: tuple[str, ...]) -> Values:
        """A column in the order of ``names``; NaN for pictures that this table lacks."""
        found = dict(zip(self.names, self.columns[metric], strict=True))
        return np.array([found.get(name, math.nan) for name in names])

    def worst(self, metric: str, number: int = 10) -> list[str]:
        """Names of the pictures with the worst values, the worst first."""
        faults = {
            name: badness(metric, value)
            for name, value in zip(self.names, self.columns[metric], strict=True)
            if math.isfinite(value)
        }
        return sorted(faults, key=lambda name: -faults[name])[:number]

    def rows(self) -> list[dict[str, Any]]:
        """A dictionary a picture: ``file``, and each metric's value or None."""
        table = zip(self.names, *self.columns.values(), strict=True)
        return [
            {"file": name} | dict(zip(self.columns, map(_finite, values), strict=True))
            for name, *values in table
        ]

    def as_json(self) -> dict[str, Any]:
        """What ``beyne evaluate --json`` prints."""
        return {
            "model": self.model,
            "data": self.data,
            "protocol": self.protocol,
            "n": self.n,
            "mean": self.mean,
            "interval": {name: [*map(_finite, ends)] for name, ends in self.interval.items()},
            "rows": self.rows(),
            "failed": [vars(failure) for failure in self.failed],
        }


def badness(metric: str, value: float) -> float:
    """A number that grows as the value of a metric gets worse."""
    better = COLUMNS[metric].better
    if better is None:
        return abs(math.log(value)) if value > 0 else math.inf
    return -value if better == "higher" else value


def write_scores(path: Path, *tables: Scores) -> None:
    """Write tables one below another as CSV, whole or not at all.

    Columns: model, seed, data, protocol, file, and a column for each metric of any table, empty
    where there is no value. What failed is not written.

    Raises:
        UsageError: The disk refuses the file.
    """
    metrics = [name for name in COLUMNS if any(name in table.columns for table in tables)]
    text = io.StringIO()
    writer = csv.DictWriter(text, [*_HEADINGS, *metrics], restval="", lineterminator="\n")
    writer.writeheader()
    for table in tables:
        common = {name: getattr(table, name) for name in _HEADINGS[:-1]}
        writer.writerows(common | row for row in table.rows())
    write_whole(path, text.getvalue().encode())


def read_scores(path: Path) -> list[Scores]:
    """Read what `write_scores` wrote.

    Raises:
        UsageError: It can't be read, or is no table of scores.
    """
    try:
        return [
            _table(heading, list(rows))
            for heading, rows in groupby(
                read_rows(path), lambda row: tuple(row[name] for name in _HEADINGS[:-1])
            )
        ]
    except (KeyError, TypeError, ValueError):
        raise UsageError(f"{path} is no table of scores", "beyne evaluate writes one") from None


def _table(heading: tuple[str, ...], rows: list[dict[str, str]]) -> Scores:
    model, seed, data, protocol = heading
    metrics = [name for name in rows[0] if name not in _HEADINGS]
    if not set(metrics) <= COLUMNS.keys():
        raise ValueError("a column that is no metric")
    columns = {
        name: np.array([math.nan if row[name] == "" else float(row[name]) for row in rows])
        for name in metrics
        if any(row[name] != "" for row in rows)
    }
    names = tuple(row["file"] for row in rows)
    return Scores(model, data, protocol, names, columns, int(seed) if seed else None)


def _finite(value: float) -> float | None:
    """JSON has neither NaN nor infinity."""
    return float(value) if math.isfinite(value) else None
