"""What the report about a model that makes pictures of texts shows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from beyne import info
from beyne.evaluation.memorisation import SHORT
from beyne.evaluation.texts.examination import Answers
from beyne.evaluation.texts.judge import GOOD, Worth
from beyne.evaluation.texts.scores import Mean, Reason, TextScores
from beyne.images import read
from beyne.images.sheet import shown
from beyne.reports import background, sections
from beyne.reports.document import METRICS, Document, Estimate, Picture, Section, estimated

_NORMAL = 1.96  # standard errors to either side, 95 %
_ROWS = 6  # questions that are shown
_FEW = 30  # held-out pictures, or sources, below which the report says that they are few


def text_report(scores: TextScores, answers: Answers, nearest: Path) -> Document:
    """The document of a finished evaluation.

    Args:
        scores: What was found.
        answers: What the model painted.
        nearest: The PNG of pictures nearest to training.
    """
    copied = scores.pictures.memorisation
    picture = Picture(read(nearest).pixels)
    judge = []
    if scores.worth and scores.reason:
        judge.append(judge_section({scores.model: scores.reason}, scores.worth))
    shown_sections: tuple[Section, ...] = (
        *judge,
        sections.Memorisation(SHORT[copied.outcome], copied.sentence, picture),
        _scores(scores),
        _parts(scores),
        sections.Answers(tuple(_answers(scores, answers))),
        background.Protocol(
            {
                "data": scores.data,
                "pictures": f"{scores.n} prompts",
                "metrics": scores.protocol,
                "versions": info.versions(),
                "hardware": info.hardware(),
            },
            groups=scores.sources,
        ),
        _limits(scores),
    )
    return Document(scores.model, scores.data, date.today().isoformat(), shown_sections)


def judge_section(arms: dict[str, Reason], worth: Worth) -> sections.Judge:
    """What a judge is worth, and whether it counts for each arm."""
    single, sources = (one and (one.right, one.pictures) for one in (worth.single, worth.sources))
    return sections.Judge(arms, single, sources, GOOD)


def _scores(scores: TextScores) -> sections.Scores:
    values = [
        estimated(mean, *scores.interval[name]) if name in scores.interval else Estimate(mean)
        for name, mean in scores.mean.items()
    ]
    row = sections.Row(scores.model, tuple(values))
    return sections.Scores(tuple(METRICS[name] for name in scores.mean), (row,))


def _parts(scores: TextScores) -> sections.Parts:
    classes = []
    for name, kid in scores.classes.items():
        half = _NORMAL * kid.deviation
        value = estimated(kid.value, kid.value - half, kid.value + half)
        classes.append(sections.Part(name, value))
    controls = {f"chance_{name}": value for name, value in scores.chance.items()}
    if scores.nearest_caption is not None:
        controls["nearest_caption"] = scores.nearest_caption
    return sections.Parts(
        accuracy=METRICS["class_accuracy"],
        languages=tuple(_part(name, mean) for name, mean in scores.languages.items()),
        kid=METRICS["kid"],
        classes=tuple(classes),
        controls=controls | {"real_r_precision": scores.real},
    )


def _part(name: str, mean: Mean) -> sections.Part:
    return sections.Part(name, estimated(mean.value, *mean.interval), mean.n)


def _answers(scores: TextScores, answers: Answers) -> Iterator[tuple[sections.Answer, ...]]:
    """The first question about each class."""
    labels: set[str] = set()
    for number, label in enumerate(answers.prompts[place].label for place in answers.single):
        if label in labels or len(labels) == _ROWS:
            continue
        labels.add(label)
        question = answers.questions[answers.single[number]]
        places = [n for n, asked in enumerate(answers.questions) if asked == question]
        rows = [(scores.rows[n], Picture(shown(answers.images[n][None]))) for n in places]
        yield tuple(sections.Answer(p, r["lang"], r["text"], r["read"]) for r, p in rows)


def _limits(scores: TextScores) -> background.Limits:
    known: list[background.LimitName] = ["sample", "scores"]
    held_out = scores.sources or scores.pictures.memorisation.held_out
    if held_out < _FEW:
        known.append("few")
    return background.Limits(tuple(known), scores.notes)
