"""Which text belongs to a picture? Answered by real pictures and their captions alone.

A text is the bag of its hashed pieces (`beyne.text.subword`), rare ones weighing more, so that no
model's own encoder judges the model. Ridge regression tells the bag from what is seen.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from beyne.data import Caption
from beyne.evaluation.texts.judge import Ridge, apart
from beyne.metrics.judged import first
from beyne.text.subword import keys

_PLACES = 2048  # that pieces are hashed to
_OTHERS = 99  # texts of other pictures that a text is told from, as in Xu et al. 2018


class Matcher:
    """Says how well texts fit pictures.

    Args:
        seen: What is seen of real pictures, ``(N, D)``.
        told: Captions of each.
        groups: Of each, such as its source.
    """

    def __init__(
        self, seen: Tensor, told: Sequence[Sequence[Caption]], groups: Sequence[str]
    ) -> None:
        texts = sorted({caption.text for captions in told for caption in captions})
        self._row = {text: number for number, text in enumerate(texts)}
        self._bags = _bags(texts)
        self._seen, self._groups = seen, groups
        self._target = torch.stack([self.bags(captions).mean(0) for captions in told])
        self.ridge = Ridge(seen, self._target)

    def bags(self, captions: Sequence[Caption]) -> Tensor:
        """Of captions that it knows, ``(N, places)``, each of length one."""
        return self._bags[[self._row[caption.text] for caption in captions]]

    def found(self, seen: Tensor, candidates: Sequence[Sequence[Caption]]) -> Tensor:
        """R-precision of each picture, ``(N,)``: see `beyne.metrics.judged.first`."""
        return self._ranked(self.ridge(seen), candidates)

    def found_apart(
        self, numbers: Sequence[int], candidates: Sequence[Sequence[Caption]]
    ) -> Tensor:
        """The same of some of the real pictures, by matchers that do not know their groups."""
        groups = [self._groups[number] for number in numbers]

        def expected(asked: list[int]) -> list[Tensor]:
            strange = {groups[place] for place in asked}
            known = [n for n, group in enumerate(self._groups) if group not in strange]
            learned = Ridge(self._seen[known], self._target[known])
            return list(learned(self._seen[[numbers[place] for place in asked]]))

        return self._ranked(torch.stack(apart(groups, expected)), candidates)

    def _ranked(self, expected: Tensor, candidates: Sequence[Sequence[Caption]]) -> Tensor:
        rows = zip(expected, candidates, strict=True)
        return first([self.bags(texts).double() @ row for row, texts in rows])


def candidates(own: Caption, told: Sequence[Sequence[Caption]], picture: int) -> list[Caption]:
    """A caption, and then one in its language of each of up to 99 other pictures.

    Args:
        own: The caption.
        told: Captions of each picture.
        picture: The number of its own.
    """
    chosen = [own]
    for step in range(1, len(told)):
        captions = told[(picture + step) % len(told)]
        others = [c for c in captions if c.lang == own.lang and c.text != own.text]
        chosen += others[step % max(1, len(others)) :][:1]
        if len(chosen) > _OTHERS:
            break
    return chosen


def _bags(texts: Sequence[str]) -> Tensor:
    """Each text's pieces, weighed by the logarithm of their rarity: ``(N, places)``."""
    counts = torch.zeros(len(texts), _PLACES)
    for row, text in zip(counts, texts, strict=True):
        row[torch.tensor(keys(text), dtype=torch.long) % _PLACES] = 1  # none of an emoji
    rarity = ((1 + len(texts)) / (1 + counts.sum(0))).log()
    return F.normalize(counts * rarity, dim=1)
