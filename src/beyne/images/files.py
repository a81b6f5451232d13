"""`read` and `write`: any file beyne knows, told apart by content, written whole or not at all."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from beyne.errors import BeyneError, ImageError, UsageError, did_you_mean
from beyne.files import whole_or_nothing
from beyne.images.checks import cut_short, damaged, default_pixel_limit, from_os_error
from beyne.images.raster import Raster

#: Suffixes of the files that `read` takes, for whoever walks a folder. `read` itself goes by
#: content.
SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".dcm", ".dicom"},
)
_KNOWN = "PNG, JPEG, WebP, BMP, GIF, TIFF or DICOM"

_SIGNATURES = (
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"\xff\xd8\xff", "jpeg"),
    (8, b"WEBP", "webp"),
    (0, b"BM", "bmp"),
    (0, b"GIF8", "gif"),
    (0, b"II*\0", "tiff"),
    (0, b"MM\0*", "tiff"),
    (0, b"II+\0", "tiff"),
    (0, b"MM\0+", "tiff"),
)
_FOREIGN = (
    (4, b"ftypavif", "an AVIF picture"),
    (4, b"ftypavis", "an AVIF picture"),
    (4, b"ftyphe", "a HEIC picture"),
    (4, b"ftypmif1", "a HEIC picture"),
    (4, b"ftypmsf1", "a HEIC picture"),
    (4, b"ftyp", "a video"),
    (0, b"\xff\x0a", "a JPEG XL picture"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"v/1\x01", "an OpenEXR picture"),
    (0, b"#?RADIANCE", "a Radiance HDR picture"),
    (0, b"\x89HDF", "an HDF5 file"),
    (0, b"SIMPLE  =", "a FITS file"),
    (0, b"%PDF", "a PDF document"),
    (0, b"PK\x03\x04", "a zip archive"),
)
_NIFTI_HEADER = 348  # bytes
#: Enlarged piece by piece only, to a file of the kind that is named last.
_STREAMED = (
    (4, b"jP  \r\n\x87\n", "a JPEG 2000 picture", ".tif"),
    (344, b"n+1\0", "a NIfTI volume", ".nii"),
    (4, b"n+2\0", "a NIfTI volume", ".nii"),
)
_WRITTEN = {
    "png": "png",
    "tiff": "tiff",
    "tif": "tiff",
    "jpg": "jpeg",
    "jpeg": "jpeg",
    "webp": "webp",
    "dcm": "dicom",
    "dicom": "dicom",
}


def check_no_pipe(path: Path) -> None:
    """Refuse what is neither file nor folder: whoever opens a pipe waits for the other end.

    Raises:
        ImageError: It is such a thing.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise ImageError("it is a device or pipe, not a file", "copy it to a file first")


def is_dicom(path: Path) -> bool:
    """Whether a file bears DICOM's mark; a DICOMDIR does, too."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:  # a folder, or not ours to read
        return False


def is_nifti(path: Path) -> bool:
    """Whether a file, compressed or not, bears the mark of a NIfTI volume."""
    try:
        with path.open("rb") as file:
            head = file.read(_NIFTI_HEADER)
        if head.startswith(b"\x1f\x8b"):
            with gzip.open(path) as packed:
                head = packed.read(_NIFTI_HEADER)
    except (OSError, EOFError, zlib.error):
        return False
    return head[344:348] == b"n+1\0" or head[4:8] == b"n+2\0"


def read(path: str | Path, pixel_limit: int | None = None, several: bool = False) -> Raster:
    """Read a picture, whatever its suffix.

    PNG, JPEG, WebP, BMP, GIF, TIFF and DICOM with one picture in it. Palettes and CMYK become RGB,
    1, 2 and 4 bits become 8, other odd depths 16. Alpha is what the file itself marks as alpha; it
    comes straight, never premultiplied. Float files are taken as [0, 1]; one that clearly holds
    other values, such as 0…255, is refused.

    Args:
        path: The file.
        pixel_limit: The most pixels taken, told from the header; `default_pixel_limit` if None.
        several: Of a DICOM file of several frames take the first instead of refusing the file.

    Raises:
        ImageError: The file can't be read, in one sentence, whatever is wrong with it.

    Example:
        >>> raster = read("photo.jpg")
        >>> raster.pixels.shape, raster.pixels.dtype
        ((512, 768, 3), dtype('uint8'))
    """
    limit = default_pixel_limit() if pixel_limit is None else pixel_limit
    with reading():
        path = Path(path)
        check_no_pipe(path)
        with path.open("rb") as file:
            family = _family(file.read(512))
            if family == "dicom":
                from beyne.images import dicom

                return dicom.read(path, limit, several)
            file.seek(0)
            return _read_family(family, file, limit)


@contextmanager
def reading() -> Iterator[None]:
    """Turn whatever goes wrong with a file that is being read into an `ImageError`."""
    try:
        yield
    except BeyneError:
        raise
    except MemoryError as error:
        raise ImageError("it does not fit into memory", "crop it or close programs") from error
    except OSError as error:
        if error.errno:
            raise from_os_error(error, "read") from error
        # Without a number it comes from Pillow, not from the system.
        raise (cut_short() if "truncated" in str(error) else damaged(error)) from error
    except Exception as error:
        # Decoders raise whatever a broken file makes them trip over.
        raise damaged(error) from error


def is_picture(path: Path) -> bool:
    """Whether a file's first bytes are those of a kind that is read or enlarged."""
    with path.open("rb") as file:
        head = file.read(512)
    if is_nifti(path) or any(head[at : at + len(magic)] == magic for at, magic, *_ in _STREAMED):
        return True
    try:
        _family(head)
    except ImageError:
        return False
    return True


