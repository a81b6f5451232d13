"""A model applied to files; one that fails does not stop the others."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beyne.api.one_picture import load_predictor
from beyne.bundle import read_card
from beyne.errors import UsageError
from beyne.predict.fitting import (
    Bands,
    check_job,
    checked_consistent,
    checked_scale,
    checked_smooth,
    ensemble_card,
)
from beyne.trust.calibration import checked_trust
from beyne.zoo import find

if TYPE_CHECKING:
    from beyne.predict.batch import Listener, Report
    from beyne.predict.files import Job
    from beyne.predict.predictor import Predictor


def upscale_files(
    inputs: Sequence[str],
    output: str,
    listener: Listener | None = None,
    *,
    model: str = "auto",
    scale: int | None = None,
    bands: Bands = None,
    smooth: float = 0.0,
    resample: bool = False,
    consistent: bool | None = None,
    ensemble: bool = False,
    trust: bool = False,
    anonymize: bool = False,
    format: str | None = None,
    device: str = "auto",
    precision: str = "auto",
    tile: int | str = "auto",
    overwrite: bool = False,
    resume: bool = False,
    pixel_limit: int | None = None,
    measure: bool = False,
    debug: bool = False,
) -> Report:
    """Enlarge files; one that fails does not stop the others.

    What the files say besides pixels (the place on Earth of a GeoTIFF, patient and spacing of a
    DICOM, the affine of a NIfTI) is kept, unlike with `beyne.upscale`, whose raster holds pixels.

    Args:
        inputs: Files, folders and glob patterns.
        output: A file or a folder, see `beyne.predict.files.plan`.
        listener: Is told how it goes on, such as `beyne.cli.progress.Progress`; None: nobody is.
        model: As for `load`, as are ``device``, ``precision`` and ``tile``; ``auto``: for each
            file as `beyne.predict.choice.usual_model` says.
        scale: As for `LoadedModel.upscale`, as are ``bands``, ``smooth`` and ``consistent``.
            Of a Sentinel-2 scene, a ``.SAFE`` folder, bands are named: ``("B04", "B08")``.
        resample: Bring bands of a scene to the pixels of the finest one first; otherwise bands of
            different pixels are refused.
        ensemble: As for `load`; each file's model.
        trust: Write beside every result a map of where it can be trusted, a file of the result's
            kind (see `LoadedModel.trust`), and a picture that shows it; takes eleven times as long.
        anonymize: Leave out of DICOM files who was examined, by whom, where and when, of NIfTI
            the texts, and of others the EXIF block; GeoTIFF is refused.
        format: ``png``, ``tiff``, ``jpg``, ``webp``, ``dicom``, ``nifti`` or ``cog``; None: TIFF
            (GeoTIFF, too), DICOM and NIfTI stay, JPEG 2000 becomes GeoTIFF, all else PNG.
        overwrite: Replace outputs that exist.
        resume: Pass over outputs that exist.
        pixel_limit: Most pixels an input may have; None: what this machine's memory carries.
        measure: Work out the consistency of every result.
        debug: Let errors nobody foresaw through.

    Raises:
        UsageError: The call itself is wrong; nothing was done.

    Example:
        >>> import beyne
        >>> report = beyne.upscale_files(["scene.tif", "scans/"], "large/")
        >>> [done.output for done in report.done], report.failed
    """
    path = find(model)
    card = read_card(path)
    check_job(card, "upscale")
    scale = checked_scale(card, scale)
    checked_consistent(card, scale, consistent)
    asked = {
        "scale": scale,
        "bands": bands,
        "resample": resample,
        "smooth": smooth,
        "consistent": consistent,
        "anonymize": anonymize,
        "overwrite": overwrite,
        "resume": resume,
        "pixel_limit": pixel_limit,
        "measure": measure,
        "debug": debug,
        "upscaling": True,
        "cog": format == "cog",
    }
    files, how = (inputs, output, format), (device, precision, tile, ensemble)
    return _apply(path, files, listener, how, asked, model == "auto", trust)


def translate_files(
    inputs: Sequence[str],
    output: str,
    listener: Listener | None = None,
    *,
    model: str,
    bands: Bands = None,
    smooth: float = 0.0,
    anonymize: bool = False,
    format: str | None = None,
    device: str = "auto",
    precision: str = "auto",
    tile: int | str = "auto",
    overwrite: bool = False,
    resume: bool = False,
    pixel_limit: int | None = None,
    debug: bool = False,
) -> Report:
    """Translate files; arguments, what is returned and errors as for `upscale_files`."""
    path = find(model)
    card = read_card(path)
    check_job(card, "translate")
    if format == "cog":
        raise UsageError("--format cog: only upscale makes GeoTIFF", "--format tiff")
    asked = {
        "scale": 1,
        "bands": bands,
        "smooth": smooth,
        "anonymize": anonymize,
        "overwrite": overwrite,
        "resume": resume,
        "pixel_limit": pixel_limit,
        "debug": debug,
    }
    how = device, precision, tile, False
    return _apply(path, (inputs, output, format), listener, how, asked)


def _apply(
    path: Path,
    files: tuple[Sequence[str], str, str | None],
    listener: Listener | None,
    how: tuple[str, str, int | str, bool],
    asked: dict[str, Any],
    by_kind: bool = False,
    trust: bool = False,
) -> Report:
    """A model over files.

    Args:
        path: The model's file.
        files: Inputs, output and format, see `beyne.predict.files.plan`.
        how: Device, precision, tile and ensemble, as for `load`.
        asked: Fields of `beyne.predict.work.Options`.
        by_kind: Take for each file the embedded model for its kind instead.
        trust: Write maps of trust beside the results.
    """
    from beyne.predict.batch import Batch, Silent
    from beyne.predict.choice import usual_model
    from beyne.predict.files import plan
    from beyne.predict.work import Options

    ensemble = how[-1]
    checked_smooth(asked["smooth"])
    options = Options(**asked)
    jobs, failures = plan(*files)
    chosen = {job: usual_model(job.source) if by_kind else path for job in jobs}

    @cache
    def predictor(model: Path) -> Predictor:
        with _imports_that_stay():
            return load_predictor(model, *how)

    def load(job: Job) -> Predictor:
        return predictor(chosen[job])

    beside = None
    if trust:
        from beyne.trust.sidecars import Sidecars

        for model in {path, *chosen.values()}:
            checked_trust(read_card(model), asked["scale"], asked["smooth"], ensemble)
        beside = Sidecars(options, predictor)
        beside.check_targets(jobs)
    named = _named(chosen.values() or [path], ensemble)
    return Batch(options, listener or Silent(), load, named, beside).run(jobs, failures)


def _named(models: Collection[Path], ensemble: bool) -> str:
    """Names of models as their cards have them, counted where they are several."""

    def name(model: Path) -> str:
        card = read_card(model)
        return (ensemble_card(card) if ensemble else card).name

    counts = {name(model): count for model, count in Counter(models).items()}
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{name} ({count})" for name, count in counts.items())


@contextmanager
def _imports_that_stay() -> Iterator[None]:
    """Keep the garbage collector from a million objects that live as long as the process.

    Searching those that torch makes takes 0.15 s while it is imported, and 0.2 s at the end.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
