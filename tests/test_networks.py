"""Every network of the table: sizes, channels, reach, and the form it is used in."""

from __future__ import annotations

import pytest
import torch
from tiny_networks import ENLARGERS, FIELDS, TRANSLATORS, tiny
from torch.nn import functional as F

from beyne.errors import UsageError
from beyne.images.resample import downscale
from beyne.networks import NETWORKS, build
from beyne.networks.blocks import SkipShuffle

SIZES = [(kind, scale) for kind in ENLARGERS for scale in (1, 2, 3, 4)]
SIZES += [(kind, 1) for kind in TRANSLATORS]


def test_every_network_has_a_tiny_form() -> None:
    assert FIELDS.keys() == NETWORKS.keys()


@pytest.mark.parametrize(("kind", "scale"), SIZES)
@pytest.mark.parametrize("channels", [1, 3, 4, 12])
def test_output_is_scaled_for_any_size_and_channel_count(kind, scale, channels) -> None:
    skips = {"image_skip": "none"} if kind in ("compact", "span") else {}
    network = tiny(kind, scale=scale, channels_in=channels, channels_out=channels + 1, **skips)
    with torch.inference_mode():
        for height, width in ((1, 1), (7, 5)):
            image = network(torch.rand(2, channels, height, width))
            assert image.shape == (2, channels + 1, height * scale, width * scale)
            assert image.dtype == torch.float32
            assert torch.isfinite(image).all()


@pytest.mark.parametrize("kind", NETWORKS)
def test_output_is_float32_under_autocast_and_near(kind) -> None:
    network = tiny(kind)
    image = torch.rand(1, 3, 16, 16)
    with torch.inference_mode():
        exact = network(image)
        with torch.autocast("cpu", torch.bfloat16):
            fast = network(image)
    assert fast.dtype == torch.float32
    assert (fast - exact).abs().mean() < 0.01


