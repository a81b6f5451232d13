"""Small DICOM files of every kind, made with pydicom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pictures import picture
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

HEIGHT, WIDTH = 36, 40


def stored_values(bits: int, signed: bool, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Waves and edges over nearly the whole range of the bits."""
    height, width = shape[:2]
    unit = picture(height, width, shape[2] if len(shape) > 2 else 1, seed).astype(float) / 255
    values = np.rint((0.1 + 0.8 * unit) * (2**bits - 1)) - (2 ** (bits - 1) if signed else 0)
    kind = f"{'i' if signed else 'u'}{1 if bits <= 8 else 2}"
    return values.astype(kind) if len(shape) > 2 else values[..., 0].astype(kind)


def dataset(
    photometric: str = "MONOCHROME2",
    bits: int = 12,
    signed: bool = False,
    frames: int = 1,
    syntax: str = ExplicitVRLittleEndian,
    **elements: Any,
) -> Dataset:
    """A data set with pixels and a little of everything else; ``elements`` are set besides."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID, made.SOPInstanceUID = CTImageStorage, generate_uid()
    made.StudyInstanceUID, made.SeriesInstanceUID = generate_uid(), generate_uid()
    made.FrameOfReferenceUID = generate_uid()
    made.PatientName, made.PatientID, made.StudyDate = "Айтматов^Шыңғыс", "PAT-4711", "20261121"
    made.PatientWeight, made.InstitutionName, made.Modality = "71.5", "Hospital No. 1", "CT"
    made.Manufacturer, made.SeriesDescription, made.ImageType = "Acme", "Thorax", ["ORIGINAL"]
    made.PixelSpacing, made.SliceThickness = ["0.8", "0.4"], "2.5"
    made.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    made.ImagePositionPatient = ["-10", "-20", "30"]
    made.RescaleSlope, made.RescaleIntercept, made.RescaleType = "2", "-1024", "HU"
    made.WindowCenter, made.WindowWidth = "40", "400"
    private = made.private_block(0x0029, "ACME 1", create=True)
    private.add_new(0x01, "LO", "private words")
    private.add_new(0x02, "OB", b"\0\1\2\3")
    for name, value in elements.items():
        setattr(made, name, value)
    _add_pixels(made, photometric, bits, signed, frames)
    return made


def _add_pixels(made: Dataset, photometric: str, bits: int, signed: bool, frames: int) -> None:
    samples = 3 if photometric in ("RGB", "YBR_FULL") else 1
    shape = (HEIGHT, WIDTH, samples) if samples == 3 else (HEIGHT, WIDTH)
    pixels = [stored_values(bits, signed, shape, seed) for seed in range(frames)]
    made.Rows, made.Columns, made.SamplesPerPixel = HEIGHT, WIDTH, samples
    made.PhotometricInterpretation, made.PixelRepresentation = photometric, int(signed)
    made.BitsAllocated, made.BitsStored, made.HighBit = 8 * pixels[0].itemsize, bits, bits - 1
    if samples == 3:
        made.PlanarConfiguration = 0
    if frames > 1:
        made.NumberOfFrames = frames
    if photometric == "PALETTE COLOR":
        for number, colour in enumerate(("Red", "Green", "Blue")):
            table = np.roll(np.arange(256), 40 * number).astype("<u2") * 257
            setattr(made, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
            setattr(made, f"{colour}PaletteColorLookupTableData", table.tobytes())
    data = np.stack(pixels).tobytes()
    made.PixelData = data + bytes(len(data) % 2)
    made["PixelData"].VR = "OB" if made.BitsAllocated == 8 else "OW"


def write(made: Dataset, path: Path, compression: str | None = None) -> Path:
    """Save a data set, compressed if asked for; its syntax says the byte order otherwise."""
    if compression is not None:
        made.compress(compression, generate_instance_uid=False)
    made.save_as(path, enforce_file_format=True)
    return path


def elements(path: Path) -> dict[Any, Any]:
    """Tag → value of every element but the pixels, sequences as text."""
    found = pydicom.dcmread(path)
    return {
        element.tag: str(element.value) if element.VR == "SQ" else element.value
        for element in found
        if element.tag.group != 0x7FE0
    }
