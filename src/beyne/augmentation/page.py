"""What the report of an augmentation study shows."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal

from beyne import info
from beyne.augmentation.benefit import Benefit
from beyne.augmentation.classical import STRENGTHS
from beyne.augmentation.fold import ARMS, SHARES, Fold
from beyne.augmentation.study import Study, chosen
from beyne.evaluation import statistics
from beyne.evaluation.statistics import bootstrap_interval, verdict
from beyne.reports import background, document, sections
from beyne.reports.document import Document, Estimate, estimated

_FEW = 30  # sources below which the report says that they are few
_ACCURACY = document.METRICS["accuracy"]


def augmentation_report(
    study: Study, folds: Sequence[Fold], found: Benefit, written: tuple[int, int] | None
) -> Document:
    """The document of a finished study.

    Args:
        study: What was asked.
        folds: All of them.
        found: The verdict.
        written: Pictures kept and near-copies left out; None where nothing was written.
    """
    counts = ", ".join(f"{label} {count}" for label, count in study.samples.counts.items())
    findings = [background.Finding(**vars(finding)) for finding in study.diagnosis.findings]
    question, *others = found.verdicts
    return Document(
        f"{study.data.resolve().name} + {study.gan.name}",
        f"{len(study.samples)} pictures: {counts}",
        date.today().isoformat(),
        (
            sections.Augmentation(
                study.gan.name,
                _outcome(question),
                estimated(question.gain, *question.interval),
                question.n,
                not question.can_show,
                study.gan.seen,
                chosen([fold.share for fold in folds]),
                written,
            ),
            _scores(found),
            sections.Verdicts(tuple(_verdicts(others))),
            background.Findings(tuple(findings)),
            _protocol(study, folds),
            _costs(study, folds),
            background.Limits(tuple(_limits(study))),
        ),
    )


def _outcome(one: statistics.Verdict) -> Literal["better", "worse", "same"]:
    return "same" if one.outcome == "no difference shown" else one.outcome


def _verdicts(found: Sequence[statistics.Verdict]) -> Iterator[sections.Verdict]:
    for one in found:
        yield sections.Verdict(
            arm=one.second,
            reference=one.first,
            metric=_ACCURACY,
            outcome=_outcome(one),
            difference=estimated(one.gain, *one.interval),
            p=one.p,
            effect=one.effect,
            few=not one.can_show,
        )


def _scores(found: Benefit) -> sections.Scores:
    """Means of the arms, and differences from real pictures alone."""
    rows = [
        sections.Row(arm, (estimated(float(values.mean()), *bootstrap_interval(values)),))
        for arm, values in found.values.items()
    ]
    differences = [sections.Row(arm, (_difference(found, arm),)) for arm in ARMS[1:]]
    return sections.Scores((_ACCURACY,), tuple(rows), tuple(differences))


def _difference(found: Benefit, arm: str) -> Estimate:
    risen = verdict(ARMS[0], arm, found.values[ARMS[0]], found.values[arm], "higher")
    return estimated(risen.gain, *risen.interval)


def _protocol(study: Study, folds: Sequence[Fold]) -> background.Protocol:
    options, network = study.options, study.network
    kinds = {
        "strength of classical augmentation": STRENGTHS,
        "generated pictures a real one": SHARES,
    }
    chosen_values = ([fold.strength for fold in folds], [fold.share for fold in folds])
    choices = "; ".join(
        f"{name}: of {', '.join(f'{value:g}' for value in candidates)}, chosen "
        + ", ".join(f"{value:g} in {n}" for value, n in sorted(Counter(values).items()))
        for (name, candidates), values in zip(kinds.items(), chosen_values, strict=True)
    )
    return background.Protocol(
        {
            "data": study.data.resolve().name,
            "split": f"{options.folds} stratified folds, no source in two; {options.repeats} "
            "times; in each the generator sees about four fifths of the training part, and the "
            f"rest of that part chooses. {choices} folds",
            "pictures": f"{len(study.samples)} of {len(set(study.samples.groups))} sources",
            "metrics": f"accuracy of a network of three convolutions at {options.side} pixels a "
            f"side, {network.steps} steps of {network.batch} pictures in every arm, trained "
            f"{network.trainings} times; a source counts as the mean of its pictures",
            "seeds": f"repeats 0 to {options.repeats - 1}",
            "versions": info.versions(),
            "hardware": info.hardware(),
            "command": _command(study),
        },
        groups=len(set(study.samples.groups)),
        tested=True,
    )


def _command(study: Study) -> str:
    options = study.options
    words = ["beyne", "augment", study.source, "--data", "DIR", "-o", "STUDY"]
    for name in ("folds", "repeats", "side", "steps", "group", "split"):
        if (value := getattr(options, name)) is not None:
            words += [f"--{name}", str(value)]
    for setting in options.settings:
        words += ["--set", setting]
    return shlex.join(words)


def _costs(study: Study, folds: Sequence[Fold]) -> background.Costs:
    return background.Costs(
        (
            background.Cost(study.gan.name, seconds=sum(fold.painting for fold in folds)),
            background.Cost("classifiers", seconds=sum(fold.classifying for fold in folds)),
        )
    )


def _limits(study: Study) -> Iterator[background.LimitName]:
    yield from ("sample", "classifier")
    if len(set(study.samples.groups)) < _FEW:
        yield "few"
    if study.options.repeats == 1:
        yield "seeds"
