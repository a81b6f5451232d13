"""A look at a data folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from beyne.errors import UsageError

if TYPE_CHECKING:
    from beyne.doctor import Diagnosis, Watcher
    from beyne.training.preview import Seen

#: Task → the recipe that a preview is for, where none is given; of others ``photo-x4``.
_USUAL = {"translate": "pix2pix-small", "generate": "gan-small"}


def check(
    data: str | Path,
    task: str | None = None,
    split: str | Path | None = None,
    *,
    group: str | None = None,
    settings: Sequence[str] = (),
    watcher: Watcher | None = None,
) -> Diagnosis:
    """Look at a data folder: every file is read once, nothing is changed.

    Args:
        data: The folder.
        task: ``upscale``, ``translate``, ``generate``, ``illustrate``; None: told from the folder.
        split: A ``split.csv`` to judge instead of the data folder's.
        group: What must not be cut across splits: a column of ``metadata.csv``, or a regular
            expression whose first group in a file's path is the name. None: a column such as
            ``patient`` or ``scene``, else the file names.
        settings: Where originals and partners are, such as ``"data.hr=sharp"``, or the sides of a
            translation, such as ``"data.a=masks"``; what else a recipe is set to is passed over.
        watcher: Is told how it goes on, such as `beyne.cli.progress.Progress`.

    Returns:
        What was found, each with what to do, and the split: the given one, else a proposal.

    Raises:
        UsageError: There is no such folder, task, table or group, or not one picture.

    Example:
        >>> diagnosis = beyne.check("photos")
        >>> diagnosis.ok, [finding.kind for finding in diagnosis.findings]
        (True, ['layout'])
    """
    from beyne.doctor import examine
    from beyne.recipe import named_originals, named_sources

    originals, sides = _originals(settings), _sides(settings)
    sources = named_originals(originals) if originals else named_sources("translate", sides)
    task = task or ("upscale" if originals else "translate" if sides else None)
    return examine(Path(data), task, Path(split) if split else None, group, watcher, sources)


def preview(
    data: str | Path,
    sheet: str | Path,
    recipe: str | None = None,
    settings: Sequence[str] = (),
    split: str | Path | None = None,
    *,
    task: str | None = None,
    overwrite: bool = False,
) -> Seen:
    """Read a data folder as training would, and show what it would see.

    Args:
        data: Folder of pictures.
        sheet: A PNG to write: the first 16 crops of training, the input enlarged without
            smoothing beside the original.
        recipe: As for `train`, as are ``settings`` and ``split``; None: ``pix2pix-small`` for
            pairs to translate, ``gan-small`` to generate, else ``photo-x4``.
        task: As for `check`, where no recipe is given.
        overwrite: Replace that file if it exists.

    Raises:
        UsageError: Recipe and data do not fit each other, or the PNG exists.
        ImageError: A picture can't be read.
    """
    from beyne.doctor.layout import find_layout
    from beyne.files import check_free
    from beyne.recipe import load_recipe
    from beyne.training.preview import preview as show

    path = Path(sheet)
    if path.suffix.lower() != ".png":
        raise UsageError(f"-o {path} does not end in .png", "-o preview.png")
    check_free(path, overwrite)
    if recipe is None:
        task = task or ("translate" if _sides(settings) else find_layout(Path(data)).task)
        recipe = _USUAL.get(task, "photo-x4")
    obeyed = Path(split) if split else None
    return show(load_recipe(recipe, list(settings)), Path(data), path, obeyed)


def _sides(settings: Sequence[str]) -> list[str]:
    """Those that name the sides of a translation."""
    return [text for text in settings if text.startswith(("data.a=", "data.b=", "data.layout="))]


def _originals(settings: Sequence[str]) -> list[str]:
    """Those that name folders of originals and of their low-resolution sides."""
    names = ("data.hr=", "data.lr=", "data.val_hr=", "data.val_lr=")
    return [text for text in settings if text.startswith(names)]
