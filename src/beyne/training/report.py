"""The report of one run, from what is in its folder."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

from torch import nn

from beyne import info
from beyne.config import write_toml
from beyne.images import read
from beyne.reports import background, sections
from beyne.reports.document import METRICS, Document, Estimate, Picture, Section, estimated
from beyne.reports.histories import Records, curves
from beyne.training.setup import Setup
from beyne.training.tracker import Tracker
from beyne.zoo import BEST, LAST

_NORMAL = 1.96  # standard errors to either side, 95 %


def run_report(
    setup: Setup,
    tracker: Tracker,
    network: nn.Module,
    precision: str,
    found: Sequence[Section] = (),
) -> Document:
    """How the run stands: what ``report.html`` in its folder shows.

    Args:
        setup: Of the run, with its state.
        tracker: Its records, previews and time.
        network: The generator in the form it is used in.
        precision: What the networks computed in and where, in words.
        found: What the examiner concluded.
    """
    recipe = setup.recipe
    sheet = sheet_of(tracker.run, recipe.name, setup.state.images)
    return Document(
        recipe.name,
        recipe.description,
        date.today().isoformat(),
        (
            _outcome(setup, tracker.records),
            *found,
            *_scores(tracker.records, recipe.train.select),
            curves({recipe.name: tracker.records}),
            *([sections.Sheets((sheet,), paired=setup.examiner.paired)] if sheet else []),
            _protocol(setup, precision),
            _costs(setup, network, tracker.seconds),
            background.Recipes({recipe.name: write_toml(recipe.plain())}),
            background.Limits(("chosen", "sample", "detail", "scores")),
        ),
    )


def _best(records: Records, select: str) -> tuple[int, float] | None:
    """Images seen and value of the best validation, as the loop chose it; None before any."""
    sign = 1 if METRICS[select].better == "higher" else -1
    found = [(int(r["images"]), float(r[select])) for r in records if select in r]
    return max(found, key=lambda at: sign * at[1]) if found else None


def _outcome(setup: Setup, records: Records) -> sections.Outcome:
    state, train = setup.state, setup.recipe.train
    assert train.images is not None
    ended: Literal["finished", "early", "stopped"] = "stopped"
    if state.images >= train.images:
        ended = "finished"
    elif state.stopped_of == train.images:
        ended = "early"
    best_at, best = _best(records, train.select) or (0, None)
    return sections.Outcome(
        ended,
        state.images,
        train.images,
        METRICS[train.select],
        best,
        best_at,
        state.balance.winning,
    )


def _scores(records: Records, select: str) -> Iterator[sections.Scores]:
    """Validation scores of the best model and at the end."""
    validations = [record for record in records if select in record]
    best = _best(records, select)
    if best is None:
        return
    metrics = [metric for key, metric in METRICS.items() if key in validations[-1]]
    rows = []
    for name, images in ((BEST, best[0]), (LAST, None)):
        of = next((r for r in validations if r["images"] == images), validations[-1])
        rows.append(sections.Row(name, tuple(_value(of, metric.key) for metric in metrics)))
    yield sections.Scores(tuple(metrics), tuple(rows))


def _value(record: Mapping[str, Any], key: str) -> Estimate | None:
    """With its interval where its error is known; weights for it may have come later."""
    if key not in record:
        return None
    value, half = float(record[key]), _NORMAL * record.get(f"{key}_error", math.nan)
    return estimated(value, value - half, value + half)


def sheet_of(run: Path, arm: str, images: int) -> sections.Sheet | None:
    """First and last preview of a run up to ``images``; None before there is one."""
    paths = {int(path.stem): path for path in sorted((run / "previews").glob("*.png"))}
    seen = {at: Picture(read(paths[at]).pixels) for at in _ends(paths, images)}
    if not seen:
        return None
    first, last = min(seen), max(seen)
    earlier = (seen[first], first) if first < last else ()
    return sections.Sheet(arm, seen[last], last, *earlier)


def _ends(paths: dict[int, Path], images: int) -> set[int]:
    """First and last preview; what a killed process drew later does not count."""
    known = [at for at in paths if at <= images]
    return {*known[:1], *known[-1:]}


def _protocol(setup: Setup, precision: str) -> background.Protocol:
    counts = Counter(setup.split.values())
    return background.Protocol(
        {
            "data": "{pictures} training pictures, fingerprint {fingerprint}".format(**setup.data),
            "split": ", ".join(f"{split} {counts[split]}" for split in ("train", "val", "test")),
            "pictures": f"{setup.examiner.number} for validation",
            "metrics": "; ".join(setup.examiner.protocol.values()),
            "seeds": str(setup.recipe.train.seed),
            "versions": info.versions(),
            "hardware": info.hardware(),
            "precision": precision,
        }
    )


def _costs(setup: Setup, network: nn.Module, seconds: float) -> background.Costs:
    images = setup.state.images
    costs = [background.Cost(setup.recipe.name, _parameters(network), images, seconds)]
    if judge := setup.state.nets.get("discriminator"):
        costs.append(background.Cost("discriminator", _parameters(judge)))
    return background.Costs(tuple(costs))


def _parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())
