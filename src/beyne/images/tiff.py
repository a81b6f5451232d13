"""TIFF by tifffile: 1 to 16 bits, float, any number of bands, alpha by its own mark, BigTIFF."""

from __future__ import annotations

import itertools
import logging
from typing import Any, BinaryIO

import numpy as np
import tifffile

from beyne.errors import ImageError
from beyne.images import tiff_exif
from beyne.images.checks import check_pixels, cut_short, several_frames
from beyne.images.colour import cmyk_to_rgb
from beyne.images.metadata import Resolution, fitting_profile, turned
from beyne.images.raster import Pixels, Raster, white_of

# tifffile logs what it finds odd; without a handler Python would print that to standard error.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

_COLOUR_BANDS = {"MINISWHITE": 1, "MINISBLACK": 1, "RGB": 3, "PALETTE": 1, "SEPARATED": 4}
_ASSOCIATED, _UNASSOCIATED = 1, 2
_READABLE = ("bool", "uint8", "uint16", "float16", "float32", "float64")
#: Floats further outside [0, 1] than this are not taken for values in [0, 1] any more.
_FLOAT_SLACK = 0.5
_MOST_PAGES = 64
_GEOGRAPHIC = (33550, 34264, 34735)  # pixel scale, transformation, GeoKeys
_UNITS = {1: "none", 2: "inch", 3: "centimetre"}
#: Offsets of a classic TIFF have 32 bits; tags and compression overhead get the rest.
_CLASSIC_BYTES = 2**32 - 2**25


def read(file: BinaryIO, limit: int) -> Raster:
    """Read a TIFF of one picture, at most ``limit`` pixels; see `beyne.images.read`."""
    with tifffile.TiffFile(file) as tif:
        page = _only_page(tif)
        photometric = _check(page, file, limit)
        # The shape is (planes, depth, height, width, samples): one of planes and samples is 1.
        samples = page.asarray().reshape(page.shaped)[:, 0].transpose(1, 2, 0, 3)
        samples = samples.reshape(*samples.shape[:2], -1)
        samples = _full_range(samples, page.bitspersample, photometric)
        pixels, alpha = _split(samples, page.extrasamples)
        icc = page.iccprofile
        if photometric == "PALETTE":
            pixels = _looked_up(pixels, page.colormap)
        elif photometric == "SEPARATED":
            if pixels.shape[2] != _COLOUR_BANDS["SEPARATED"]:
                raise ImageError("it has spot colours beside CMYK", "save it as RGB")
            pixels, icc = cmyk_to_rgb(pixels, icc), None
        raster = Raster(
            pixels=np.ascontiguousarray(pixels),
            alpha=None if alpha is None else np.ascontiguousarray(alpha),
            icc=None if icc is None else bytes(icc),
            exif=tiff_exif.read(file),
            format="tiff",
            extras=_extras(page, photometric),
        )
        return turned(raster, int(_tag(page, 274, 1)))


def _only_page(tif: Any) -> Any:
    """The one page that is a picture at full size, not a thumbnail, overview or mask."""
    # A damaged page chain may run in a circle, so only so many are looked at.
    first = itertools.islice(tif.pages, _MOST_PAGES)
    pages = [page for page in first if not page.is_reduced and not page.is_mask]
    if len(pages) > 1:
        raise several_frames(len(pages), "pages")
    if not len(tif.pages):
        raise cut_short()
    return pages[0] if pages else tif.pages[0]


def _check(page: Any, file: BinaryIO, limit: int) -> str:
    """Refuse what can't be read before anything is decoded.

    Returns:
        The photometric interpretation's name.
    """
    if page.imagedepth != 1:
        raise several_frames(page.imagedepth, "slices")
    check_pixels(page.imagewidth, page.imagelength, limit, page.samplesperpixel)
    kind = str(page.dtype)
    if kind not in _READABLE:
        remedy = "save it as unsigned 8 or 16 bits, or as float from 0 to 1"
        raise ImageError(f"its samples are of type {kind}, which is not read", remedy)
    colours = getattr(page.photometric, "name", str(page.photometric))
    if colours == "YCBCR" and getattr(page.compression, "name", "") == "JPEG":
        colours = "RGB"  # tifffile converts it
    bands = page.samplesperpixel - len(page.extrasamples)
    if colours not in _COLOUR_BANDS or (colours == "SEPARATED" and (bands != 4 or kind[0] != "u")):
        raise ImageError(
            f"its colours are stored as {colours}, which is not read", "save it as RGB"
        )
    if page.compression not in tifffile.TIFF.DECOMPRESSORS:
        name = getattr(page.compression, "name", str(page.compression))
        raise ImageError(f"its compression {name} is not read", "save it with deflate or LZW")
    end = file.seek(0, 2)
    segments = zip(page.dataoffsets, page.databytecounts, strict=False)
    if not page.dataoffsets or any(offset + count > end for offset, count in segments):
        raise cut_short()
    return colours


