"""Models that make pictures of texts, asked in their own words."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from beyne.bundle import Model
from beyne.data import Caption
from beyne.errors import UsageError
from beyne.predict.sampler import Sampler


class Illustrator:
    """A model that makes pictures of texts, on one device.

    Args:
        model: With an encoder of texts.
        device: As for `beyne.load`.

    Raises:
        UsageError: There is no such device here.
    """

    def __init__(self, model: Model, device: str = "auto") -> None:
        assert model.encoder
        self.sampler, self.encoder = Sampler(model, device), model.encoder

    def said(self, prompt: Caption) -> str:
        """What the model is told: of the control by labels, the label."""
        return prompt.label if self.encoder.by_label else prompt.text

    def refusal(self, prompt: Caption) -> UsageError | None:
        """Why the encoder can't make anything of a prompt; None if it can."""
        try:
            self.sampler.vector_of(self.said(prompt))
        except UsageError as error:
            return error
        return None

    def paint(self, prompts: Sequence[Caption], seeds: Sequence[int]) -> Tensor:
        """A picture for each prompt, ``(N, C, H, W)`` in [0, 1]; the same again for the same words.

        Raises:
            UsageError: The encoder refuses a prompt.
        """
        images: dict[tuple[str, int], Tensor] = {}
        asked = [(self.said(prompt), seed) for prompt, seed in zip(prompts, seeds, strict=True)]
        for text, seed in asked:
            if (text, seed) not in images:
                images[text, seed] = self.sampler.image(seed, text=text)
        return torch.cat([images[one] for one in asked])

    def nearest(self, prompts: Sequence[Caption], known: Sequence[Caption]) -> list[Caption]:
        """Of each prompt the known caption that the encoder finds nearest: what retrieval answers.

        Raises:
            UsageError: The encoder refuses a prompt or a caption.
        """
        vectors = self.encoder.encode([self.said(caption) for caption in known])
        asked = torch.cat([self.sampler.vector_of(self.said(prompt)) for prompt in prompts])
        return [known[number] for number in (asked @ vectors.T).argmax(1).tolist()]
