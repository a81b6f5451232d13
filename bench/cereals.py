"""What models that make pictures of sentences understand: the scores of the cereals study.

    python bench/cereals.py train -o runs/cereals [--seeds 3] [--images N] [--recipes text-gan ...]
        [--set key.sub=value]
    python bench/cereals.py score -o runs/cereals [--prompts N]

``train`` trains every recipe with every seed on pictures of the same split: two fifths of the
sources (grains, field photographs) of each class are held out, as many as the check for copies
needs. ``labels`` is text-gan that is told the class alone. Stopped, the same command goes on.

``score`` asks each run for a picture of every held-out prompt, and a judge says what it shows. Rows
of ``scores.csv``: right classes of the held-out prompts, in all and by language; of misspelt ones;
how often one seed shows one class for the same plant asked in all four languages; KID against all
real pictures, and within each class; and the check for copies. "nearest caption" answers each
prompt by the training picture whose caption the run's encoder finds nearest: what retrieval scores.
"read" are the prompts that the encoder reads as their class, "doubted" those of which it warns,
"others doubted" the same of prompts about things that are no crops of these. Class accuracy counts
only beside the verdict that no copying is shown. Last come attributes (``cereals_attributes.py``).

Judge and KID see by SqueezeNet, on which nothing here was trained. The judge itself is judged, by
leaving out a picture, or a whole source, at a time; by grains moved to another class's ground, and
to grey; and by the bare ground.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from cereals_attributes import score_attributes
from quality import heard
from torch import Tensor

from beyne import bundle, weights
from beyne.data import Caption, Pair, class_of, find_all, read_captions, write_split
from beyne.data.split import SplitName
from beyne.evaluation.copies import as_learned, copy_check, trained_and_held_out
from beyne.evaluation.nearness import Describe
from beyne.evaluation.statistics import verdicts
from beyne.evaluation.stopping import steady_kid
from beyne.evaluation.texts.illustrators import save_sheet
from beyne.evaluation.texts.judge import Judge, judge_without, read_apart
from beyne.evaluation.texts.prompts import Illustrator
from beyne.metrics.distribution import kid_by_picture
from beyne.metrics.features import Features
from beyne.metrics.judged import agreed, right
from beyne.recipe import Recipe, load_recipe
from beyne.training import train

DATA = Path(os.environ.get("BEYNE_SHARED", "../shared")) / "data" / "cereals"
TABLES = Path(__file__).parents[1] / "docs" / "experiments" / "cereals"
LANGUAGES = "kk", "ru", "uk", "en"
RECIPES = ("text-gan", "text-dcgan", "labels")
GRAIN = 0.3  # largest share of a picture that is one
_PART = re.compile(r"(_q\d|_r\dc\d|_c\d|_full)?\.png$")

Row = dict[str, str | float]


def source(pair: Pair) -> str:
    """The photograph, or grain, that a picture is part of."""
    return _PART.sub("", pair.name)


def divide(path: Path) -> None:
    """Hold out the last two fifths of the sources of each class, but the first source never."""
    sources: dict[str, list[str]] = defaultdict(list)
    for pair in find_all(DATA):
        if (name := source(pair)) not in sources[class_of(pair.name)]:
            sources[class_of(pair.name)].append(name)
    held_out = {name for names in sources.values() for name in names[-2 * len(names) // 5 :]}
    part: dict[str, SplitName] = {}
    for pair in find_all(DATA):
        part[pair.name] = "val" if source(pair) in held_out else "train"
    write_split(path, part, {pair.name: source(pair) for pair in find_all(DATA)})


def recipe_for(name: str, seed: int, images: int | None, more: Sequence[str]) -> Recipe:
    """A recipe of the study; ``more`` settings, as on the command line."""
    settings = [*more, f"data.captions={TABLES / 'captions.csv'}", f"train.seed={seed}"]
    settings += [f"train.images={images}"] if images else []
    if name == "text-dcgan":
        return load_recipe(name, settings)
    settings.append(f"discriminator.weights={weights.chosen('mobilenet_v2')}")
    settings += ["text.kind=label"] if name == "labels" else []
    return load_recipe("text-gan", settings)


def prompts(name: str, number: int | None) -> list[Caption]:
    """Rows of a table, the same number of every class and language."""
    with (TABLES / name).open(encoding="utf-8-sig", newline="") as stream:
        table = csv.DictReader(stream)
        rows = [Caption("", row["text"], row["lang"], row.get("label", "")) for row in table]
    return rows if number is None else rows[:: max(1, len(rows) // number)]


def eyes() -> Describe:
    """SqueezeNet's last layer, averaged over the picture; in double, for the ridge."""
    features = Features()
    return lambda images: features(images).double()


