"""A loss on what a network trained to recognise things sees, instead of on pixels."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import torch
from pydantic import Field, NonNegativeFloat, field_validator
from torch import Tensor, nn

from beyne.backbones import SMALLEST_SIDE, Activation, load_backbone
from beyne.losses.fields import LossConfig

Distance = Literal["l1", "mse", "unit"]

_FAINT = 1e-12  # a vector shorter than this has no direction and is not brought to length 1


class PerceptualLossConfig(LossConfig):
    """What a perceptual loss looks at.

    Attributes:
        backbone: A key of `BACKBONES`.
        layers: Names of layers, or a table of a weight for each.
        activation: ``before`` as ESRGAN (Wang et al. 2018), ``after`` as SRGAN (Ledig et al. 2017).
        distance: ``mse`` is SRGAN's equation 5, ``l1`` is ESRGAN's choice; ``unit`` brings every
            pixel's vector of features to length 1 and sums the squared differences, which is LPIPS
            without its learnt heads (Zhang et al. 2018, arXiv 1801.03924, equation 1 with w = 1).
        weights: A name that ``beyne weights list`` shows; empty for the backbone's first there;
            ``random`` for numbers drawn by chance.
        seed: Of random weights.
    """

    moved: ClassVar[bool] = True

    kind: Literal["perceptual"] = "perceptual"
    backbone: str = "vgg19"
    layers: dict[str, NonNegativeFloat] = Field(min_length=1)
    activation: Activation = "before"
    distance: Distance = "l1"
    weights: str = ""
    seed: int = Field(0, ge=0)

    @property
    def least_side(self) -> int:
        """What the backbone takes."""
        return SMALLEST_SIDE

    @field_validator("layers", mode="before")
    @classmethod
    def _equal_weights(cls, layers: Any) -> Any:
        names = [layers] if isinstance(layers, str) else layers
        return dict.fromkeys(names, 1.0) if isinstance(names, list) else names


class PerceptualLoss(nn.Module):
    """Distance of the activations of two images, averaged over each layer, summed over layers.

    The backbone is frozen and knows its own value range. It computes in the ambient precision, the
    distance in float32.

    Raises:
        MissingWeightsError: The weights are not on this machine.
        UsageError: Backbone, layers and weights do not fit each other.
    """

    def __init__(self, config: PerceptualLossConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = load_backbone(
            config.backbone, config.weights, list(config.layers), config.seed
        )

    def train(self, mode: bool = True) -> PerceptualLoss:
        """The backbone stays in evaluation mode."""
        return super().train(False)

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Unweighted loss.

        Args:
            output: What the network made, ``(N, C, H, W)``, about [0, 1], not clamped; at least 32
                pixels a side. What other than three bands means, `Backbone.forward` says.
            target: The truth in [0, 1], same shape.

        Returns:
            A scalar, in units of the backbone's activations (squared for mse).
        """
        layers, activation = self.config.layers, self.config.activation
        seen = self.backbone(output, list(layers), activation)
        with torch.no_grad():
            wanted = self.backbone(target, list(layers), activation)
        total = output.new_zeros((), dtype=torch.float32)
        for layer, weight in layers.items():
            distance = _distance(seen[layer].float(), wanted[layer].float(), self.config.distance)
            total = total + weight * distance
        return total


def _distance(seen: Tensor, wanted: Tensor, kind: Distance) -> Tensor:
    if kind == "l1":
        return (seen - wanted).abs().mean()
    if kind == "mse":
        return (seen - wanted).square().mean()
    return _unit_distance(seen, wanted).mean()


def _unit_distance(first: Tensor, second: Tensor) -> Tensor:
    """|â − b̂|² of every pixel, ``(N, H, W)``, from three sums: a third of the time of making â."""
    squares = [x.square().sum(1) for x in (first, second)]
    inverse = [square.clamp_min(_FAINT**2).rsqrt() for square in squares]
    own = [square * scale.square() for square, scale in zip(squares, inverse, strict=True)]
    across = (first * second).sum(1) * inverse[0] * inverse[1]
    return own[0] + own[1] - 2 * across
