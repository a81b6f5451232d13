"""How long each recipe of a comparison may train."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from beyne.errors import UsageError
from beyne.recipe import Recipe
from beyne.training import dry_run
from beyne.training.schedule import LONGEST_SAVE, SAVES


@dataclass(frozen=True)
class Budget:
    """The same for every arm: training images seen, or minutes on this machine."""

    kind: Literal["images", "minutes"]
    amount: float

    @classmethod
    def of(cls, text: str) -> Budget:
        """Read ``images=N`` or ``minutes=M``.

        Raises:
            UsageError: It is neither, or not a number above 0.
        """
        kind, _, number = text.partition("=")
        try:
            amount = float(number)
        except ValueError:
            amount = 0.0
        least = 1 if kind == "images" else 1e-6
        if kind not in ("images", "minutes") or not least <= amount < float("inf"):
            raise UsageError(f"--budget {text}: not understood", "images=20000, or minutes=30")
        return cls("images" if kind == "images" else "minutes", amount)

    def images(self, recipe: Recipe, data: Path, run: Path, split: Path) -> int:
        """Training images that it buys: minutes by the steps that a trial of the recipe took."""
        if self.kind == "images":
            return round(self.amount)
        _, trial = dry_run(recipe, data, run, split)
        train, validation = recipe.train, trial.validation_seconds
        step, seconds = trial.step_seconds / train.batch, self.amount * 60
        images = seconds / (step + validation / (train.save_every or LONGEST_SAVE))
        if train.save_every is None:  # however short, so many times
            images = min(images, (seconds - SAVES * validation) / step)
        return max(train.batch, round(images))
