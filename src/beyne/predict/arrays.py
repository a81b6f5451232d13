"""Pictures that are in memory already: arrays and Pillow images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from beyne.errors import ImageError, about
from beyne.images import Raster, read

#: Pillow's modes that hold colours as they are; others are converted.
_PLAIN_MODES = ("L", "RGB", "LA", "RGBA", "F", "I;16", "I;16L", "I;16B")
_WHITE_16 = 65535


def as_raster(image: Any) -> Raster:
    """A picture, however it is given.

    Args:
        image: A path, a Pillow image, an array ``(H, W)`` or ``(H, W, C)`` of uint8, uint16 or
            floats in [0, 1], or a `Raster`.

    Raises:
        ImageError: It is none of these, or the file can't be read.
    """
    if isinstance(image, Raster):
        return image
    if isinstance(image, (str, Path)):
        with about(image):
            return read(image)
    if hasattr(image, "getexif"):
        return _from_pillow(image)
    try:
        pixels = np.asarray(image)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ImageError(f"this is no picture ({error})", "pass a path or an array") from error
    return Raster(_three_axes(pixels))


def _three_axes(pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if pixels.dtype.kind == "f":
        pixels = pixels.astype(np.float32, copy=False)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _from_pillow(image: Any) -> Raster:
    from PIL import ImageOps

    profile = image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    exif = image.getexif()
    if image.mode == "I":  # 32 bits, in which Pillow holds 16-bit pictures
        low, high = image.getextrema()
        if low < 0 or high > _WHITE_16:
            raise ImageError(f"values from {low} to {high} are not 16-bit", "pass an array")
        return Raster(np.array(image).astype(np.uint16)[..., None], icc=profile)
    see_through = "transparency" in image.info or image.mode in ("PA", "La", "RGBa")
    if image.mode not in _PLAIN_MODES or see_through:
        if image.mode in ("1", "L"):
            image = image.convert("LA" if see_through else "L")
        else:
            profile = profile if image.mode != "CMYK" else None
            image = image.convert("RGBA" if see_through else "RGB")
    samples = _three_axes(np.array(image))
    if samples.dtype.kind == "u":
        samples = samples.astype(samples.dtype.newbyteorder("="))
    has_alpha = image.mode in ("LA", "RGBA")
    return Raster(
        pixels=np.ascontiguousarray(samples[..., :-1]) if has_alpha else samples,
        alpha=np.ascontiguousarray(samples[..., -1]) if has_alpha else None,
        icc=profile,
        exif=exif.tobytes().removeprefix(b"Exif\0\0") if exif else None,
    )