def _family(head: bytes) -> str:
    if not head:
        raise ImageError("the file is empty", "copy or download it again")
    if head[128:132] == b"DICM":  # first: its preamble may look like a TIFF
        return "dicom"
    for at, magic, family in _SIGNATURES:
        if head[at : at + len(magic)] == magic:
            return family
    for at, magic, kind in _FOREIGN:
        if head[at : at + len(magic)] == magic:
            raise ImageError(f"it is {kind}, which is not read", "convert it to PNG")
    for at, magic, kind, suffix in _STREAMED:
        if head[at : at + len(magic)] == magic:
            problem = f"it is {kind}, which can only be enlarged, to {suffix}"
            raise ImageError(problem, f"beyne upscale FILE -o NAME{suffix}")
    if b"<svg" in head:
        raise ImageError("it is an SVG drawing, which is not read", "export it as PNG")
    raise ImageError(f"it is not a picture ({_KNOWN})", "check the file or convert it to PNG")


def _read_family(family: str, file: BinaryIO, limit: int) -> Raster:
    if family == "png":
        from beyne.images import png

        return png.read(file, limit)
    if family == "tiff":
        from beyne.images import tiff

        return tiff.read(file, limit)
    from beyne.images import pillow_formats

    return pillow_formats.read(file, limit, family)


def write(raster: Raster, path: str | Path, format: str | None = None) -> None:
    """Write a picture: the whole file appears under its name, or nothing does.

    Folders on the way are made. An existing file is replaced; if writing fails it stays as it was.
    Bit depth is kept where the format can hold it: PNG takes 8 and 16 bits (float becomes 16),
    TIFF all three, JPEG and WebP 8. ICC profile, EXIF and resolution are written where the format
    carries them.

    Args:
        raster: The picture.
        path: The file to make.
        format: ``png``, ``tiff``, ``jpg``, ``webp`` or ``dicom``; by the path's suffix if None.
            As DICOM only what was read from it is written; without a suffix it stays DICOM.

    Raises:
        UsageError: ``format`` is none of these.
        ImageError: The format can't hold the raster, or the disk refuses the file.
    """
    path = Path(path)
    family = output_family(path, raster, format)
    with new_file(path) as file:
        _write_family(family, raster, file)


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that appears whole or not at all; folders on the way are made.

    Raises:
        ImageError: The disk refuses it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_or_nothing(path) as file:
            yield file
    except MemoryError as error:
        raise ImageError("writing it does not fit into memory", "close programs") from error
    except OSError as error:
        raise from_os_error(error, "write") from error


def output_family(path: Path, raster: Raster, format: str | None = None) -> str:
    """The format family that a raster is written in; arguments and errors as for `write`."""
    if format is not None:
        if format not in _WRITTEN:
            raise UsageError(f"unknown format '{format}'", did_you_mean(format, _WRITTEN))
        return _WRITTEN[format]
    suffix = path.suffix.lower().removeprefix(".")
    if raster.format == "dicom" and path.suffix.lower() not in SUFFIXES:
        return "dicom"  # slices are often named by numbers alone, with or without dots
    if suffix not in _WRITTEN:
        kind = f"'.{suffix}' files are" if suffix else "a file without suffix is"
        raise ImageError(f"{kind} not written", "name it .png, .tiff, .jpg or .webp")
    return _WRITTEN[suffix]


def _write_family(family: str, raster: Raster, file: BinaryIO) -> None:
    if family == "png":
        from beyne.images import png

        png.write(raster, file)
    elif family == "tiff":
        from beyne.images import tiff

        tiff.write(raster, file)
    elif family == "dicom":
        from beyne.images import dicom_output

        dicom_output.write(raster, file)
    else:
        from beyne.images import pillow_formats

        pillow_formats.write(raster, file, family)
