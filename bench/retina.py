"""What does a mask know of its picture? pix2pix on few pairs, every child (patient) held out once.

    python bench/retina.py -o runs/retina [--field retina] [--side 128] [--folds 4] [--seeds 1]
        [--images 2000] [--set key.sub=value] [--arms pix2pix pix2pix-small l1-alone]

Fields: ``retina`` (CHASE_DB1, vessels → fundus, 22 pairs of 11 children) and ``chest`` (lungs →
X-ray, 37 pairs). Children are dealt into folds; of the others one is for validation, and the rest
are trained on. ``l1-alone`` is pix2pix-small without its discriminator; ``median`` is the median
picture of all other children, whatever the mask.

A picture's scores: L1 in units of [0, 1]; the same after the best factor and offset a band, which
is what is left beyond overall colour; PSNR, SSIM, LPIPS (``BEYNE_WEIGHTS=../shared/weights``); and
Dice: a network that learnt from the training children to find vessels (lungs) looks for them in
the picture made, and is compared with the mask it was made from. ``real`` is its Dice on the real
pictures; ``real, median colour`` the L1 of one who knows all but a picture's mean colour.
Statistics are of people: the mean of a person's pictures is one value. ``bench/painted_sets.py``
adds KID over all folds, and whether training pictures come again.

Prints the tables; writes ``scores.csv``, and ``sheet.png`` of every fold. The same command again
goes on.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from painted_sets import PaintedSets
from quality import SHARED, heard
from torch import Tensor

import beyne
from beyne.data import Pair, Sources, find_all, find_split, write_split
from beyne.data.split import SplitName, group_of
from beyne.evaluation.enlargers import Enlarger, find_enlarger
from beyne.evaluation.evaluate import Listener, score
from beyne.evaluation.statistics import Verdict, bootstrap_interval, verdicts
from beyne.images import Raster, read
from beyne.images.raster import from_tensor, to_tensor
from beyne.images.resample import resize
from beyne.recipe import Recipe, load_recipe
from beyne.training import train

ARMS = ("pix2pix", "pix2pix-small", "l1-alone")
#: Column of the table → heading, and which values are better.
SCORES = {
    "l1": ("L1", "lower"),
    "l1_colour": ("L1, colour fitted", "lower"),
    "psnr": ("PSNR", "higher"),
    "ssim": ("SSIM", "higher"),
    "lpips": ("LPIPS", "lower"),
    "dice": ("Dice", "higher"),
}
TRANSLATE = Sources(job="translate")
Row = dict[str, str | float]
Recipes = Callable[[str, int], Recipe]  # of arm and seed


@dataclass(frozen=True)
class Field:
    """Where the pairs are: masks, pictures, and the table that names patients, if there is one."""

    data: Path
    masks: str
    pictures: str
    patients: str = ""


DATA = SHARED / "data"
FIELDS = {
    "retina": Field(DATA / "retina" / "CHASE_DB1", "masks_1stHO", "images"),
    "chest": Field(DATA / "chest_xray", "lung_masks", "images", "metadata.csv"),
}


def prepared(field: Field, folder: Path, side: int) -> dict[str, str]:
    """Write all pairs as squares to ``a/`` and ``b/``; pair → child."""
    named = Sources(job="translate", a=Path(field.masks), b=Path(field.pictures))
    patients = {}
    if field.patients:
        with (field.data / field.patients).open(encoding="utf-8") as stream:
            patients = {Path(row["file"]).stem: row["patient"] for row in csv.DictReader(stream)}
    groups = {}
    for pair in find_all(field.data, named):
        name = f"{pair.hr.stem}.png"
        groups[name] = patients.get(pair.hr.stem) or group_of(name)
        for part, path in (("a", pair.lr), ("b", pair.hr)):
            (folder / part).mkdir(parents=True, exist_ok=True)
            if not (folder / part / name).exists():
                small = resize(to_tensor(read(path).pixels), (side, side)).clamp(0, 1)
                beyne.save(Raster(from_tensor(small, np.dtype(np.uint8))), folder / part / name)
    return groups


def fold_split(groups: dict[str, str], fold: int, folds: int, path: Path) -> None:
    """Every ``folds``-th child for testing, one of the next for validation."""
    children = sorted(set(groups.values()))
    np.random.default_rng(0).shuffle(children)
    tested, validated = children[fold::folds], children[(fold + 1) % folds]

    def part(child: str) -> SplitName:
        return "test" if child in tested else "val" if child == validated else "train"

    sides = {f"{side}/{name}": child for name, child in groups.items() for side in "ab"}
    write_split(path, {file: part(child) for file, child in sides.items()}, sides)


def recipe_for(arm: str, side: int, settings: list[str]) -> Recipe:
    """An arm's recipe, or the ``segmenter``'s, at the study's size."""
    sized = [f"data.size_in={side}", f"data.size_out={side}"]
    if arm == "pix2pix":  # its U-Net halves until one pixel is left
        return load_recipe(arm, [*sized, f"generator.levels={side.bit_length() - 1}", *settings])
    if arm == "segmenter":
        settings = ["data.a=b", "data.b=a", "losses.content.kind=mse", *settings]
    else:  # a mask can't tell the overall colour
        sized.append("data.colours=exchanged")
    recipe = load_recipe("pix2pix-small", [*sized, *settings])
    if arm == "pix2pix-small":
        return recipe
    return recipe.model_copy(update={"name": arm, "discriminator": None, "adversarial": None})


