"""Texts that say what pictures show: ``captions.csv`` or ``captions.jsonl``."""

from __future__ import annotations

import csv
import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from beyne.errors import UsageError
from beyne.files import AS_UTF8, decoded, rows_of

#: Names of the table in a data folder.
CAPTIONS = ("captions.csv", "captions.jsonl")
_REMEDY = "UTF-8 with columns file,text,lang,label; beyne check --task illustrate tells more"


@dataclass(frozen=True)
class Caption:
    """One text about one picture.

    Attributes:
        file: Path of the picture relative to the data folder, with ``/``.
        text: Composed (NFC), spaces as single ones.
        lang: Language code, such as ``kk``; empty where it is not stated.
        label: Class; empty where it is not stated.
    """

    file: str
    text: str
    lang: str = ""
    label: str = ""


def find_captions(root: Path, named: Path | None = None) -> Path:
    """The table of a data folder.

    Args:
        root: The data folder.
        named: Where the table is instead, from here or from the data folder.

    Raises:
        UsageError: There is none.
    """
    places = [named, root / named] if named else [root / name for name in CAPTIONS]
    for path in places:
        if path.is_file():
            return path
    problem = f"{named} does not exist" if named else f"{root} has no {' or '.join(CAPTIONS)}"
    raise UsageError(problem, "--set data.captions=FILE, with columns file,text,lang,label")


def read_captions(path: Path) -> list[Caption]:
    """Read a table of captions, see `beyne.files.rows_of`, or JSON lines; empty texts left out.

    Raises:
        UsageError: It can't be read, lacks a column, or has no texts.
    """
    try:
        text = decoded(path.read_bytes())
        rows = list(_rows(text, path.suffix.lower() == ".jsonl"))
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text", AS_UTF8) from None
    except (OSError, ValueError, csv.Error) as error:
        raise UsageError(
            f"{path} can't be read ({error})", f"save it as UTF-8, {_REMEDY}"
        ) from None
    if lacking := [key for key in ("file", "text") if not all(key in row for row in rows)]:
        raise UsageError(f"{path} has no column {' and '.join(lacking)}", f"it takes {_REMEDY}")
    read = [_caption(row) for row in rows]
    found = [caption for caption in read if caption.text]
    if not found:
        raise UsageError(f"{path} has no texts", f"it takes {_REMEDY}")
    return found


def _rows(text: str, as_json: bool) -> Iterable[dict[str, Any]]:
    if not as_json:
        return rows_of(text)
    rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    if not all(isinstance(row, dict) for row in rows):
        raise ValueError("a line is no object")
    return rows


def _caption(row: dict[str, Any]) -> Caption:
    text, lang, label = (
        " ".join(unicodedata.normalize("NFC", str(row.get(key) or "")).split())
        for key in ("text", "lang", "label")
    )
    return Caption(str(row["file"] or "").replace("\\", "/"), text, lang, label)
