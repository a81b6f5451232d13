"""The pictures of a run: crops to train on, whole pictures to validate with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from beyne.data import Crops, Decoded, Original, Pair, RealConfig, decode, read_original
from beyne.data.split import SplitName
from beyne.errors import UsageError
from beyne.images.raster import Pixels
from beyne.recipe import Recipe

_LOOKS = 8  # pairs that tell the numbers of bands


def read_pictures(
    recipe: Recipe, parts: Mapping[SplitName, list[Pair]]
) -> tuple[Crops, list[Decoded]]:
    """Read what a run trains on and validates with.

    A degradation of the recipe makes the inputs of originals; validation pictures that have an
    input of their own keep it, so that training on made inputs is measured on real ones.

    Args:
        recipe: Resolved, see `beyne.training.resolve.resolved`.
        parts: As `beyne.data.find_pairs` gives them.

    Raises:
        UsageError: Pictures and recipe do not fit each other.
        ImageError: A picture can't be read.
    """
    degraded = isinstance(recipe.data.degradation, RealConfig)
    if degraded and any(pair.lr for pair in parts["train"]):
        problem = "data.degradation makes the inputs, and these pictures have inputs of their own"
        raise UsageError(problem, "take out data.degradation, or give the originals alone")
    if recipe.data.halved and any(pair.lr for pair in parts["train"]):
        problem = "data.halved shrinks the originals, and these pictures have inputs of their own"
        raise UsageError(problem, "--set data.halved=0, or give the originals alone")
    train = [_read(pair, recipe) for pair in parts["train"]]
    halved = [_read(pair, recipe, 2) for pair in parts["train"]] if recipe.data.halved else []
    if recipe.job == "translate":
        train = [picture.whole().padded(recipe.data.size_in) for picture in train]
    validation = [_read(pair, recipe).whole() for pair in _some(parts["val"], recipe)]
    data, seed = recipe.data, recipe.train.seed
    smaller = data.halved, halved
    crops = Crops(train, data.size_in, seed, data.views, data.colours, data.candidates, smaller)
    return crops, validation or [train[0].whole()]


def with_channels(recipe: Recipe, pairs: Sequence[Pair]) -> Recipe:
    """A translation's numbers of bands, where the recipe leaves them out: as in the pictures.

    The most of some evenly spaced pairs count, since grey pictures among others are taken as three
    equal colours.

    Raises:
        ImageError: A picture can't be read.
    """
    missing = {"channels_in", "channels_out"} - recipe.generator.keys()
    if recipe.job != "translate" or not missing:
        return recipe
    looked_at = [decode(pair, 1, None, "bicubic", 1) for pair in pairs[:: -(-len(pairs) // _LOOKS)]]
    found = {
        "channels_in": max(picture.lr.shape[2] for picture in looked_at),
        "channels_out": max(picture.hr.shape[2] for picture in looked_at),
    }
    return recipe.model_copy(update={"generator": found | recipe.generator})


def bits(pictures: Iterable[Pixels]) -> int:
    """Bits a sample that pictures like these are written in: 8, or 16 of deeper ones."""
    return max(8, min(16, 8 * max(pixels.dtype.itemsize for pixels in pictures)))


def _read(pair: Pair, recipe: Recipe, shrink: int = 1) -> Decoded | Original:
    data, generator = recipe.data, recipe.generator
    channels = generator["channels_in"], generator["channels_out"]
    side = data.size_out if data.cut == "whole" else None
    if isinstance(data.degradation, RealConfig) and pair.lr is None:
        return read_original(pair, data.scale, channels, data.degradation, side, shrink)
    return decode(pair, data.scale, channels, data.operator, side, shrink)


def _some(pairs: list[Pair], recipe: Recipe) -> list[Pair]:
    """At most the wanted number, evenly spaced."""
    step = max(1, -(-len(pairs) // recipe.data.validation_pictures))
    return pairs[::step]
