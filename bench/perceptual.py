"""Which perceptual network helps: one trained ESRGAN-type network retrained with each of them.

    python bench/perceptual.py -o runs/perceptual [--before 24000] [--images 8000] [--pictures 20]

Trains a small RRDB with a pixel loss on ../shared/data/sr_train, then retrains it with the recipes
``esrgan-vgg19``, ``esrgan-mobilenetv2`` and ``esrgan-resnet152v2``, and once with the pixel loss
alone for as long. Backbones whose weights are not here run with random weights, and the arm's name
says so. All are then compared, with the embedded models and bicubic, on photos, buildings, chest
X-rays, satellite tiles and drawn number plates: 100×100 to 400×400 pixels (tiles: 64 to 256). Of
plates the characters are read by a small classifier that learnt from other plates.

Each field's report lies in ``OUT/FIELD/report.html``; the tables are printed, and ``OUT/sheet.png``
shows the same part of a photo, a tile and a plate by every arm. The same command again goes on.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from PIL import Image, ImageOps
from plates import write_plates
from quality import SHARED

import beyne
from beyne import weights, zoo
from beyne.backbones import BACKBONES
from beyne.comparison.options import Listener
from beyne.comparison.result import Comparison
from beyne.evaluation.enlargers import find_enlarger
from beyne.evaluation.recognition import (
    Labelled,
    recognise,
    train_classifier,
    versions_of,
)
from beyne.evaluation.statistics import verdict
from beyne.images import Raster, read
from beyne.images.sheet import in_rows

SIDE, SCALE = 400, 4
PART = 160  # pixels a side of what the sheet shows
GENERATOR = ["generator.features=32", "generator.growth=16", "generator.blocks=4"]
RETRAININGS = {
    "vgg19": "esrgan-vgg19",
    "mobilenet_v2": "esrgan-mobilenetv2",
    "resnet152_v2": "esrgan-resnet152v2",
}
FIELDS = {
    "photos": "sr_test/Kodak24/HR",
    "buildings": "sr_test/Urban100/HR",
    "chest-x-rays": "chest_xray/images",
    "satellite": "satellite/tiles",
}
SHOWN = ("mae", "psnr", "ssim", "lpips", "lr_psnr")
DRAWN = ("photos", "satellite", "plates")
EMBEDDED = ("photo-x4", "photo-x4-gan")


def backbone_settings(backbone: str) -> tuple[str, list[str]]:
    """What is said of the weights, and the settings that use those that are here."""
    term = "losses.perceptual"
    usual = BACKBONES[backbone][1].usual_layer
    name = weights.chosen(backbone)
    if entry := weights.present(backbone).get(name):
        layer = entry.deepest or usual
        return "", [f"{term}.weights='{name}'", f"{term}.layers=['{layer}']"]
    return "-random", [f"{term}.weights='random'", f"{term}.layers=['{usual}']"]


def trained(output: Path, data: Path, before: int, images: int, more: list[str]) -> list[str]:
    """Folders of the runs: before, and retrained in each way."""
    runs = []

    def run(name: str, recipe: str, *settings: str, images: int = images) -> str:
        folder = output / name
        length = [f"train.images={images}", f"train.save_every={images}", "train.select='lpips'"]
        every = [*GENERATOR, *length, *more, *settings]
        if not beyne.train(recipe, data, folder, every, message=print):
            raise SystemExit(130)
        runs.append(str(folder))
        return f"train.start='{folder.as_posix()}'"

    start = run("before", "rrdb", "train.learning_rate=5e-4", images=before)
    run("pixel-loss-alone", "rrdb", start, "train.learning_rate=1e-4")
    for backbone, recipe in RETRAININGS.items():
        note, settings = backbone_settings(backbone)
        half = ["discriminator.features=32", f"adversarial.head_start={images // 10}"]
        run(backbone + note, recipe, start, *half, *settings)
    return runs


def squares(source: Path, target: Path, number: int) -> Path:
    """The middle of each of ``number`` pictures, evenly spaced over a folder, as PNG."""
    target.mkdir(parents=True, exist_ok=True)
    paths = sorted(path for path in source.iterdir() if path.suffix in (".png", ".jpg"))
    for path in paths[:: max(1, len(paths) // number)][:number]:
        with Image.open(path) as image:
            side = min(SIDE, *image.size) // SCALE * SCALE
            ImageOps.fit(image, (side, side)).save(target / f"{path.stem}.png")
    return target


def table(found: Comparison) -> str:
    """Means with their 95 % intervals, an arm a row."""
    lines = ["| | " + " | ".join(SHOWN) + " |", "|---" * (len(SHOWN) + 1) + "|"]
    for arm in found.arms:
        mean, interval = found.tables[arm.name][0].mean, found.tables[arm.name][0].interval
        cells = [
            f"{mean[name]:.4g} [{interval[name].low:.4g}, {interval[name].high:.4g}]"
            for name in SHOWN
        ]
        lines.append(f"| {arm.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def characters(folder: Path, pictures: dict[str, Raster]) -> Labelled:
    """The characters cut out of pictures of plates, by ``characters.csv``."""
    images, labels = [], []
    with (folder / "characters.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            left, top, right, bottom = (int(row[k]) for k in ("left", "top", "right", "bottom"))
            whole = pictures[row["file"]]
            images.append(whole.with_pixels(whole.pixels[top:bottom, left:right]))
            labels.append(row["text"])
    return Labelled(images, labels)


def recognition(arms: list[str], folder: Path, others: Path) -> str:
    """How well the characters of ``folder`` are read by who learnt from ``others``."""
    teacher = characters(others, {p.name: read(p) for p in sorted(others.glob("*.png"))})
    classifier = train_classifier(teacher, steps=1_000)
    paths = sorted(folder.glob("*.png"))
    enlargers = [find_enlarger(arm, SCALE) for arm in arms]
    versions = versions_of([read(path) for path in paths], enlargers)
    names = [path.name for path in paths]
    cut = {
        version: characters(folder, dict(zip(names, made, strict=True)))
        for version, made in versions.items()
    }
    labels = cut["originals"].labels
    read_as = recognise(classifier, {v: made.images for v, made in cut.items()}, labels)
    base = next(one for one in read_as if one.name == "bicubic")
    lines = ["| version | characters read rightly | against bicubic |", "|---|---|---|"]
    for one in read_as:
        against = verdict("bicubic", one.name, base.right, one.right, "higher", "of characters")
        said = "" if one is base else against.sentence
        lines.append(
            f"| {one.name} | {one.accuracy:.3f} [{one.interval.low:.3f}, {one.interval.high:.3f}] "
            f"| {said} |"
        )
    return "\n".join(lines)


def sheet(arms: list[str], folders: list[Path]) -> Raster:
    """The middle of the first picture of each folder: by every arm, in two lines, and itself."""
    enlargers = [find_enlarger(arm, SCALE) for arm in arms]
    rows = []
    for folder in folders:
        original = read(min(folder.glob("*.png")))
        made = versions_of([original], enlargers)
        top, left = ((side - PART) // 2 for side in original.pixels.shape[:2])
        parts = [p.pixels[top : top + PART, left : left + PART] for (p,) in made.values()]
        half = -(-len(parts) // 2)
        rows += [parts[1 : half + 1], [*parts[half + 1 :], parts[0]]]
    return Raster(in_rows(rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "sr_train")
    parser.add_argument("--before", type=int, default=24_000, help="images of the first training")
    parser.add_argument("--images", type=int, default=8_000, help="of each retraining")
    parser.add_argument("--pictures", type=int, default=20, help="at most, of each field")
    parser.add_argument("--set", dest="settings", action="append", default=[])
    arguments = parser.parse_args()
    output = arguments.output
    runs = trained(
        output / "runs", arguments.data, arguments.before, arguments.images, arguments.settings
    )
    embedded = [name for name in EMBEDDED if name in zoo.builtin()]
    arms = [*runs, *embedded, "bicubic"]
    folders = {
        name: squares(SHARED / "data" / path, output / "data" / name, arguments.pictures)
        for name, path in FIELDS.items()
    }
    plates, others = (output / "data" / name for name in ("plates", "other-plates"))
    write_plates(plates, arguments.pictures)
    write_plates(others, 60, seed=10_000)
    folders["plates"] = plates
    for name, folder in folders.items():
        found = beyne.compare(arms, folder, output / name, listener=Listener(message=print))
        print(f"\n## {name}: {len(found.names)} pictures\n\n{table(found)}\n")
        for one in found.verdicts:
            if "before" in (one.first, one.second):
                print(f"- {one.sentence}")
    beyne.save(sheet(arms, [folders[name] for name in DRAWN]), output / "sheet.png")
    print(f"\n## characters of plates\n\n{recognition(arms, plates, others)}")


if __name__ == "__main__":
    main()
