"""Errors a user can meet: what is wrong, and what to type next."""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

#: Problem and remedy where there is no room, and what the system then answers.
DISK_FULL = "the disk is full", "free space or choose another folder with -o"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class BeyneError(Exception):
    """Something the user can put right.

    Args:
        problem: What is wrong, in one clause, without a full stop.
        remedy: What to do or type next, in one clause; empty if there is nothing to do.
    """

    exit_code = 1

    def __init__(self, problem: str, remedy: str = "") -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{problem}; {remedy}" if remedy else problem)


class UsageError(BeyneError):
    """The call itself is wrong: nothing was tried (exit code 2)."""

    exit_code = 2


class Stopped(BaseException):
    """Raised by whoever is told of progress, to end the work; files that are written stay.

    Not an `Exception`, so that no step on the way takes it for a failed picture.
    """


class ImageError(BeyneError):
    """One image can't be read or written; the others in the batch go on."""


class MissingExtraError(UsageError):
    """An optional part of beyne is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed", f"pip install 'beyne[{extra}]'")


def foreseen(error: BaseException) -> BeyneError | None:
    """The error as a sentence for the user: where it is one, or is about a full disk, memory, or a
    file that the system refused.

    Returns:
        None: nobody foresaw it.
    """
    if isinstance(error, BeyneError):
        return error
    if is_disk_full(error):
        return BeyneError(*DISK_FULL)
    if is_out_of_memory(error):
        return BeyneError("memory does not suffice", "close other programs, or take less at once")
    if isinstance(error, OSError) and error.errno and error.filename:
        problem = f"{error.filename} can't be opened ({error.strerror})"
        return BeyneError(problem, "check the path and its rights")
    return None


def is_disk_full(error: BaseException) -> bool:
    """Whether the disk, a quota or a file could take no more."""
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return True
    # Libraries may raise another error on their way out of this one, PyTorch for one.
    return error.__context__ is not None and is_disk_full(error.__context__)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory did not suffice, on whatever device."""
    # PyTorch's CPU allocator raises a plain RuntimeError.
    words = ("out of memory", "not enough memory", "can't allocate memory")
    return isinstance(error, MemoryError) or any(word in str(error).lower() for word in words)


@contextmanager
def about(path: object) -> Iterator[None]:
    """Put ``path`` before the problem of an `ImageError` that is raised inside."""
    try:
        yield
    except ImageError as error:
        raise ImageError(f"{path}: {error.problem}", error.remedy) from None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``"did you mean 'width'?"`` where a known word is near, else the list of known words."""
    known = sorted(known)
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean '{near[0]}'?" if near else "known: " + ", ".join(known)
