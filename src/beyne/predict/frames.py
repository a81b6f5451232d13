"""DICOM files, frame by frame: memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from beyne.errors import ImageError
from beyne.images import Raster
from beyne.images.checks import from_os_error
from beyne.images.files import new_file, output_family
from beyne.predict.files import FORMATS

if TYPE_CHECKING:
    from beyne.images.dicom_output import DicomOutput

#: One frame → the frame made of it, telling the finished fraction.
Treat = Callable[[Raster, Callable[[float], None]], Raster]


def frames_in(raster: Raster) -> int:
    """Pictures in the file that a raster was read from."""
    return raster.extras["dicom"].source.frames if raster.format == "dicom" else 1


def becomes_dicom(raster: Raster, target: Path) -> bool:
    """Whether the file to make of a raster is to be DICOM."""
    return raster.format == "dicom" and output_family(target, raster) == "dicom"


def check_target(raster: Raster, target: Path) -> None:
    """Refuse what could not be written, before anything is computed.

    Raises:
        ImageError: The file would be of one picture out of several, or DICOM of something else.
    """
    if raster.format != "dicom" and target.suffix.lower() in FORMATS["dicom"]:
        problem = f"what was read from {raster.format} can't be written as DICOM"
        raise ImageError(problem, "use --format png or tiff")
    if frames_in(raster) > 1 and not becomes_dicom(raster, target):
        problem = f"it holds {frames_in(raster)} frames, and {target.suffix} files hold one"
        raise ImageError(problem, "leave out --format, so that it becomes DICOM")


def treated(
    first: Raster, target: Path, treat: Treat, on_done: Callable[[float], None], anonymize: bool
) -> DicomOutput:
    """All frames of a DICOM file, treated; `write` makes a file of them.

    Args:
        first: The first frame, as `beyne.images.read` gave it.
        target: The file to make; its folder is made.
        treat: What to do to each frame.
        on_done: Told the finished fraction of the file.
        anonymize: Leave out who was examined.

    Raises:
        ImageError: A frame can't be read, or the result can't be written as DICOM.
    """
    from beyne.images.dicom_output import DicomOutput

    source = first.extras["dicom"].source
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with ExitStack() as unless_all_is_well:
            output = unless_all_is_well.enter_context(DicomOutput(target.parent, anonymize))
            for done, frame in enumerate(source.rasters()):
                output.add(treat(frame, partial(_tell, on_done, done, source.frames)))
            unless_all_is_well.pop_all()
    except OSError as error:
        raise from_os_error(error, "write") from error
    return output


def _tell(on_done: Callable[[float], None], done: int, frames: int, part: float) -> None:
    on_done((done + part) / frames)


def write(output: DicomOutput, target: Path) -> None:
    """Write what `treated` gave, whole or not at all.

    Raises:
        ImageError: The disk refuses it.
    """
    with output, new_file(target) as file:
        output.save(file)
