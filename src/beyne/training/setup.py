"""From a recipe and a data folder to everything a run needs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from beyne import bundle, discriminators, losses, networks
from beyne.backbones import SMALLEST_SIDE
from beyne.config import Tree, read_toml, write_toml
from beyne.data import (
    Crops,
    Decoded,
    Pair,
    Sources,
    decode,
    find_pairs,
    fingerprint,
)
from beyne.data.split import SplitName, read_groups, read_split
from beyne.errors import UsageError
from beyne.files import write_whole
from beyne.metrics import LPIPS
from beyne.networks import ImageNetwork
from beyne.recipe import Recipe
from beyne.tasks import Adversarial, Term, UpscaleTask
from beyne.training.state import RunState
from beyne.weights import MissingWeightsError
from beyne.zoo import find

_PARENT = "start.json"


@dataclass
class Setup:
    """A run made ready.

    Attributes:
        recipe: Resolved: lengths in images, every field of the generator spelled out.
        validation: Whole pictures of the val split.
        lpips: The judge of validation pictures, where the recipe selects by it.
        held_out: Crops of them, for the balance guard; empty without one.
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
    lpips: LPIPS | None
    held_out: dict[str, Tensor]
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
    sources = Sources(**{n: getattr(recipe.data, n) for n in ("hr", "lr", "val_hr", "val_lr")})
    grouped = obeyed or data / "split.csv"
    parts = find_pairs(data, sources, recipe.train.seed, obeyed)
    recipe = resolved(recipe, len(parts["train"]))
    torch.manual_seed(recipe.train.seed)
    generator = build_generator(recipe)
    channels = (generator.config.channels_in, generator.config.channels_out)
    decoded = {
        name: [decode(pair, recipe.data.scale, channels, recipe.data.operator) for pair in pairs]
        for name, pairs in (("train", parts["train"]), ("val", _some(parts["val"], recipe)))
    }
    nets = {"generator": generator, **_discriminator(recipe)}
    state = RunState(nets, {name: _optimizer(recipe, net) for name, net in nets.items()})
    parent, notes = _begun(run) or _start(recipe, state)
    validation = decoded["val"] or decoded["train"][:1]
    return Setup(
        recipe=recipe,
        task=_task(recipe),
        state=state,
        crops=Crops(decoded["train"], recipe.data.size_in, recipe.train.seed),
        validation=validation,
        lpips=_judge(recipe, validation),
        held_out=_held_out(recipe, validation),
        groups=read_groups(grouped) if grouped.is_file() else {},
        split={pair.name: split for split, pairs in parts.items() for pair in pairs},
        data={"fingerprint": fingerprint(parts["train"]), "pictures": len(parts["train"])},
        parent=parent,
        notes=notes,
    )


def resolved(recipe: Recipe, pictures: int) -> Recipe:
    """The recipe with epochs turned into images and every field of its networks filled in."""
    generator = _spelled_out(recipe.generator)
    changes: Tree = {"generator": generator}
    if recipe.discriminator:
        kind = recipe.discriminator.get("kind", "")
        fields = {"channels": generator["channels_out"]} | _fields(recipe.discriminator)
        judge = discriminators.configured(kind, fields)
        changes["discriminator"] = {"kind": kind, **judge.model_dump(mode="json")}
    if recipe.train.images is None:
        assert recipe.train.epochs is not None
        images = max(1, round(recipe.train.epochs * pictures))
        changes["train"] = recipe.train.model_copy(update={"images": images, "epochs": None})
    return recipe.model_copy(update=changes)


def build_generator(recipe: Recipe) -> ImageNetwork:
    """The recipe's network in training form, in channels-last memory.

    Raises:
        UsageError: Its scale or its projection's operator is not that of the data.
    """
    network = networks.build(recipe.generator.get("kind", ""), _fields(recipe.generator))
    scale, wanted = network.config.scale, recipe.data.scale
    if scale != wanted:
        raise UsageError(
            f"generator.scale is {scale}, data.size_out / data.size_in is {wanted}",
            f"--set generator.scale={wanted}",
        )
    projection, operator = network.config.projection, recipe.data.operator
    if projection not in ("none", operator):
        raise UsageError(
            f"generator.projection is {projection}, data.operator is {operator}",
            f"--set generator.projection={operator}",
        )
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def _discriminator(recipe: Recipe) -> dict[str, nn.Module]:
    if not recipe.discriminator:
        return {}
    kind, fields = recipe.discriminator["kind"], _fields(recipe.discriminator)
    net = discriminators.build(kind, fields)
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return {"discriminator": net}


