"""Comparisons as processes of their own, and how they stand, told from their folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from beyne.api import background
from beyne.api.background import State, Status
from beyne.config import Config
from beyne.errors import UsageError

REPORT = "report.html"
#: What needs no model: to enlarge, to translate (``copy``, ``median``), to generate.
PLAIN = ("nearest", "bicubic", "lanczos", "copy", "median", "mean")


class CompareCall(Config):
    """What a comparison is started with, as for `beyne.compare`.

    Attributes:
        arms: Recipes, runs, models, and plain ways such as ``bicubic``.
        data: Folder of pictures.
        seeds: Trainings of each recipe.
        budget: Length of each, ``images=N`` or ``minutes=M``; None: as the recipes say.
        metric: That decides; None: the usual one.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        language: Of the report.
    """

    arms: tuple[str, ...]
    data: Path
    seeds: int = 3
    budget: str | None = None
    metric: str | None = None
    device: str = "auto"
    language: str = "en"

    def words(self, folder: Path) -> list[str]:
        """The command line after the verb."""
        words = [f"--data={self.data}", f"--output={folder}", f"--seeds={self.seeds}"]
        words += [f"--lang={self.language}"]
        words += [f"--budget={self.budget}"] if self.budget else []
        words += [f"--metric={self.metric}"] if self.metric else []
        return [*words, "--", *self.arms]


@dataclass(frozen=True)
class Comparison:
    """How a comparison stands.

    Attributes:
        folder: Of the comparison.
        state: See `beyne.api.background.State`.
        status: How far it is, and what it said.
        call: What it was started with.
    """

    folder: Path
    state: State
    status: Status
    call: CompareCall

    @property
    def report(self) -> Path | None:
        """Its page, once it is finished."""
        path = self.folder / REPORT
        return path if self.state == "finished" and path.is_file() else None


def start(call: CompareCall, folder: Path) -> None:
    """Begin a comparison, or go on with it; it outlives this process.

    Raises:
        UsageError: It is being worked on already, or the folder is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file", "choose another name")
    background.launch(folder, "compare", call.words(folder.absolute()), call, call.device)


def stop(folder: Path) -> None:
    """Ask a comparison to end; `start` goes on with it."""
    background.stop(folder)


def find(folder: Path) -> list[Path]:
    """Comparisons in a folder, the youngest first."""
    found = [path.parents[1] for path in folder.glob(f"*/{background.LAUNCH}")]
    begun = (path for path in found if background.asked(path, CompareCall))
    return sorted(begun, key=lambda path: path.stat().st_mtime, reverse=True)


def look(folder: Path) -> Comparison:
    """How a comparison stands.

    Raises:
        UsageError: The folder holds none that `start` began.
    """
    call, state = background.asked(folder, CompareCall), background.state(folder)
    if call is None or state is None:
        raise UsageError(f"{folder} holds no comparison", "give the folder of one")
    return Comparison(folder, state, background.status(folder) or Status(), call)
