"""Where everything in a plot lies; ``templates/plots.html`` draws it as SVG.

Plots are small panels, in units that are pixels on a narrow phone, so that their writing is
readable there. Matplotlib only chooses the ticks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean
from typing import NamedTuple

import numpy as np

from beyne.reports.document import Column, Estimate
from beyne.reports.numbers import interval, number, short, ticks
from beyne.reports.sections import Chart, Line, Row, Scatter

WIDTH = 360
HEIGHT = 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 14, 12, 40
_ROW = 40  # height of an arm in an interval plot
_MOST_POINTS = 400  # of a line, before it is thinned
_MANY, _NOISY = 60, 3  # points, and ways up and down, from which on a running mean is drawn
_REACH = 12  # points that it takes to either side
_DECADES = 2  # beyond this span an axis is logarithmic


class Tick(NamedTuple):
    """A mark on an axis."""

    at: float
    text: str


@dataclass(frozen=True)
class Axis:
    """From values to places: ``start`` and ``end`` in the plot's units stand for low and high."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        """Where a value lies."""
        low, high, here = ((math.log10(v) if self.log else v) for v in (self.low, self.high, value))
        return round(self.start + (here - low) / (high - low) * (self.end - self.start), 1)

    @property
    def ticks(self) -> list[Tick]:
        """At round numbers inside the axis."""
        from matplotlib.ticker import LogLocator, MaxNLocator

        log = LogLocator(subs=(1, 2, 5) if self.high < 1000 * self.low else (1,), numticks=6)
        locator = log if self.log else MaxNLocator(6, steps=[1, 2, 2.5, 5, 10])
        places = (float(value) for value in locator.tick_values(self.low, self.high))
        inside = [value for value in places if self.low <= value <= self.high]
        texts = map(short, inside) if self.log else ticks(inside)
        return [Tick(self.at(value), text) for value, text in zip(inside, texts, strict=True)]


def axis(values: Iterable[float], start: float, end: float, log: bool = False) -> Axis:
    """An axis with some room around the finite values."""
    known = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(known), max(known)
    if log:
        return Axis(low / 1.3, high * 1.3, start, end, log=True)
    room = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    return Axis(low - room, high + room, start, end)


class Whisker(NamedTuple):
    """An arm in an interval plot; ``low`` and ``high`` are None without an interval."""

    arm: str
    text: str
    y: float
    at: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Intervals:
    """Dots and whiskers of one metric, one row an arm; ``zero`` is where no difference lies."""

    metric: Column
    x: Axis
    rows: list[Whisker]
    height: float
    zero: float | None

    @property
    def description(self) -> str:
        """The plot in words."""
        return "; ".join(f"{row.arm} {row.text}" for row in self.rows)


def intervals(metrics: Sequence[Column], rows: Sequence[Row], zero: bool) -> list[Intervals]:
    """One plot for each metric that any arm has."""
    plots = []
    for column, metric in enumerate(metrics):
        known = [
            (row.arm, value)
            for row in rows
            if (value := row.values[column]) and math.isfinite(value.mean)
        ]
        if known:
            plots.append(_intervals(metric, known, zero))
    return plots


def _intervals(metric: Column, known: list[tuple[str, Estimate]], zero: bool) -> Intervals:
    ends = [end for _, e in known for end in (e.mean, e.low, e.high) if end is not None]
    x = axis([*ends, *([0.0] if zero else [])], 6, WIDTH - 6)
    rows = []
    for index, (arm, e) in enumerate(known):
        text = f"{number(e.mean, metric.digits, zero)} {interval(e, metric.digits, zero)}".rstrip()
        low, high = (None if v is None else x.at(v) for v in (e.low, e.high))
        rows.append(Whisker(arm, text, _TOP + _ROW * index, x.at(e.mean), low, high))
    height = _TOP + _ROW * len(known) + _BOTTOM
    return Intervals(metric, x, rows, height, x.at(0.0) if zero else None)


class Curve(NamedTuple):
    """SVG paths of a line: as recorded, and its running mean.

    A line that needs no mean stands in its place, with nothing beside it.
    """

    name: str
    recorded: str
    mean: str


@dataclass(frozen=True)
class Panel:
    """Two axes and what lies between them: curves, or dots ``(x, y, title)``."""

    x: Axis
    y: Axis
    height: float
    description: str
    curves: list[Curve] = field(default_factory=list)
    dots: list[tuple[float, float, str]] = field(default_factory=list)


def panel(chart: Chart) -> Panel:
    """Curves; the upright axis is logarithmic where they span more than two decades.

    The lowest tenth of the values does not count: a rate that fades out at the very end, or one
    stray value, would squeeze all the rest.
    """
    values = [v for line in chart.lines for v in line.values if math.isfinite(v)]
    low = float(np.quantile(values, 0.1, method="lower")) if values else 0.0
    log = min(values, default=0.0) > 0 and max(values) > 10**_DECADES * low
    images = [at for line in chart.lines for at in line.images]
    across = Axis(0.0, max(images, default=1.0) * 1.02, _LEFT, WIDTH - _RIGHT)
    up = axis(values, HEIGHT - _BOTTOM, _TOP, log)
    ends = [
        f"{line.name} {short(line.values[0])} → {short(line.values[-1])}" for line in chart.lines
    ]
    curves = [_curve(line, across, up) for line in chart.lines]
    return Panel(across, up, HEIGHT, "; ".join(ends), curves)


def _curve(line: Line, across: Axis, up: Axis) -> Curve:
    points = [p for p in zip(line.images, line.values, strict=True) if math.isfinite(p[1])]
    values = [value for _, value in points]
    way = sum(abs(after - before) for before, after in pairwise(values))
    if len(points) < _MANY or way < _NOISY * (max(values) - min(values)):
        return Curve(line.name, "", _path(points, across, up))
    means = [
        (at, fmean(values[max(0, i - _REACH) : i + _REACH + 1])) for i, (at, _) in enumerate(points)
    ]
    return Curve(line.name, _path(points, across, up), _path(means, across, up))


def _path(points: Sequence[tuple[float, float]], across: Axis, up: Axis) -> str:
    places = [f"{across.at(at)} {up.at(value)}" for at, value in _thinned(points)]
    return "M" + "L".join(places) if places else ""


def _thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """All of few points; of many the lowest and highest of every stretch."""
    if len(points) <= _MOST_POINTS:
        return points
    kept: list[tuple[float, float]] = []
    for stretch in np.array_split(np.arange(len(points)), _MOST_POINTS // 2):
        ends = {min(stretch, key=lambda i: points[i][1]), max(stretch, key=lambda i: points[i][1])}
        kept.extend(points[i] for i in sorted(ends))
    return kept


def scatter(plot: Scatter) -> Panel:
    """A square with the same axis both ways, so that equal scores lie on its diagonal."""
    points = [p for p in plot.points if math.isfinite(p.first) and math.isfinite(p.second)]
    both = [value for point in points for value in (point.first, point.second)]
    across = axis(both, _LEFT, WIDTH - _RIGHT)
    up = axis(both, WIDTH - _RIGHT - _LEFT + _TOP, _TOP)
    digits = plot.metric.digits
    dots = [
        (
            across.at(point.first),
            up.at(point.second),
            f"{point.name}: {number(point.first, digits)} → {number(point.second, digits)}",
        )
        for point in points
    ]
    titles = "; ".join(title for _, _, title in dots)
    return Panel(across, up, up.start + _BOTTOM, titles, dots=dots)
