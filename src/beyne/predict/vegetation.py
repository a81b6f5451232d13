"""What enlarging does to the vegetation index of a raster: NDVI before and after."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from beyne.images.geotiff.source import Described
from beyne.images.raster import Pixels
from beyne.images.resample import Operator, downscale
from beyne.images.residual import alone
from beyne.predict.pieces import Piece

_Values = NDArray[np.float64]


class Vegetation:
    """Sums over the normalised difference (nir − red) / (nir + red), Rouse et al. 1974.

    Of reflectances, as the file's scales and offsets give them; where red and infrared together
    are not above zero there is none.

    Args:
        raster: What is enlarged; it says which of its bands these are.
        operator: The downscaling A.
    """

    def __init__(self, raster: Described, operator: Operator) -> None:
        self.bands = raster.vegetation
        rescale = [raster.rescale[band - 1] for band in self.bands]
        self._slopes, self._offsets = np.array(rescale).T.reshape(2, 2, 1, 1)
        self._operator = operator
        self._sums = np.zeros((3, 2))  # before, after, difference: sum and count

    def add(self, given: Pixels, made: Pixels, valid: NDArray[np.bool_], piece: Piece) -> None:
        """Compare a piece.

        Args:
            given: ``(2, H, W)``, red and infrared, all that is seen of the piece.
            made: ``(2, H·s, W·s)``, what was made of it.
            valid: ``(2, H, W)``, which of it is data.
            piece: Says what counts; the rest is context.
        """
        scale = made.shape[-1] // given.shape[-1]
        shrunk = downscale(torch.from_numpy(made.astype(np.float64))[None], scale, self._operator)
        before, again = self._index(given), self._index(shrunk[0].numpy())
        known = valid.min(axis=0)
        seen = alone(valid).min(axis=0)
        fine = known.repeat(scale, axis=0).repeat(scale, axis=1)
        found = (
            before[known & _in(piece, known)],
            self._index(made)[fine & _in(piece, fine, scale)],
            np.abs(again - before)[seen & _in(piece, seen)],
        )
        for sums, values in zip(self._sums, found, strict=True):
            finite = values[np.isfinite(values)]
            sums += finite.sum(), finite.size

    @property
    def means(self) -> dict[str, float]:
        """Means before and after, and of the difference after shrinking; empty without data."""
        if not self._sums[:, 1].all():
            return {}
        means = self._sums[:, 0] / self._sums[:, 1]
        return dict(zip(("BEFORE", "AFTER", "SHRUNK_DIFFERENCE"), means.tolist(), strict=True))

    @property
    def sentences(self) -> list[str]:
        """The means in words; none without data."""
        if not self.means:
            return []
        before, after, difference = self.means.values()
        red, infrared = self.bands
        return [
            f"NDVI of bands {red} and {infrared}: mean {before:.4f} before and {after:.4f} after; "
            f"shrunk again it differs by {difference:.5f} on average"
        ]

    def _index(self, stored: Pixels) -> _Values:
        red, infrared = stored.astype(np.float64) * self._slopes + self._offsets
        total = infrared + red
        with np.errstate(divide="ignore", invalid="ignore"):
            index: _Values = np.where(total > 0, (infrared - red) / total, np.nan)
        return index


def _in(piece: Piece, like: NDArray[np.bool_], scale: int = 1) -> NDArray[np.bool_]:
    """What of a piece counts."""
    inside = np.zeros(like.shape, bool)
    inside[piece.core(scale)] = True
    return inside
