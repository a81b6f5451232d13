"""What does enlarging do to a measurement? Lungs and vessels found before and after.

    python bench/segmentation.py -o runs/segmentation [--field chest retina] [--side 256]
        [--folds 3] [--models photo-x4 xray-x4]

A small segmenter learns from the real pictures and masks of some patients (children): ridge
regression of the mask on 30 features of a pixel (see `features`), and the threshold of best Dice.
Pictures of the others are shrunk to a quarter and enlarged again by bicubic and by each model. The
segmenter, which stays as it is, looks for lungs (vessels) in the real picture and in the enlarged
ones. Dice is against the mask; statistics are of patients.

Of the radiographs only those are scored that no model was trained on.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
from grouped_pictures import dealt, patients
from numpy.typing import NDArray
from quality import SCALE
from retina import FIELDS, prepared
from scipy import ndimage
from torch import Tensor

from beyne.evaluation.enlargers import Enlarger, find_enlarger
from beyne.evaluation.statistics import bootstrap_interval, verdict
from beyne.images import Raster, read
from beyne.images.raster import from_tensor, to_tensor
from beyne.images.resample import downscale
from beyne.trust.evidence import luma

BLURS, RIDGES = (0, 1, 2, 4, 8, 16), (1, 2, 4)  # standard deviations, in pixels
THRESHOLDS = np.linspace(0.1, 0.9, 33)
RIDGE = 1e-3  # per pixel

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]
Found = dict[str, dict[str, list[float]]]  # arm → patient → Dice of each picture


def features(image: Tensor) -> Values:
    """``(pixels, 30)`` of ``(1, C, H, W)``.

    Brightness, in standard deviations of the picture, in six blurs; curvatures (eigenvalues of the
    Hessian) in three; the place; and products of the coarse ones with the place.
    """
    grey = luma(image)[0, 0].double().numpy()
    grey = (grey - grey.mean()) / grey.std()
    blurred = [ndimage.gaussian_filter(grey, sigma) for sigma in BLURS]
    curved = [side for sigma in RIDGES for side in _curvatures(grey, sigma)]
    down, across = (
        2 * place / side - 1 for place, side in zip(np.indices(grey.shape), grey.shape, strict=True)
    )
    coarse = [*blurred[3:], down, across, np.ones_like(grey)]
    products = [one * other for one, other in combinations_with_replacement(coarse, 2)]
    return np.stack([*blurred[:3], *curved, *products], -1).reshape(grey.size, -1)


def _curvatures(grey: Values, sigma: float) -> tuple[Values, Values]:
    down, both, across = (
        sigma**2 * ndimage.gaussian_filter(grey, sigma, order) for order in ((2, 0), (1, 1), (0, 2))
    )
    middle, radius = (down + across) / 2, np.hypot((down - across) / 2, both)
    return middle - radius, middle + radius


class Segmenter:
    """Ridge regression and a threshold, learned from pictures and masks."""

    def __init__(self, pairs: list[tuple[Tensor, Mask]]) -> None:
        seen = [(features(image), mask) for image, mask in pairs]
        square = sum(row.T @ row / len(row) for row, _ in seen) / len(seen)
        target = sum(row.T @ mask.ravel() / len(row) for row, mask in seen) / len(seen)
        self._weights = np.linalg.solve(square + RIDGE * np.eye(len(square)), target)
        answers = [(row @ self._weights, mask.ravel()) for row, mask in seen]
        dices = [np.mean([dice(a > level, mask) for a, mask in answers]) for level in THRESHOLDS]
        self._level = THRESHOLDS[int(np.argmax(dices))]

    def dice(self, image: Tensor, mask: Mask) -> float:
        """Of what it finds in a picture."""
        return dice(features(image) @ self._weights > self._level, mask.ravel())


def dice(found: Mask, mask: Mask) -> float:
    """Dice's coefficient 2·|A∩B| / (|A| + |B|)."""
    return float(2 * (found & mask).sum() / (found.sum() + mask.sum()))


def measured(data: Path, groups: dict[str, str], folds: int, arms: list[Enlarger]) -> Found:
    """Dice on the real pictures and on those shrunk and enlarged again, every patient held out."""
    trained_on = {path.stem for path in patients(data)[0]}
    pairs = {name: _pair(data, name) for name in groups}
    found: Found = defaultdict(lambda: defaultdict(list))
    for names in dealt(groups, folds):
        segmenter = Segmenter([pair for name, pair in pairs.items() if name not in names])
        for name in sorted(names):
            if Path(name).stem in trained_on:
                continue
            truth, mask = pairs[name]
            small = Raster(from_tensor(downscale(truth, SCALE).clamp(0, 1), np.dtype(np.uint8)))
            found["real"][groups[name]].append(segmenter.dice(truth, mask))
            for arm in arms:
                enlarged = to_tensor(arm.enlarge(small).pixels)
                found[arm.name][groups[name]].append(segmenter.dice(enlarged, mask))
    return found


def _pair(data: Path, name: str) -> tuple[Tensor, Mask]:
    mask, image = (read(data / side / name).pixels for side in "ab")
    return to_tensor(image), mask[..., 0] > 127


def report(field: str, found: Found) -> None:
    """Means with intervals, and every arm against those before it, as markdown."""
    columns = {arm: np.array([np.mean(d) for d in dices.values()]) for arm, dices in found.items()}
    print(f"\n{field}, {len(columns['real'])} patients\n\n| | Dice |\n|---|---|")
    for arm, values in columns.items():
        low, high = bootstrap_interval(values)
        print(f"| {arm} | {values.mean():.4f} [{low:.4f}, {high:.4f}] |")
    print()
    arms = list(columns)
    for number, arm in enumerate(arms):
        for other in arms[:number]:
            print("-", verdict(other, arm, columns[other], columns[arm], "higher", "Dice").sentence)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--field", choices=FIELDS, nargs="+", default=list(FIELDS))
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--models", nargs="+", default=["photo-x4", "xray-x4"])
    asked = parser.parse_args()
    arms = [find_enlarger(name, SCALE) for name in ("bicubic", *asked.models)]
    for field in asked.field:
        data = asked.output / field
        groups = prepared(FIELDS[field], data, asked.side)
        report(field, measured(data, groups, asked.folds, arms))


if __name__ == "__main__":
    main()
