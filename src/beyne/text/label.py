"""Labels instead of texts: the control, which shows what understanding texts adds."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from pydantic import Field
from torch import Tensor

from beyne.errors import UsageError, did_you_mean
from beyne.text.encoder import TextEncoder, TextEncoderConfig, shown
from beyne.text.skeleton import words


class LabelConfig(TextEncoderConfig):
    """The labels; left out, those of the captions."""

    labels: tuple[str, ...] = Field(min_length=1)

    @property
    def width(self) -> int:
        """One number a label."""
        return len(self.labels)


class LabelEncoder(TextEncoder):
    """One-hot vectors of the label that a text is or names as a word."""

    by_label = True

    def __init__(self, config: LabelConfig) -> None:
        super().__init__(config)
        self.labels = config.labels

    def vectors(self, texts: Sequence[str]) -> Tensor:
        """See `TextEncoder`."""
        numbers = torch.tensor([self._number(text) for text in texts])
        return torch.nn.functional.one_hot(numbers, len(self.labels)).float()

    def _number(self, text: str) -> int:
        said = words(text)
        for number, label in enumerate(self.labels):
            if label == text or words(label) == said or label.casefold() in said:
                return number
        problem = f"{shown(text)} names no label, and this model knows nothing else"
        raise UsageError(problem, did_you_mean(text, self.labels))
