"""What models that make pictures of texts are asked: the captions of held-out pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from beyne.data import Caption, Pair, class_of, read_captions
from beyne.errors import UsageError
from beyne.evaluation.painters import in_turn

Told = Mapping[str, list[Caption]]


def read_told(table: Path) -> Told:
    """Captions of each picture, by its file; where they state no label, the class is its folder.

    Raises:
        UsageError: As `beyne.data.read_captions`.
    """
    found: dict[str, list[Caption]] = {}
    for caption in read_captions(table):
        label = caption.label or class_of(caption.file)
        found.setdefault(caption.file, []).append(replace(caption, label=label))
    return found


def with_captions(pairs: Sequence[Pair], told: Told, part: str) -> list[Pair]:
    """Those that have captions.

    Args:
        pairs: Pictures.
        told: Captions.
        part: Which pictures they are, in words.

    Raises:
        UsageError: None has.
    """
    found = [pair for pair in pairs if pair.name in told]
    if not found:
        problem = f"none of the {len(pairs)} {part} pictures has a caption"
        raise UsageError(problem, "name files as in the data folder, such as rice/1.png")
    return found


@dataclass(frozen=True)
class Question:
    """A held-out picture asked for in each of its languages, by one seed.

    Attributes:
        picture: Its number among the held-out ones.
        prompts: A caption of it in each language that it has captions in.
    """

    picture: int
    prompts: tuple[Caption, ...]


def ask(told: Sequence[Sequence[Caption]], least: int, most: int) -> list[Question]:
    """Questions about all pictures in a fixed random order, again with each further wording.

    Args:
        told: Captions of each picture.
        least: Questions; where wordings are fewer, they are asked again.
        most: Prompts of all questions together.
    """
    by_language = [_by_language(captions) for captions in told]
    wordings = max(len(texts) for languages in by_language for texts in languages)
    languages = max(map(len, by_language))
    number = min(max(least, wordings * len(told)), most // languages)
    questions = []
    for turn, picture in enumerate(in_turn(range(len(told)), number)):
        nth = turn // len(told)
        prompts = tuple(texts[nth % len(texts)] for texts in by_language[picture])
        questions.append(Question(picture, prompts))
    return questions


def _by_language(captions: Sequence[Caption]) -> list[list[Caption]]:
    found: dict[str, list[Caption]] = {}
    for caption in captions:
        found.setdefault(caption.lang, []).append(caption)
    return list(found.values())
