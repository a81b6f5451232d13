"""What a text is about, said as one of the captions' labels: ridge regression on pieces of words.

A few hundred captions are few for a network and enough for a linear model: it has one optimum, and
pieces that it never saw say nothing. `beyne.training.reading` fits it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

_SHARPNESS = 15.0  # factor on scores; with it confidences of held-out captions are calibrated


@dataclass(frozen=True)
class Reading:
    """What a text was read as.

    Attributes:
        label: The label it is most likely about.
        confidence: How likely that is, if it is about one of them at all; 0 to 1.
        doubtful: None of its words tells a label as clearly as nearly all captions do.
    """

    label: str
    confidence: float
    doubtful: bool

    @property
    def sentence(self) -> str:
        """The same in words."""
        said = f"read as {self.label} ({100 * self.confidence:.0f} %)"
        if not self.doubtful:
            return said
        return f"{said}, but no word of it says so clearly: the model may not know what it means"


class Reader(nn.Module):
    """Scores of labels, 0 or 1 if all were learned, summed over a text's pieces.

    Args:
        labels: At least two.
        rows: Of the table of pieces; row 0 is none.
    """

    def __init__(self, labels: Sequence[str], rows: int) -> None:
        super().__init__()
        self.labels = labels
        self.pieces = nn.Embedding(rows, len(labels), padding_idx=0)
        nn.init.zeros_(self.pieces.weight).requires_grad_(False)
        self.register_buffer("least", torch.tensor(0.0))
        self.least: Tensor

    def forward(self, rows: Tensor, shares: Tensor) -> Tensor:
        """Rows and shares ``(N, pieces)`` → probability of each label ``(N, labels)``."""
        scores: Tensor = (shares[..., None] * self.pieces(rows)).sum(1)
        return (_SHARPNESS * scores).softmax(1)

    def told(self, rows: Tensor, shares: Tensor) -> Tensor:
        """Of words ``(N, pieces)`` each: the highest score it gives a label, ``(N,)``."""
        best: Tensor = (shares[..., None] * self.pieces(rows)).sum(1).amax(1)
        return best
