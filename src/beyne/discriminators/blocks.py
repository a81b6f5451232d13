"""Parts that two or more discriminators share."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from beyne.config import Config
from beyne.errors import UsageError

Norm = Literal["none", "batch", "instance", "spectral"]


class DiscriminatorConfig(Config):
    """Fields that every discriminator has."""

    channels: int = Field(3, ge=1, description="of the images it judges")
    features: int = Field(64, ge=1, description="channels after the first layer")


class ConditionalConfig(DiscriminatorConfig):
    """Fields of a discriminator that may look at labels or texts."""

    classes: int = Field(0, ge=0, description="labels it knows")
    text: int = Field(0, ge=0, description="numbers in the vector of a text it knows")


class Projection(nn.Module):
    """What a label or a text adds to the verdict (Miyato & Koyama 2018, arXiv 1802.05637).

    The inner product of a vector and what was seen, times the strength λ that training raises from
    0 to 1 (transitional conditioning, Shahbazi et al. 2022, arXiv 2201.06578). The vector is a
    learned one a class, or a linear image of the text's.
    """

    def __init__(self, config: ConditionalConfig, width: int) -> None:
        super().__init__()
        self.labels: nn.Module | None = None
        if config.classes:
            self.labels = nn.Embedding(config.classes, width)
        if config.text:
            self.labels = nn.Linear(config.text, width, bias=False)
            nn.init.normal_(self.labels.weight)  # of a vector of length 1: as large as a class's

    def forward(self, seen: Tensor, asked: Tensor | None, strength: float) -> Tensor:
        """What to add to the logits.

        Args:
            seen: ``(N, width, h, w)``, of which the mean is taken.
            asked: Numbers of classes ``(N,)``, or vectors of texts ``(N, text)``; without them
                nothing is added.
            strength: λ.

        Returns:
            ``(N, 1, 1, 1)``.

        Raises:
            UsageError: A label is given to a discriminator that knows none.
        """
        if asked is None:
            return seen.new_zeros(1, 1, 1, 1)
        if self.labels is None:
            raise UsageError("this discriminator knows no labels", "set discriminator.classes")
        agreement: Tensor = (self.labels(asked) * seen.mean((2, 3))).sum(1) / seen.shape[1] ** 0.5
        return strength * agreement.view(-1, 1, 1, 1)


def convolution(
    channels_in: int, channels_out: int, kernel: int, stride: int = 1, norm: Norm = "none"
) -> nn.Sequential:
    """Convolution, its normalisation and LeakyReLU 0.2; a stride of 2 halves the sides.

    Spectral norm (Miyato et al. 2018, arXiv 1802.05957) acts on the weights, the others on the
    activations, whose shift makes a bias before them idle.
    """
    biased = norm in ("none", "spectral")
    conv = nn.Conv2d(channels_in, channels_out, kernel, stride, (kernel - 1) // 2, bias=biased)
    layers: list[nn.Module] = [spectral_norm(conv) if norm == "spectral" else conv]
    if norm == "batch":
        layers.append(nn.BatchNorm2d(channels_out))
    elif norm == "instance":
        layers.append(nn.InstanceNorm2d(channels_out, affine=True))
    return nn.Sequential(*layers, nn.LeakyReLU(0.2))
