"""How often a difference is claimed of models that are equal, and of those that are not.

    python bench/claims.py [--trials 4000]

Each trial draws the scores of two models on the same images and asks `beyne.evaluation` for a
verdict. Rows: shape of the differences, seeds a model was trained with (and how they scatter),
images. Columns: share of trials that claim a difference where there is none, and where it is 0.2 at
a spread of 0.3.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from beyne.evaluation.statistics import verdict

GAIN, SPREAD = 0.2, 0.3

#: Shape of the differences → draws of mean 0 and deviation 1.
SHAPES: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "normal": lambda random, n: random.normal(size=n),
    "heavy tails (t, 3)": lambda random, n: random.standard_t(3, n) / 3**0.5,
    "skewed (exponential)": lambda random, n: random.exponential(size=n) - 1,
}


def claimed(trials: int, shape: str, seeds: int, scatter: float, images: int, gain: float) -> float:
    """Share of trials with a claim; ``scatter`` is the deviation between training seeds."""
    found = 0
    for trial in range(trials):
        random = np.random.default_rng(trial)
        base = random.normal(28, 3, images)
        difference = gain + SPREAD * SHAPES[shape](random, images)
        first, second = (base + random.normal(0, scatter, (seeds, 1)) for _ in range(2))
        outcome = verdict("A", "B", first, second + difference, "higher", resamples=1000).outcome
        found += outcome != "no difference shown"
    return found / trials


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=4000)
    trials = parser.parse_args().trials
    print("| differences | seeds (scatter) | images | none | 0.2 ± 0.3 |\n|---|---|---|---|---|")
    cases = [(shape, 1, 0.0, images) for shape in SHAPES for images in (6, 12, 30, 100)]
    cases += [("normal", 3, scatter, 30) for scatter in (0.02, 0.05, 0.15)]
    for shape, seeds, scatter, images in cases:
        none, some = (claimed(trials, shape, seeds, scatter, images, gain) for gain in (0.0, GAIN))
        print(
            f"| {shape} | {seeds} ({scatter:g}) | {images} | {none:.1%} | {some:.1%} |", flush=True
        )


if __name__ == "__main__":
    main()
