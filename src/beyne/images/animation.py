"""Pictures that follow one another, as GIF and WebP."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image

from beyne.files import write_whole
from beyne.images.raster import Pixels

_MILLISECONDS = 60


def write_animation(frames: Sequence[Pixels], *paths: Path) -> None:
    """Write frames ``(H, W, 3)`` of 8 bits that go round for ever, 60 ms each.

    Args:
        frames: All of one size.
        paths: Where to, each whole or not at all; ``.gif`` (256 colours a frame) or ``.webp``.

    Raises:
        UsageError: The disk refuses a file.
    """
    first, *others = [Image.fromarray(frame) for frame in frames]
    for path in paths:
        file = BytesIO()
        format = path.suffix.removeprefix(".").upper()
        first.save(
            file,
            format,
            save_all=True,
            append_images=others,
            duration=_MILLISECONDS,
            loop=0,
            quality=90,
        )
        write_whole(path, file.getvalue())
