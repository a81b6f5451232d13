"""Sentinel-2 scenes as they are delivered, ``.SAFE`` folders, put together to one raster.

A scene has a JPEG 2000 file for each band in ``GRANULE/*/IMG_DATA``, at level 2A one for each of
several pixel sizes (Sentinel-2 Products Specification Document, ESA, S2-PDGS-TAS-DI-PSD).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import rasterio

from beyne.errors import ImageError
from beyne.images.geotiff.source import told_plainly

_BAND = re.compile(r"_(B\d\d|B8A)(_\d\dm)?\.jp2")
#: The value of the specification for what was not seen; the files themselves do not declare it.
_NODATA = "0"
_COLOURS = {"B04": "Red", "B03": "Green", "B02": "Blue"}
_EXAMPLE = "name some, such as --bands B04,B03,B02"


@dataclass(frozen=True)
class Scene:
    """Bands of a scene as one raster.

    Attributes:
        description: The raster in GDAL's own words (VRT).
        resampled: For each band that was made finer, a sentence.
    """

    description: str
    resampled: list[str]


@dataclass(frozen=True)
class _Band:
    name: str
    path: Path
    width: int
    height: int
    crs: str
    transform: Any

    @property
    def side(self) -> str:
        """Of a pixel; scenes are in metres (UTM)."""
        return f"{self.transform.a:g} m"


def scene(folder: Path, names: Iterable[str] | None, resample: bool) -> Scene:
    """Put some bands of a scene together, in the order asked for.

    Args:
        folder: A ``.SAFE`` folder.
        names: Of bands, such as ``B04`` and ``B8A``; ``"all"``; None: none were named.
        resample: Bring bands to the pixels of the finest one, by bicubic.

    Raises:
        ImageError: There is no such band, or their sizes differ and are not to be resampled.
    """
    files = _files(folder)
    if names is None:
        raise ImageError(f"it holds {len(files)} bands of different kinds", _EXAMPLE)
    chosen = list(files) if names == "all" else list(names)
    strange = [name for name in chosen if name not in files]
    if strange:
        raise ImageError(f"it has no band {strange[0]}", f"it has {', '.join(files)}")
    bands = [_opened(name, files[name]) for name in chosen]
    finest = max(bands, key=lambda band: band.width)
    coarse = [band for band in bands if band.width < finest.width]
    if coarse and not resample:
        problem = f"{finest.name} has pixels of {finest.side}, and {coarse[0].name} of"
        raise ImageError(f"{problem} {coarse[0].side}", "run them apart, or add --resample")
    told = [f"{each.name} was resampled from {each.side} to {finest.side} first" for each in coarse]
    return Scene(_described(folder.name, bands, finest), told)


def _files(folder: Path) -> Mapping[str, Path]:
    """Name → the finest file of a band."""
    granules = sorted(folder.glob("GRANULE/*/IMG_DATA"))
    if len(granules) > 1:
        problem = f"it holds {len(granules)} tiles, as before December 2016"
        raise ImageError(problem, "name the .jp2 files of one")
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("GRANULE/*/IMG_DATA/**/*.jp2")):
        match = _BAND.search(path.name)
        if match:
            found.setdefault(match[1], path)
    if not found:
        raise ImageError("it holds no GRANULE/*/IMG_DATA/*.jp2", "unpack it again, wholly")
    return found


def _opened(name: str, path: Path) -> _Band:
    with told_plainly("read"), rasterio.open(path, driver="JP2OpenJPEG") as raster:
        crs = raster.crs.to_wkt() if raster.crs else ""
        return _Band(name, path.resolve(), raster.width, raster.height, crs, raster.transform)


def _described(product: str, bands: Sequence[_Band], finest: _Band) -> str:
    size = {"rasterXSize": str(finest.width), "rasterYSize": str(finest.height)}
    root = Element("VRTDataset", size)
    SubElement(root, "SRS").text = finest.crs
    transform = ", ".join(map(repr, finest.transform.to_gdal()))
    SubElement(root, "GeoTransform").text = transform
    _tags(root, {"PRODUCT": product})
    coloured = {band.name for band in bands} >= _COLOURS.keys()
    for number, band in enumerate(bands, 1):
        made = SubElement(root, "VRTRasterBand", dataType="UInt16", band=str(number))
        SubElement(made, "NoDataValue").text = _NODATA
        SubElement(made, "Description").text = band.name
        colour = _COLOURS.get(band.name) if coloured else None
        SubElement(made, "ColorInterp").text = colour or "Undefined"
        if band.width < finest.width:
            _tags(made, {"RESAMPLED_FROM": band.side})
        source = SubElement(made, "SimpleSource", resampling="cubic")
        name = SubElement(source, "SourceFilename", relativeToVRT="0")
        # Resampling is to leave out what was not seen, which is no black.
        name.text = f"vrt://{band.path}?a_nodata={_NODATA}"
        SubElement(source, "SourceBand").text = "1"
        for tag, each in (("SrcRect", band), ("DstRect", finest)):
            size = {"xSize": str(each.width), "ySize": str(each.height)}
            SubElement(source, tag, {"xOff": "0", "yOff": "0"} | size)
    return tostring(root, encoding="unicode")


def _tags(parent: Element, tags: Mapping[str, str]) -> None:
    metadata = SubElement(parent, "Metadata")
    for key, text in tags.items():
        SubElement(metadata, "MDI", key=key).text = text
