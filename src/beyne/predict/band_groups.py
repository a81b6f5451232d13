"""Which bands of a georeferenced raster go into a model together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beyne.bundle import ModelCard
from beyne.errors import ImageError
from beyne.predict.fitting import Numbers

if TYPE_CHECKING:
    from beyne.images.geotiff.source import Described

Group = tuple[int, ...]


def band_groups(raster: Described, card: ModelCard, bands: Numbers) -> list[Group]:
    """Numbers of bands, in the model's order, for each time that the model is applied.

    Red, green and blue go in by their colour interpretation, wherever they lie in the file. A
    group of one may go into a model of three, as grey.

    Args:
        raster: What is known of it; alpha is in no group.
        card: Of the model, which gives as many channels as it takes.
        bands: None: all bands at once, if the model takes so many. ``"all"``: else each alone.

    Raises:
        ImageError: The bands do not fit the model.
    """
    takes, alone = card.channels_in, card.channels_in in (1, 3)
    chosen = raster.data if bands is None or bands == "all" else bands
    strange = [number for number in chosen if number not in raster.data]
    if strange:
        problem = f"band {strange[0]} is not one of its bands of data"
        raise ImageError(problem, f"--bands takes some of {_listed(raster.data)}")
    if len(chosen) == takes:
        if takes == 3 and chosen == raster.data and raster.colours:
            chosen = raster.colours
        return [chosen]
    if alone and (bands == "all" or len(chosen) == 1):
        return [(number,) for number in chosen]
    count = f"{len(chosen)} band{'s' if len(chosen) != 1 else ''}"
    problem = f"it has {count} of data, and {card.name} takes {takes}"
    if not alone:
        raise ImageError(problem, "use a model made for it")
    first = raster.colours or raster.data[:takes]
    example = f"--bands {_listed(first)} or " if len(first) == takes else ""
    raise ImageError(problem, f"{example}--bands all, which enlarges each as grey")


def written_bands(raster: Described, groups: list[Group], bands: Numbers) -> list[int]:
    """Bands of the result by their numbers in the source: as they lay, or in the order asked for.

    Alpha is always among them.
    """
    if bands is None or bands == "all":
        return sorted([*raster.data, *([raster.alpha] if raster.alpha else [])])
    return [*bands, *([raster.alpha] if raster.alpha else [])]


def _listed(numbers: Group) -> str:
    return ",".join(map(str, numbers))
