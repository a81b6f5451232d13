"""How large a picture may be, and the sentences for what goes wrong with image files."""

from __future__ import annotations

import errno

from beyne.errors import DISK_FULL, ImageError, is_disk_full
from beyne.hardware import machine_memory

#: A pixel of the largest usual kind: red, green, blue and alpha at 16 bits.
_BYTES_PER_PIXEL = 8
_MEMORY_IF_UNKNOWN = 8 << 30
_LARGEST_DEFAULT = 1 << 30


def default_pixel_limit(scale: int = 1) -> int:
    """The most pixels a picture may have where nobody says otherwise.

    The picture enlarged ``scale`` times may take half of the machine's memory, at 8 bytes a pixel:
    with ``scale=4`` that is 33 megapixels on 8 GiB, with ``scale=1`` 537. Where the system does
    not tell its memory (Windows), 8 GiB are assumed. It never is over 2³⁰ pixels, so that a small
    file that claims to be huge is refused on large machines, too.

    Args:
        scale: Factor by which height and width are going to grow.

    Returns:
        A count of pixels, height × width, of the picture as read.
    """
    memory = machine_memory() or _MEMORY_IF_UNKNOWN
    return min(memory // 2 // (_BYTES_PER_PIXEL * scale * scale), _LARGEST_DEFAULT)


def check_pixels(width: int, height: int, limit: int, bands: int = 4) -> None:
    """Refuse a picture by its header, before memory is taken for it.

    Args:
        width: Columns.
        height: Rows.
        limit: The most pixels allowed. Four bands together count as one pixel.
        bands: Bands of the file, alpha included.

    Raises:
        ImageError: The size is zero or over ``limit``.
    """
    if width <= 0 or height <= 0 or bands <= 0:
        raise ImageError(f"its header says {width}×{height} pixels", "get or save it again")
    pixels = width * height * -(-bands // 4)
    if pixels > limit:
        many = f" with {bands} bands" if bands > 4 else ""
        raise ImageError(
            f"{width}×{height} pixels{many} are over the limit of {limit} pixels",
            f"pass --pixel-limit {pixels} if memory and disk carry it, else crop it",
        )


def cut_short() -> ImageError:
    """The error for a file that ends before its picture does."""
    return ImageError("the file is cut short", "copy or download it again")


def damaged(error: BaseException) -> ImageError:
    """The error for a file that a decoder gave up on; the decoder's words go with it."""
    detail = " ".join(str(error).split()) or type(error).__name__
    if len(detail) > 120:
        detail = detail[:119] + "…"
    return ImageError(f"the file is damaged ({detail})", "copy, download or save it again")


def several_frames(count: int | None, word: str = "frames") -> ImageError:
    """The error for an animation or a stack: ``count`` frames, or None where nobody counted."""
    number = "several" if count is None else str(count)
    return ImageError(f"it holds {number} {word}, not one picture", "save one as a file of its own")


def from_os_error(error: OSError, doing: str) -> ImageError:
    """What the operating system refused, as a sentence; ``doing`` is ``"read"`` or ``"write"``."""
    known = {
        errno.ENOENT: ("the file does not exist", "check the path"),
        errno.EISDIR: ("it is a folder, not a file", "name a file"),
        errno.ENOTDIR: ("a part of its path is a file, not a folder", "check the path"),
        errno.EEXIST: ("a part of its path is a file, not a folder", "check the path"),
        errno.EACCES: (f"no permission to {doing} it", "check the rights of file and folder"),
        errno.EPERM: (f"no permission to {doing} it", "check the rights of file and folder"),
        errno.EROFS: ("the disk is read-only", "choose another folder with -o"),
        errno.ENAMETOOLONG: ("its name is too long", "shorten it"),
    }
    if is_disk_full(error):
        return ImageError(*DISK_FULL)
    code = error.errno or 0
    if code in known:
        return ImageError(*known[code])
    return ImageError(f"can't {doing} it ({error.strerror or error})", "check disk and path")