@pytest.mark.parametrize("skip", ["nearest", "bicubic"])
@pytest.mark.parametrize("scale", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("size", [(1, 1), (9, 6)])
def test_image_skip_is_what_interpolation_gives(skip, scale, size) -> None:
    image = torch.rand(2, 4, *size)
    with torch.autocast("cpu", torch.bfloat16):
        added = SkipShuffle(4, scale, skip)(torch.zeros(2, 4 * scale**2, *size), image)
    expected = F.interpolate(image, scale_factor=scale, mode=skip)
    assert (added - expected).abs().max() < 1e-6


@pytest.mark.parametrize(("kind", "scale"), SIZES)
def test_halo_is_the_reach_of_the_output(kind, scale) -> None:
    """The gradient of one output pixel reaches as far as the halo says, not further."""
    skip = {"image_skip": "bicubic"} if kind in ("compact", "span") else {}
    # Through thirty small-started convolutions a gradient vanishes before it has gone all the way.
    depth = {"blocks": 1} if kind == "rrdb" else {}
    network = tiny(kind, scale=scale, **skip, **depth)
    side = 2 * network.halo + 5 + network.alignment
    side += -side % network.alignment
    reach = 0
    for middle in range(side // 2, side // 2 + network.alignment):
        image = torch.rand(1, 3, side, side, requires_grad=True)
        block = slice(middle * scale, (middle + 1) * scale)
        network(image)[..., block, block].sum().backward()
        touched = image.grad.abs().sum((0, 1)).nonzero()
        reach = max(reach, int((touched - middle).abs().max()))
    assert reach <= network.halo
    assert reach >= network.halo - 2, f"the halo of {kind} could be {reach}"


@pytest.mark.parametrize("kind", NETWORKS)
def test_form_for_use_gives_the_same_and_starts_training_again(kind) -> None:
    network = tiny(kind)
    used = network.for_use()
    image = torch.rand(1, 3, 12, 10)
    with torch.inference_mode():
        expected = network(image)
        assert torch.allclose(used(image), expected, atol=1e-5)
        again = tiny(kind)
        again.start_from(used.state_dict())
        assert torch.allclose(again(image), expected, atol=1e-5)


@pytest.mark.parametrize("kind", ENLARGERS)
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_network_may_end_in_the_projection(kind, scale) -> None:
    """In every form, in any precision, with the weights of a network that has none."""
    network = tiny(kind, scale=scale, projection="bicubic")
    network.start_from(tiny(kind, scale=scale).for_use().state_dict())
    image = torch.rand(2, 3, 9, 12)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for form in (network, network.for_use()):
            assert (downscale(form(image), scale) - image).abs().max() < 1e-5


@pytest.mark.parametrize("kind", ENLARGERS)
def test_influence_has_faded_beyond_the_halo_of_a_projection(kind) -> None:
    depth = {} if kind == "compact" else {"blocks": 1}
    network = tiny(kind, projection="bicubic", **depth)
    side = 2 * network.halo + 21
    middle = side // 2
    image = torch.rand(1, 3, side, side, requires_grad=True)
    network(image)[..., 4 * middle : 4 * middle + 4, 4 * middle : 4 * middle + 4].sum().backward()
    influence = image.grad.abs().sum((0, 1))
    within = slice(middle - network.halo, middle + network.halo + 1)
    total = float(influence.sum())
    influence[within, within] = 0
    assert 0 < float(influence.sum()) < 0.001 * total


@pytest.mark.parametrize("kind", TRANSLATORS)
def test_translations_stay_in_range_at_any_size(kind) -> None:
    network = tiny(kind, channels_in=1, channels_out=5)
    with torch.inference_mode():
        for size in ((1, 1), (13, 6), (8, 8)):
            image = network(torch.rand(2, 1, *size) * 8 - 4)
            assert image.shape == (2, 5, *size)
            assert 0 <= image.min() < image.max() <= 1


def test_unet_of_pix2pix_has_the_published_size() -> None:
    network = build("unet", {})
    assert sum(parameter.numel() for parameter in network.parameters()) == 54_413_955
    assert not network.needs_whole
    assert build("unet", {"norm": "instance", "levels": 2}).needs_whole


def test_span_for_use_is_plain_convolutions() -> None:
    used = tiny("span").for_use()
    kinds = {name.rpartition(".")[2] for name in used.state_dict()}
    assert kinds == {"weight", "bias"}
    assert used.config.expansion == 0


def test_rrdb_with_unshuffle_takes_odd_sizes() -> None:
    network = tiny("rrdb", scale=2, unshuffle=2)
    with torch.inference_mode():
        assert network(torch.rand(1, 3, 7, 9)).shape == (1, 3, 14, 18)


def test_srresnet_with_tanh_stays_in_range() -> None:
    with torch.inference_mode():
        image = tiny("srresnet", tanh=True)(torch.rand(1, 3, 8, 8) * 5)
    assert 0 <= image.min() <= image.max() <= 1


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        ("spam", {}, "did you mean 'span'"),
        ("span", {"featurs": 8}, "generator.featurs: unknown key; did you mean 'features'"),
        ("span", {"mean": [0.5]}, "1 values for 3 channels"),
        ("span", {"image_skip": "nearest", "channels_in": 4}, "equal to channels_out"),
        ("span", {"projection": "bicubic", "channels_out": 1}, "projection needs channels_in"),
        ("span", {"projection": "bicubic", "scale": 1}, "projection needs a scale above 1"),
        ("span", {"projection": "cubic"}, "generator.projection"),
        ("rrdb", {"scale": 4, "unshuffle": 4}, "scale times unshuffle"),
        ("compact", {"features": 0}, "generator.features"),
    ],
)
def test_wrong_fields_are_named(kind, fields, message) -> None:
    with pytest.raises(UsageError, match=message):
        build(kind, fields)


def test_every_residual_block_of_a_fresh_span_learns() -> None:
    """With published gates, next to nothing is left of a signal after three blocks."""
    torch.manual_seed(0)
    network = build("span", {"features": 16, "blocks": 6, "block": "residual"})
    network(torch.rand(1, 3, 32, 32)).square().mean().backward()
    slopes = [float(block.c3_r.eval_conv.weight.grad.norm()) for block in network.stack()]
    assert min(slopes) > 0.2 * max(slopes)
