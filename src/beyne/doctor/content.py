"""Pictures that hold less than they promise: blurred, enlarged, compressed, clipped, empty."""

from __future__ import annotations

from collections.abc import Iterator

from beyne.doctor.evidence import Evidence
from beyne.doctor.facts import Facts
from beyne.doctor.findings import Finding, Severity, alike

#: JPEG quality below which blocks show in an enlargement; between the two it is mentioned only.
_POOR, _FAIR = 82, 88
#: Shares of black and white pixels; a photograph before a studio's white wall has up to 0.87.
_CLIPPED, _MUCH_CLIPPED = 0.4, 0.9
_RINGING = 0.005


def check(seen: Evidence) -> Iterator[Finding]:
    """Look at what a network is to make; inputs may rightly be poor."""
    made = {
        file: facts
        for file, facts in seen.facts.items()
        if not seen.layout.pictures[file].is_input and not facts.constant
    }
    yield from _constant(seen)
    yield from _soft(made)
    yield from _repeated(made, seen.layout.task)
    yield from _compressed(made)
    if seen.layout.task == "translate":
        yield from _lossy_masks(seen)
    else:
        yield from _clipped(made)


def _clipped(made: dict[str, Facts]) -> Iterator[Finding]:
    """Black or white without drawing in it; masks are nothing else and rightly so."""
    remedy = "take one exposed better, or leave it out"
    shares = {file: facts.clipped for file, facts in made.items() if facts.clipped < 0.999}
    much = {
        f: "nearly all of it is pure black or white" for f in shares if shares[f] > _MUCH_CLIPPED
    }
    yield from alike("clipped", "warning", much, remedy)
    some = {f: "much of it is pure black or white" for f in shares if shares[f] > _CLIPPED}
    yield from alike("clipped", "info", {f: some[f] for f in some if f not in much}, remedy)


def _constant(seen: Evidence) -> Iterator[Finding]:
    empty = {file: "one colour all over" for file, facts in seen.facts.items() if facts.constant}
    yield from alike("constant", "warning", empty, "take it out, or find what went wrong with it")


def _soft(made: dict[str, Facts]) -> Iterator[Finding]:
    soft = {
        file: f"no detail finer than about {facts.cut.pixels:.1f} pixels: "
        "blurred, or enlarged from a smaller picture"
        for file, facts in made.items()
        if facts.cut
    }
    yield from alike("blurred-or-enlarged", "warning", soft, "take the original, or shrink it")


def _repeated(made: dict[str, Facts], task: str) -> Iterator[Finding]:
    """Masks of few levels may well look so."""
    found = {
        file: f"enlarged ×{facts.repeated} by repeating pixels"
        for file, facts in made.items()
        if facts.repeated > 1
    }
    severity: Severity = "info" if task == "translate" else "warning"
    yield from alike("repeated-pixels", severity, found, "take the original, or shrink it back")


def _compressed(made: dict[str, Facts]) -> Iterator[Finding]:
    blocks = {file: facts.quality for file, facts in made.items() if facts.quality < _FAIR}
    poor = {
        file: f"blocks of JPEG compression, quality about {quality // 5 * 5}"
        for file, quality in blocks.items()
        if quality < _POOR
    }
    yield from alike("jpeg-blocks", "warning", poor, "take the original, or shrink it by 2 or more")
    fair = {file: "traces of JPEG compression" for file in blocks if file not in poor}
    yield from alike("jpeg-blocks", "info", fair, "take the original if there is one")


def _lossy_masks(seen: Evidence) -> Iterator[Finding]:
    masks = {
        file: "a mask of few levels with ringing around them, as JPEG leaves it"
        for file, facts in seen.facts.items()
        if facts.ringing > _RINGING
    }
    yield from alike("lossy-mask", "warning", masks, "save masks as PNG, from the original")
