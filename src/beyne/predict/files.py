"""From what was typed to what is to be done: which files become which, before any is touched."""

from __future__ import annotations

import glob
import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from beyne.errors import BeyneError, ImageError, UsageError, did_you_mean
from beyne.files import is_folder, is_there
from beyne.images import SUFFIXES, check_no_pipe, is_dicom, reading
from beyne.images.geotiff import is_scene

#: Format, as ``--format`` names it → suffixes of its files, the one to give first.
FORMATS: dict[str, tuple[str, ...]] = {
    "png": (".png",),
    "tiff": (".tiff", ".tif"),
    "jpg": (".jpg", ".jpeg"),
    "webp": (".webp",),
    "dicom": (".dcm", ".dicom"),
    "nifti": (".nii", ".nii.gz"),
    "cog": (".tif", ".tiff"),
}
#: Suffixes of all files that are read or written; DICOM slices are often named by numbers instead.
KNOWN = SUFFIXES.union(*FORMATS.values())
#: Formats that pictures stay in, as others would lose what these hold.
_STAYING = ("tiff", "dicom", "nifti", "cog")
#: Read as georeferenced rasters only, and so made GeoTIFF; the last is a folder.
_GEOGRAPHIC = (".jp2", ".j2k", ".safe")
#: Suffixes of what is taken when a folder is walked.
PICTURES = SUFFIXES | {*_GEOGRAPHIC, *FORMATS["nifti"]}
_DICOMDIR = "DICOMDIR"


@dataclass(frozen=True)
class Job:
    """One picture to make of another."""

    source: Path
    target: Path


@dataclass(frozen=True)
class Failure:
    """An input that came to nothing: what is wrong, and what to do."""

    input: str
    problem: str
    remedy: str

    @classmethod
    def of(cls, path: str | Path, error: BeyneError) -> Failure:
        """The failure that ``error`` means for ``path``."""
        return cls(str(path), error.problem, error.remedy)

    def __str__(self) -> str:
        return "; ".join(filter(None, (f"{self.input}: {self.problem}", self.remedy)))


def suffix_of(path: Path) -> str:
    """As `Path.suffix`, in small letters; of a compressed volume both, ``.nii.gz``."""
    name = path.name.lower()
    return ".nii.gz" if name.endswith(".nii.gz") else Path(name).suffix


def plan(
    inputs: Sequence[str], output: str, format: str | None = None
) -> tuple[list[Job], list[Failure]]:
    """Which files become which.

    Args:
        inputs: Files (always tried), folders (walked; files with a picture's suffix or DICOM's
            mark, none hidden), glob patterns, and DICOMDIR files for what they list. The folder
            of a Sentinel-2 scene is one file.
        output: A folder if it ends in ``/`` or is one, or where ``inputs`` are several or a
            folder or a pattern; else a file.
        format: A key of `FORMATS`; None: TIFF, DICOM and NIfTI stay, JPEG 2000
            and Sentinel-2 scenes become TIFF, all else PNG.

    Returns:
        Jobs in a fixed order, and inputs in which there was nothing to do.

    Raises:
        UsageError: Two inputs would share an output, an output is an input, or ``output`` or
            ``format`` does not fit.
    """
    if format is not None and format not in FORMATS:
        raise UsageError(f"there is no format '{format}'", did_you_mean(format, FORMATS))
    folder = Path(output)
    found: dict[tuple[Path, Path], None] = {}
    failures: list[Failure] = []
    for text in inputs:
        files = _find(text, folder, failures)
        # A file named twice is one input.
        found.update((file, None) for file in files if _may_be_opened(file[0], failures))
    if _means_folder(inputs, output):
        if is_there(folder) and not is_folder(folder):
            raise UsageError(f"-o {output} is a file, and a folder is needed", "name a folder")
        jobs = [Job(source, folder / _renamed(source, name, format)) for source, name in found]
    else:
        _check_file_name(folder, format)
        jobs = [Job(source, folder) for source, _ in found]
    _check_targets(jobs)
    return jobs, failures


def _means_folder(inputs: Sequence[str], output: str) -> bool:
    ends_as_folder = output.endswith(("/", os.sep)) or is_folder(Path(output))
    return ends_as_folder or len(inputs) > 1 or any(not _is_file_name(text) for text in inputs)


def _is_file_name(text: str) -> bool:
    path = Path(text)
    if path.name == _DICOMDIR:
        return False
    return is_there(path) and _is_one(path) if glob.has_magic(text) else _is_one(path)


def _is_one(path: Path) -> bool:
    """Whether a path is one input, and no folder of them."""
    return is_scene(path) or not is_folder(path)


