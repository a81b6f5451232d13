"""What training means for image → image ×scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from beyne.losses import Stage
from beyne.tasks.adversarial import Adversarial, Moment

Batch = Mapping[str, Tensor]
Terms = dict[str, Tensor]


@dataclass(frozen=True)
class Term:
    """A loss between output and original, its weight, and the stage it acts in.

    Attributes:
        moved: See `beyne.losses.LossConfig`; so does the discriminator see the images.
    """

    loss: nn.Module
    weight: float
    stage: Stage = "all"
    moved: bool = False


@dataclass(frozen=True)
class UpscaleTask:
    """A generator trained to repeat the original from its low-resolution version.

    Attributes:
        losses: Term by name, from the recipe's ``losses`` tables.
        adversarial: The discriminator's part; None trains the generator alone.
    """

    losses: Mapping[str, Term]
    adversarial: Adversarial | None = None

    def to(self, device: torch.device) -> None:
        """Move what the losses hold."""
        for term in self.losses.values():
            term.loss.to(device)

    def phases(self, moment: Moment) -> tuple[str, ...]:
        """Networks in the order in which this step updates them."""
        return self.adversarial.phases(moment) if self.adversarial else ("generator",)

    def terms(
        self, phase: str, nets: Mapping[str, nn.Module], batch: Batch, moment: Moment
    ) -> Terms:
        """Weighted loss terms of one phase; their sum is what is minimised.

        Args:
            phase: One of `phases`.
            nets: The networks by name.
            batch: ``lr`` ``(N, C, H, W)`` and ``hr`` ``(N, C, H·s, W·s)`` in [0, 1].
            moment: Where the run stands.
        """
        if phase == "discriminator":
            assert self.adversarial is not None
            images = self.generated(nets["generator"], batch), batch["hr"]
            fake, real = _moved(images, batch, moment)
            judge = nets["discriminator"]
            return self.adversarial.discriminator_terms(judge, fake, real, moment)
        images = nets["generator"](batch["lr"]), batch["hr"]
        moved = _moved(images, batch, moment)
        terms = {
            name: term.loss(*(moved if term.moved else images)) * term.weight
            for name, term in self.losses.items()
            if term.stage in ("all", self._stage(moment))
        }
        if self.adversarial:
            judge = nets["discriminator"]
            terms |= self.adversarial.generator_terms(judge, *moved, moment)
        return terms

    def _stage(self, moment: Moment) -> Stage:
        if self.adversarial and self.adversarial.active(moment.images):
            return "adversarial"
        return "warmup"

    def generated(self, generator: nn.Module, batch: Batch) -> Tensor:
        """The generator's images for a batch, without a graph."""
        with torch.no_grad():
            output: Tensor = generator(batch["lr"])
        return output

    def preview(self, generator: nn.Module, lr: Tensor, hr: Tensor) -> Tensor:
        """Input (enlarged without smoothing), output and original side by side, ``(C, H, 3·W)``."""
        with torch.inference_mode():
            output = generator(lr)
        if lr.shape[1] != hr.shape[1]:  # other channels in than out: show the input in grey
            lr = lr.mean(1, keepdim=True).expand(-1, hr.shape[1], -1, -1)
        shown = F.interpolate(lr, size=hr.shape[-2:], mode="nearest")
        return torch.cat([shown, output, hr], dim=3)[0].clamp(0, 1)


def _moved(images: tuple[Tensor, Tensor], batch: Batch, moment: Moment) -> tuple[Tensor, Tensor]:
    """Both images without their first rows and columns, other numbers of them in every step.

    A pixel shuffle's patterns repeat every s pixels, and networks with strides see the same of
    every repetition: moved by 0 to s − 1 pixels, none of it can hide.
    """
    scale = batch["hr"].shape[-1] // batch["lr"].shape[-1]
    step = moment.images // len(batch["hr"])
    top, left = step % scale, step // scale % scale
    first, second = (image[..., top:, left:] for image in images)
    return first, second
