"""From a recipe and a data folder to everything a run needs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from beyne import bundle, losses, networks
from beyne.config import Tree, read_toml, write_toml
from beyne.data import (
    Crops,
    Decoded,
    Pair,
    Sources,
    find_pairs,
    fingerprint,
)
from beyne.data.split import SplitName, read_groups, read_split
from beyne.errors import UsageError
from beyne.files import write_whole
from beyne.networks import ImageNetwork
from beyne.recipe import Recipe
from beyne.tasks import UpscaleTask
from beyne.training.pictures import read_pictures
from beyne.training.state import RunState
from beyne.zoo import find

_PARENT = "start.json"


@dataclass
class Setup:
    """A run made ready.

    Attributes:
        recipe: Resolved: lengths in images, every field of the generator spelled out.
        validation: Whole pictures of the val split.
        split: File → split, as found or made.
        groups: File → group, where a ``split.csv`` names it.
        data: Fingerprint and counts of the training pictures.
        parent: Recipe and images seen of what the run starts from; empty for a fresh start.
        notes: What the user should hear before training starts.
    """

    recipe: Recipe
    task: UpscaleTask
    state: RunState
    crops: Crops
    validation: list[Decoded]
    split: dict[str, SplitName]
    groups: dict[str, str]
    data: dict[str, str | int]
    parent: Tree
    notes: list[str]


def prepare(recipe: Recipe, data: Path, run: Path, split_file: Path | None = None) -> Setup:
    """Read the data, build the networks and check both against the recipe.

    Args:
        recipe: As loaded, see `beyne.recipe.load_recipe`.
        data: The data folder.
        run: The run's folder; its ``split.csv``, if there, is obeyed.
        split_file: Instead of the data folder's ``split.csv``.

    Raises:
        UsageError: Recipe, data and networks do not fit each other.
        ImageError: A picture can't be read.
    """
    kept = run / "split.csv"
    if split_file and kept.is_file() and read_split(split_file) != read_split(kept):
        raise UsageError(f"{run} was started with another split than {split_file}", "a new -o")
    obeyed = kept if kept.is_file() else split_file
    grouped = obeyed or data / "split.csv"
    parts = found_pairs(recipe, data, obeyed)
    recipe = resolved(recipe, len(parts["train"]))
    torch.manual_seed(recipe.train.seed)
    generator = build_generator(recipe)
    crops, validation = read_pictures(recipe, parts)
    state = RunState({"generator": generator}, {"generator": _optimizer(recipe, generator)})
    parent, notes = _begun(run) or _start(recipe, state)
    defaults = {"scale": recipe.data.scale, "operator": recipe.data.operator}
    terms = {
        name: (losses.build(name, fields, defaults), float(fields.get("weight", 1.0)))
        for name, fields in recipe.losses.items()
    }
    return Setup(
        recipe=recipe,
        task=UpscaleTask(terms),
        state=state,
        crops=crops,
        validation=validation,
        groups=read_groups(grouped) if grouped.is_file() else {},
        split={pair.name: split for split, pairs in parts.items() for pair in pairs},
        data={"fingerprint": fingerprint(parts["train"]), "pictures": len(parts["train"])},
        parent=parent,
        notes=notes,
    )


def found_pairs(recipe: Recipe, data: Path, split_file: Path | None) -> dict[SplitName, list[Pair]]:
    """The files of each split, in the data folder or where the recipe names them."""
    sources = Sources(**{n: getattr(recipe.data, n) for n in ("hr", "lr", "val_hr", "val_lr")})
    return find_pairs(data, sources, recipe.train.seed, split_file)


def resolved(recipe: Recipe, pictures: int) -> Recipe:
    """The recipe with epochs turned into images and the generator's fields filled in.

    Raises:
        UsageError: A field of the generator is wrong, or its scale is not that of the data.
    """
    config = networks.configured(recipe.generator.get("kind", ""), _fields(recipe.generator))
    if config.scale != recipe.data.scale:
        raise UsageError(
            f"generator.scale is {config.scale}, data.size_out / data.size_in is "
            f"{recipe.data.scale}",
            f"--set generator.scale={recipe.data.scale}",
        )
    generator = {"kind": recipe.generator["kind"], **config.model_dump(mode="json")}
    train = recipe.train
    if train.images is None:
        assert train.epochs is not None
        images = max(1, round(train.epochs * pictures))
        train = train.model_copy(update={"images": images, "epochs": None})
    return recipe.model_copy(update={"generator": generator, "train": train})


def build_generator(recipe: Recipe) -> ImageNetwork:
    """The resolved recipe's network in training form, in channels-last memory."""
    network = networks.build(recipe.generator["kind"], _fields(recipe.generator))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def keep_recipe(setup: Setup, run: Path) -> None:
    """Save the resolved recipe in the run, or check that the one there differs only in length.

    Raises:
        UsageError: The run was started with other settings or data.
    """
    path = run / "recipe.toml"
    new = setup.recipe.plain() | {"run": setup.data}
    if path.is_file():
        before, now = _leaves(read_toml(path)), _leaves(new)
        changed = {key for key in before.keys() | now.keys() if before.get(key) != now.get(key)}
        changed -= {"train.images"}
        if changed:
            was = ", ".join(f"{key} (was {before.get(key, 'not set')})" for key in sorted(changed))
            raise UsageError(f"{run} was started with other settings: {was}", "use another -o")
    run.mkdir(parents=True, exist_ok=True)
    write_whole(path, write_toml(new).encode())
    write_whole(run / _PARENT, json.dumps(setup.parent).encode())


