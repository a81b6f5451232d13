"""DICOM files made of enlarged frames, one at a time, and how far these keep to their source."""

from __future__ import annotations

import shutil
import struct
from copy import deepcopy
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np
from pydicom.filebase import DicomIO
from pydicom.filewriter import write_dataset
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from beyne.errors import ImageError
from beyne.images.dicom import Frame, Source, unchecked
from beyne.images.dicom_comparison import Comparison
from beyne.images.dicom_header import derive
from beyne.images.dicom_identity import anonymize
from beyne.images.raster import Raster, Treatment, is_data
from beyne.images.resample import Operator
from beyne.images.residual import Levels
from beyne.images.spool import Spooled

_PIXEL_DATA = Tag("PixelData")
#: The length of uncompressed pixels has 32 bits, and one value means something else.
_MOST_BYTES = 2**32 - 2
_NATIVE = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian)
_ROWS = 64  # source rows at once, so that memory does not grow with the picture
_CONTEXT = 4  # source rows beyond them; A reaches two


class DicomOutput(Spooled):
    """A DICOM file in the making; a context manager, which at its end gives the frames up.

    Args:
        folder: Where finished frames wait, in a file without a name.
        anonymized: Leave out whatever may tell who was examined, by whom, where and when.

    Attributes:
        remarks: What the user should know about this file; complete when all frames are there.
    """

    def __init__(self, folder: Path, anonymized: bool = False) -> None:
        super().__init__(folder)
        self._anonymized = anonymized
        self._source: Source | None = None
        self._treatment: Treatment | None = None
        self._size = (0, 0)
        self._comparison = Comparison()

    def add(self, raster: Raster) -> None:
        """Take the next frame.

        Args:
            raster: Made of a raster that was read from DICOM, with all of its bands.

        Raises:
            ImageError: It was not, or the file would be larger than DICOM allows.
        """
        frame = raster.extras.get("dicom")
        if not isinstance(frame, Frame):
            problem = f"what was read from {raster.format} can't be written as DICOM"
            raise ImageError(problem, "use --format png or tiff")
        scale = raster.height // frame.pixels.shape[0]
        if raster.pixels.shape != (*(n * scale for n in frame.pixels.shape[:2]), raster.channels):
            raise ImageError("it was not enlarged by a whole factor", "use --format tiff")
        if raster.channels != frame.pixels.shape[2] or raster.pixels.dtype != frame.pixels.dtype:
            raise ImageError("DICOM output keeps all bands and the depth", "use --format tiff")
        self._source, self._treatment = frame.source, raster.treatment
        self._size = raster.pixels.shape[:2]
        bytes_in_all = raster.pixels.size * self._stored_type.itemsize * frame.source.frames
        if bytes_in_all > _MOST_BYTES:
            problem = f"its pixels would take {bytes_in_all >> 20} MB, and DICOM holds 4096"
            raise ImageError(problem, "use a smaller --scale, or split the file")
        self._append(raster, frame, scale)

    @property
    def _stored_type(self) -> np.dtype[Any]:
        assert self._source is not None
        return np.dtype(f"<{'i' if self._source.low else 'u'}{self._source.allocated // 8}")

    def _append(self, raster: Raster, frame: Frame, scale: int) -> None:
        """Write the stored values in strips, and compare each with its source."""
        source = frame.source
        swapped = _syntax(source) == ExplicitVRBigEndian
        stored_type = self._stored_type.newbyteorder(">") if swapped else self._stored_type
        height = len(frame.pixels)
        levels = Levels(1, source.levels, (source.low, source.low + source.levels))
        operator: Operator = raster.treatment.operator if raster.treatment else "bicubic"
        for top in range(0, height, _ROWS):
            bottom = min(top + _ROWS, height)
            first, last = max(top - _CONTEXT, 0), min(bottom + _CONTEXT, height)
            made = source.to_stored(raster.pixels[first * scale : last * scale])
            seen = source.to_stored(frame.pixels[first:last])
            given = seen[top - first : bottom - first]
            inner = made[(top - first) * scale : (bottom - first) * scale]
            self._spool.write(inner.astype(stored_type).tobytes())
            valid = is_data(seen, source.padding)
            self._comparison.add(given, inner, valid[top - first : bottom - first], top, height)
            if scale > 1:
                core = slice(top - first, bottom - first), slice(None)
                large, small, known = (of.transpose(2, 0, 1) for of in (made, seen, valid))
                self._comparison.residual.add(large, small, levels, operator, core, known)

    @property
    def consistency_db(self) -> float | None:
        """PSNR of the file, shrunk again, against its source, over the range of stored values."""
        return self._comparison.residual.decibels

    @property
    def remarks(self) -> list[str]:
        """How the values before and after compare, and what else the user should know."""
        assert self._source is not None
        dataset = self._source.dataset
        said = self._comparison.sentences(dataset)
        remarks = [" ".join(said) or "it holds no data, and so does the result"]
        if self._anonymized and dataset.get("BurnedInAnnotation") != "NO":
            remarks.append("names that stand in the picture itself are still there")
        return remarks

    def save(self, file: BinaryIO) -> None:
        """Write the whole file."""
        source = self._source
        assert source is not None
        with unchecked():
            dataset = deepcopy(source.dataset)
            del dataset[_PIXEL_DATA]
            syntax = _syntax(source)
            scale = self._size[0] // int(dataset.Rows)
            said = self._comparison.sentences(dataset)
            limits = (self._comparison.least, self._comparison.greatest)
            if self._anonymized:
                anonymize(dataset)
            derive(dataset, source, scale, self._treatment, said, limits)
            # Their place is in the midst of the elements, which are written in order.
            before, after = dataset[:_PIXEL_DATA], dataset[_PIXEL_DATA:]
            before.file_meta = dataset.file_meta
            before.file_meta.TransferSyntaxUID = syntax
            before.save_as(
                file,
                implicit_vr=syntax.is_implicit_VR,
                little_endian=syntax.is_little_endian,
                enforce_file_format=True,
            )
            file.seek(0, 2)
            kind = b"OB" if self._stored_type.itemsize == 1 else b"OW"
            append_pixels(file, self._spool, syntax, kind)
            stream = DicomIO(file)
            stream.is_implicit_VR = syntax.is_implicit_VR
            stream.is_little_endian = syntax.is_little_endian
            write_dataset(stream, after, dataset.get("SpecificCharacterSet", "iso8859"))


