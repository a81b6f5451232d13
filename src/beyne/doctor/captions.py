"""Captions: files and texts that do not match, and texts that a tokeniser would read otherwise."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping

from beyne.doctor.evidence import Evidence
from beyne.doctor.findings import Finding, not_there
from beyne.doctor.tables import Table

_SCRIPTS = {
    **dict.fromkeys(("ru", "uk", "be", "bg", "ky", "tg", "mn"), "Cyrillic"),
    **dict.fromkeys(("en", "de", "fr", "es", "it", "tr", "pl", "pt", "uz"), "Latin"),
    # Kazakh is written in both; which one, the data set's other captions say.
}
#: Code pages that UTF-8 is read as by mistake.
_CODE_PAGES = ("cp1251", "cp1252")
#: What is left where a code page could not hold a letter, or was read as another one.
_LOST = re.compile("\N{REPLACEMENT CHARACTER}|[?]{3}|[À-ÿ]{4}")
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\xad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_WORD = re.compile(r"[^\W\d_]+")
#: Share of the texts that stand for several pictures from which on they are no mistake.
_TEMPLATES = 0.5

Line = tuple[int, dict[str, str]]


def check(seen: Evidence) -> Iterator[Finding]:
    """Look at ``captions.csv`` or ``captions.jsonl``."""
    yield from seen.layout.findings
    if seen.layout.task != "illustrate":
        return
    table = seen.layout.tables.get("captions")
    if table is None:
        problem = "there is neither captions.csv nor captions.jsonl"
        yield Finding("no-captions", "error", (), problem, "write file,text,lang,label a line")
        return
    if not table.rows:
        return
    yield from _files(seen, table)
    yield from _repeated(table)
    yield from _texts(table)
    yield from _scripts(table)


def _files(seen: Evidence, table: Table) -> Iterator[Finding]:
    captioned = {row["file"] for _, row in table.rows}
    without = tuple(sorted(set(seen.layout.pictures) - captioned))
    if without:
        problem = f"has no caption in {table.name}"
        yield Finding("caption-missing", "warning", without, problem, "write one, or take it out")
    pictures = seen.layout.pictures
    orphans = [(line, row["file"]) for line, row in table.rows if row["file"] not in pictures]
    yield from not_there("caption-orphan", table.name, orphans, pictures)


def _repeated(table: Table) -> Iterator[Finding]:
    """The same caption twice for a file, several classes of a file or text, shared texts."""
    lines: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    labels: dict[str, set[str]] = defaultdict(set)
    classes: dict[str, set[str]] = defaultdict(set)
    files: dict[str, set[str]] = defaultdict(set)
    for line, row in table.rows:
        classes[row["file"]] |= {row["label"]} if row.get("label") else set()
        text = " ".join(row["text"].split()).casefold()
        if not text:
            continue
        lines[row["file"], row.get("lang", ""), text].append(line)
        files[text].add(row["file"])
        labels[text] |= {row["label"]} if row.get("label") else set()
    for (file, _, _), numbers in lines.items():
        if len(numbers) > 1:
            problem = f"{table.name} has the same caption for it in lines {_listed(numbers)}"
            yield Finding("caption-repeated", "warning", (file,), problem, "keep one of the lines")
    for file, found in classes.items():
        if len(found) > 1:
            problem = f"{table.name} gives it the classes {', '.join(sorted(found))}"
            yield Finding("caption-conflict", "warning", (file,), problem, "keep one label")
    yield from _shared(
        table, {text: names for text, names in files.items() if len(labels[text]) < 2}
    )
    for text, found in labels.items():
        if len(found) > 1:
            problem = f"the text '{text}' stands for the classes {', '.join(sorted(found))}"
            remedy = "say in the text what tells them apart, or correct the labels"
            named = tuple(sorted(files[text]))
            yield Finding("caption-conflict", "warning", named, problem, remedy)


def _shared(table: Table, files: Mapping[str, set[str]]) -> Iterator[Finding]:
    """Texts of several pictures; where hardly any has its own, captions are meant as classes."""
    shared = {text: names for text, names in files.items() if len(names) > 1}
    if len(shared) > _TEMPLATES * len(files):
        problem = (
            f"{table.name} has {len(files)} texts for {len(set().union(*files.values()))} pictures"
        )
        yield Finding("caption-shared", "info", (), problem, "nothing, if they name classes")
        return
    for text, names in shared.items():
        problem = f"the text '{text}' stands for {len(names)} pictures"
        remedy = "say what tells them apart"
        yield Finding("caption-shared", "warning", tuple(sorted(names)), problem, remedy)


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))


def _texts(table: Table) -> Iterator[Finding]:
    """Texts that are empty, garbled, or hold what can't be seen."""
    looks = (
        ("caption-empty", lambda text: not text.strip(), "no text", "write one"),
        ("caption-garbled", _garbled, "characters of a wrong encoding", "save it as UTF-8"),
        ("caption-invisible", _INVISIBLE.search, "invisible characters", "delete them"),
        ("caption-spaces", _odd_spaces, "spaces at an end or doubled", "delete them"),
        ("caption-form", _decomposed, "letters apart from their accents (NFD)", "save it as NFC"),
        ("caption-look-alike", _mixed, "Latin and Cyrillic letters in one word", "retype the word"),
    )
    for kind, found, what, remedy in looks:
        rows = [(line, row) for line, row in table.rows if found(row["text"])]
        if rows:
            files = tuple(sorted({row["file"] for _, row in rows}))
            some = _listed([line for line, _ in rows[:5]]) + (", …" if len(rows) > 5 else "")
            word = next(iter(_mixed(rows[0][1]["text"])), "") if kind.endswith("alike") else ""
            example = f", such as '{word}'" if word else ""
            problem = f"{table.name}, line {some}: {what}{example}"
            yield Finding(kind, "warning", files, problem, remedy)


