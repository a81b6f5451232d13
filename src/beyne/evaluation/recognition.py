"""Recognition accuracy: can what was enlarged be read again?

A small classifier learns from originals and is then asked about other originals, about their
low-resolution versions and about enhanced ones. Its accuracy is no absolute truth, since it is
small and fixed; differences between the versions are what counts. Compare two of them by
`beyne.evaluation.statistics.verdict` on their `Recognition.right`: of values right and wrong,
Wilcoxon's signed-rank test is McNemar's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from beyne.errors import UsageError, about
from beyne.evaluation.enlargers import Enlarger
from beyne.evaluation.statistics import LEVEL, Interval, scipy_stats
from beyne.images import SUFFIXES, Raster, read
from beyne.images.raster import from_tensor, to_tensor
from beyne.images.resample import Operator, downscale, resize

_BATCH, _RATE, _SHIFT, _NOISE = 64, 3e-3, 2, 0.2

#: A batch ``(N, C, H, W)`` to one that looks a little different.
Vary = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Labelled:
    """Pictures and what they show.

    Attributes:
        images: Of any sizes, all grey or all of the same bands.
        labels: One for each.
    """

    images: Sequence[Raster]
    labels: Sequence[str]


@dataclass(frozen=True)
class Recognition:
    """How often one version of the pictures was read rightly.

    Attributes:
        name: Of the version.
        right: For each picture 1 or 0.
    """

    name: str
    right: NDArray[np.float64]

    @property
    def accuracy(self) -> float:
        """Share that was right."""
        return float(self.right.mean())

    @property
    def interval(self) -> Interval:
        """Of the accuracy, 95 % (Wilson 1927, doi:10.1080/01621459.1927.10502953)."""
        test = scipy_stats().binomtest(int(self.right.sum()), len(self.right))
        found = test.proportion_ci(LEVEL, method="wilson")
        return Interval(float(found.low), float(found.high))


class Classifier(nn.Module):
    """Three convolutions with pooling and one linear layer, on pictures of one small size.

    Args:
        classes: Names of what it tells apart.
        channels: Of the pictures.
        side: Pixels a side that pictures are brought to, a multiple of 8.
    """

    def __init__(self, classes: Sequence[str], channels: int, side: int) -> None:
        super().__init__()
        self.classes, self.side = list(classes), side
        widths = (channels, 16, 32, 64)
        self.layers = nn.Sequential(
            *(_stage(before, after) for before, after in pairwise(widths)),
            nn.Flatten(),
            nn.Linear(widths[-1] * (side // 8) ** 2, len(classes)),
        )

    def forward(self, images: Tensor) -> Tensor:
        """``(N, C, side, side)`` as `standardised` to a value a class, ``(N, classes)``."""
        values: Tensor = self.layers(images)
        return values

    def read(self, images: Sequence[Raster]) -> list[str]:
        """The most likely class of each picture."""
        return [
            self.classes[index] for index in self.numbers(_prepared(images, self.side)).tolist()
        ]

    @torch.inference_mode()
    def numbers(self, pictures: Tensor) -> Tensor:
        """The most likely class of each of ``(N, C, side, side)``, `standardised`: ``(N,)``."""
        return torch.cat([self(batch).argmax(1) for batch in torch.split(pictures, _BATCH)])


def _prepared(images: Sequence[Raster], side: int) -> Tensor:
    sized = [resize(to_tensor(image.pixels), (side, side)) for image in images]
    return standardised(torch.cat(sized))


def standardised(pictures: Tensor) -> Tensor:
    """``(N, C, H, W)``, each at mean 0 and deviation 1: brightness tells nothing."""
    deviation, mean = torch.std_mean(pictures, dim=(1, 2, 3), keepdim=True)
    return (pictures - mean) / (deviation + 1e-3)


def _stage(channels: int, features: int) -> nn.Sequential:
    conv = nn.Conv2d(channels, features, 3, padding=1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(features), nn.ReLU(), nn.MaxPool2d(2))


def train_classifier(
    examples: Labelled, side: int = 32, steps: int = 300, seed: int = 0
) -> Classifier:
    """A classifier trained on originals, on this processor; seconds for thousands of pictures.

    Args:
        examples: Originals; none of them may be asked about later.
        side: Pixels a side that pictures are brought to, a multiple of 8.
        steps: Batches of 64, each shifted, blurred and made noisy a little.
        seed: Of weights and batches.

    Raises:
        UsageError: Labels and pictures differ in number, there are fewer than two classes, or
            ``side`` is no multiple of 8.
    """
    classes = sorted(set(examples.labels))
    if len(examples.labels) != len(examples.images) or len(classes) < 2:
        problem = f"{len(examples.images)} pictures and {len(classes)} classes teach nothing"
        raise UsageError(problem, "give a label to each picture, and two classes or more")
    if side < 8 or side % 8:
        raise UsageError(f"a side of {side} pixels is no multiple of 8", "side=32")
    targets = torch.tensor([classes.index(label) for label in examples.labels])
    return fit(_prepared(examples.images, side), targets, classes, steps, seed, _varied)


def fit(
    pictures: Tensor,
    targets: Tensor,
    classes: Sequence[str],
    steps: int,
    seed: int,
    vary: Vary,
    batch: int = _BATCH,
) -> Classifier:
    """A classifier trained on pictures in memory; random numbers elsewhere are left alone.

    Args:
        pictures: ``(N, C, side, side)``, `standardised`.
        targets: ``(N,)``, numbers of classes.
        classes: Their names.
        steps: Batches.
        seed: Of weights and batches.
        vary: What is done to each batch; may draw from torch's generator.
        batch: Pictures of each step, drawn with replacement.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        classifier = Classifier(classes, pictures.shape[1], pictures.shape[-1])
        optimizer = torch.optim.Adam(classifier.parameters(), lr=_RATE, fused=True)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps)
        for _ in range(steps):
            chosen = torch.randint(len(pictures), (batch,))
            optimizer.zero_grad()
            loss = F.cross_entropy(classifier(vary(pictures[chosen])), targets[chosen])
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
    return classifier.eval().requires_grad_(False)


