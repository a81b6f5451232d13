"""Look at a data folder as training would see it, before any training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from beyne.images import Raster, write
from beyne.images.raster import Pixels, from_tensor
from beyne.recipe import Recipe
from beyne.training import generated
from beyne.training.pictures import read_pictures, with_channels
from beyne.training.resolve import found_pairs, resolved

_ROWS, _PAIRS = 8, 2
_GAP = 4  # pixels between the pictures of a sheet


@dataclass(frozen=True)
class Seen:
    """What training would see of a data folder.

    Attributes:
        train: Pictures of each split, as are ``val`` and ``test``.
        paired: Whether the data set brings its own inputs; None of a generator, which has none.
        too_small: Training pictures smaller than a crop; they are left out.
        smallest: Width and height of the training picture with the fewest pixels, as it is seen.
        largest: The same of that with the most.
        resampled: Whether training sees pictures in another size than that of their files.
        samples: Types of the samples: ``uint8``, ``uint16``, ``float32``.
    """

    train: int
    val: int
    test: int
    paired: bool | None
    too_small: int
    smallest: tuple[int, int]
    largest: tuple[int, int]
    resampled: bool
    samples: tuple[str, ...]


def preview(recipe: Recipe, data: Path, sheet: Path, split_file: Path | None = None) -> Seen:
    """Read the data as training would; see `beyne.preview`.

    Args:
        sheet: PNG to write: the first crops, input enlarged without smoothing beside the original.

    Raises:
        UsageError: Recipe and data do not fit each other.
        ImageError: A picture can't be read, or the sheet can't be written.
    """
    parts = found_pairs(recipe, data, split_file)
    generates = recipe.generates
    fitted = generated.fitted if generates else with_channels
    recipe = resolved(fitted(recipe, parts["train"]), len(parts["train"]))
    if generates:
        wholes = generated.wholes(recipe, parts["train"])
        batch, pixels = wholes.batch(range(_ROWS * _PAIRS)), wholes.pictures
        sides = [batch["image"]]
    else:
        crops, _ = read_pictures(recipe, parts)
        batch, pixels = crops.batch(range(_ROWS * _PAIRS)), [p.hr for p in crops.pictures]
        sides = [batch["lr"], batch["hr"]]
    write(Raster(_sheet(sides)), sheet)
    shapes = sorted((p.shape[:2] for p in pixels), key=np.prod)
    return Seen(
        train=len(parts["train"]),
        val=len(parts["val"]),
        test=len(parts["test"]),
        paired=None if generates else any(pair.lr for pair in parts["train"]),
        too_small=len(parts["train"]) - len(pixels),
        smallest=(shapes[0][1], shapes[0][0]),
        largest=(shapes[-1][1], shapes[-1][0]),
        resampled=generates or recipe.data.cut == "whole",
        samples=tuple(sorted({p.dtype.name for p in pixels})),
    )


def _sheet(images: Sequence[Tensor]) -> Pixels:
    """The first of a run, two a row, each as one image or two side by side: ``(H, W, 1 or 3)``."""
    shown = [_shown(image) for image in images]
    size, channels = shown[-1].shape[-2:], max(image.shape[1] for image in shown)
    sides = [
        F.pad(
            F.interpolate(side, size=size, mode="nearest").expand(-1, channels, -1, -1),
            (0, _GAP, 0, _GAP),
            value=1.0,
        )
        for side in shown
    ]
    cells = torch.stack(sides, 1).reshape(_ROWS, len(sides) * _PAIRS, *sides[0].shape[1:])
    sheet = cells.permute(2, 0, 3, 1, 4).flatten(3).flatten(1, 2)
    return from_tensor(sheet.unsqueeze(0), np.dtype(np.uint8))


def _shown(images: Tensor) -> Tensor:
    """As a PNG can show them: of other band counts than 1 and 3, the first."""
    return images if images.shape[1] in (1, 3) else images[:, :1]
