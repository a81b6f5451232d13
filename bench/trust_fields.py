"""The trust maps of satellite-x4 and xray-x4, calibrated on scenes and patients they never saw.

    python bench/trust_fields.py runs/domain [--field satellite radiographs]

``runs/domain`` is the folder of ``python bench/domain.py -o runs/domain --ship``, whose models are
needed: the embedded ``satellite-x4`` has seen all openly licensed scenes, the model of each fold
only some. The curve is measured on the tiles that these did not learn from, and judged with the
curve of the other folds' tiles. ``xray-x4`` is the first fold's own model: its curve is that of all
18 openly licensed patients, six of whom it has not seen, and it is judged on 28 others, whose
pictures nothing learned from. Radiographs are smooth: 8 levels of 255 would call nearly all of them
right, so that 4 are allowed. How, and the columns: ``bench/trust.py``.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from trust import Remembered, draft, fitted, sampled, store
from trust_scores import HEADING, Sample, calibration_error, line, reliability

from beyne import bundle
from beyne.predict.predictor import Predictor
from beyne.trust.assessor import Assessor
from beyne.trust.calibration import Calibration, Kind
from beyne.zoo import find

PARTNER = "photo-x4-gan"


@dataclass(frozen=True)
class Field:
    """What is measured of a field.

    Attributes:
        model: The embedded model.
        kind: Of its pictures.
        levels: Up to which error a pixel is right.
        crops: Of each picture.
        rotates: Whether each fold's model is measured on what it left out; else the one model on
            all pictures.
    """

    model: str
    kind: Kind
    levels: float
    crops: int
    rotates: bool


FIELDS = {
    "satellite": Field("satellite-x4", "satellite", 8, 1, rotates=True),
    "radiographs": Field("xray-x4", "radiograph", 4, 4, rotates=False),
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
    return round(calibration_error(reliability(trust, data.error <= calibration.levels)), 3)


def run(field: Field, folder: Path, partner: Remembered) -> None:
    """Fit and judge one model, and store what was found."""
    begun, kind = draft(PARTNER, "partner", field.levels), field.kind
    measured = left_out(folder)
    if not field.rotates:
        measured = {find(field.model): sorted((folder / "open").iterdir())}
    parts = [
        sample(model, pictures, begun, partner, field.crops) for model, pictures in measured.items()
    ]
    found = fitted({kind: together(parts)}, begun)
    ece = {}
    for number, part in enumerate(parts if field.rotates else ()):
        rest = fitted({kind: together(parts[:number] + parts[number + 1 :])}, begun)
        print(line(field.model, f"fold {number}, curve of the others", part, kind, rest))
        ece[f"scenes left out, {number + 1} of {len(parts)}"] = error_of(part, kind, rest)
    for name, pictures in others(folder).items():
        unseen = sample(find(field.model), pictures, begun, partner, 2)
        print(line(field.model, name, unseen, kind, found), flush=True)
        ece[name] = error_of(unseen, kind, found)
    store(field.model, found.model_copy(update={"ece": ece}))


def others(folder: Path) -> dict[str, list[Path]]:
    """Pictures that nothing learned from: parts of each raster, or radiographs of patients."""
    found: dict[str, list[Path]] = {}
    for path in sorted((folder / "others").iterdir()):
        raster, place, _ = path.name.partition("_x") if path.suffix == ".png" else ("", "", "")
        found.setdefault(raster if place else "other patients", []).append(path)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("domain", type=Path)
    parser.add_argument("--field", choices=FIELDS, nargs="+", default=list(FIELDS))
    asked = parser.parse_args()
    partner = Remembered(Predictor(bundle.load(find(PARTNER))))
    print(HEADING)
    for name in asked.field:
        run(FIELDS[name], asked.domain / name, partner)


if __name__ == "__main__":
    main()
