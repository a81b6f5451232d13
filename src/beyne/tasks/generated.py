"""What training means for noise → image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from beyne.data.augment import Augmentation
from beyne.tasks.adversarial import Adversarial, Exhibits, Moment
from beyne.tasks.paired import Batch, Terms

_ALIKE = 1e-3  # difference in [0, 1] below which pictures are the same, and the pull is bounded


@dataclass(frozen=True)
class GeneratedTask:
    """A generator trained to make images like real ones, of the same class where they have one.

    Latents and augmentation are drawn from torch's own generator. Labels come in by and by:
    transitional conditioning, see `beyne.generators.Generator`.

    Attributes:
        adversarial: The discriminator's part.
        latent: Numbers that an image is made from.
        total: Training images of the run.
        labelled: Whether there are classes or texts.
    """

    adversarial: Adversarial
    latent: int
    total: int
    labelled: bool = False

    def to(self, device: torch.device) -> None:
        """Nothing is held."""

    def phases(self, moment: Moment) -> tuple[str, ...]:
        """Networks in the order in which this step updates them."""
        return self.adversarial.phases(moment)

    def terms(
        self, phase: str, nets: Mapping[str, nn.Module], batch: Batch, moment: Moment
    ) -> Terms:
        """Weighted loss terms of one phase; their sum is what is minimised.

        Args:
            phase: One of `phases`.
            nets: The networks by name.
            batch: ``image`` ``(N, C, H, W)`` in [0, 1]; with classes ``label`` ``(N,)``; with texts
                instead their vectors ``(N, text)``, and ``wrong``, those of other pictures' texts.
            moment: Where the run stands.
        """
        real, label = batch["image"], self._label(batch, moment)
        drawn = self.adversarial.augmentation(len(real))
        look = nets["discriminator"]

        def judge(images: Tensor) -> Tensor:
            verdict: Tensor = look(drawn(images) if drawn else images, *label)
            return verdict

        if phase == "generator":
            if label and self.adversarial.config.diversity:
                label = _in_pairs(label[0]), label[1]
            fake = nets["generator"](self._latents(real), *label)
            terms = self.adversarial.generator_terms(judge, fake, real, moment)
            return terms | (self._diversity(fake) if label else {})
        terms = self.adversarial.discriminator_terms(
            judge, self.generated(nets["generator"], batch, moment), real, moment
        )
        weight = self.adversarial.config.reconstruction
        if label and "wrong" in batch and (mismatch := self.adversarial.config.mismatch):
            terms["mismatch"] = self._mismatch(look, drawn, batch, label[1]) * mismatch
        # Across processes the discriminator is wrapped; its methods are those of what is inside.
        paints = getattr(getattr(look, "module", look), "reconstruction", None)
        if paints and weight:
            shown = drawn(real).clamp(0, 1) if drawn else real
            terms["reconstruction"] = paints(shown) * weight
        return terms

    def _diversity(self, fake: Tensor) -> Terms:
        """Minus the logarithm of how far pictures of the same request are apart.

        After mode seeking (Mao et al. 2019, arXiv 1903.05628): without it a generator that is told
        what to paint soon paints one picture of it. The logarithm pulls hardest where pictures are
        all alike, whatever their contrast.
        """
        weight, half = self.adversarial.config.diversity, len(fake) // 2
        if not (weight and half):
            return {}
        apart = (fake[:half] - fake[half : 2 * half]).abs().mean((1, 2, 3))
        return {"diversity": -weight * (apart + _ALIKE).log().mean()}

    def _mismatch(
        self, look: nn.Module, drawn: Augmentation | None, batch: Batch, strength: float
    ) -> Tensor:
        """The discriminator's loss on real images with wrong texts, which it shall call generated.

        The matching-aware discriminator of Reed et al. 2016 (arXiv 1605.05396, section 4.2), times
        the strength of texts: without it the two kinds of pairs are one.
        """
        real = drawn(batch["image"]) if drawn else batch["image"]
        with torch.no_grad():
            right = look(real, batch["label"], strength)
        wrong = look(real, batch["wrong"], strength)
        return self.adversarial.loss.discriminator(wrong, right) * strength

    def settled(self, images: int) -> bool:
        """Whether labels count in full, so that what is made can be judged."""
        return not self.labelled or self.adversarial.strength(images, self.total) == 1

    def exhibits(self, generator: nn.Module, batch: Batch, moment: Moment) -> Exhibits:
        """What the discriminator is shown of a batch, not augmented."""
        fake = self.generated(generator, batch, moment)
        return Exhibits(fake, batch["image"], self._label(batch, moment))

    def generated(self, generator: nn.Module, batch: Batch, moment: Moment) -> Tensor:
        """As many images as the batch has, of its classes, without a graph."""
        with torch.no_grad():
            images: Tensor = generator(self._latents(batch["image"]), *self._label(batch, moment))
        return images

    def _latents(self, real: Tensor) -> Tensor:
        return torch.randn(len(real), self.latent).to(real.device)

    def _label(self, batch: Batch, moment: Moment) -> tuple[Tensor, float] | tuple[()]:
        """Label and strength, as the networks take them."""
        if "label" not in batch:
            return ()
        return batch["label"], self.adversarial.strength(moment.images, self.total)


def _in_pairs(asked: Tensor) -> Tensor:
    """What is asked in the first half of a batch, and again in the second."""
    half = len(asked) // 2
    return torch.cat([asked[:half], asked[:half], asked[2 * half :]])
