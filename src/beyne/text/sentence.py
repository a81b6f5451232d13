"""A published sentence encoder, frozen: many languages, but a download of its own.

LaBSE (Feng et al. 2022, arXiv 2007.01852) covers Kazakh, Russian, Ukrainian and English. The model
file names it and carries the vector that it gave to one sentence: another version is noticed, and
vectors that are kept are kept for that version alone.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pooch
import torch
from pydantic import Field
from torch import Tensor

from beyne.errors import MissingExtraError, UsageError
from beyne.files import write_whole
from beyne.text.encoder import TextEncoder, TextEncoderConfig

_PROBE = "Wheat. Пшеница. Бидай. Пшениця."
_SAME = 0.999  # least cosine of its vector now and then


class SentenceConfig(TextEncoderConfig):
    """Which encoder."""

    model: str = "sentence-transformers/LaBSE"  # a name of the Hugging Face hub, or a folder
    size: int = Field(768, ge=1, description="numbers in a text's vector")

    @property
    def width(self) -> int:
        """See `TextEncoderConfig`."""
        return self.size


class SentenceEncoder(TextEncoder):
    """Vectors of ``sentence-transformers``, each kept in the user's cache once it is made."""

    def __init__(self, config: SentenceConfig) -> None:
        super().__init__(config)
        self.model, self.size = config.model, config.size
        self.register_buffer("probe", torch.zeros(config.size))
        self.probe: Tensor

    def vectors(self, texts: Sequence[str]) -> Tensor:
        """See `TextEncoder`.

        Raises:
            MissingExtraError: ``sentence-transformers`` is not installed.
            UsageError: The model can't be loaded, or is not that of the model file.
        """
        if not self.probe.any():
            self.probe = self._computed(_PROBE)
        return torch.stack([self._vector(text) for text in texts])

    def _vector(self, text: str) -> Tensor:
        """Of one text, from the cache or to it."""
        version = self.probe.cpu().numpy().tobytes()
        name = hashlib.sha256(version + f"{self.model}\n{text}".encode()).hexdigest()
        path = Path(pooch.os_cache("beyne")) / "text" / f"{name}.npy"
        if not path.is_file():
            self._check_version()
            file = io.BytesIO()
            np.save(file, self._computed(text).numpy())
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, file.getvalue())
        return torch.from_numpy(np.load(path))

    def _check_version(self) -> None:
        now = self._computed(_PROBE)
        if torch.cosine_similarity(now, self.probe.cpu(), 0) < _SAME:
            problem = f"{self.model} gives other vectors than the one this model was trained with"
            raise UsageError(problem, "install the version it was trained with, or train anew")

    def _computed(self, text: str) -> Tensor:
        """By the encoder itself."""
        vector = torch.from_numpy(self._loaded.encode(text, show_progress_bar=False)).float()
        if len(vector) != self.size:
            problem = f"{self.model} gives {len(vector)} numbers a text, not {self.size}"
            raise UsageError(problem, f"--set text.size={len(vector)}")
        return vector

    @cached_property
    def _loaded(self) -> Any:
        try:
            from sentence_transformers import SentenceTransformer
            from transformers.utils import logging
        except ImportError:
            raise MissingExtraError("sentence-transformers", "text") from None
        logging.disable_progress_bar()
        try:
            return SentenceTransformer(self.model, device="cpu")
        except (OSError, ValueError) as error:
            first, *_ = str(error).splitlines() or [""]
            remedy = "connect to the network once, or put its folder there"
            raise UsageError(f"{self.model} can't be loaded ({first})", remedy) from None
