"""How often the trust map is right, on pictures with known truth; with --fit it is calibrated.

    python bench/trust.py [MODEL ...] [--fit] [--crops 2] [--plot docs/experiments/trust.png]

A picture is shrunk by operator A and rounded to its depth, enlarged by the model, and compared.
Of each, random crops are taken, and of each crop random pixels. ``--fit`` measures the calibration
on pictures under permissive licences and writes it into the models' cards: photographs of the
training set (the 32 that the networks were not trained on, and a third of the others), each as it
is, every second and every third pixel of it, as these are softer than what cameras give; and tiles
of two satellite scenes. It is judged on others: Kodak, Urban100, radiographs, other scenes. For
``satellite-x4`` and ``xray-x4``: ``bench/trust_fields.py``.

- ECE: the mean difference between trust and the share that is right, over ten bins of trust.
- AUROC of "wrong" by low trust, and by the local gradient of the result alone.
- In each fifth of the gradient, the mean error where trust is lowest (a tenth) over that where it
  is highest.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from trust_scores import (
    HEADING,
    Sample,
    Values,
    calibration_error,
    line,
    plot,
    reliability,
)

from beyne import bundle
from beyne.data import make_split
from beyne.header import weights_digest
from beyne.images import Raster, read
from beyne.images.raster import from_tensor, to_tensor
from beyne.images.resample import downscale
from beyne.predict.predictor import Predictor
from beyne.trust.assessor import Assessor
from beyne.trust.calibration import EVIDENCE, Calibration, Curve, Kind, calibration_of
from beyne.trust.evidence import error
from beyne.zoo import find

DATA = Path(os.environ.get("BEYNE_SHARED", "../shared")) / "data"
Turned = Literal["model", "partner"]
PAIR: dict[str, tuple[str, Turned]] = {
    "photo-x4": ("photo-x4-gan", "partner"),
    "photo-x4-gan": ("photo-x4", "model"),
}
LEVELS, WINDOW = 8, 9
SIDE, MARGIN, PIXELS = 64, 24, 1500  # a crop, in input pixels; its border, in result pixels
KNOTS, NEVER_SURE = 33, 0.002
#: Of the photographs that are fitted every so many pixels are taken: three degrees of sharpness.
STEPS = {"photograph": (1, 2, 3), "satellite": (1,)}


class Remembered:
    """A predictor that computes nothing twice: both models' maps need the same results."""

    def __init__(self, predictor: Predictor) -> None:
        self.card, self._predictor = predictor.card, predictor
        self._known: dict[tuple[tuple[int, ...], bytes], Raster] = {}

    def apply(self, raster: Raster, **how: Any) -> Raster:
        key = raster.pixels.shape, raster.pixels.tobytes()
        if key not in self._known:
            self._known[key] = self._predictor.apply(raster, **how)
        return self._known[key]

    def forget(self) -> None:
        self._known.clear()


def satellite(*scenes: str) -> list[Path]:
    """Every second tile of some scenes."""
    tiles = sorted((DATA / "satellite/tiles").glob("*.png"))
    return [path for path in tiles if path.name.startswith(scenes)][::2]


def photographs() -> list[Path]:
    """All that the embedded networks were not trained on, and a third of the others."""
    names = sorted(path.name for path in (DATA / "sr_train").glob("*.jpg"))
    split = make_split(names, seed=0)
    kept = [name for name in names if split[name] == "val"]
    kept += [name for name in names if split[name] == "train"][::3]
    return [DATA / "sr_train" / name for name in kept]


def to_fit() -> dict[Kind, list[Path]]:
    """Pictures under permissive licences."""
    return {"photograph": photographs(), "satellite": satellite("shipsnet_1", "shipsnet_2")}


def to_judge() -> dict[str, tuple[tuple[Kind, ...], list[Path]]]:
    """Pictures that no network and no calibration has seen, and the kinds to take them for."""
    tests = DATA / "sr_test"
    scenes = satellite("shipsnet_3", "shipsnet_4", "planesnet", "rasterio")
    return {
        "Kodak24": (("photograph",), sorted((tests / "Kodak24/HR").glob("*.png"))),
        "Urban100": (("photograph",), sorted((tests / "Urban100/HR").glob("*.png"))),
        "radiographs": (("photograph",), sorted((DATA / "chest_xray/images").glob("*.jpg"))[::2]),
        "satellite": (("satellite", "photograph"), scenes),
    }


def sampled(
    pictures: list[Path],
    assessors: dict[str, Assessor],
    models: dict[str, Remembered],
    crops: int,
    steps: tuple[int, ...] = (1,),
) -> dict[str, Sample]:
    """Evidence and error at random pixels, for each model; of every so many pixels, in turn."""
    rng = np.random.default_rng(0)
    found: dict[str, list[tuple[Values, Values]]] = {name: [] for name in assessors}
    for picture in pictures:
        print(".", end="", file=sys.stderr, flush=True)
        truth = read(picture)
        for step in steps * crops:
            source, target = pair(Raster(truth.pixels[::step, ::step]), rng)
            for name, assessor in assessors.items():
                result = to_tensor(models[name].apply(source).pixels)
                wrong = error(result, to_tensor(target.pixels), WINDOW)
                chosen = pixels_inside(wrong.shape)
                evidence = assessor.evidence(source).reshape(len(EVIDENCE), -1)
                found[name].append((evidence[:, chosen], wrong.ravel()[chosen]))
            for model in models.values():
                model.forget()
    return {
        name: Sample(
            *(np.concatenate(parts, -1) for parts in zip(*pairs, strict=True)), len(pictures)
        )
        for name, pairs in found.items()
    }


