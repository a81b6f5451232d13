"""What travels beside the pixels in every format: orientation, colour profile, resolution."""

from __future__ import annotations

import struct
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from beyne.images.raster import Pixels, Raster

#: Pixels per unit across and down, and the unit: ``inch``, ``centimetre`` or ``none``. Readers put
#: it into ``Raster.extras["resolution"]``.
Resolution = tuple[float, float, str]

EXIF_PREFIX = b"Exif\0\0"
_ORIENTATION = 0x0112

_TURNS: dict[int, Callable[[Pixels], Pixels]] = {
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.swapaxes(0, 1),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: np.rot90(image, 1)[:, ::-1],
    8: lambda image: np.rot90(image, 1),
}


def upright(raster: Raster) -> Raster:
    """The raster turned as its EXIF block asks, and the block's orientation set to 1.

    A block that can't be parsed is dropped, as no writer should pass on garbage.
    """
    if raster.exif is None:
        return raster
    exif = bytearray(raster.exif.removeprefix(EXIF_PREFIX))
    orientation = 1
    try:
        at = value_position(exif, _ORIENTATION)
        if at is not None:
            order = byte_order(exif) + "H"
            (orientation,) = struct.unpack_from(order, exif, at)
            struct.pack_into(order, exif, at, 1)
    except (struct.error, KeyError):
        return replace(raster, exif=None)
    return turned(replace(raster, exif=bytes(exif)), orientation)


def byte_order(exif: bytes | bytearray) -> str:
    """The sign that `struct` has for the byte order of an EXIF block or TIFF file."""
    return {b"II": "<", b"MM": ">"}[bytes(exif[:2])]


def value_position(exif: bytes | bytearray, tag: int) -> int | None:
    """Where the value of a short tag lies in an EXIF block or classic TIFF; None without it."""
    order = byte_order(exif)
    (start,) = struct.unpack_from(f"{order}I", exif, 4)
    (count,) = struct.unpack_from(f"{order}H", exif, start)
    for entry in range(start + 2, start + 2 + 12 * count, 12):
        if struct.unpack_from(f"{order}H", exif, entry) == (tag,):
            return entry + 8
    return None


def turned(raster: Raster, orientation: int) -> Raster:
    """The raster turned by a TIFF/EXIF orientation (1…8); any other number means upright."""
    if orientation not in _TURNS:
        return raster
    turn = _TURNS[orientation]
    alpha = None if raster.alpha is None else np.ascontiguousarray(turn(raster.alpha))
    extras = dict(raster.extras)
    if orientation >= 5 and "resolution" in extras:
        across, down, unit = extras["resolution"]
        extras["resolution"] = (down, across, unit)
    pixels = np.ascontiguousarray(turn(raster.pixels))
    return replace(raster, pixels=pixels, alpha=alpha, extras=extras)


def fitting_profile(icc: bytes | None, colours: int) -> bytes | None:
    """The ICC profile if it describes this number of colour channels, else None."""
    space = {1: b"GRAY", 3: b"RGB "}.get(colours)
    return icc if icc is not None and icc[16:20] == space else None


_quiet_lock = threading.Lock()


@contextmanager
def quietly() -> Iterator[None]:
    """Run a short piece of Pillow without its warnings on odd metadata.

    The lock is there because Python's warning filters belong to the whole process: two threads
    that leave in the wrong order would keep warnings off for good.
    """
    with _quiet_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
