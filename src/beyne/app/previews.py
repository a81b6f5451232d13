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


def preview(before: Path, after: Path, stem: Path) -> tuple[Path, Path] | None:
    """A picture and what was made of it, at one size, as ``stem-0.jpg`` and ``stem-1.jpg``.

    The first is enlarged as an ordinary program would, bicubically. None: volumes and scenes that
    are too large are not shown.
    """
    try:
        first, second = (read(path, _MOST_PIXELS, several=True) for path in (before, after))
    except ImageError:
        return None
    stem.parent.mkdir(exist_ok=True)
    white = _white(second)
    result = _image(second, white)
    result.thumbnail((_LONGEST, _LONGEST), Image.Resampling.LANCZOS)
    source = _image(first, white).resize(result.size, Image.Resampling.BICUBIC)
    paths = Path(f"{stem}-0.jpg"), Path(f"{stem}-1.jpg")
    for image, path in zip((source, result), paths, strict=True):
        image.save(path, quality=92, subsampling=0)
    return paths


def picture(path: Path, folder: Path) -> Path:
    """A picture as a browser can show it: itself, if it is a PNG, else a JPEG in ``folder``."""
    if path.suffix == ".png":
        return path
    raster = read(path)
    shown = folder / f"shown-{path.stem}.jpg"
    _image(raster, _white(raster)).save(shown, quality=92, subsampling=0)
    return shown


def _white(raster: Raster) -> float:
    """The sample that is shown white: of 8 bits 255, else the brightest but for a few."""
    if raster.pixels.dtype == np.uint8:
        return 255.0
    return float(np.percentile(raster.pixels[::4, ::4], 99.9)) or 1.0


def _image(raster: Raster, white: float) -> Image.Image:
    """RGB; of other numbers of bands than three, the first as grey."""
    pixels = raster.pixels if raster.channels == 3 else raster.pixels[..., :1]
    if pixels.dtype != np.uint8:
        pixels = np.clip(pixels.astype(np.float32) * (255 / white), 0, 255).astype(np.uint8)
    return Image.fromarray(pixels if raster.channels == 3 else pixels[..., 0]).convert("RGB")
