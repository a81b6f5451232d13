"""Do generated pictures help for real? Augmentation studies of cereals and of radiographs.

    python bench/enlarge.py -o runs/enlarge [--sets cereals chest] [--recipe gan-small]
        [--repeats 3] [--folds 3] [--set train.images=16000] [--lang en]

Cereals: five crops, groups by parent photo. Radiographs: COVID-19 against infections by bacteria
and fungi, all of one collection, groups by patient (two collections would be told apart by their
scanners). Satellite tiles are left out: all planes are of one scene. Every fold trains a GAN of
its own; what is finished is kept, so the same command goes on.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
from pathlib import Path

import beyne
from beyne.cli.train import TrainingProgress
from beyne.comparison.options import Listener

DATA = Path(os.environ.get("BEYNE_SHARED", "../shared")) / "data"
OTHERS = ("Pneumocystis", "Streptococcus", "Legionella", "Klebsiella")


def cereals(folder: Path) -> tuple[Path, str]:
    """The data as they are, and the column that names the parent photo."""
    return DATA / "cereals", "source"


def chest(folder: Path) -> tuple[Path, str]:
    """Copies sorted by finding, with the patients in ``metadata.csv``."""
    rows = []
    for row in csv.DictReader((DATA / "chest_xray/metadata.csv").open(encoding="utf-8")):
        finding = row["finding"]
        kind = "covid" if "COVID" in finding else "other" if finding.startswith(OTHERS) else None
        if kind and row["patient"]:
            target = folder / kind / Path(row["file"]).name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(DATA / "chest_xray" / row["file"], target)
            rows.append([f"{kind}/{target.name}", row["patient"]])
    with (folder / "metadata.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["file", "patient"], *rows])
    return folder, "patient"


SETS = {"cereals": cereals, "chest": chest}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--sets", choices=[*SETS], nargs="+", default=[*SETS])
    parser.add_argument("--recipe", default="gan-small")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--set", action="append", default=[], dest="settings")
    parser.add_argument("--lang", default="en")
    arguments = parser.parse_args()
    for name in arguments.sets:
        data, group = SETS[name](arguments.output / "data" / name)
        with TrainingProgress() as progress:
            found = beyne.augment(
                arguments.recipe,
                data,
                arguments.output / name,
                folds=arguments.folds,
                repeats=arguments.repeats,
                steps=arguments.steps,
                group=group,
                settings=arguments.settings,
                language=arguments.lang,
                listener=Listener(progress.message, progress.show),
            )
        print(f"| {name} | {found.sentence} |", flush=True)


if __name__ == "__main__":
    main()
