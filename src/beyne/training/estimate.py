"""What a run will cost on this machine, from a few steps tried out."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

from beyne.training.loop import Loop
from beyne.training.setup import Setup


@dataclass(frozen=True)
class Estimate:
    """Measured by ten steps and one validation.

    Attributes:
        step_seconds: One optimiser step, as at the end of the run.
        validation_seconds: One validation.
        hours: The whole run.
        memory_gib: Peak memory of the process.
        gpu_memory_gib: Peak memory on the GPU, 0 without one.
        device: ``cpu``, ``cuda:0`` …
        precision: What the networks compute in.
    """

    step_seconds: float
    validation_seconds: float
    hours: float
    memory_gib: float
    gpu_memory_gib: float
    device: str
    precision: str

    @property
    def text(self) -> str:
        """In words, one line."""
        gpu = f" and {self.gpu_memory_gib:.1f} GiB on the GPU" if self.gpu_memory_gib else ""
        time = f"{self.hours:.1f} hours" if self.hours >= 1 else f"{self.hours * 60:.1f} minutes"
        return (
            f"about {time} on {self.device} in {self.precision} "
            f"({self.step_seconds * 1e3:.0f} ms a step), {self.memory_gib:.1f} GiB of memory{gpu}"
        )


def estimate(setup: Setup, run: Path) -> Estimate:
    """Try ten steps and a validation without writing anything into ``run``."""
    loop = Loop(setup, run)
    train, adversarial = setup.recipe.train, setup.recipe.adversarial
    images = train.images
    assert images is not None
    alone = min(images, adversarial.warmup) if adversarial else 0
    seconds = alone / train.batch * (loop.probe() if alone else 0.0)
    step = loop.probe(first=images)  # all that takes part at the end
    seconds += (images - alone) / train.batch * step
    started = time.perf_counter()
    loop.review.scores()
    validation = time.perf_counter() - started
    seconds += images / loop.intervals.save * validation
    cuda = torch.cuda.is_available()
    return Estimate(
        step_seconds=step,
        validation_seconds=validation,
        hours=seconds / 3600,
        memory_gib=_peak_memory() / 2**30,
        gpu_memory_gib=torch.cuda.max_memory_allocated() / 2**30 if cuda else 0.0,
        device=str(loop.device),
        precision=loop.precision,
    )


def _peak_memory() -> int:
    """Bytes of memory this process held at most."""
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak) if sys.platform == "darwin" else int(peak) * 1024
