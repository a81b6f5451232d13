"""Training: one loop for every job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from beyne.errors import BeyneError, MissingExtraError, foreseen, is_out_of_memory

if TYPE_CHECKING:
    from beyne.recipe import Recipe
    from beyne.training.estimate import Estimate


def require_extra() -> None:
    """Raise `MissingExtraError` unless what training needs is installed."""
    from importlib.util import find_spec

    for package in ("accelerate", "matplotlib", "jinja2", "scipy"):
        if find_spec(package) is None:
            raise MissingExtraError(package, "train")


def train(
    recipe: Recipe,
    data: Path,
    run: Path,
    split_file: Path | None = None,
    **listener: Any,
) -> bool:
    """Train ``recipe`` on ``data`` in the folder ``run``, going on where it stopped.

    Args:
        recipe: As loaded, see `beyne.recipe.load_recipe`.
        data: Folder of pictures.
        run: Folder of the run.
        split_file: Instead of the data folder's ``split.csv``.
        listener: ``message`` and ``progress``, see `beyne.training.loop.Listener`.

    Returns:
        True if the run is finished, False if Ctrl-C stopped it.

    Raises:
        UsageError: Recipe, data and what ``run`` holds do not fit each other.
        BeyneError: A loss is no longer a number, memory does not suffice, or the disk is full.
    """
    require_extra()
    from beyne.training.loop import Listener, Loop
    from beyne.training.setup import prepare

    try:
        return Loop(prepare(recipe, data, run, split_file), run, Listener(**listener)).fit()
    except (MemoryError, OSError, RuntimeError) as error:
        if is_out_of_memory(error):
            problem = "the memory does not suffice for this training"
            raise BeyneError(problem, "a smaller train.batch, or train.micro_batch=1") from None
        if known := foreseen(error):
            raise known from None
        raise


def dry_run(
    recipe: Recipe, data: Path, run: Path, split_file: Path | None = None
) -> tuple[Recipe, Estimate]:
    """The resolved recipe, and what the run will cost on this machine; nothing is written."""
    require_extra()
    from beyne.training.estimate import estimate
    from beyne.training.setup import prepare

    setup = prepare(recipe, data, run, split_file)
    return setup.recipe, estimate(setup, run)
