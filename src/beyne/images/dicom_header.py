"""The elements of an enlarged DICOM file: what counts in pixels, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import metadata
from typing import Any

import numpy as np
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.overlays.numpy_handler import get_overlay_array
from pydicom.pixels.utils import pack_bits
from pydicom.uid import SecondaryCaptureImageStorage, generate_uid
from pydicom.valuerep import DSfloat

from beyne.images.dicom import Source
from beyne.images.raster import Treatment

#: Millimetres a pixel: divided by the scale.
_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
#: Physical size of a pixel in a region of an ultrasound picture: divided by the scale, too.
_DELTAS = ("PhysicalDeltaX", "PhysicalDeltaY")
#: First pixels of something, counted from 0.
_FIRST_FROM_0 = (
    "RegionLocationMinX0",
    "RegionLocationMinY0",
    "ReferencePixelX0",
    "ReferencePixelY0",
)
#: Last pixels of something, counted from 0.
_LAST_FROM_0 = ("RegionLocationMaxX1", "RegionLocationMaxY1")
#: Places and edges of shutters and collimators, counted from 1.
_EDGES = ("LeftVertical", "RightVertical", "UpperHorizontal", "LowerHorizontal")
_PLACES_FROM_1 = tuple(
    name
    for kind in ("Shutter", "Collimator")
    for name in (
        *(f"{kind}{edge}Edge" for edge in _EDGES),
        f"CenterOfCircular{kind}",
        f"VerticesOfThePolygonal{kind}",
    )
)
#: First pixels of a tile in a picture of many, counted from 1.
_FIRST_FROM_1 = ("ColumnPositionInTotalImagePixelMatrix", "RowPositionInTotalImagePixelMatrix")
_LENGTHS = (
    "RadiusOfCircularShutter",
    "RadiusOfCircularCollimator",
    "TotalPixelMatrixColumns",
    "TotalPixelMatrixRows",
)
#: True of the source alone. A copy has no date of its own, so that the same call makes the same.
_LEFT_OUT = (
    "SmallestPixelValueInSeries",
    "LargestPixelValueInSeries",
    "InstanceCreationDate",
    "InstanceCreationTime",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
    "PixelDataProviderURL",
    "DigitalSignaturesSequence",
    "MACParametersSequence",
)
_PALETTE = tuple(
    f"{colour}PaletteColorLookupTable{part}"
    for colour in ("Red", "Green", "Blue")
    for part in ("Descriptor", "Data")
) + tuple(f"Segmented{colour}PaletteColorLookupTableData" for colour in ("Red", "Green", "Blue"))
_LONGEST_TEXT, _LONGEST_NAME = 1024, 64


def derive(
    dataset: Dataset,
    source: Source,
    scale: int,
    treatment: Treatment | None,
    remarks: Sequence[str],
    limits: tuple[int, int],
) -> None:
    """Turn a source's elements into those of the file made of it, all but the pixels.

    Same study and patient, new series and instance; window and rescale stay, as the values do.

    Args:
        dataset: The source's elements; changed.
        source: The source.
        scale: Enlargement.
        treatment: What was done.
        remarks: Sentences for the description.
        limits: Least and greatest stored value.
    """
    _describe_pixels(dataset, source, scale, limits)
    _scale_overlays(dataset, scale)
    for part in _parts(dataset):
        _scale_places(part, scale)
    _move_origins(dataset, scale)
    _state_origin(dataset, scale, treatment, remarks)
    for name in _LEFT_OUT:
        if name in dataset:
            delattr(dataset, name)


def _describe_pixels(dataset: Dataset, source: Source, scale: int, limits: tuple[int, int]) -> None:
    dataset.Rows, dataset.Columns = dataset.Rows * scale, dataset.Columns * scale
    signed = source.low < 0
    if not source.photometric.startswith("MONOCHROME"):
        dataset.PhotometricInterpretation = "RGB"
        dataset.SamplesPerPixel, dataset.PlanarConfiguration = 3, 0
        dataset.BitsAllocated, dataset.BitsStored = source.allocated, source.bits
        dataset.HighBit, dataset.PixelRepresentation = source.bits - 1, 0
        for name in _PALETTE:
            if name in dataset:
                delattr(dataset, name)
    for name, value in zip(("Smallest", "Largest"), limits, strict=True):
        element = f"{name}ImagePixelValue"
        if element in dataset:
            tag = dataset.data_element(element).tag  # type: ignore[union-attr]
            dataset[tag] = DataElement(tag, "SS" if signed else "US", value)


def _scale_overlays(dataset: Dataset, scale: int) -> None:
    """Enlarge drawings that lie over the picture; they have one bit a pixel."""
    for group in range(0x6000, 0x6020, 2):
        if (group, 0x3000) not in dataset or (group, 0x0010) not in dataset:
            continue
        drawing = get_overlay_array(dataset, group)
        large = drawing.repeat(scale, axis=-2).repeat(scale, axis=-1)
        dataset[group, 0x3000].value = pack_bits(large.ravel())
        for element in (0x0010, 0x0011):  # rows and columns
            dataset[group, element].value *= scale
        if (group, 0x0050) in dataset:
            origin = dataset[group, 0x0050]
            origin.value = [(place - 1) * scale + 1 for place in origin.value]


def _parts(dataset: Dataset) -> Iterator[Dataset]:
    """The data set, and those in it that speak of its pixels."""
    yield dataset
    yield from dataset.get("SequenceOfUltrasoundRegions") or ()
    for groups in functional_groups(dataset):
        for element in groups:
            if element.VR == "SQ":
                yield from element.value


def functional_groups(dataset: Dataset) -> Iterator[Dataset]:
    """What an enhanced file says of all frames, then of each."""
    yield from dataset.get("SharedFunctionalGroupsSequence") or ()
    yield from dataset.get("PerFrameFunctionalGroupsSequence") or ()


def _scale_places(part: Dataset, scale: int) -> None:
    changes = (
        (_SPACINGS, lambda value: _decimal(value / scale)),
        (_DELTAS, lambda value: value / scale),
        (_FIRST_FROM_0, lambda value: value * scale),
        (_LAST_FROM_0, lambda value: value * scale + scale - 1),
        (_PLACES_FROM_1, lambda value: _scaled_place(value, scale)),
        (_FIRST_FROM_1, lambda value: (value - 1) * scale + 1),
        (_LENGTHS, lambda value: value * scale),
    )
    for names, change in changes:
        for name in names:
            value = part.get(name)
            if value is None or value == "":
                continue
            several = not isinstance(value, (str, int, float))
            setattr(part, name, [change(one) for one in value] if several else change(value))


def _scaled_place(value: int, scale: int) -> int:
    """The middle of where a pixel counted from 1 has gone; 0 and below lie outside."""
    return int((value - 1) * scale + (scale + 1) // 2) if value > 0 else int(value * scale)


def _move_origins(dataset: Dataset, scale: int) -> None:
    """The middle of the first pixel is nearer to the corner now: the picture stays where it was."""
    shared = list(dataset.get("SharedFunctionalGroupsSequence") or ())
    for item in (dataset, *functional_groups(dataset)):
        position = holder(item, "PlanePositionSequence", "ImagePositionPatient")
        known = [item, *shared]
        orientation = _first(known, "PlaneOrientationSequence", "ImageOrientationPatient")
        spacing = _first(known, "PixelMeasuresSequence", "PixelSpacing")
        if position is None or orientation is None or spacing is None:
            continue
        along_row, along_column = (np.array(orientation[at : at + 3], float) for at in (0, 3))
        # The spacings are the new ones already: from row to row first, then between columns.
        moved = np.array(position.ImagePositionPatient, float)
        moved -= (scale - 1) / 2 * (spacing[1] * along_row + spacing[0] * along_column)
        position.ImagePositionPatient = [_decimal(place) for place in moved]


def holder(item: Dataset, sequence: str, name: str) -> Dataset | None:
    """What has a value of this name: the item itself or the sequence's first item."""
    parts: list[Dataset] = [item, *(item.get(sequence) or ())]
    return next((part for part in parts if part.get(name)), None)


