"""Leaving out who was examined, by whom, where and when.

By kind of value, so that elements nobody thought of are caught, too: of texts only a list of
technical ones stays, of numbers, codes and binary values all but the patient's. It goes further
than the basic profile of DICOM PS3.15 annex E, which lists elements one by one.
"""

from __future__ import annotations

from importlib import metadata

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

#: Kinds of value that can't name anybody.
_HARMLESS = frozenset(
    {"AT", "CS", "DS", "FD", "FL", "IS", "OB", "OD", "OF", "OW", "SL", "SS", "SV", "UL", "US", "UV"}
)
#: Texts that describe machine and picture, not people.
_TECHNICAL = frozenset(
    {
        "Manufacturer",
        "ManufacturerModelName",
        "SoftwareVersions",
        "ConvolutionKernel",
        "RescaleType",
        "LUTExplanation",
        "WindowCenterWidthExplanation",
        "CodeValue",
        "CodingSchemeDesignator",
        "CodingSchemeVersion",
        "CodeMeaning",
    }
)
_PATIENT = 0x0010
#: Curves, overlays and thumbnails may show names.
_DRAWN = (*range(0x5000, 0x5020), *range(0x6000, 0x6020))
_PICTURED = ("IconImageSequence", "GraphicAnnotationSequence", "OriginalAttributesSequence")
_WELL_KNOWN = "1.2.840.10008."


def anonymize(dataset: Dataset) -> None:
    """Empty or take out what may identify somebody, and replace UIDs by others, always the same.

    Args:
        dataset: All elements of a file; changed, its file meta information, too.
    """
    dataset.remove_private_tags()
    for name in _PICTURED:
        if name in dataset:
            delattr(dataset, name)
    _clean(dataset)
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = f"beyne {metadata.version('beyne')}: text, dates and UIDs"
    meta = dataset.file_meta
    for element in list(meta):
        if element.keyword.endswith("ApplicationEntityTitle") or "Private" in element.keyword:
            del meta[element.tag]
    dataset.preamble = bytes(128)


def _clean(dataset: Dataset) -> None:
    for element in list(dataset):
        if element.tag.group in _DRAWN:
            del dataset[element.tag]
        elif element.VR == "SQ":
            for item in element.value:
                _clean(item)
        elif element.VR == "UI":
            several = [element.value] if isinstance(element.value, str) else element.value or []
            element.value = [_other(str(uid)) for uid in several]
        elif element.tag.group == _PATIENT or not (
            element.VR in _HARMLESS or " or " in element.VR or element.keyword in _TECHNICAL
        ):
            element.value = None


def _other(uid: str) -> str:
    return uid if uid.startswith(_WELL_KNOWN) or not uid else generate_uid(entropy_srcs=[uid])
