"""Files that appear whole or not at all; tables."""

from __future__ import annotations

import codecs
import csv
import io
import os
import secrets
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from beyne.errors import DISK_FULL, BeyneError, UsageError, is_disk_full

#: In a folder that `locked` has kept.
LOCK = ".lock"
#: What to do about a table in another encoding; Excel's plain "CSV" is in that of the system.
AS_UTF8 = "save it as UTF-8; in Excel, choose CSV UTF-8"


def table(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows, at least one, as CSV: their keys are the headings; what a row lacks is empty."""
    text = io.StringIO()
    headings = dict.fromkeys(key for row in rows for key in row)
    writer = csv.DictWriter(text, headings, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def decoded(data: bytes) -> str:
    """Text of UTF-8, with or without a byte-order mark, or of UTF-16 with one, as Excel writes it.

    Raises:
        UnicodeDecodeError: It is neither.
    """
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if wide else "utf-8-sig")


def rows_of(text: str) -> csv.DictReader[str]:
    """The rows of a CSV text, heading → value.

    Values stand apart by commas; where the headings have none, by ``;`` or tabs, which spreadsheets
    write where the comma is the decimal sign.
    """
    headings = text.partition("\n")[0]
    mark = next((mark for mark in ",;\t" if mark in headings), ",")
    return csv.DictReader(io.StringIO(text, newline=""), delimiter=mark)


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, see `decoded` and `rows_of`; short rows have None where they end.

    Raises:
        UsageError: It can't be read, or is in another encoding.
    """
    try:
        return list(rows_of(decoded(path.read_bytes())))
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text", AS_UTF8) from None
    except (OSError, csv.Error) as error:
        raise UsageError(f"{path} can't be read ({error})") from None


def is_there(path: Path) -> bool:
    """Whether there is something that may be looked at; `Path.exists` raises where it may not."""
    try:
        return path.exists()
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """Whether it is a folder that may be looked at; `Path.is_dir` raises where it may not."""
    try:
        return path.is_dir()
    except OSError:
        return False


@contextmanager
def whole_or_nothing(path: Path) -> Iterator[BinaryIO]:
    """A file beside ``path`` that takes its name if all goes well and vanishes if not.

    Raises:
        OSError: The folder does not exist or the disk refuses.
    """
    with part_of(path) as part, part.open("x+b") as file:
        yield file


@contextmanager
def part_of(path: Path) -> Iterator[Path]:
    """As `whole_or_nothing`, for whoever opens the file by its name."""
    part = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.part")
    try:
        yield part
        with part.open("r+b") as file:
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_whole(path: Path, data: bytes) -> None:
    """Write ``data`` whole or not at all; a file of that name is replaced.

    Raises:
        BeyneError: The folder does not exist, or the disk is full or refuses.
    """
    try:
        with whole_or_nothing(path) as file:
            file.write(data)
    except OSError as error:
        if is_disk_full(error):
            raise BeyneError(*DISK_FULL) from None
        problem = f"{path} can't be written ({error.strerror})"
        raise UsageError(problem, "check the folder") from None


def check_free(path: Path, overwrite: bool) -> None:
    """Refuse an output early, before the work is done.

    Raises:
        UsageError: ``path`` exists and ``overwrite`` is not set, or its folder does not exist.
    """
    if path.exists() and not overwrite:
        raise UsageError(f"{path} exists", "give another name with -o, or --overwrite")
    if not path.parent.is_dir():
        raise UsageError(f"the folder {path.parent} does not exist", "make it first")


def check_output(folder: Path, names: Iterable[str], overwrite: bool) -> None:
    """Refuse an output folder early, before the work is done.

    Raises:
        UsageError: It is a file, or one of the files to write exists and ``overwrite`` is not set.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file", "give a folder with -o")
    if folder.is_dir():
        for name in names:
            check_free(folder / name, overwrite)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes out of a folder, which is made if it is not there.

    While it is kept, the file `LOCK` in it holds the process's number. The system lets go of the
    lock when the process ends, however it ends.

    Raises:
        UsageError: Another process is in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+", encoding="utf-8") as file:
        try:
            _take(file.fileno())
        except OSError:
            file.seek(0)
            problem = f"process {file.read() or 'unknown'} is at work in {folder}"
            raise UsageError(problem, "wait for it, or use another -o") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _take(file: int) -> None:
    """Lock an open file, or raise an `OSError` at once."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(file, 1 << 20, os.SEEK_SET)  # beyond the text, which others may then read
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
