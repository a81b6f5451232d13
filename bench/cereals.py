"""What models that make pictures of sentences understand: the scores of the cereals study.

    beyne train text-gan --data ../shared/data/cereals -o runs/text-gan \\
        --set data.captions=docs/experiments/cereals/captions.csv
    python bench/cereals.py runs/text-gan [runs/text-dcgan ...] [--prompts N]

Each run is asked for a picture of every held-out prompt, and a classifier that was trained on real
pictures says what it shows. That judge is itself judged by leaving out a fifth of the sources
(field photographs, trays) at a time. Rows: right classes of held-out prompts, in all and by
language; of misspelt prompts; how often one seed shows the same class for the same plant asked in
all four languages; KID within each class, against all real pictures of it; and whether training
pictures are painted again. "nearest caption" answers each prompt by a real training picture, whose
caption the run's encoder finds nearest: what retrieval alone would score. The control by labels is
a run with --set text.kind=label; it is asked by the labels of the prompts.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from beyne import bundle
from beyne.data import Pair, class_of, find_all, read_captions
from beyne.evaluation.copies import as_learned, copy_check, trained_and_held_out
from beyne.evaluation.recognition import Classifier, Labelled, train_classifier
from beyne.evaluation.stopping import steady_kid
from beyne.images import Raster
from beyne.images.raster import from_tensor
from beyne.metrics.features import chosen_features
from beyne.predict.sampler import Sampler

DATA = Path(os.environ.get("BEYNE_SHARED", "../shared")) / "data" / "cereals"
TABLES = Path(__file__).parents[1] / "docs" / "experiments" / "cereals"
LANGUAGES, FOLDS, PAINTED = ("kk", "ru", "uk", "en"), 5, 64
_PART = re.compile(r"(_q\d|_r\dc\d|_c\d|_full)?\.png$")

Prompt = dict[str, str]


def prompts(name: str, number: int | None) -> list[Prompt]:
    """Rows of a table, the same number of every class and language."""
    with (TABLES / name).open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return rows if number is None else rows[:: max(1, len(rows) // number)]


def rasters(images: Tensor) -> list[Raster]:
    """Pictures as the judge reads them."""
    return [Raster(from_tensor(image[None], np.dtype(np.uint8))) for image in images]


def judge(pairs: Sequence[Pair], images: Tensor) -> tuple[Classifier, float]:
    """Trained on all real pictures, and the accuracy of such ones on sources they did not see."""
    pictures, labels = rasters(images), [class_of(pair.name) for pair in pairs]
    sources = [_PART.sub("", pair.name) for pair in pairs]
    fold = {name: n % FOLDS for n, name in enumerate(sorted(set(sources)))}
    right = 0
    for part in range(FOLDS):
        learned = [n for n, name in enumerate(sources) if fold[name] != part]
        asked = [n for n, name in enumerate(sources) if fold[name] == part]
        one = train_classifier(
            Labelled([pictures[n] for n in learned], [labels[n] for n in learned])
        )
        found = one.read([pictures[n] for n in asked])
        right += sum(said == labels[n] for said, n in zip(found, asked, strict=True))
    return train_classifier(Labelled(pictures, labels)), right / len(pictures)


class Asked:
    """A run's model, asked in its own words."""

    def __init__(self, run: Path) -> None:
        self.model = bundle.load(run / "best.safetensors" if run.is_dir() else run)
        self.sampler = Sampler(self.model, "cpu")

    def text(self, prompt: Prompt) -> str:
        """What it is told: of the control by labels, the label."""
        return prompt["label"] if self.model.encoder.by_label else prompt["text"]

    def paint(self, asked: Sequence[Prompt], seeds: Sequence[int] | None = None) -> Tensor:
        """A picture for each prompt."""
        numbers = seeds or range(len(asked))
        images = [
            self.sampler.image(seed, text=self.text(prompt))
            for seed, prompt in zip(numbers, asked, strict=True)
        ]
        return torch.cat(images)


def share(found: Sequence[str], asked: Sequence[Prompt], lang: str | None = None) -> float:
    """Of the prompts, in a language, whose picture was read as their class."""
    rows = [(f, a) for f, a in zip(found, asked, strict=True) if lang in (None, a["lang"])]
    return sum(said == prompt["label"] for said, prompt in rows) / max(1, len(rows))


def agreement(model: Asked, classifier: Classifier, asked: Sequence[Prompt]) -> float:
    """How often one seed is read as the same class in every language."""
    same = []
    for label in sorted({prompt["label"] for prompt in asked}):
        lists = [[p for p in asked if (p["label"], p["lang"]) == (label, x)] for x in LANGUAGES]
        for seed, group in enumerate(zip(*lists, strict=False)):
            said = classifier.read(rasters(model.paint(group, [seed] * len(group))))
            same.append(len(set(said)) == 1)
    return sum(same) / max(1, len(same))


def nearest_caption(model: Asked, asked: Sequence[Prompt], names: set[str]) -> float:
    """Share of prompts whose nearest training caption belongs to a picture of their class."""
    encoder = model.model.encoder
    captions = [c for c in read_captions(TABLES / "captions.csv") if c.file in names]
    known = encoder.encode([c.label if encoder.by_label else c.text for c in captions])
    nearest = (encoder.encode([model.text(p) for p in asked]) @ known.T).argmax(1).tolist()
    return share([captions[n].label for n in nearest], asked)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--prompts", type=int, help="of each table, at most; default: all")
    options = parser.parse_args()
    held_out = prompts("held-out-prompts.csv", options.prompts)
    misspelt = prompts("misspelt-prompts.csv", options.prompts)
    pairs = find_all(DATA)
    features = chosen_features()
    print(f"KID by {features.text}")
    for run in options.runs:
        model = Asked(run)
        card = model.model.card
        real = as_learned(pairs, card)
        classifier, accuracy = judge(pairs, real)
        print(f"\n{run}: {card.provenance['images']:,} images")
        print(f"judge on unseen sources      {accuracy:.3f} of {len(pairs)} real pictures")
        painted = model.paint(held_out)
        found = classifier.read(rasters(painted))
        by_language = "  ".join(f"{x} {share(found, held_out, x):.3f}" for x in LANGUAGES)
        print(f"held-out prompts             {share(found, held_out):.3f}  {by_language}")
        wrong = classifier.read(rasters(model.paint(misspelt)))
        print(f"misspelt prompts             {share(wrong, misspelt):.3f}")
        print(f"agreement of languages       {agreement(model, classifier, held_out):.3f}")
        names = {pair.name for pair in trained_and_held_out(card, DATA, run / "split.csv")[0]}
        print(f"nearest caption (retrieval)  {nearest_caption(model, held_out, names):.3f}")
        for label in classifier.classes:
            ours = painted[[n for n, p in enumerate(held_out) if p["label"] == label]]
            theirs = real[[n for n, p in enumerate(pairs) if class_of(p.name) == label]]
            kid = steady_kid(features(ours), features(theirs))
            print(f"KID {label:24} {kid.value:.3f} ± {kid.deviation:.3f}")
        check = copy_check(card, DATA, run / "split.csv", print)
        asked = [held_out[n % len(held_out)] for n in range(PAINTED)]
        print(check.judge(check.nearness(model.paint(asked))).sentence)


if __name__ == "__main__":
    main()
