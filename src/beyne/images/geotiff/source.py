"""A georeferenced raster on disk, described as a whole and read in windows."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from beyne.errors import DISK_FULL, ImageError, MissingExtraError
from beyne.images.checks import check_pixels, cut_short, damaged, several_frames
from beyne.images.metadata import quietly
from beyne.images.raster import Pixels

try:
    import rasterio
    from rasterio._err import CPLE_BaseError  # what GDAL says, where rasterio does not wrap it
    from rasterio.enums import ColorInterp, MaskFlags
    from rasterio.errors import RasterioError
    from rasterio.windows import Window
except ImportError:
    raise MissingExtraError("rasterio", "geo") from None

# rasterio logs what it raises, too; without a handler Python would print that to standard error.
logging.getLogger("rasterio").addHandler(logging.NullHandler())

Mask = NDArray[np.bool_]

#: First bytes → what GDAL opens such a file with. A VRT, say, could name any file or address.
_DRIVERS = {
    b"II": "GTiff",
    b"MM": "GTiff",
    b"\0\0\0\x0cjP": "JP2OpenJPEG",
    b"\xff\x4f": "JP2OpenJPEG",
    b"\x89PNG": "PNG",
    b"\xff\xd8": "JPEG",
}
_DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")
#: Bytes of blocks that GDAL keeps; by default it were a twentieth of the memory.
_CACHE = 128 << 20
#: Side in pixels of the grid on which values are sampled.
_SAMPLES = 512
_COLOURS = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
#: Colour interpretation → names of such bands, those of Sentinel-2 among them.
_VEGETATION = {
    "red": ("red", "b04"),
    "nir": ("nir", "near infrared", "near-infrared", "b08"),
}
#: Rows at once where a raster is looked through as a whole.
_ROWS = 256


@contextmanager
def gdal() -> Iterator[None]:
    """GDAL with bounded memory, masks inside the file, and no files of its own beside it."""
    options = {"GDAL_CACHEMAX": _CACHE, "GDAL_TIFF_INTERNAL_MASK": True, "GDAL_PAM_ENABLED": True}
    with rasterio.Env(**options):
        yield


@contextmanager
def told_plainly(doing: str) -> Iterator[None]:
    """Turn GDAL's errors while ``doing`` ``"read"`` or ``"write"`` into one sentence."""
    try:
        yield
    except (RasterioError, CPLE_BaseError) as error:
        words = f"{error} {error.__cause__ or ''}"
        if doing == "write":
            if "Write error" in words:  # GDAL keeps the system's own answer to itself
                raise ImageError(*DISK_FULL) from error
            raise ImageError(f"it can't be written ({words.strip()})", "check the disk") from error
        cut = ("Read error", "Cannot read", "Read failed", "TIFFReadEncoded", "TIFFFillStrip")
        if any(word in words for word in cut):
            raise cut_short() from error
        raise damaged(error) from error


@dataclass(frozen=True)
class Described:
    """What a raster's file says of it.

    Attributes:
        path: The file.
        height: Rows.
        width: Columns.
        dtype: Type of the samples.
        data: Numbers, from 1, of the bands that are not alpha.
        colours: Those of red, green and blue; empty unless each is there once.
        alpha: That of alpha; None if there is none.
        nodata: For each band the value that stands for no data, or None.
        limits: Least and greatest sample that the file can hold.
        has_gaps: Whether some of it may be no data.
        rescale: For each band slope and offset from samples to what they measure.
        vegetation: Numbers of red and near infrared; empty unless each is there once.
    """

    path: Path
    height: int
    width: int
    dtype: np.dtype[Any]
    data: tuple[int, ...]
    colours: tuple[int, ...]
    alpha: int | None
    nodata: tuple[float | None, ...]
    limits: tuple[float, float]
    has_gaps: bool
    rescale: tuple[tuple[float, float], ...]
    vegetation: tuple[int, ...]


