"""Pictures in and out of files: `read`, `write` and the `Raster` they speak of."""

from beyne.images.checks import default_pixel_limit
from beyne.images.files import (
    SUFFIXES,
    check_no_pipe,
    is_dicom,
    is_nifti,
    is_picture,
    read,
    reading,
    write,
)
from beyne.images.raster import Raster

__all__ = [
    "SUFFIXES",
    "Raster",
    "check_no_pipe",
    "default_pixel_limit",
    "is_dicom",
    "is_nifti",
    "is_picture",
    "read",
    "reading",
    "write",
]
