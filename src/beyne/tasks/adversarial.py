"""Generator against discriminator: schedule, loss terms and settings, shared by every GAN task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Literal, NamedTuple

import torch
from pydantic import Field, model_validator
from torch import Tensor
from torch.nn import functional as F

from beyne.config import Config
from beyne.data.augment import Augmentation, AugmentationConfig, draw
from beyne.losses.adversarial import AdversarialKind, AdversarialLoss, gradient_penalty

Judge = Callable[[Tensor], Tensor]
Layers = Callable[[Tensor], list[Tensor]]
Remedy = Literal["r1", "rate", "skip"]
Penalty = Annotated[float, Field(ge=0)] | Literal["auto"]
FirstPenalty = Annotated[float, Field(gt=0)] | Literal["auto"]


class GuardConfig(Config):
    """When the discriminator is held to have won, and what is done then; counted in images."""

    accuracy: float = Field(0.9, gt=0.5, le=1, description="on held-out images; above: it has won")
    every: int | None = Field(None, ge=1, description="images; default: by the run's length")
    crops: int = Field(32, ge=2, description="held-out images judged at a look")
    remedies: tuple[Remedy, ...] = ("skip",)
    r1: FirstPenalty = "auto"  # γ when that remedy first acts; auto: see `beyne.training.resolve`


class AdversarialConfig(Config):
    """How a discriminator takes part in training; lengths in training images seen."""

    loss: AdversarialKind = "bce"
    weight: float = Field(1e-3, gt=0, description="of the generator's adversarial term")
    first: Literal["discriminator", "generator"] = "discriminator"
    warmup: int = Field(0, ge=0, description="images before the discriminator comes in")
    head_start: int = Field(0, ge=0, description="images it then learns before its verdict counts")
    ramp: int = Field(0, ge=0, description="images over which its weight then grows to full")
    r1: Penalty = 0.0  # γ of γ/2·|∇D|² on real images; auto: see `beyne.training.resolve`
    r2: Penalty = 0.0  # the same on generated images
    learning_rate: float | None = Field(None, gt=0, description="the discriminator's own")
    augment: AugmentationConfig | None = None  # of what the discriminator sees
    augment_below: int | None = Field(None, ge=1, description="of more pictures, none is augmented")
    reconstruction: float = Field(1.0, ge=0, description="weight, where a discriminator paints")
    transition: tuple[float, float] = (0.3, 0.6)  # shares of the run: labels begin, count in full
    mismatch: float = Field(
        1.0, ge=0, description="weight, where real images come with wrong texts"
    )
    feature_matching: float = Field(0.0, ge=0, description="weight beside the adversarial term")
    diversity: float = Field(0.0, ge=0, description="weight: of one request, unlike pictures")
    guard: GuardConfig | None = None

    @model_validator(mode="after")
    def _labels_come_in_within_the_run(self) -> AdversarialConfig:
        begun, full = self.transition
        if not 0 <= begun <= full <= 1:
            raise ValueError("transition: two shares of the run, such as [0.3, 0.6]")
        return self


@dataclass
class Balance:
    """What the guard has set; at first nothing.

    Attributes:
        winning: The discriminator was above the limit when last looked at.
        skip: It is not updated.
        rate: Factor on its learning rate.
        r1: R1 weight on top of the recipe's.
    """

    winning: bool = False
    skip: bool = False
    rate: float = 1.0
    r1: float = 0.0


@dataclass(frozen=True)
class Moment:
    """Where a run stands: training images seen, what the guard has set, and updates made."""

    images: int = 0
    balance: Balance = field(default_factory=Balance)
    step: int = 0


class Exhibits(NamedTuple):
    """What a discriminator is shown to tell its accuracy.

    Attributes:
        fake: ``(N, C, H, W)``, as is ``real``.
        label: Label and strength, as it takes them; empty without.
    """

    fake: Tensor
    real: Tensor
    label: tuple[Tensor, float] | tuple[()] = ()


class Adversarial:
    """The adversarial part of a task, as its `AdversarialConfig` says."""

    def __init__(self, config: AdversarialConfig) -> None:
        self.config = config
        self.loss = AdversarialLoss(config.loss)

    def active(self, images: int) -> bool:
        """Whether the warm-up is over."""
        return images >= self.config.warmup

    def phases(self, moment: Moment) -> tuple[str, ...]:
        """Networks in the order in which this step updates them."""
        if not self.active(moment.images) or moment.balance.skip:
            return ("generator",)
        order = ("discriminator", "generator")
        return order if self.config.first == "discriminator" else order[::-1]

    def weight(self, images: int) -> float:
        """Of the generator's adversarial term: nothing, then rising, then full."""
        config = self.config
        begun = images - config.warmup - config.head_start
        if begun < 0:
            return 0.0
        return config.weight * (min(1.0, begun / config.ramp) if config.ramp else 1.0)

    def strength(self, images: int, total: int) -> float:
        """λ of the labels: 0, then rising from one end of ``transition`` to the other, then 1.

        Args:
            images: Training images seen, of ``total``.
        """
        begun, full = (share * total for share in self.config.transition)
        return min(1.0, max(0.0, (images - begun) / max(full - begun, 1)))

    def augmentation(self, number: int) -> Augmentation | None:
        """A draw for ``number`` images from torch's own generator; None if there is to be none."""
        config = self.config.augment
        return draw(config, number, torch.default_generator) if config else None

    def generator_terms(
        self, judge: Judge, fake: Tensor, real: Tensor, moment: Moment
    ) -> dict[str, Tensor]:
        """The generator's weighted term, none while its weight is nothing.

        Args:
            judge: The discriminator (with its condition, if it has one) as a function of images.
            fake: Generated images ``(N, C, H, W)``, with their graph.
            real: True images, same shape.
        """
        weight = self.weight(moment.images)
        if not weight:
            return {}
        verdict = judge(fake)
        with torch.no_grad():
            on_real = judge(real) if self.loss.relativistic else verdict
        return {"adversarial": self.loss.generator(verdict, on_real) * weight}

    def matching_terms(
        self, layers: Layers, fake: Tensor, real: Tensor, moment: Moment
    ) -> dict[str, Tensor]:
        """The adversarial term and feature matching (pix2pixHD, arXiv 1711.11585, equation 4).

        That is the mean distance of what the discriminator's layers, but the last, make of
        generated and true images.

        Args:
            layers: What `generator_terms` asks of, layer by layer; the last is the verdict.
            fake: As there, as is ``real``.
        """
        share = self.weight(moment.images) / self.config.weight
        if not share:
            return {}
        on_fake = layers(fake)
        with torch.no_grad():
            on_real = layers(real)
        distances = [
            F.l1_loss(made.float(), true.float())
            for made, true in zip(on_fake[:-1], on_real[:-1], strict=True)
        ]
        adversarial = self.loss.generator(on_fake[-1], on_real[-1]) * self.config.weight
        matching = torch.stack(distances).mean() * self.config.feature_matching
        return {"adversarial": adversarial * share, "feature_matching": matching * share}

    def discriminator_terms(
        self, judge: Judge, fake: Tensor, real: Tensor, moment: Moment
    ) -> dict[str, Tensor]:
        """The discriminator's loss and its penalties; arguments as for `generator_terms`."""
        assert self.config.r1 != "auto"
        assert self.config.r2 != "auto"
        r1, r2 = self.config.r1 + moment.balance.r1, self.config.r2
        fake, real = fake.detach().requires_grad_(r2 > 0), real.detach().requires_grad_(r1 > 0)
        on_real, on_fake = judge(real), judge(fake)
        terms = {"discriminator": self.loss.discriminator(on_fake, on_real)}
        if r1:
            terms["r1"] = gradient_penalty(real, on_real) * (r1 / 2)
        if r2:
            terms["r2"] = gradient_penalty(fake, on_fake) * (r2 / 2)
        return terms
