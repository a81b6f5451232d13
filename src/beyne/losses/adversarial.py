"""Adversarial losses: what generator and discriminator minimise against each other."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

#: bce: Goodfellow et al. 2014 in the non-saturating form (SRGAN); least-squares: Mao et al. 2017,
#: arXiv 1611.04076, labels 0 and 1; hinge: Lim & Ye 2017, arXiv 1705.02894;
#: relativistic-average: Jolicoeur-Martineau 2018, arXiv 1807.00734 (ESRGAN, equations 1 and 2);
#: relativistic-pairing: the same, image by image (R3GAN, Huang et al. 2024, arXiv 2501.05441).
AdversarialKind = Literal[
    "bce", "least-squares", "hinge", "relativistic-average", "relativistic-pairing"
]


class AdversarialLoss:
    """One kind of adversarial loss, on logits ``(N, 1)`` or ``(N, 1, h, w)``, positive for real.

    The least-squares kind takes the discriminator's output as it is, with labels 1 (real) and 0.
    """

    def __init__(self, kind: AdversarialKind) -> None:
        self.kind = kind

    @property
    def relativistic(self) -> bool:
        """Whether the generator's loss looks at true images."""
        return self.kind.startswith("relativistic")

    def generator(self, fake: Tensor, real: Tensor) -> Tensor:
        """What the generator minimises: a scalar.

        Args:
            fake: Verdict on the generator's images.
            real: Verdict on the true images; only the relativistic kinds look at it.
        """
        fake, real = fake.float(), real.float()
        if self.kind == "bce":
            return F.softplus(-fake).mean()
        if self.kind == "least-squares":
            return (fake - 1).square().mean()
        if self.kind == "hinge":
            return -fake.mean()
        return self._relativistic(real, fake)

    def discriminator(self, fake: Tensor, real: Tensor) -> Tensor:
        """What the discriminator minimises: a scalar, the mean of its two halves."""
        fake, real = fake.float(), real.float()
        if self.kind == "bce":
            return (F.softplus(fake).mean() + F.softplus(-real).mean()) / 2
        if self.kind == "least-squares":
            return (fake.square().mean() + (real - 1).square().mean()) / 2
        if self.kind == "hinge":
            return (F.relu(1 + fake).mean() + F.relu(1 - real).mean()) / 2
        return self._relativistic(fake, real)

    def _relativistic(self, lower: Tensor, higher: Tensor) -> Tensor:
        """Small where ``higher`` is judged more real than ``lower``."""
        if self.kind == "relativistic-pairing":
            return F.softplus(lower - higher).mean()
        above = F.softplus(lower.mean() - higher).mean()
        below = F.softplus(lower - higher.mean()).mean()
        return (above + below) / 2

    def accuracy(self, fake: Tensor, real: Tensor) -> float:
        """Share of images the discriminator judges rightly, fake and real weighing the same.

        A map counts by its mean. 0.5 is chance, 1.0 means that it has won.
        """
        fake, real = fake.float().flatten(1).mean(1), real.float().flatten(1).mean(1)
        if self.kind == "relativistic-pairing":
            return float((real > fake).float().mean())
        if self.kind == "relativistic-average":
            fake, real = fake - real.mean(), real - fake.mean()
        threshold = 0.5 if self.kind == "least-squares" else 0.0
        right = (fake < threshold).float().mean() + (real > threshold).float().mean()
        return float(right / 2)


def gradient_penalty(images: Tensor, logits: Tensor) -> Tensor:
    """Mean squared norm of the gradient of the verdict with respect to the image.

    On real images this is R1, on generated ones R2 (Mescheder et al. 2018, arXiv 1801.04406,
    equations 9 and 10 without the factor γ/2).

    Args:
        images: ``(N, C, H, W)``, requiring gradients.
        logits: What the discriminator said of them; a map's verdict is its mean.

    Returns:
        A scalar through which gradients reach the discriminator's weights.
    """
    verdicts = logits.float().flatten(1).mean(1).sum()
    (gradient,) = torch.autograd.grad(verdicts, images, create_graph=True)
    return gradient.float().square().sum((1, 2, 3)).mean()