def judged(seen: Tensor, labels: Sequence[str], groups: Sequence[str]) -> float:
    """Accuracy of judges on the pictures of a group, each learnt from all other groups."""
    return float(right(read_apart(seen, labels, groups), labels).mean())


def ground(image: Tensor) -> Tensor:
    """The median colour of the border of ``(C, H, W)``, as a picture."""
    edge = torch.cat([image[:, 0], image[:, -1], image[..., 0], image[..., -1]], -1)
    return edge.median(-1).values[:, None, None].expand_as(image)


def on_grounds(see: Describe, images: Tensor, labels: Sequence[str]) -> Row:
    """Accuracy on grains of other grounds, by judges that know all other pictures.

    A grain is what differs from its even ground by more than a tenth. ``bare`` has no grain.
    """
    seen, classes = see(images), sorted(set(labels))
    masks = [(image - ground(image)).abs().amax(0, keepdim=True) > 0.1 for image in images]
    grains = [n for n, mask in enumerate(masks) if mask.float().mean() < GRAIN]
    right: dict[str, int] = defaultdict(int)
    for n in grains:
        following = classes[(classes.index(labels[n]) + 1) % len(classes)]
        grounds = {
            "grey": torch.full_like(images[n], 0.5),
            "another class's": ground(images[labels.index(following)]),
        }
        shown = {name: torch.where(masks[n], images[n], one) for name, one in grounds.items()}
        shown["bare"] = ground(images[n])
        judge = judge_without(seen, labels, [n])
        for name, said in zip(shown, judge.read(see(torch.stack([*shown.values()]))), strict=True):
            right[name] += said == labels[n]
    return {"grains": len(grains)} | {name: count / len(grains) for name, count in right.items()}


def asked_of(run: Path) -> Illustrator:
    """A run's best model, or a model file, asked in its own words."""
    return Illustrator(bundle.load(run / "best.safetensors" if run.is_dir() else run), "cpu")


def paint(model: Illustrator, asked: Sequence[Caption]) -> Tensor:
    """A picture for each prompt, of the seeds 0, 1, 2 …"""
    return model.paint(asked, range(len(asked)))


def share(found: Sequence[str], asked: Sequence[Caption], lang: str | None = None) -> float:
    """Of the prompts, in a language, whose picture was read as their class."""
    rows = [(f, a) for f, a in zip(found, asked, strict=True) if lang in (None, a.lang)]
    return sum(said == prompt.label for said, prompt in rows) / max(1, len(rows))


def agreement(model: Illustrator, judge: Judge, see: Describe, asked: Sequence[Caption]) -> float:
    """How often one seed is read as the same class in every language."""
    read = []
    for label in sorted({prompt.label for prompt in asked}):
        lists = [[p for p in asked if (p.label, p.lang) == (label, x)] for x in LANGUAGES]
        for seed, group in enumerate(zip(*lists, strict=False)):
            read.append(judge.read(see(model.paint(group, [seed] * len(group)))))
    return float(agreed(read).mean())


def nearest_caption(model: Illustrator, asked: Sequence[Caption], names: set[str]) -> float:
    """Share of prompts whose nearest training caption belongs to a picture of their class."""
    captions = [c for c in read_captions(TABLES / "captions.csv") if c.file in names]
    return share([found.label for found in model.nearest(asked, captions)], asked)


def readings(model: Illustrator, held_out: Sequence[Caption], others: Sequence[Caption]) -> Row:
    """How many prompts are read as their class, and how many of them, and of others, are doubted.

    A prompt about another thing that is refused is doubted, too.
    """

    def doubted(prompt: Caption) -> bool:
        if model.refusal(prompt):
            return True
        reading = model.sampler.read(prompt.text)
        return reading is not None and reading.doubtful

    found = [model.sampler.read(model.said(prompt)) for prompt in held_out]
    if None in found:
        return {"read": "", "doubted": "", "others doubted": ""}
    return {
        "read": share([reading.label for reading in found if reading], held_out),
        "doubted": sum(map(doubted, held_out)) / len(held_out),
        "others doubted": sum(map(doubted, others)) / len(others),
    }