def _leaves(tree: Tree, prefix: str = "") -> dict[str, object]:
    leaves: dict[str, object] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            leaves.update(_leaves(value, f"{prefix}{key}."))
        else:
            leaves[prefix + key] = value
    return leaves


def _fields(generator: Tree) -> Tree:
    return {key: value for key, value in generator.items() if key != "kind"}


def _optimizer(recipe: Recipe, network: nn.Module) -> torch.optim.Optimizer:
    train = recipe.train
    return torch.optim.AdamW(
        network.parameters(),
        lr=train.learning_rate,
        betas=train.betas,
        weight_decay=train.weight_decay,
        fused=True,
    )


def _begun(run: Path) -> tuple[Tree, list[str]] | None:
    """What a run that has a state started from, told by the run itself; None for a new run."""
    if not (run / "state" / "state.pt").is_file():
        return None
    parent = run / _PARENT
    return (json.loads(parent.read_text(encoding="utf-8")) if parent.is_file() else {}), []


def _start(recipe: Recipe, state: RunState) -> tuple[Tree, list[str]]:
    """Take weights from a run (networks and optimisers) or a model (generator only).

    Returns:
        Where they came from: recipe and images seen; and a note for the user.
    """
    start = recipe.train.start
    if start is None:
        return {}, []
    path = Path(start)
    if not path.is_dir():
        return _start_from_model(find(start), recipe, state)
    if not state.load(path / "state"):
        raise UsageError(f"train.start: {path} is not a run", "give a run or a model")
    for optimizer in state.optimizers.values():
        for group in optimizer.param_groups:
            group |= {"betas": recipe.train.betas, "weight_decay": recipe.train.weight_decay}
    parent = {"recipe": read_toml(path / "recipe.toml"), "images": state.images}
    state.restart()
    return parent, [f"started from the networks and optimisers of {path}"]


def _start_from_model(path: Path, recipe: Recipe, state: RunState) -> tuple[Tree, list[str]]:
    model = bundle.load(path)
    training_only = {"expansion"}
    ours, theirs = recipe.generator, model.card.generator
    keys = (ours.keys() | theirs.keys()) - training_only
    if different := sorted(key for key in keys if ours.get(key) != theirs.get(key)):
        other = ", ".join(f"{key} {theirs.get(key)} for {ours.get(key)}" for key in different)
        problem = f"train.start: {path} holds another network than the recipe's: {other}"
        raise UsageError(problem, f"beyne models show {path}")
    generator = state.nets["generator"]
    assert isinstance(generator, ImageNetwork)
    generator.start_from(model.network.state_dict())
    state.average.load_state_dict(generator.state_dict())
    note = f"started from the generator of {path}; optimisers start fresh"
    return model.card.provenance, [note]
