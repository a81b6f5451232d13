"""The words of a part of beyne, one catalogue a language."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from beyne.config import read_toml
from beyne.errors import UsageError, did_you_mean

#: Language → what it calls itself, in the order in which they are offered.
LANGUAGES = {"kk": "Қазақша", "ru": "Русский", "uk": "Українська", "en": "English"}


@cache
def catalogue(folder: Path, language: str) -> dict[str, str]:
    """Key such as ``upscale.start`` → words, from ``LANGUAGE.toml`` in a folder."""
    tables = read_toml(folder / f"{language}.toml")
    return {f"{table}.{key}": said for table in tables for key, said in tables[table].items()}


class Words:
    """The catalogue of one language; whoever has words of its own names their ``folder``.

    Args:
        language: One of `LANGUAGES`.

    Raises:
        UsageError: Another one.
    """

    folder: ClassVar[Path]

    def __init__(self, language: str) -> None:
        if language not in LANGUAGES:
            problem = f"beyne does not speak '{language}'"
            raise UsageError(problem, did_you_mean(language, LANGUAGES))
        self.language = language

    def __call__(self, key: str, **values: Any) -> str:
        """The words for ``key``, with ``{name}`` replaced by its value."""
        return catalogue(self.folder, self.language)[key].format(**values)

    def __contains__(self, key: str) -> bool:
        """Whether there are words for ``key``."""
        return key in catalogue(self.folder, self.language)

    def duration(self, seconds: float) -> str:
        """``2 h 5 min``, ``3 min 20 s``, ``7 s``."""
        minutes, rest = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        if hours:
            return self("time.hours", hours=hours, minutes=minutes)
        if minutes:
            return self("time.minutes", minutes=minutes, seconds=rest)
        return self("time.seconds", seconds=rest)
