"""A recipe made definite: every field of its networks, its length in images, its files."""

from __future__ import annotations

from pathlib import Path

from beyne import discriminators, networks
from beyne.config import Tree, read_toml, validated
from beyne.data import Pair, find_pairs
from beyne.data.split import SplitName
from beyne.errors import UsageError
from beyne.recipe import DataConfig, Recipe


def found_pairs(recipe: Recipe, data: Path, split_file: Path | None) -> dict[SplitName, list[Pair]]:
    """The files of each split, in the data folder or where the recipe names them."""
    return find_pairs(data, recipe.sources, recipe.train.seed, split_file)


def resolved(recipe: Recipe, pictures: int) -> Recipe:
    """The recipe with epochs turned into images and every field of its networks filled in.

    Raises:
        UsageError: A field of a network is wrong or does not fit the data.
    """
    config = networks.configured(recipe.generator.get("kind", ""), fields_of(recipe.generator))
    generator = {"kind": recipe.generator["kind"], **config.model_dump(mode="json")}
    _check_fit(generator, recipe.data)
    changes: Tree = {"generator": generator}
    if recipe.discriminator:
        kind = recipe.discriminator.get("kind", "")
        seen = generator["channels_out"]
        if recipe.job == "translate":
            seen += generator["channels_in"]
        fields = {"channels": seen} | fields_of(recipe.discriminator)
        judge = discriminators.configured(kind, fields)
        changes["discriminator"] = {"kind": kind, **judge.model_dump(mode="json")}
    if recipe.train.images is None:
        assert recipe.train.epochs is not None
        images = max(1, round(recipe.train.epochs * pictures))
        changes["train"] = recipe.train.model_copy(update={"images": images, "epochs": None})
    return recipe.model_copy(update=changes)


def kept_recipe(run: Path) -> tuple[Recipe, Tree]:
    """The recipe a run was begun with, fields younger than it at their defaults, and its data.

    Raises:
        UsageError: The folder holds no run, or one that this version does not understand.
    """
    path = run / "recipe.toml"
    if not path.is_file():
        raise UsageError(f"{run} is not a run: it has no recipe.toml", "give the folder of a run")
    values = read_toml(path)
    data = values.pop("run", {})
    return resolved(validated(Recipe, values), 0), data


def _check_fit(generator: Tree, data: DataConfig) -> None:
    if generator["scale"] != data.scale:
        raise UsageError(
            f"generator.scale is {generator['scale']}, data.size_out / data.size_in is "
            f"{data.scale}",
            f"--set generator.scale={data.scale}",
        )
    if generator["projection"] not in ("none", data.operator):
        raise UsageError(
            f"generator.projection is {generator['projection']}, data.operator is {data.operator}",
            f"--set generator.projection={data.operator}",
        )


def fields_of(network: Tree) -> Tree:
    """A network's table without its kind."""
    return {key: value for key, value in network.items() if key != "kind"}
