"""A generator at use: pictures by seed, and walks between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from beyne.bundle import Model
from beyne.errors import UsageError, did_you_mean
from beyne.generators import Generator, latents
from beyne.images import Raster
from beyne.images.raster import from_tensor
from beyne.predict.device import find_device
from beyne.text.reader import Reading

#: The first seed that is too large.
SEEDS = 2**63

_SMALLEST_SINE = 1e-4


class Place(NamedTuple):
    """What a picture is made from, beside the model.

    Attributes:
        seed: Of its latent.
        label: One of the model's; None: nothing is asked for.
        text: The same.
        base: Seed of another picture that it is a variation of; None: of none.
        strength: How far it is from that one, 0 to 1: the latent is √(1 − s²)·base + s·own, which
            is normally distributed like both.
    """

    seed: int
    label: str | None = None
    text: str | None = None
    base: int | None = None
    strength: float = 0.0


class Sampler:
    """Makes pictures with one generator on one device.

    They are computed one by one: so a picture depends on model and `Place` alone, to the bit on one
    machine, and not on how many others there are.

    Args:
        model: A generator's; its network is moved to the device.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

    Raises:
        UsageError: There is no such device here.
    """

    def __init__(self, model: Model, device: str = "auto") -> None:
        assert isinstance(model.network, Generator)
        self.card = model.card
        self.device = find_device(device)
        self._network = model.network.to(self.device)
        self._encoder = model.encoder
        self._vectors: dict[str, Tensor] = {}
        self._dtype = np.dtype(f"uint{self.card.bits}")

    def label_of(self, seed: int, label: str | None) -> str | None:
        """The label asked for, or the one that is the seed's turn; None if the model has none.

        Raises:
            UsageError: The model does not know it.
        """
        labels = self.card.labels
        if label is None:
            return labels[seed % len(labels)] if labels else None
        if not labels:
            raise UsageError(f"{self.card.name} knows no labels", f"leave --label {label} out")
        if label not in labels:
            problem = f"{self.card.name} knows no label '{label}'"
            raise UsageError(problem, did_you_mean(label, labels))
        return label

    def vector_of(self, text: str) -> Tensor:
        """A text's vector ``(1, width)``; each is made once.

        Raises:
            UsageError: The model takes no texts, or its encoder refuses this one.
        """
        if self._encoder is None:
            problem = f"{self.card.name} takes no texts"
            raise UsageError(problem, "a model of beyne train text-gan does")
        if text not in self._vectors:
            self._vectors[text] = self._encoder.encode([text])
        return self._vectors[text]

    def read(self, text: str) -> Reading | None:
        """What a text that `vector_of` takes is read as; None of a model that knows no labels."""
        return self._encoder.read(text) if self._encoder else None

    def image(
        self,
        seed: int,
        label: str | None = None,
        text: str | None = None,
        base: int | None = None,
        strength: float = 0.0,
    ) -> Tensor:
        """Picture of a `Place` (no label: see `label_of`), ``(1, C, H, W)`` in [0, 1].

        Raises:
            UsageError: The seed is out of range, or the label or text unknown.
        """
        if not 0 <= seed < SEEDS:
            raise UsageError(f"seed {seed} is not a number from 0 to {SEEDS - 1}", "--seed 0")
        place = Place(seed, self.label_of(seed, label), text, base, strength)
        return self._painted(*self._located(place))

    def walk(self, places: Sequence[Place], steps: int) -> Iterator[Tensor]:
        """Pictures on the way through given ones and back to the first.

        Between latents they go along the great circle, as White 2016 (arXiv 1609.04468), since
        normal latents lie near a sphere; between labels or texts straight.

        Args:
            places: Two at least.
            steps: Pictures from one to the next.

        Returns:
            ``(1, C, H, W)`` in [0, 1], ``steps`` times as many as there are places.
        """
        stations = [self._located(place) for place in places]
        for (z, e), (next_z, next_e) in pairwise([*stations, stations[0]]):
            for step in range(steps):
                share = step / steps
                yield self._painted(_on_circle(z, next_z, share), e.lerp(next_e, share))

    def raster(self, image: Tensor) -> Raster:
        """An image of this sampler with samples of the depth that the model's card states."""
        return Raster(from_tensor(image, self._dtype))

    def _located(self, place: Place) -> tuple[Tensor, Tensor]:
        """The latent and what is added to it for label or text, ``(1, latent)`` each."""
        z = latents(place.seed, [0], self._network.config.latent)
        if place.base is not None:
            base = latents(place.base, [0], self._network.config.latent)
            z = (1 - place.strength**2) ** 0.5 * base + place.strength * z
        if place.label is not None:
            asked = torch.tensor([self.card.labels.index(place.label)])
        elif place.text is not None:
            asked = self.vector_of(place.text)
        else:
            return z, torch.zeros_like(z)
        with torch.inference_mode():
            return z, self._network.added(asked.to(self.device)).cpu()

    def _painted(self, z: Tensor, added: Tensor) -> Tensor:
        z, added = (tensor.to(self.device) for tensor in (z + added, added))
        with torch.inference_mode():
            return self._network.paint(z, added).cpu()


def _on_circle(one: Tensor, other: Tensor, share: float) -> Tensor:
    """Spherical interpolation of two rows; straight where they point the same or opposite ways."""
    cosine = torch.nn.functional.cosine_similarity(one, other)
    angle = cosine.clamp(-1, 1).acos()
    sine = angle.sin()
    if float(sine) < _SMALLEST_SINE:
        return one.lerp(other, share)
    return (((1 - share) * angle).sin() * one + (share * angle).sin() * other) / sine
