"""The kinds of files that work is done on, told apart in one table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from beyne.errors import ImageError
from beyne.images import is_dicom, is_nifti
from beyne.images.geotiff import is_georeferenced, is_scene
from beyne.predict.files import FORMATS, KNOWN, Job, suffix_of
from beyne.predict.picture import Picture
from beyne.predict.work import Options, Work

Kind = Literal["dicom", "nifti", "geotiff", "picture"]


def kind_of(job: Job, options: Options) -> Kind:
    """What a job makes: a file of a kind that is made piece by piece, or a picture."""
    return next((kind for kind, becomes in _BECOMES.items() if becomes(job, options)), "picture")


def begun(job: Job, options: Options) -> Work:
    """The work that a job is, its file opened.

    Raises:
        BeyneError: It can't be read, or what it holds can't become what is asked for.
    """
    kind = kind_of(job, options)
    if kind == "picture" and is_scene(job.source):
        raise ImageError("a Sentinel-2 scene can only be enlarged, to .tif", "-o NAME.tif")
    return _BEGIN[kind](job, options)


def _becomes_dicom(job: Job, options: Options) -> bool:
    """Slices are often named by numbers alone, with or without dots."""
    suffix = suffix_of(job.target)
    return suffix not in KNOWN - set(FORMATS["dicom"]) and is_dicom(job.source)


def _dicom(job: Job, options: Options) -> Work:
    from beyne.predict.frames import Frames

    return Frames(job, options)


def _becomes_geotiff(job: Job, options: Options) -> bool:
    tiff = suffix_of(job.target) in FORMATS["tiff"]
    return options.cog or (options.upscaling and tiff and is_georeferenced(job.source))


def _geotiff(job: Job, options: Options) -> Work:
    from beyne.predict.streaming import Streaming

    return Streaming(job, options)


def _becomes_nifti(job: Job, options: Options) -> bool:
    nifti = suffix_of(job.target) in FORMATS["nifti"]
    return options.upscaling and nifti and is_nifti(job.source)


def _nifti(job: Job, options: Options) -> Work:
    from beyne.predict.volumes import Slices

    return Slices(job, options)


#: Files made piece by piece, in memory that does not grow with them; all others are pictures.
_BECOMES: dict[Kind, Callable[[Job, Options], bool]] = {
    "dicom": _becomes_dicom,
    "nifti": _becomes_nifti,
    "geotiff": _becomes_geotiff,
}
_BEGIN: dict[Kind, Callable[[Job, Options], Work]] = {
    "dicom": _dicom,
    "nifti": _nifti,
    "geotiff": _geotiff,
    "picture": Picture,
}
