"""The 8-bit formats that Pillow handles well: JPEG, WebP, BMP and GIF.

Their plugin classes are called directly: `PIL.Image.open` would apply Pillow's own pixel limit,
which only a process-wide setting lifts.
"""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np
from PIL import BmpImagePlugin, GifImagePlugin, JpegImagePlugin, WebPImagePlugin
from PIL.Image import Image, fromarray

from beyne.errors import ImageError
from beyne.images.checks import check_pixels, cut_short, damaged, several_frames
from beyne.images.colour import cmyk_to_rgb
from beyne.images.metadata import EXIF_PREFIX, Resolution, fitting_profile, quietly, upright
from beyne.images.raster import Pixels, Raster, converted

_PLUGINS: dict[str, type[Image]] = {
    "jpeg": JpegImagePlugin.JpegImageFile,
    "webp": WebPImagePlugin.WebPImageFile,
    "bmp": BmpImagePlugin.BmpImageFile,
    "gif": GifImagePlugin.GifImageFile,
}
_LARGEST_SIDE = {"jpeg": 65535, "webp": 16383}
#: A JPEG segment ends after 65535 bytes; a longer EXIF block is left out.
_LARGEST_JPEG_EXIF = 65535 - 2 - len(EXIF_PREFIX)


def read(file: BinaryIO, limit: int, family: str) -> Raster:
    """Read a file of the given family, at most ``limit`` pixels; see `beyne.images.read`."""
    if family == "webp":
        _check_webp(file, limit)
    with quietly():
        image = _PLUGINS[family](file)  # type: ignore[call-arg]
    check_pixels(*image.size, limit)
    if getattr(image, "is_animated", False):
        raise several_frames(getattr(image, "n_frames", None))
    image.load()
    samples, profile = _samples(image)
    has_alpha = samples.shape[2] in (2, 4)
    resolution = _resolution(image)
    return upright(
        Raster(
            pixels=np.ascontiguousarray(samples[..., :-1]) if has_alpha else samples,
            alpha=np.ascontiguousarray(samples[..., -1]) if has_alpha else None,
            icc=profile,
            exif=image.info.get("exif"),
            format=family,
            extras={} if resolution is None else {"resolution": resolution},
        )
    )


def _check_webp(file: BinaryIO, limit: int) -> None:
    """Check length and canvas before Pillow opens the file, as that takes the canvas's memory."""
    head = file.read(30)
    length = file.seek(0, 2)
    file.seek(0)
    if len(head) < 30 or length < 8 + int.from_bytes(head[4:8], "little"):
        raise cut_short()
    kind = head[12:16]
    if kind == b"VP8X":
        width, height = (1 + int.from_bytes(head[at : at + 3], "little") for at in (24, 27))
    elif kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif kind == b"VP8 ":
        width, height = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (26, 28))
    else:
        raise damaged(ValueError("unknown kind of WebP"))
    check_pixels(width, height, limit)


def _samples(image: Image) -> tuple[Pixels, bytes | None]:
    """Samples ``(H, W, C)`` of 8 bits, C counting the alpha, and the profile that fits them."""
    profile: bytes | None = image.info.get("icc_profile")
    if image.mode == "CMYK":
        return cmyk_to_rgb(np.asarray(image), profile), None
    see_through = "transparency" in image.info
    modes = {
        "1": "LA" if see_through else "L",
        "L": "LA" if see_through else "L",
        "P": "RGBA" if see_through else "RGB",
        "RGB": "RGBA" if see_through else "RGB",
        "LA": "LA",
        "RGBA": "RGBA",
    }
    if image.mode not in modes:
        raise ImageError(f"its colours are stored as {image.mode}", "save it as RGB")
    mode = modes[image.mode]
    same = image.mode == mode and not see_through
    return np.atleast_3d(np.array(image if same else image.convert(mode))), profile


def _resolution(image: Image) -> Resolution | None:
    info = image.info
    if "jfif_density" in info:
        unit = {1: "inch", 2: "centimetre"}.get(info.get("jfif_unit", 0))
        across, down = info["jfif_density"]
    else:
        # Without JFIF, Pillow answers for a JPEG what its EXIF block says, which is kept anyway.
        unit = "inch" if image.format == "BMP" and "dpi" in info else None
        across, down = info.get("dpi", (0, 0))
    return (float(across), float(down), unit) if unit and across > 0 and down > 0 else None


def write(raster: Raster, file: BinaryIO, family: str) -> None:
    """Write a raster of 1 or 3 channels as 8-bit JPEG (quality 95, 4:4:4) or lossless WebP.

    WebP is lossless because a lossy file would no longer shrink back to its source.

    Raises:
        ImageError: The format can't hold the raster's bands, size or transparency.
    """
    name = {"jpeg": "JPEG", "webp": "WebP"}[family]
    if raster.channels not in (1, 3):
        raise ImageError(f"{name} can't hold {raster.channels} bands", "use --format tiff")
    if family == "jpeg" and raster.alpha is not None:
        raise ImageError("JPEG can't hold transparency", "use --format png")
    if max(raster.width, raster.height) > _LARGEST_SIDE[family]:
        size, most = f"{raster.width}×{raster.height}", _LARGEST_SIDE[family]
        raise ImageError(f"{size} is over {name}'s {most} pixels a side", "use --format png")
    image = fromarray(_bytes_of(raster))
    colours = 3 if image.mode.startswith("RGB") else 1  # WebP has no grey
    options: dict[str, Any] = {"icc_profile": fitting_profile(raster.icc, colours)}
    exif = raster.exif or b""
    if family == "webp":
        # Method 1 takes 0.7 s at 2048², the default 2.3 s for a file 0.3 % smaller. "exact" keeps
        # the colours under full transparency.
        image.save(
            file, "WEBP", lossless=True, exact=True, quality=0, method=1, exif=exif, **options
        )
        return
    if exif and len(exif) <= _LARGEST_JPEG_EXIF:
        options["exif"] = EXIF_PREFIX + exif
    resolution = raster.extras.get("resolution")
    if resolution is not None and resolution[2] != "none":
        factor = {"inch": 1.0, "centimetre": 2.54}[resolution[2]]
        options["dpi"] = tuple(min(65535, round(value * factor)) for value in resolution[:2])
    image.save(file, "JPEG", quality=95, subsampling=0, **options)


def _bytes_of(raster: Raster) -> Pixels:
    """8-bit samples as Pillow takes them: ``(H, W)`` grey, ``(H, W, 3)`` or ``(H, W, 4)``."""
    depth = np.dtype(np.uint8)
    pixels = converted(raster.pixels, depth)
    if raster.alpha is None:
        return pixels[..., 0] if raster.channels == 1 else pixels
    colours = np.broadcast_to(pixels, (*pixels.shape[:2], 3))
    return np.concatenate([colours, converted(raster.alpha, depth)[..., None]], axis=2)
