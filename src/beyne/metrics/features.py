"""What two sets of pictures are compared by: the pooled features of a backbone that is here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from beyne import weights as published
from beyne.backbones import load_backbone
from beyne.images.resample import resize
from beyne.metrics.distribution import (
    FID_PICTURES,
    density_coverage,
    fid,
    kid,
    precision_recall,
)
from beyne.weights import MissingWeightsError

_NETWORK, _LAYER, _SIDE = "squeezenet", "fire9", 224
_WIDTHS, _SMALL = (3, 32, 64, 128, 256), 64  # channels, and pixels a side, of `RandomFeatures`


class Features(nn.Module):
    """SqueezeNet (Iandola et al. 2016, arXiv 1602.07360), its last layer averaged over the picture.

    It stands in for Inception, which published numbers use and whose weights can't be counted on;
    `text` says so wherever numbers go. As in LPIPS it is the judge: no recipe of beyne learns from
    what it sees.

    Raises:
        MissingWeightsError: No weights of SqueezeNet are on this machine.
    """

    def __init__(self) -> None:
        super().__init__()
        self.weights = published.chosen(_NETWORK)
        self.trunk = load_backbone(_NETWORK, self.weights, [_LAYER])

    @property
    def text(self) -> str:
        """What the numbers are made with, for tables."""
        return f"not Inception: SqueezeNet ({self.weights}), not comparable with published FID"

    @torch.inference_mode()
    def forward(self, images: Tensor) -> Tensor:
        """``(N, C, H, W)`` in [0, 1], any size, to ``(N, 512)``.

        Pictures are brought to 224×224 by the antialiased bicubic. Of other numbers of bands than 1
        and 3 each is taken as grey, and the features averaged.
        """
        images = resize(images.float(), (_SIDE, _SIDE)).clamp(0, 1)
        pooled = self.trunk(images, [_LAYER])[_LAYER].mean((2, 3))
        by_band: Tensor = pooled.view(len(images), -1, pooled.shape[1])
        return by_band.mean(1)


class RandomFeatures(nn.Module):
    """A small network with weights drawn once and for all, for machines without published ones.

    What random convolutions see tells sets of pictures apart, if less finely than learned ones do
    (Naeem et al. 2020, arXiv 2002.09797, section 5).
    """

    text = "features of a small network with random weights, not comparable with other KID"

    def __init__(self) -> None:
        super().__init__()
        random = torch.Generator().manual_seed(0)
        layers: list[nn.Module] = []
        for before, after in pairwise(_WIDTHS):
            layer = nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False)
            spread = (2 / (9 * before)) ** 0.5
            layer.weight.data = torch.randn(layer.weight.shape, generator=random) * spread
            layers.append(nn.Sequential(layer, nn.ReLU()))
        self.layers = nn.ModuleList(layers).requires_grad_(False)

    @torch.inference_mode()
    def forward(self, images: Tensor) -> Tensor:
        """``(N, C, H, W)`` in [0, 1], any size and number of bands, to ``(N, 480)``.

        Means of every layer over the picture; of bands other than three, each taken as grey.
        """
        x = resize(images.float(), (_SMALL, _SMALL)).clamp(0, 1) * 2 - 1
        if x.shape[1] != 3:
            x = x.flatten(0, 1)[:, None].expand(-1, 3, -1, -1)
        seen = []
        for layer in self.layers:
            x = layer(x)
            seen.append(x.mean((2, 3)))
        features: Tensor = torch.cat(seen, 1).view(len(images), -1, sum(_WIDTHS[1:])).mean(1)
        return features


def chosen_features() -> Features | RandomFeatures:
    """`Features`, or `RandomFeatures` where their weights are not on this machine."""
    try:
        return Features()
    except MissingWeightsError:
        return RandomFeatures()


@dataclass(frozen=True)
class SetScores:
    """How alike two sets of pictures are.

    Attributes:
        features: What they are compared by; belongs beside every table.
        generated: Number of generated pictures.
        real: Number of real ones.
        kid: Kernel distance, 0 for one kind; ``kid_deviation`` is its spread over subsets.
        fid: Fréchet distance, biased upwards for few pictures.
        precision: Generated pictures that look real, of all; ``recall`` the other way round.
        density: As `beyne.metrics.distribution.DensityCoverage`, as is ``coverage``.
        notes: What to know before believing them.
    """

    features: str
    generated: int
    real: int
    kid: float
    kid_deviation: float
    fid: float
    precision: float
    recall: float
    density: float
    coverage: float
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Plain values by name."""
        return asdict(self)


def compare_sets(
    generated: Iterable[Tensor], real: Iterable[Tensor], features: Features
) -> SetScores:
    """Compare two sets of pictures.

    Args:
        generated: Batches ``(N, C, H, W)`` in [0, 1]; sizes may differ between batches.
        real: The same.
        features: What to see them with.

    Raises:
        UsageError: A set has fewer than six pictures.
    """
    x, y = (torch.cat([features(batch) for batch in batches]) for batches in (generated, real))
    distance, deviation = kid(x, y)
    fewest = min(len(x), len(y))
    few = f"FID of {fewest} pictures is biased upwards: below {FID_PICTURES} go by KID"
    return SetScores(
        features=features.text,
        generated=len(x),
        real=len(y),
        kid=distance,
        kid_deviation=deviation,
        fid=fid(x, y),
        **precision_recall(x, y)._asdict(),
        **density_coverage(x, y)._asdict(),
        notes=(features.text, *((few,) if fewest < FID_PICTURES else ())),
    )
