"""What a run starts from: nothing, another run, or a model."""

from __future__ import annotations

import json
from pathlib import Path

from beyne import bundle
from beyne.config import Tree, read_toml
from beyne.errors import UsageError
from beyne.networks import ImageNetwork
from beyne.recipe import Recipe
from beyne.training.state import RunState
from beyne.zoo import find

#: File in the run that keeps what it started from.
PARENT = "start.json"


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
        return _start_from_model(find(named), recipe, state)
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
