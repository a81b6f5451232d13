"""GeoTIFF and other georeferenced rasters, read and written in windows (extra ``geo``).

Telling them apart needs no rasterio; `source`, `target` and `scene` do.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import BinaryIO

from beyne.files import is_folder

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_JPEG_2000 = (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")
#: Pixel scale, tie points, transformation, GeoKeys, GDAL's nodata, rational polynomials.
_GEOGRAPHIC = (33550, 33922, 34264, 34735, 42113, 50844)


def is_scene(path: Path) -> bool:
    """Whether this is the folder of a Sentinel-2 scene, ``….SAFE``; Sentinel-1 has no granules."""
    return path.suffix.upper() == ".SAFE" and is_folder(path / "GRANULE")


def is_georeferenced(path: Path) -> bool:
    """Whether a file is JPEG 2000, or a TIFF that says where on Earth it lies or what is no data.

    A world file (``.tfw``) beside a TIFF counts, too, as does the folder of a Sentinel-2 scene. A
    file that can't be read is none.
    """
    if is_scene(path):
        return True
    try:
        with path.open("rb") as file:
            head = file.read(12)
            if head.startswith(_JPEG_2000):
                return True
            if not head.startswith(_TIFF):
                return False
            if path.with_suffix(".tfw").exists():
                return True
            file.seek(0)
            return _has_geographic_tags(file)
    except OSError:
        return False


def _has_geographic_tags(file: BinaryIO) -> bool:
    import tifffile

    # tifffile logs what it finds odd; without a handler Python would print that.
    logging.getLogger("tifffile").addHandler(logging.NullHandler())
    try:
        with tifffile.TiffFile(file) as tif:
            return any(tag in tif.pages.first.tags for tag in _GEOGRAPHIC)
    except Exception:
        # Damaged in one of many ways: whoever reads it says how.
        return False
