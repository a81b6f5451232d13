"""What a job makes of a recipe and the pictures of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor

from beyne.config import Tree
from beyne.data import Pair
from beyne.data.split import SplitName
from beyne.recipe import Recipe
from beyne.tasks import GeneratedTask, PairedTask
from beyne.text import TextEncoder
from beyne.training.examiner import Examiner


class Batches(Protocol):
    """Training images in random order, each fixed by the seed and its number alone."""

    def batch(self, numbers: range) -> dict[str, Tensor]:
        """Tensors by name, in each as many rows as numbers."""


@dataclass(frozen=True)
class Material:
    """What is particular to a job; the fields are those of `beyne.training.setup.Setup`.

    Attributes:
        facts: Of its data, beside fingerprint and counts.
        scored_on: The split whose pictures the examiner looks at: train, where val has too few.
    """

    batches: Batches
    task: PairedTask | GeneratedTask
    examiner: Examiner
    held_out: dict[str, Tensor]
    words: Tree
    notes: list[str] = field(default_factory=list)
    encoder: TextEncoder | None = None
    facts: Mapping[str, str | int] = field(default_factory=dict)
    scored_on: SplitName = "val"


class Job(Protocol):
    """What makes that of a recipe and its pictures: a module, or an object."""

    def fitted(self, recipe: Recipe, pairs: Sequence[Pair]) -> Recipe:
        """The recipe with what the training pictures tell."""

    def material(self, recipe: Recipe, parts: Mapping[SplitName, list[Pair]]) -> Material:
        """Of the resolved recipe and the pictures of each split."""
