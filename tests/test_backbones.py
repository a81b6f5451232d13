"""Backbones against Keras and against what they recognise in real pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn

from beyne.backbones import BACKBONES, Backbone, load_backbone, read_tensors
from beyne.backbones.vgg19 import VGG19, VGG19Config
from beyne.errors import UsageError
from beyne.weights import path as weights_path

# Keras is behind NumPy here.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

KERAS = pytest.mark.parametrize("name", ["mobilenet_v2", "resnet152_v2", "vgg19"])
ALL = pytest.mark.parametrize("name", BACKBONES)

# Even sides become odd on the way down, so both paddings of TensorFlow are met.
HEIGHT, WIDTH = 64, 50
IMAGE = torch.rand(2, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(1))

FIELDS = {
    "mobilenet_v2": {"value_range": "symmetric", "padding": "tensorflow", "epsilon": 1e-3},
    "vgg19": {"value_range": "caffe"},
}


def empty(name: str) -> Backbone:
    """A backbone in the form that Keras' weights want."""
    config_class, backbone_class = BACKBONES[name]
    return backbone_class(config_class(**FIELDS.get(name, {}))).eval()


@pytest.fixture(scope="module")
def judges(tmp_path_factory):
    """``judges(name)``: Keras' network with random weights and a file of them, made once."""
    keras_networks = pytest.importorskip("keras_networks", exc_type=ImportError)
    made = {}

    def judge(name):
        if name not in made:
            network = keras_networks.random_network(name, HEIGHT, WIDTH)
            path = tmp_path_factory.mktemp("keras") / f"{name}.h5"
            keras_networks.write_published(network, path)
            made[name] = keras_networks, network, path
        return made[name]

    return judge


def keras_layer(name: str, layer: str, activation: str) -> str | None:
    """The layer of Keras that gives what we call ``layer``; None where Keras has none."""
    before = activation == "before"
    if name == "vgg19":
        return None if before else layer.replace("conv", "block").replace("_", "_conv")
    if name == "mobilenet_v2":
        ends = {"Conv1": ("bn_Conv1", "Conv1_relu"), "Conv_1": ("Conv_1_bn", "out_relu")}
        if layer in ends:
            return ends[layer][0 if before else 1]
        if layer.endswith("_add"):
            return layer
        return layer + ("_BN" if before or layer.endswith("_project") else "_relu")
    if layer.endswith(("_1_conv", "_2_conv")):
        return layer.replace("_conv", "_bn" if before else "_relu")
    if layer.endswith("_bn"):
        return layer if before else layer.replace("_bn", "_relu")
    return layer


@KERAS
def test_every_layer_equals_keras(name, judges):
    networks, network, path = judges(name)
    expected = networks.activations(network, name, IMAGE.permute(0, 2, 3, 1).numpy())
    backbone = empty(name)
    backbone.take(read_tensors(path, backbone), path)
    compared = 0
    for activation in ("before", "after"):
        with torch.inference_mode():
            found = backbone(IMAGE, list(backbone.layers), activation)
        for layer, values in found.items():
            theirs = keras_layer(name, layer, activation)
            if theirs is not None:
                difference = np.abs(values.numpy() - expected[theirs]).max()
                assert difference < 1e-4 * np.abs(expected[theirs]).max(), (layer, activation)
                compared += 1
    assert compared >= len(backbone.layers)


