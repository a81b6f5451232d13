"""A model over a folder of pictures: a score a picture, means with intervals, the worst to see."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from beyne.bundle import read_card
from beyne.data import Decoded, Pair, decode, find_split
from beyne.data.pairs import GENERATING
from beyne.errors import BeyneError, UsageError
from beyne.evaluation.enlargers import (
    PLAIN,
    Enlarger,
    find_enlarger,
    model_file,
    sources_of,
)
from beyne.evaluation.generators import GeneratorScores, evaluate_generator
from beyne.evaluation.measures import Measures, load_metrics, protocol_for
from beyne.evaluation.scores import Scores, write_scores
from beyne.evaluation.statistics import scipy_stats
from beyne.evaluation.texts.illustrators import evaluate_illustrator
from beyne.evaluation.texts.scores import TextScores
from beyne.evaluation.unseen import find_unseen
from beyne.evaluation.worst import Worst
from beyne.files import check_output
from beyne.images import Raster
from beyne.images.raster import to_tensor
from beyne.images.resample import Operator
from beyne.predict.files import Failure
from beyne.predict.fitting import Bands, picked

#: What ``-o`` gets: the table, the worst pictures, and what they are.
FILES = ("scores.csv", "worst.png", "worst.csv")


@dataclass
class Listener:
    """Where an evaluation reports to; the defaults keep silent."""

    message: Callable[[str], None] = lambda text: None
    #: pictures done, pictures in all
    progress: Callable[[int, int], None] = lambda done, total: None
    #: name, scores by metric, output, original and input, all ``(1, C, H, W)`` in [0, 1]
    picture: Callable[[str, dict[str, float], Tensor, Tensor, Tensor], None] = (
        lambda name, values, output, hr, lr: None
    )


def evaluate(
    model: str | Path,
    data: str | Path,
    split: str | Path | None = None,
    output: str | Path | None = None,
    *,
    scale: int | None = None,
    bands: Bands = None,
    consistent: bool | None = None,
    ensemble: bool = False,
    device: str = "auto",
    precision: str = "fp32",
    settings: Sequence[str] = (),
    used_range: bool = False,
    language: str = "en",
    overwrite: bool = False,
    message: Callable[[str], None] = lambda text: None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Scores | GeneratorScores | TextScores:
    """Score a model on pictures whose originals are known; a generator by held-out pictures.

    The pictures of the test split are taken, else of val, else all; none that the run itself was
    trained on. Inputs that the folder does not bring are made of the originals by the downscaling
    operator A; those of a translation are the pictures a, and its originals the pictures b.

    What is done for a generator, see `beyne.evaluation.generators.evaluate_generator`; for one that
    makes pictures of texts `beyne.evaluation.texts.illustrators.evaluate_illustrator`.

    Args:
        model: A built-in model's name, a model file, the folder of a run (its best model), or
            ``nearest``, ``bicubic``, ``lanczos``; of a translation ``copy`` (the input itself) or
            ``median`` (of the training split's pictures b, pixel by pixel).
        data: Folder of originals, or with ``hr/`` and ``lr*/``, or of pairs a, b.
        split: A ``split.csv`` to obey; None: the folder's own.
        output: Folder for ``scores.csv`` and the ten worst pictures, ``worst.png``, which
            ``worst.csv`` names.
        scale: Enlargement, up to the model's; None: the model's, 4 for the last three.
        bands: As for `beyne.upscale`: of inputs and originals; not for translations.
        consistent: As for `beyne.upscale`; None: as the model's card says.
        ensemble: As for `beyne.load`; not for the last three, nor for generators.
        device: As for `beyne.load`, as is ``precision``; scores are those of float32 unless told
            otherwise, so that machines agree.
        settings: Where the sides of a translation are, such as ``"data.a=masks"``; what is left out
            is as in the model's training. Of pictures from texts ``"data.captions=FILE"``.
        used_range: PSNR's peak is the range of values that each original uses, as CT and MR ask
            for, which fill a small part of their bits; else white, the largest that these hold.
        language: Of the report that ``output`` gets about pictures from texts.
        overwrite: Replace these files if they exist.
        message: Is told in words what happens.
        progress: Is given pictures done and pictures in all.

    Raises:
        UsageError: The call is wrong; nothing was written.
        MissingExtraError: SciPy is not installed.
        BeyneError: Not one picture could be scored.

    Example:
        >>> import beyne
        >>> scores = beyne.evaluate("photo-x4", "Set5")
        >>> scores.mean["psnr"], scores.interval["psnr"]
    """
    job = None if str(model) in PLAIN else read_card(model_file(str(model))).job
    texts = job == "illustrate"
    if job in GENERATING:
        asked = scale is not None, consistent is not None, ensemble, used_range
        if any(asked) or (settings and not texts):
            problem = (
                "--scale, --consistent, --ensemble, --set and --used-range mean nothing to "
                "a generator"
            )
            raise UsageError(problem, "leave them out")
        common: dict[str, Any] = {"device": device, "overwrite": overwrite}
        common |= {"message": message, "progress": progress}
        if not texts:
            return evaluate_generator(model, data, split, output, **common)
        common |= {"settings": settings, "language": language}
        return evaluate_illustrator(model, data, split, output, **common)
    scipy_stats()  # what is missing should be known before the work
    folder = Path(output) if output else None
    if folder:
        check_output(folder, FILES, overwrite)
    sources = sources_of(str(model), settings)
    chosen = Path(data), Path(split) if split else None
    part, pairs = find_unseen(*chosen, [model], sources)
    named = f"{Path(data).resolve().name}, {part}"
    message(f"{named}: {len(pairs)}")
    training = find_split(*chosen, sources).get("train", []) if model == "median" else pairs
    enlarger = find_enlarger(model, scale, consistent, device, precision, training, ensemble)
    worst = Worst()
    listener = Listener(message, progress, worst.look)
    scores = score(enlarger, pairs, named, bands=bands, used_range=used_range, listener=listener)
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        table, sheet, names = (folder / name for name in FILES)
        write_scores(table, scores)
        worst.write(sheet, names)
    return scores


def score(
    enlarger: Enlarger,
    pairs: Sequence[Pair],
    data: str,
    *,
    operator: Operator = "bicubic",
    bands: Bands = None,
    used_range: bool = False,
    listener: Listener | None = None,
) -> Scores:
    """Score one way to enlarge on given pictures.

    A picture that can't be read or does not fit the model is left out and named in what is
    returned.

    Args:
        enlarger: As `find_enlarger` gives it.
        pairs: The pictures.
        data: What they are called.
        operator: The downscaling A: of inputs that are not there, and of LR-PSNR.
        bands: Those to take of inputs and originals, as for `beyne.upscale`.
        used_range: As for `evaluate`.
        listener: Is told how it goes on.

    Raises:
        UsageError: Bands are asked for of a translation.
        BeyneError: Not one picture could be scored.
    """
    if bands and enlarger.job == "translate":
        problem = "--bands: a translation's pictures are scored as they are"
        raise UsageError(problem, "leave it out, or write files of these bands alone")
    listener = listener or Listener()
    loaded, missing = load_metrics(enlarger.device)
    for why in missing.values():
        listener.message(f"left out: {why}")
    failed: dict[str, Failure] = {}

    def readable() -> Iterator[Decoded]:
        for pair in pairs:
            with _noted(pair, failed):
                picture = decode(pair, enlarger.scale, enlarger.channels, operator)
                yield of_bands(picture, bands)

    # All are looked at first: one table has one protocol, whatever each picture would allow.
    protocol = protocol_for(readable(), enlarger.job)
    measures = Measures(protocol, enlarger.scale, operator, loaded=loaded, used_range=used_range)
    named, rows = {pair.name: pair for pair in pairs}, {}
    for done, picture in enumerate(readable(), start=1):
        with _noted(named[picture.name], failed):
            rows[picture.name] = _scored(picture, enlarger, measures, listener)
        listener.progress(done, len(pairs))
    listener.progress(len(pairs), len(pairs))  # those that failed are done, too
    if not rows:
        problem = f"not one of {len(pairs)} pictures could be scored"
        raise BeyneError(problem, str(next(iter(failed.values()))))
    made = "" if any(pair.lr for pair in pairs) else f"; inputs made by {operator}"
    if bands and bands != "all":
        made += f"; bands {', '.join(map(str, bands))}"
    columns = {name: np.array([row[name] for row in rows.values()]) for name in measures.names}
    columns = {name: column for name, column in columns.items() if np.isfinite(column).any()}
    return Scores(
        model=enlarger.name,
        data=data,
        protocol=measures.text(columns) + made,
        names=tuple(rows),
        columns=columns,
        failed=tuple(failed.values()),
    )


def of_bands(picture: Decoded, bands: Bands) -> Decoded:
    """Only some bands of both sides.

    Raises:
        ImageError: There is no such band.
    """
    hr, lr = (picked(Raster(side), bands).pixels for side in (picture.hr, picture.lr))
    return Decoded(picture.name, hr, lr)


def _scored(
    picture: Decoded, enlarger: Enlarger, measures: Measures, listener: Listener
) -> dict[str, float]:
    enlarged = enlarger.enlarge(Raster(picture.lr)).pixels
    output, hr, lr = (
        to_tensor(pixels).to(enlarger.device) for pixels in (enlarged, picture.hr, picture.lr)
    )
    values = measures.of(output, hr, lr)
    listener.picture(picture.name, values, output, hr, lr)
    return values


@contextmanager
def _noted(pair: Pair, failed: dict[str, Failure]) -> Iterator[None]:
    """Put down what is wrong with a picture, and go on."""
    try:
        yield
    except BeyneError as error:
        problem = error.problem.removeprefix(f"{pair.name}: ").removeprefix(f"{pair.hr}: ")
        failed[pair.name] = Failure(pair.name, problem, error.remedy)
