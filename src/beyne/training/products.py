"""The model files a run makes."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from beyne import bundle
from beyne.generators import Generator
from beyne.networks import ImageNetwork
from beyne.training.setup import Setup

#: Split → how the card calls its pictures.
_SCORED_ON = {
    "val": "validation split of the training data",
    "train": "pictures it was trained on: none were held out",
}


def save_model(
    path: Path, setup: Setup, network: ImageNetwork | Generator, scores: dict[str, float]
) -> None:
    """Write the generator with a card that says how it was made.

    Args:
        network: The averaged generator in the form it is used in.
        scores: Of the validation pictures; may be empty.
    """
    recipe = setup.recipe
    row: dict[str, Any] = {
        "data": _SCORED_ON[setup.scored_on],
        "n": setup.examiner.number,
        **setup.examiner.protocol,
        **{name: round(value, 4) for name, value in scores.items()},
    }
    made = {
        "recipe": recipe.told(),
        "images": setup.state.images,
        "data": setup.data,
        "beyne": version("beyne"),
        "torch": torch.__version__,
    }
    card = bundle.card_for(
        network,
        recipe.name,
        job=recipe.job,
        **setup.words,
        description=recipe.description,
        licence=recipe.licence,
        credit=recipe.credit,
        scores=[row] if scores else [],
        provenance=({"start": setup.parent} if setup.parent else {}) | made,
    )
    bundle.save(path, card, network, encoder=setup.encoder)
