"""Pairs: partners missing or misnamed, of a wrong size, shifted, turned, or of another picture."""

from __future__ import annotations

import re
import statistics
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from beyne.doctor.alignment import Fit, Shift, Turn
from beyne.doctor.evidence import Evidence
from beyne.doctor.findings import Finding, alike
from beyne.doctor.layout import Picture
from beyne.doctor.likeness import find_twins

#: Shifts from which a pair is called misaligned: in pixels of the target, but not below a tenth of
#: one of the source; and by how much shifting back must help.
_SHIFT, _SHIFT_OF_SOURCE, _GAIN = 0.7, 0.1, 0.3
_COLOURS = 0.04
_TILT = 1.0  # degrees from which a side is called turned
_INVERTED = -0.5  # agreement below which it is a negative
_LEAST_FALL, _DEVIATIONS = 0.03, 8.0  # of agreement below the median, and in median deviations
_TURNED, _TURN_GAIN = 0.9, 0.02
#: Correlation of thumbnails from which noise and blur, not another picture, tell the sides apart.
_ALIKE = 0.97
#: Of two domains: pairs needed; least correlation of their edges; share of the pairs that must
#: have half of it; shifts that do not matter, in pixels of the target and of coarse edges; and what
#: taking one back must better.
_FEWEST_PAIRS, _EDGES_AGREE, _MOST = 5, 0.2, 0.6
_FINE_SHIFT, _COARSE_SHIFT, _BETTER = 2.0, 2.5, 1.05


def check(seen: Evidence) -> Iterator[Finding]:
    """Judge the sides of ``upscale`` and ``translate``."""
    unclear = seen.layout.unclear
    yield from _unmatched(seen, unclear)
    sides: dict[str, list[Fit]] = defaultdict(list)
    for fit in seen.fits:
        if unclear.isdisjoint((fit.source, fit.target)):
            sides[seen.layout.pictures[fit.source].side].append(fit)
    for fits in sides.values():
        fitting, wrong = _ratios(fits)
        yield from wrong
        yield from _fits(fitting) if seen.layout.task == "upscale" else _edges(fitting)


def _unmatched(seen: Evidence, unclear: frozenset[str]) -> Iterator[Finding]:
    """Targets and inputs that the other side lacks, but for those whose partner is not clear."""
    pictures, sides = list(seen.layout.pictures.values()), seen.layout.sides
    target = {"upscale": "hr", "translate": "b"}.get(seen.layout.task)
    inputs = [side for side in sides if side == "a" or side.startswith("lr")]
    if "pairs" in seen.layout.tables or sides == [""] or sides == ["hr"] or target is None:
        return
    for lacking in {target, *(inputs or ["a"])} - set(sides):
        problem = f"there is no folder {lacking} beside the other side's"
        yield Finding("side-missing", "error", (), problem, f"add the folder {lacking}")
        return
    stray = tuple(sorted(picture.file for picture in pictures if not picture.side))
    if stray:
        problem = "lies beside the folders of the sides, in none of them"
        yield Finding("no-side", "warning", stray, problem, "move it into its side")
    for side in inputs:
        matched = [pair for pair in seen.layout.partners if pair[1].side == side]
        known = unclear | {picture.file for pair in matched for picture in pair}
        lonely = [p for p in pictures if p.side == target and p.file not in known]
        orphans = [p for p in pictures if p.side == side and p.file not in known]
        yield from _apart(seen, lonely, orphans, side, target)


def _apart(
    seen: Evidence, lonely: list[Picture], orphans: list[Picture], side: str, target: str
) -> Iterator[Finding]:
    """What belongs together under different names, then what has no partner at all."""
    for picture, found in _namesakes(seen, lonely, orphans):
        lonely.remove(picture)
        orphans.remove(found)
        files = (picture.file, found.file)
        problem = "belong together, it seems, and have different names"
        yield Finding("misnamed", "error", files, problem, "give both the same stem")
    if lonely:
        names = tuple(sorted(picture.file for picture in lonely))
        problem = f"has no partner of its name in {side}"
        yield Finding("partner-missing", "error", names, problem, "add it, or take this one out")
    if orphans:
        names = tuple(sorted(picture.file for picture in orphans))
        problem = f"has no partner of its name in {target}"
        yield Finding("partner-missing", "warning", names, problem, "add it, or take this one out")


def _namesakes(
    seen: Evidence, lonely: list[Picture], orphans: list[Picture]
) -> list[tuple[Picture, Picture]]:
    """Partners that show the same, or else have nearly the same name."""
    by_file = {picture.file: picture for picture in (*lonely, *orphans)}
    found = []
    if seen.layout.task == "upscale":
        facts = {file: seen.facts[file] for file in by_file if file in seen.facts}
        for twins in find_twins(facts):
            pair = [by_file[file] for file in twins.files]
            found += [(one, other) for one in pair for other in pair if _fitting(one, other)][:1]
    taken = {picture.file for pair in found for picture in pair}
    names = {_folded(other): other for other in orphans if other.file not in taken}
    for picture in lonely:
        # Of 001 and 002 one is not the other, however near their names are.
        numbers = _numbers(picture.key)
        same = [name for name, other in names.items() if _numbers(other.key) == numbers]
        near = get_close_matches(_folded(picture), same, n=1, cutoff=0.8)
        if picture.file not in taken and near and _fitting(picture, names[near[0]]):
            found.append((picture, names.pop(near[0])))
    return found


