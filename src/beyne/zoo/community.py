"""Turning weights that others published into a beyne model file."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

from beyne.bundle import Model, card_for, difference, save
from beyne.errors import UsageError
from beyne.files import check_free
from beyne.networks import ImageNetwork, build
from beyne.zoo.detect import KINDS, Fields, detect
from beyne.zoo.naming import Tensors, read_weights

UNKNOWN_LICENCE = "unknown: as published by its authors"


def import_model(
    source: Path,
    target: Path | None = None,
    licence: str = UNKNOWN_LICENCE,
    overwrite: bool = False,
) -> Path:
    """Write the beyne model file of published weights.

    Args:
        source: ``.pth``, ``.pt`` or ``.safetensors`` with the weights of a known network.
        target: Where to; the source's stem in the current folder if None.
        licence: Licence of the weights, for the card.
        overwrite: Replace ``target`` if it exists.

    Returns:
        The file written.

    Raises:
        UsageError: The source is no weights file, its network is not known, or the target exists.
    """
    target = target or Path(f"{source.stem}.safetensors")
    check_free(target, overwrite)
    model = read_published(source, licence)
    save(target, model.card.model_copy(update={"name": target.stem}), model.network)
    return target


def read_published(source: Path, licence: str = UNKNOWN_LICENCE) -> Model:
    """The network of published weights, ready for use.

    Raises:
        UsageError: The source is no weights file or its network is not known.
    """
    tensors = read_weights(source)
    kind, fields = _reading(tensors, source)
    network = _built(kind, fields, tensors, source)
    network.load_state_dict(tensors)
    card = card_for(
        network,
        name=source.stem,
        provenance={
            "imported_from": source.name,
            "sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
            "beyne": version("beyne"),
        },
        licence=licence,
        description=f"Weights published by others, imported from {source.name}.",
    )
    return Model(card, network.eval().requires_grad_(False))


def _reading(tensors: Tensors, source: Path) -> tuple[str, Fields]:
    found = detect({name: tuple(tensor.shape) for name, tensor in tensors.items()})
    if found is None:
        known = ", ".join(sorted(KINDS))
        raise UsageError(f"{source} fits no network that beyne has", f"it has {known}")
    return found


def _built(kind: str, fields: Fields, tensors: Tensors, source: Path) -> ImageNetwork:
    try:
        network = build(kind, fields)
        mismatch = difference(network.state_dict(), tensors)
    except UsageError as error:  # the sizes that were read are impossible ones
        mismatch = error.problem
    if mismatch:
        problem = f"{source} looks like {kind}, but {mismatch}"
        raise UsageError(problem, "beyne has only the standard form of this network")
    return network
