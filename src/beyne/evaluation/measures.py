"""Which scores a picture gets, and under which protocol: the rules, each once."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor

from beyne.data import Decoded
from beyne.data.pairs import Job
from beyne.images.resample import Operator
from beyne.metrics import METRICS, Protocol
from beyne.weights import MissingWeightsError

# Pictures up to this side are too small to leave their borders out.
_SMALL = 32
_BYTE = 8  # bits


def protocol_for(pictures: Iterable[Decoded], job: Job = "upscale") -> Protocol:
    """What published tables do, as far as the pictures allow, the same for all of them.

    Luma where there are colours (of grey pictures among them, that of three equal colours), a crop
    as wide as the scale unless a picture is tiny, rounded to the fewest bits of any file. A
    translation makes colours up, and borders too: all of both counts.
    """
    bands, bits, crops = set(), set(), set()
    for picture in pictures:
        bands.add(picture.hr.shape[2])
        crops.add(picture.scale if min(picture.hr.shape[:2]) > _SMALL else 0)
        if picture.hr.dtype.kind == "u":
            bits.add(picture.hr.dtype.itemsize * 8)
    luma = 3 in bands and bands <= {1, 3}
    if job == "translate":
        luma, crops = False, set()
    return Protocol(luma=luma, crop=min(crops, default=0), bits=min(bits, default=None))


def load_metrics(
    device: torch.device,
) -> tuple[dict[str, Callable[..., Tensor]], dict[str, str]]:
    """The metrics of `METRICS` that need weights, ready on a device.

    Returns:
        By name, those whose weights are on this machine, and of the others what is missing.
    """
    here: dict[str, Callable[..., Tensor]] = {}
    missing: dict[str, str] = {}
    for name, metric in METRICS.items():
        if metric.loaded:
            try:
                here[name] = metric.function().to(device)
            except MissingWeightsError as error:
                missing[name] = str(error)
    return here, missing


@dataclass(frozen=True)
class Measures:
    """Scores a picture by several metrics.

    Attributes:
        protocol: For all but the metrics that take the whole picture.
        scale: Enlargement.
        operator: The downscaling A for LR-PSNR; None where the inputs were not made by it alone.
        names: Of `METRICS`.
        loaded: Those that need weights, as `load_metrics` gives them; without them they are left
            out.
        used_range: PSNR's peak is not white, the largest value that a file's bits hold, but the
            range of values that each original uses: CT and MR fill a small part of their bits.
    """

    protocol: Protocol
    scale: int
    operator: Operator | None = "bicubic"
    names: tuple[str, ...] = tuple(METRICS)
    loaded: Mapping[str, Callable[..., Tensor]] = field(default_factory=dict)
    used_range: bool = False

    def text(self, measured: Collection[str]) -> str:
        """The whole protocol in words, to stand beside a table.

        Args:
            measured: Names of its columns.
        """
        parts = [f"×{self.scale}", f"{self.protocol.text}, black 0, white 1"]
        if self.used_range:
            parts.append("PSNR's peak is the range that each original uses, not white")
        elif self.protocol.bits != _BYTE:
            parts.append("PSNR's peak is white, the largest value of the stored bits")
        if whole := [self._title(name) for name in measured if METRICS[name].whole]:
            parts.append(f"{' and '.join(whole)} of all channels, nothing cropped")
        if "lr_psnr" in measured:
            parts.append(f"LR-PSNR by {self.operator}, of all channels, nothing cropped")
        for metric in (METRICS[name] for name in measured):
            if metric.most < math.inf:
                parts.append(f"{metric.title} at most {metric.most:g} {metric.unit} a picture")
        return "; ".join(parts)

    def _title(self, name: str) -> str:
        """Says which LPIPS it is."""
        return str(getattr(self.loaded.get(name), "text", METRICS[name].title))

    @torch.inference_mode()
    def of(self, output: Tensor, hr: Tensor, lr: Tensor) -> dict[str, float]:
        """Every metric's value for one picture; NaN where the picture allows none.

        Args:
            output: What the model made, ``(1, C, H·s, W·s)``; clamped to [0, 1] here.
            hr: The original in [0, 1], the same shape.
            lr: The input in [0, 1], ``(1, C, H, W)``.

        Raises:
            UsageError: Output and original can't be compared.
        """
        return {name: self._value(name, output, hr, lr) for name in self.names}

    def _value(self, name: str, output: Tensor, hr: Tensor, lr: Tensor) -> float:
        metric = METRICS[name]
        protocol = Protocol(bits=self.protocol.bits) if metric.whole else self.protocol
        room = min(hr.shape[-2:]) - 2 * protocol.crop
        absent = metric.loaded and name not in self.loaded
        if absent or room < metric.smallest or hr.shape[1] < metric.bands:
            return math.nan
        if metric.against == "input":
            if self.operator is None or self.scale == 1 or output.shape[1] != lr.shape[1]:
                return math.nan
            value = metric.function(protocol.stored(output), lr, self.operator)
        else:
            function = self.loaded.get(name, metric.function)
            if metric.scaled:
                function = partial(function, scale=self.scale)
            value = protocol.measure(function, output, hr)
        if name == "psnr" and self.used_range:
            value = value + 20 * (hr.max() - hr.min()).log10()
        counted = min(float(value), metric.most)
        return counted if math.isfinite(counted) else math.nan
