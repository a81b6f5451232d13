"""What the report of a comparison shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np

from beyne import info
from beyne.comparison.crops import specimens
from beyne.comparison.study import Comparison, Study
from beyne.config import write_toml
from beyne.evaluation.statistics import bootstrap_interval, verdict
from beyne.images import read
from beyne.reports import document, sections
from beyne.reports.document import Document, Estimate, Metric, Picture, Section
from beyne.reports.histories import curves
from beyne.training.tracker import read_records, read_seconds

_FEW = 30  # pictures below which the report says that they are few
_MANY = 200  # dots of a scatter are drawn up to this number of pictures


def comparison_report(study: Study, found: Comparison) -> Document:
    """The document of a finished comparison; applies the arms to the pictures that it shows."""
    typical, worst = specimens(study, found)
    column = _column(found.metric)
    runs = _runs(study, found)
    shown: list[Section] = [
        sections.Verdicts(tuple(_verdicts(found))),
        _scores(found),
        sections.Crops(tuple(typical), column),
        sections.Worst(tuple(worst), column),
        sections.Scatters(tuple(_scatters(found))),
    ]
    if runs:
        shown.append(curves({name: read_records(run / "stats.jsonl") for name, run in runs}))
        if sheets := tuple(_sheets(runs)):
            shown.append(sections.Sheets(sheets, paired=True))
    findings = [sections.Finding(**vars(finding)) for finding in study.diagnosis.findings]
    shown += [
        sections.Findings(tuple(findings)),
        _protocol(study, found),
        _costs(study, found, dict(runs)),
        *_recipes(study),
        _limits(study, found),
    ]
    title = " · ".join(arm.name for arm in found.arms)
    summary = f"{len(found.names)} pictures of {study.data.resolve().name} ({found.part})"
    return Document(title, summary, date.today().isoformat(), tuple(shown))


def _column(name: str) -> Metric:
    return document.METRICS[name]


def _verdicts(found: Comparison) -> Iterator[sections.Verdict]:
    for one in found.verdicts:
        sign = -1 if one.better == "lower" else 1
        low, high = sorted(sign * end for end in one.interval)
        outcome = "same" if one.outcome == "no difference shown" else one.outcome
        yield sections.Verdict(
            arm=one.second,
            reference=one.first,
            metric=_column(found.metric),
            outcome=outcome,
            difference=Estimate(sign * one.gain, low, high),
            share=one.share,
            p=one.p,
            effect=one.effect,
        )


def _scores(found: Comparison) -> sections.Scores:
    """Means, and differences from the first arm, each with its interval."""
    names = [name for name in found.metrics if name in document.METRICS]
    rows, differences = [], []
    first = found.arms[0].name
    for arm in found.arms:
        columns = [(name, found.values(arm.name, name)) for name in names]
        rows.append(sections.Row(arm.name, tuple(_estimate(values) for _, values in columns)))
        if arm.name != first:
            gains = [_difference(found, first, arm.name, name) for name in names]
            differences.append(sections.Row(arm.name, tuple(gains)))
    return sections.Scores(tuple(_column(name) for name in names), tuple(rows), tuple(differences))


def _estimate(values: np.ndarray) -> Estimate:
    low, high = bootstrap_interval(values)
    mean = float(values[:, np.isfinite(values).all(0)].mean())
    return Estimate(mean, low, high)


def _difference(found: Comparison, first: str, second: str, metric: str) -> Estimate:
    one, other = found.values(first, metric), found.values(second, metric)
    risen = verdict(first, second, one, other, "higher")
    return Estimate(risen.gain, *risen.interval)


def _scatters(found: Comparison) -> Iterator[sections.Scatter]:
    """The best arm against each other."""
    best = found.values(found.best, found.metric).mean(0)
    step = max(1, len(found.names) // _MANY)
    for arm in found.arms:
        if arm.name == found.best:
            continue
        other = found.values(arm.name, found.metric).mean(0)
        points = [
            sections.Point(name, float(x), float(y))
            for name, x, y in list(zip(found.names, other, best, strict=True))[::step]
            if np.isfinite([x, y]).all()
        ]
        yield sections.Scatter(_column(found.metric), arm.name, found.best, tuple(points))


def _runs(study: Study, found: Comparison) -> list[tuple[str, Path]]:
    """Trained arm → the run of its first seed."""
    return [(arm.name, study.run_folder(arm, 0)) for arm in found.arms if arm.trained]


def _sheets(runs: list[tuple[str, Path]]) -> Iterator[sections.Sheet]:
    for name, run in runs:
        if paths := sorted((run / "previews").glob("*.png")):
            first, last = (Picture(read(path).pixels) for path in (paths[0], paths[-1]))
            earlier = (first, int(paths[0].stem)) if len(paths) > 1 else ()
            yield sections.Sheet(name, last, int(paths[-1].stem), *earlier)


def _protocol(study: Study, found: Comparison) -> sections.Protocol:
    counts = Counter(study.diagnosis.split.values())
    table = found.tables[found.arms[0].name][0]
    return sections.Protocol(
        {
            "data": study.data.resolve().name,
            "split": ", ".join(f"{split} {counts[split]}" for split in ("train", "val", "test")),
            "pictures": f"{len(found.names)} ({found.part})",
            "metrics": table.protocol,
            "statistics": "mean with 95 % bootstrap interval over pictures and seeds; pairs by "
            "Wilcoxon's signed-rank test, p by Holm for all pairs; a difference is claimed where "
            "the interval excludes 0 and p < 0.05; effect: matched-pairs rank-biserial",
            "seeds": f"0 to {study.options.seeds - 1}" if _runs(study, found) else "none",
            "versions": info.versions(),
            "hardware": info.hardware(),
            "command": _command(study),
        }
    )


def _command(study: Study) -> str:
    budget = study.options.budget
    given = f" --budget {budget.kind}={budget.amount:g}" if budget else ""
    arms = " ".join(study.sources)
    given += "".join(f" --set {setting}" for setting in study.options.settings)
    return f"beyne compare {arms} --data DIR -o REPORT --seeds {study.options.seeds}{given}"


def _costs(study: Study, found: Comparison, runs: dict[str, Path]) -> sections.Costs:
    costs = []
    for arm in found.arms:
        run = runs.get(arm.name)
        records = read_records(run / "stats.jsonl") if run else []
        costs.append(
            sections.Cost(
                arm.name,
                parameters=study.enlarger(arm).parameters,
                images=int(records[-1]["images"]) if records else None,
                seconds=read_seconds(run) if run else None,
                picture_seconds=found.seconds.get(arm.name),
            )
        )
    return sections.Costs(tuple(costs))


def _recipes(study: Study) -> Iterator[sections.Recipes]:
    recipes = {arm.name: write_toml(arm.recipe().plain()) for arm in study.arms if arm.trained}
    if recipes:
        yield sections.Recipes(recipes)


def _limits(study: Study, found: Comparison) -> sections.Limits:
    known: list[sections.LimitName] = ["sample", "detail", "scores"]
    trained = [arm for arm in found.arms if arm.trained]
    if trained and found.part == "val":
        known.insert(0, "chosen")
    if len(found.names) < _FEW:
        known.append("few")
    if trained and study.options.seeds == 1:
        known.append("seeds")
    return sections.Limits(tuple(known), tuple(str(failure) for failure in found.failed))
