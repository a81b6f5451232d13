"""The models that come with beyne, and finding a model by name or path."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from beyne.bundle import ModelCard, read_card
from beyne.errors import BeyneError, UsageError, did_you_mean
from beyne.header import read_header

#: What ``--model auto`` stands for, by the job.
DEFAULTS = {"upscale": "photo-x4", "generate": "crops-demo"}
#: Of a run, the model that it is known by, and the one that it ended with.
BEST, LAST = "best.safetensors", "last.safetensors"

_FOLDER = Path(__file__).parent
_SUFFIX = ".safetensors"


@dataclass(frozen=True)
class Entry:
    """A model file that was found.

    Attributes:
        path: The file.
        card: What it says of itself.
        parameters: Number of stored weights.
        size: Bytes of the file.
    """

    path: Path
    card: ModelCard
    parameters: int
    size: int


def builtin() -> list[str]:
    """Names of the models inside the package, sorted."""
    return sorted(path.stem for path in _FOLDER.glob(f"*{_SUFFIX}"))


def find(name_or_path: str, job: str = "upscale") -> Path:
    """The file of a built-in model's name (``auto`` for the job's default) or of a path.

    Raises:
        UsageError: It is neither, with the nearest known name or what to do.
    """
    name = DEFAULTS[job] if name_or_path == "auto" else name_or_path
    if name in builtin():
        return _FOLDER / f"{name}{_SUFFIX}"
    path = Path(name)
    if path.is_file():
        return path
    if path.is_dir():
        best = path / BEST
        remedy = f"its model is {best}" if best.is_file() else f"beyne models list {path}"
        raise UsageError(f"{path} is a folder, not a model file", remedy)
    if path.suffix or path.parent != Path():
        raise UsageError(f"{path} does not exist", "check the path")
    raise UsageError(f"there is no model '{name}'", did_you_mean(name, builtin()))


def entry(name_or_path: str) -> Entry:
    """A model by name or path, its card read, its weights not.

    Raises:
        UsageError: As `find` and `beyne.bundle.read_card`.
    """
    path = find(name_or_path)
    shapes = read_header(path).shapes.values()
    return Entry(path, read_card(path), sum(map(math.prod, shapes)), path.stat().st_size)


def entries(folder: Path | None = None) -> tuple[list[Entry], list[BeyneError]]:
    """The built-in models and those right in ``folder``.

    Returns:
        What was found, and one error for each ``.safetensors`` file that is no model.

    Raises:
        UsageError: ``folder`` is not a folder.
    """
    places = builtin()
    if folder is not None:
        if not folder.is_dir():
            raise UsageError(f"{folder} is not a folder", "check the path")
        places += [str(path) for path in sorted(folder.glob(f"*{_SUFFIX}"))]
    found: list[Entry] = []
    errors: list[BeyneError] = []
    for place in places:
        try:
            found.append(entry(place))
        except BeyneError as error:
            errors.append(error)
    return found, errors
