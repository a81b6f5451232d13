"""The openly licensed part of the cereals as a folder to train ``crops-demo`` on.

    python bench/crops_demo.py -o runs/open-cereals
    beyne train crops-demo --data runs/open-cereals -o runs/crops-demo

Copies 17 ears of wheat and 8 young maize plants with their captions in four languages.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
from pathlib import Path

from beyne.data import read_captions

DATA = Path(os.environ.get("BEYNE_SHARED", "../shared")) / "data" / "cereals"
CAPTIONED = Path(__file__).parents[1] / "docs" / "experiments" / "cereals" / "captions.csv"
OPEN = ("CC BY 4.0", "MIT")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, required=True)
    folder = parser.parse_args().output
    with (DATA / "metadata.csv").open(encoding="utf-8", newline="") as stream:
        names = {row["file"] for row in csv.DictReader(stream) if row["licence"].startswith(OPEN)}
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(DATA / name, folder / name)
    captions = [caption for caption in read_captions(CAPTIONED) if caption.file in names]
    with (folder / "captions.csv").open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["file", "text", "lang", "label"])
        rows.writerows([c.file, c.text, c.lang, c.label] for c in captions)
    print(f"{folder}: {len(names)} pictures")


if __name__ == "__main__":
    main()
