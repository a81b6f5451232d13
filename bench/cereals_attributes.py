"""Whether pictures show what a sentence says beside the crop; see ``bench/cereals.py``.

A judge of two sides, such as ripe and green, learns from real pictures: by what the eyes of the
study see, or, where the sides are colours of the whole picture, by its mean colour. What it is
worth is measured by leaving out a source at a time. Then each sentence of ``attribute-prompts.csv``
is asked both ways with the same seeds. Two pictures are *told apart* if the judge reads each as the
side asked for (by chance 25 %), and *lean* if the second is further on the second side (50 %).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from torch import Tensor

from beyne.data import Caption
from beyne.evaluation.nearness import Describe
from beyne.evaluation.statistics import bootstrap_interval
from beyne.evaluation.texts.judge import Judge, read_apart
from beyne.evaluation.texts.prompts import Illustrator
from beyne.metrics.judged import right


class Attribute(NamedTuple):
    """Which real pictures show its first side, and its second; the others are between."""

    first: str
    second: str
    colour: bool = False  # of the whole picture


ATTRIBUTES = {
    "maize: kernel, plant": Attribute(r"maize/popcorn", r"maize/(agir|corn)"),
    "wheat: ripe, green": Attribute(r"wheat/gwhd_0[bc]", r"wheat/gwhd_(0a|bf)", colour=True),
    "millet: yellow, red": Attribute(r"millet/.*_04[268]", r"millet/.*_04[1357]"),
}
SEEDS = 4  # pairs of pictures a sentence


def sides(names: Sequence[str], attribute: str) -> dict[int, str]:
    """Number of each picture that shows a side → which, ``first`` or ``second``."""
    found = {}
    for side in ("first", "second"):
        pattern = getattr(ATTRIBUTES[attribute], side)
        found |= {number: side for number, name in enumerate(names) if re.match(pattern, name)}
    return found


def mean_colour(images: Tensor) -> Tensor:
    """``(N, C, H, W)`` → ``(N, C)``, in double."""
    return images.double().mean((2, 3))


def asked_both_ways(
    model: Illustrator, judge: Judge, see: Describe, rows: Sequence[dict[str, str]]
) -> tuple[list[float], list[float]]:
    """Share of its pictures that are told apart, and that lean, of each sentence.

    Args:
        model: What paints.
        judge: Of the attribute's sides.
        see: What it reads.
        rows: Sentences, each both ways.
    """
    apart, leaning = [], []
    for number, row in enumerate(rows):
        seeds = range(number * SEEDS, (number + 1) * SEEDS)
        scores = [
            judge.scores(see(model.paint([Caption("", row[side])] * SEEDS, seeds)))
            for side in judge.classes
        ]
        first, second = (each[:, 1] - each[:, 0] for each in scores)
        apart.append(float(((first < 0) & (second > 0)).double().mean()))
        leaning.append(float((second > first).double().mean()))
    return apart, leaning


def score_attributes(
    asked: Mapping[str, Sequence[Illustrator]],
    see: Describe,
    real: Tensor,
    sources: Mapping[str, str],
    table: Path,
) -> None:
    """Print of every attribute what its judge is worth, and what it says of recipes' pictures.

    Args:
        asked: Recipe → its models; those of labels, which can't be asked, are passed over.
        see: What judges read, where it is not the colour.
        real: All real pictures.
        sources: Name → source of each.
        table: Columns attribute, lang, first, second.
    """
    with table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for name, attribute in ATTRIBUTES.items():
        shown, look = sides([*sources], name), mean_colour if attribute.colour else see
        known, labels = look(real[[*shown]]), [*shown.values()]
        found = read_apart(known, labels, [[*sources.values()][number] for number in shown])
        worth = f"{int(right(found, labels).sum())} of {len(labels)}"
        print(f"{name}: the judge reads {worth}, their source left out")
        judge, said = Judge(known, labels), [row for row in rows if row["attribute"] == name]
        for recipe, models in asked.items():
            if not any(model.encoder.by_label for model in models):
                both = [asked_both_ways(model, judge, look, said) for model in models]
                _print(recipe, both)


def _print(recipe: str, both: Sequence[tuple[list[float], list[float]]]) -> None:
    for way, values in zip(("told apart", "lean"), zip(*both, strict=True), strict=True):
        low, high = np.clip(bootstrap_interval(values), 0, 1)
        seeds = " ".join(f"{sum(each) / len(each):.2f}" for each in values)
        print(f"  {recipe}, {way}: {np.mean(values):.2f} [{low:.2f}, {high:.2f}]; {seeds}")
