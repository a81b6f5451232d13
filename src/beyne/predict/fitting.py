"""What a model can be asked for, and which pictures it takes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

import numpy as np

from beyne.bundle import ModelCard
from beyne.errors import ImageError, UsageError
from beyne.images.raster import Raster

#: Band numbers from 1, or every band; None leaves the choice to the picture's own marks.
Numbers = tuple[int, ...] | Literal["all"] | None
#: These, or names of a Sentinel-2 scene's bands.
Bands = Numbers | tuple[str, ...]

_SCENE_BAND = re.compile(r"B(\d\d|8A)")

# Float samples further from [0, 1] than this are no image in [0, 1] at all.
_FLOAT_SLACK = 0.5


def parse_bands(text: str | None) -> Bands:
    """``"3,2,1"`` → ``(3, 2, 1)``, ``"B04,B08"`` → ``("B04", "B08")``; ``"all"`` and None stay.

    Raises:
        UsageError: It is something else.
    """
    if text is None or text == "all":
        return "all" if text else None
    parts = text.replace(" ", "").split(",")
    if all(_SCENE_BAND.fullmatch(part.upper()) for part in parts):
        return tuple(part.upper() for part in parts)
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise UsageError(f"--bands {text}: not a list of band numbers", "--bands 3,2,1 or all")
    return tuple(int(part) for part in parts)


def counted(bands: Bands) -> Numbers:
    """Bands of a picture that has no names for them.

    Raises:
        ImageError: Names are asked for.
    """
    if not isinstance(bands, tuple):
        return bands
    numbers = tuple(band for band in bands if isinstance(band, int))
    if len(numbers) < len(bands):
        problem = f"its bands have no names, and {bands[0]} is asked for"
        raise ImageError(problem, "--bands 3,2,1 counts them")
    return numbers


def picked(raster: Raster, bands: Bands) -> Raster:
    """The picture with only some of its bands, in the order asked for.

    Raises:
        ImageError: It has no such band.
    """
    bands = counted(bands)
    if bands is None or bands == "all":
        return raster
    if max(bands) > raster.channels:
        problem = f"there is no band {max(bands)} in a picture of {_count(raster.channels)}"
        raise ImageError(problem, f"--bands takes numbers from 1 to {raster.channels}")
    pixels = np.ascontiguousarray(raster.pixels[..., [number - 1 for number in bands]])
    return replace(raster, pixels=pixels)


def fitted(raster: Raster, card: ModelCard) -> Raster:
    """The picture as the model takes it.

    One band may go into a model of three. Into a model of one go three that are equal; or the mean
    of any three, if that is what it was trained on.

    Raises:
        ImageError: The number of bands or the range of the samples does not fit.
    """
    takes = card.channels_in
    if takes == 1 and raster.channels == 3 and (card.takes_means or _equal_bands(raster)):
        raster = raster.grey()
    if raster.channels != takes and not is_grey_for(raster, card):
        problem = f"it has {_count(raster.channels)}, and {card.name} takes {takes}"
        example = ",".join(str(number) for number in range(1, takes + 1))
        enough = raster.channels > takes
        raise ImageError(problem, f"--bands {example}" if enough else "use a model made for it")
    if raster.pixels.dtype.kind == "f":
        _check_range(raster, card)
    return raster


def is_grey_for(raster: Raster, card: ModelCard) -> bool:
    """Whether the picture's one band is to be given to the model three times."""
    return raster.channels == 1 and card.channels_in == 3


def check_job(card: ModelCard, job: str) -> None:
    """Refuse a model that was made for another job than the command's; texts are for generate.

    Raises:
        UsageError: It is; the command to use is named.
    """
    does = "generate" if card.generates else card.job
    if does != job:
        problem = f"{card.name} is a model to {does} pictures, not to {job} them"
        inputs = "" if card.generates else "INPUT "
        raise UsageError(problem, f"beyne {does} {inputs}--model MODEL -o OUT")


def ensemble_card(card: ModelCard) -> ModelCard:
    """The card of a model applied in every orientation: neither scores nor trust are of that.

    Raises:
        UsageError: The model does not enlarge.
    """
    check_job(card, "upscale")
    name = f"{card.name} (ensemble)"
    return card.model_copy(update={"name": name, "scores": [], "trust": None})


def checked_scale(card: ModelCard, scale: int | None) -> int:
    """The enlargement to make with a model: its own, or a smaller one.

    Raises:
        UsageError: It is larger than the model's, or below 1.
    """
    if scale is None or scale == card.scale:
        return card.scale
    if 1 <= scale < card.scale:
        return scale
    possible = ", ".join(f"×{number}" for number in range(card.scale, 0, -1))
    raise UsageError(f"{card.name} can't make ×{scale}", f"it makes {possible}")


def checked_consistent(
    card: ModelCard, scale: int, wanted: bool | None, measured: bool = False
) -> bool:
    """Whether the result is projected onto the images that shrink back to the input.

    Args:
        card: The model's.
        scale: Enlargement to make, as `checked_scale` gave it.
        wanted: What the call says; None: as the card says, where it is possible.
        measured: The picture's values are measurements: None means wanted, where it is possible.

    Raises:
        UsageError: It is wanted and impossible, or unwanted and part of the model.
    """
    if card.projected and wanted is False:
        problem = f"{card.name} was trained through the projection and always gives its input back"
        raise UsageError(problem, "leave out --no-consistent, or take another model")
    if wanted and card.channels_in != card.channels_out:
        problem = f"{card.name} makes {_count(card.channels_out)} of {_count(card.channels_in)}"
        raise UsageError(f"--consistent: {problem}, which can't give them back", "leave it out")
    if wanted and scale == 1:
        problem = "at ×1 only the input itself would give the input back"
        raise UsageError(f"--consistent: {problem}", "leave it out, or enlarge")
    possible = scale > 1 and card.channels_in == card.channels_out
    return possible and (
        measured or card.consistent or card.projected if wanted is None else wanted
    )


def checked_smooth(sigma: float) -> None:
    """Raise a `UsageError` unless ``sigma`` is a usable standard deviation."""
    if not 0 <= sigma <= 100:
        raise UsageError(f"--smooth {sigma:g} is not between 0 and 100", "try --smooth 0.5")


def _check_range(raster: Raster, card: ModelCard) -> None:
    low, high = float(raster.pixels.min()), float(raster.pixels.max())
    if not np.isfinite(low + high):
        raise ImageError("it holds NaN or infinity", "fill them in first")
    if low < -_FLOAT_SLACK or high > 1 + _FLOAT_SLACK:
        problem = f"its samples run from {low:g} to {high:g}, and {card.name} takes 0 to 1"
        raise ImageError(problem, "rescale it first")


def _equal_bands(raster: Raster) -> bool:
    return bool((raster.pixels == raster.pixels[..., :1]).all())


def _count(channels: int) -> str:
    return f"{channels} band{'s' if channels != 1 else ''}"
