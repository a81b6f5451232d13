"""What a report is made of: plain values and pictures, without saying how they are shown.

`sections` has the parts. `page` makes a `Document` one HTML file; `Document.plain` is the same
without the pictures, for programs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from beyne import metrics


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture as a screen shows it.

    Attributes:
        pixels: ``(height, width, 1 or 3)``, uint8.
    """

    pixels: NDArray[np.uint8]


@dataclass(frozen=True)
class Metric:
    """A column of numbers.

    Attributes:
        key: Its name in files: ``psnr``.
        name: Its name for readers: ``PSNR``.
        better: Which way is good; ``one``: as near to 1 as can be.
        unit: ``dB``; empty without one.
        digits: Decimal places that are shown.
    """

    key: str
    name: str
    better: Literal["higher", "lower", "one"]
    unit: str = ""
    digits: int = 2


#: Those that have a name for readers, by key: of pictures, and of sets of them.
METRICS = {
    key: Metric(key, metric.title, metric.better or "one", metric.unit, metric.digits)
    for key, metric in metrics.COLUMNS.items()
} | {
    metric.key: metric
    for metric in (
        Metric("fid", "FID", "lower"),
        Metric("diversity", "diversity", "one"),
        Metric("precision", "precision", "higher"),
        Metric("recall", "recall", "higher"),
        Metric("density", "density", "one"),
        Metric("recognition", "recognition accuracy", "higher", digits=3),
    )
}


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval, which is left out where none was computed."""

    mean: float
    low: float | None = None
    high: float | None = None


def estimated(mean: float, low: float, high: float) -> Estimate:
    """With its interval, unless that is not known (of one picture)."""
    known = math.isfinite(low) and math.isfinite(high)
    return Estimate(mean, low, high) if known else Estimate(mean)


@dataclass(frozen=True)
class Section:
    """A part of the page; ``kind`` names its heading and its template."""

    kind: ClassVar[str]


@dataclass(frozen=True)
class Document:
    """A report.

    Attributes:
        title: Its first line.
        summary: One sentence on what was done; may be empty.
        made: Date, ISO 8601.
        sections: In the order of reading; what is not here is not on the page.
    """

    title: str
    summary: str
    made: str
    sections: Sequence[Section]

    def plain(self) -> dict[str, Any]:
        """Nested plain values, as JSON takes them, without the pictures."""
        return dict(_plain(self))


def pictures(value: object) -> Iterator[Picture]:
    """All pictures in a document or a part of it, in order."""
    if isinstance(value, Picture):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from pictures(getattr(value, field.name))
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from pictures(item)


def _plain(value: object) -> Any:
    if is_dataclass(value):
        kind = {"kind": value.kind} if isinstance(value, Section) else {}
        shown = [(field.name, getattr(value, field.name)) for field in fields(value)]
        return kind | {name: _plain(item) for name, item in shown if not isinstance(item, Picture)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, float):  # JSON has no infinity
        return float(value) if math.isfinite(value) else None
    return value
