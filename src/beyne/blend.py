"""Mixing two models of one network: a smooth way between faithful and crisp."""

from __future__ import annotations

from beyne.bundle import Model, ModelCard, built, difference
from beyne.errors import UsageError


def blend(first: Model, second: Model, alpha: float, name: str) -> Model:
    """A model whose weights lie on the line between two models' weights.

    This works where one was trained on from the other, such as a GAN from its pixel-loss start
    (network interpolation, section 3.4 of the ESRGAN paper, arXiv 1809.00219).

    Args:
        first: The model at ``alpha`` 0.
        second: The model at ``alpha`` 1, of the same network.
        alpha: Weight of ``second``, in [0, 1].
        name: Name of the result.

    Raises:
        UsageError: The networks differ or ``alpha`` lies outside [0, 1].
    """
    if not 0 <= alpha <= 1:
        raise UsageError(f"alpha {alpha:g} lies outside 0 to 1", "it is the second model's weight")
    _check_alike(first, second)
    # A projection has no weights: if either has one, the blend ends in it.
    network = built((second if second.card.projected else first).card)
    other = second.network.state_dict()
    network.load_state_dict(
        {
            # Counters, as batch normalisation keeps, have no halfway.
            key: tensor.lerp(other[key], alpha) if tensor.is_floating_point() else tensor
            for key, tensor in first.network.state_dict().items()
        }
    )
    return Model(_card(first.card, second.card, alpha, name), network.eval().requires_grad_(False))


def _check_alike(first: Model, second: Model) -> None:
    if first.encoder or second.encoder:
        problem = "models that take texts can't be blended: each has learned words of its own"
        raise UsageError(problem, "train one on both data sets")
    one, two = first.generator, second.generator
    keys = {*one, *two} - {"projection"}  # it has no weights
    differing = sorted(key for key in keys if one.get(key) != two.get(key))
    mismatch = difference(first.network.state_dict(), second.network.state_dict())
    if differing or mismatch:
        key = differing[0] if differing else ""
        detail = f"{key} {one.get(key)} and {two.get(key)}" if key else mismatch
        problem = f"{first.card.name} and {second.card.name} are not the same network ({detail})"
        raise UsageError(problem, "blend a model with one that was trained on from it")


def _card(first: ModelCard, second: ModelCard, alpha: float, name: str) -> ModelCard:
    parents = [
        {"name": card.name, "weight": weight, "provenance": card.provenance}
        for card, weight in ((first, 1 - alpha), (second, alpha))
    ]
    return (second if second.projected else first).model_copy(
        update={
            "name": name,
            "provenance": {"blend_of": parents},
            "scores": [],  # the parents' scores are not the blend's
            "licence": _both(first, second, "licence"),
            "credit": _both(first, second, "credit"),
            "description": f"{1 - alpha:g} of {first.name} and {alpha:g} of {second.name}.",
        }
    )


def _both(first: ModelCard, second: ModelCard, field: str) -> str:
    one, two = getattr(first, field), getattr(second, field)
    return str(one) if one == two else f"{first.name}: {one}; {second.name}: {two}"
