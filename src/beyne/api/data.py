"""A look at a data folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from beyne.doctor import Diagnosis, Watcher


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
        settings: Where the sides of a translation are, such as ``"data.a=masks"``; what else a
            recipe is set to is passed over.
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
    from beyne.recipe import named_sources

    sides = [text for text in settings if text.startswith(("data.a=", "data.b=", "data.layout="))]
    sources = named_sources("translate", sides)
    task = task or ("translate" if sides else None)
    return examine(Path(data), task, Path(split) if split else None, group, watcher, sources)
