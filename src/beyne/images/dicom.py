"""DICOM by pydicom: frames as rasters. `dicom_output` makes files of them again."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from beyne.errors import ImageError, MissingExtraError, UsageError
from beyne.images.checks import check_pixels, cut_short, damaged, several_frames
from beyne.images.metadata import quietly
from beyne.images.raster import Pixels, Raster, from_steps, to_steps

try:
    import pydicom
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.pixels.processing import apply_color_lut
    from pydicom.pixels.utils import iter_pixels
    from pydicom.tag import Tag
    from pydicom.uid import UID, DeflatedExplicitVRLittleEndian
except ImportError:
    raise MissingExtraError("pydicom", "dicom") from None

#: Elements larger than this stay on the disk until they are written.
_DEFERRED_BYTES = 1 << 20
_GREY = ("MONOCHROME1", "MONOCHROME2")
_COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
_PALETTE = "PALETTE COLOR"
_MOST_BITS = 16
_PIXEL_DATA = Tag("PixelData")
#: Words of pydicom about pixel data that end too soon.
_TOO_FEW = ("less than", "cannot reshape", "missing frame")
_OTHER_PIXELS = ("FloatPixelData", "DoubleFloatPixelData")
_KIND = ["PhotometricInterpretation", "Modality"]
#: Computed and digital radiography, and films that were scanned.
_RADIOGRAPHS = ("CR", "DX", "RG")


@dataclass(frozen=True)
class Source:
    """A DICOM file that holds pictures.

    Attributes:
        path: The file.
        dataset: Its elements but the pixels.
        photometric: How its colours are stored.
        frames: How many pictures it holds.
        bits: Bits stored of a sample; of a palette's colours, 8.
        allocated: Bits that a sample takes, 8 or 16.
        low: The least value that the stored bits can hold.
    """

    path: Path
    dataset: Any
    photometric: str
    frames: int
    bits: int
    allocated: int
    low: int

    @property
    def pixels(self) -> int:
        """Of all frames together."""
        return int(self.dataset.Rows) * int(self.dataset.Columns) * self.frames

    @property
    def levels(self) -> int:
        """Steps from the least value to the greatest."""
        return (1 << self.bits) - 1

    @property
    def padding(self) -> tuple[int, int] | None:
        """Least and greatest stored value that stand for no data (PS3.3 C.7.5.1.1.2)."""
        value, limit = (self.dataset.get(f"PixelPadding{end}") for end in ("Value", "RangeLimit"))
        if self.photometric not in _GREY or not isinstance(value, int):
            return None
        ends = (value, limit if isinstance(limit, int) else value)
        # Either sign is found in files, whatever that of the pixels.
        turn, half = 1 << self.allocated, 1 << self.allocated - 1
        low, high = sorted((end + half) % turn - half if self.low else end % turn for end in ends)
        return low, high

    def rasters(self) -> Iterator[Raster]:
        """Its frames, one at a time."""
        # No more is decoded than asked for, so that memory does not grow with the frames.
        with unchecked():
            decoded = iter_pixels(self.dataset if _is_deflated(self.dataset) else self.path)
        for index in itertools.count():
            with unchecked():
                try:
                    frame = next(decoded, None)
                except MemoryError:
                    raise
                except Exception as error:  # decoders raise whatever a broken file leads them to
                    short = any(words in str(error) for words in _TOO_FEW)
                    raise (cut_short() if short else damaged(error)) from error
            if frame is None:
                if index < self.frames:
                    raise cut_short()
                return
            pixels = self._from_stored(np.atleast_3d(frame))
            extras: dict[str, Any] = {"dicom": Frame(self, index, pixels), "levels": self.levels}
            if self.padding:
                ends = (self._turned(value - self.low) for value in self.padding)
                extras["padding"] = tuple(sorted(ends))
            yield Raster(pixels, format="dicom", extras=extras)

    def _from_stored(self, stored: Pixels) -> Pixels:
        """The full range of 8 or 16 bits, black at 0, of the full range of the stored bits."""
        if self.photometric == _PALETTE:
            with unchecked():
                colours = apply_color_lut(stored[..., 0], self.dataset)
            return colours if colours.dtype == np.uint8 else (colours >> 8).astype(np.uint8)
        dtype = np.dtype(np.uint8 if self.bits <= 8 else np.uint16)
        steps = (stored.astype(np.int32) - self.low).clip(0, self.levels).astype(dtype)
        return from_steps(self._turned(steps), self.levels)

    def to_stored(self, pixels: Pixels) -> Pixels:
        """The inverse for samples of any size: the stored values, as ``int32``."""
        stored: Pixels = self._turned(to_steps(pixels, self.levels)).astype(np.int32) + self.low
        return stored

    def _turned(self, steps: Any) -> Any:
        """Steps from black as steps from the least value, and back."""
        return self.levels - steps if self.photometric == "MONOCHROME1" else steps


@dataclass(frozen=True)
class Frame:
    """Where a raster comes from.

    Attributes:
        source: The file.
        index: The frame's number, from 0.
        pixels: Its samples as they were read.
    """

    source: Source
    index: int
    pixels: Pixels


def read(path: Path, limit: int, several: bool = False) -> Raster:
    """Read a DICOM file; see `beyne.images.read`.

    The range of values is that of the stored bits: 0 to 4095 with 12 of them, −32768 to 32767 with
    16 and a sign. Window and rescale are left to whoever shows the picture. MONOCHROME1 is turned
    over, so that black is black; palettes and YCbCr become RGB.

    Args:
        path: The file.
        limit: The most pixels of a frame.
        several: Of a file of several frames take the first; ``extras["dicom"].source`` has all.

    Raises:
        ImageError: It holds no picture of this kind, or is damaged.
    """
    source = open_source(path, limit)
    if source.frames > 1 and not several:
        raise several_frames(source.frames)
    return next(source.rasters())


def listed_files(path: Path) -> list[Path]:
    """The pictures that a DICOMDIR lists, relative to its folder, in its order.

    Raises:
        UsageError: It can't be read.
    """
    with unchecked():
        try:
            listed = [
                record.ReferencedFileID
                for record in pydicom.dcmread(path).get("DirectoryRecordSequence") or ()
                if record.get("DirectoryRecordType") == "IMAGE" and record.get("ReferencedFileID")
            ]
        except Exception as error:  # pydicom trips over broken files in many ways
            detail = " ".join(str(error).split()) or type(error).__name__
            raise UsageError(f"{path} can't be read ({detail})", "give its folder") from error
    files = [Path(*([parts] if isinstance(parts, str) else parts)) for parts in listed]
    return [file for file in files if not file.is_absolute() and ".." not in file.parts]


def is_radiograph(path: Path) -> bool:
    """Whether a file says of itself that it is a grey radiograph; one that can't be read is not."""
    with unchecked():
        try:
            dataset = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=_KIND)
        except Exception:  # whoever reads it says what is wrong with it
            return False
    photometric, modality = (dataset.get(name) for name in _KIND)
    return photometric in _GREY and modality in _RADIOGRAPHS


