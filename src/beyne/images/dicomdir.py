"""DICOMDIR: the list of files on a DICOM disc."""

from __future__ import annotations

from pathlib import Path

import pydicom

from beyne.errors import UsageError


def listed_files(path: Path) -> list[Path]:
    """The files that a DICOMDIR lists as pictures, relative to its folder, in its order.

    Raises:
        UsageError: It can't be read.
    """
    try:
        records = pydicom.dcmread(path).get("DirectoryRecordSequence") or ()
        listed = [
            record.ReferencedFileID
            for record in records
            if record.get("DirectoryRecordType") == "IMAGE" and record.get("ReferencedFileID")
        ]
    except Exception as error:  # pydicom trips over broken files in many ways
        detail = " ".join(str(error).split()) or type(error).__name__
        raise UsageError(f"{path} can't be read ({detail})", "give its folder instead") from None
    files = [Path(*([parts] if isinstance(parts, str) else parts)) for parts in listed]
    return [file for file in files if not file.is_absolute() and ".." not in file.parts]
