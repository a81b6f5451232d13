"""What pictures of texts are judged by: held-out pictures, a judge and a matcher."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from beyne.bundle import ModelCard
from beyne.data import Caption, Pair
from beyne.data.split import group_of
from beyne.errors import UsageError
from beyne.evaluation.generators import Examination, GeneratorScores
from beyne.evaluation.nearness import described
from beyne.evaluation.statistics import Values
from beyne.evaluation.texts.judge import Judge, worth
from beyne.evaluation.texts.matcher import Matcher, candidates
from beyne.evaluation.texts.questions import Told, ask
from beyne.metrics import SET_METRICS, TEXT_METRICS

_MOST = 2000  # pictures to paint
_APART = 1_000_000  # seeds between two samples


class Painter(Protocol):
    """Who makes pictures of texts, such as `beyne.evaluation.texts.prompts.Illustrator`."""

    def refusal(self, prompt: Caption) -> UsageError | None:
        """Why it can't make anything of a prompt; None if it can."""

    def paint(self, prompts: Sequence[Caption], seeds: Sequence[int]) -> Tensor:
        """A picture for each prompt, ``(N, C, H, W)`` in [0, 1]."""


@dataclass(frozen=True)
class Answers:
    """What a painter made of the questions.

    Attributes:
        questions: Number of each prompt's question, which is the seed of the first sample.
        pictures: Number of each prompt's held-out picture.
        prompts: Those that the painter took.
        seen: Features of the pictures, ``(N, D)``.
        images: The pictures, ``(N, C, H, W)`` in [0, 1].
        single: Places of one prompt of each question: their pictures have no seed in common.
        refused: How many prompts the painter did not take.
    """

    questions: list[int]
    pictures: list[int]
    prompts: list[Caption]
    seen: Tensor
    images: Tensor
    single: list[int]
    refused: int

    @property
    def refusals(self) -> str:
        """How many prompts were left out, in words; empty if none was."""
        if not self.refused:
            return ""
        total = self.refused + len(self.prompts)
        return f"{self.refused} of {total} prompts are left out, whose words the model never met"