def _varied(images: Tensor) -> Tensor:
    """The batch moved by up to two pixels, a little blurred and noisy: legible is what counts.

    One that knows sharp pictures alone takes any blur for something else.
    """
    top, left = torch.randint(2 * _SHIFT + 1, (2,)).tolist()
    height, width = images.shape[-2:]
    padded = F.pad(images, (_SHIFT,) * 4, mode="replicate")
    moved = padded[..., top : top + height, left : left + width]
    side = int(torch.randint(height // 2, height + 1, ()))
    blurred = resize(resize(moved, (side, side)), (height, width))
    return blurred + _NOISE * torch.rand(()) * torch.randn(images.shape)


def recognise(
    classifier: Classifier, versions: Mapping[str, Sequence[Raster]], labels: Sequence[str]
) -> list[Recognition]:
    """How well each version of the same pictures is read.

    Args:
        classifier: Trained on other originals.
        versions: Name → pictures, such as `versions_of` makes them.
        labels: What each picture shows.

    Raises:
        UsageError: A version has another number of pictures than there are labels.
    """
    found = []
    for name, images in versions.items():
        if len(images) != len(labels):
            problem = f"{name}: {len(images)} pictures for {len(labels)} labels"
            raise UsageError(problem, "give a label to each picture")
        read_as = zip(classifier.read(images), labels, strict=True)
        found.append(Recognition(name, np.array([float(a == b) for a, b in read_as])))
    return found


def versions_of(
    originals: Sequence[Raster], enlargers: Sequence[Enlarger], operator: Operator = "bicubic"
) -> dict[str, list[Raster]]:
    """The originals, and what every enlarger makes of them after the downscaling A.

    Args:
        originals: Cropped here to a multiple of the scale.
        enlargers: All of one scale; plain ``bicubic`` stands for the low resolution itself.
        operator: A.

    Raises:
        UsageError: The scales differ.
        ImageError: A model does not take the pictures.
    """
    scales = {enlarger.scale for enlarger in enlargers}
    if len(scales) != 1:
        raise UsageError("enlargers of several scales can't be compared", "give all the same scale")
    scale = scales.pop()
    wholes = [
        image.with_pixels(
            image.pixels[: image.height // scale * scale, : image.width // scale * scale]
        )
        for image in originals
    ]
    small = [
        Raster(from_tensor(downscale(to_tensor(i.pixels), scale, operator), i.pixels.dtype))
        for i in wholes
    ]
    made = {enlarger.name: [enlarger.enlarge(image) for image in small] for enlarger in enlargers}
    return {"originals": wholes} | made


def read_classes(folder: Path) -> Labelled:
    """Pictures in one folder per class, in order of their names.

    Raises:
        UsageError: There are no such folders.
        ImageError: A picture can't be read.
    """
    paths = sorted(path for path in folder.glob("*/*") if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise UsageError(f"{folder} has no folders of pictures", "make one folder per class")
    images = []
    for path in paths:
        with about(path):
            images.append(read(path))
    return Labelled(images, [path.parent.name for path in paths])