def shown(enlarger: Enlarger, image: Tensor) -> Tensor:
    """What a network makes of a picture ``(1, C, H, W)`` in [0, 1]."""
    made = enlarger.enlarge(Raster(from_tensor(image.clamp(0, 1), np.dtype(np.float32))))
    return to_tensor(made.pixels)


def dice(segmenter: Enlarger, image: Tensor, mask: Tensor) -> float:
    """Soft Dice 2·Σpm / (Σp² + Σm²) (Milletari et al. 2016, arXiv 1606.04797)."""
    found = shown(segmenter, image)
    return float(2 * (found * mask).sum() / (found.square().sum() + mask.square().sum()))


def colour_fitted(output: Tensor, hr: Tensor) -> float:
    """L1 after the factor and offset a band that bring the output nearest in squares."""
    made, true = (image.flatten(2)[0].double() for image in (output, hr))
    away = made - made.mean(1, keepdim=True)
    spread = away.square().sum(1, keepdim=True).clamp(min=1e-12)
    factor = (away * true).sum(1, keepdim=True) / spread
    return float((true.mean(1, keepdim=True) + factor * away - true).abs().mean())


def scored(arm: Enlarger, segmenter: Enlarger, pairs: list[Pair], kept: list[Tensor]) -> list[Row]:
    """A row a picture; what was made is added to ``kept``, and the real pictures' Dice to it."""
    rows: list[Row] = []

    def look(name: str, values: dict[str, float], output: Tensor, hr: Tensor, lr: Tensor) -> None:
        output = output.cpu()
        kept.append(output.clamp(0, 1))
        rows.append(
            {"file": name, "l1": values["mae"] / 255, "l1_colour": colour_fitted(output, hr.cpu())}
            | {key: values[key] for key in ("psnr", "ssim", "lpips")}
            | {"dice": dice(segmenter, output, lr.cpu())}
        )

    score(arm, pairs, "test", listener=Listener(message=heard, picture=look))
    return rows


def real(segmenter: Enlarger, pairs: list[Pair], kept: list[Tensor]) -> list[Row]:
    """What Dice could be: the segmenter on the real pictures."""
    rows: list[Row] = []
    for pair in pairs:
        mask, image = (to_tensor(read(path).pixels) for path in (pair.lr, pair.hr))
        kept.append(image)
        rows.append({"file": pair.name, "dice": dice(segmenter, image, mask)})
    return rows


def recoloured(pairs: list[Pair], others: list[Pair]) -> list[Row]:
    """What L1 could be: the real pictures, each band's mean brought to the median of others'."""
    means = [to_tensor(read(pair.hr).pixels).mean((2, 3), keepdim=True) for pair in others]
    usual, rows = torch.stack(means).median(0).values, list[Row]()
    for pair in pairs:
        image = to_tensor(read(pair.hr).pixels)
        made = (image * usual / image.mean((2, 3), keepdim=True)).clamp(0, 1)
        rows.append({"file": pair.name, "l1": float((made - image).abs().mean())})
    return rows


