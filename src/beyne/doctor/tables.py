"""Reading the tables of a data folder; what is wrong with one becomes findings."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from beyne.doctor.findings import Finding
from beyne.errors import UsageError
from beyne.files import AS_UTF8, decoded, rows_of

Row = dict[str, str]


@dataclass(frozen=True)
class Table:
    """A table that could be read as far as ``findings`` say.

    Attributes:
        name: File name.
        columns: Names of the columns, as the file writes them.
        rows: Line number in the file, and column → value; a missing value is empty.
    """

    name: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[int, Row], ...] = ()
    findings: list[Finding] = field(default_factory=list)


def read_table(path: Path, columns: Sequence[str] = ()) -> Table:
    """Read a CSV file, or JSON lines by the suffix ``.jsonl``.

    Args:
        columns: Those it must have.

    Raises:
        UsageError: The system refuses to read the file.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} can't be read ({error.strerror})", "check the path") from None
    try:
        text = decoded(data)
    except UnicodeDecodeError:
        return _refused(path.name, "is not UTF-8 text", AS_UTF8)
    if path.suffix.lower() == ".jsonl":
        table = _from_json(path.name, text)
    else:
        table = _from_csv(path.name, text)
    lacking = [column for column in columns if column not in table.columns]
    if lacking and not table.findings:
        has = ", ".join(table.columns) or "none"
        problem = f"has no column {' and '.join(lacking)} (it has: {has})"
        return _refused(path.name, problem, f"name its columns {','.join(columns)} in line 1")
    if data.startswith(b"\xef\xbb\xbf"):
        problem = "starts with a byte-order mark, which beyne passes over and others may not"
        table.findings.append(
            Finding("byte-order-mark", "info", (path.name,), problem, "save it as UTF-8 without")
        )
    return table


def _refused(name: str, problem: str, remedy: str) -> Table:
    return Table(name, findings=[Finding("table", "error", (name,), problem, remedy)])


def _from_csv(name: str, text: str) -> Table:
    try:
        reader = rows_of(text)
        rows = [(reader.line_num, _plain(row)) for row in reader]
    except csv.Error as error:
        return _refused(name, f"is no CSV ({error})", "save it anew as CSV")
    return Table(name, tuple(reader.fieldnames or ()), tuple(rows))


def _from_json(name: str, text: str) -> Table:
    rows = []
    for line, entry in enumerate(text.splitlines(), start=1):
        if not entry.strip():
            continue
        try:
            row = json.loads(entry)
        except json.JSONDecodeError as error:
            return _refused(name, f"line {line} is no JSON ({error.msg})", "write an object a line")
        if not isinstance(row, dict):
            return _refused(name, f"line {line} is no object", 'write {"file": …, "text": …}')
        rows.append((line, _plain(row)))
    columns = dict.fromkeys(column for _, row in rows for column in row)
    filled = tuple((line, dict.fromkeys(columns, "") | row) for line, row in rows)
    return Table(name, tuple(columns), filled)


def _plain(row: dict[str, object]) -> Row:
    """Missing values as empty texts; a lone row's surplus values are left out."""
    return {key: "" if value is None else str(value) for key, value in row.items() if key}
