"""A DICOM secondary capture of percent, made of the frames of another file and put beside it."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any, BinaryIO

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import (
    ExplicitVRLittleEndian,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    SecondaryCaptureImageStorage,
    generate_uid,
)

from beyne.images.dicom import unchecked
from beyne.images.dicom_header import code
from beyne.images.dicom_output import append_pixels
from beyne.images.raster import Pixels
from beyne.images.spool import Spooled, not_for_diagnosis

#: Of the file beside it: who was examined, and the study. Those of type 2 are there, if empty.
_NEEDED = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
    "Laterality",
    "PatientOrientation",
    "InstanceNumber",
)
_KEPT = (
    "SpecificCharacterSet",
    "IssuerOfPatientID",
    "PatientAge",
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "StudyDescription",
    "BodyPartExamined",
    "PixelSpacing",
)
_LONGEST_TEXT = 1024


class DicomPercent(Spooled):
    """The file in the making; a context manager, which at its end gives the frames up.

    A stored value is a whole percent. Same patient and study as the file beside it, which it names
    as its source; a series of its own, "DERIVED\\SECONDARY", not for diagnosis.

    Args:
        beside: A DICOM file that has been written.
        folder: Where finished frames wait, in a file without a name.
    """

    def __init__(self, beside: Path, folder: Path) -> None:
        with unchecked():
            self._beside: Any = pydicom.dcmread(beside, stop_before_pixels=True)
        super().__init__(folder)

    def add(self, frame: Pixels) -> None:
        """Take the next frame, ``(H, W)`` bytes from 0 to 100."""
        self._spool.write(frame.tobytes())

    def save(self, file: BinaryIO, series: str, said: str) -> None:
        """Write the whole file.

        Args:
            file: Takes it.
            series: What the series is called.
            said: What the values mean.
        """
        with unchecked():
            dataset = self._dataset(series, said)
            dataset.save_as(file, enforce_file_format=True)
            file.seek(0, 2)
            append_pixels(file, self._spool, ExplicitVRLittleEndian, b"OB")

    def _dataset(self, series: str, said: str) -> Dataset:
        beside, made = self._beside, Dataset()
        for name in (*_NEEDED, *_KEPT):
            if name in beside:
                made[name] = beside[name]
            elif name in _NEEDED:
                setattr(made, name, None)
        frames = int(beside.get("NumberOfFrames") or 1)
        made.SOPClassUID = (
            SecondaryCaptureImageStorage
            if frames == 1
            else MultiFrameGrayscaleByteSecondaryCaptureImageStorage
        )
        # Made of the old ones, so that the maps of a series are a series again.
        for name in ("SOPInstanceUID", "SeriesInstanceUID"):
            made[name] = _remade(beside, name, series)
        made.Modality, made.SeriesNumber, made.ConversionType = "OT", None, "WSD"
        made.SeriesDescription = f"{series} [not for diagnosis]"
        made.SecondaryCaptureDeviceManufacturer = "beyne"
        made.SecondaryCaptureDeviceSoftwareVersions = metadata.version("beyne")
        made.ImageType = ["DERIVED", "SECONDARY"]
        text = not_for_diagnosis(said)
        made.DerivationDescription = text[:_LONGEST_TEXT]
        made.SourceImageSequence = [_reference(beside)]
        _describe_pixels(made, beside, frames)
        made.file_meta = FileMetaDataset()
        made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        return made


def _remade(beside: Any, name: str, series: str) -> Any:
    tag = Tag(name)
    return pydicom.DataElement(
        tag, "UI", generate_uid(entropy_srcs=[str(beside[name].value), series])
    )


def _reference(beside: Any) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID = beside.SOPClassUID
    reference.ReferencedSOPInstanceUID = beside.SOPInstanceUID
    purpose = code("121322", "Source image for image processing operation")
    reference.PurposeOfReferenceCodeSequence = [purpose]
    return reference


def _describe_pixels(made: Dataset, beside: Any, frames: int) -> None:
    """Bytes that need no rescaling; a window that shows 0 as black and 100 as white."""
    made.Rows, made.Columns = beside.Rows, beside.Columns
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 8, 8, 7, 0
    made.WindowCenter, made.WindowWidth = 50, 101
    made.BurnedInAnnotation = "NO"
    made.PresentationLUTShape = "IDENTITY"
    made.RescaleIntercept, made.RescaleSlope, made.RescaleType = 0, 1, "US"
    if frames > 1:
        made.NumberOfFrames = frames
        made.FrameIncrementPointer = Tag("PageNumberVector")
        made.PageNumberVector = [*range(1, frames + 1)]
