"""Differentiable augmentation against a plain loop over pixels, and what training relies on."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from beyne.data.augment import AugmentationConfig, draw


def drawn(number=4, seed=0, **fields):
    return draw(AugmentationConfig(**fields), number, torch.Generator().manual_seed(seed))


def by_pixels(image, augmentation, n):
    """One image ``(C, H, W)``, pixel by pixel as the paper's text has it."""
    image = image.numpy().astype(np.float64) + augmentation.brightness[n].item()
    grey = image.mean(0, keepdims=True)
    image = grey + (image - grey) * augmentation.saturation[n].item()
    image = image.mean() + (image - image.mean()) * augmentation.contrast[n].item()
    _, height, width = image.shape
    down, right = (
        round(float(share) * side)
        for share, side in zip(augmentation.shift[n], (height, width), strict=True)
    )
    result = np.full_like(image, 0.5)
    for y in range(height):
        for x in range(width):
            inside = 0 <= y - down < height and 0 <= x - right < width
            off = abs((y + 0.5) / height - augmentation.centre[n, 0].item())
            across = abs((x + 0.5) / width - augmentation.centre[n, 1].item())
            half = augmentation.config.cutout / 2
            if inside and not (off < half and across < half):
                result[:, y, x] = image[:, y - down, x - right]
    return result


@pytest.mark.parametrize("channels", [1, 3, 5])
@pytest.mark.parametrize("size", [(16, 16), (9, 14)])
def test_equals_a_loop_over_pixels(channels, size) -> None:
    images = torch.rand(4, channels, *size)
    augmentation = drawn(translation=0.3, cutout=0.4)
    found = augmentation(images)
    for n in range(4):
        assert np.abs(found[n].numpy() - by_pixels(images[n], augmentation, n)).max() < 1e-5


def test_switched_off_it_changes_nothing() -> None:
    images = torch.rand(4, 3, 8, 8)
    assert torch.equal(drawn(colour=False, translation=0, cutout=0)(images), images)


def test_a_pair_is_treated_alike() -> None:
    """Where the input was moved from or covered, so was the output, whatever their bands."""
    augmentation = drawn(cutout=0.3)
    mask = (torch.rand(4, 1, 20, 24) > 0.5).float()
    together = augmentation.moved(torch.cat([mask, mask.expand(-1, 3, -1, -1)], 1))
    assert torch.equal(augmentation.moved(mask), together[:, :1])
    assert torch.equal(together[:, :1].expand(-1, 3, -1, -1), together[:, 1:])
    assert set(together.unique().tolist()) == {0.0, 0.5, 1.0}  # a label stays a label


def test_the_generator_alone_decides() -> None:
    images = torch.rand(4, 3, 16, 16)
    torch.manual_seed(1)
    first = drawn(seed=5)(images)
    torch.manual_seed(2)
    assert torch.equal(drawn(seed=5)(images), first)
    assert not torch.equal(drawn(seed=6)(images), first)


def test_gradients_are_those_of_differences() -> None:
    """Also the second ones, which R1 through the augmentation takes."""
    images = torch.rand(2, 2, 6, 5, dtype=torch.float64, requires_grad=True)
    augmentation = drawn(2, cutout=0.3)
    assert torch.autograd.gradcheck(lambda x: augmentation(x) ** 2, images)
    assert torch.autograd.gradgradcheck(lambda x: augmentation(x) ** 2, images)