def scored(
    run: Path, judge: Judge, see: Describe, real: Tensor, number: int | None
) -> tuple[Row, Tensor]:
    """All numbers of one run, and what each ``real``, seen, adds to KID; writes a sheet."""
    pairs, model = find_all(DATA), asked_of(run)
    held_out = prompts("held-out-prompts.csv", number)
    misspelt = prompts("misspelt-prompts.csv", number)
    painted = paint(model, held_out)
    seen = see(painted)
    found = judge.read(seen)
    row: Row = {"run": run.name, "right": share(found, held_out)}
    row |= {lang: share(found, held_out, lang) for lang in LANGUAGES}
    row["misspelt"] = share(judge.read(see(paint(model, misspelt))), misspelt)
    row["agreement"] = agreement(model, judge, see, held_out)
    names = {p.name for p in trained_and_held_out(model.sampler.card, DATA, run / "split.csv")[0]}
    row["nearest caption"] = nearest_caption(model, held_out, names)
    row |= readings(model, held_out, prompts("other-prompts.csv", number))
    kid = kid_by_picture(seen, real)
    row["kid"] = float(kid.mean())
    for label in judge.classes:
        theirs = real[[n for n, pair in enumerate(pairs) if class_of(pair.name) == label]]
        ours = seen[[n for n, prompt in enumerate(held_out) if prompt.label == label]]
        row[f"kid {label}"] = steady_kid(ours, theirs).value
    check = copy_check(model.sampler.card, DATA, run / "split.csv", heard)
    row["copies"] = check.judge(check.nearness(painted)).sentence
    save_sheet(painted, [prompt.label for prompt in held_out], run / "sheet.png")
    return row, kid


def train_all(asked: argparse.Namespace) -> None:
    """Train what is not trained yet, seed by seed."""
    folder: Path = asked.output
    divide(folder / "split.csv")
    for seed in range(asked.seeds):
        for name in asked.recipes:
            run = folder / f"{name}-{seed}"
            recipe = recipe_for(name, seed, asked.images, asked.settings)
            heard(str(run))
            if not train(recipe, DATA, run, folder / "split.csv", message=heard):
                raise SystemExit(1)  # stopped by Ctrl-C


def score_all(folder: Path, number: int | None) -> None:
    """Print what the judge is worth, a row a run, and verdicts on KID; write ``scores.csv``."""
    runs = sorted(path.parent for path in folder.glob("*/best.safetensors"))
    see, pairs = eyes(), find_all(DATA)
    labels = [class_of(pair.name) for pair in pairs]
    real = as_learned(pairs, asked_of(runs[0]).sampler.card)
    seen = see(real)
    print(f"judge, {len(pairs)} real pictures, each left out: ", end="")
    print(f"{judged(seen, labels, [pair.name for pair in pairs]):.3f}; with its source: ", end="")
    print(f"{judged(seen, labels, [source(pair) for pair in pairs]):.3f}")
    print("  on other grounds:", on_grounds(see, real, labels))
    judge = Judge(seen, labels)
    rows, kids = [], defaultdict(list)
    for run in runs:
        row, kid = scored(run, judge, see, seen, number)
        rows.append(row)
        kids[run.name.rpartition("-")[0]].append(kid.numpy())
        print("  ".join(f"{k} {v:.3f}" if isinstance(v, float) else str(v) for k, v in row.items()))
    with (folder / "scores.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    columns = {name: np.array(seeds) for name, seeds in kids.items()}
    for one in verdicts(columns, "lower", "KID", groups=[source(pair) for pair in pairs]):
        print(f"- {one.sentence}")
    asked = defaultdict(list)
    for run in runs:
        asked[run.name.rpartition("-")[0]].append(asked_of(run))
    sources = {pair.name: source(pair) for pair in pairs}
    score_attributes(asked, see, real, sources, TABLES / "attribute-prompts.csv")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=("train", "score"))
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=list(RECIPES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--images", type=int, help="of every training; default: the recipe's")
    parser.add_argument("--set", dest="settings", action="append", default=[])
    parser.add_argument("--prompts", type=int, help="of each table, at most; default: all")
    asked = parser.parse_args()
    asked.output.mkdir(parents=True, exist_ok=True)
    if asked.what == "train":
        train_all(asked)
    else:
        score_all(asked.output, asked.prompts)


if __name__ == "__main__":
    main()
