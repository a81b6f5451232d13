"""Noise → image in training: what `beyne.training.setup` needs of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from beyne.config import Tree
from beyne.data import Pair, Wholes, class_of, classes_of, read_whole
from beyne.data.split import SplitName
from beyne.errors import UsageError, about
from beyne.images import read
from beyne.metrics.features import chosen_features
from beyne.recipe import Recipe
from beyne.tasks import Adversarial, GeneratedTask
from beyne.training.material import Material
from beyne.training.pictures import bits
from beyne.training.samples import GeneratedExaminer

_LOOKS = 8  # pictures that tell the number of bands
_FEWEST = 3  # that can be told from one another


def fitted(recipe: Recipe, pairs: Sequence[Pair]) -> Recipe:
    """The recipe with classes, bands and size, where it leaves them out: as in the pictures.

    The most bands of some evenly spaced pictures count, since grey ones among others are taken as
    three equal colours; the size is a square of ``data.size_out``.

    Raises:
        UsageError: Some pictures are in no class, or a class of the recipe has no pictures.
        ImageError: A picture can't be read.
    """
    classes = recipe.data.classes
    if classes is None:
        classes = classes_of(pairs)
    if missing := set(classes) - {class_of(pair.name) for pair in pairs}:
        problem = f"data.classes: no training picture is in a folder {min(missing)}"
        raise UsageError(problem, "beyne check --task generate tells the classes")
    side = recipe.data.size_out
    found: Tree = {"height": side, "width": side, "classes": len(classes)}
    if "channels" not in recipe.generator:
        found["channels"] = max(_bands(pair) for pair in pairs[:: -(-len(pairs) // _LOOKS)])
    return recipe.model_copy(
        update={
            "generator": found | recipe.generator,
            "data": recipe.data.model_copy(update={"classes": classes}),
        }
    )


def _bands(pair: Pair) -> int:
    with about(pair.hr):
        return read(pair.hr).channels


def material(recipe: Recipe, parts: Mapping[SplitName, list[Pair]]) -> Material:
    """Whole pictures, to train on and to measure against.

    Args:
        recipe: Resolved.
        parts: As `beyne.data.find_pairs` gives them.

    Raises:
        UsageError: Recipe and pictures do not fit each other, or those are too few.
        ImageError: A picture can't be read.
    """
    assert recipe.adversarial
    assert recipe.train.images
    generator, adversarial = recipe.generator, recipe.adversarial
    train = wholes(recipe, parts["train"])
    if len(train.pictures) < _FEWEST:
        problem = f"{len(train.pictures)} training pictures are too few to learn a kind from"
        raise UsageError(problem, f"it takes {_FEWEST}, and 30 to be of use; beyne check")
    held_out = wholes(recipe, [*parts["val"], *parts["test"]])
    seen, notes = wholes(recipe, _some(parts["val"], recipe.data.validation_pictures)), []
    if len(seen.pictures) < _FEWEST:
        notes.append(
            f"{len(seen.pictures)} validation pictures are too few: KID is measured against those "
            "of training, and does not tell what was learned by heart"
        )
        seen = wholes(recipe, _some(parts["train"], recipe.data.validation_pictures))
    guard = adversarial.guard
    classes = recipe.data.classes or ()
    return Material(
        batches=train,
        task=GeneratedTask(
            Adversarial(adversarial), generator["latent"], recipe.train.images, bool(classes)
        ),
        examiner=GeneratedExaminer(
            recipe,
            seen,
            train,
            held_out,
            chosen_features(),
            torch.tensor(seen.labels) if classes else None,
            torch.arange(len(classes)) if classes else None,
        ),
        held_out=seen.batch(range(guard.crops)) if guard else {},
        words={
            "conditioning": {"labels": list(classes)} if classes else None,
            "bits": bits(train.pictures),
        },
        notes=notes,
        scored_on="train" if notes else "val",
    )


def wholes(recipe: Recipe, pairs: Sequence[Pair]) -> Wholes:
    """The pictures of a split at the generator's size; of no class of the recipe, none.

    Raises:
        UsageError: A picture has other bands.
        ImageError: A picture can't be read.
    """
    generator, classes = recipe.generator, recipe.data.classes or ()
    if classes:
        pairs = [pair for pair in pairs if class_of(pair.name) in classes]
    size = generator["height"], generator["width"]
    pictures = [read_whole(pair, generator["channels"], size) for pair in pairs]
    labels = [classes.index(class_of(pair.name)) for pair in pairs] if classes else []
    return Wholes(pictures, labels, recipe.train.seed, recipe.data.views)


def _some(pairs: list[Pair], number: int) -> list[Pair]:
    """At most so many, evenly spaced, but enough to measure by."""
    return pairs[:: max(1, -(-len(pairs) // max(number, _FEWEST)))]
