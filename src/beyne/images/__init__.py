"""Pictures in and out of files: `read`, `write` and the `Raster` they speak of."""

from beyne.images.checks import default_pixel_limit
from beyne.images.files import SUFFIXES, is_dicom, is_nifti, is_picture, read, write
from beyne.images.raster import Raster

__all__ = [
    "SUFFIXES",
    "Raster",
    "default_pixel_limit",
    "is_dicom",
    "is_nifti",
    "is_picture",
    "read",
    "write",
]
