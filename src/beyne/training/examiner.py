"""Who looks at a generator between the steps of its training, and where results are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from beyne.reports.document import Section


class Examiner(Protocol):
    """Scores and shows the averaged generator; every job has its own.

    Attributes:
        number: Pictures of the val split it looks at.
        protocol: How it measures, in words, by the name that model cards give it.
        paired: Whether the columns of its sheets are input, result and original.
    """

    number: int
    protocol: dict[str, str]
    paired: bool

    def to(self, device: torch.device) -> None:
        """Move what it looks with."""

    def scores(self, network: nn.Module) -> dict[str, float]:
        """Of the generator in the form it is used in; under ``NAME_error`` a standard error."""

    def alarm(self, scores: Mapping[str, float]) -> str:
        """What must be said at once of such scores; empty if nothing."""

    def sheets(self, network: nn.Module) -> list[Tensor]:
        """What it paints now, ``(C, H, W)`` each, to be shown one below the other."""

    def conclusion(self, run: Path) -> tuple[Sequence[str], Sequence[Section]]:
        """Of a finished run: what to say, and what goes into its report."""
