"""What the doctor says: findings, each with what to do about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any, Literal

from beyne.data.split import SplitName

Severity = Literal["info", "warning", "error"]

_LINES_SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """One thing that is noteworthy (``info``), doubtful (``warning``) or wrong (``error``).

    Attributes:
        kind: Its name, the same for every data set: ``unreadable``, ``leak`` …
        severity: See above; above ``info`` the data set is not in order.
        files: What it is about, relative to the data folder with ``/``, sorted.
        problem: What was found, in one clause.
        remedy: What to do, in one clause.
    """

    kind: str
    severity: Severity
    files: tuple[str, ...]
    problem: str
    remedy: str


@dataclass(frozen=True)
class Diagnosis:
    """The result of looking at a data folder.

    Attributes:
        task: ``upscale``, ``translate``, ``generate`` or ``illustrate``.
        findings: The worst first.
        split: File → train, val or test: as the data set says, else as proposed.
        groups: File → group (patient, scene, field …) of the same files.
        proposed: Whether the data set says nothing of a split.
    """

    task: str
    findings: tuple[Finding, ...]
    split: dict[str, SplitName]
    groups: dict[str, str]
    proposed: bool

    @property
    def ok(self) -> bool:
        """Whether nothing above ``info`` was found."""
        return all(finding.severity == "info" for finding in self.findings)

    def document(self) -> dict[str, Any]:
        """The diagnosis as plain values, for JSON."""
        findings = [asdict(finding) for finding in self.findings]
        return {"ok": self.ok, "findings": findings, "split": self.split}


def alike(
    kind: str, severity: Severity, problems: Mapping[str, str], remedy: str
) -> Iterator[Finding]:
    """One finding for each problem: the files (file → problem) that share it come together."""
    files: dict[str, list[str]] = defaultdict(list)
    for file, problem in problems.items():
        files[problem].append(file)
    for problem, names in files.items():
        yield Finding(kind, severity, tuple(sorted(names)), problem, remedy)


def not_there(
    kind: str, table: str, named: Sequence[tuple[int, str]], known: Collection[str]
) -> Iterator[Finding]:
    """One finding for the rows (line, file) of a table that name files which are not there."""
    if named:
        lines = ", ".join(str(line) for line, _ in named[:_LINES_SHOWN])
        more = f" and {len(named) - _LINES_SHOWN} more" if len(named) > _LINES_SHOWN else ""
        near = get_close_matches(named[0][1], known, n=1)
        meant = f"; {named[0][1]}: did you mean {near[0]}?" if near else ""
        files = tuple(sorted({file for _, file in named}))
        problem = f"{table} names what is not there (line {lines}{more})"
        yield Finding(kind, "error", files, problem, f"correct the lines or add the files{meant}")
