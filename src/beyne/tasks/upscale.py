"""What training means for image → image ×scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Batch = Mapping[str, Tensor]
Terms = dict[str, Tensor]


@dataclass(frozen=True)
class UpscaleTask:
    """A generator trained to repeat the original from its low-resolution version.

    Attributes:
        losses: Term → (loss module, weight), from the recipe's ``losses`` tables.
    """

    losses: Mapping[str, tuple[nn.Module, float]]

    #: Networks in the order in which one step updates them.
    phases: tuple[str, ...] = ("generator",)

    def terms(self, phase: str, nets: Mapping[str, nn.Module], batch: Batch) -> Terms:
        """Weighted loss terms of one phase; their sum is what is minimised.

        Args:
            phase: One of `phases`.
            nets: The networks by name.
            batch: ``lr`` ``(N, C, H, W)`` and ``hr`` ``(N, C, H·s, W·s)`` in [0, 1].
        """
        output = nets["generator"](batch["lr"])
        return {
            name: loss(output, batch["hr"]) * weight for name, (loss, weight) in self.losses.items()
        }

    def preview(self, generator: nn.Module, lr: Tensor, hr: Tensor) -> Tensor:
        """Input (enlarged without smoothing), output and original side by side, ``(C, H, 3·W)``."""
        with torch.inference_mode():
            output = generator(lr)
        if lr.shape[1] != hr.shape[1]:  # other channels in than out: show the input in grey
            lr = lr.mean(1, keepdim=True).expand(-1, hr.shape[1], -1, -1)
        shown = F.interpolate(lr, size=hr.shape[-2:], mode="nearest")
        return torch.cat([shown, output, hr], dim=3)[0].clamp(0, 1)
