"""Scores of one model that makes pictures of texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np

from beyne.evaluation.generators import GeneratorScores
from beyne.evaluation.memorisation import SHORT, Outcome
from beyne.evaluation.statistics import (
    LEVEL,
    Interval,
    Values,
    bootstrap_interval,
    by_group,
    scipy_stats,
)
from beyne.evaluation.stopping import steady_kid
from beyne.evaluation.texts.examination import Answers, TextExamination
from beyne.evaluation.texts.judge import GOOD, Worth
from beyne.metrics import COLUMNS
from beyne.metrics.distribution import Estimate

#: Pictures of a class, generated and held out, that its KID is measured of.
FEWEST = 6

Reason = Literal["counts", "copies", "few", "weak"]


@dataclass(frozen=True)
class Mean:
    """A mean over held-out pictures with its 95 % interval: bootstrapped; where all are alike,
    that of Clopper & Pearson (1934).

    Attributes:
        n: Held-out pictures that have a value.
    """

    value: float
    interval: Interval
    n: int

    def as_json(self) -> dict[str, Any]:
        """Plain values; no interval of one picture."""
        return {"mean": self.value, "interval": _plain(self.interval), "n": self.n}


@dataclass(frozen=True)
class TextScores:
    """Scores of one model that makes pictures of texts.

    Attributes:
        pictures: Scores that ask for no text, of one picture of each question.
        asked: ``class_accuracy``, ``agreement`` and ``r_precision``, as far as they were measured,
            over held-out pictures, or the sources of these.
        languages: Class accuracy of the prompts in each language.
        classes: KID of each class of which there are `FEWEST` pictures.
        chance: What of ``asked`` a model that ignores texts would reach.
        nearest_caption: Share of prompts whose nearest training caption is of their class; None
            where there are no classes, or the model knows nothing else.
        real: R-precision of the held-out pictures themselves.
        worth: Of the judge; None without one.
        sources: Sources of the held-out pictures; None where each picture is one by itself.
        notes: What was left out, and why.
        rows: Of each prompt ``file``, ``seed``, ``lang``, ``text``, ``label`` and ``read``, what
            the judge read.
    """

    pictures: GeneratorScores
    asked: Mapping[str, Mean]
    languages: Mapping[str, Mean]
    classes: Mapping[str, Estimate]
    chance: Mapping[str, float]
    nearest_caption: float | None
    real: float
    worth: Worth | None
    sources: int | None
    notes: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]

    @property
    def model(self) -> str:
        """Its name."""
        return self.pictures.model

    @property
    def data(self) -> str:
        """Name of the pictures, and how many were held out."""
        return self.pictures.data

    @property
    def protocol(self) -> str:
        """How it was measured, in words."""
        return self.pictures.protocol

    @property
    def n(self) -> int:
        """Prompts that were answered by a picture."""
        return len(self.rows)

    @property
    def mean(self) -> dict[str, float]:
        """Every score by name."""
        return {name: one.value for name, one in self.asked.items()} | self.pictures.mean

    @property
    def interval(self) -> dict[str, Interval]:
        """95 % interval of those scores that have one."""
        return {name: one.interval for name, one in self.asked.items()} | self.pictures.interval

    @property
    def reason(self) -> Reason | None:
        """Whether the class accuracy counts, or why not; None without one."""
        if self.worth is None:
            return None
        return reason_of(self.worth, self.pictures.memorisation.outcome)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is to be said: of diversity, of copies, of the judge, of what was left out."""
        judge = [self.worth.sentence, said_of(self.reason)] if self.worth and self.reason else []
        return (*self.pictures.sentences, *judge, *self.notes)

    def as_json(self) -> dict[str, Any]:
        """What ``beyne evaluate --json`` prints."""
        classes = {name: kid._asdict() for name, kid in self.classes.items()}
        own = {
            "n": self.n,
            "mean": self.mean,
            "interval": {name: _plain(ends) for name, ends in self.interval.items()},
            "languages": {name: one.as_json() for name, one in self.languages.items()},
            "classes": {"kid": classes},
            "chance": dict(self.chance),
            "nearest_caption": self.nearest_caption,
            "real": {"r_precision": self.real},
            "judge": self.worth and self.worth.as_json(),
            "counts": self.reason == "counts",
            "sources": self.sources,
            "notes": list(self.notes),
            "nearest": list(self.pictures.rows),
            "rows": list(self.rows),
        }
        return self.pictures.as_json() | own


def reason_of(worth: Worth, outcome: Outcome) -> Reason:
    """Whether class accuracy counts, or why not, by its judge's worth and the check for copies."""
    short = SHORT[outcome]
    if short == "copies":
        return "copies"
    if not worth.good:
        return "weak"
    return "few" if short == "few" else "counts"


def said_of(reason: Reason) -> str:
    """The same in words."""
    least = f"{100 * GOOD:.0f} %"
    said: dict[Reason, str] = {
        "counts": f"counts: no copying is shown, and the judge reads {least} or more",
        "weak": f"does not count: the judge reads less than {least} of the real pictures",
        "copies": "does not count: training pictures are copied",
        "few": "does not count: too few pictures to tell copies",
    }
    return f"class accuracy {said[reason]}"


