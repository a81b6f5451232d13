"""How precisely to compute: as fast as the processor allows, as exact as the picture needs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from beyne.errors import UsageError
from beyne.hardware import cpu_computes_bf16
from beyne.images.raster import Pixels, Raster, to_tensor

NAMES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}

#: A batch of crops in [0, 1] and a precision → the network's result in float32.
Run = Callable[[Tensor, torch.dtype], Tensor]

# Below this much work, in pixels times weights, a probe would cost more than it gains.
_WORTH_A_PROBE = 200 * 200 * 426_000
# Part of the picture that the crops cover, and the least and greatest side of a crop.
_PROBE_SHARE = 0.005
_PROBE_SIDES = (24, 64)
# Another program may disturb a timing; so often may a reduced precision prove faster.
_CHANCES = 3


def reduced_types(device: torch.device) -> list[torch.dtype]:
    """Reduced precisions that the processor computes in hardware, the most exact first."""
    if device.type == "cuda":
        brain = [torch.bfloat16] if torch.cuda.is_bf16_supported(including_emulation=False) else []
        return [torch.float16, *brain]
    if device.type == "cpu" and cpu_computes_bf16():
        return [torch.bfloat16]
    return []


class PrecisionChoice:
    """Chooses the precision of one network on one device, once per kind of picture.

    A reduced precision is taken if, on crops of the actual picture, it is faster than float32
    and its mean difference stays within one level of 255 (8-bit sources) or within 1/1000 of the
    picture's range (16-bit and float sources).
    """

    def __init__(
        self,
        wanted: str,
        device: torch.device,
        weights: int,
        candidates: Sequence[torch.dtype] | None = None,
    ) -> None:
        """Take a precision as given, or get ready to choose one.

        Args:
            wanted: A key of `NAMES`, or ``auto``.
            device: Where the network runs.
            weights: How many weights the network has, as a measure of its work on a pixel.
            candidates: Reduced precisions to try; None: what the processor has.

        Raises:
            UsageError: ``wanted`` is unknown, or is fp16 on a processor that emulates it.
        """
        if wanted not in ("auto", *NAMES):
            known = ", ".join(("auto", *NAMES))
            raise UsageError(f"there is no precision '{wanted}'", f"use one of {known}")
        if wanted == "fp16" and device.type == "cpu":
            raise UsageError("fp16 is far slower than fp32 on a CPU", "--precision auto")
        self._forced = NAMES.get(wanted)
        self._candidates = reduced_types(device) if candidates is None else candidates
        self._device = device
        self._chosen: dict[tuple[str, int], torch.dtype] = {}
        self._weights = weights
        self._work_waiting = 0

    def of(self, raster: Raster, pixels: Pixels, run: Run) -> torch.dtype:
        """The precision for a picture.

        Args:
            raster: The picture as it came.
            pixels: ``(H, W, C)``, what the network is to see of it.
            run: The network.
        """
        if self._forced is not None:
            return self._forced
        if not self._candidates:
            return torch.float32
        spread = used_range(pixels)
        kind = _kind(raster, spread)
        if kind not in self._chosen:
            self._work_waiting += raster.height * raster.width * self._weights
            if self._work_waiting < _WORTH_A_PROBE:
                return torch.float32
            tolerance = 1 / 255 if raster.pixels.dtype == np.uint8 else spread / 1000
            self._chosen[kind] = self._probed(_crops(pixels), run, tolerance)
        return self._chosen[kind]

    def _probed(self, crops: Tensor, run: Run, tolerance: float) -> torch.dtype:
        crops = crops.to(self._device)
        for candidate in self._candidates:
            for _ in range(_CHANCES):
                exact, exact_time = _timed(run, crops, torch.float32)
                result, seconds = _timed(run, crops, candidate)
                difference = (result.clamp(0, 1) - exact.clamp(0, 1)).abs().mean().item()
                if not difference <= tolerance:  # a NaN, too
                    break
                if seconds < exact_time:
                    return candidate
        return torch.float32


def _kind(raster: Raster, spread: float) -> tuple[str, int]:
    """Pictures of one kind share a probe; dark 16-bit pictures are a kind of their own."""
    name = raster.pixels.dtype.name
    return (name, 0) if name == "uint8" else (name, math.frexp(spread)[1])


def used_range(pixels: Pixels) -> float:
    """Where nearly all samples lie, as a part of white; a few bright stars do not count."""
    step = [max(1, length // 128) for length in pixels.shape[:2]]
    low, high = np.percentile(pixels[:: step[0], :: step[1]], (1, 99))
    white = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1.0
    return float(high - low) / float(white)


def _crops(pixels: Pixels) -> Tensor:
    """Two square crops, up and left and down and right of the middle, as one batch."""
    height, width = pixels.shape[:2]
    low, high = _PROBE_SIDES
    side = int(min(max(math.sqrt(_PROBE_SHARE * height * width / 2), low), high, height, width))
    crops = []
    for part in (0.3, 0.7):
        top, left = int((height - side) * part), int((width - side) * part)
        crops.append(to_tensor(pixels[top : top + side, left : left + side]))
    return torch.cat(crops)


def _timed(run: Run, crops: Tensor, dtype: torch.dtype) -> tuple[Tensor, float]:
    start = time.perf_counter()
    result = run(crops, dtype).float().cpu()
    return result, time.perf_counter() - start
