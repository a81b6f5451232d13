"""The trust maps of satellite-x4 and xray-x4, calibrated on scenes and patients they never saw.

    python bench/trust_fields.py runs/domain [--field satellite radiographs] [--only-judge]

``runs/domain`` is the folder of ``python bench/domain.py -o runs/domain --ship``, whose models are
needed: the embedded ``satellite-x4`` has seen all openly licensed scenes, the model of each fold
only some. The curve is measured on the tiles that these did not learn from, and judged with the
curve of the other folds' tiles. ``xray-x4`` is the first fold's own model: its curve is that of
the six patients left out, and it is judged on others. How, and the columns: ``bench/trust.py``.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from trust import (
    HEADING,
    LEVELS,
    Remembered,
    Sample,
    calibration_error,
    draft,
    fitted,
    line,
    reliability,
    sampled,
    store,
)

from beyne import bundle
from beyne.predict.predictor import Predictor
from beyne.trust.assessor import Assessor
from beyne.trust.calibration import Calibration, Kind, calibration_of
from beyne.zoo import find

PARTNER = "photo-x4-gan"


@dataclass(frozen=True)
class Field:
    """A field's model, the kind of its pictures, and how many crops are taken of each."""

    model: str
    kind: Kind
    crops: int


FIELDS = {
    "satellite": Field("satellite-x4", "satellite", 1),
    "radiographs": Field("xray-x4", "radiograph", 8),
}


def left_out(folder: Path) -> dict[Path, list[Path]]:
    """The model of each fold → pictures of the groups that it did not learn from."""
    found = {}
    for split in sorted(folder.glob("fold-*.csv")):
        with split.open(encoding="utf-8", newline="") as stream:
            learned = {row["file"] for row in csv.DictReader(stream)}
        model = folder / f"{split.stem}-half-way.safetensors"
        pictures = sorted((folder / "open").iterdir())
        found[model] = [path for path in pictures if path.name not in learned]
    if not found:
        raise SystemExit(f"{folder} holds no folds; python bench/domain.py -o {folder.parent}")
    return found


def sample(
    model: Path, pictures: list[Path], calibration: Calibration, partner: Remembered, crops: int
) -> Sample:
    """Evidence about a model's results, and their errors."""
    made = Remembered(Predictor(bundle.load(model)))
    assessors = {"model": Assessor(made, partner, calibration)}
    return sampled(pictures, assessors, {"model": made, PARTNER: partner}, crops)["model"]


def together(samples: list[Sample]) -> Sample:
    """Samples as one."""
    return Sample(
        np.concatenate([each.evidence for each in samples], 1),
        np.concatenate([each.error for each in samples]),
        sum(each.pictures for each in samples),
    )


def error_of(data: Sample, kind: Kind, calibration: Calibration) -> float:
    """The calibration error, for the card."""
    trust = calibration.probability(data.evidence, kind)
    return round(calibration_error(reliability(trust, data.error <= LEVELS)), 3)


def run(field: Field, folder: Path, partner: Remembered, only_judge: bool) -> None:
    """Fit and judge one model, and store what was found."""
    begun, kind = draft(PARTNER, "partner"), field.kind
    folds = [
        sample(model, pictures, begun, partner, field.crops)
        for model, pictures in left_out(folder).items()
    ]
    others = sorted((folder / "others").glob("*.*"))
    unseen = sample(find(field.model), others, begun, partner, crops=2)
    if only_judge:
        found = calibration_of(bundle.read_card(find(field.model)))
    else:
        found = fitted({kind: together(folds)}, begun)
    ece = {}
    if len(folds) > 1:
        for number, fold in enumerate(folds):
            rest = fitted({kind: together(folds[:number] + folds[number + 1 :])}, begun)
            print(line(field.model, f"fold {number}, curve of the others", fold, kind, rest))
            ece[f"held-out scenes, fold {number}"] = error_of(fold, kind, rest)
    ece["others"] = error_of(unseen, kind, found)
    print(line(field.model, "others", unseen, kind, found), flush=True)
    if not only_judge:
        store(field.model, found.model_copy(update={"ece": ece}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("domain", type=Path)
    parser.add_argument("--field", choices=FIELDS, nargs="+", default=list(FIELDS))
    parser.add_argument("--only-judge", action="store_true")
    asked = parser.parse_args()
    partner = Remembered(Predictor(bundle.load(find(PARTNER))))
    print(HEADING)
    for name in asked.field:
        run(FIELDS[name], asked.domain / name, partner, asked.only_judge)


if __name__ == "__main__":
    main()