def text_scores(
    examination: TextExamination,
    answers: Answers,
    pictures: GeneratorScores,
    nearest: Sequence[str] | None,
    notes: Sequence[str] = (),
    by_label: bool = False,
) -> TextScores:
    """Put together what was found.

    Args:
        examination: What judged.
        answers: What the model painted.
        pictures: Scores that ask for no text.
        nearest: Label of the training caption nearest to each prompt; None: not asked.
        notes: What was left out so far.
        by_label: The model is told labels alone, whatever the language.
    """
    read, columns = examination.read(answers), examination.columns(answers)
    names = ["class_accuracy", *([] if by_label else ["agreement"]), "r_precision"]
    files, groups = examination.files, examination.groups
    groups = groups if len(set(groups)) < len(files) else ()
    prompts = answers.prompts
    rows = [
        {"file": files[picture], "seed": seed, "lang": p.lang, "text": p.text, "label": p.label}
        | {"read": said}
        for picture, seed, p, said in zip(
            answers.pictures, answers.questions, prompts, read, strict=True
        )
    ]
    asked = {name: _mean(columns[name], groups, name) for name in names if name in columns}
    retrieved = [said == p.label for said, p in zip(nearest or (), prompts, strict=False)]
    return TextScores(
        pictures=pictures,
        asked=asked,
        languages={} if by_label else dict(_languages(examination, answers, read, groups)),
        classes=dict(_classes(examination, answers)),
        chance={n: c for n, c in _chances(examination, answers, read) if n in asked},
        nearest_caption=sum(retrieved) / len(retrieved) if retrieved else None,
        real=examination.fitting_real(),
        worth=examination.worth,
        sources=len(set(groups)) or None,
        notes=tuple(notes),
        rows=tuple(rows),
    )


def _mean(values: Values, groups: Sequence[str], name: str) -> Mean:
    known = np.isfinite(values)
    table = values[known][None]
    if groups:
        table = by_group(table, [group for group, kept in zip(groups, known, strict=True) if kept])
    mean, size = float(table.mean()), table.size
    if mean in (0, 1):  # all alike, of which no bootstrap tells how sure that is
        found = scipy_stats().binomtest(round(mean * size), size).proportion_ci(LEVEL)
        interval = Interval(float(found.low), float(found.high))
    else:
        interval = Interval(*COLUMNS[name].within(bootstrap_interval(table)))
    return Mean(mean, interval, int(known.sum()))


def _languages(
    examination: TextExamination, answers: Answers, read: Sequence[str], groups: Sequence[str]
) -> Iterator[tuple[str, Mean]]:
    if not examination.judge:
        return
    right = examination.right(answers, read)
    for language in sorted({prompt.lang for prompt in answers.prompts} - {""}):
        places = [n for n, prompt in enumerate(answers.prompts) if prompt.lang == language]
        pictures = [answers.pictures[place] for place in places]
        values = examination.by_picture(right[places], pictures)
        if np.isfinite(values).any():
            yield language, _mean(values, groups, "class_accuracy")


def _classes(examination: TextExamination, answers: Answers) -> Iterator[tuple[str, Estimate]]:
    labels = [captions[0].label for captions in examination.told]
    painted = [answers.prompts[place].label for place in answers.single]
    for label in sorted(set(labels) - {""}):
        real = [number for number, own in enumerate(labels) if own == label]
        ours = [answers.single[n] for n, own in enumerate(painted) if own == label]
        if min(len(real), len(ours)) >= FEWEST:
            yield label, steady_kid(answers.seen[ours], examination.held_out[real])


def _chances(
    examination: TextExamination, answers: Answers, read: Sequence[str]
) -> Iterator[tuple[str, float]]:
    """Of the same pictures dealt out to the prompts by chance."""
    if examination.judge:
        asked = Counter(prompt.label for prompt in answers.prompts if prompt.label)
        shares = _shares(read)
        total = sum(asked.values())
        yield "class_accuracy", sum(n / total * shares.get(c, 0.0) for c, n in asked.items())
        languages = sorted({prompt.lang for prompt in answers.prompts})
        spoken = list(zip(answers.prompts, read, strict=True))
        by_language = [_shares([r for p, r in spoken if p.lang == lang]) for lang in languages]
        classes = examination.judge.classes
        yield "agreement", sum(prod(one.get(c, 0.0) for one in by_language) for c in classes)
    fields = examination.candidates(answers.prompts, answers.pictures)
    yield "r_precision", sum(1 / len(field) for field in fields) / len(fields)


def _shares(read: Sequence[str]) -> dict[str, float]:
    return {said: count / len(read) for said, count in Counter(read).items()}


def _plain(ends: Interval) -> list[float | None]:
    """JSON has no NaN."""
    return [end if end == end else None for end in ends]
