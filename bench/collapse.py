"""Does the discriminator win, and does the guard help: the losses of SRGAN over a run.

    python bench/collapse.py -o runs/collapse [--recipe srgan-ls] [--images 8000] [--set KEY=VALUE]

Trains a recipe twice after the same warm-up, without a guard and with the recipe's. Prints, at the
start and for the quarters of both runs: losses, the discriminator's accuracy on held-out images,
LPIPS; then the accuracies of the last quarter, and the high-frequency energy of the validation
pictures (1 is that of the originals). The same command again goes on. Sample sheets are in the
runs' ``previews`` folders.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import fmean

from quality import SHARED
from runs import newest, results

import beyne
from beyne.metrics import high_frequency_energy
from beyne.training.tracker import read_records

_STEP = 64  # images, more than any step has
RUNS = {"without guard": ["adversarial.guard.remedies=[]"], "with guard": []}


def settings_for(guard: list[str], arguments: argparse.Namespace) -> list[str]:
    """Four validations a run, the first at the end of the warm-up's quarter."""
    quarter = arguments.images // 4
    return [
        f"train.images={4 * quarter}",
        f"train.save_every={quarter}",
        f"train.preview_every={quarter}",
        f"train.log_every={max(1, quarter // 10)}",
        "train.select='lpips'",
        f"adversarial.warmup={quarter}",
        f"adversarial.guard.every={max(1, quarter // 20)}",
        *arguments.settings,
        *guard,
    ]


def row(run: Path, until: int) -> str:
    """The newest value of each column at ``until`` images, or at the end of that step."""
    values = newest(run, until + _STEP)
    names = ("discriminator", "adversarial", "content", "accuracy", "lpips", "psnr")
    return " | ".join(f"{values[n]:.4g}" if n in values else "–" for n in names)


def accuracies(run: Path, after: int) -> list[float]:
    """What the guard's looks found from then on."""
    records = read_records(run / "stats.jsonl")
    return [one["accuracy"] for one in records if one["images"] > after and "accuracy" in one]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--recipe", default="srgan-ls")
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "sr_train")
    parser.add_argument("--images", type=int, default=8_000)
    parser.add_argument("--set", dest="settings", action="append", default=[])
    arguments = parser.parse_args()
    print("| run | images | D loss | G adversarial | G content | D accuracy | LPIPS | PSNR |")
    print("|---|---|---|---|---|---|---|---|")
    for name, guard in RUNS.items():
        run, settings = arguments.output / name.replace(" ", "-"), settings_for(guard, arguments)
        if not beyne.train(arguments.recipe, arguments.data, run, settings, message=print):
            raise SystemExit(130)
        quarter = arguments.images // 4
        for until in (quarter // 10, *range(quarter, 4 * quarter + 1, quarter)):
            print(f"| {name} | {until:,} | {row(run, until)} |")
        last = accuracies(run, 3 * quarter)
        print(f"\n{name}: accuracy in the last quarter {fmean(last):.2f}, at most {max(last):.2f}")
        energies = [
            float(high_frequency_energy(output, original))
            for output, original in results(arguments.recipe, settings, arguments.data, run)
        ]
        print(f"{name}: high-frequency energy {fmean(energies):.2f}\n")


if __name__ == "__main__":
    main()
