"""Finding models, and importing weights that others published."""

from __future__ import annotations

import json
import pickle
import re
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from tiny_networks import ENLARGERS, tiny, tiny_model
from torch.nn import functional as F

from beyne import zoo
from beyne.bundle import load, read_card, save
from beyne.errors import UsageError
from beyne.networks import build
from beyne.predict.fitting import check_job
from beyne.zoo.community import UNKNOWN_LICENCE, import_model, read_published
from beyne.zoo.detect import detect
from beyne.zoo.naming import read_weights

small, few = st.integers(1, 6), st.integers(1, 3)
scales = st.sampled_from([1, 2, 3, 4, 8])
channels = st.integers(1, 5)

#: Fields that shapes can show; the others keep the published value.
VISIBLE: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "compact": {"channels": channels, "scale": scales, "features": small, "convolutions": few},
    "rrdb": {
        "channels": channels,
        "scale": st.sampled_from([1, 2, 4]),
        "unshuffle": st.sampled_from([1, 2]),
        "features": small,
        "growth": small,
        "blocks": few,
    },
    "span": {
        "channels": channels,
        "scale": scales,
        "features": small,
        "features_last": st.none() | small,
        "blocks": few,
    },
    "srresnet": {
        "channels": channels,
        "scale": scales,
        "features": small,
        "blocks": few,
        "end_kernel": st.sampled_from([3, 9]),
    },
}


@pytest.mark.parametrize(
    "weights",
    [
        {1: torch.zeros(1)},
        {
            "body.0.weight": torch.zeros(4, 3, 3, 3),
            "body.99999999.weight": torch.zeros(48, 4, 3, 3),
        },
    ],
)
def test_weights_of_nothing_known_are_refused_at_once(weights, tmp_path):
    torch.save(weights, tmp_path / "theirs.pth")
    with pytest.raises(UsageError, match=r"theirs\.pth (holds more than weights|fits no network)"):
        import_model(tmp_path / "theirs.pth", tmp_path / "ours.safetensors")


@st.composite
def networks(draw):
    """A kind and random fields of it."""
    kind = draw(st.sampled_from(ENLARGERS))
    fields = {name: draw(strategy) for name, strategy in VISIBLE[kind].items()}
    both = fields.pop("channels")
    return kind, {"channels_in": both, "channels_out": both, **fields}


def published(tensors, path, **wrapping):
    """Save ``tensors`` as trainers do."""
    torch.save(wrapping.get("wrap", lambda x: x)(dict(tensors)), path)
    return path


def same_pictures(one, two, channels_in=3):
    image = torch.rand(1, channels_in, 8, 6)
    return torch.allclose(one.eval()(image), two.eval()(image), atol=1e-5)


def test_every_network_has_its_visible_fields():
    assert sorted(VISIBLE) == ENLARGERS


@settings(max_examples=60, deadline=None)
@given(networks())
def test_sizes_are_read_from_shapes(case):
    kind, fields = case
    network = build(kind, fields)
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    found = detect(shapes)
    assert found is not None
    assert found[0] == kind
    assert build(*found).state_dict().keys() == shapes.keys()
    read = build(*found).config.model_dump()
    for values in (fields, read):
        if kind == "span":  # None stands for as many as features
            values["features_last"] = values["features_last"] or values["features"]
    assert {name: read[name] for name in fields} == fields


@pytest.mark.parametrize("kind", ENLARGERS)
@pytest.mark.parametrize("suffix", [".pth", ".pt", ".safetensors"])
def test_import_gives_the_same_pictures(kind, suffix, tmp_path):
    network = tiny(
        kind, **({"mean": (0.4488, 0.4371, 0.404), "gain": 255} if kind == "span" else {})
    )
    tensors = network.for_use().state_dict()
    source = tmp_path / f"theirs{suffix}"
    if suffix == ".safetensors":
        save_file(tensors, source)
    else:
        published(tensors, source)
    target = import_model(source, tmp_path / "mine.safetensors")
    model = load(target)
    assert model.card.name == "mine"
    assert model.card.licence == UNKNOWN_LICENCE
    assert model.card.provenance["imported_from"] == source.name
    assert same_pictures(model.network, network)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda t: {"params": t},
        lambda t: {"params": {k: v * 0 for k, v in t.items()}, "params_ema": t},
        lambda t: {"state_dict": t, "epoch": 7},
        lambda t: {"model": {f"module.{k}": v for k, v in t.items()}},
        lambda t: {f"module._orig_mod.{k}": v for k, v in t.items()},
        lambda t: {"state_dict": {f"generator.{k}": v.half() for k, v in t.items()}},
    ],
)
def test_wrapped_weights(wrap, tmp_path):
    network = tiny("compact").half().float()
    source = published(network.state_dict(), tmp_path / "x.pth", wrap=wrap)
    assert same_pictures(read_published(source).network, network)