def open_source(path: Path, limit: int) -> Source:
    """The header of a DICOM file, checked so far that its frames can be decoded."""
    with unchecked():
        try:
            dataset = pydicom.dcmread(path, defer_size=_DEFERRED_BYTES)
            if _is_deflated(dataset):  # all or nothing
                dataset = pydicom.dcmread(path)
        except EOFError:
            raise cut_short() from None
        _check_pixel_data(dataset)
        photometric = str(dataset.get("PhotometricInterpretation", ""))
        bits, allocated = _checked_bits(dataset, photometric)
        rows, columns = int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0)
        check_pixels(columns, rows, limit)
        frames = int(dataset.get("NumberOfFrames") or 1)
        signed = photometric in _GREY and dataset.get("PixelRepresentation") == 1
    low = -(1 << bits - 1) if signed else 0
    return Source(path, dataset, photometric, frames, bits, allocated, low)


def _is_deflated(dataset: Any) -> bool:
    return bool(dataset.file_meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian)


def _check_pixel_data(dataset: Any) -> None:
    if "DirectoryRecordSequence" in dataset:
        raise ImageError("it is a DICOMDIR, a list of files", "give it to beyne upscale alone")
    if any(name in dataset for name in _OTHER_PIXELS):
        raise ImageError("its pixels are floats, which are not read", "convert it to TIFF")
    if _PIXEL_DATA not in dataset:
        kind = UID(dataset.get("SOPClassUID") or "").name or "of no stated kind"
        raise ImageError(f"it holds no picture ({kind}), or is cut short", "check the file")
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if syntax is None:
        raise ImageError("it states no transfer syntax", "save it again with a DICOM tool")
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError:
        problem = f"its transfer syntax, {syntax.name}, is not read"
        raise ImageError(problem, "convert it to Explicit VR Little Endian") from None
    if not decoder.is_available:
        raise MissingExtraError(f"a decoder for {syntax.name}", "dicom")


def _checked_bits(dataset: Any, photometric: str) -> tuple[int, int]:
    """Bits stored and allocated of a sample, where they lie as nearly all files have them."""
    if photometric not in (*_GREY, *_COLOUR, _PALETTE):
        raise ImageError(
            f"its colours are stored as {photometric or 'nothing known'}, which is not read",
            "save it as RGB",
        )
    stored = int(dataset.get("BitsStored") or 0)
    allocated = int(dataset.get("BitsAllocated") or 0)
    if allocated not in (8, 16) or not 2 <= stored <= min(allocated, _MOST_BITS):
        problem = f"its samples have {stored} bits of {allocated}, which is not read"
        raise ImageError(problem, "save it with 8 or 16 bits allocated")
    if int(dataset.get("HighBit", stored - 1)) != stored - 1:
        problem = f"its samples end at bit {dataset.HighBit} instead of {stored - 1}"
        raise ImageError(problem, "save it again with a DICOM tool")
    return (8, 8) if photometric == _PALETTE else (stored, allocated)


@contextmanager
def unchecked() -> Iterator[None]:
    """A short piece of pydicom without warnings and checks of values.

    What is odd in a file shall come out as it came in.
    """
    with quietly(), pydicom.config.disable_value_validation():
        yield
