"""Looks at a data folder before anyone trains on it; every file is read once, none changed."""

from __future__ import annotations

from pathlib import Path

from beyne.data.folder import BY_LAYOUT
from beyne.data.pairs import Sources
from beyne.doctor import captions, content, duplicates, files, labels, pairs, splits
from beyne.doctor.division import divide
from beyne.doctor.evidence import Evidence, Pass, Watcher
from beyne.doctor.findings import Diagnosis, Finding
from beyne.doctor.layout import TASKS, find_layout
from beyne.doctor.likeness import find_twins

__all__ = ["CHECKS", "TASKS", "Diagnosis", "Finding", "Watcher", "examine"]

#: What is looked for; each takes the evidence and gives findings.
CHECKS = (
    files.check,
    content.check,
    duplicates.check,
    pairs.check,
    splits.check,
    captions.check,
    labels.check,
)
_WORST_FIRST = ("error", "warning", "info")


def examine(
    root: Path,
    task: str | None = None,
    split_file: Path | None = None,
    group: str | None = None,
    watcher: Watcher | None = None,
    sources: Sources = BY_LAYOUT,
) -> Diagnosis:
    """Look at a data folder.

    Args:
        root: The folder, see `beyne.doctor.layout`.
        task: One of `TASKS`; None: told from the folder.
        split_file: A ``split.csv`` to judge instead of the folder's.
        group: What names groups, see `beyne.doctor.division.divide`.
        watcher: Is told how it goes on.
        sources: Folders named for the sides of a translation.

    Raises:
        UsageError: There is no such folder, task, table or group, or not one picture.
    """
    layout = find_layout(root, task, sources)
    work = Pass(layout, watcher)
    work.run()
    targets = {p.file: work.facts[p.file] for p in layout.targets if p.file in work.facts}
    twins = find_twins(targets)
    division = divide(layout, twins, split_file, group)
    seen = Evidence(layout, work.facts, work.errors, work.fits, twins, division)
    findings = [_taken(seen), *(finding for check in CHECKS for finding in check(seen))]
    findings.sort(key=lambda finding: _WORST_FIRST.index(finding.severity))
    proposed = division.source == "proposed"
    return Diagnosis(layout.task, tuple(findings), division.split, division.groups, proposed)


def _taken(seen: Evidence) -> Finding:
    """What the folder was taken for."""
    layout = seen.layout
    why = f", as {layout.words}" if layout.words else ""
    pairs = f" in {len(layout.partners)} pairs" if layout.partners else ""
    problem = f"taken for {layout.task}{why}: {len(layout.pictures)} pictures{pairs}"
    return Finding("layout", "info", (), problem, "--task, if it is meant otherwise")
