"""Is photo-x4 better for a field once it is trained on with its pictures? Held-out groups tell.

    python bench/domain.py -o runs/domain [--field satellite radiographs] [--images 6000]
        [--folds 3] [--control] [--ship]

The openly licensed pictures of a field are dealt into folds without cutting a group (a scene, a
patient); for each fold a model is trained by the field's recipe on the others, and scored on it
beside bicubic and ``photo-x4``: as it is (``fine-tuned``), and the mean of its weights and those of
``photo-x4`` (``half-way``), which forgets less of other pictures (Wortsman et al. 2022, arXiv
2109.01903). ``--control`` adds ``photographs``: the same recipe on photographs. Of satellite scenes
every fold is held out once, and one more model learns from all; of radiographs one fold is held
out. That model is scored on pictures that are here for tests only. Nothing is selected on the way:
a run's last model is taken.

Scores are those of ``beyne compare``, and the edge error (see `edge_error`); statistics are of
groups. ``--ship`` puts the half-way model, and the scores of what was held out, into the package.
The same command again goes on.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from edges import edge_error
from grouped_pictures import DATA, centres, copied, dealt, in_grey, patients, photographs, scenes
from quality import heard

from beyne import bundle, zoo
from beyne.data import Pair, write_split
from beyne.evaluation.enlargers import find_enlarger
from beyne.evaluation.evaluate import Listener, score
from beyne.evaluation.statistics import bootstrap_interval, by_group, verdict
from beyne.recipe import load_recipe
from beyne.training import train
from beyne.training.start import as_grey

MOST_LISTED = 8  # groups
#: Column → heading, which values are better, unit.
SCORES = {
    "psnr": ("PSNR", "higher", "dB"),
    "ssim": ("SSIM", "higher", ""),
    "lpips": ("LPIPS", "lower", ""),
    "lr_psnr": ("LR-PSNR", "higher", "dB"),
    "edges": ("edge error", "lower", "pixels"),
}
#: Whose gain over whom is told.
VERDICTS = (
    ("half-way", "photo-x4"),
    ("fine-tuned", "photo-x4"),
    ("half-way", "photographs"),
)
Row = dict[str, str | float]
Arms = dict[str, str | Path]


@dataclass(frozen=True)
class Field:
    """A kind of pictures.

    Attributes:
        recipe: By which ``photo-x4`` is trained on; the model's name, too.
        pictures: Original → its group, of those to train on and those for tests only.
        words: What is scored, for the model's card.
        grey: Whether these are colour pictures, to be scored in grey, too; else large ones, whose
            middle is scored.
        rotates: Whether every fold is held out once, and the model that counts learns from all of
            them; else it is the one that leaves out the first, as there are other pictures.
    """

    recipe: str
    pictures: Callable[[Path], tuple[dict[Path, str], dict[Path, str]]]
    words: dict[str, str]
    grey: bool = False
    rotates: bool = False

    def scored(self, folder: Path, names: list[str], part: str) -> list[Pair]:
        """What of the pictures in ``folder/part`` is scored."""
        if self.grey:
            return [Pair(name, folder / part / name) for name in names]
        return centres(folder / f"{part}-centres", names, folder / part)


TILES = {
    "open": "satellite tiles, each by a model that never saw its scene",
    "grey": "every third of these tiles in grey",
    "others": "parts of GeoTIFFs of other sensors",
}
PATIENTS = {
    "open": "chest radiographs that were held out",
    "others": "chest radiographs of other patients",
}
FIELDS = {
    "satellite": Field("satellite-x4", scenes, TILES, grey=True, rotates=True),
    "radiographs": Field("xray-x4", patients, PATIENTS),
}


def trained(recipe: str, images: int, data: Path, run: Path, groups: dict[str, str]) -> Path:
    """Train by a recipe on the pictures of ``groups`` and return the model file.

    The model is consistent by default, as photo-x4 is.
    """
    path = run.with_suffix(".safetensors")
    if not path.is_file():
        split = run.with_suffix(".csv")
        run.parent.mkdir(parents=True, exist_ok=True)
        write_split(split, dict.fromkeys(groups, "train"), groups)
        lengths = [f"train.images={images}", f"train.save_every={images}"]
        short = load_recipe(recipe, lengths)
        if not train(short, data, run, split, message=lambda text: heard(f"{run}: {text}")):
            raise SystemExit(1)  # stopped by Ctrl-C
        model = bundle.load(run / "last.safetensors")
        card = model.card.model_copy(update={"consistent": True})
        bundle.save(path, card, model.network)
    return path


def both(model: Path) -> Arms:
    """A fine-tuned model, and the one half-way between it and photo-x4."""
    path = model.with_name(f"{model.stem}-half-way.safetensors")
    if not path.is_file():
        tuned = bundle.load(model)
        ends = tuned.network.state_dict()
        begins = as_grey(bundle.load(zoo.find("photo-x4")).network.state_dict(), ends)
        network = bundle.built(tuned.card)
        network.load_state_dict({name: begins[name].lerp(ends[name], 0.5) for name in ends})
        made = tuned.card.provenance | {"averaged_with": "photo-x4, half of each"}
        bundle.save(path, tuned.card.model_copy(update={"provenance": made}), network)
    return {"fine-tuned": model, "half-way": path}


def scored(arm: str, model: str | Path, pairs: list[Pair], where: Row) -> list[Row]:
    """A row a picture."""
    rows: list[Row] = []

    def look(name: str, values: dict[str, float], output, hr, lr) -> None:
        measured = {key: values[key] for key in SCORES if key in values}
        edges = edge_error(output.clamp(0, 1), hr)
        rows.append(where | {"arm": arm, "file": name} | measured | {"edges": edges})

    listener = Listener(message=heard, picture=look)
    protocol = score(find_enlarger(model), pairs, "", listener=listener).protocol
    return [row | {"protocol": protocol} for row in rows]


def run_field(
    field: Field, folder: Path, images: int, folds: int, control: bool
) -> tuple[list[Row], Path]:
    """All rows of a field, and the model that counts."""
    opened, others = field.pictures(folder / "others")
    groups = copied(opened, folder / "open")
    make = partial(trained, field.recipe, images)
    parts, models = dealt(groups, folds)[: folds if field.rotates else 1], list[Path]()
    for number, held_out in enumerate(parts):
        left = {name: group for name, group in groups.items() if name not in held_out}
        models.append(make(folder / "open", folder / f"fold-{number}", left))
    final = make(folder / "open", folder / "all", groups) if field.rotates else models[0]
    arms: Arms = {"bicubic": "bicubic", "photo-x4": "photo-x4"}
    if control:
        arms["photographs"] = make(DATA / "sr_train", folder / "photographs", photographs())
    rows: list[Row] = []
    for number, (held_out, model) in enumerate(zip(parts, models, strict=True)):
        sets = {"open": field.scored(folder, held_out, "open")}
        if field.grey:
            sets["grey"] = in_grey(folder / "grey", held_out[::3], folder / "open")
        for name, pairs in sets.items():
            rows += rows_of(folder, name, number, arms | both(model), pairs)
    groups |= copied(others, folder / "others")
    pairs = field.scored(folder, [path.name for path in others], "others")
    rows += rows_of(folder, "others", folds, arms | both(final), pairs)
    return [row | {"group": groups[str(row["file"])]} for row in rows], final


def rows_of(folder: Path, part: str, fold: int, arms: Arms, pairs: list[Pair]) -> list[Row]:
    """The rows of all arms on some pictures; each arm's are kept in a file."""
    rows: list[Row] = []
    for arm, source in arms.items():
        path = folder / f"scores-{part}-{fold}-{arm}.csv"
        if not path.is_file():
            found = scored(arm, source, pairs, {"set": part, "fold": fold})
            with path.open("w", encoding="utf-8", newline="") as stream:
                writer = csv.DictWriter(stream, found[0])
                writer.writeheader()
                writer.writerows(found)
        with path.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                rows.append(row | {name: float(row.get(name) or "nan") for name in SCORES})
    return rows


