"""From the records of training runs to curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from beyne.reports.sections import Chart, Curves, Line

Records = Sequence[Mapping[str, Any]]
_DUEL = ("discriminator", "adversarial")


def curves(histories: Mapping[str, Records]) -> Curves:
    """Every recorded value over the training images seen.

    Args:
        histories: Arm → records of its ``stats.jsonl``: ``images`` and values by name.

    Returns:
        First, for each arm with a discriminator, the losses of its two networks; then every
        further value in a chart of its own with the lines of all arms.
    """
    duels = [
        Chart(arm, tuple(_line(records, name, name) for name in _DUEL), duel=True)
        for arm, records in histories.items()
        if all(_has(records, name) for name in _DUEL)
    ]
    names = dict.fromkeys(n for records in histories.values() for r in records for n in r)
    shown_above = {"images", *(_DUEL if duels and len(histories) == 1 else ())}
    charts = [
        Chart(name, tuple(_line(r, name, arm) for arm, r in histories.items() if _has(r, name)))
        for name in names
        if name not in shown_above
    ]
    return Curves((*duels, *charts))


def _has(records: Records, name: str) -> bool:
    return any(name in record for record in records)


def _line(records: Records, name: str, label: str) -> Line:
    points = [(float(r["images"]), float(r[name])) for r in records if name in r]
    images, values = zip(*points, strict=True)
    return Line(label, images, values)