def run_fold(
    data: Path, folder: Path, arms: list[str], seeds: int, made: Recipes, sets: PaintedSets
) -> list[Row]:
    """Train what is not trained yet, and score all arms on the fold's people."""
    split = folder / "split.csv"
    parts = find_split(data, split, TRANSLATE)
    pairs = parts["test"]

    def run(arm: str, seed: int) -> Enlarger:
        path = folder / f"{arm}-{seed}"
        recipe = made(arm, seed)
        if not train(recipe, data, path, split, message=lambda text: heard(f"{path}: {text}")):
            raise SystemExit(1)  # stopped by Ctrl-C
        return find_enlarger(path)

    segmenter = run("segmenter", 0)
    sheet: list[list[Tensor]] = [[], []]
    found = [("real", 0, real(segmenter, pairs, sheet[0]))]
    others = [*parts["train"], *parts["val"]]
    found.append(("real, median colour", 0, recoloured(pairs, others)))
    median = find_enlarger("median", training=others)
    found.append(("median", 0, scored(median, segmenter, pairs, sheet[1])))
    for arm in arms:
        for seed in range(seeds):
            sheet.append([])
            found.append((arm, seed, scored(run(arm, seed), segmenter, pairs, sheet[-1])))
    names = ["real", "median", *(arm for arm in arms for _ in range(seeds))]
    kept = {arm: [] for arm in names}
    for arm, images in zip(names, sheet, strict=True):
        kept[arm] += images
    sets.add([to_tensor(read(pair.hr).pixels) for pair in parts["train"]], kept)
    masks = [to_tensor(read(pair.lr).pixels).expand_as(sheet[0][0]) for pair in pairs]
    columns = [torch.cat(column, 2) for column in (masks, *sheet)]
    beyne.save(Raster(from_tensor(torch.cat(columns, 3), np.dtype(np.uint8))), folder / "sheet.png")
    return [
        {"fold": folder.name, "arm": arm, "seed": seed} | row
        for arm, seed, rows in found
        for row in rows
    ]


def by_child(rows: list[Row], groups: dict[str, str], name: str) -> dict[str, np.ndarray]:
    """Arm → mean scores ``(seeds, children)``."""
    cells: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if np.isfinite(row.get(name, np.nan)):
            child = groups[Path(str(row["file"])).name]
            cells[f"{row['arm']}\0{row['seed']}"][child].append(float(row[name]))
    seeds: dict[str, list[list[float]]] = defaultdict(list)
    for key, children in cells.items():
        means = [float(np.mean(children[child])) for child in sorted(children)]
        seeds[key.split("\0")[0]].append(means)
    return {arm: np.array(values) for arm, values in seeds.items()}


def report(rows: list[Row], groups: dict[str, str]) -> None:
    """Means with intervals, then every verdict, as markdown."""
    columns = {name: by_child(rows, groups, name) for name in SCORES}
    print("| | " + " | ".join(SCORES[name][0] for name in columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    columns = {name: values for name, values in columns.items() if values}
    for arm in dict.fromkeys(str(row["arm"]) for row in rows):
        cells = [_cell(column.get(arm)) for column in columns.values()]
        print(f"| {arm} | " + " | ".join(cells) + " |")
    for name, column in columns.items():
        heading, better = SCORES[name]
        column = {arm: values for arm, values in column.items() if not arm.startswith("real")}
        number = next(iter(column.values())).shape[1]
        print(f"\n{heading}, of {number} people:\n")
        for one in verdicts(column, better):
            print(f"- {one.sentence}{_percent(one, column)}")


def _cell(values: np.ndarray | None) -> str:
    if values is None:
        return ""
    low, high = bootstrap_interval(values)
    return f"{values.mean():.4g} [{low:.4g}, {high:.4g}]"


def _percent(one: Verdict, columns: dict[str, np.ndarray]) -> str:
    """The gain as a share of what it is compared with."""
    share = 100 / columns[one.first].mean()
    low, high = (share * end for end in one.interval)
    return f" ({share * one.gain:+.1f} % [{low:.1f}, {high:.1f}])"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--field", choices=FIELDS, default="retina")
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--only", type=int, nargs="*", help="folds to run; default: all")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--images", type=int, help="of every training; default: the recipe's")
    parser.add_argument("--set", dest="settings", action="append", default=[])
    parser.add_argument("--arms", nargs="*", choices=ARMS, default=list(ARMS))
    asked = parser.parse_args()
    data = asked.output / "data"
    groups = prepared(FIELDS[asked.field], data, asked.side)
    length = [f"train.images={asked.images}"] if asked.images else []

    def made(arm: str, seed: int) -> Recipe:
        return recipe_for(arm, asked.side, [*length, *asked.settings, f"train.seed={seed}"])

    rows, sets = list[Row](), PaintedSets()
    for fold in range(asked.folds) if asked.only is None else asked.only:
        folder = asked.output / f"fold-{fold}"
        folder.mkdir(parents=True, exist_ok=True)
        fold_split(groups, fold, asked.folds, folder / "split.csv")
        rows += run_fold(data, folder, asked.arms, asked.seeds, made, sets)
        with (asked.output / "scores.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, ["fold", "arm", "seed", "file", *SCORES])
            writer.writeheader()
            writer.writerows(rows)
    report(rows, groups)
    sets.report()


if __name__ == "__main__":
    main()
