"""ONNX export: the same pictures as PyTorch at any size, and nothing unproven on disk."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
import torch
from tiny_generators import tiny_model as tiny_generator
from tiny_networks import tiny_model

from beyne.errors import BeyneError, MissingExtraError, UsageError
from beyne.export import OPSET, TOLERANCE, export
from beyne.generators import GENERATORS, latents
from beyne.networks import NETWORKS

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

CASES = [(kind, {}) for kind in NETWORKS] + [
    ("rrdb", {"unshuffle": 2, "scale": 2}),
    ("compact", {"image_skip": "bicubic", "scale": 3, "channels_in": 1, "channels_out": 1}),
]


@pytest.mark.parametrize(("kind", "fields"), CASES)
def test_parity_at_any_size(kind, fields, tmp_path):
    model = tiny_model(kind, **fields)
    path = tmp_path / "model.onnx"
    proof = export(model, path)
    assert proof.difference <= TOLERANCE

    proto = onnx.load(path)
    onnx.checker.check_model(proto, full_check=True)
    assert [entry.version for entry in proto.opset_import if not entry.domain] == [OPSET]
    properties = {entry.key: entry.value for entry in proto.metadata_props}
    assert json.loads(properties["beyne"]) == model.card.model_dump(mode="json")

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for size in [(1, 1), (2, 9), (40, 17)]:
        image = torch.rand(3, model.card.channels_in, *size)
        (result,) = session.run(None, {"image": image.numpy()})
        assert np.abs(result - model.network(image).numpy()).max() <= TOLERANCE


@pytest.mark.parametrize("kind", GENERATORS)
@pytest.mark.parametrize("classes", [0, 3])
def test_parity_of_generators(kind, classes, tmp_path):
    model = tiny_generator(kind, height=32, width=64, classes=classes)
    path = tmp_path / "model.onnx"
    proof = export(model, path)
    assert proof.difference <= TOLERANCE
    assert proof.sizes == ((32, 64),)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    shapes = {given.name: given.shape for given in session.get_inputs()}
    expected = {"latent": ["batch", 8]} | ({"label": ["batch"]} if classes else {})
    assert shapes == expected
    given = {"latent": latents(1, range(3), 8), "label": torch.arange(3)}
    given = {name: given[name] for name in shapes}
    (result,) = session.run(None, {name: values.numpy() for name, values in given.items()})
    assert np.abs(result - model.network(*given.values()).numpy()).max() <= TOLERANCE


def test_no_parity_leaves_no_file(tmp_path):
    model = tiny_model("compact")
    # A weight this large loses the digits that the comparison needs.
    model.network.state_dict()["body.0.weight"].mul_(1e9)
    with pytest.raises(BeyneError, match="nothing was written"):
        export(model, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_projection_is_refused(tmp_path):
    with pytest.raises(UsageError, match="projection onto its input, which can't be written"):
        export(tiny_model("compact", projection="bicubic"), tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_missing_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'beyne\[onnx\]'"):
        export(tiny_model("compact"), tmp_path / "model.onnx")
