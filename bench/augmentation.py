"""How often `beyne augment` errs: verdicts on planted fakes, useless ones and perfect ones.

    python bench/augmentation.py [--trials 100] [--network]

Each trial draws new pictures of three kinds (bars of three directions, of any width, place and
contrast, in noise), two of each source, few enough that more of them would help. In place of a GAN
comes noise, or copies of training pictures under classes drawn anew, or plain copies (useless all
three), or pictures that were held back (perfect). Cells are the trials with each verdict. With
useless fakes every gain is a false one.

The classifier is ridge regression on random features (kernels drawn anew for every training, a
threshold, the mean over the picture: Dempster et al. 2020, arXiv 1910.13051), which learns in
milliseconds; ``--network`` takes the one that `beyne augment` has, at 40 steps.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from beyne.augmentation.benefit import benefit
from beyne.augmentation.classical import varied
from beyne.augmentation.fold import Classify, Painter, SmallNetwork, run_fold
from beyne.augmentation.samples import Samples, divisions

CLASSES = ("flat", "slanted", "steep")
SIDE, NOISE = 8, 0.9
SOURCES, FOLDS, REPEATS = 8, 3, 5
KERNELS, RIDGE, TRAININGS = 60, 1.0, 5


def picture(label: int, random: np.random.Generator) -> np.ndarray:
    """Bars without noise, ``(SIDE, SIDE)``, about 0 ± 1."""
    y, x = np.mgrid[:SIDE, :SIDE]
    angle = np.pi * (label / 3 + random.normal(0, 0.06))
    waves = (x * np.sin(angle) + y * np.cos(angle)) * 2 * np.pi / random.uniform(3.5, 6)
    return random.uniform(0.5, 1.5) * np.sin(waves + random.uniform(0, 2 * np.pi))


def population(sources: int, random: np.random.Generator) -> Samples:
    """So many sources of each class, two pictures of each."""
    images, labels, groups = [], [], []
    for label, name in enumerate(CLASSES):
        for source in range(sources):
            clean = picture(label, random)
            for _ in range(2):
                noisy = clean + random.normal(0, NOISE, clean.shape)
                images.append(torch.from_numpy(0.5 + 0.15 * noisy).float().clamp(0, 1)[None])
                labels.append(name)
                groups.append(f"{name}-{source}")
    names = tuple(f"{group}-{n % 2}" for n, group in enumerate(groups))
    return Samples(names, torch.stack(images), tuple(labels), tuple(groups))


def ridge(pictures: Tensor, targets: Tensor, asked: Tensor, strength: float, seed: int) -> Tensor:
    """A `Classify`; of classical augmentation it sees each picture in two forms."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if strength:
            pictures = torch.cat([pictures, varied(pictures, strength)])
            targets = torch.cat([targets, targets])
        return torch.stack([regressed(pictures, targets, asked) for _ in range(TRAININGS)])


def regressed(pictures: Tensor, targets: Tensor, asked: Tensor) -> Tensor:
    kernels, thresholds = torch.randn(KERNELS, 1, 5, 5), torch.randn(KERNELS, 1, 1)
    x, unseen = (
        F.relu(F.conv2d(images, kernels) / 5 - thresholds).mean((2, 3))
        for images in (pictures, asked)
    )
    deviation, mean = torch.std_mean(x, 0)
    x, unseen = ((features - mean) / (deviation + 1e-3) for features in (x, unseen))
    y = F.one_hot(targets).float() - 1 / len(CLASSES)
    inverse = x.T @ x / len(x) + RIDGE * torch.eye(KERNELS)
    return (unseen @ torch.linalg.solve(inverse, x.T @ y)).argmax(1)


def noise(train: Samples, held_out: Samples, numbers: Mapping[str, int], seed: int) -> dict:
    random = torch.Generator().manual_seed(seed)
    shape = train.images.shape[1:]
    return {label: torch.rand(n, *shape, generator=random) for label, n in numbers.items()}


def copies(train: Samples, held_out: Samples, numbers: Mapping[str, int], seed: int) -> dict:
    random = torch.Generator().manual_seed(seed)
    return {label: drawn(train.of(label), n, random) for label, n in numbers.items()}


def shuffled(train: Samples, held_out: Samples, numbers: Mapping[str, int], seed: int) -> dict:
    random = torch.Generator().manual_seed(seed)
    return {label: drawn(train.images, n, random) for label, n in numbers.items()}


def perfect(train: Samples, held_out: Samples, numbers: Mapping[str, int], seed: int) -> dict:
    back = population(max(numbers.values()) // 2 + 1, np.random.default_rng([1, seed]))
    return {label: back.of(label)[:n] for label, n in numbers.items()}


def drawn(images: Tensor, number: int, random: torch.Generator) -> Tensor:
    return images[torch.randint(len(images), (number,), generator=random)]


PAINTERS: dict[str, Painter] = {
    "noise": noise,
    "shuffled copies": shuffled,
    "copies": copies,
    "held-back real": perfect,
}


def judged(paint: Painter, classify: Classify, trial: int):
    """The verdict of one study."""
    samples = population(SOURCES, np.random.default_rng(trial))
    folds = [
        run_fold(
            samples.take(train),
            samples.take(test),
            paint,
            classify,
            (repeat, fold),
            seed=10_000 * trial + 100 * repeat + 10 * fold,
        )
        for repeat in range(REPEATS)
        for fold, (train, test) in enumerate(divisions(samples, FOLDS, repeat))
    ]
    return benefit(folds, dict(zip(samples.names, samples.groups, strict=True)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--only", choices=[*PAINTERS], nargs="*", default=[*PAINTERS])
    parser.add_argument("--network", action="store_true")
    arguments = parser.parse_args()
    network = SmallNetwork(steps=40, batch=32, trainings=1)
    classify: Classify = network if arguments.network else ridge
    print(f"{arguments.trials} trials: {3 * SOURCES} sources, {FOLDS} folds, {REPEATS} repeats\n")
    print("| fakes | gain | no gain shown | harm | real % | points | seconds |")
    print("|---|---|---|---|---|---|---|")
    for name in arguments.only:
        start = time.process_time()
        found = [judged(PAINTERS[name], classify, trial) for trial in range(arguments.trials)]
        outcomes = Counter(one.outcome for one in found)
        counts = " | ".join(str(outcomes[k]) for k in ("gain", "no gain shown", "harm"))
        real = np.mean([one.values["real + classical"].mean() for one in found])
        points = np.mean([one.verdicts[0].gain for one in found])
        seconds = time.process_time() - start
        print(f"| {name} | {counts} | {real:.0f} | {points:+.1f} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
