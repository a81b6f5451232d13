"""What the experiments ask of finished runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from beyne import bundle
from beyne.images.raster import to_tensor
from beyne.recipe import load_recipe
from beyne.training.pictures import read_pictures
from beyne.training.resolve import found_pairs, resolved
from beyne.training.tracker import read_records


def newest(run: Path, until: int | None = None) -> dict[str, float]:
    """The last value of every column of a run's records, up to ``until`` images."""
    values: dict[str, float] = {}
    for record in read_records(run / "stats.jsonl"):
        if until is None or record["images"] <= until:
            values |= record
    return values


def results(
    recipe: str, settings: list[str], data: Path, run: Path
) -> Iterator[tuple[Tensor, Tensor]]:
    """Output of the run's last model and original of every validation picture."""
    network = bundle.load(run / "last.safetensors").network
    loaded = load_recipe(recipe, settings)
    parts = found_pairs(loaded, data, run / "split.csv")
    definite = resolved(loaded, len(parts["train"]))
    for picture in read_pictures(definite, parts)[1]:
        with torch.inference_mode():
            yield network(to_tensor(picture.lr)).clamp(0, 1), to_tensor(picture.hr)
