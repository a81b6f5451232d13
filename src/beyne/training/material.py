"""What a job makes of a recipe and the pictures of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor

from beyne.config import Tree
from beyne.tasks import GeneratedTask, PairedTask
from beyne.training.examiner import Examiner


class Batches(Protocol):
    """Training images in random order, each fixed by the seed and its number alone."""

    def batch(self, numbers: range) -> dict[str, Tensor]:
        """Tensors by name, in each as many rows as numbers."""


@dataclass(frozen=True)
class Material:
    """What is particular to a job; the fields are those of `beyne.training.setup.Setup`."""

    batches: Batches
    task: PairedTask | GeneratedTask
    examiner: Examiner
    held_out: dict[str, Tensor]
    words: Tree
    notes: list[str] = field(default_factory=list)