def _garbled(text: str) -> bool:
    """Whether the text, or a word of it, was read in a wrong encoding."""
    return bool(_LOST.search(text)) or any(map(_is_utf8_misread, text.split(" ")))


def _is_utf8_misread(word: str) -> bool:
    """Whether the word's bytes in a code page are UTF-8: chance hardly makes them so."""
    for page in _CODE_PAGES:
        try:
            # The code pages leave some bytes open; programs then keep the number.
            data = b"".join(
                letter.encode("latin-1" if "\x7f" < letter < "\xa0" else page) for letter in word
            )
            read = data.decode("utf-8")
        except UnicodeError:
            continue
        if len(read) + 1 < len(word):
            return True
    return False


def _odd_spaces(text: str) -> bool:
    return bool(text.strip()) and text != " ".join(text.split())


def _decomposed(text: str) -> bool:
    return unicodedata.normalize("NFC", text) != text


def _mixed(text: str) -> list[str]:
    """Words of two alphabets. і, ғ, қ and their like are Cyrillic letters as all others."""
    words = _WORD.findall(text)
    return [word for word in words if {"LATIN", "CYRILLIC"} <= {_script(letter) for letter in word}]


def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]


def _scripts(table: Table) -> Iterator[Finding]:
    """Captions in another script than their language has, or than its other captions have."""
    scripts: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for _, row in table.rows:
        letters = [_script(letter) for letter in row["text"] if letter.isalpha()]
        if letters and not _garbled(row["text"]):
            most = max(sorted(set(letters)), key=letters.count)
            scripts[row.get("lang", "")][most.capitalize()].append(row["file"])
    for language, found in scripts.items():
        usual = max(sorted(found), key=lambda script: len(found[script]))
        expected = _SCRIPTS.get(language.partition("-")[0].lower(), usual)
        for script, files in found.items():
            if script != expected and language:
                problem = f"language {language} in {script} letters, where {expected} is expected"
                remedy = "correct the text or its language"
                names = tuple(sorted(set(files)))
                yield Finding("caption-script", "warning", names, problem, remedy)
