"""Pictures in rows and columns, to be looked at together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from beyne.images.raster import Pixels, from_tensor

_GAP = 4


def shown(image: Tensor) -> Pixels:
    """``(1, C, H, W)`` to three bands of 8 bits; of other band counts than 1 and 3, the first."""
    image = image if image.shape[1] in (1, 3) else image[:, :1]
    return from_tensor(image.expand(-1, 3, -1, -1).clamp(0, 1), np.dtype(np.uint8))


def in_rows(rows: Sequence[Sequence[Pixels]]) -> Pixels:
    """Pictures ``(H, W, 3)`` of 8 bits in rows and columns on white, in cells of one size."""
    height = max(picture.shape[0] for row in rows for picture in row) + _GAP
    width = max(picture.shape[1] for row in rows for picture in row) + _GAP
    sheet = np.full((len(rows) * height, max(map(len, rows)) * width, 3), 255, np.uint8)
    for i, row in enumerate(rows):
        for j, picture in enumerate(row):
            top, left = i * height, j * width
            sheet[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return sheet
