"""What generators share: their fields, the latent with its label, the last layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from beyne.config import Config
from beyne.errors import UsageError

_SMALLEST = 4  # the least side that a generator starts from


class GeneratorConfig(Config):
    """Fields that every generator has.

    The image begins as a small one of the same shape and doubles from step to step: the smaller of
    its sides from 4 to 7 pixels, the other in proportion.
    """

    channels: int = Field(3, ge=1, description="of the images it makes")
    height: int = Field(64, ge=8)
    width: int = Field(64, ge=8)
    latent: int = Field(128, ge=1, description="numbers that an image is made from")
    classes: int = Field(0, ge=0, description="labels it can be asked for")
    text: int = Field(0, ge=0, description="numbers in the vector of a text it can be asked for")

    @model_validator(mode="after")
    def _sides_double(self) -> GeneratorConfig:
        step = 2**self.doublings
        if self.height % step or self.width % step:
            problem = f"{self.height}×{self.width}: height and width must be multiples of {step}"
            possible = f"{self.height // step * step}×{self.width // step * step}"
            raise ValueError(f"{problem}, such as {possible}")
        return self

    @model_validator(mode="after")
    def _is_asked_in_one_way(self) -> GeneratorConfig:
        if self.classes and self.text:
            raise ValueError("classes and text: give one of them")
        return self

    @property
    def channels_in(self) -> int:
        """Of the image it takes: none."""
        return 0

    @property
    def channels_out(self) -> int:
        """The same as ``channels``, as other networks call it."""
        return self.channels

    @property
    def scale(self) -> int:
        """1: it enlarges nothing."""
        return 1

    @property
    def doublings(self) -> int:
        """How often the sides double."""
        return (min(self.height, self.width) // _SMALLEST).bit_length() - 1

    @property
    def start(self) -> tuple[int, int]:
        """Height and width it starts from."""
        return self.height >> self.doublings, self.width >> self.doublings


class Generator(nn.Module):
    """Base of networks that make an image from noise, and from a label or a text if they know any.

    These come in by transitional conditioning (Shahbazi et al. 2022, arXiv 2201.06578): a learned
    vector a class, or a linear image of the text's vector, is added to the latent, times a strength
    that training raises from 0 to 1, since few pictures teach what all have in common before they
    teach what tells them apart.

    A subclass gives `paint`.
    """

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        if config.classes:
            self.labels = nn.Embedding(config.classes, config.latent)
        if config.text:
            self.texts = nn.Linear(config.text, config.latent, bias=False)
            # A text's vector has length 1: now it moves the latent as far as a label does.
            nn.init.normal_(self.texts.weight)

    def paint(self, latent: Tensor, asked: Tensor | None = None) -> Tensor:
        """Make images.

        Args:
            latent: ``(N, latent)``, with what is asked for added.
            asked: What was added, ``(N, latent)``; None if nothing is asked for.

        Returns:
            ``(N, channels, height, width)`` in [0, 1], float32.
        """
        raise NotImplementedError

    def added(self, asked: Tensor) -> Tensor:
        """What labels or texts add to the latent: ``(N,)`` or ``(N, text)`` → ``(N, latent)``.

        Raises:
            UsageError: The generator knows none.
        """
        if not (self.config.classes or self.config.text):
            raise UsageError("this generator knows no labels", "leave the label out")
        vectors: Tensor = (self.labels if self.config.classes else self.texts)(asked)
        return vectors

    def forward(self, z: Tensor, asked: Tensor | None = None, strength: float = 1.0) -> Tensor:
        """Make images.

        Args:
            z: ``(N, latent)``, normally distributed: see `latents`.
            asked: Numbers of classes ``(N,)``, or vectors of texts ``(N, text)``, a zero vector for
                no text; None: images of anything.
            strength: λ of what is asked for, 0 to 1.

        Returns:
            ``(N, channels, height, width)`` in [0, 1], float32.

        Raises:
            UsageError: A label is given to a generator that knows none.
        """
        if asked is None:
            return self.paint(z)
        added = strength * self.added(asked)
        return self.paint(z + added, added)

    def for_use(self) -> Generator:
        """The form it is applied and saved in: itself."""
        return self

    def start_from(self, tensors: Mapping[str, Tensor]) -> None:
        """Load the tensors of such a generator, to train on from there.

        Raises:
            RuntimeError: Names or shapes do not fit.
        """
        self.load_state_dict(tensors)


def latents(seed: int, numbers: Iterable[int], size: int) -> Tensor:
    """Normally distributed latents ``(N, size)``, each fixed by ``seed`` and its number alone.

    So image number n of a seed is the same in whatever batch it is made.
    """
    rows = [
        np.random.Generator(np.random.Philox(key=[seed, number])).standard_normal(size, np.float32)
        for number in numbers
    ]
    return torch.from_numpy(np.stack(rows))


def as_image(last: nn.Module, x: Tensor) -> Tensor:
    """The last layer and tanh, brought to [0, 1]; in float32, as they decide the grey levels."""
    with torch.autocast(x.device.type, enabled=False):
        image: Tensor = (last(x.float()).tanh() + 1) / 2
    return image
