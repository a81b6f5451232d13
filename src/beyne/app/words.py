"""The words of the window, one catalogue a language in ``catalogues/``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from beyne.config import read_toml
from beyne.errors import UsageError, did_you_mean

#: Language → what it calls itself, in the order in which the page offers them.
LANGUAGES = {"kk": "Қазақша", "ru": "Русский", "uk": "Українська", "en": "English"}


@cache
def catalogue(language: str) -> dict[str, str]:
    """Key such as ``upscale.start`` → words."""
    tables = read_toml(Path(__file__).parent / "catalogues" / f"{language}.toml")
    return {f"{table}.{key}": said for table in tables for key, said in tables[table].items()}


class Words:
    """The catalogue of one language.

    Args:
        language: One of `LANGUAGES`.

    Raises:
        UsageError: Another one.
    """

    def __init__(self, language: str) -> None:
        if language not in LANGUAGES:
            problem = f"the window does not speak '{language}'"
            raise UsageError(problem, did_you_mean(language, LANGUAGES))
        self.language = language

    def __call__(self, key: str, **values: Any) -> str:
        """The words for ``key``, with ``{name}`` replaced by its value."""
        return catalogue(self.language)[key].format(**values)

    def duration(self, seconds: float) -> str:
        """``2 h 5 min``, ``3 min 20 s``, ``7 s``."""
        minutes, rest = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        if hours:
            return self("time.hours", hours=hours, minutes=minutes)
        if minutes:
            return self("time.minutes", minutes=minutes, seconds=rest)
        return self("time.seconds", seconds=rest)


def language_of(path: str) -> str:
    """The language that an address such as ``/kk/config`` begins with, else English."""
    language = path.split("/")[1]
    return language if language in LANGUAGES else "en"


def preferred(accepted: str) -> str:
    """The language that a browser's ``Accept-Language`` ranks first, else English."""
    ranked = []
    for part in accepted.split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            ranked.append((-float(weight or 1), tag.split("-")[0].lower()))
        except ValueError:
            continue
    known = (language for _, language in sorted(ranked, key=lambda pair: pair[0]))
    return next((language for language in known if language in LANGUAGES), "en")
