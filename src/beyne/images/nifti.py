"""NIfTI volumes by nibabel, read and written slice by slice (extra ``nifti``)."""

from __future__ import annotations

import gzip
import math
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from beyne.errors import ImageError, MissingExtraError
from beyne.images.checks import check_pixels
from beyne.images.files import reading
from beyne.images.metadata import quietly
from beyne.images.raster import Pixels, Treatment
from beyne.images.residual import Residual
from beyne.images.spool import Spooled, not_for_diagnosis

try:
    import nibabel
    from nibabel.arrayproxy import ArrayProxy
    from nibabel.nifti1 import Nifti1Extension
except ImportError:
    raise MissingExtraError("nibabel", "nifti") from None

_DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")
#: Samples taken of a volume to tell its range.
_SAMPLES = 1 << 20
_COMMENT = 6  # code of an extension that holds a text
_LABELS = 1002  # intent of a volume that names regions
#: Fields of the header in which names may stand.
_TEXTS = ("descrip", "aux_file", "db_name", "intent_name")


class Volume:
    """An open NIfTI volume: slices along its first two axes, whatever axes follow.

    Args:
        path: The file, ``.nii`` or ``.nii.gz``.
        limit: The most pixels of a slice.

    Attributes:
        header: As nibabel read it.
        slope: What stored values are multiplied by; NaN: nothing is stated.
        intercept: What is added then.
        height: Pixels along the first axis.
        width: Pixels along the second.
        count: How many slices there are.

    Raises:
        ImageError: It holds no such volume.
    """

    def __init__(self, path: Path, limit: int) -> None:
        with quietly():
            image: Any = nibabel.load(path)
        self.header, proxy = image.header, image.dataobj
        if self.dtype.name not in _DTYPES:
            problem = f"its samples are of type {self.dtype}, which is not read"
            raise ImageError(problem, "save it as float32")
        if int(self.header["intent_code"]) == _LABELS:
            problem = "its values are labels, which can't be enlarged as numbers"
            raise ImageError(problem, "enlarge the picture they were drawn on")
        shape = proxy.shape
        if len(shape) < 2 or 0 in shape:
            raise ImageError(f"it has the shape {shape}, without slices", "check the file")
        self.slope, self.intercept = _stated(path, self.header)
        self.height, self.width, self.count = shape[0], shape[1], math.prod(shape[2:])
        check_pixels(self.width, self.height, limit)
        flat = (self.height, self.width, self.count)
        stored = (flat, self.header.get_data_dtype(), proxy.offset, 1, 0)
        # Kept open, as a compressed file is else read from its beginning for each slice.
        self._stored: Any = ArrayProxy(  # type: ignore[no-untyped-call]
            proxy.file_like, stored, keep_file_open=True
        )

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the stored values, in the machine's byte order."""
        native: np.dtype[Any] = self.header.get_data_dtype().newbyteorder("=")
        return native

    @property
    def limits(self) -> tuple[float, float]:
        """Least and greatest value that can be stored."""
        if self.dtype.kind == "f":
            return -np.inf, np.inf
        info = np.iinfo(self.dtype)
        return float(info.min), float(info.max)

    def slices(self) -> Iterator[Pixels]:
        """Stored values ``(1, H, W)``, a slice at a time."""
        for number in range(self.count):
            with quietly(), reading():
                values = np.asarray(self._stored[..., number])
            yield values.astype(self.dtype, copy=False)[None]

    def sample(self) -> NDArray[np.float64]:
        """Values of data, ``(n,)``, from a grid over all slices."""
        step = math.ceil(math.sqrt(self.height * self.width * self.count / _SAMPLES))
        found = [values[:, ::step, ::step].ravel() for values in self.slices()]
        every = np.concatenate(found).astype(np.float64)
        return every[np.isfinite(every)]


