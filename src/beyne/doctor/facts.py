"""What one file is: small facts that stay when the picture itself has gone from memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from beyne.doctor import jpeg, spectrum
from beyne.images import Raster
from beyne.images.metadata import quietly
from beyne.images.raster import LUMA, Pixels, white_of

#: Side of the thumbnails that pictures are compared by.
THUMBNAIL = 64
_PEAK = 0.05  # share of the pixels that makes a grey level one of a mask's
_AT_LEVELS = 0.6  # share of the pixels of a mask that is at its levels, even after JPEG
_NEAR = 12  # grey levels
_LEVELS, _NEARLY_ALL = 8, 0.99  # of a mask, and their share of its pixels


@dataclass(frozen=True)
class Facts:
    """One picture.

    Attributes:
        size: Width and height, upright.
        bands: Colour channels or bands, alpha not counted.
        samples: ``uint8``, ``uint16`` or ``float32``.
        format: Format family of the file's content, as in `Raster`.
        mode: How Pillow would call the stored colours: ``P`` palette, ``CMYK`` …; empty if unknown.
        turned: Whether EXIF says that the stored picture is to be turned.
        alpha: ``none``, ``opaque`` or ``transparent``.
        digest: Hash of the pixels, the same for equal pictures in different files.
        grey_as_colour: Three channels that are all the same.
        high: The largest sample, in [0, 1].
        spread: Largest less smallest sample of the channel where that is most, in [0, 1].
        coarse_samples: 16-bit samples that hold no more than 8 bits.
        repeated: By how much it was enlarged without smoothing: 2, 3, 4 or 8; 1 if not.
        clipped: Share of black and white pixels.
        few_levels: Whether eight grey levels make up nearly all of it, as in masks.
        ringing: Share of pixels near, but not at, the few levels nearly all are near; 0 for
            pictures of many levels.
        quality: JPEG quality gone through, see `beyne.doctor.jpeg.quality`.
        cut: Where its detail ends, see `beyne.doctor.spectrum.cut_off`.
        means: Mean of each channel, in [0, 1].
        thumbnail: ``(64, 64)`` uint8 luma, whatever the picture's shape.
    """

    size: tuple[int, int]
    bands: int
    samples: str
    format: str
    mode: str
    turned: bool
    alpha: str
    digest: bytes
    grey_as_colour: bool
    high: float
    spread: float
    coarse_samples: bool
    repeated: int
    clipped: float
    few_levels: bool
    ringing: float
    quality: int
    cut: spectrum.Cut | None
    means: tuple[float, ...]
    thumbnail: Pixels

    @property
    def constant(self) -> bool:
        """Whether all pixels are the same, give or take a grey level of 255."""
        return self.spread <= 1 / 255


def describe(raster: Raster, path: Path) -> Facts:
    """Look at a picture once.

    Args:
        raster: The picture.
        path: Its file, for what the raster does not carry.
    """
    pixels, white = raster.pixels, white_of(raster.pixels.dtype)
    luma = luma_of(pixels)
    shares = np.bincount(np.rint(luma).astype(np.int32).ravel(), minlength=256) / luma.size
    highest = pixels.max((0, 1))
    mode, turned = _stored(path)
    thumbnail = Image.fromarray(np.rint(luma).astype(np.uint8)).resize(
        (THUMBNAIL, THUMBNAIL), Image.Resampling.BOX
    )
    return Facts(
        size=(raster.width, raster.height),
        bands=raster.channels,
        samples=pixels.dtype.name,
        format=raster.format,
        mode=mode,
        turned=turned,
        alpha=_transparency(raster),
        digest=hashlib.blake2b(repr(pixels.shape).encode() + pixels.tobytes()).digest(),
        grey_as_colour=raster.channels == 3 and _grey(pixels),
        high=float(highest.max()) / white,
        spread=float((highest - pixels.min((0, 1))).max()) / white,
        coarse_samples=pixels.dtype == np.uint16 and _coarse(pixels),
        repeated=_repeated(pixels),
        clipped=float(((luma < 0.5) | (luma > 254.5)).mean()),
        few_levels=bool(np.sort(shares)[-_LEVELS:].sum() > _NEARLY_ALL),
        ringing=_ringing(shares),
        quality=jpeg.quality(luma),
        cut=spectrum.cut_off(luma),
        means=tuple(float(mean) / white for mean in pixels.mean((0, 1), dtype=np.float64)),
        thumbnail=np.asarray(thumbnail),
    )


def luma_of(pixels: Pixels) -> Pixels:
    """``(H, W, C)`` samples → ``(H, W)`` float32 in [0, 255]: BT.601 of three, mean of others."""
    scale = 255 / white_of(pixels.dtype)
    if pixels.shape[2] == 1:
        mixed = pixels[..., 0].astype(np.float32)
    elif pixels.shape[2] == 3:
        mixed = pixels.astype(np.float32) @ np.array(LUMA, np.float32)
    else:
        mixed = pixels.mean(2, dtype=np.float32)
    return np.asarray(np.clip(mixed * np.float32(scale), 0, 255))


def _stored(path: Path) -> tuple[str, bool]:
    """Pillow's mode and whether EXIF turns the picture; both from the header alone."""
    try:
        with quietly(), Image.open(path) as image:
            return image.mode, image.getexif().get(0x0112, 1) != 1
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return "", False  # a TIFF that Pillow can't open


def _transparency(raster: Raster) -> str:
    if raster.alpha is None:
        return "none"
    return "opaque" if raster.alpha.min() >= white_of(raster.alpha.dtype) else "transparent"


def _grey(pixels: Pixels) -> bool:
    red, green, blue = (pixels[..., index] for index in range(3))
    return np.array_equal(red, green) and np.array_equal(green, blue)


def _coarse(pixels: Pixels) -> bool:
    """16-bit samples made of 8: multiples of 256, or both bytes the same."""
    return not (pixels & 255).any() or not (pixels % 257).any()


def _repeated(pixels: Pixels) -> int:
    """How often every pixel stands side by side and one below the other."""
    for factor in (8, 4, 3, 2):
        height, width = (side // factor * factor for side in pixels.shape[:2])
        cells = pixels[:height, :width]
        small = cells[::factor, ::factor]
        if min(small.shape[:2]) > 1 and np.array_equal(
            cells, small.repeat(factor, 0).repeat(factor, 1)
        ):
            return factor
    return 1


def _ringing(shares: Pixels) -> float:
    """Share of pixels beside, not at, the few levels that the picture seems to be made of.

    Levels lie apart, and most pixels at them: in a smooth part of a photograph neither is so.

    Args:
        shares: Of the pixels at each grey level, ``(256,)``.
    """
    peaks = np.flatnonzero(shares > _PEAK)
    near = np.unique([(peaks + step).clip(0, 255) for step in range(-_NEAR, _NEAR + 1)])
    at, away = shares[peaks].sum(), 1 - shares[near].sum()
    beside = 1 - away - at
    apart = len(peaks) > 1 and np.diff(peaks).max() > 2 * _NEAR
    return float(beside) if apart and at > _AT_LEVELS and away < 0.2 else 0.0