def _numbers(key: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"[0-9]+", key)]


def _fitting(one: Picture, other: Picture) -> bool:
    return not one.is_input and other.is_input and one.split == other.split


def _folded(picture: Picture) -> str:
    return unicodedata.normalize("NFC", picture.key).casefold()


def _ratios(fits: Sequence[Fit]) -> tuple[list[Fit], list[Finding]]:
    """The pairs of the usual enlargement, and findings about the others."""
    counts = Counter(fit.scale for fit in fits if fit.scale)
    usual = max(sorted(counts), key=lambda scale: counts[scale]) if counts else None
    findings = []
    for fit in fits:
        if fit.scale is None or fit.scale != usual:
            is_now = f"1 : {fit.scale}" if fit.scale else "in no whole ratio"
            wanted = f", where others are 1 : {usual}" if usual else ""
            problem = f"their sizes are {is_now}{wanted}"
            remedy = "make the smaller one anew from the other; was one turned by EXIF?"
            files = (fit.target, fit.source)
            findings.append(Finding("wrong-ratio", "error", files, problem, remedy))
    return [fit for fit in fits if fit.scale == usual and usual], findings


def _fits(fits: Sequence[Fit]) -> Iterator[Finding]:
    """Original against low resolution: the same picture, only smaller."""
    agreements = [fit.shift.before for fit in fits]
    usual = statistics.median(agreements) if fits else 0.0
    spread = statistics.median(abs(value - usual) for value in agreements) if fits else 0.0
    least = usual - max(_LEAST_FALL, _DEVIATIONS * spread)
    for fit in fits:
        files = (fit.target, fit.source)
        if _turned(fit.turn) and fit.shift.before < least:
            problem = f"the input is {fit.turn.name} against its original"
            yield Finding("turned", "error", files, problem, "turn it back, or make it anew")
        elif fit.shift.before < _INVERTED:
            problem = "one side is the negative of the other"
            yield Finding("inverted", "error", files, problem, "invert one of them")
        elif _tilted(fit):
            problem = (
                f"the input is turned by about {abs(fit.tilt.degrees):g}° against its original"
            )
            yield Finding("turned", "error", files, problem, "turn it back, or make it anew")
        elif _misaligned(fit):
            yield _shifted(fit, fit.shift)
        elif fit.shift.before < least and fit.turn.upright < _ALIKE:
            problem = "they do not show the same picture, or hardly"
            yield Finding("wrong-partner", "error", files, problem, "find the right partner")
    picked = {
        fit.source: "made by picking pixels, not by averaging (nearest)"
        for fit in fits
        if fit.picked
    }
    yield from alike("aliased", "warning", picked, "shrink with antialiased bicubic")
    shifted = {
        fit.source: "its colours differ from its original's"
        for fit in fits
        if fit.colours > _COLOURS
    }
    yield from alike("colour-shift", "warning", shifted, "find where brightness or order changed")


def _turned(turn: Turn) -> bool:
    return turn.agreement > _TURNED and turn.agreement - turn.upright > _TURN_GAIN


def _tilted(fit: Fit) -> bool:
    """Whether taking a turn back helps, and more than taking a shift back does."""
    tilt = fit.tilt
    helps = 1 - tilt.after < (1 - _GAIN) * (1 - tilt.before)
    return abs(tilt.degrees) >= _TILT and helps and tilt.after > fit.shift.after


def _misaligned(fit: Fit) -> bool:
    least = max(_SHIFT, _SHIFT_OF_SOURCE * (fit.scale or 1))
    helps = 1 - fit.shift.after < (1 - _GAIN) * (1 - fit.shift.before)
    return fit.shift.largest >= least and helps


def _shifted(fit: Fit, shift: Shift) -> Finding:
    shifted = f"{shift.right:+.1f} across, {shift.down:+.1f} down"
    problem = f"the input is shifted by {shifted} (in pixels of the target)"
    remedy = "cut both from the same place"
    return Finding("misaligned", "error", (fit.target, fit.source), problem, remedy)


def _edges(fits: Sequence[Fit]) -> Iterator[Finding]:
    """Two domains: their edges are compared, if those of most pairs lie on one another at all."""
    usual = statistics.median(fit.turn.upright for fit in fits) if fits else 0.0
    upright = sum(fit.turn.upright > usual / 2 for fit in fits)
    if len(fits) < _FEWEST_PAIRS or usual < _EDGES_AGREE or upright < _MOST * len(fits):
        return
    # Fine edges tell more, if the domains share them.
    fine = sum(fit.shift.largest < _FINE_SHIFT for fit in fits) > _MOST * len(fits)
    shifts = [fit.shift if fine else fit.coarse for fit in fits]
    agreement = statistics.median(shift.after for shift in shifts)
    for fit, shift in zip(fits, shifts, strict=True):
        files, turn = (fit.target, fit.source), fit.turn
        least = _FINE_SHIFT if fine else _COARSE_SHIFT * shift.pixel
        if turn.upright < usual / 4 and turn.agreement > usual / 2:
            problem = f"one side is {turn.name} against the other, it seems"
            yield Finding("turned", "error", files, problem, "turn it back, or make it anew")
        elif turn.upright < usual / 4:
            problem = "their edges do not lie on one another as those of the other pairs do"
            yield Finding("wrong-partner", "error", files, problem, "find the right partner")
        elif shift.largest > least and shift.after > max(agreement / 2, shift.before * _BETTER):
            yield _shifted(fit, shift)
