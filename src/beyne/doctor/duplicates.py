"""The same picture more than once in one split; across splits it is a leak."""

from __future__ import annotations

from collections.abc import Iterator

from beyne.doctor.evidence import Evidence
from beyne.doctor.findings import Finding


def check(seen: Evidence) -> Iterator[Finding]:
    """Equal and nearly equal pictures."""
    for twins in seen.twins:
        if len({seen.division.split.get(file) for file in twins.files}) > 1:
            same = "the same" if twins.exact else "nearly the same"
            problem = f"{same} picture in several splits: what is tested on has been trained on"
            remedy = "keep it in one of them"
            yield Finding("leak", "error", twins.files, problem, remedy)
        elif twins.exact:
            problem = "the same picture several times"
            yield Finding("duplicate", "warning", twins.files, problem, "keep one of them")
        else:
            problem = "nearly the same picture several times (saved, sized, turned or inverted)"
            yield Finding("near-duplicate", "warning", twins.files, problem, "keep the best one")