def _full_range(samples: Pixels, bits: Any, photometric: str) -> Pixels:
    """Samples of one of our types, black at 0: odd depths stretched, floats checked."""
    if samples.dtype.kind == "f":
        return _checked_floats(samples.astype(np.float32, copy=False))
    if samples.dtype == bool:
        samples = samples.astype(np.uint8)
    bits = bits if isinstance(bits, int) else max(bits)
    white = int(white_of(samples.dtype))
    if photometric != "PALETTE" and bits < 8 * samples.dtype.itemsize:
        top = 2**bits - 1
        samples = ((samples.astype(np.uint32) * white + top // 2) // top).astype(samples.dtype)
    if photometric == "MINISWHITE":
        samples[..., 0] = white - samples[..., 0]
    return samples


def _checked_floats(samples: Pixels) -> Pixels:
    low, high = float(samples.min()), float(samples.max())
    if not (low >= -_FLOAT_SLACK and high <= 1 + _FLOAT_SLACK):  # true for NaN, too
        held = (
            f"run from {low:g} to {high:g}" if np.isfinite([low, high]).all() else "hold NaN or ∞"
        )
        raise ImageError(f"its float samples {held}, not 0 to 1", "rescale them to 0…1")
    return samples


def _split(samples: Pixels, extras: tuple[int, ...]) -> tuple[Pixels, Pixels | None]:
    """Colours, straight, and alpha: the first extra sample marked as one."""
    marked = [index for index, kind in enumerate(extras) if kind in (_ASSOCIATED, _UNASSOCIATED)]
    if not marked:
        return samples, None
    bands = samples.shape[2] - len(extras)
    at = bands + marked[0]
    alpha = samples[..., at]
    pixels = np.delete(samples, at, axis=2)
    if extras[marked[0]] == _ASSOCIATED:
        pixels[..., :bands] = _straight(pixels[..., :bands], alpha)
    return pixels, alpha


def _straight(colours: Pixels, alpha: Pixels) -> Pixels:
    """Undo the multiplication by alpha; fully transparent pixels are black."""
    below = alpha[..., None]
    if colours.dtype.kind == "f":
        return np.divide(colours, below, out=np.zeros_like(colours), where=below > 0)
    white = np.uint32(white_of(colours.dtype))
    wide = below.astype(np.uint32)
    result = (colours.astype(np.uint32) * white + wide // 2) // np.maximum(wide, 1)
    return np.where(wide > 0, result.clip(0, white), 0).astype(colours.dtype)


def _looked_up(indices: Pixels, colours: Pixels) -> Pixels:
    """Palette to RGB of 8 bits; some programs write the 16-bit palette with 8-bit numbers."""
    table = colours.T if colours.max() < 256 else colours.T >> 8
    result: Pixels = table.astype(np.uint8)[indices[..., 0]]
    return result


def _extras(page: Any, photometric: str) -> dict[str, Any]:
    rgb = photometric in ("RGB", "PALETTE", "SEPARATED")
    extras: dict[str, Any] = {"tiff": {"photometric": "rgb" if rgb else "minisblack"}}
    across, down = (_tag(page, tag, (0, 1)) for tag in (282, 283))
    if across[0] and across[1] and down[0] and down[1]:
        unit = _UNITS.get(int(_tag(page, 296, 2)), "none")
        extras["resolution"] = (across[0] / across[1], down[0] / down[1], unit)
    if any(tag in page.tags for tag in _GEOGRAPHIC):
        extras["georeferenced"] = True  # not carried over yet; whoever writes should say so
    return extras


def _tag(page: Any, code: int, default: Any) -> Any:
    tag = page.tags.get(code)
    return default if tag is None else tag.value


def write(raster: Raster, file: BinaryIO) -> None:
    """Write any raster as a deflated TIFF, BigTIFF where the samples are over 4 GB.

    Beside the pixels it takes the compressed strips and, with alpha, one copy of the samples.
    A BigTIFF carries the texts of the EXIF block (maker, model, date…) but not the rest of it.
    """
    samples = raster.pixels
    if raster.alpha is not None:
        samples = np.concatenate([samples, raster.alpha[..., None]], axis=2)
    photometric = raster.extras.get("tiff", {}).get("photometric")
    if raster.channels < 3 or photometric is None:
        photometric = "rgb" if raster.channels == 3 else "minisblack"
    bands = 3 if photometric == "rgb" else 1
    marks = [0] * (raster.channels - bands) + [_UNASSOCIATED] * (raster.alpha is not None)
    big = samples.nbytes > _CLASSIC_BYTES
    exif = tiff_exif.Block(raster.exif)
    with tifffile.TiffWriter(file, bigtiff=big, byteorder="<") as tif:
        tif.write(
            samples if samples.shape[2] > 1 else samples[..., 0],
            photometric=photometric,
            planarconfig="contig" if samples.shape[2] > 1 else None,
            extrasamples=marks,
            compression="adobe_deflate",
            compressionargs={"level": 1},
            predictor=True,
            iccprofile=fitting_profile(raster.icc, bands),
            metadata=None,
            software=False,
            extratags=exif.tags(with_tables=not big),
            **_resolution(raster.extras.get("resolution")),
        )
    if not big:
        exif.append_tables(file)


def _resolution(resolution: Resolution | None) -> dict[str, Any]:
    if resolution is None:
        return {}
    across, down, unit = resolution
    codes = {name: code for code, name in _UNITS.items()}
    return {"resolution": (across, down), "resolutionunit": codes[unit]}