def oldest_esrgan(name: str, blocks: int, steps: int) -> str:
    """Our name → that of the first ESRGAN files."""
    ends = {"conv_first": 0, "conv_hr": 2 + 3 * steps, "conv_last": 4 + 3 * steps}
    ends |= {f"conv_up{step}": 3 * step for step in range(1, steps + 1)}
    layer, kind = name.rsplit(".", 1)
    if layer in ends:
        return f"model.{ends[layer]}.{kind}"
    if layer == "conv_body":
        return f"model.1.sub.{blocks}.{kind}"
    block = re.fullmatch(r"body\.(\d+)\.rdb(\d)\.conv(\d)", layer)
    return f"model.1.sub.{block[1]}.RDB{block[2]}.conv{block[3]}.0.{kind}"


def older_esrgan(name: str) -> str:
    """Our name → that of ESRGAN's own repository."""
    name = re.sub(r"body\.(\d+)\.rdb(\d)", r"RRDB_trunk.\1.RDB\2", name)
    for ours, theirs in [("conv_body", "trunk_conv"), ("conv_up", "upconv"), ("conv_hr", "HRconv")]:
        name = name.replace(ours, theirs)
    return name


@pytest.mark.parametrize(("scale", "steps"), [(1, 0), (2, 1), (4, 2), (8, 3)])
def test_older_esrgan_names(scale, steps, tmp_path):
    network = tiny("rrdb", scale=scale, blocks=3)
    for rename in (lambda name: oldest_esrgan(name, 3, steps), older_esrgan):
        tensors = {rename(name): tensor for name, tensor in network.state_dict().items()}
        model = read_published(published(tensors, tmp_path / "x.pth"))
        assert model.card.scale == scale
        assert same_pictures(model.network, network)


@pytest.mark.parametrize(("scale", "unshuffle"), [(2, 2), (1, 4)])
def test_real_esrgan_with_folded_input(scale, unshuffle, tmp_path):
    network = tiny("rrdb", scale=scale, unshuffle=unshuffle)
    model = read_published(published(network.state_dict(), tmp_path / "x.pth"))
    assert (model.card.scale, model.card.generator["unshuffle"]) == (scale, unshuffle)
    assert same_pictures(model.network, network)


def test_srresnet_later_names(tmp_path):
    network = tiny("srresnet")
    tensors = {k.replace("conv_block", "conv"): v for k, v in network.state_dict().items()}
    model = read_published(published(tensors, tmp_path / "x.pth"))
    assert same_pictures(model.network, network)


def test_span_training_branches_are_multiplied_out(tmp_path):
    """The fused kernel does what the published training form does, borders included."""
    shapes = {"sk": (5, 3, 1), "conv.0": (6, 3, 1), "conv.1": (10, 6, 3), "conv.2": (5, 10, 1)}
    torch.manual_seed(0)
    tensors = {"conv_1.eval_conv.weight": torch.zeros(5, 3, 3, 3)}  # out of date
    for name, (outer, inner, side) in shapes.items():
        tensors[f"conv_1.{name}.weight"] = torch.randn(outer, inner, side, side)
        tensors[f"conv_1.{name}.bias"] = torch.randn(outer)
    image = torch.rand(1, 3, 6, 7)

    def layer(name: str, x: torch.Tensor) -> torch.Tensor:
        return F.conv2d(x, tensors[f"conv_1.{name}.weight"], tensors[f"conv_1.{name}.bias"])

    branches = F.pad(image, (1, 1, 1, 1))
    for name in ("conv.0", "conv.1", "conv.2"):
        branches = layer(name, branches)
    expected = branches + layer("sk", image)
    fused = read_weights(published(tensors, tmp_path / "x.pth"))
    assert sorted(fused) == ["conv_1.eval_conv.bias", "conv_1.eval_conv.weight"]
    result = F.conv2d(
        image, fused["conv_1.eval_conv.weight"], fused["conv_1.eval_conv.bias"], padding=1
    )
    assert torch.allclose(result, expected, atol=1e-4)


class Harmful:
    """Pickles to a call of print."""

    def __reduce__(self):
        return print, ("this ran",)