class VolumeOutput(Spooled):
    """A NIfTI volume in the making; a context manager, which at its end gives the slices up.

    Args:
        volume: What is enlarged.
        folder: Where finished slices wait, in a file without a name.
        anonymized: Leave out all texts.
    """

    def __init__(self, volume: Volume, folder: Path, anonymized: bool = False) -> None:
        self._volume, self._anonymized = volume, anonymized
        super().__init__(folder)

    def add(self, values: Pixels) -> None:
        """Take the next slice, ``(1, H·scale, W·scale)``."""
        stored = values[0].astype(self._volume.header.get_data_dtype())
        self._spool.write(stored.tobytes(order="F"))

    def save(self, file: BinaryIO, packed: bool, treatment: Treatment, residual: Residual) -> None:
        """Write the whole file, compressed if ``packed``; it says what was done."""
        header = _enlarged(self._volume, treatment)
        if self._anonymized:
            header.extensions.clear()
            for name in _TEXTS:
                header[name] = b""
        kept = ", projected onto its source" if treatment.consistent else ""
        said = (
            f"Enlarged x{treatment.scale} by beyne {version('beyne')} with model "
            f"{treatment.model}{kept}; not for diagnosis. {residual.sentence}"
        )
        text = said.strip().encode("ascii", "replace")
        header.extensions.append(Nifti1Extension(_COMMENT, text))
        _write(header, self._spool, file, packed)


class PercentVolume(Spooled):
    """A NIfTI volume of percent in the making; a context manager like `VolumeOutput`.

    Bytes from 0 to 100 with a slope of 0.01: what readers give is in [0, 1].

    Args:
        beside: A volume that has been written, whose size and affines it has.
        folder: Where finished slices wait, in a file without a name.
    """

    def __init__(self, beside: Path, folder: Path) -> None:
        with quietly():
            self._header: Any = nibabel.load(beside).header.copy()
        super().__init__(folder)

    def add(self, values: Pixels) -> None:
        """Take the next slice, ``(H, W)`` bytes."""
        self._spool.write(values.tobytes(order="F"))

    def save(self, file: BinaryIO, packed: bool, said: str) -> None:
        """Write the whole file, compressed if ``packed``; it says what the values mean."""
        header = self._header
        header.set_data_dtype(np.uint8)
        header.set_slope_inter(0.01, 0)
        header["cal_min"], header["cal_max"] = 0, 1
        header.extensions.clear()
        text = not_for_diagnosis(said).encode()
        header.extensions.append(Nifti1Extension(_COMMENT, text))
        _write(header, self._spool, file, packed)


def _write(header: Any, spool: IO[bytes], file: BinaryIO, packed: bool) -> None:
    """A header and the spooled values after it."""
    spool.seek(0)
    # Without a name and a time in it, the same call makes the same file.
    stream: Any = gzip.GzipFile("", "wb", 6, file, mtime=0) if packed else file
    header.write_to(stream)
    stream.write(bytes(int(header["vox_offset"]) - stream.tell()))
    shutil.copyfileobj(spool, stream)
    if packed:
        stream.close()


def _stated(path: Path, header: Any) -> tuple[float, float]:
    """Slope and intercept as the file has them; nibabel takes them out of the header."""
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    with opened(path, "rb") as file:
        raw = type(header).from_fileobj(file, check=False)
    return float(raw["scl_slope"]), float(raw["scl_inter"])


def _enlarged(volume: Volume, treatment: Treatment) -> Any:
    """The header of the result: two axes are finer, and the outer corner stays where it is."""
    header, scale = volume.header.copy(), treatment.scale
    shape, zooms = header.get_data_shape(), header.get_zooms()
    forms = [header.get_qform(coded=True), header.get_sform(coded=True)]
    header.set_data_shape((shape[0] * scale, shape[1] * scale, *shape[2:]))
    header.set_zooms((zooms[0] / scale, zooms[1] / scale, *zooms[2:]))
    finer = np.diag([1 / scale, 1 / scale, 1.0, 1.0])
    finer[:2, 3] = 0.5 / scale - 0.5  # positions are those of the middles of pixels
    for (affine, code), put in zip(forms, (header.set_qform, header.set_sform), strict=True):
        if affine is not None:
            put(affine @ finer, int(code))
    header.set_slope_inter(volume.slope, volume.intercept)
    return header
