"""The words of the window, and which language a visitor gets."""

from __future__ import annotations

from pathlib import Path

from beyne import languages
from beyne.languages import LANGUAGES

__all__ = ["LANGUAGES", "Words", "language_of", "preferred"]


class Words(languages.Words):
    """The words of the window, one catalogue a language in ``catalogues/``."""

    folder = Path(__file__).parent / "catalogues"


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
