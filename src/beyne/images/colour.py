"""Four printing inks to red, green and blue."""

from __future__ import annotations

import imagecodecs
import numpy as np

from beyne.images.raster import Pixels, white_of

_ROWS = 256


def cmyk_to_rgb(inks: Pixels, profile: bytes | None) -> Pixels:
    """Convert printing inks to sRGB.

    Args:
        inks: ``(H, W, 4)`` cyan, magenta, yellow, black; ``uint8`` or ``uint16``; 0 is no ink.
        profile: The file's ICC profile. Without one that fits, each light is what its ink and the
            black ink let through, (1 − ink)·(1 − black), as Pillow has it.

    Returns:
        ``(H, W, 3)`` of the same type, in sRGB: the file's own profile does not fit it any more.
    """
    rgb = np.empty((*inks.shape[:2], 3), inks.dtype)
    target = imagecodecs.cms_profile("srgb")
    for top in range(0, len(inks), _ROWS):
        rows = np.ascontiguousarray(inks[top : top + _ROWS])
        if profile is not None and profile[16:20] == b"CMYK":
            rgb[top : top + _ROWS] = imagecodecs.cms_transform(
                rows, profile, target, colorspace="cmyk", outcolorspace="rgb"
            )
        else:
            rgb[top : top + _ROWS] = _without_profile(rows)
    return rgb


def _without_profile(inks: Pixels) -> Pixels:
    white = np.float32(white_of(inks.dtype))
    passed = 1 - inks.astype(np.float32) / white
    light: Pixels = np.rint(passed[..., :3] * passed[..., 3:] * white).astype(inks.dtype)
    return light
