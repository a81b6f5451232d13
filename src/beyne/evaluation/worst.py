"""The pictures a model did worst, as a sheet to look at."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from beyne.evaluation.scores import badness
from beyne.files import write_whole
from beyne.images import Raster, write
from beyne.images.raster import Pixels
from beyne.images.sheet import in_rows, shown

NUMBER = 10
_SIDE = 192  # pixels of the original


@dataclass(frozen=True)
class Fault:
    """The square of a picture in which output and original differ most.

    Attributes:
        file: Name of the picture.
        value: What the metric says of the whole picture.
        top: First row of the square in the original, as is ``left`` its first column.
        squares: Input enlarged without smoothing, output, original: ``(H, W, 3)`` of 8 bits.
    """

    file: str
    value: float
    top: int
    left: int
    squares: tuple[Pixels, ...]


class Worst:
    """Keeps the worst pictures of those it is shown.

    Args:
        number: How many to keep.

    Attributes:
        metric: What decides: LPIPS if the first picture has a value, or else PSNR.
        faults: What was kept, the worst first.
    """

    def __init__(self, number: int = NUMBER) -> None:
        self.number = number
        self.metric = ""
        self.faults: list[Fault] = []

    def look(
        self, file: str, values: Mapping[str, float], output: Tensor, hr: Tensor, lr: Tensor
    ) -> None:
        """Keep the picture if it is among the worst so far.

        Args:
            file: Its name.
            values: Its scores; a picture without the one that decides passes by.
            output: ``(1, C, H·s, W·s)`` in [0, 1], as is ``hr``; ``lr`` is ``(1, C, H, W)``.
        """
        self.metric = self.metric or ("lpips" if isfinite(values["lpips"]) else "psnr")
        value, full = values[self.metric], len(self.faults) == self.number
        if not isfinite(value):
            return
        if not full or self._rank(value) > self._rank(self.faults[-1].value):
            self.faults.append(_fault(file, value, output, hr, lr))
            self.faults.sort(key=lambda fault: -self._rank(fault.value))
            del self.faults[self.number :]

    def _rank(self, value: float) -> float:
        return badness(self.metric, value)

    def write(self, sheet: Path, names: Path) -> None:
        """Write the sheet, a picture a row, worst first, and what its rows are.

        Args:
            sheet: A PNG: input, output, original.
            names: A CSV: rank, file, metric, value, and the square's top, left, height and width.

        Raises:
            ImageError: The PNG can't be written.
            UsageError: The CSV can't be written.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["rank", "file", "metric", "value", "top", "left", "height", "width"])
        for rank, fault in enumerate(self.faults, start=1):
            place = [fault.top, fault.left, *fault.squares[-1].shape[:2]]
            writer.writerow([rank, fault.file, self.metric, fault.value, *place])
        write(Raster(in_rows([fault.squares for fault in self.faults])), sheet)
        write_whole(names, text.getvalue().encode())


def _fault(file: str, value: float, output: Tensor, hr: Tensor, lr: Tensor) -> Fault:
    squares, top, left = worst_square([output], hr, lr, _SIDE)
    return Fault(file, value, top, left, tuple(shown(square) for square in squares))


def worst_square(
    outputs: Sequence[Tensor], hr: Tensor, lr: Tensor, side: int
) -> tuple[list[Tensor], int, int]:
    """The square in which outputs and original differ most.

    Args:
        outputs: ``(1, C, H·s, W·s)`` each, as ``hr``; ``lr`` is ``(1, C, H, W)``.
        side: Pixels of the original; smaller pictures give a smaller square.

    Returns:
        The square in the input, enlarged without smoothing, in each output and in the original;
        its first row and column in the original.
    """
    scale = hr.shape[-1] // lr.shape[-1]
    errors = torch.stack([(output - hr).square().mean(1) for output in outputs]).sum(0)
    error = F.avg_pool2d(errors, scale)
    cells = min(max(1, side // scale), *error.shape[-2:])
    sums = F.avg_pool2d(F.avg_pool2d(error, (cells, 1), 1), (1, cells), 1)[0]
    top, left = (scale * at for at in divmod(int(sums.argmax()), sums.shape[1]))
    enlarged = F.interpolate(lr, scale_factor=float(scale), mode="nearest")
    rows, columns = (slice(at, at + cells * scale) for at in (top, left))
    return [image[..., rows, columns] for image in (enlarged, *outputs, hr)], top, left
