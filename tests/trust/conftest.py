"""Models that have a calibration."""

from __future__ import annotations

import pytest
from tiny_networks import tiny_model
from trust_models import calibration

from beyne.bundle import save


@pytest.fixture(scope="module")
def partner_file(tmp_path_factory):
    model = tiny_model("span", "other", image_skip="bicubic", projection="bicubic")
    path = tmp_path_factory.mktemp("partner") / "other.safetensors"
    save(path, model.card, model.network)
    return path


@pytest.fixture(scope="module")
def model_file(tmp_path_factory, partner_file):
    model = tiny_model("compact", image_skip="bicubic")
    card = model.card.model_copy(
        update={
            "trust": calibration(partner_file, constant=-3.0).model_dump(mode="json"),
            "consistent": True,
        }
    )
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    save(path, card, model.network)
    return path
