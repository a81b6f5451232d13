"""What all checks look at: names, facts of every file, and the one pass that gathers them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from beyne.doctor.alignment import Fit, fit
from beyne.doctor.division import Division
from beyne.doctor.facts import Facts, describe
from beyne.doctor.layout import Layout, Picture
from beyne.doctor.likeness import Twins
from beyne.errors import ImageError
from beyne.images import Raster, read


class Watcher(Protocol):
    """Who is told how the pass goes on, such as `beyne.cli.progress.Progress`."""

    def begin(self, pictures: int) -> None:
        """So many pictures are to be read."""

    def advance(self, pictures: float, megapixels: float) -> None:
        """Some have been."""


@dataclass(frozen=True)
class Evidence:
    """A data folder after everything in it has been read once.

    Attributes:
        facts: File → facts, of the readable pictures.
        errors: File → error, of the others.
        fits: How the sides of each pair fit, where both could be read.
        twins: Files among the targets that show the same.
        division: Who belongs to which split and group.
    """

    layout: Layout
    facts: Mapping[str, Facts]
    errors: Mapping[str, ImageError]
    fits: Sequence[Fit]
    twins: Sequence[Twins]
    division: Division


class Pass:
    """Reads every picture of a data folder, partners one after the other.

    Memory holds two pictures at a time, and some 5 kB of facts for each that has been read.

    Attributes:
        facts: As in `Evidence`, as are ``errors`` and ``fits``.
    """

    def __init__(self, layout: Layout, watcher: Watcher | None) -> None:
        self.layout = layout
        self.watcher = watcher
        self.facts: dict[str, Facts] = {}
        self.errors: dict[str, ImageError] = {}
        self.fits: list[Fit] = []

    def run(self) -> None:
        """Read them all."""
        pictures = self.layout.pictures
        if self.watcher:
            self.watcher.begin(len(pictures))
        inputs: dict[str, list[Picture]] = defaultdict(list)
        for target, source in self.layout.partners:
            inputs[target.file].append(source)
        for file, sources in inputs.items():
            self._compare(pictures[file], sources)
        for picture in pictures.values():
            if picture.file not in self.facts:
                self._look(picture)

    def _compare(self, target: Picture, sources: list[Picture]) -> None:
        large = self._look(target)
        for source in sources:
            small = self._look(source)
            if large is not None and small is not None:
                names = target.file, source.file
                facts = self.facts[target.file], self.facts[source.file]
                domains_differ = self.layout.task == "translate"
                self.fits.append(fit(names, (large, small), facts, domains_differ))

    def _look(self, picture: Picture) -> Raster | None:
        """Read a picture and describe it, if that has not been done; None if it can't be read."""
        file, path = picture.file, self.layout.root / picture.file
        if file in self.errors:
            return None
        try:
            raster = read(path)
        except ImageError as error:
            self.errors[file] = error
        else:
            if file not in self.facts:
                self.facts[file] = describe(raster, path)
                self._tell(raster.width * raster.height / 1e6)
            return raster
        self._tell(0)
        return None

    def _tell(self, megapixels: float) -> None:
        if self.watcher:
            self.watcher.advance(1, megapixels)
