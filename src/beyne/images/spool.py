"""Files that are made piece by piece, and written once all pieces are there."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TypeVar

_Made = TypeVar("_Made", bound="Spooled")


class Spooled:
    """A file in the making; a context manager, which at its end gives the finished pieces up.

    Args:
        folder: Where they wait, in a file without a name.
    """

    def __init__(self, folder: Path) -> None:
        self._spool = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (`__exit__` does)

    def __enter__(self: _Made) -> _Made:
        return self

    def __exit__(self, *error: object) -> None:
        self._spool.close()


def not_for_diagnosis(said: str) -> str:
    """What a derived medical file says of itself, in ASCII, with the warning that it must have."""
    text = f"{said}. Not for diagnosis.".replace("–", "-")
    return text.encode("ascii", "replace").decode()
