"""What may be made beside every result of a batch, such as a map of trust."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from beyne.predict.files import Job

if TYPE_CHECKING:
    from beyne.predict.predictor import Predictor


@dataclass(frozen=True)
class Assessment:
    """How far a result can be trusted, and the files that show it.

    Attributes:
        mean: The part of the picture that can be expected to be right.
        invented: The part that is more likely wrong than right.
        sentence: Both in words, and where.
        map: The file with the trust in each pixel.
        overlay: The file that shows it in the picture.
    """

    mean: float
    invented: float
    sentence: str
    map: str
    overlay: str


class Beside(Protocol):
    """Looks at every result of a batch and writes files beside it."""

    #: Part of the time for a picture that looking at its result takes.
    part: float

    def files(self, target: Path) -> list[Path]:
        """The files beside a result."""

    def open(self, job: Job) -> None:
        """Read what is needed, in the reader's thread.

        Raises:
            ImageError: The result could not be looked at.
        """

    def look(self, predictor: Predictor, job: Job, on_done: Callable[[float], None]) -> Assessment:
        """Look at a result that has been written, and write the files beside it."""
