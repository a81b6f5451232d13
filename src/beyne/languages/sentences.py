"""Sentences that are written in English where they arise, in another language where they are shown.

A catalogue maps an English sentence with named holes, such as ``the folder {folder} does not
exist``, to one with the same holes. What stands in a hole may be such a sentence itself; in
``{count}`` and ``{number}`` stands a single word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from string import Formatter
from typing import NamedTuple

from beyne.config import read_toml

_FOLDER = Path(__file__).parent / "catalogues"
_WORD = dict.fromkeys(("count", "number"), r"\S*")


@dataclass(frozen=True)
class Template:
    """An English sentence and its translation, both with the same holes.

    Attributes:
        english: The sentence.
        said: The translation.
        letters: How many characters stand outside the holes.
        landmark: The longest run of them; a text without it needs no closer look.
        pattern: What fits the sentence, its holes as named groups.
    """

    english: str
    said: str
    letters: int
    landmark: str
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, english: str, said: str) -> Template:
        """Compile a line of a catalogue."""
        parts = [(literal, hole) for literal, hole, _, _ in Formatter().parse(english)]
        literals = [literal for literal, _ in parts]
        pattern = "".join(
            re.escape(literal) + (f"(?P<{hole}>{_WORD.get(hole, '.*?')})" if hole else "")
            for literal, hole in parts
        )
        letters = sum(map(len, literals))
        return cls(english, said, letters, max(literals, key=len), re.compile(pattern, re.DOTALL))

    def holes(self, text: str) -> dict[str, str] | None:
        """What stands in the holes if ``text`` is this sentence, else None."""
        found = self.pattern.fullmatch(text) if self.landmark in text else None
        return found.groupdict() if found else None


@cache
def templates(language: str) -> list[Template]:
    """All of a language; none of English."""
    if language == "en":
        return []
    tables = read_toml(_FOLDER / f"{language}.toml").values()
    return [Template.of(*line) for table in tables for line in table.items()]


class Reading(NamedTuple):
    """How a text is understood.

    Attributes:
        said: The text in the other language.
        letters: How many of its characters are those of templates.
        kept: The rest, as it stands: names, numbers, English that no template fits.
    """

    said: str
    letters: int
    kept: tuple[str, ...]


@lru_cache(4096)  # else a text of many clauses would be read in each of very many ways
def read(text: str, language: str) -> Reading:
    """The reading of an English text that keeps least as it stands."""
    best = Reading(text, 0, (text,))
    for template in templates(language):
        holes = template.holes(text)
        if holes is not None:
            parts = {name: read(value, language) for name, value in holes.items()}
            letters = template.letters + sum(part.letters for part in parts.values())
            if letters > best.letters:
                said = template.said.format(**{name: part.said for name, part in parts.items()})
                best = Reading(said, letters, sum((p.kept for p in parts.values()), ()))
    return best


def translated(text: str, language: str) -> str:
    """An English sentence in another language; what no template fits stays as it is.

    Args:
        text: A problem or a remedy of a `beyne.errors.BeyneError`, a finding, a warning.
        language: One of `beyne.languages.LANGUAGES`.
    """
    return read(text, language).said
