"""What training means for image → image: enlarged, cleaned or translated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from beyne.losses import Stage
from beyne.tasks.adversarial import Adversarial, Exhibits, Layers, Moment

Batch = Mapping[str, Tensor]
Terms = dict[str, Tensor]
Look = TypeVar("Look")


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
class PairedTask:
    """A generator trained to make one image of a pair from the other.

    Attributes:
        losses: Term by name, from the recipe's ``losses`` tables.
        adversarial: The discriminator's part; None trains the generator alone.
        conditional: The discriminator sees the input, too, before the image it judges (pix2pix,
            Isola et al. 2017, arXiv 1611.07004): it asks whether they belong together.
    """

    losses: Mapping[str, Term]
    adversarial: Adversarial | None = None
    conditional: bool = False

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
        generator, hr = nets["generator"], batch["hr"]
        if phase == "discriminator":
            assert self.adversarial is not None
            judge = self._judge(nets["discriminator"], batch)
            images = self.generated(generator, batch), hr
            fake, real = _moved(images, batch, moment)
            return self.adversarial.discriminator_terms(judge, fake, real, moment)
        images = generator(batch["lr"]), hr
        moved = _moved(images, batch, moment)
        terms = {
            name: term.loss(*(moved if term.moved else images)) * term.weight
            for name, term in self.losses.items()
            if term.stage in ("all", self._stage(moment))
        }
        if not self.adversarial:
            return terms
        if self.adversarial.config.feature_matching:
            seen: Layers = nets["discriminator"].layers  # type: ignore[assignment]
            layers = self._judge(seen, batch)
            return terms | self.adversarial.matching_terms(layers, *moved, moment)
        judge = self._judge(nets["discriminator"], batch)
        return terms | self.adversarial.generator_terms(judge, *moved, moment)

    def settled(self, images: int) -> bool:
        """Whether what is made can already be judged: always."""
        return True

    def exhibits(self, generator: nn.Module, batch: Batch, moment: Moment) -> Exhibits:
        """What the discriminator is shown of a batch, not augmented."""
        fake = self.generated(generator, batch)
        return Exhibits(self.shown(batch, fake), self.shown(batch, batch["hr"]))

    def shown(self, batch: Batch, images: Tensor) -> Tensor:
        """What the discriminator is shown of images that belong to a batch's inputs."""
        return torch.cat([batch["lr"], images], 1) if self.conditional else images

    def _judge(self, look: Callable[[Tensor], Look], batch: Batch) -> Callable[[Tensor], Look]:
        """What looks at the discriminator's view, as a function of the images it is to judge.

        The view is augmented the same way for every call, the input with the image; but colours are
        changed in the image alone, as those of an input may be labels.
        """
        assert self.adversarial is not None
        drawn = self.adversarial.augmentation(len(batch["lr"]))
        if drawn is None:
            return lambda images: look(self.shown(batch, images))
        return lambda images: look(drawn.moved(self.shown(batch, drawn.coloured(images))))

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
    top, left = moment.step % scale, moment.step // scale % scale
    first, second = (image[..., top:, left:] for image in images)
    return first, second
