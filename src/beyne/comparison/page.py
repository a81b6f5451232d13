"""What the report of a comparison shows."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np

from beyne import info
from beyne.comparison.crops import specimens
from beyne.comparison.generated import parameters_of
from beyne.comparison.result import Comparison
from beyne.comparison.study import Study
from beyne.evaluation.memorisation import SHORT
from beyne.evaluation.statistics import bootstrap_interval, verdict
from beyne.evaluation.texts.page import judge_section
from beyne.evaluation.texts.scores import reason_of, said_of
from beyne.images import read
from beyne.metrics import COLUMNS
from beyne.reports import background, document, sections
from beyne.reports.document import Column, Document, Estimate, Picture, Section, estimated
from beyne.reports.histories import curves
from beyne.training.report import sheet_of
from beyne.training.tracker import images_seen, read_records, read_seconds

_STATISTICS = (
    "mean with 95 % bootstrap interval over pictures and seeds; pairs by Wilcoxon's signed-rank "
    "test, p by Holm for all pairs; a difference is claimed where the interval excludes 0 and "
    "p < 0.05; effect: matched-pairs rank-biserial"
)
_OF_SETS = (
    "KID as the mean over held-out pictures of what each adds to it; every seed is a training, or "
    "of a model a sample of its own; "
)
_FEW = 30  # pictures below which the report says that they are few
_MANY = 200  # dots of a scatter are drawn up to this number of pictures


def comparison_report(study: Study, found: Comparison) -> Document:
    """The document of a finished comparison; applies the arms to the pictures that it shows."""
    runs = _runs(study, found)
    looked, costs = _generated(study, found) if study.generates else _enlarged(study, found)
    shown: list[Section] = [sections.Verdicts(tuple(_verdicts(found))), _scores(found), *looked]
    if runs:
        shown.append(curves({name: read_records(run / "stats.jsonl") for name, run in runs}))
        found_sheets = [sheet_of(run, name, images_seen(run)) for name, run in runs]
        if sheets := tuple(sheet for sheet in found_sheets if sheet):
            shown.append(sections.Sheets(sheets, paired=not study.generates))
    findings = [background.Finding(**vars(finding)) for finding in study.diagnosis.findings]
    shown += [
        background.Findings(tuple(findings)),
        _protocol(study, found),
        costs,
        *_recipes(runs),
        _limits(study, found),
    ]
    title = " · ".join(arm.name for arm in found.arms)
    summary = f"{len(found.names)} pictures of {study.data.resolve().name} ({found.part})"
    missing = [arm.name for arm in study.arms if arm.name not in found.tables]
    if missing:
        summary += f"; could not be scored, see the end: {', '.join(missing)}"
    return Document(title, summary, date.today().isoformat(), tuple(shown))


def _enlarged(study: Study, found: Comparison) -> tuple[list[Section], background.Costs]:
    """Pictures to look at, and costs, where every picture has its original."""
    enlargers = {arm.name: study.enlarger(arm) for arm in found.arms}
    typical, worst, seconds = specimens(study, found, enlargers)
    column = _column(found.metric)
    looked: list[Section] = [
        sections.Crops(tuple(typical), column),
        sections.Worst(tuple(worst), column),
        sections.Scatters(tuple(_scatters(found))),
    ]
    parameters = {name: enlarger.parameters for name, enlarger in enlargers.items()}
    return looked, _costs(study, found, parameters, seconds)


def _generated(study: Study, found: Comparison) -> tuple[list[Section], background.Costs]:
    """Whether each arm paints training pictures again, with those that are nearest; and costs."""
    looked: list[Section] = []
    parameters, outcomes = {}, {}
    for arm in found.arms:
        sheet = study.folder / "nearest" / f"{arm.slug}.png"
        source = study.source(arm)
        copied = study.generated.judged(source, study.like(arm), sheet)
        sentence = f"{arm.name}: {copied.sentence}"
        picture = Picture(read(sheet).pixels)
        looked.append(sections.Memorisation(SHORT[copied.outcome], sentence, picture))
        parameters[arm.name] = parameters_of(source)
        outcomes[arm.name] = copied.outcome
    if worth := study.generated.worth(study.like(found.arms[0])):
        reasons = {name: reason_of(worth, outcome) for name, outcome in outcomes.items()}
        looked.insert(0, judge_section(reasons, worth))
        for said in (worth.sentence, *(f"{n}: {said_of(why)}" for n, why in reasons.items())):
            study.listener.message(said)
    return looked, _costs(study, found, parameters, {})


def _column(name: str) -> Column:
    return document.METRICS[name]


def _verdicts(found: Comparison) -> Iterator[sections.Verdict]:
    for metric, one in ((name, one) for name, family in found.tests.items() for one in family):
        sign = -1 if one.better == "lower" else 1
        low, high = sorted(sign * end for end in one.interval)
        outcome = "same" if one.outcome == "no difference shown" else one.outcome
        yield sections.Verdict(
            arm=one.second,
            reference=one.first,
            metric=_column(metric),
            outcome=outcome,
            difference=estimated(sign * one.gain, low, high),
            share=one.share,
            p=one.p,
            effect=one.effect,
            few=not one.can_show,
            grouped=one.grouped,
        )


def _scores(found: Comparison) -> sections.Scores:
    """Means, and differences from the first arm, each with its interval."""
    names = sorted(found.metrics, key=lambda name: name != found.metric)  # what decides first
    rows, differences = [], []
    first = found.arms[0].name
    for arm in found.arms:
        means = (_estimate(found.common(arm.name, name), name) for name in names)
        rows.append(sections.Row(arm.name, tuple(means)))
        if arm.name != first:
            gains = [_difference(found, first, arm.name, name) for name in names]
            differences.append(sections.Row(arm.name, tuple(gains)))
    return sections.Scores(tuple(_column(name) for name in names), tuple(rows), tuple(differences))


def _estimate(values: np.ndarray, metric: str) -> Estimate | None:
    """Mean and interval of ``(seeds, pictures)``; None without a picture."""
    if not values.size:
        return None
    return estimated(float(values.mean()), *COLUMNS[metric].within(bootstrap_interval(values)))


def _difference(found: Comparison, first: str, second: str, metric: str) -> Estimate | None:
    one, other = found.common(first, metric), found.common(second, metric)
    if not one.size:
        return None
    risen = verdict(first, second, one, other, "higher")
    return estimated(risen.gain, *risen.interval)


def _scatters(found: Comparison) -> Iterator[sections.Scatter]:
    """The best arm against each other."""
    best = found.values(found.best, found.metric).mean(0)
    step = -(-len(found.names) // _MANY)
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


def _protocol(study: Study, found: Comparison) -> background.Protocol:
    counts = Counter(study.split.values())
    table = found.tables[found.arms[0].name][0]
    return background.Protocol(
        {
            "data": study.data.resolve().name,
            "split": ", ".join(f"{split} {counts[split]}" for split in ("train", "val", "test")),
            "pictures": f"{len(found.names)} ({found.part})",
            "metrics": table.protocol,
            "seeds": ", ".join(map(str, range(study.options.seeds))) if study.repeats else "–",
            "versions": info.versions(),
            "hardware": info.hardware(),
            "command": _command(study),
        },
        groups=len(set(found.grouped)) or None,
        tested=True,
    )


def _command(study: Study) -> str:
    options, words = study.options, ["beyne", "compare", *study.sources]
    words += ["--data", "DIR", "-o", "REPORT"]
    if study.repeats:
        words += ["--seeds", str(options.seeds)]
    if options.budget:
        words += ["--budget", f"{options.budget.kind}={options.budget.amount:g}"]
    for name in ("split", "scale", "metric"):
        if (value := getattr(options, name)) is not None:
            words += [f"--{name}", str(value)]
    if options.bands:
        words += ["--bands", ",".join(map(str, options.bands))]
    for setting in options.settings:
        words += ["--set", setting]
    return shlex.join(words)


def _costs(
    study: Study,
    found: Comparison,
    parameters: Mapping[str, int | None],
    seconds: Mapping[str, float],
) -> background.Costs:
    runs, costs = dict(_runs(study, found)), []
    for arm in found.arms:
        run = runs.get(arm.name)
        costs.append(
            background.Cost(
                arm.name,
                parameters=parameters[arm.name],
                images=images_seen(run) if run else None,
                seconds=read_seconds(run) if run else None,
                picture_seconds=seconds.get(arm.name),
            )
        )
    return background.Costs(tuple(costs))


def _recipes(runs: Sequence[tuple[str, Path]]) -> Iterator[background.Recipes]:
    recipes = {name: (run / "recipe.toml").read_text(encoding="utf-8") for name, run in runs}
    if recipes:
        yield background.Recipes(recipes)


def _limits(study: Study, found: Comparison) -> background.Limits:
    known: list[background.LimitName] = ["sample", "detail", "scores"]
    trained = bool(_runs(study, found))
    if trained and "val" in found.part:
        known.insert(0, "chosen")
    if len(set(found.grouped) or found.names) < _FEW:
        known.append("few")
    if trained and study.options.seeds == 1:
        known.append("seeds")
    others = [str(failure) for failure in found.failed]
    protocols = {table.protocol for tables in found.tables.values() for table in tables}
    others += [f"not all arms were scored alike: {one}" for one in sorted(protocols)[1:]]
    return background.Limits(tuple(known), tuple(others))
