"""What beyne says in four languages: words by their keys, problems by their English sentences."""

from beyne.languages.sentences import translated
from beyne.languages.words import LANGUAGES, Words

__all__ = ["LANGUAGES", "Words", "translated"]
