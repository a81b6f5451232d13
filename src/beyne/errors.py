"""Errors a user can meet: what is wrong, and what to type next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


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