def append_pixels(file: BinaryIO, spool: IO[bytes], syntax: Any, kind: bytes) -> None:
    """Write a spool of uncompressed pixels as the next element, of ``kind`` OB or OW."""
    length = spool.seek(0, 2)
    padding = length % 2
    order = "<" if syntax.is_little_endian else ">"
    file.write(struct.pack(f"{order}HH", _PIXEL_DATA.group, _PIXEL_DATA.element))
    if not syntax.is_implicit_VR:
        file.write(kind + bytes(2))
    file.write(struct.pack(f"{order}I", length + padding))
    spool.seek(0)
    shutil.copyfileobj(spool, file)
    file.write(bytes(padding))


def write(raster: Raster, file: BinaryIO) -> None:
    """Write one frame as a file of its own; see `beyne.images.write`."""
    frame = raster.extras.get("dicom")
    if isinstance(frame, Frame) and frame.source.frames > 1:
        raise ImageError("one frame of several can't be written as DICOM", "use --format png")
    with DicomOutput(Path(file.name).parent) as output:
        output.add(raster)
        output.save(file)


def _syntax(source: Source) -> Any:
    """The source's own, if it is uncompressed, so that its elements stay as they are."""
    syntax = source.dataset.file_meta.TransferSyntaxUID
    return syntax if syntax in _NATIVE else ExplicitVRLittleEndian