def write_code(path):
    path.write_bytes(pickle.dumps({"params": Harmful()}))


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.write_bytes(b""), "can't be opened"),
        (lambda path: path.write_bytes(b"hello, world" * 9), "can't be opened"),
        (write_code, "never runs"),
        (lambda path: torch.save([1, 2], path), "holds no weights"),
        (lambda path: torch.save({}, path), "holds no weights"),
        (lambda path: torch.save({"params": {"a": 1}}, path), r"more than weights \(a\)"),
        (lambda path: torch.save({"a": torch.ones(2)}, path), "compact, rrdb, span, srresnet"),
        (
            lambda path: torch.save({"body.0.weight": torch.ones(2)}, path),
            "compact, rrdb, span, srresnet",
        ),
        (
            lambda path: torch.save({"body.0.weight": torch.ones(4, 3, 3, 3)}, path),
            "looks like compact, but",
        ),
    ],
)
def test_other_files_are_refused(write, message, tmp_path, capfd):
    path = tmp_path / "weights.pth"
    write(path)
    with pytest.raises(UsageError, match=message):
        import_model(path, tmp_path / "x.safetensors")
    assert "this ran" not in capfd.readouterr().out
    assert not (tmp_path / "x.safetensors").exists()


def test_a_cut_file_is_refused(tmp_path):
    for suffix in (".pth", ".safetensors"):
        path = tmp_path / f"x{suffix}"
        tensors = tiny("compact").state_dict()
        save_file(tensors, path) if suffix == ".safetensors" else torch.save(tensors, path)
        path.write_bytes(path.read_bytes()[:-900])
        with pytest.raises(UsageError):
            read_published(path)


def test_a_variant_is_named(tmp_path):
    tensors = tiny("compact").state_dict()
    del tensors["body.1.weight"]  # a network with another activation
    with pytest.raises(UsageError, match=r"looks like compact, but body.1.weight is missing"):
        read_published(published(tensors, tmp_path / "x.pth"))


def test_import_keeps_what_is_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = published(tiny("compact").state_dict(), tmp_path / "x.pth")
    target = import_model(source, licence="MIT")
    assert (tmp_path / target) == tmp_path / "x.safetensors"
    assert read_card(target).licence == "MIT"
    with pytest.raises(UsageError, match="exists"):
        import_model(source)
    import_model(source, overwrite=True)
    with pytest.raises(UsageError, match="a beyne model already"):
        import_model(target, tmp_path / "y.safetensors")


def test_default_comes_with_the_package():
    for job, name in zoo.DEFAULTS.items():
        assert zoo.find("auto", job) == zoo.find(name)
        assert name in zoo.builtin()
        check_job(zoo.entry(name).card, job)


def test_find(tmp_path):
    for name in zoo.builtin():
        assert zoo.find(name).is_file()
        assert '"/' not in json.dumps(zoo.entry(name).card.provenance), "a folder of ours"
    model = tiny_model("compact")
    path = tmp_path / "mine.safetensors"
    save(path, model.card, model.network)
    assert zoo.find(str(path)) == path
    with pytest.raises(UsageError, match="there is no model 'photo-x5'"):
        zoo.find("photo-x5")
    with pytest.raises(UsageError, match="does not exist"):
        zoo.find(str(tmp_path / "photo-x4"))
    with pytest.raises(UsageError, match="does not exist"):
        zoo.find("none.safetensors")
    with pytest.raises(UsageError, match="is a folder"):
        zoo.find(str(tmp_path))
    (tmp_path / "best.safetensors").touch()
    with pytest.raises(UsageError, match=r"is a folder.*; its model is .*best.safetensors"):
        zoo.find(str(tmp_path))


def test_entries(tmp_path):
    model = tiny_model("compact", name="first")
    save(tmp_path / "a.safetensors", model.card, model.network)
    (tmp_path / "b.safetensors").write_bytes(b"no model")
    (tmp_path / "c.txt").write_text("no model either")
    found, errors = zoo.entries(tmp_path)
    mine = [entry for entry in found if entry.path.parent == tmp_path]
    assert [entry.card.name for entry in mine] == ["first"]
    assert mine[0].parameters == sum(p.numel() for p in model.network.parameters())
    assert mine[0].size == (tmp_path / "a.safetensors").stat().st_size
    assert [str(tmp_path / "b.safetensors") in str(error) for error in errors] == [True]
    with pytest.raises(UsageError, match="is not a folder"):
        zoo.entries(tmp_path / "none")