def table(rows: list[Row], arm: str, name: str) -> tuple[np.ndarray, list[str]]:
    """Values of an arm, and the group of each."""
    chosen = [row for row in rows if row["arm"] == arm]
    return np.array([[row[name] for row in chosen]], float), [str(row["group"]) for row in chosen]


def report(name: str, rows: list[Row]) -> None:
    """Means with intervals, then what the field's model gains, also group by group, as markdown."""
    for part in dict.fromkeys(str(row["set"]) for row in rows):
        here = [row for row in rows if row["set"] == part]
        pictures, groups = ({row[key] for row in here} for key in ("file", "group"))
        print(f"\n{name}, {part}: {len(pictures)} pictures of {len(groups)} groups\n")
        print("| | " + " | ".join(heading for heading, *_ in SCORES.values()) + " |")
        print("|---" * (len(SCORES) + 1) + "|")
        arms = dict.fromkeys(str(row["arm"]) for row in here)
        for arm in arms:
            cells = (by_group(*table(here, arm, column)) for column in SCORES)
            print(f"| {arm} | " + " | ".join(map(_cell, cells)) + " |")
        print()
        for column, (heading, better, unit) in SCORES.items():
            for arm, other in VERDICTS:
                if other not in arms:
                    continue
                values, kept = table(here, arm, column)
                before, words = table(here, other, column)[0], f"{unit} {heading}".strip()
                one = verdict(other, arm, before, values, better, words, groups=kept)
                print(f"- {one.sentence}")
            print(f"  - half-way minus photo-x4, by group: {_by_group(here, column)}")


