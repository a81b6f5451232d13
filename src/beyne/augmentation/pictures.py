"""The pictures that a study recommends: class folders and a manifest."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import torch

from beyne.augmentation.fold import wanted
from beyne.augmentation.gan import check_labels, seeds
from beyne.augmentation.samples import hold_out
from beyne.augmentation.study import Study
from beyne.evaluation.copies import as_learned
from beyne.evaluation.memorisation import CopyCheck
from beyne.files import read_rows, write_whole
from beyne.images import write
from beyne.metrics.features import chosen_features

MANIFEST = "manifest.csv"
_COLUMNS = ("file", "label", "model", "seed", "nearness", "nearest", "kept")


def write_pictures(study: Study, share: float) -> tuple[int, int]:
    """Train on all pictures, paint, and write what is no near-copy; what is finished is kept.

    Of near-copies the manifest has a row without a file. They are told by the rule of
    `beyne.evaluation.memorisation`, against pictures that were held out.

    Args:
        study: With its folds done.
        share: Generated pictures for each real one.

    Returns:
        Pictures kept, and near-copies left out.

    Raises:
        UsageError: The disk refuses.
    """
    manifest = study.folder / "images" / MANIFEST
    if not manifest.is_file():
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([_COLUMNS, *_written(study, share, manifest.parent)])
        write_whole(manifest, text.getvalue().encode())
    rows = read_rows(manifest)
    kept = sum(row["kept"] == "yes" for row in rows)
    return kept, len(rows) - kept


def _written(study: Study, share: float, folder: Path) -> Iterator[tuple[object, ...]]:
    """Write pictures; give the rows of the manifest."""
    numbers, seed = wanted(study.samples, share), study.final_seed
    parts = hold_out(study.samples, seed)
    train, held_out = (study.samples.take(part) for part in parts)
    study.listener.message("painting the pictures to add")
    sampler = study.gan.sampler(train, held_out, seed)
    check_labels(sampler, numbers)
    real = as_learned(study.pairs, sampler.card)
    seen, unseen = (real[torch.from_numpy(part)] for part in parts)
    check = CopyCheck(seen, unseen, chosen_features())
    suffix = ".png" if sampler.card.channels_out in (1, 3) else ".tiff"
    for label, number in numbers.items():
        (folder / label).mkdir(parents=True, exist_ok=True)
        for own in seeds(seed, number):
            image = sampler.image(own, label)
            near = check.nearness(image)
            copy = bool(check.rejected(near))
            path = folder / label / f"{own}{suffix}"
            if not copy:
                write(sampler.raster(image), path)
            yield (
                "" if copy else path.relative_to(folder).as_posix(),
                label,
                sampler.card.name,
                own,
                f"{float(near.values):.4f}",
                train.names[int(near.nearest)],
                "no" if copy else "yes",
            )
