"""Image → image in training: what `beyne.training.setup` needs of it."""

from __future__ import annotations

from collections.abc import Mapping

from beyne.data import Pair
from beyne.data.split import SplitName
from beyne.recipe import Recipe
from beyne.training.material import Material
from beyne.training.parts import build_judge, build_task, held_out_crops
from beyne.training.pictures import bits, read_pictures
from beyne.training.pictures import with_channels as fitted
from beyne.training.validation import PairedExaminer

__all__ = ["fitted", "material"]

_NONE_HELD_OUT = (
    "no picture is left to validate with: scores are of one that is trained on, and say nothing of "
    "others; give pictures of two scenes at least"
)


def material(recipe: Recipe, parts: Mapping[SplitName, list[Pair]]) -> Material:
    """Crops to train on and whole pictures to validate with.

    Args:
        recipe: Resolved.
        parts: As `beyne.data.find_pairs` gives them.

    Raises:
        UsageError: Recipe and pictures do not fit each other.
        ImageError: A picture can't be read.
    """
    task = build_task(recipe)
    crops, validation = read_pictures(recipe, parts)
    return Material(
        batches=crops,
        task=task,
        examiner=PairedExaminer(recipe, validation, task, build_judge(recipe, validation)),
        held_out=held_out_crops(recipe, validation),
        words={
            "side": recipe.side,
            "operator": recipe.data.operator,
            "bits": bits(picture.hr for picture in validation),
        },
        notes=_notes(recipe, parts),
        scored_on="val" if parts["val"] else "train",
    )


def _notes(recipe: Recipe, parts: Mapping[SplitName, list[Pair]]) -> list[str]:
    """What the run will not do, though it looks as if it would."""
    notes, adversarial, images = [], recipe.adversarial, recipe.train.images
    if not parts["val"]:
        notes.append(_NONE_HELD_OUT)
    if adversarial and images is not None:
        before = adversarial.warmup + adversarial.head_start
        if before >= images:
            notes.append(
                "the discriminator will not count: adversarial.warmup and head_start are "
                f"{before:,} images together, and train.images is {images:,}"
            )
    return notes
