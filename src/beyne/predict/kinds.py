"""The kinds of files that work is done on, told apart in one table."""

from __future__ import annotations

from collections.abc import Callable

from beyne.errors import ImageError
from beyne.images import SUFFIXES, is_dicom, is_nifti
from beyne.images.geotiff import is_georeferenced, is_scene
from beyne.predict.files import FORMATS, Job, suffix_of
from beyne.predict.picture import Picture
from beyne.predict.work import Options, Work


def begun(job: Job, options: Options) -> Work:
    """The work that a job is, its file opened.

    Raises:
        BeyneError: It can't be read, or what it holds can't become what is asked for.
    """
    for becomes, begin in _STREAMED:
        if becomes(job, options):
            return begin(job, options)
    if is_scene(job.source):
        raise ImageError("a Sentinel-2 scene can only be enlarged, to .tif", "-o NAME.tif")
    return Picture(job, options)


def _becomes_dicom(job: Job, options: Options) -> bool:
    """Slices are often named by numbers alone, with or without dots."""
    suffix = suffix_of(job.target)
    other = SUFFIXES.union(*FORMATS.values()) - set(FORMATS["dicom"])
    return suffix not in other and is_dicom(job.source)


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


_Becomes = Callable[[Job, Options], bool]
_Begin = Callable[[Job, Options], Work]

#: Files made piece by piece, in memory that does not grow with them; all others are pictures.
_STREAMED: tuple[tuple[_Becomes, _Begin], ...] = (
    (_becomes_dicom, _dicom),
    (_becomes_nifti, _nifti),
    (_becomes_geotiff, _geotiff),
)
