"""Blending two models."""

from __future__ import annotations

import pytest
import torch
from tiny_networks import tiny_model

from beyne.blend import blend
from beyne.bundle import Model, load, save
from beyne.errors import UsageError
from beyne.networks import NETWORKS


def two_models(kind: str) -> tuple[Model, Model]:
    """Two models of one network with different weights, names and licences."""
    first, second = tiny_model(kind, name="faithful"), tiny_model(kind, name="crisp")
    torch.manual_seed(1)
    for tensor in second.network.state_dict().values():
        if tensor.is_floating_point():
            tensor.add_(0.1 * torch.rand_like(tensor))
    words = {"licence": "CC BY 4.0", "credit": "A"}
    return first, Model(second.card.model_copy(update=words), second.network)


@pytest.mark.parametrize("kind", NETWORKS)
def test_weights_lie_on_the_line(kind, tmp_path):
    first, second = two_models(kind)
    one, two = first.network.state_dict(), second.network.state_dict()
    for alpha in (0.0, 0.25, 1.0):
        mixed = blend(first, second, alpha, "mixed")
        for name, tensor in mixed.network.state_dict().items():
            expected = (1 - alpha) * one[name] + alpha * two[name]
            assert torch.allclose(tensor.double(), expected.double(), atol=1e-6), name
    assert all(torch.equal(t, two[n]) for n, t in mixed.network.state_dict().items())
    path = tmp_path / "mixed.safetensors"
    save(path, mixed.card, mixed.network)
    assert load(path).card == mixed.card


def test_card_names_both_parents():
    first, second = two_models("compact")
    card = blend(first, second, 0.8, "mixed").card
    assert card.name == "mixed"
    assert [parent["name"] for parent in card.provenance["blend_of"]] == ["faithful", "crisp"]
    assert card.licence == "faithful: not stated; crisp: CC BY 4.0"
    assert card.description == "0.2 of faithful and 0.8 of crisp."
    assert card.scores == []
    assert blend(first, first, 0.5, "same").card.licence == "not stated"


@pytest.mark.parametrize("alpha", [-0.1, 1.1, float("nan")])
def test_alpha_outside_is_refused(alpha):
    with pytest.raises(UsageError, match="outside 0 to 1"):
        blend(*two_models("compact"), alpha, "x")


def test_a_file_older_than_a_field_of_its_network_blends():
    first, second = two_models("compact")
    fields = {key: value for key, value in first.card.generator.items() if key != "projection"}
    old = Model(first.card.model_copy(update={"generator": fields}), first.network)
    assert blend(old, second, 0.5, "mixed").network.config.projection == "none"
    projected = tiny_model("compact", projection="bicubic")
    mixed = blend(projected, projected, 0.5, "mixed")
    assert mixed.card.projected
    for pair in ((old, projected), (projected, old)):
        assert blend(*pair, 0.5, "mixed").card.projected


def test_different_networks_are_refused():
    compact = tiny_model("compact")
    with pytest.raises(UsageError, match="not the same network"):
        blend(compact, tiny_model("span"), 0.5, "x")
    with pytest.raises(UsageError, match="image_skip nearest and bicubic"):
        blend(compact, tiny_model("compact", image_skip="bicubic"), 0.5, "x")
