"""Fields that every loss of a recipe has."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from beyne.config import Config

#: Part of a run with a discriminator: before it comes in, from then on, or both.
Stage = Literal["all", "warmup", "adversarial"]


class LossConfig(Config):
    """Weight of a loss in the sum, and the stage of the run it acts in."""

    weight: float = Field(1.0, ge=0)
    stage: Stage = "all"
