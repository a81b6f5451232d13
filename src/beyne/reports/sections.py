"""The parts of a report, each saying what it shows; the page has a template for every kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from beyne.reports.document import Column, Estimate, Picture, Section


@dataclass(frozen=True)
class Verdict:
    """What the pictures say of one arm against another.

    Attributes:
        difference: Arm minus reference, in the metric's unit.
        share: Pictures in which the arm is better, in [0, 1]; None: not of pictures.
        p: After the correction that the protocol names.
        effect: Effect size that the protocol names.
        few: Whether the pictures are too few to show any difference.
        grouped: Whether groups of pictures were counted, not pictures.
    """

    arm: str
    reference: str
    metric: Column
    outcome: Literal["better", "worse", "same"]
    difference: Estimate
    share: float | None = None
    p: float | None = None
    effect: float | None = None
    few: bool = False
    grouped: bool = False


@dataclass(frozen=True)
class Verdicts(Section):
    """The answer of a comparison, one sentence a pair."""

    kind = "verdicts"
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class Outcome(Section):
    """How one training run ended.

    Attributes:
        images: Training images seen, of ``total``.
        metric: The validation score that chose the best model.
        best: Its value; None before the first validation.
        best_at: Training images seen then.
        winning: Whether the discriminator has the upper hand at the end.
    """

    kind = "outcome"
    state: Literal["finished", "early", "stopped"]
    images: int
    total: int
    metric: Column
    best: float | None = None
    best_at: int = 0
    winning: bool = False


@dataclass(frozen=True)
class Row:
    """An arm's values, one for each metric of the table; None where it was not measured."""

    arm: str
    values: tuple[Estimate | None, ...]


@dataclass(frozen=True)
class Scores(Section):
    """The table, and the same as dots and whiskers.

    Attributes:
        differences: Of each further arm, its value minus the first arm's; may be empty.
    """

    kind = "scores"
    metrics: tuple[Column, ...]
    rows: tuple[Row, ...]
    differences: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Line:
    """A curve over the training images seen."""

    name: str
    images: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Chart:
    """Lines on common axes.

    Attributes:
        name: The value that the lines show; of a ``duel``, the arm.
        duel: The losses of one arm's two networks, lines ``discriminator`` and ``adversarial``.
    """

    name: str
    lines: tuple[Line, ...]
    duel: bool = False


@dataclass(frozen=True)
class Curves(Section):
    """What was recorded while training."""

    kind = "curves"
    charts: tuple[Chart, ...]


@dataclass(frozen=True)
class Sheet:
    """Samples of one arm early and late in its training.

    Attributes:
        last_images: Training images seen at the last sheet.
        first: None where there is only one.
        first_images: Training images seen at the first.
    """

    arm: str
    last: Picture
    last_images: int
    first: Picture | None = None
    first_images: int = 0


@dataclass(frozen=True)
class Sheets(Section):
    """Sample sheets after the first and the last preview.

    Attributes:
        paired: Whether their columns are input, result and original.
    """

    kind = "sheets"
    sheets: tuple[Sheet, ...]
    paired: bool = False


@dataclass(frozen=True)
class Augmentation(Section):
    """Whether generated pictures help a classifier.

    Attributes:
        gan: Where they come from.
        outcome: ``better`` is a gain, ``worse`` is harm.
        change: Accuracy with them minus without them, both with classical augmentation, in points.
        sources: That the tested pictures come from.
        few: Whether those are too few to show any difference.
        seen: Whether the generator may have seen the tested pictures.
        share: Generated pictures for each real one, of those written.
        written: Pictures kept and near-copies left out; None where nothing was written.
    """

    kind = "augmentation"
    gan: str
    outcome: Literal["better", "worse", "same"]
    change: Estimate
    sources: int
    few: bool
    seen: bool
    share: float
    written: tuple[int, int] | None


@dataclass(frozen=True)
class Memorisation(Section):
    """Whether a generator paints its training pictures again.

    Attributes:
        sentence: The verdict with its numbers, in English.
        sheet: Generated pictures, each with the training picture nearest to it.
    """

    kind = "memorisation"
    outcome: Literal["copies", "none", "few"]
    sentence: str
    sheet: Picture


@dataclass(frozen=True)
class Judge(Section):
    """What the judge of pictures of texts is worth, and whether its word counts.

    Attributes:
        arms: Name → whether its class accuracy counts, or why not.
        single: Real pictures that the judge reads rightly when each is left out, of how many; None
            where there are none.
        sources: The same when the whole source of each is left out.
        least: Share that it must read.
    """

    kind = "judge"
    arms: Mapping[str, Literal["counts", "copies", "few", "weak"]]
    single: tuple[int, int] | None
    sources: tuple[int, int] | None
    least: float


@dataclass(frozen=True)
class Part:
    """A part of the prompts, and its score; ``pictures`` held-out ones have such prompts."""

    name: str
    value: Estimate
    pictures: int | None = None


@dataclass(frozen=True)
class Parts(Section):
    """Class accuracy by language, KID by class, and what needs no model that paints.

    Attributes:
        controls: Name of a control, as the catalogue has them → its share.
    """

    kind = "parts"
    accuracy: Column
    languages: tuple[Part, ...]
    kid: Column
    classes: tuple[Part, ...]
    controls: Mapping[str, float]


@dataclass(frozen=True)
class Answer:
    """What was painted for a prompt, and what the judge reads."""

    picture: Picture
    language: str
    text: str
    read: str


@dataclass(frozen=True)
class Answers(Section):
    """Pictures of the same seed, asked for in several languages; a row a class."""

    kind = "answers"
    rows: tuple[tuple[Answer, ...], ...]


@dataclass(frozen=True)
class View:
    """One rendering of a picture: an arm's result, the input, or the original.

    Attributes:
        arm: Name of the arm; empty for input and original.
        score: In the section's metric.
    """

    picture: Picture
    role: Literal["arm", "input", "original"] = "arm"
    arm: str = ""
    score: float | None = None


@dataclass(frozen=True)
class Specimen:
    """A picture of the data set and its renderings, all of one field of view."""

    name: str
    views: tuple[View, ...]


@dataclass(frozen=True)
class Crops(Section):
    """Renderings of the same pictures, to be compared by eye; ``metric`` is what views score."""

    kind = "crops"
    specimens: tuple[Specimen, ...]
    metric: Column | None = None


@dataclass(frozen=True)
class Worst(Crops):
    """The pictures with the worst scores, worst first."""

    kind = "worst"


@dataclass(frozen=True)
class Point:
    """A picture's score under two arms."""

    name: str
    first: float
    second: float


@dataclass(frozen=True)
class Scatter:
    """One arm against another, one dot a picture."""

    metric: Column
    first: str
    second: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Scatters(Section):
    """Arms against one another, picture by picture."""

    kind = "scatters"
    scatters: tuple[Scatter, ...]