def test_vgg19_before_its_activation_equals_keras(judges):
    networks, network, path = judges("vgg19")
    backbone = empty("vgg19")
    backbone.take(read_tensors(path, backbone), path)
    found = backbone(IMAGE, ["conv2_2"], "before")["conv2_2"].detach()
    network.get_layer("block2_conv2").activation = None
    expected = networks.activations(network, "vgg19", IMAGE.permute(0, 2, 3, 1).numpy())
    network.get_layer("block2_conv2").activation = networks.keras.activations.relu
    assert (found < 0).any()
    scale = np.abs(expected["block2_conv2"]).max()
    assert np.abs(found.numpy() - expected["block2_conv2"]).max() < 1e-4 * scale


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("mobilenet_v2", "counted"),
        ("mobilenet_v2", "renamed"),
        ("resnet152_v2", "counted"),
        ("vgg19", "renamed"),
        ("vgg19", "whole"),
    ],
)
def test_other_layouts_of_keras_hold_the_same(name, layout, judges, tmp_path):
    networks, network, path = judges(name)
    other = tmp_path / ("a.weights.h5" if layout == "counted" else "a.h5")
    write = {
        "whole": lambda: network.save(other),
        "counted": lambda: network.save_weights(other),
        "renamed": lambda: networks.write_renamed(network, other),
    }
    write[layout]()
    backbone = empty(name)
    expected, found = read_tensors(path, backbone), read_tensors(other, backbone)
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[key], expected[key]) for key in expected)


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        # As Keras counts them, and torchvision less the classifier's 513 000 for SqueezeNet.
        ("mobilenet_v2", 2_223_872),
        ("resnet152_v2", 58_331_648 - 143_744),  # Keras counts the statistics, too
        ("squeezenet", 1_235_496 - 513_000),
        ("vgg19", 20_024_384),
    ],
)
def test_number_of_weights(name, weights):
    assert sum(parameter.numel() for parameter in empty(name).parameters()) == weights


@ALL
def test_nothing_behind_the_deepest_layer_is_computed(name):
    backbone = load_backbone(name, "random")
    ran = []
    for module in backbone.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(lambda module, *_: ran.append(module))
    first, *_, last = backbone.layers
    usual = backbone.usual_layer
    counts = {}
    for layer in (first, usual, last):
        ran.clear()
        assert list(backbone(IMAGE[:1], [layer])) == [layer]
        counts[layer] = len(ran)
    assert counts[first] == 1 <= counts[usual] <= counts[last]
    assert counts[last] == sum(isinstance(module, nn.Conv2d) for module in backbone.modules())


@ALL
def test_grey_stands_for_three_colours_and_other_bands_for_themselves(name):
    backbone = load_backbone(name, "random")
    layer = list(backbone.layers)[3]
    grey = IMAGE[:, :1]
    as_grey = backbone(grey, [layer])[layer]
    assert torch.equal(as_grey, backbone(grey.expand(-1, 3, -1, -1), [layer])[layer])
    bands = torch.rand(2, 5, 40, 40)
    found = backbone(bands, [layer])[layer].unflatten(0, (2, 5))
    for band in range(5):
        alone = backbone(bands[:, band : band + 1], [layer])[layer]
        assert torch.allclose(found[:, band], alone, rtol=1e-4, atol=1e-5)


@ALL
def test_frozen_and_seeded_without_touching_other_random_numbers(name):
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    backbone = load_backbone(name, "random", seed=3)
    assert torch.equal(torch.rand(3), expected)
    assert not backbone.training
    assert not any(parameter.requires_grad for parameter in backbone.parameters())
    first = next(backbone.parameters())
    assert torch.equal(first, next(load_backbone(name, "random", seed=3).parameters()))
    assert not torch.equal(first, next(load_backbone(name, "random", seed=4).parameters()))


@pytest.fixture
def published(monkeypatch, shared):
    """The folder of published weights, as ``BEYNE_WEIGHTS``."""
    folder = shared("weights")
    monkeypatch.setenv("BEYNE_WEIGHTS", str(folder))
    return folder


def photo(path) -> torch.Tensor:
    pixels = np.array(Image.open(path).convert("RGB"))
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255


