"""A report with every section, its arms being simple filters of given pictures."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from beyne.reports import background
from beyne.reports import document as d
from beyne.reports import sections as s
from beyne.reports.histories import curves

PSNR, SSIM, LPIPS = (d.METRICS[key] for key in ("psnr", "ssim", "lpips"))
ARMS = {
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "nearest": Image.Resampling.NEAREST,
    "hamming": Image.Resampling.HAMMING,
    "bilinear-sharpened": Image.Resampling.BILINEAR,
}


def shown(image: Image.Image) -> d.Picture:
    pixels = np.asarray(image)
    return d.Picture(pixels if pixels.ndim == 3 else pixels[:, :, None])


def specimen(name: str, original: Image.Image, score: float = 27.0) -> s.Specimen:
    """Input, five ways to enlarge it four times, and the original."""
    small = original.resize((original.width // 4, original.height // 4), Image.Resampling.BICUBIC)
    views = [s.View(shown(small), "input")]
    for index, (arm, method) in enumerate(ARMS.items()):
        large = small.resize(original.size, method)
        if arm.endswith("sharpened"):
            large = large.filter(ImageFilter.UnsharpMask(2, 150, 2))
        views.append(s.View(shown(large), "arm", arm, score + index))
    return s.Specimen(name, (*views, s.View(shown(original), "original")))


def estimate(mean: float, half: float, digits: int = 4) -> d.Estimate:
    low, high = mean - half, mean + half
    return d.Estimate(round(mean, digits), round(low, digits), round(high, digits))


def history(seed: int, adversarial: bool, length: int = 600) -> list[dict[str, float]]:
    """As stats.jsonl has them: losses often, scores now and then."""
    random = np.random.default_rng(seed)
    records: list[dict[str, float]] = []
    for step in range(1, length + 1):
        images = step * 1600
        noise = float(random.normal(1, 0.08))
        entry = {"images": images, "content": 0.02 * noise * (1 + 40 / (step + 10 + 5 * seed))}
        if adversarial:
            entry["discriminator"] = 0.9 * noise * float(np.exp(-step / (90 + 20 * seed))) + 1e-4
            entry["adversarial"] = 1.3 * noise - 0.6 * step / length
        records.append(entry)
        if step % 20 == 0:
            gain = float(np.log10(step)) + 0.1 * seed
            records.append({"images": images, "psnr": 24 + 1.5 * gain, "lpips": 0.4 - 0.08 * gain})
    return records


def full_document(originals: dict[str, Image.Image]) -> d.Document:
    """Every kind of section, with made-up numbers; ``originals`` by file name."""
    random = np.random.default_rng(0)
    arms = list(ARMS)
    means = [(26.0 + 0.7 * i, 0.75 + 0.012 * i, 0.35 - 0.03 * i) for i in range(5)]
    rows = tuple(
        s.Row(arm, tuple(estimate(m, h) for m, h in zip(values, (0.6, 0.01, 0.02), strict=True)))
        for arm, values in zip(arms, means, strict=True)
    )
    differences = tuple(
        s.Row(arm, (estimate(0.7 * i - 0.8, 0.4), estimate(0.012 * i, 0.015), None))
        for i, arm in enumerate(arms[1:], 1)
    )
    verdicts = tuple(
        s.Verdict(arm, arms[0], LPIPS, outcome, estimate(mean, 0.005), share, p, 0.61)
        for arm, outcome, mean, share, p in (
            (arms[4], "better", -0.012, 0.83, 0.0004),
            (arms[1], "same", 0.001, 0.53, 0.41),
            (arms[2], "worse", 0.034, 0.07, 0.012),
        )
    )
    specimens = tuple(specimen(n, o, 25 + i) for i, (n, o) in enumerate(originals.items()))
    scores = [
        (n, 26 + float(random.normal(0, 2)), float(random.normal(0.6, 0.4))) for n in originals
    ]
    points = tuple(s.Point(name, first, first + gain) for name, first, gain in scores)
    first = specimens[0].views
    return d.Document(
        "Five ways to enlarge photographs four times",
        f"Photographs, {len(originals)} pictures kept apart for the test, 128 → 512 pixels.",
        "2026-11-21",
        (
            s.Verdicts(verdicts),
            s.Scores((PSNR, SSIM, LPIPS), rows, differences),
            s.Crops(specimens, PSNR),
            s.Worst(specimens[:2], PSNR),
            s.Scatters(
                (
                    s.Scatter(PSNR, arms[0], arms[4], points),
                    s.Scatter(LPIPS, arms[0], arms[1], points),
                )
            ),
            curves({arm: history(i, i > 2) for i, arm in enumerate(arms)}),
            s.Sheets(
                tuple(
                    s.Sheet(a, first[5].picture, 960_000, first[1].picture, 64_000)
                    for a in arms[3:]
                ),
                paired=False,
            ),
            background.Findings(
                (
                    background.Finding(
                        "leak",
                        "error",
                        ("train/field_07.png", "test/field_07.png"),
                        "one photograph is in train and in test",
                        "take it out of train",
                    ),
                    background.Finding(
                        "upscaled",
                        "warning",
                        tuple(f"train/img_{i:03}.jpg" for i in range(14)),
                        "hold no detail finer than half their pixels",
                        "find the originals",
                    ),
                    background.Finding(
                        "sizes",
                        "info",
                        ("train",),
                        "sizes go from 512×512 to 2048×1365",
                        "nothing to do",
                    ),
                )
            ),
            s.Augmentation(
                "gan-small", "better", d.Estimate(2.1, 0.4, 3.9), 41, True, True, 1, (68, 3)
            ),
            s.Judge({"text-gan": "counts", "text-dcgan": "weak"}, (61, 68), (30, 41), 0.9),
            s.Parts(
                d.METRICS["class_accuracy"],
                (s.Part("kk", estimate(0.94, 0.04), 28), s.Part("en", estimate(0.91, 0.05), 28)),
                d.METRICS["kid"],
                (s.Part("wheat", estimate(214.6, 90)),),
                {"chance_class_accuracy": 0.2, "nearest_caption": 0.98, "real_r_precision": 0.1},
            ),
            s.Answers(
                (
                    (
                        s.Answer(specimens[0].views[1].picture, "kk", "бидай масағы", "wheat"),
                        s.Answer(specimens[0].views[2].picture, "en", "an ear of wheat", "rice"),
                    ),
                )
            ),
            s.Memorisation("copies", "copies: 31 of 64 …", specimens[0].views[1].picture),
            background.Protocol(
                {
                    "data": "photographs, split.csv, fingerprint 5f1c09ab",
                    "split": "train 253, val 37, test 30; no group in two splits",
                    "metrics": "luma, crop 4, 8 bits; LPIPS: SqueezeNet, RGB",
                    "seeds": "0, 1, 2",
                    "versions": "beyne 0.1.0, torch 2.13.0, Python 3.11.7",
                    "hardware": "8 cores, 32 GiB, no GPU",
                    "command": "beyne compare bicubic photo-x4 --data photos -o out --seeds 3",
                }
            ),
            background.Costs(
                (
                    background.Cost("bicubic", picture_seconds=0.004),
                    background.Cost("photo-x4", 1_517_571, 960_000, 8_100.0, 0.42),
                )
            ),
            background.Recipes({"photo-x4": '[generator]\nkind = "span"\nfeatures = 48\n'}),
            background.Limits(("sample", "detail", "scores"), ("No faces were tested.",)),
        ),
    )