def pixels_inside(shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Numbers of random pixels away from the border of a crop."""
    inside = np.zeros(shape, bool)
    inside[MARGIN:-MARGIN, MARGIN:-MARGIN] = True
    return np.random.default_rng(1).choice(np.flatnonzero(inside), PIXELS, replace=False)


def pair(truth: Raster, rng: np.random.Generator) -> tuple[Raster, Raster]:
    """A random part of a picture, shrunk and as it is."""
    height, width = (min(SIDE, length // 4) for length in truth.pixels.shape[:2])
    top = 4 * int(rng.integers(truth.height // 4 - height + 1))
    left = 4 * int(rng.integers(truth.width // 4 - width + 1))
    pixels = truth.pixels[top : top + 4 * height, left : left + 4 * width]
    small = from_tensor(downscale(to_tensor(pixels), 4), pixels.dtype)
    return Raster(small), Raster(pixels)


def fitted(samples: dict[Kind, Sample], draft: Calibration) -> Calibration:
    """Least squares for the logarithm of the error in the first kind, and a curve for each."""
    first = next(iter(samples.values()))
    design = np.vstack([np.ones(first.error.size), first.evidence]).T
    solution = np.linalg.lstsq(design, np.log(first.error + 0.1), rcond=None)[0].round(4)
    draft = draft.model_copy(
        update={"constant": float(solution[0]), "weights": tuple(solution[1:].tolist())}
    )
    return draft.model_copy(
        update={"curves": {kind: curve(sample, draft) for kind, sample in samples.items()}}
    )


def curve(sample: Sample, draft: Calibration) -> Curve:
    """An isotonic regression of "right" on the expected error, at a few knots.

    It falls by a little even where all pixels were right, so that a larger expected error is always
    less trust.
    """
    expected = draft.expectation(sample.evidence)
    order = np.argsort(expected, kind="stable")
    right = (sample.error <= draft.levels)[order].astype(float)
    share = isotonic_regression(right, increasing=False).x.clip(NEVER_SURE, 1 - NEVER_SURE)
    share += np.linspace(NEVER_SURE, -NEVER_SURE, order.size) / 2
    knots = np.linspace(0, order.size - 1, KNOTS).astype(int)
    return Curve(
        expected=tuple(expected[order][knots].astype(float).round(4).tolist()),
        trust=tuple(share[knots].round(5).tolist()),
        pictures=sample.pictures,
    )


def draft(partner: str, turned: Turned, levels: float = LEVELS) -> Calibration:
    """A calibration before anything is measured."""
    return Calibration(
        partner=partner,
        partner_weights=weights_digest(find(partner)),
        turned=turned,
        levels=levels,
        window=WINDOW,
        constant=0,
        weights=(0, 0, 0, 0),
        curves={},
    )


def store(name: str, calibration: Calibration) -> None:
    """Write the calibration into the model's card; the weights stay bit for bit."""
    path = find(name)
    model = bundle.load(path)
    card = model.card.model_copy(update={"trust": calibration.model_dump(mode="json")})
    bundle.save(path, card, model.network, half=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=[*PAIR], metavar="MODEL")
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--crops", type=int, default=2, help="of each picture to judge on")
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    models = {name: Remembered(Predictor(bundle.load(find(name)))) for name in PAIR}

    def assessors(calibrations: dict[str, Calibration]) -> dict[str, Assessor]:
        return {
            name: Assessor(models[name], models[found.partner], found)
            for name, found in calibrations.items()
        }

    if arguments.fit:
        drafts = {name: draft(*PAIR[name]) for name in arguments.models}
        samples = {
            kind: sampled(pictures, assessors(drafts), models, 1, STEPS[kind])
            for kind, pictures in to_fit().items()
        }
        for name, begun in drafts.items():
            store(name, fitted({kind: of[name] for kind, of in samples.items()}, begun))
    calibrations = {name: calibration_of(bundle.read_card(find(name))) for name in arguments.models}
    print(HEADING)
    curves: dict[str, dict[str, list[tuple[float, float, float]]]] = {n: {} for n in calibrations}
    for data, (kinds, pictures) in to_judge().items():
        of = sampled(pictures, assessors(calibrations), models, arguments.crops)
        for kind, (name, found) in itertools.product(kinds, calibrations.items()):
            print(line(name, data, of[name], kind, found), flush=True)
            trust, right = (
                found.probability(of[name].evidence, kind),
                of[name].error <= found.levels,
            )
            curves[name][f"{data} as {kind}"] = reliability(trust, right)
    if arguments.fit:
        for name, found in calibrations.items():
            errors = {data: round(calibration_error(c), 3) for data, c in curves[name].items()}
            store(name, found.model_copy(update={"ece": errors}))
    if arguments.plot:
        plot(arguments.plot, curves)


if __name__ == "__main__":
    main()