def _task(recipe: Recipe) -> UpscaleTask:
    defaults = {"scale": recipe.data.scale, "operator": recipe.data.operator}
    terms = {}
    for name, fields in recipe.losses.items():
        loss, config = losses.build(name, fields, defaults)
        terms[name] = Term(loss, config.weight, config.stage)
    return UpscaleTask(terms, Adversarial(recipe.adversarial) if recipe.adversarial else None)


def _held_out(recipe: Recipe, validation: list[Decoded]) -> dict[str, Tensor]:
    """Fixed crops of the validation pictures."""
    if not (recipe.adversarial and recipe.adversarial.guard):
        return {}
    crops = Crops(validation, recipe.data.size_in, recipe.train.seed)
    return crops.batch(range(recipe.adversarial.guard.crops))


def _judge(recipe: Recipe, validation: list[Decoded]) -> LPIPS | None:
    if recipe.train.select != "lpips":
        return None
    if all(min(picture.hr.shape[:2]) < SMALLEST_SIDE for picture in validation):
        problem = f"LPIPS takes {SMALLEST_SIDE} pixels a side and more; no validation picture has"
        raise UsageError(f"train.select: {problem} them", "--set train.select=psnr")
    try:
        return LPIPS()
    except MissingWeightsError as error:
        instead = "or --set train.select=psnr"
        raise UsageError(f"train.select: {error.problem}", f"{error.remedy}, {instead}") from None


def keep_recipe(setup: Setup, run: Path) -> None:
    """Save the resolved recipe in the run, or check that the one there differs only in length.

    Raises:
        UsageError: The run was started with other settings or data.
    """
    path = run / "recipe.toml"
    new = setup.recipe.plain() | {"run": setup.data}
    if path.is_file():
        old = read_toml(path)
        # A run may be older than some of its network's fields.
        old["generator"] = _spelled_out(old["generator"])
        before, now = _leaves(old), _leaves(new)
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


def _spelled_out(generator: Tree) -> Tree:
    """The generator with every field it leaves to its default."""
    config = networks.configured(generator.get("kind", ""), _fields(generator))
    return {"kind": generator["kind"], **config.model_dump(mode="json")}


def _fields(generator: Tree) -> Tree:
    return {key: value for key, value in generator.items() if key != "kind"}


def _some(pairs: list[Pair], recipe: Recipe) -> list[Pair]:
    """At most the wanted number, evenly spaced."""
    step = max(1, -(-len(pairs) // recipe.data.validation_pictures))
    return pairs[::step]


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
    recipe_there = path / "recipe.toml"
    there = read_toml(recipe_there) if recipe_there.is_file() else {}
    shared = tuple(name for name in state.nets if name in there)
    if not shared or not state.load(path / "state", shared):
        raise UsageError(f"train.start: {path} is not a run", "give a run or a model")
    for optimizer in state.optimizers.values():
        for group in optimizer.param_groups:
            group |= {"betas": recipe.train.betas, "weight_decay": recipe.train.weight_decay}
    parent = {"recipe": there, "images": state.images}
    state.restart()
    notes = [f"started from the {' and '.join(shared)} of {path}, with their optimisers"]
    if fresh := state.nets.keys() - set(shared):
        notes.append(f"the {min(fresh)} starts fresh: {path} has none")
    return parent, notes


def _start_from_model(path: Path, recipe: Recipe, state: RunState) -> tuple[Tree, list[str]]:
    model = bundle.load(path)
    not_weights = {"expansion", "projection"}
    ours, theirs = recipe.generator, model.generator
    keys = (ours.keys() | theirs.keys()) - not_weights
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
