"""Pictures of any kind made fit for a browser: 8 bits, not too large."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from beyne.errors import ImageError
from beyne.images import Raster, read

#: The longest side that is shown, and the most pixels of a file that is read for it.
_LONGEST = 2400
_MOST_PIXELS = 100_000_000


def preview(before: Path, after: Path, stem: Path, overlay: Path | None) -> list[Path]:
    """A picture, what was made of it, and its overlay, at one size: ``stem-0.jpg`` and so on.

    The first is enlarged as an ordinary program would, bicubically. Empty: volumes and scenes that
    are too large are not shown.
    """
    files = [before, after, *([overlay] if overlay else [])]
    try:
        source, result, *others = (read(path, _MOST_PIXELS, several=True) for path in files)
    except ImageError:
        return []
    stem.parent.mkdir(exist_ok=True)
    shown = _range(result)
    images = [_image(raster, shown) for raster in (source, result, *others)]
    images[1].thumbnail((_LONGEST, _LONGEST), Image.Resampling.LANCZOS)
    paths = [Path(f"{stem}-{number}.jpg") for number in range(len(images))]
    for image, path in zip(images, paths, strict=True):
        resized = image.resize(images[1].size, Image.Resampling.BICUBIC)
        resized.save(path, quality=92, subsampling=0)
    return paths


def picture(path: Path, folder: Path) -> Path:
    """A picture as a browser can show it: itself, if it is a PNG, else a JPEG in ``folder``."""
    if path.suffix == ".png":
        return path
    raster = read(path)
    shown = folder / f"shown-{path.stem}.jpg"
    _image(raster, _range(raster)).save(shown, quality=92, subsampling=0)
    return shown


def _range(raster: Raster) -> tuple[float, float]:
    """The samples that are shown black and white: of 8 bits 0 and 255, of others all but a few."""
    if raster.pixels.dtype == np.uint8:
        return 0.0, 255.0
    low, high = np.percentile(raster.pixels[::4, ::4], (0.1, 99.9))
    return (float(low) if raster.measured else 0.0), float(high)


def _image(raster: Raster, shown: tuple[float, float]) -> Image.Image:
    """RGB; of other numbers of bands than three, the first as grey."""
    low, high = shown
    pixels = raster.pixels if raster.channels == 3 else raster.pixels[..., :1]
    if pixels.dtype != np.uint8:
        share = (pixels.astype(np.float32) - low) / max(high - low, 1e-6)
        pixels = (255 * share.clip(0, 1)).astype(np.uint8)
    return Image.fromarray(pixels if raster.channels == 3 else pixels[..., 0]).convert("RGB")
