"""The model file: round trip, refusals, and that a card is read without torch."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from typing import get_args

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tiny_generators import tiny as tiny_generator
from tiny_networks import ENLARGERS, FIELDS, tiny

from beyne.bundle import FORMAT, ModelCard, card_for, load, read_card, save
from beyne.errors import BeyneError, UsageError
from beyne.generators import GENERATORS, latents
from beyne.header import read_header
from beyne.images.resample import Operator
from beyne.networks import NETWORKS

KINDS = pytest.mark.parametrize("kind", NETWORKS)
FORMS: list[dict[str, object]] = [{}, {"channels_in": 5, "channels_out": 5}]
ENLARGED = [{"channels_in": 1, "channels_out": 1, "scale": 2}, {"projection": "bicubic-matlab"}]
CASES = [(kind, f) for kind in NETWORKS for f in FORMS + ENLARGED * (kind in ENLARGERS)]


@pytest.fixture
def written(tmp_path):
    """A model file of a tiny compact network."""
    network = tiny("compact")
    path = tmp_path / "small.safetensors"
    save(path, card_for(network, "small"), network)
    return path


def rewrite(path, change_card=None, change_tensors=None):
    """Write ``path`` again with its card or tensors changed."""
    with safe_open(path, "pt") as file:
        card = json.loads(file.metadata()["beyne"])
    tensors = load_file(path)
    if change_card:
        change_card(card)
    if change_tensors:
        change_tensors(tensors)
    save_file(tensors, path, {"beyne": json.dumps(card)})


def test_every_network_has_a_tiny_form():
    assert FIELDS.keys() == NETWORKS.keys()


@pytest.mark.parametrize(("kind", "fields"), CASES)
def test_round_trip(kind, fields, tmp_path):
    network = tiny(kind, **fields)
    path = tmp_path / "model.safetensors"
    card = card_for(
        network,
        "mine",
        consistent=True,
        operator="bicubic-matlab",
        provenance={"images_seen": 12, "recipe": {"train": {"batch": 4}}},
        scores=[{"data": "Set5", "psnr": 31.5}],
        licence="CC0",
        credit="Äйқ",
    )
    save(path, card, network)
    model = load(path)
    assert model.card == card == read_card(path)
    assert not model.network.training
    assert not any(parameter.requires_grad for parameter in model.network.parameters())
    image = torch.rand(2, network.config.channels_in, 7, 9)
    with torch.inference_mode():
        assert torch.allclose(model.network(image), network(image), atol=1e-5)
        assert torch.equal(model.network(image), network.for_use()(image))


@pytest.mark.parametrize("kind", GENERATORS)
@pytest.mark.parametrize("labels", [[], ["ship", "Äйқ"]])
def test_round_trip_of_a_generator(kind, labels, tmp_path):
    generator = tiny_generator(kind, channels=5, height=32, width=64, classes=len(labels))
    asked = {"labels": labels} if labels else None
    card = card_for(generator, "mine", bits=16, conditioning=asked)
    assert (card.job, card.channels_in, card.channels_out, card.scale) == ("generate", 0, 5, 1)
    save(tmp_path / "model.safetensors", card, generator)
    model = load(tmp_path / "model.safetensors")
    assert model.card == card == read_card(tmp_path / "model.safetensors")
    assert model.card.labels == labels
    assert not model.network.training
    given = (latents(0, range(2), 8), torch.tensor([0, 1]))[: 2 if labels else 1]
    with torch.inference_mode():
        assert torch.equal(model.network(*given), generator(*given))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda card: card.update(job="upscale"), "unknown kind 'dcgan'"),
        (lambda card: card["conditioning"]["labels"].pop(), "contradicts itself about its labels"),
        (lambda card: card.update(conditioning=None), "contradicts itself about its labels"),
        (lambda card: card.update(conditioning={"lables": []}), "labels"),
        (lambda card: card.update(channels_out=1), "contradicts itself about channels_out"),
        (lambda card: card.update(bits=12), "bits"),
        (lambda card: card["generator"].update(latent=9), "the weights don't fit the card"),
    ],
)
def test_card_of_a_generator_that_does_not_fit(change, message, tmp_path):
    generator, path = tiny_generator("dcgan", classes=2), tmp_path / "x.safetensors"
    save(path, card_for(generator, "x"), generator)
    assert load(path).card.labels == ["0", "1"]
    rewrite(path, change)
    with pytest.raises(UsageError, match=message):
        load(path)


@KINDS
def test_half_is_half_the_size_and_close(kind, tmp_path):
    network = tiny(kind, **{key: value * 8 for key, value in [("features", 4)]})
    full, half = tmp_path / "full.safetensors", tmp_path / "half.safetensors"
    save(full, card_for(network, "x"), network)
    save(half, card_for(network, "x"), network, half=True)

    def stored(path):
        return path.stat().st_size - 8 - int.from_bytes(path.read_bytes()[:8], "little")

    assert stored(half) == pytest.approx(stored(full) / 2, rel=0.02)
    image = torch.rand(1, 3, 8, 8)
    loaded = load(half).network
    assert all(p.dtype == torch.float32 for p in loaded.parameters())
    assert torch.allclose(loaded(image), load(full).network(image), atol=1e-2)


def test_file_opens_as_plain_safetensors(written):
    assert load_file(written).keys() == tiny("compact").state_dict().keys()


def test_card_operator_has_all_operators():
    annotation = ModelCard.model_fields["operator"].annotation
    assert get_args(annotation) == get_args(Operator)


def test_card_is_read_without_torch(written):
    code = (
        "import sys; from pathlib import Path; from beyne.bundle import read_card; "
        f"read_card(Path({str(written)!r})); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_missing_file(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        load(tmp_path / "none.safetensors")


@pytest.mark.parametrize("content", [b"", b"1234567", b"PK\x03\x04" * 40, os.urandom(400), b"{}"])
def test_other_files_are_refused(content, tmp_path):
    path = tmp_path / "other.safetensors"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"not a safetensors file|is damaged"):
        load(path)


def test_folder_is_refused(tmp_path):
    with pytest.raises(UsageError, match="can't be read"):
        load(tmp_path)


def test_cut_short_anywhere(written):
    data = written.read_bytes()
    for length in [*range(0, 200, 13), len(data) // 2, len(data) - 1]:
        written.write_bytes(data[:length])
        with pytest.raises(UsageError):
            read_card(written)


def test_any_flipped_header_byte_is_no_traceback(written):
    data = bytearray(written.read_bytes())
    for place in range(0, 8 + int.from_bytes(data[:8], "little"), 7):
        data[place] ^= 0x15
        written.write_bytes(data)
        with contextlib.suppress(BeyneError):
            load(written)
        data[place] ^= 0x15


def test_no_card(written):
    save_file(load_file(written), written)
    with pytest.raises(UsageError, match=f"beyne models import {written}"):
        load(written)


def test_newer_format(written):
    rewrite(written, lambda card: card.update(format=FORMAT + 1, unheard_of=1))
    with pytest.raises(UsageError, match=r"model format 2.*pip install --upgrade beyne"):
        read_card(written)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda card: card.update(unheard_of=1), "unheard_of: unknown key"),
        (lambda card: card.pop("name"), "name: field required"),
        (lambda card: card.update(operator="area"), "operator"),
        (lambda card: card["generator"].pop("kind"), "kind is missing"),
        (lambda card: card["generator"].update(kind="compakt"), "did you mean 'compact'"),
        (lambda card: card["generator"].update(widht=3), "widht: unknown key"),
        (lambda card: card.update(value_range_in=[-1, 1]), "only 0 to 1 is known, not -1 to 1"),
        (lambda card: card.update(scale=2), "contradicts itself about scale"),
        (lambda card: card["generator"].update(features=5), r"body\.0\.\w+ is 4.*, not 5"),
        (lambda card: card["generator"].update(convolutions=3), "missing|not part|is 4"),
        (lambda card: card.pop("format"), "card can't be read"),
    ],
)
def test_card_that_does_not_fit(written, change, message):
    rewrite(written, change)
    with pytest.raises(UsageError, match=message):
        load(written)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_broken_weights(written, value):
    rewrite(written, change_tensors=lambda tensors: tensors["body.0.weight"].fill_(value))
    with pytest.raises(UsageError, match=r"NaN or infinity \(body.0.weight\)"):
        load(written)


def test_broken_weights_are_not_saved(tmp_path):
    network = tiny("compact")
    network.state_dict()["body.0.bias"].fill_(1e6)
    path = tmp_path / "x.safetensors"
    with pytest.raises(UsageError, match="NaN or infinity"):
        save(path, card_for(network, "x"), network, half=True)  # beyond float16
    assert list(tmp_path.iterdir()) == []
    save(path, card_for(network, "x"), network)
    assert list(tmp_path.iterdir()) == [path]


def test_saving_where_there_is_no_folder(tmp_path):
    network = tiny("compact")
    with pytest.raises(UsageError, match="can't be written"):
        save(tmp_path / "none" / "x.safetensors", card_for(network, "x"), network)


def test_header_gives_shapes(written):
    assert read_header(written).shapes["body.0.weight"] == (4, 3, 3, 3)
