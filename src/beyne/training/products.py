"""The model files a run makes."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import torch

from beyne import bundle
from beyne.evaluation.measures import protocol_for
from beyne.networks import ImageNetwork
from beyne.training.setup import Setup


def save_model(path: Path, setup: Setup, network: ImageNetwork, scores: dict[str, float]) -> None:
    """Write the generator with a card that says how it was made.

    Args:
        network: The averaged generator in the form it is used in.
        scores: Of the validation pictures; may be empty.
    """
    recipe = setup.recipe
    row = {
        "data": "validation split of the training data",
        "protocol": protocol_for(setup.validation, setup.recipe.job).text,
        "n": len(setup.validation),
    } | {name: round(value, 4) for name, value in scores.items()}
    if setup.lpips:
        row["lpips_is"] = setup.lpips.text
    made = {
        "recipe": recipe.plain(),
        "images": setup.state.images,
        "data": setup.data,
        "beyne": version("beyne"),
        "torch": torch.__version__,
    }
    card = bundle.card_for(
        network,
        recipe.name,
        job=recipe.job,
        side=recipe.side,
        operator=recipe.data.operator,
        description=recipe.description,
        licence=recipe.licence,
        credit=recipe.credit,
        scores=[row] if scores else [],
        provenance=({"start": setup.parent} if setup.parent else {}) | made,
    )
    bundle.save(path, card, network)
