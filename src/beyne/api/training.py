"""Training, and what can be known before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from beyne.errors import UsageError

if TYPE_CHECKING:
    from beyne.training.estimate import Estimate


def train(
    recipe: str,
    data: str | Path,
    run: str | Path,
    settings: Sequence[str] = (),
    split: str | Path | None = None,
    *,
    message: Callable[[str], None] | None = None,
    progress: Callable[[int, int, dict[str, float]], None] | None = None,
) -> bool:
    """Train a model; the same call again goes on where it stopped.

    Args:
        recipe: Name of a recipe that comes with beyne, or path of a TOML file.
        data: Folder of pictures.
        run: Folder of the run; made if it is not there.
        settings: Texts such as ``"train.batch=8"`` laid over the recipe.
        split: A ``split.csv`` to obey instead of the data folder's.
        message: Is told in words what happens.
        progress: Is given images seen, images in all and the newest values after each step.

    Returns:
        True if the run is finished, False if Ctrl-C stopped it.

    Raises:
        UsageError: Recipe, data and what ``run`` holds do not fit each other.
        ImageError: A picture can't be read.
    """
    from beyne.recipe import load_recipe
    from beyne.training import train as train_recipe

    if Path(run).exists() and not Path(run).is_dir():
        raise UsageError(f"{run} is a file, and a run is a folder", "choose another -o")
    hear = {"message": message, "progress": progress}
    loaded = load_recipe(recipe, list(settings))
    return train_recipe(
        loaded,
        Path(data),
        Path(run),
        _path(split),
        **{k: v for k, v in hear.items() if v},
    )


def dry_run(
    recipe: str,
    data: str | Path,
    run: str | Path,
    settings: Sequence[str] = (),
    split: str | Path | None = None,
) -> tuple[str, Estimate]:
    """The resolved recipe as TOML, and what the run will cost here; nothing is written.

    Raises:
        UsageError: Recipe and data do not fit each other.
        ImageError: A picture can't be read.
    """
    from beyne.config import write_toml
    from beyne.recipe import load_recipe
    from beyne.training import dry_run as try_recipe

    loaded = load_recipe(recipe, list(settings))
    resolved, estimate = try_recipe(loaded, Path(data), Path(run), _path(split))
    return write_toml(resolved.plain()), estimate


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path)
