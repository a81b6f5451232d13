"""What encoders share: from texts to vectors of length 1, and what all of them refuse."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from beyne.config import Config
from beyne.errors import UsageError
from beyne.text.reader import Reading
from beyne.text.skeleton import words

#: Characters that a text may have.
LONGEST = 500
_SHOWN = 40  # of them in a message
_EXAMPLE = "say it in words, such as: a ripe ear of wheat"


class TextEncoderConfig(Config):
    """Base of the encoders' fields."""

    @property
    def width(self) -> int:
        """Numbers in a text's vector."""
        raise NotImplementedError


class TextEncoder(nn.Module):
    """Base of what turns texts into vectors; a subclass gives `vectors`.

    Attributes:
        by_label: It is taught by the labels of captions, not by their texts.
    """

    by_label = False

    def __init__(self, config: TextEncoderConfig) -> None:
        super().__init__()
        self.config = config

    def vectors(self, texts: Sequence[str]) -> Tensor:
        """Composed (NFC) texts with a word at least → ``(N, width)``.

        Raises:
            UsageError: It can't make anything of a text.
        """
        raise NotImplementedError

    @torch.no_grad()
    def encode(self, texts: Sequence[str]) -> Tensor:
        """Texts → vectors ``(N, width)`` of length 1, float32.

        Raises:
            UsageError: A text is empty, without a word, too long, or strange to the encoder.
        """
        return nn.functional.normalize(self.vectors([checked(text) for text in texts]), dim=1)

    def read(self, text: str) -> Reading | None:
        """What a text that `encode` takes is read as; None: this encoder does not know labels."""
        return None


def checked(text: str) -> str:
    """The text composed (NFC), if it can be a prompt at all.

    Raises:
        UsageError: It is empty, has no word, or is too long.
    """
    if not text.strip():
        raise UsageError("the text is empty", _EXAMPLE)
    if len(text) > LONGEST:
        problem = f"the text has {len(text):,} characters, {LONGEST} are the most"
        raise UsageError(problem, "say it in a sentence")
    if not words(text):
        raise UsageError(f"the text {shown(text)} has no words", _EXAMPLE)
    return unicodedata.normalize("NFC", text)


def shown(text: str) -> str:
    """A text in a message, shortened."""
    return f"'{text}'" if len(text) <= _SHOWN else f"'{text[:_SHOWN]}…'"