def _first(items: Sequence[Dataset], sequence: str, name: str) -> Any:
    holders = (holder(item, sequence, name) for item in items)
    return next((holder[name].value for holder in holders if holder is not None), None)


def _decimal(value: float) -> DSfloat:
    """A number in DICOM's decimal string of at most 16 characters."""
    return DSfloat(float(value), auto_format=True)


def _state_origin(
    dataset: Dataset, scale: int, treatment: Treatment | None, remarks: Sequence[str]
) -> None:
    """New instance, new series, and what has been done by whom."""
    said = _description(scale, treatment)
    for part in (dataset, *_parts_with_frame_type(dataset)):
        name = "ImageType" if part is dataset else "FrameType"
        part_type = list(part.get(name) or ())
        setattr(part, name, ["DERIVED", "SECONDARY", *part_type[2:]])
    dataset.DerivationDescription = " ".join([said, *remarks])[:_LONGEST_TEXT]
    dataset.DerivationCodeSequence = [code("113085", "Spatial resampling")]
    if "SOPClassUID" in dataset and "SOPInstanceUID" in dataset:
        reference = Dataset()
        reference.ReferencedSOPClassUID = dataset.SOPClassUID
        reference.ReferencedSOPInstanceUID = dataset.SOPInstanceUID
        purpose = code("121322", "Source image for image processing operation")
        reference.PurposeOfReferenceCodeSequence = [purpose]
        dataset.SourceImageSequence = [reference]
    dataset.SOPClassUID = dataset.get("SOPClassUID") or SecondaryCaptureImageStorage
    # Made of the old ones, so that the slices of a series are a series again.
    for name in ("SOPInstanceUID", "SeriesInstanceUID"):
        old = str(dataset.get(name) or dataset.get("SOPInstanceUID") or generate_uid())
        setattr(dataset, name, generate_uid(entropy_srcs=[old, name, said, *_details(treatment)]))
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    mark = f" [x{scale}, not for diagnosis]"
    named = str(dataset.get("SeriesDescription") or "")[: _LONGEST_NAME - len(mark)]
    dataset.SeriesDescription = (named + mark).strip()


def _parts_with_frame_type(dataset: Dataset) -> Iterator[Dataset]:
    for part in _parts(dataset):
        if part is not dataset and "FrameType" in part:
            yield part


def _description(scale: int, treatment: Treatment | None) -> str:
    """One or two sentences in ASCII, which every character set of DICOM holds."""
    tool = f"beyne {metadata.version('beyne')}"
    if treatment is None:
        return f"Written by {tool}. Not for diagnosis."
    done = f"Enlarged x{scale}" if scale > 1 else "Changed"
    model = treatment.model.encode("ascii", "replace").decode()
    kept = ", projected onto its source" if treatment.consistent else ""
    return f"{done} by {tool} with model {model}{kept}; detail is estimated. Not for diagnosis."


def _details(treatment: Treatment | None) -> list[str]:
    return [] if treatment is None else [f"{treatment.smooth:g}", treatment.operator]


def code(value: str, meaning: str) -> Dataset:
    """A concept by its number in DICOM's own dictionary, PS3.16 annex D."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item
