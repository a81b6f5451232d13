"""Faults of single files, of their names, and of what the files of one side have in common."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from beyne.doctor.evidence import Evidence
from beyne.doctor.facts import Facts
from beyne.doctor.findings import Finding, Severity, alike
from beyne.images import SUFFIXES

_FORMATS = {
    ".png": "png",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".webp": "webp",
    ".bmp": "bmp",
    ".gif": "gif",
    ".dcm": "dicom",
    ".dicom": "dicom",
    ".tif": "tiff",
    ".tiff": "tiff",
}
#: Files that lie beside pictures and are none.
_BESIDE = frozenset(
    {"", ".csv", ".json", ".jsonl", ".md", ".txt", ".toml", ".xml", ".yaml", ".yml"}
)
_DEPTHS = {"uint8": "8-bit", "uint16": "16-bit", "float32": "float"}
_SMALLEST = 32  # pixels a side

#: Kind, severity, when it holds, problem, remedy.
_SINGLE: tuple[tuple[str, Severity, Callable[[Facts], bool], str, str], ...] = (
    (
        "cmyk",
        "warning",
        lambda facts: facts.mode == "CMYK",
        "stored in printing inks (CMYK), which are converted on reading",
        "save it as RGB and look at the colours",
    ),
    (
        "alpha",
        "warning",
        lambda facts: facts.alpha == "transparent",
        "has transparent parts, and training takes the colours beneath",
        "lay it over a background, or crop it",
    ),
    (
        "alpha",
        "info",
        lambda facts: facts.alpha == "opaque",
        "carries an alpha channel that is opaque everywhere",
        "nothing, or save it without",
    ),
    (
        "few-bits",
        "info",
        lambda facts: facts.coarse_samples,
        "16-bit samples that hold no more than 8 bits",
        "take the 16-bit original if there is one",
    ),
    (
        "dark",
        "info",
        lambda facts: facts.samples == "uint16" and facts.high < 1 / 8 and not facts.constant,
        "uses less than an eighth of its 16 bits",
        "nothing, if the values are measured; else stretch all pictures by one factor",
    ),
    (
        "exif-turned",
        "info",
        lambda facts: facts.turned,
        "lies on its side in the file and is turned by EXIF, which not every program does",
        "save it upright",
    ),
)


def check(seen: Evidence) -> Iterator[Finding]:
    """Unreadable files, names that mislead, bands and depths that differ, alpha, palettes."""
    for problem, files in _grouped({f: (e.problem, e.remedy) for f, e in seen.errors.items()}):
        yield Finding("unreadable", "error", files, problem[0], problem[1] or "take it out")
    yield from _names(seen)
    yield from _suffixes(seen)
    yield from _kinds(seen)
    yield from _of_one_kind(seen)


def _grouped(
    problems: dict[str, tuple[str, str]],
) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
    files: dict[tuple[str, str], list[str]] = defaultdict(list)
    for file, problem in problems.items():
        files[problem].append(file)
    for problem, names in files.items():
        yield problem, tuple(sorted(names))


def _names(seen: Evidence) -> Iterator[Finding]:
    """Names that are one on other systems, and stems that come twice."""

    def severity(files: list[str]) -> Severity:
        return "warning" if seen.layout.unclear.isdisjoint(files) else "error"

    same: dict[str, list[str]] = defaultdict(list)
    stems: dict[str, list[str]] = defaultdict(list)
    for file in seen.layout.pictures:
        folded = unicodedata.normalize("NFC", file).casefold()
        same[folded].append(file)
        stems[PurePosixPath(folded).with_suffix("").as_posix()].append(file)
    for files in same.values():
        if len(files) > 1:
            problem = "their names differ only in case or in how accents are stored"
            remedy = "rename one: Windows and macOS take them for one file"
            yield Finding("name-clash", severity(files), tuple(files), problem, remedy)
    for files in stems.values():
        if len({PurePosixPath(file).suffix.lower() for file in files}) > 1:
            problem = "their names differ only in the suffix"
            remedy = "keep one, or rename it: partners and outputs go by the stem"
            yield Finding("name-clash", severity(files), tuple(files), problem, remedy)


def _suffixes(seen: Evidence) -> Iterator[Finding]:
    wrong = {
        file: f"it is a {facts.format.upper()} file by its content"
        for file, facts in seen.facts.items()
        if _FORMATS[PurePosixPath(file).suffix.lower()] != facts.format
    }
    yield from alike("wrong-suffix", "warning", wrong, "give it the suffix of its content")
    passed = tuple(_passed_over(seen.layout.root))
    if passed:
        problem = "no suffix of a picture that beyne reads, so it is passed over"
        remedy = "convert pictures to PNG or TIFF, move other files elsewhere"
        yield Finding("passed-over", "warning", passed, problem, remedy)


def _passed_over(root: Path) -> Iterator[str]:
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        hidden = any(part.startswith(".") for part in relative.parts)
        if path.is_file() and not hidden and path.suffix.lower() not in SUFFIXES | _BESIDE:
            yield relative.as_posix()


def _kinds(seen: Evidence) -> Iterator[Finding]:
    """What is so of a file by itself."""
    for kind, severity, holds, problem, remedy in _SINGLE:
        files = {file: problem for file, facts in seen.facts.items() if holds(facts)}
        yield from alike(kind, severity, files, remedy)
    palettes = {
        file: "stored with a palette of at most 256 colours"
        for file, facts in seen.facts.items()
        if facts.mode == "P"
    }
    # The labels of a translation are rightly made of few colours.
    doubt: Severity = "info" if seen.layout.task == "translate" else "warning"
    yield from alike("palette", doubt, palettes, "take the original in full colour")
    small = {
        file: f"has a side of under {_SMALLEST} pixels"
        for file, facts in seen.facts.items()
        if min(facts.size) < _SMALLEST and not seen.layout.pictures[file].is_input
    }
    yield from alike("small", "warning", small, "take it out: no crop fits in")


def _of_one_kind(seen: Evidence) -> Iterator[Finding]:
    """Depths and bands that few files of a side have; grey stored as colour."""
    for side in seen.layout.sides:
        facts = {f: x for f, x in seen.facts.items() if seen.layout.pictures[f].side == side}
        depths = {file: _DEPTHS[one.samples] for file, one in facts.items()}
        yield from _rare("mixed-depth", depths, "convert all to one depth")
        bands = {
            file: f"{one.bands} band{'s' if one.bands > 1 else ''}" for file, one in facts.items()
        }
        yield from _rare("mixed-bands", bands, "convert all to the same bands")
        yield from _grey(facts)


def _grey(facts: dict[str, Facts]) -> Iterator[Finding]:
    """Grey pictures of three equal colours; in a JPEG, unlike a PNG, these cost nothing."""
    colour = {file: one for file, one in facts.items() if one.bands == 3}
    grey = {file: one.format for file, one in colour.items() if one.grey_as_colour}
    whole = len(grey) == len(colour)
    problem = "grey stored as three equal colours"
    remedy = "save them as grey" if whole else "take them out, or make all pictures grey"
    for jpeg in (False, True):
        files = tuple(sorted(file for file in grey if (grey[file] == "jpeg") == jpeg))
        if files:
            severity: Severity = "info" if whole or jpeg else "warning"
            yield Finding("grey-as-colour", severity, files, problem, remedy)


def _rare(kind: str, values: dict[str, str], remedy: str) -> Iterator[Finding]:
    """The files whose value is not the most frequent one."""
    counts = Counter(values.values())
    if len(counts) < 2:
        return
    usual = max(sorted(counts), key=lambda value: counts[value])
    odd = {file: f"{value}, where most have {usual}" for file, value in values.items()}
    yield from alike(kind, "warning", {f: odd[f] for f in odd if values[f] != usual}, remedy)