@pytest.mark.parametrize(
    ("name", "weights", "layer"),
    [
        ("mobilenet_v2", "mobilenet_v2_tf_qat", "Conv_1"),
        ("mobilenet_v2", "mobilenet_v2_tf_ptq", "Conv_1"),
        ("squeezenet", "squeezenet_caffe", "fire9"),
    ],
)
@pytest.mark.parametrize(("picture", "label"), [("img_012", 945), ("img_014", 340)])
def test_published_weights_recognise_pictures(
    name, weights, layer, picture, label, published, shared
):
    """With the classifier of the same file: peppers (945) and a zebra (340) of Set14.

    A wrong value range, order of colours or padding would not be recognised.
    """
    backbone = load_backbone(name, weights, [layer])
    image = photo(shared(f"data/sr_test/Set14/HR/{picture}.png"))
    features = backbone(image, [layer])[layer]
    classifier = load_file(weights_path(weights))
    kernel, bias = classifier["classifier.1.weight"].flatten(1), classifier["classifier.1.bias"]
    scores = torch.einsum("ck,nkhw->nchw", kernel, features) + bias[:, None, None]
    scores = scores.relu() if name == "squeezenet" else scores
    assert scores.mean((2, 3)).argmax() == label


def test_normalised_vgg19_has_a_mean_activation_of_one(published, shared):
    backbone = load_backbone("vgg19", "vgg19_normalised")
    assert list(backbone.layers) == ["conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1"]
    means = []
    for path in sorted(shared("data/sr_test/Set5/HR").iterdir()):
        found = backbone(photo(path), list(backbone.layers))
        means.append([float(values.mean()) for values in found.values()])
    assert np.mean(means, 0) == pytest.approx([1] * 5, abs=0.15)


def test_layers_that_a_file_does_not_reach(published):
    with pytest.raises(UsageError, match="hold only conv1_1 to conv3_1 of vgg19, not conv5_4"):
        load_backbone("vgg19", "vgg19_normalised", ["conv1_1", "conv5_4"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: load_backbone("vgg91"), "no backbone 'vgg91'; did you mean 'vgg19'"),
        (lambda: load_backbone("vgg19", "vgg19_kears"), "did you mean 'vgg19_keras'"),
        (lambda: load_backbone("vgg19", "resnet152_v2_keras"), "weights of resnet152_v2, not of"),
        (lambda: load_backbone("vgg19", "random", ["conv5_5"]), "no layer 'conv5_5'; did you mean"),
        (
            lambda: load_backbone("vgg19", "random")(torch.rand(1, 3, 31, 64), ["conv1_1"]),
            "64×31 pixels are too few for vgg19; it takes 32",
        ),
    ],
)
def test_mistakes_are_told(call, message):
    with pytest.raises(UsageError, match=message):
        call()


def test_wrong_and_damaged_files(tmp_path):
    vgg = VGG19(VGG19Config())
    with pytest.raises(UsageError, match="does not hold weights of vgg19: it lacks features.0.wei"):
        vgg.take({"x": torch.zeros(1)}, "a.pth")
    with pytest.raises(UsageError, match="features.0.weight has another shape"):
        vgg.take({**vgg.state_dict(), "features.0.weight": torch.zeros(1)}, "a.pth")
    with pytest.raises(UsageError, match="it lacks features.2.bias"):
        vgg.take({n: t for n, t in vgg.state_dict().items() if n != "features.2.bias"}, "a.pth")
    for suffix in ("pth", "safetensors", "h5"):
        path = tmp_path / f"a.{suffix}"
        with pytest.raises(UsageError, match=f"a.{suffix} does not exist"):
            read_tensors(path, vgg)
        path.write_bytes(b"not weights at all" * 10)
        with pytest.raises(UsageError, match=r"damaged|can't be opened"):
            read_tensors(path, vgg)
    with pytest.raises(UsageError, match="is a Keras file, and of this network there is none"):
        read_tensors(tmp_path / "a.h5", empty("squeezenet"))


def test_weights_are_read_from_torch_and_safetensors(tmp_path):
    squeezenet = load_backbone("squeezenet", "random", seed=1)
    tensors = {name: tensor.contiguous() for name, tensor in squeezenet.state_dict().items()}
    torch.save(tensors | {"classifier.1.weight": torch.zeros(2)}, tmp_path / "a.pth")
    save_file(tensors, tmp_path / "a.safetensors")
    for path in (tmp_path / "a.pth", tmp_path / "a.safetensors"):
        other = empty("squeezenet")
        other.take(read_tensors(path), path)
        assert all(torch.equal(other.state_dict()[name], tensors[name]) for name in tensors)