def _cell(values: np.ndarray) -> str:
    low, high = bootstrap_interval(values)
    return f"{values.mean():.4g} [{low:.4g}, {high:.4g}]"


def _by_group(rows: list[Row], column: str) -> str:
    values, groups = table(rows, "half-way", column)
    gains = by_group(values - table(rows, "photo-x4", column)[0], groups)[0]
    if len(gains) > MOST_LISTED:
        return f"{gains.min():+.4f} to {gains.max():+.4f}, σ {gains.std(ddof=1):.4f}"
    named = zip(dict.fromkeys(groups), gains, strict=True)
    return ", ".join(f"{group} {gain:+.4f}" for group, gain in named)


def ship(field: Field, path: Path, rows: list[Row]) -> None:
    """Put a model into the package, in float16; its scores are those of the held-out groups."""
    scores = []
    for part in dict.fromkeys(str(row["set"]) for row in rows):
        here = [row for row in rows if row["set"] == part and row["arm"] == "half-way"]
        means = {column: by_group(*table(here, "half-way", column)).mean() for column in SCORES}
        scores.append(
            {"data": field.words[part], "groups": len({row["group"] for row in here})}
            | {"protocol": here[0]["protocol"], "n": len(here)}
            | {column: round(float(mean), 4) for column, mean in means.items()}
        )
    model = bundle.load(path)
    card = model.card.model_copy(update={"scores": scores})
    target = Path(zoo.__file__).parent / f"{field.recipe}.safetensors"
    bundle.save(target, card, model.network, half=True)
    print(target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--field", choices=FIELDS, nargs="+", default=list(FIELDS))
    parser.add_argument("--images", type=int, default=6000, help="of every training")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--control", action="store_true", help="train on photographs, too")
    parser.add_argument("--ship", action="store_true", help="put the models into the package")
    asked = parser.parse_args()
    for name in asked.field:
        field = FIELDS[name]
        folder = asked.output / name
        rows, final = run_field(field, folder, asked.images, asked.folds, asked.control)
        report(name, rows)
        if asked.ship:
            ship(field, Path(both(final)["half-way"]), rows)


if __name__ == "__main__":
    main()
