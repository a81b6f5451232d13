"""The files beside a result: its map of trust, and a picture with the doubt painted in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from beyne.bundle import ModelCard
from beyne.errors import ImageError, UsageError
from beyne.images import SUFFIXES, Raster, default_pixel_limit, read, write
from beyne.images.raster import Pixels, converted
from beyne.predict.beside import Assessment
from beyne.predict.files import Job
from beyne.predict.fitting import Bands, check_fit, picked
from beyne.trust.assessor import Assessor, check_range
from beyne.trust.calibration import calibration_of
from beyne.trust.summary import Trust

if TYPE_CHECKING:
    from beyne.predict.predictor import Predictor

_TIFF = (".tif", ".tiff")
_DOUBT = (255, 0, 160)  # a pink that grey pictures, skin, leaves and soil do not have
_STRENGTH = 0.7  # of it where there is no trust at all


@dataclass(frozen=True)
class Names:
    """Where the files of a result go.

    Attributes:
        map: One band of 16 bit, 65535 for full trust; PNG, beside a TIFF a TIFF.
        overlay: The result in grey, the doubtful part of it pink.
    """

    map: Path
    overlay: Path

    @classmethod
    def of(cls, target: Path) -> Names:
        """``photo.png`` → ``photo.trust.png`` and ``photo.overlay.png``."""
        suffix = target.suffix if target.suffix.lower() in _TIFF else ".png"
        stem = target.stem if target.suffix.lower() in SUFFIXES else target.name
        return cls(
            target.with_name(f"{stem}.trust{suffix}"), target.with_name(f"{stem}.overlay.png")
        )


def write_sidecars(trust: Trust, result: Raster, names: Names) -> None:
    """Write map and overlay, each whole or not at all.

    Args:
        trust: Of ``result``.

    Raises:
        ImageError: The disk refuses one.
    """
    write(Raster(converted(trust.map[..., None], np.dtype(np.uint16))), names.map)
    write(Raster(overlay(result.pixels, trust)), names.overlay)


def overlay(pixels: Pixels, trust: Trust) -> Pixels:
    """The picture in grey, the more pink the less it can be trusted.

    Args:
        pixels: ``(H, W, C)`` samples of any type; of other band counts than three, their mean.

    Returns:
        ``(H, W, 3)`` of 8 bits.
    """
    painted = np.empty((*pixels.shape[:2], 3), np.uint8)
    doubt = np.asarray(_DOUBT, np.float32)
    for top in range(0, len(pixels), 256):  # in strips: floats are four times a byte
        rows = slice(top, top + 256)
        grey = converted(pixels[rows], np.dtype(np.uint8)).mean(2, dtype=np.float32)[..., None]
        share = _STRENGTH * (1 - trust.map[rows, :, None])
        painted[rows] = np.rint(grey + share * (doubt - grey))
    return painted


class Sidecars:
    """Writes map and overlay beside every result; a `beyne.predict.beside.Beside`.

    Args:
        card: Of the model that makes the results.
        load_partner: Makes the predictor of the model that its calibration names.
        bands: Bands that are taken of every picture.
        consistent: As for `beyne.trust.assessor.Assessor.assess`.
        pixel_limit: Most pixels of a picture; None: what this machine's memory carries.
    """

    part = 0.9

    def __init__(
        self,
        card: ModelCard,
        load_partner: Callable[[], Predictor],
        bands: Bands,
        consistent: bool | None,
        pixel_limit: int | None,
    ) -> None:
        self._card = card
        self._load_partner = load_partner
        self._assessor: Assessor | None = None
        self._bands = bands
        self._consistent = consistent
        self._limit = pixel_limit or default_pixel_limit(card.scale)
        self._sources: dict[Job, Raster] = {}

    def check_targets(self, jobs: Sequence[Job]) -> None:
        """Refuse a batch in which a file beside a result would be an input or another's result.

        Raises:
            UsageError: One would.
        """
        taken = {path.resolve() for job in jobs for path in (job.source, job.target)}
        for job in jobs:
            for path in self.files(job.target):
                if path.resolve() in taken:
                    problem = f"{path} would be a picture and the trust in {job.target.name}"
                    raise UsageError(problem, "choose another -o, or rename it")

    def files(self, target: Path) -> list[Path]:
        """Map and overlay of a result."""
        names = Names.of(target)
        return [names.map, names.overlay]

    def open(self, job: Job) -> None:
        """Read the picture; one whose trust can't be told is refused.

        Raises:
            ImageError: It has several frames, another number of bands, or a range of its own.
        """
        try:
            source = picked(read(job.source, self._limit), self._bands)
            check_fit(source, self._card)
            if source.extras.get("georeferenced") and source.pixels.dtype != np.uint8:
                raise ImageError(f"{source.pixels.dtype} of a GeoTIFF have a range of their own")
            check_range(source)
        except ImageError as error:
            raise ImageError(f"--trust: {error.problem}", "leave out --trust") from None
        self._sources[job] = source

    def look(self, predictor: Predictor, job: Job, on_done: Callable[[float], None]) -> Assessment:
        """Assess a result that has been written, and write its two files."""
        if self._assessor is None:
            calibration = calibration_of(self._card)
            self._assessor = Assessor(predictor, self._load_partner(), calibration)
        trust = self._assessor.assess(self._sources.pop(job), self._consistent, on_done)
        names = Names.of(job.target)
        write_sidecars(trust, read(job.target, sys.maxsize), names)
        return Assessment(
            round(trust.mean, 4),
            round(trust.invented, 4),
            trust.sentence,
            str(names.map),
            str(names.overlay),
        )
