"""What a run starts from: nothing, another run, or a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from beyne import bundle
from beyne.config import Tree
from beyne.errors import UsageError
from beyne.generators import Generator
from beyne.networks import ImageNetwork
from beyne.recipe import Recipe
from beyne.text import TextEncoder
from beyne.training.resolve import kept_recipe
from beyne.training.state import RunState
from beyne.zoo import LAST, find

#: File in the run that keeps what it started from.
PARENT = "start.json"

_COLOURS = 3


def begun(run: Path) -> tuple[Tree, list[str]] | None:
    """What a run that has a state started from, told by the run itself; None for a new run."""
    if not (run / "state" / "state.pt").is_file():
        return None
    parent = run / PARENT
    return (json.loads(parent.read_text(encoding="utf-8")) if parent.is_file() else {}), []


def start(recipe: Recipe, state: RunState) -> tuple[Tree, list[str]]:
    """Take weights from a run (networks and optimisers) or a model (generator only).

    Returns:
        Where they came from: recipe and images seen; and a note for the user.
    """
    named = recipe.train.start
    if named is None:
        return {}, []
    path = Path(named)
    if not path.is_dir():
        try:
            model = find(named)
        except UsageError as error:
            remedy = "--set train.start=RUN or MODEL"
            raise UsageError(f"train.start: {error.problem}", remedy) from None
        return _start_from_model(model, recipe, state)
    recipe_there, data = kept_recipe(path)
    if different := _different(recipe.generator, recipe_there.generator, {"projection"}):
        raise _another(path, different)
    judge_there = recipe_there.discriminator
    same = judge_there is not None and judge_there == recipe.discriminator
    taken = ("generator", "discriminator") if same else ("generator",)
    if not state.load(path / "state", taken):
        raise UsageError(f"train.start: {path} has no state to start from", "give another run")
    for optimizer in state.optimizers.values():
        for group in optimizer.param_groups:
            group |= {"betas": recipe.train.betas, "weight_decay": recipe.train.weight_decay}
    parent = {"recipe": recipe_there.told() | {"run": data}, "images": state.images}
    state.restart()
    notes = [f"started from the {' and '.join(taken)} of {path}, with their optimisers"]
    if recipe.discriminator and not same:
        other = "another" if judge_there else "none"
        notes.append(f"the discriminator starts fresh: {path} has {other}")
    return parent, notes


def _start_from_model(path: Path, recipe: Recipe, state: RunState) -> tuple[Tree, list[str]]:
    model = bundle.load(path)
    no_matter = {"projection", "expansion"}
    greyed = _bands(recipe.generator) == (1, 1) and _bands(model.generator) == (_COLOURS, _COLOURS)
    if greyed:
        no_matter |= {"channels_in", "channels_out"}
    if different := _different(recipe.generator, model.generator, no_matter):
        raise _another(path, different)
    generator = state.nets["generator"]
    assert isinstance(generator, (ImageNetwork, Generator))
    tensors = model.network.state_dict()
    generator.start_from(as_grey(tensors, generator.for_use().state_dict()) if greyed else tensors)
    state.average.load_state_dict(generator.state_dict())
    note = f"started from the generator of {path}; optimisers start fresh"
    words = {"licence": model.card.licence, "credit": model.card.credit}
    return model.card.provenance | words, [note]


def unlike_texts(recipe: Recipe, encoder: TextEncoder | None) -> list[str]:
    """A note where what a run starts from listens to texts, but was taught by others.

    Args:
        encoder: As it was taught for this run; None where there are no texts.
    """
    named = recipe.train.start
    if named is None or encoder is None:
        return []
    theirs = bundle.load(Path(named, LAST) if Path(named).is_dir() else find(named)).encoder
    ours, before = encoder.state_dict(), theirs.state_dict() if theirs else {}
    if ours.keys() == before.keys() and all(torch.equal(ours[name], before[name]) for name in ours):
        return []
    return ["it was taught by other captions, so what texts mean is learned anew"]


def as_grey(colour: Mapping[str, Tensor], grey: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights with which a network of one band does what one of three does with three equal bands.

    Kernels over the colours are summed, and those that make them averaged: the result is the mean
    of the colours' results.

    Args:
        colour: Of the network of three bands.
        grey: Of that of one band: only shapes count.
    """
    return {name: _folded(tensor, grey[name]) for name, tensor in colour.items()}


def _folded(tensor: Tensor, like: Tensor) -> Tensor:
    if tensor.shape[:1] != like.shape[:1]:
        tensor = tensor.reshape(_COLOURS, -1, *tensor.shape[1:]).mean(0)
    if tensor.shape[1:2] != like.shape[1:2]:
        tensor = tensor.reshape(len(tensor), _COLOURS, -1, *tensor.shape[2:]).sum(1)
    return tensor


def _bands(generator: Tree) -> tuple[int | None, int | None]:
    """In and out; of what makes pictures of noise, none."""
    return generator.get("channels_in"), generator.get("channels_out")


def _different(ours: Tree, theirs: Tree, no_matter: set[str]) -> list[str]:
    """What keeps the weights of one generator out of another, in words."""
    if ours["kind"] != theirs["kind"]:
        return [f"kind {theirs['kind']} for {ours['kind']}"]
    keys = (ours.keys() | theirs.keys()) - no_matter
    unlike = sorted(key for key in keys if ours.get(key) != theirs.get(key))
    return [f"{key} {theirs.get(key)} for {ours.get(key)}" for key in unlike]


def _another(path: Path, different: list[str]) -> UsageError:
    problem = f"train.start: {path} holds another network than the recipe's: "
    remedy = "change the recipe's generator, or the start: --set train.start= begins afresh"
    return UsageError(problem + ", ".join(different), remedy)
