"""Which embedded model ``--model auto`` stands for, by what a file says of itself."""

from __future__ import annotations

from pathlib import Path

from beyne.errors import MissingExtraError
from beyne.images import is_dicom
from beyne.images.geotiff import is_georeferenced
from beyne.zoo import find


def usual_model(source: Path) -> Path:
    """The model that does best on files of this kind, as far as it was measured.

    - georeferenced rasters: ``satellite-x4``;
    - DICOM that says it is a radiograph (modality CR, DX or RG) of one band: ``xray-x4``;
    - all else, CT and MR included: ``photo-x4``.
    """
    if is_georeferenced(source):
        return find("satellite-x4")
    if is_dicom(source) and _is_radiograph(source):
        return find("xray-x4")
    return find("auto")


def _is_radiograph(source: Path) -> bool:
    try:
        from beyne.images.dicom import is_radiograph
    except MissingExtraError:  # the file itself will say so
        return False
    return is_radiograph(source)