class Source:
    """An open raster; a context manager, for one thread at a time.

    Args:
        path: GeoTIFF, JPEG 2000 or another raster of one picture.
        limit: The most pixels taken; None: any number, as it is read in windows.
        description: The raster that the folder ``path`` is, as `beyne.images.geotiff.scene` has it.

    Raises:
        ImageError: It can't be read, in one sentence.
    """

    def __init__(self, path: Path, limit: int | None = None, description: str = "") -> None:
        driver = "VRT" if description else _driver(path)
        with told_plainly("read"), quietly():
            self.dataset: Any = rasterio.open(description or path, driver=driver)
        try:
            self.described = _described(self.dataset, path, limit)
        except BaseException:
            self.dataset.close()
            raise

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *error: object) -> None:
        self.dataset.close()

    def read(
        self, bands: Sequence[int], rows: tuple[int, int], columns: tuple[int, int]
    ) -> tuple[Pixels, Mask]:
        """A window: samples ``(bands, H, W)`` as stored, and which of them are data.

        No data are samples of the nodata value, NaN and infinity, and what a mask or alpha hides.
        """
        window = Window.from_slices(rows, columns)
        with told_plainly("read"):
            values = self.dataset.read(list(bands), window=window)
            valid = self.dataset.read_masks(list(bands), window=window) > 0
            if self.described.alpha is not None:
                valid &= self.dataset.read(self.described.alpha, window=window) > 0
        if values.dtype.kind == "f":
            valid &= np.isfinite(values)
        return values, valid

    def sample(self, bands: Sequence[int]) -> NDArray[np.float64]:
        """Values of data, ``(n,)``, from a grid over the whole raster.

        Where the grid meets none, the least and the greatest of all; empty if there is no data.
        """
        height, width = self.described.height, self.described.width
        step = max(1, height // _SAMPLES), max(1, width // _SAMPLES)
        found = []
        for row in range(0, height, step[0]):
            values, valid = self.read(bands, (row, row + 1), (0, width))
            found.append(values[..., :: step[1]][valid[..., :: step[1]]])
        if not any(len(values) for values in found):
            for row in range(0, height, _ROWS):
                values, valid = self.read(bands, (row, min(row + _ROWS, height)), (0, width))
                if valid.any():
                    found.append(np.array([values[valid].min(), values[valid].max()]))
        return np.concatenate(found).astype(np.float64)


def _driver(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(12)
    for start, driver in _DRIVERS.items():
        if head.startswith(start):
            return driver
    raise ImageError("it is no TIFF, JPEG 2000, PNG or JPEG", "leave out --format cog")


def _described(dataset: Any, path: Path, limit: int | None) -> Described:
    if dataset.subdatasets:
        raise several_frames(len(dataset.subdatasets), "pages")
    if limit is not None:
        check_pixels(dataset.width, dataset.height, limit, dataset.count)
    dtype = dataset.dtypes[0]
    if dtype not in _DTYPES or len(set(dataset.dtypes)) > 1:
        problem = f"its samples are of type {', '.join(sorted(set(dataset.dtypes)))}"
        raise ImageError(f"{problem}, which is not read", "save it as float32")
    roles = dataset.colorinterp
    if ColorInterp.palette in roles:
        problem = "its values are places in a palette, which can't be enlarged as numbers"
        raise ImageError(problem, "gdal_translate -expand rgb IN OUT, if they are colours")
    marked = [tuple(np.flatnonzero([role == each for role in roles]) + 1) for each in _COLOURS]
    alpha = [number for number, role in enumerate(roles, 1) if role == ColorInterp.alpha]
    data = tuple(number for number in dataset.indexes if number not in alpha[:1])
    if not data:
        raise ImageError("it holds alpha and no data", "name another file")
    return Described(
        path=path,
        height=dataset.height,
        width=dataset.width,
        dtype=np.dtype(dtype),
        data=data,
        colours=tuple(int(m[0]) for m in marked) if all(len(m) == 1 for m in marked) else (),
        alpha=alpha[0] if alpha else None,
        nodata=dataset.nodatavals,
        limits=_limits(dataset, np.dtype(dtype)),
        has_gaps=np.dtype(dtype).kind == "f"
        or any(MaskFlags.all_valid not in dataset.mask_flag_enums[band - 1] for band in data),
        rescale=tuple(zip(dataset.scales, dataset.offsets, strict=True)),
        vegetation=_vegetation(dataset),
    )


def _vegetation(dataset: Any) -> tuple[int, ...]:
    """Red and near infrared by colour interpretation, or else by the bands' names."""
    roles = [role.name for role in dataset.colorinterp]
    names = [str(name).strip().lower() for name in dataset.descriptions]
    found = []
    for role, words in _VEGETATION.items():
        marked = [number for number, each in enumerate(roles, 1) if each == role]
        named = [number for number, name in enumerate(names, 1) if name in words]
        found.append(marked or named)
    return tuple(numbers[0] for numbers in found) if all(len(n) == 1 for n in found) else ()


def _limits(dataset: Any, dtype: np.dtype[Any]) -> tuple[float, float]:
    if dtype.kind == "f":
        return -np.inf, np.inf
    bits = dataset.tags(1, ns="IMAGE_STRUCTURE").get("NBITS")
    info = np.iinfo(dtype)
    return float(info.min), float(2 ** int(bits) - 1 if bits else info.max)


def has_mask(dataset: Any) -> bool:
    """Whether an open raster has a mask of its own, neither nodata nor alpha."""
    flags = dataset.mask_flag_enums[0]
    return MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags
