"""One spelling for many: Cyrillic and Latin writing of a word folded to the same letters.

Kazakh, Russian and Ukrainian are each written in several ways: with marks or without, in the
Kazakh Latin alphabet of 2021, in the transliterations of keyboards and passports. What is left of
a word here, its skeleton, is the same for most of them: бидай, bidai, biday → bidai; кукуруза,
kukuruza → kukuruza; қауызды, qauyzdy, kauyzdy → kauizdi.
"""

from __future__ import annotations

import re
import unicodedata

_LETTERS = {
    **dict(zip("абвгдеєжзиклмнопрстуфхцчшщыэ", "abvhdeejziklmnoprstufhccssie", strict=True)),
    **dict(zip("ғқңөұүһәіы", "hknouuhaii", strict=True)),  # of Kazakh; і of Ukrainian, too
    **dict(zip("ıyqgwŋ", "iikhvn", strict=True)),  # of Latin
    **{"я": "ia", "ю": "iu", "ь": "", "ъ": ""},
}
#: What transliterations write with several letters for one; the longest first.
_GROUPS = {
    **{"shch": "s", "sch": "s", "sh": "s", "ch": "c", "ts": "c", "zh": "j"},
    **{"kh": "h", "gh": "h", "ph": "f"},
}
_GROUP = re.compile("|".join(_GROUPS))
_WORD = re.compile(r"[^\W_]+")
_APOSTROPHES = re.compile("['\N{RIGHT SINGLE QUOTATION MARK}\N{MODIFIER LETTER APOSTROPHE}`]")
_REPEATED = re.compile(r"(.)\1+")


def words(text: str) -> list[str]:
    """Words and numbers of a text in lower case, composed (NFC); other signs part them."""
    plain = unicodedata.normalize("NFC", text).casefold()
    return _WORD.findall(_APOSTROPHES.sub("", plain))


def skeleton(word: str) -> str:
    """The letters that all ways to write a word of `words` have in common; doubled ones once."""
    apart = unicodedata.normalize("NFD", word)
    bare = "".join(sign for sign in apart if not unicodedata.combining(sign))
    grouped = _GROUP.sub(lambda found: _GROUPS[found.group()], bare)
    letters = "".join(_LETTERS.get(letter, letter) for letter in grouped)
    return _REPEATED.sub(r"\1", letters)
