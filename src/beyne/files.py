"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from beyne.errors import UsageError


@contextmanager
def whole_or_nothing(path: Path) -> Iterator[BinaryIO]:
    """A file beside ``path`` that takes its name if all goes well and vanishes if not.

    Raises:
        OSError: The folder does not exist or the disk refuses.
    """
    part = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.part")
    try:
        with part.open("x+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_whole(path: Path, data: bytes) -> None:
    """Write ``data`` whole or not at all; a file of that name is replaced.

    Raises:
        UsageError: The folder does not exist or the disk refuses.
    """
    try:
        with whole_or_nothing(path) as file:
            file.write(data)
    except OSError as error:
        problem = f"{path} can't be written ({error.strerror})"
        raise UsageError(problem, "check the folder and the room on the disk") from None


def check_free(path: Path, overwrite: bool) -> None:
    """Refuse an output early, before the work is done.

    Raises:
        UsageError: ``path`` exists and ``overwrite`` is not set, or its folder does not exist.
    """
    if path.exists() and not overwrite:
        raise UsageError(f"{path} exists", "give another name with -o, or --overwrite")
    if not path.parent.is_dir():
        raise UsageError(f"the folder {path.parent} does not exist", "make it first")


def check_output(folder: Path, names: Iterable[str], overwrite: bool) -> None:
    """Refuse an output folder early, before the work is done.

    Raises:
        UsageError: It is a file, or one of the files to write exists and ``overwrite`` is not set.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file", "give a folder with -o")
    if folder.is_dir():
        for name in names:
            check_free(folder / name, overwrite)
