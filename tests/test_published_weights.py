"""Published weights give their published scores: network, metric and protocol at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from beyne.bundle import load
from beyne.metrics import PUBLISHED_X4, psnr
from beyne.zoo.community import import_model


def read(path: Path) -> Tensor:
    """An 8-bit picture as ``(1, C, H, W)`` in [0, 1]."""
    pixels = np.atleast_3d(np.asarray(Image.open(path)))
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255


@pytest.mark.parametrize(
    ("weights", "dataset", "expected"),
    [
        ("sr_x4_SPAN_ntire2026_baseline", "Set5", 31.75),
        ("sr_x4_SPAN_ntire2026_baseline", "Set14", 28.40),
        ("sr_x4_SPAN_ntire2025_team46", "Set5", 31.74),
    ],
)
def test_span_reaches_its_published_psnr(weights, dataset, expected, shared, tmp_path):
    """Protocol: Y, crop 4, 8-bit rounded; a grey picture goes in as three equal colours.

    The one grey picture of Set14 comes back as the mean of the three, and its Y is that of three
    equal colours again, as in the published evaluations.
    """
    source = shared(f"weights/{weights}.safetensors")
    folder = shared(f"data/sr_test/{dataset}")
    network = load(import_model(source, tmp_path / "span.safetensors")).network
    scores = []
    for path in sorted((folder / "HR").iterdir()):
        hr, lr = read(path), read(folder / "LR_x4" / path.name)
        with torch.inference_mode():
            output = network(lr.expand(-1, 3, -1, -1))
        output = output.mean(1, keepdim=True) if hr.shape[1] == 1 else output
        scores.append(PUBLISHED_X4.measure(psnr, output, hr).item())
    assert np.mean(scores) == pytest.approx(expected, abs=0.006)
