"""Maps of trust as files of the results' own kinds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from beyne.images import Raster, default_pixel_limit, read, write
from beyne.images.raster import Pixels, converted
from beyne.predict.files import FORMATS, KNOWN, Job, suffix_of
from beyne.predict.fitting import picked
from beyne.predict.kinds import Kind, kind_of
from beyne.predict.values import values_of_pictures
from beyne.predict.work import Options
from beyne.trust.assessor import Assessor
from beyne.trust.calibration import FloatMap
from beyne.trust.native import grey_of
from beyne.trust.overlay import overlay
from beyne.trust.summary import Told

_KEPT = (*FORMATS["tiff"], *FORMATS["dicom"], *FORMATS["nifti"])


@dataclass(frozen=True)
class Names:
    """Where the files of a result go.

    Attributes:
        map: Beside GeoTIFF, DICOM and NIfTI one of these, of whole percent; else one band of 16
            bit, 65535 for full trust, beside a TIFF a TIFF, else a PNG.
        overlay: The result in grey, the doubtful part of it pink; PNG.
    """

    map: Path
    overlay: Path

    @classmethod
    def of(cls, target: Path) -> Names:
        """``photo.png`` → ``photo.trust.png`` and ``photo.overlay.png``."""
        suffix = suffix_of(target)
        if suffix not in KNOWN:  # slices named by numbers
            stem, suffix = target.name, FORMATS["dicom"][0]
        else:
            stem, suffix = target.name[: -len(suffix)], target.name[-len(suffix) :]
        kind = suffix if suffix.lower() in _KEPT else ".png"
        return cls(target.with_name(f"{stem}.trust{kind}"), target.with_name(f"{stem}.overlay.png"))


class Map(Protocol):
    """The map of one result: made by opening its source, written when the result is."""

    def write(self, assessor: Assessor, names: Names, on_done: Callable[[float], None]) -> Told:
        """Write map and overlay, each whole or not at all.

        Raises:
            ImageError: The disk refuses one, or memory does not suffice.
        """


def begun(job: Job, options: Options) -> Map:
    """The map for a job, its source opened."""
    return _BEGIN[kind_of(job, options)](job, options)


def percent(trust: FloatMap) -> Pixels:
    """Trust in [0, 1] as whole percent, bytes."""
    return np.rint(trust * 100).astype(np.uint8)


class PictureMap:
    """The map of a picture that is in memory as a whole."""

    def __init__(self, job: Job, options: Options) -> None:
        limit = options.pixel_limit or default_pixel_limit(options.scale)
        self._source = picked(read(job.source, limit, several=True), options.bands)
        self._target, self._consistent = job.target, options.consistent

    def write(self, assessor: Assessor, names: Names, on_done: Callable[[float], None]) -> Told:
        """Write map and overlay, see `Map`."""
        values = values_of_pictures(assessor.card, self._source)
        trust = assessor.assess(self._source, self._consistent, on_done, values)
        write(Raster(converted(trust.map[..., None], np.dtype(np.uint16))), names.map)
        grey = grey_of(read(self._target, sys.maxsize), values, self._source.levels)
        write(Raster(overlay(grey, trust.map)), names.overlay)
        return Told(trust.tally, trust.meaning)


def _dicom(job: Job, options: Options) -> Map:
    from beyne.trust.dicom_map import DicomMap

    return DicomMap(job, options)


def _nifti(job: Job, options: Options) -> Map:
    from beyne.trust.nifti_map import NiftiMap

    return NiftiMap(job, options)


def _geotiff(job: Job, options: Options) -> Map:
    from beyne.trust.geotiff_map import GeotiffMap

    return GeotiffMap(job, options)


_BEGIN: dict[Kind, Callable[[Job, Options], Map]] = {
    "picture": PictureMap,
    "dicom": _dicom,
    "nifti": _nifti,
    "geotiff": _geotiff,
}
