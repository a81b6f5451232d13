"""The embedded encoder: pieces of words, hashed, weighed and added up. Nothing to download.

A word is the set of its character 3- to 6-grams and itself (fastText: Bojanowski et al. 2017,
arXiv 1607.04606), of its `skeleton`, so that case endings, typing errors and other ways to write
it leave most of it as it was. The pieces are hashed into a table; attention weighs them. A piece of
a word of n pieces has 1/√n of a say, or else long words would drown the short name of a crop.

Where captions have labels, a `Reader` says which one a text is about, and attention only what it
says beside that: a vector is the labels' probabilities, and after them a shorter one for the rest.
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
from beyne.text.reader import Reader, Reading
from beyne.text.skeleton import skeleton, words

_SHORTEST, _LONGEST = 3, 6
_FLAGS = 2**18  # places that tell which pieces were in the captions; finer than the table
_FAMILIAR = 0.2  # least share of a text's pieces that were


class SubwordConfig(TextEncoderConfig):
    """Sizes of `SubwordEncoder`."""

    size: int = Field(64, ge=2, description="numbers for what a text says beside its label")
    buckets: int = Field(16_384, ge=2, description="rows of the table of pieces")
    labels: tuple[str, ...] = Field((), description="of the captions; none: texts are not read")
    attributes: float = Field(0.5, ge=0, description="length of those numbers; the label's is 1")

    @property
    def width(self) -> int:
        """See `TextEncoderConfig`."""
        return len(self.labels) + self.size


class SubwordEncoder(TextEncoder):
    """Σ softmax(aᵀe − ½ log n) e over the pieces' embeddings e, then a linear layer.

    Embeddings begin at zero, so that pieces that were never learned say nothing.

    Attributes:
        reader: Of labels; None without.
    """

    def __init__(self, config: SubwordConfig) -> None:
        super().__init__(config)
        self.config: SubwordConfig = config
        self.attributes = config.attributes
        self.reader = Reader(config.labels, config.buckets) if config.labels else None
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
        """``(N, pieces)`` each, see `rows`, → ``(N, size)``: what attention makes of them."""
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
        return torch.cat([self._vector(text) for text in texts])

    def _vector(self, text: str) -> Tensor:
        rows, shares = self._placed([text])
        said: Tensor = self(rows, shares)
        if self.reader is None:
            return said
        rest = self.attributes * nn.functional.normalize(said, dim=1)
        return torch.cat([self.reader(rows, shares), rest], 1)

    def read(self, text: str) -> Reading | None:
        """See `TextEncoder`."""
        if self.reader is None:
            return None
        likely, which = self.reader(*self._placed([text])).max(1)
        doubtful = self.clearest(text) < float(self.reader.least)
        return Reading(self.reader.labels[int(which)], float(likely), doubtful)

    def clearest(self, text: str) -> float:
        """How much the word that tells most about labels tells: 0 nothing, 1 all, by a `reader`."""
        assert self.reader
        return float(self.reader.told(*self._placed(words(text))).max())

    def _placed(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        rows, shares = self.rows(texts)
        device = self.embed.weight.device
        return rows.to(device), shares.to(device)

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
