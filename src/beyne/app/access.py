"""What a browser may reach: paths below the roots, uploads of pictures of a bounded size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from beyne.app.words import Words
from beyne.errors import BeyneError, UsageError

#: Addresses that only this machine reaches.
LOOPBACK = ("127.0.0.1", "localhost", "::1")

#: Megabytes of an upload; larger files are opened by their path.
UPLOAD_LIMIT = 100


@dataclass(frozen=True)
class Access:
    """Which files the page may read.

    Attributes:
        roots: Folders, resolved; nothing outside them is opened.
        words: For refusals.
        upload_limit: Megabytes (10⁶ bytes) that one file sent by the browser may have.
        pixel_limit: Most pixels of a picture; None: what this machine's memory carries.
    """

    roots: Sequence[Path]
    words: Words
    upload_limit: int = UPLOAD_LIMIT
    pixel_limit: int | None = None

    def path(self, typed: str) -> Path:
        """The file or folder that a visitor typed, symbolic links followed.

        Raises:
            BeyneError: There is none, or it lies outside the roots.
        """
        path = self.place(typed)
        if not path.exists():
            raise self._missing(typed)
        return path

    def folder(self, typed: str) -> Path:
        """The same of a folder.

        Raises:
            BeyneError: There is none, or it lies outside the roots.
        """
        path = self.path(typed)
        if not path.is_dir():
            said = self.words("access.no_folder", path=typed)
            raise BeyneError(said, self.words("access.check"))
        return path

    def place(self, typed: str) -> Path:
        """A path that a visitor typed, whether something is there or not, links followed.

        Raises:
            BeyneError: It lies outside the roots, or can't be a path.
        """
        try:
            path = (self.roots[0] / Path(typed.strip().strip("\"'")).expanduser()).resolve()
            path.exists()
        except (OSError, ValueError, RuntimeError):  # too long, a null byte, a ring, no such user
            raise self._missing(typed) from None
        self._check_inside(path, typed)
        return path

    def whole_path(self, typed: str) -> Path:
        """As `path`, for whoever reads all of a folder: no link in it leads outside, either."""
        path = self.path(typed)
        for found in path.rglob("*"):
            if found.is_symlink():
                self._check_inside(found.resolve(), found)
        return path

    def _check_inside(self, path: Path, shown: object) -> None:
        if not any(path.is_relative_to(root) for root in self.roots):
            roots = self.words("access.roots", roots=", ".join(map(str, self.roots)))
            raise BeyneError(self.words("access.outside", path=shown), roots)

    def _missing(self, typed: str) -> BeyneError:
        return BeyneError(self.words("access.missing", path=typed), self.words("access.check"))

    def glob(self, *patterns: str) -> Iterator[Path]:
        """Files below the roots, nothing hidden, no link that leads outside."""
        for root in self.roots:
            for pattern in patterns:
                for path in sorted(root.glob(pattern)):
                    hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
                    if not hidden and path.resolve().is_relative_to(root):
                        yield path


def resolved_roots(folders: Sequence[Path]) -> list[Path]:
    """Folders as roots; the home folder if there are none.

    Raises:
        UsageError: One is not a folder.
    """
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"--root {folder} is not a folder", "check the path")
    return [folder.resolve() for folder in folders or [Path.home()]]
