"""Which perceptual network helps: one trained ESRGAN-type network retrained with each of them.

    python bench/perceptual.py --data ../shared/data/sr_train -o runs/perceptual [--images 8000]

Trains a small RRDB with a pixel loss, then retrains it with the recipes ``esrgan-vgg19``,
``esrgan-mobilenetv2`` and ``esrgan-resnet152v2``, and once with the pixel loss alone for as long.
Backbones whose weights are not here run with random weights, and the table says so. Scores are
those of the validation pictures at the end. The same command again goes on.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import fmean

from quality import SHARED
from runs import newest, results

import beyne
from beyne import weights
from beyne.backbones import BACKBONES

GENERATOR = ["generator.features=32", "generator.growth=16", "generator.blocks=4"]
RETRAININGS = {
    "vgg19": "esrgan-vgg19",
    "mobilenet_v2": "esrgan-mobilenetv2",
    "resnet152_v2": "esrgan-resnet152v2",
}


def backbone_settings(backbone: str) -> tuple[str, list[str]]:
    """The weights that are here, and the settings that use them."""
    term = "losses.perceptual"
    usual = BACKBONES[backbone][1].usual_layer
    for name, entry in weights.present(backbone).items():
        layer = entry.deepest or usual
        return name, [f"{term}.weights='{name}'", f"{term}.layers=['{layer}']"]
    return "random weights", [f"{term}.weights='random'", f"{term}.layers=['{usual}']"]


def scores(recipe: str, settings: list[str], data: Path, run: Path) -> str:
    """Cells of the table: mean |difference|, then the last validation's scores."""
    pixel = fmean(float((o - t).abs().mean()) for o, t in results(recipe, settings, data, run))
    values = newest(run)
    names = ("psnr", "ssim", "lpips", "lr_psnr")
    return f"{pixel:.4f} | " + " | ".join(f"{values[name]:.4g}" for name in names)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "sr_train")
    parser.add_argument("--images", type=int, default=8_000, help="of each of the two stages")
    parser.add_argument("--set", dest="settings", action="append", default=[])
    arguments = parser.parse_args()
    length = [f"train.images={arguments.images}", f"train.save_every={arguments.images}"]
    common = [*GENERATOR, *length, "train.select='lpips'", *arguments.settings]

    rows: list[str] = []

    def retrained(label: str, named: str, recipe: str, *more: str) -> None:
        run, settings = arguments.output / label.replace(" ", "-"), [*common, *more]
        beyne.train(recipe, arguments.data, run, settings, message=print)
        rows.append(f"| {label} | {named} | {scores(recipe, settings, arguments.data, run)} |")

    retrained("before", "–", "rrdb", "train.learning_rate=5e-4")
    start = f"train.start='{(arguments.output / 'before').as_posix()}'"
    retrained("pixel loss alone", "–", "rrdb", start, "train.learning_rate=1e-4")
    for backbone, recipe in RETRAININGS.items():
        named, settings = backbone_settings(backbone)
        half = ["discriminator.features=32", f"adversarial.head_start={arguments.images // 10}"]
        retrained(backbone, named, recipe, start, *half, *settings)
    print("| retrained with | weights | pixel loss | PSNR | SSIM | LPIPS | LR-PSNR |")
    print("|---|---|---|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
