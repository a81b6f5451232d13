"""How a command over picture files ends: its document, its summary, its exit code."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import typer

from beyne.errors import UsageError

if TYPE_CHECKING:
    from beyne.predict.batch import Report


def check_wishes(resume: bool, overwrite: bool) -> None:
    """Refuse two that contradict each other."""
    if resume and overwrite:
        raise UsageError("--resume keeps outputs that exist, --overwrite replaces them", "use one")


def conclude(report: Report, as_json: bool, more: str = "") -> None:
    """Print what became of a batch; exit code 1 if an input failed.

    Args:
        report: Of the batch.
        as_json: Print it to standard output, too.
        more: What the summary shall say besides.
    """
    if as_json:
        print(_document(report))
    print(_summary(report) + more, file=sys.stderr)
    if report.failed:
        raise typer.Exit(1)


def _document(report: Report) -> str:
    from dataclasses import asdict

    keys = ("model", "device", "precision", "done", "failed")
    values = asdict(report)
    return json.dumps({key: values[key] for key in keys}, indent=2)


def _summary(report: Report) -> str:
    parts = [f"{len(report.done)} done"]
    if report.skipped:
        parts.append(f"{len(report.skipped)} there already")
    if report.failed:
        parts.append(f"{len(report.failed)} failed")
    how = f" on {report.device} in {report.precision}" if report.device else ""
    return f"{', '.join(parts)}; {report.model}{how}"