def _find(text: str, avoid: Path, failures: list[Failure]) -> list[tuple[Path, Path]]:
    """The files that one input stands for, each with its name below the output folder."""
    path = Path(text)
    if _is_file_name(text):
        return [(path, Path(path.name))]
    if path.name == _DICOMDIR and path.is_file():
        from beyne.images.dicom import listed_files

        files = [(path.parent / name, name) for name in listed_files(path)]
        problem = Failure(text, "it lists no files", "give the folder instead")
    elif is_folder(path):
        files = list(_walk(path, avoid, failures))
        problem = Failure(text, "no picture in this folder", f"it takes {_listed(PICTURES)}")
    else:
        # Windows leaves patterns to the program; Path.glob takes no absolute ones.
        matches = [Path(match) for match in sorted(glob.glob(text, recursive=True))]  # noqa: PTH207
        files = [(match, _below_pattern(match, text)) for match in matches if _is_one(match)]
        named = {source for source, _ in files}
        for match in matches:
            walked = () if _is_one(match) else _walk(match, avoid, failures)
            files += [(source, name) for source, name in walked if source not in named]
            named |= {source for source, _ in files}
        problem = Failure(text, "no picture matches this pattern", "check the pattern")
    if not files:
        failures.append(problem)
    return files


def _may_be_opened(path: Path, failures: list[Failure]) -> bool:
    """Whether a path may be looked into, as is done to choose a model before files are read."""
    try:
        with reading():
            check_no_pipe(path)
    except ImageError as error:
        failures.append(Failure.of(path, error))
        return False
    return True


def _below_pattern(match: Path, pattern: str) -> Path:
    """The output's name: with ``**`` the tree is kept, else it is flat, as if a shell expanded."""
    parts = Path(pattern).parts
    if "**" not in parts:
        return Path(match.name)
    return match.relative_to(Path(*itertools.takewhile(lambda p: not glob.has_magic(p), parts)))


def _walk(folder: Path, avoid: Path, failures: list[Failure]) -> Iterator[tuple[Path, Path]]:
    """Pictures below ``folder``, but not those in ``avoid``, where an earlier run put results."""

    def unreadable(error: OSError) -> None:
        failures.append(Failure(str(error.filename), f"can't be read ({error.strerror})", ""))

    avoided = {os.path.realpath(avoid)} - {os.path.realpath(folder)}
    for place, folders, files in os.walk(folder, onerror=unreadable):
        here = Path(place)
        visible = sorted(name for name in folders if not name.startswith("."))
        inside = [name for name in visible if os.path.realpath(here / name) not in avoided]
        scenes = [name for name in inside if is_scene(here / name)]
        folders[:] = [name for name in inside if name not in scenes]
        for name in sorted([*files, *scenes]):
            path = here / name
            if not name.startswith(".") and _is_picture(path):
                yield path, path.relative_to(folder)


def _is_picture(path: Path) -> bool:
    known = suffix_of(path) in PICTURES
    return known or (path.name != _DICOMDIR and is_dicom(path))


def _renamed(source: Path, name: Path, format: str | None) -> Path:
    """The output's name: same stem, the suffix of its format."""
    old = suffix_of(name)
    if any(old in FORMATS[kind] and format in (None, kind) for kind in _STAYING):
        return name
    if format is None and old not in PICTURES and is_dicom(source):
        return name
    suffix = FORMATS[format or ("cog" if old in _GEOGRAPHIC else "png")][0]
    # A stem may hold dots: scan.2024 is not a file of kind 2024.
    return name.with_suffix(suffix) if old in PICTURES else name.with_name(name.name + suffix)


def _check_file_name(target: Path, format: str | None) -> None:
    suffixes = FORMATS[format] if format else tuple({s for row in FORMATS.values() for s in row})
    if suffix_of(target) in suffixes:
        return
    if format:
        raise UsageError(f"-o {target} does not end in {suffixes[0]}", f"--format {format} asks it")
    raise UsageError(
        f"-o {target} does not end as a picture's name ({_listed(suffixes)})",
        f"-o {target}/ for a folder",
    )


def _check_targets(jobs: list[Job]) -> None:
    made_of: dict[str, Path] = {}
    for job in jobs:
        key = os.path.normcase(job.target)
        if key in made_of:
            raise UsageError(
                f"{made_of[key]} and {job.source} would both become {job.target}",
                "rename one, or run them apart",
            )
        made_of[key] = job.source
    # Path.resolve raises of links in a circle, which are one failed input.
    sources = {os.path.realpath(job.source) for job in jobs}
    for job in jobs:
        if os.path.realpath(job.target) in sources:
            raise UsageError(f"{job.target} is an input, too", "choose another -o")


def _listed(suffixes: Sequence[str] | frozenset[str]) -> str:
    return " ".join(sorted(suffixes))
