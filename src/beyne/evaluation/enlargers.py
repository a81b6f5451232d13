"""What can be evaluated: models by name, file or run, and the plain ways to do their job."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from beyne.bundle import load, read_card
from beyne.data import Pair, Sources, decode
from beyne.data.pairs import GENERATING, Job
from beyne.errors import UsageError, did_you_mean
from beyne.evaluation import painters, translators
from beyne.images import Raster
from beyne.images.raster import converted, from_tensor, to_tensor
from beyne.images.resample import resize
from beyne.predict.device import find_device
from beyne.predict.ensemble import ensembled
from beyne.predict.fitting import checked_consistent, checked_scale
from beyne.predict.predictor import Predictor
from beyne.recipe import named_captions, named_sources
from beyne.zoo import BEST, builtin, find


def nearest(raster: Raster, scale: int) -> Raster:
    """Every pixel repeated."""
    return raster.with_pixels(raster.pixels.repeat(scale, 0).repeat(scale, 1))


def bicubic(raster: Raster, scale: int) -> Raster:
    """Keys' cubic with a = −0.5, see `beyne.images.resample`."""
    size = raster.height * scale, raster.width * scale
    return raster.with_pixels(
        from_tensor(resize(to_tensor(raster.pixels), size), raster.pixels.dtype)
    )


def lanczos(raster: Raster, scale: int) -> Raster:
    """Pillow's Lanczos with three lobes, in float."""
    size = raster.width * scale, raster.height * scale
    bands = np.moveaxis(converted(raster.pixels, np.dtype(np.float32)), 2, 0)
    enlarged = [
        np.asarray(Image.fromarray(band).resize(size, Image.Resampling.LANCZOS)) for band in bands
    ]
    return raster.with_pixels(converted(np.stack(enlarged, axis=2), raster.pixels.dtype))


#: Ways to enlarge that every model should beat, for any number of bands.
BASELINES: dict[str, Callable[[Raster, int], Raster]] = {
    "nearest": nearest,
    "bicubic": bicubic,
    "lanczos": lanczos,
}
#: Everything that is no model, whatever the job.
PLAIN = tuple(dict.fromkeys((*BASELINES, *translators.BASELINES, *painters.BASELINES)))


@dataclass(frozen=True)
class Enlarger:
    """One way to enlarge a picture, or to translate it.

    Attributes:
        name: For tables.
        scale: Enlargement; 1 of a translation.
        enlarge: Picture to what is made of it.
        device: Where it computes, and its scores may be computed.
        parameters: Of the network; None without one.
        job: What it is for.
        channels: Bands that a translating network takes and makes; None: as they come.
    """

    name: str
    scale: int
    enlarge: Callable[[Raster], Raster]
    device: torch.device
    parameters: int | None = None
    job: Job = "upscale"
    channels: tuple[int, int] | None = None


def find_enlarger(
    model: str | Path,
    scale: int | None = None,
    consistent: bool | None = None,
    device: str = "auto",
    precision: str = "fp32",
    training: Sequence[Pair] = (),
    ensemble: bool = False,
) -> Enlarger:
    """A model, or a baseline, ready to enlarge or to translate.

    Args:
        model: A key of `BASELINES`, one of `translators.BASELINES`, a built-in model's name, a
            model file, or the folder of a run.
        scale: Enlargement; None: the model's, and 4 for a baseline.
        consistent: As for `beyne.upscale`; not for baselines.
        device: As for `beyne.load`, as is ``precision``.
        training: The pairs that a median is of, and whose bands a copy has.
        ensemble: As for `beyne.load`; not for baselines.

    Raises:
        UsageError: There is no such model, or it can't do what is asked.
    """
    name = str(model)
    if ensemble and name in PLAIN:
        raise UsageError(f"{name} is no model and can't be an ensemble", "leave it out")
    if name in translators.BASELINES:
        return _plain_translator(name, training, find_device(device))
    if name in BASELINES:
        if consistent is not None:
            raise UsageError(f"{name} is no model and knows no consistency", "leave it out")
        baseline, factor = BASELINES[name], 4 if scale is None else scale
        if factor < 1:
            raise UsageError(f"{name} can't make ×{factor}", "it makes ×1, ×2, ×3 …")
        return Enlarger(name, factor, lambda raster: baseline(raster, factor), find_device(device))
    if (job := job_of(name)) in GENERATING:
        problem = f"{name} generates pictures, of which there are no originals"
        raise UsageError(problem, "beyne generate --model MODEL -o OUT")
    model_here = load(model_file(name))
    if ensemble:
        model_here = ensembled(model_here)
    parameters = sum(parameter.numel() for parameter in model_here.network.parameters())
    predictor = Predictor(model_here, device, precision)
    factor = checked_scale(predictor.card, scale)
    project = checked_consistent(predictor.card, factor, consistent)
    # Several runs may be of one recipe: a run goes by the name of its folder.
    title = Path(name).resolve().name if Path(name).is_dir() else predictor.card.name
    enlarge = partial(predictor.apply, scale=factor, consistent=project)
    card = predictor.card
    channels = (card.channels_in, card.channels_out) if job == "translate" else None
    return Enlarger(title, factor, enlarge, predictor.device, parameters, job, channels)


def job_of(model: str) -> Job:
    """What a model, a run or a baseline is for; ``copy`` alone is taken for a translation.

    Raises:
        UsageError: There is no such model.
    """
    if model in translators.BASELINES:
        return "translate"
    if model in painters.BASELINES:
        return "generate"
    return "upscale" if model in BASELINES else read_card(model_file(model)).job


def sources_of(model: str, settings: Sequence[str] = ()) -> Sources:
    """Where the pictures are that a model is for: as in its training, unless ``settings`` say so.

    Raises:
        UsageError: There is no such model, or a setting means nothing to it.
    """
    recipe = {} if model in PLAIN else read_card(model_file(model)).provenance.get("recipe", {})
    job = job_of(model)
    if job == "illustrate":
        named_captions(settings)
    elif job != "translate" and settings:
        raise UsageError(f"--set {settings[0]}: {model} translates nothing", "leave it out")
    if job != "translate":
        return Sources(job=job)
    return named_sources(job, settings, recipe.get("data", {}))


def _plain_translator(name: str, training: Sequence[Pair], device: torch.device) -> Enlarger:
    if name == "copy":
        pair = training[0]
        channels = decode(pair, 1, None, "bicubic").hr.shape[2]
        # Of one picture on both sides a model is given the grey; to copy its colours would cheat.
        taken = (1, channels) if pair.lr == pair.hr else None
        copied = partial(translators.copy, channels=channels)
        return Enlarger(name, 1, copied, device, job="translate", channels=taken)
    median = partial(translators.in_size_of, translators.median_image(training))
    return Enlarger(name, 1, median, device, job="translate")


def model_file(name: str) -> Path:
    """The file of a built-in model, a model file, or the best of a run.

    Raises:
        UsageError: There is no such model.
    """
    if not Path(name).is_dir():
        known = [*builtin(), *PLAIN]
        if name != "auto" and name not in known and not Path(name).suffix and "/" not in name:
            raise UsageError(f"there is no model '{name}'", did_you_mean(name, known))
        return find(name)
    best = Path(name) / BEST
    if not best.is_file():
        raise UsageError(f"{name} has no {BEST}", "give a model, or a run that has saved one")
    return best
