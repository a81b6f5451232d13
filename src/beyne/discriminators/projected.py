"""Projected discriminator (Sauer et al. 2021, arXiv 2111.01007).

It sees what a frozen backbone sees, so that it need not learn to see first: on small data and in
short trainings it says sooner than others what is missing. Of the paper's parts: several depths of
the backbone, each through a fixed random mixing of its channels, and a small head of its own with
spectral norm; the mixing across depths and the augmentation are left out.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from pydantic import Field, field_validator
from torch import Tensor, nn
from torch.nn import functional as F

from beyne.backbones import load_backbone
from beyne.discriminators.blocks import ConditionalConfig, Projection, convolution


class ProjectedDiscriminatorConfig(ConditionalConfig):
    """What `ProjectedDiscriminator` looks at. ``features`` are those of a head.

    Attributes:
        weights: A name that ``beyne weights list`` shows; empty for the backbone's first there;
            ``random`` for numbers drawn by chance.
    """

    backbone: str = "mobilenet_v2"
    layers: tuple[str, ...] = Field(
        ("Conv1", "block_1_expand", "block_3_expand", "block_6_expand"), min_length=1
    )
    weights: str = ""
    balanced: bool = Field(
        False, description="average each layer's verdicts to the places of the coarsest"
    )

    @field_validator("layers", mode="before")
    @classmethod
    def _one_by_its_name(cls, layers: Any) -> Any:
        return (layers,) if isinstance(layers, str) else layers


class ProjectedDiscriminator(nn.Module):
    """A verdict on every place of every layer, side by side."""

    def __init__(self, config: ProjectedDiscriminatorConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = load_backbone(config.backbone, config.weights, config.layers)
        with torch.no_grad():
            seen = self.backbone(torch.zeros(1, config.channels, 32, 32), config.layers)
        self.heads = nn.ModuleList(_Head(config, seen[layer].shape[1]) for layer in config.layers)

    def train(self, mode: bool = True) -> ProjectedDiscriminator:
        """The backbone stays in evaluation mode."""
        super().train(mode)
        self.backbone.eval()
        return self

    def forward(self, image: Tensor, asked: Tensor | None = None, strength: float = 1.0) -> Tensor:
        """``(N, C, H, W)`` in [0, 1] → logits ``(N, 1, K)``, positive for real.

        K counts the places of all layers. Of other than three bands see `Backbone.forward`, of
        ``asked`` and ``strength`` `Projection`, which every head has of its own.
        """
        seen = self.backbone(image, self.config.layers)
        verdicts = [
            head(seen[layer], asked, strength)
            for layer, head in zip(self.config.layers, self.heads, strict=True)
        ]
        if self.config.balanced:
            coarsest = min((verdict.shape[-2:] for verdict in verdicts), key=math.prod)
            verdicts = [F.adaptive_avg_pool2d(verdict, coarsest) for verdict in verdicts]
        return torch.cat([verdict.reshape(len(image), 1, -1) for verdict in verdicts], 2)


class _Head(nn.Module):
    """Fixed random mixing, then two layers that learn."""

    def __init__(self, config: ProjectedDiscriminatorConfig, channels: int) -> None:
        super().__init__()
        features = config.features
        self.mix = nn.Conv2d(channels, features, 1, bias=False).requires_grad_(False)
        nn.init.kaiming_normal_(self.mix.weight, nonlinearity="linear")
        self.judge = nn.Sequential(
            convolution(features, features, 3, norm="spectral"),
            convolution(features, 1, 1, norm="spectral")[0],
        )
        self.project = Projection(config, features)

    def forward(self, seen: Tensor, asked: Tensor | None, strength: float) -> Tensor:
        look, verdict = self.judge
        x = look(self.mix(seen))
        logits: Tensor = verdict(x) + self.project(x, asked, strength)
        return logits
