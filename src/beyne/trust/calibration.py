"""From evidence about a result to the probability that it is right; read from the model's card."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from beyne.bundle import ModelCard, read_card
from beyne.config import Config, validated
from beyne.errors import UsageError
from beyne.header import weights_digest
from beyne.zoo import builtin, find

#: What is looked at, in the order of a calibration's weights; see `beyne.trust.evidence`.
EVIDENCE = ("orientations", "partner", "freedom", "gradient")

#: Kinds of pictures that calibrations are measured on.
Kind = Literal["photograph", "satellite", "radiograph"]

FloatMap = NDArray[np.float32]


class Curve(Config):
    """What share of pixels was right, by the error that was expected of them.

    Attributes:
        expected: Logarithms of expected errors in levels of 255, rising.
        trust: The share at each of these, falling.
        pictures: How many pictures it was measured on.
    """

    expected: tuple[float, ...]
    trust: tuple[float, ...]
    pictures: int

    @model_validator(mode="after")
    def _has_two_sides(self) -> Curve:
        if len(self.expected) != len(self.trust) or len(self.trust) < 2:
            raise ValueError("expected and trust are not the two sides of one curve")
        return self


class Calibration(Config):
    """How evidence becomes trust; ``bench/trust.py --fit`` measures it.

    The logarithm of the expected error is a weighted sum of the logarithms of the evidence. What
    share of pixels of that expectation were right is an isotonic curve (Zadrozny and Elkan 2002),
    one for each `Kind`: the same disagreement means larger errors in photographs.

    Attributes:
        partner: Name of the model that results are compared with.
        partner_weights: Digest of its weights, see `beyne.header.weights_digest`.
        turned: Which of the two is applied in all eight orientations.
        levels: A pixel is right if the mean error of the luma around it is at most this, of 255.
        window: Side in pixels of the square around a pixel over which is averaged.
        constant: Of the weighted sum.
        weights: One for each of `EVIDENCE`.
        curves: For each kind of picture; a file that says nothing of itself is of the first.
        ece: Calibration error on pictures it was not measured on, by set and kind.
    """

    partner: str
    partner_weights: str
    turned: Literal["model", "partner"]
    levels: float
    window: int
    constant: float
    weights: tuple[float, float, float, float]
    curves: dict[Kind, Curve]
    ece: dict[str, float] = Field(default_factory=dict)

    def expectation(self, evidence: FloatMap) -> FloatMap:
        """Logarithm of the error to expect in levels of 255, ``(H, W)``.

        Args:
            evidence: ``(4, H, W)``, logarithms of levels of 255, in the order of `EVIDENCE`.
        """
        weights = np.asarray(self.weights, np.float32)
        return np.tensordot(weights, evidence, 1) + np.float32(self.constant)

    def kind_of(self, georeferenced: bool) -> Kind:
        """Which of the measured kinds a picture is taken for, by its file alone."""
        if georeferenced and "satellite" in self.curves:
            return "satellite"
        return next(iter(self.curves))

    def probability(self, evidence: FloatMap, kind: Kind) -> FloatMap:
        """Trust in [0, 1], ``(H, W)``; ``evidence`` as for `expectation`."""
        curve = self.curves[kind]
        trust = np.interp(self.expectation(evidence), curve.expected, curve.trust)
        return trust.astype(np.float32)


def calibration_of(card: ModelCard) -> Calibration:
    """The calibration that a model's card holds.

    Raises:
        UsageError: It holds none: an uncalibrated map would look like one that can be relied on.
    """
    if card.trust is None:
        problem = f"--trust: for {card.name} it was never measured how often results are right"
        known = " or ".join(name for name in builtin() if read_card(find(name)).trust)
        raise UsageError(problem, f"--model {known}, or leave it out")
    return validated(Calibration, card.trust, where=f"{card.name}: card.trust")


def checked_trust(
    card: ModelCard, scale: int | None = None, smooth: float = 0.0, ensemble: bool = False
) -> Path:
    """The file of the model that results are compared with for a map of trust.

    Raises:
        UsageError: The model has no calibration, results are to be other than those it was
            measured on, or the other model's weights are others than it was measured with.
    """
    calibration = calibration_of(card)
    if scale not in (None, card.scale) or smooth or ensemble:
        what = f"{card.name} at ×{card.scale} without --smooth and --ensemble"
        raise UsageError(f"--trust was measured for {what}", "leave these out")
    path = find(calibration.partner)
    if weights_digest(path) != calibration.partner_weights:
        problem = f"--trust was measured with another {calibration.partner} than is here"
        raise UsageError(problem, "python bench/trust.py --fit measures it anew")
    return path
