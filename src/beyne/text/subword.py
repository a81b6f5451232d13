"""The embedded encoder: pieces of words, hashed, weighed and added up. Nothing to download.

A word is the set of its character 3- to 6-grams and itself (fastText: Bojanowski et al. 2017,
arXiv 1607.04606), of its `skeleton`, so that case endings, typing errors and other ways to write
it leave most of it as it was. The pieces are hashed into a table; attention weighs them. A piece of
a word of n pieces has 1/√n of a say, or else long words would drown the short name of a crop.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from beyne.errors import UsageError
from beyne.text.encoder import TextEncoder, TextEncoderConfig, shown
from beyne.text.skeleton import skeleton, words

_SHORTEST, _LONGEST = 3, 6
_FLAGS = 2**18  # places that tell which pieces were in the captions; finer than the table
_FAMILIAR = 0.2  # least share of a text's pieces that were


class SubwordConfig(TextEncoderConfig):
    """Sizes of `SubwordEncoder`."""

    size: int = Field(64, ge=2, description="numbers in a text's vector")
    buckets: int = Field(16_384, ge=2, description="rows of the table of pieces")

    @property
    def width(self) -> int:
        """See `TextEncoderConfig`."""
        return self.size


class SubwordEncoder(TextEncoder):
    """Σ softmax(aᵀe − ½ log n) e over the pieces' embeddings e, then a linear layer.

    Embeddings begin at zero, so that pieces that were never learned say nothing.
    """

    def __init__(self, config: SubwordConfig) -> None:
        super().__init__(config)
        self.embed = nn.Embedding(config.buckets, config.size, padding_idx=0)
        nn.init.zeros_(self.embed.weight)
        self.attend = nn.Linear(config.size, 1, bias=False)
        self.combine = nn.Linear(config.size, config.size)
        self.register_buffer("seen", torch.zeros(_FLAGS, dtype=torch.bool))
        self.seen: Tensor

    def rows(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Rows of the table that each text's pieces are in, ``(N, most pieces)``; 0: none.

        And the share of a say that each has, alike.
        """
        rows = [torch.tensor(keys(text)) % (self.embed.num_embeddings - 1) + 1 for text in texts]
        shares = [torch.tensor([len(w) ** -0.5 for w in _keys(text) for _ in w]) for text in texts]
        return pad_sequence(rows, True), pad_sequence(shares, True)

    def forward(self, rows: Tensor, shares: Tensor) -> Tensor:
        """``(N, pieces)`` each, see `rows`, → ``(N, size)``."""
        pieces = self.embed(rows)
        say = self.attend(pieces)[..., 0] + shares.log()
        weights = say.masked_fill(rows == 0, -torch.inf).softmax(1)
        combined: Tensor = self.combine((weights[..., None] * pieces).sum(1))
        return combined

    def vectors(self, texts: Sequence[str]) -> Tensor:
        """See `TextEncoder`; a text of which hardly a piece was in the captions is refused."""
        for text in texts:
            if self.familiarity(text) < _FAMILIAR:
                problem = f"{shown(text)} has next to nothing in common with the captions learned"
                raise UsageError(problem, "say it in the words and languages of the captions")
        device = self.embed.weight.device
        return torch.cat([self(*(one.to(device) for one in self.rows([t]))) for t in texts])

    def familiarity(self, text: str) -> float:
        """Share of a text's pieces that were in the captions."""
        return float(self.seen[_flags(text)].float().mean())

    def learn_pieces(self, texts: Sequence[str]) -> None:
        """Remember the pieces of captions, for `familiarity`."""
        for text in texts:
            self.seen[_flags(text)] = True


def keys(text: str) -> list[int]:
    """A number of 32 bits for each piece of a text, the same on every machine."""
    return [key for word in _keys(text) for key in word]


def _keys(text: str) -> list[list[int]]:
    """Word by word."""
    return [[zlib.crc32(p.encode()) for p in sorted(_pieces(word))] for word in words(text)]


def _pieces(word: str) -> set[str]:
    marked = f"<{skeleton(word)}>"
    lengths = range(_SHORTEST, _LONGEST + 1)
    parts = {marked[at : at + n] for n in lengths for at in range(len(marked) - n + 1)}
    return parts | {marked}


def _flags(text: str) -> list[int]:
    return [key % _FLAGS for key in keys(text)]
