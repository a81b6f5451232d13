"""Pictures to look at: the same square of the same picture by every arm."""

from __future__ import annotations

import time
from collections.abc import Mapping

from torch import Tensor

from beyne.comparison.result import Comparison
from beyne.comparison.study import Study
from beyne.data import Pair, decode
from beyne.errors import BeyneError
from beyne.evaluation.enlargers import Enlarger
from beyne.evaluation.worst import worst_square
from beyne.images import Raster
from beyne.images.raster import Pixels, to_tensor
from beyne.images.sheet import shown
from beyne.reports.document import Picture
from beyne.reports.sections import Specimen, View

_SIDE = 256  # pixels of the original
TYPICAL, WORST = 4, 6


def specimens(
    study: Study, found: Comparison, enlargers: Mapping[str, Enlarger]
) -> tuple[list[Specimen], list[Specimen], dict[str, float]]:
    """Squares of typical pictures, evenly spaced over the best arm's ranking, and of its worst.

    Returns:
        Typical and worst; arm → seconds that it took for a picture.
    """
    best = found.tables[found.best][0]
    ranked = best.worst(found.metric, best.n)
    typical = [ranked[len(ranked) * (2 * i + 1) // (2 * TYPICAL)] for i in range(TYPICAL)]
    pairs = {pair.name: pair for pair in study.pairs}
    spent = dict.fromkeys(enlargers, 0.0)
    drawn: dict[str, Specimen] = {}
    for name in dict.fromkeys([*typical, *ranked[:WORST]]):
        try:
            drawn[name] = _specimen(pairs[name], enlargers, found, spent)
        except BeyneError:  # an arm could not do it, and said so when it was scored
            continue
    seconds = {name: total / len(drawn) for name, total in spent.items() if drawn}
    chosen = (dict.fromkeys(names) for names in (typical, ranked[:WORST]))
    first, second = ([drawn[name] for name in names if name in drawn] for names in chosen)
    return first, second, seconds


def _specimen(
    pair: Pair, enlargers: Mapping[str, Enlarger], found: Comparison, spent: dict[str, float]
) -> Specimen:
    scale = next(iter(enlargers.values())).scale
    channels = next((one.channels for one in enlargers.values() if one.channels), None)
    picture = decode(pair, scale, channels, "bicubic")
    outputs: dict[str, Tensor] = {}
    for name, enlarger in enlargers.items():
        start = time.perf_counter()
        outputs[name] = _tensor(enlarger.enlarge(Raster(picture.lr)).pixels)
        spent[name] += time.perf_counter() - start
    squares, _, _ = worst_square(
        list(outputs.values()), _tensor(picture.hr), _tensor(picture.lr), _SIDE
    )
    source, *made, original = (Picture(shown(square)) for square in squares)
    scores = {name: found.tables[name][0].values(found.metric, (pair.name,))[0] for name in outputs}
    arms = [
        View(image, "arm", name, float(scores[name]))
        for name, image in zip(outputs, made, strict=True)
    ]
    return Specimen(pair.name, (View(source, "input"), *arms, View(original, "original")))


def _tensor(pixels: Pixels) -> Tensor:
    return to_tensor(pixels).clamp(0, 1)
