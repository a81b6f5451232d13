"""Fields that every loss of a recipe has."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from beyne.config import Config

#: Part of a run with a discriminator: before it comes in, from then on, or both.
Stage = Literal["all", "warmup", "adversarial"]


class LossConfig(Config):
    """Weight of a loss in the sum, and the stage of the run it acts in.

    Attributes:
        moved: Whether the loss sees output and original moved by some pixels, by others in every
            step: what looks through a grid of its own lets patterns pass that repeat with it.
    """

    moved: ClassVar[bool] = False

    weight: float = Field(1.0, ge=0)
    stage: Stage = "all"

    @property
    def least_side(self) -> int:
        """Pixels a side that the images must have."""
        return 1
