"""From a recipe and a data folder to everything a run needs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from beyne.config import Tree, write_toml
from beyne.data import content_of, find_captions, find_unpaired, fingerprint
from beyne.data.split import SplitName, read_groups
from beyne.errors import UsageError
from beyne.files import write_whole
from beyne.recipe import Recipe
from beyne.tasks import GeneratedTask, PairedTask
from beyne.text import TextEncoder
from beyne.training import generated, paired
from beyne.training.examiner import Examiner
from beyne.training.illustrated import Illustrated
from beyne.training.material import Batches, Job
from beyne.training.parts import build_networks, optimizer_for
from beyne.training.resolve import found_pairs, kept_recipe, resolved
from beyne.training.start import PARENT, begun, start, unlike_texts
from beyne.training.state import RunState

#: Words for the model card and the length of a run: they change nothing of what is saved so far.
_FREE = {"description", "licence", "credit", "train.images"}
#: What a recipe may leave to the length of the run, which may change.
_OPEN = {"train.log_every", "train.save_every", "train.preview_every", "adversarial.guard.every"}


@dataclass
class Setup:
    """A run made ready.

    Attributes:
        recipe: Resolved: lengths in images, every field of the generator spelled out.
        batches: The training images by number.
        examiner: Who looks at the generator.
        held_out: A batch of the val split, for the balance guard; empty without one.
        words: Of the job, for the model card.
        split: File → split, as found or made.
        groups: File → group, where a ``split.csv`` names it.
        data: Fingerprint and counts of the training pictures.
        parent: Recipe and images seen of what the run starts from; empty for a fresh start.
        notes: What the user should hear before training starts.
        scored_on: Of which split the examiner's pictures are.
        encoder: Of texts, where captions are learned from.
    """

    recipe: Recipe
    task: PairedTask | GeneratedTask
    state: RunState
    batches: Batches
    examiner: Examiner
    held_out: dict[str, Tensor]
    words: Tree
    split: dict[str, SplitName]
    groups: dict[str, str]
    contents: dict[str, str]
    data: dict[str, str | int]
    parent: Tree
    notes: list[str]
    scored_on: SplitName
    encoder: TextEncoder | None = None


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
    obeyed = kept if kept.is_file() else split_file
    grouped = obeyed or data / "split.csv"
    parts = found_pairs(recipe, data, obeyed)
    if split_file and obeyed == kept and parts != found_pairs(recipe, data, split_file):
        raise UsageError(f"{run} was started with another split than {split_file}", "a new -o")
    job = _job(recipe, data)
    recipe = resolved(job.fitted(recipe, parts["train"]), len(parts["train"]))
    torch.manual_seed(recipe.train.seed)
    nets = build_networks(recipe)
    state = RunState(nets, {name: optimizer_for(net, recipe) for name, net in nets.items()})
    going_on = begun(run)
    parent, notes = going_on or start(recipe, state)
    material = job.material(recipe, parts)
    if not going_on:
        notes += unlike_texts(recipe, material.encoder)
    return Setup(
        recipe=recipe,
        task=material.task,
        state=state,
        batches=material.batches,
        examiner=material.examiner,
        held_out=material.held_out,
        words=material.words,
        groups=read_groups(grouped) if grouped.is_file() else {},
        contents={pair.name: content_of(pair) for pairs in parts.values() for pair in pairs},
        split={pair.name: split for split, pairs in parts.items() for pair in pairs},
        data={
            "fingerprint": fingerprint(parts["train"]),
            "pictures": len(parts["train"]),
            **material.facts,
        },
        parent=parent,
        encoder=material.encoder,
        notes=[*_left_out(recipe, data), *material.notes, *notes],
        scored_on=material.scored_on,
    )


def _job(recipe: Recipe, data: Path) -> Job:
    """What knows of this job what its pictures are and how they are learned from."""
    if recipe.job == "illustrate":
        return Illustrated(find_captions(data, recipe.data.captions))
    return generated if recipe.generates else paired


def _left_out(recipe: Recipe, data: Path) -> list[str]:
    """What a translation passes over, in words."""
    alone = find_unpaired(data, recipe.sources) if recipe.job == "translate" else []
    count = f"{len(alone)} pictures without a partner are left out"
    return [f"{count}, such as {alone[0]}; beyne check tells more"] if alone else []


def keep_recipe(setup: Setup, run: Path) -> None:
    """Save the resolved recipe in the run, or check that the one there differs only in length.

    Raises:
        UsageError: The run was started with other settings or data.
    """
    path = run / "recipe.toml"
    new = setup.recipe.plain() | {"run": setup.data}
    if (run / "state" / "state.pt").is_file():
        recipe, data = kept_recipe(run)
        before, now = _leaves(recipe.plain() | {"run": data}), _leaves(new)
        changed = {key for key in before.keys() | now.keys() if before.get(key) != now.get(key)}
        changed -= _FREE | (_OPEN - now.keys())
        if changed:
            was = ", ".join(f"{key} (was {before.get(key, 'not set')})" for key in sorted(changed))
            raise UsageError(f"{run} was started with other settings: {was}", "use another -o")
    run.mkdir(parents=True, exist_ok=True)
    write_whole(path, write_toml(new).encode())
    write_whole(run / PARENT, json.dumps(setup.parent).encode())


def _leaves(tree: Tree, prefix: str = "") -> dict[str, object]:
    leaves: dict[str, object] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            leaves.update(_leaves(value, f"{prefix}{key}."))
        else:
            leaves[prefix + key] = value
    return leaves