class TextExamination(Examination):
    """As for any generator; and what is asked for, a judge and a matcher of texts.

    Args:
        card: Of the model.
        train: Pictures it was trained on, all with captions.
        held_out: Others like them, all with captions.
        told: Captions of each.
        groups: Of pictures; others are told from the file names.

    Attributes:
        files: Names of the held-out pictures, as are ``told`` their captions.
        known: Captions of each training picture.
        judge: Knows every real picture that has a class; None where these are fewer than two.
        worth: Of the judge, None without one.

    Raises:
        UsageError: There are too few pictures, or they do not fit the model.
        ImageError: One can't be read.
    """

    def __init__(
        self,
        card: ModelCard,
        train: Sequence[Pair],
        held_out: Sequence[Pair],
        told: Told,
        groups: Mapping[str, str],
    ) -> None:
        super().__init__(card, train, held_out)
        self.files = [pair.name for pair in held_out]
        self.told = [told[file] for file in self.files]
        self.questions = ask(self.told, len(self.labels), _MOST)
        pairs = [*train, *held_out]
        sources = [groups.get(pair.name) or group_of(pair.name) for pair in pairs]
        self.groups = tuple(sources[len(train) :])
        seen = torch.cat([self.check.training.features, self.held_out]).double()
        captions = [told[pair.name] for pair in pairs]
        self.known = captions[: len(train)]
        self.matcher = Matcher(seen, captions, sources)
        self._first = len(train)  # of the held-out ones among all
        labels = [texts[0].label for texts in captions]
        known = [number for number, label in enumerate(labels) if label]
        self.judge = self.worth = None
        if len({labels[number] for number in known}) > 1:
            named = seen[known], [labels[number] for number in known]
            self.judge = Judge(*named)
            self.worth = worth(*named, [sources[number] for number in known])

    @property
    def protocol(self) -> str:
        """How pictures are asked for and compared, in words."""
        numbers = f"{len(self.questions)} questions about {len(self.held_out)} held-out pictures"
        return f"{numbers}, each in all languages of its captions; {self.features.text}"

    def answers(
        self,
        painter: Painter,
        sample: int = 0,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Answers:
        """Every question put to a painter.

        Args:
            painter: Who answers.
            sample: Others for every number, from 0.
            progress: Is given questions done and questions in all.

        Raises:
            UsageError: The painter takes no prompt; the first refusal.
        """
        rows: list[tuple[int, int, Caption]] = []
        seen, images, single = [], [], []
        for number, taken in self._taken(painter):
            question = self.questions[number]
            painted = painter.paint(taken, [_APART * sample + number] * len(taken))
            seen.append(described(painted, self.features))
            images.append(painted)
            single.append(len(rows) + number % len(taken))
            rows += [(number, question.picture, prompt) for prompt in taken]
            progress(number + 1, len(self.questions))
        questions, pictures, prompts = (list(column) for column in zip(*rows, strict=True))
        asked = sum(len(question.prompts) for question in self.questions)
        shown = torch.cat(seen), torch.cat(images)
        return Answers(questions, pictures, prompts, *shown, single, asked - len(rows))

    def singles(self, painter: Painter, sample: int = 0) -> Tensor:
        """Pictures of one prompt of each question, as `Answers.single` has them."""
        return torch.cat(
            [
                painter.paint([taken[number % len(taken)]], [_APART * sample + number])
                for number, taken in self._taken(painter)
            ]
        )

    def _taken(self, painter: Painter) -> list[tuple[int, list[Caption]]]:
        """Numbers of questions, and which prompts of each a painter takes; not those with none."""
        found: list[tuple[int, list[Caption]]] = []
        refusals: list[UsageError] = []
        for number, question in enumerate(self.questions):
            said = [(prompt, painter.refusal(prompt)) for prompt in question.prompts]
            refusals += [error for _, error in said if error]
            if taken := [prompt for prompt, error in said if not error]:
                found.append((number, taken))
        if not found:
            raise refusals[0]
        return found

    def read(self, answers: Answers) -> list[str]:
        """What the judge reads; empty words without a judge."""
        return self.judge.read(answers.seen) if self.judge else [""] * len(answers.prompts)

    def columns(self, answers: Answers) -> dict[str, Values]:
        """A value for each held-out picture of each score, NaN where it has none."""
        single = answers.seen[answers.single]
        found = {
            name: metric.function(single, self.held_out).double().numpy()
            for name, metric in SET_METRICS.items()
        }
        every = answers.pictures
        if self.judge:
            read = self.read(answers)
            right = self.right(answers, read)
            found["class_accuracy"] = self.by_picture(right, every)
            said = _by_question(answers, read)
            if said:
                agreed = TEXT_METRICS["agreement"].function([classes for _, classes in said])
                found["agreement"] = self.by_picture(agreed, [picture for picture, _ in said])
        fitting = self.matcher.found(answers.seen, self.candidates(answers.prompts, every))
        return found | {"r_precision": self.by_picture(fitting, every)}

    def right(self, answers: Answers, read: Sequence[str]) -> Tensor:
        """Whether each is read as the class asked for, ``(N,)``; NaN where none was."""
        asked = [prompt.label for prompt in answers.prompts]
        values: Tensor = TEXT_METRICS["class_accuracy"].function(read, asked)
        return values.masked_fill(torch.tensor([not label for label in asked]), torch.nan)

    def candidates(
        self, prompts: Sequence[Caption], pictures: Sequence[int]
    ) -> list[list[Caption]]:
        """What each prompt, about a held-out picture, is to be told from, itself first."""
        pairs = zip(prompts, pictures, strict=True)
        return [candidates(prompt, self.told, picture) for prompt, picture in pairs]

    def fitting_real(self) -> float:
        """R-precision of the held-out pictures themselves."""
        everything = range(len(self.told))
        asked = self.candidates([texts[0] for texts in self.told], everything)
        among_all = [self._first + number for number in everything]
        return float(self.matcher.found_apart(among_all, asked).mean())

    def by_picture(self, values: Tensor, pictures: Sequence[int]) -> Values:
        """Means over what is about the same held-out picture; NaN where nothing is."""
        numbers, known = np.asarray(pictures), values.numpy()
        numbers, known = numbers[~np.isnan(known)], known[~np.isnan(known)]
        size = len(self.held_out)
        sums, counts = (np.bincount(numbers, w, size) for w in (known, np.ones_like(known)))
        return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)

    def pictures_scores(
        self, model: str, data: str, answers: Answers, sheet: Path | None = None
    ) -> GeneratorScores:
        """Scores that ask for no text, of a picture of each question."""
        asked = []
        for place in answers.single:
            prompt = answers.prompts[place]
            words = {"label": prompt.label, "lang": prompt.lang, "text": prompt.text}
            asked.append({"seed": answers.questions[place]} | words)
        return self.scores(model, data, answers.images[answers.single], sheet, asked)


def _by_question(answers: Answers, read: Sequence[str]) -> list[tuple[int, list[str]]]:
    """Held-out picture, and what each language's picture was read as; of two languages or more."""
    found: dict[int, tuple[int, list[str]]] = {}
    for number, picture, said in zip(answers.questions, answers.pictures, read, strict=True):
        found.setdefault(number, (picture, []))[1].append(said)
    return [one for one in found.values() if len(one[1]) > 1]
