"""A recipe made definite: every field of its networks, its length in images, its files."""

from __future__ import annotations

from pathlib import Path

from beyne import discriminators, generators, networks, text
from beyne.config import Tree, of_kind, read_toml, validated
from beyne.data import Pair, find_pairs
from beyne.data.split import SplitName
from beyne.discriminators.blocks import ConditionalConfig
from beyne.errors import UsageError
from beyne.recipe import DataConfig, Recipe
from beyne.tasks.adversarial import AdversarialConfig


def found_pairs(recipe: Recipe, data: Path, split_file: Path | None) -> dict[SplitName, list[Pair]]:
    """The files of each split, in the data folder or where the recipe names them."""
    return find_pairs(data, recipe.sources, recipe.train.seed, split_file)


def resolved(recipe: Recipe, pictures: int) -> Recipe:
    """The recipe with epochs turned into images and every field of its networks filled in.

    Args:
        recipe: With what the pictures tell filled in.
        pictures: Of them to train on.

    Raises:
        UsageError: A field of a network is wrong or does not fit the data.
    """
    generates = recipe.generates
    table = generators.GENERATORS if generates else networks.NETWORKS
    config = table.configured(recipe.generator.get("kind", ""), fields_of(recipe.generator))
    generator = {"kind": recipe.generator["kind"], **config.model_dump(mode="json")}
    changes: Tree = {"generator": generator}
    if generates:
        changes["losses"] = {}
    else:
        _check_fit(generator, recipe.data)
    if recipe.discriminator:
        changes["discriminator"] = _judge(recipe, generator)
    if recipe.text:
        encoder = text.configured(recipe.text.get("kind", ""), fields_of(recipe.text))
        changes["text"] = {"kind": recipe.text["kind"], **encoder.model_dump(mode="json")}
    if recipe.adversarial:
        changes["adversarial"] = _weighed(recipe, recipe.adversarial, generator, pictures)
    if recipe.train.images is None:
        assert recipe.train.epochs is not None
        images = max(1, round(recipe.train.epochs * pictures))
        changes["train"] = recipe.train.model_copy(update={"images": images, "epochs": None})
    return recipe.model_copy(update=changes)


def _judge(recipe: Recipe, generator: Tree) -> Tree:
    """The discriminator's table, its bands and classes as the generator's."""
    assert recipe.discriminator
    kind, fields = recipe.discriminator.get("kind", ""), fields_of(recipe.discriminator)
    if recipe.generates:
        seen = {"channels": generator["channels"]}
        asked = {key: generator[key] for key in ("classes", "text") if generator[key]}
        if asked:
            config_class, _ = of_kind(discriminators.DISCRIMINATORS, kind, "discriminator")
            if not issubclass(config_class, ConditionalConfig):
                other = "--set discriminator.kind=fastgan"
                remedy = other if recipe.text else f"--set data.classes=[], or {other}"
                raise UsageError(f"discriminator '{kind}' knows no labels", remedy)
            seen |= asked
    elif recipe.job == "translate":
        seen = {"channels": generator["channels_in"] + generator["channels_out"]}
    else:
        seen = {"channels": generator["channels_out"]}
    config = discriminators.configured(kind, seen | fields)
    if config.channels != seen["channels"]:
        problem = f"discriminator.channels is {config.channels}, what it judges has"
        raise UsageError(f"{problem} {seen['channels']}", "leave it out: it goes by the pictures")
    return {"kind": kind, **config.model_dump(mode="json")}


def _weighed(
    recipe: Recipe, adversarial: AdversarialConfig, generator: Tree, pictures: int
) -> AdversarialConfig:
    """Penalties that are left to beyne, and augmentation where pictures are few."""
    height = generator.get("height", recipe.data.size_out)
    width = generator.get("width", recipe.data.size_out)
    penalty = proposed_penalty(height, width, recipe.train.batch)
    changes: Tree = {key: penalty for key in ("r1", "r2") if getattr(adversarial, key) == "auto"}
    if (guard := adversarial.guard) and guard.r1 == "auto":
        changes["guard"] = guard.model_copy(update={"r1": penalty})
    if adversarial.augment_below is not None and pictures > adversarial.augment_below:
        changes["augment"] = None
    return adversarial.model_copy(update=changes)


def proposed_penalty(height: int, width: int, batch: int) -> float:
    """γ of R1 and R2 where a recipe says ``auto``.

    0.0002·N/M of N pixels and M images a batch, a heuristic of Karras et al. 2020 (arXiv
    2006.06676, appendix C) for images in [-1, 1]; a quarter of it here, as slopes are twice as
    steep for images in [0, 1]. Three significant digits.
    """
    return float(f"{0.0002 / 4 * height * width / batch:.3g}")


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
