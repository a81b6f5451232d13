"""The verbs of beyne for Python. The command line calls these and holds no logic of its own."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beyne.bundle import ModelCard, read_card
from beyne.errors import UsageError, about
from beyne.predict.fitting import (
    Bands,
    check_job,
    checked_consistent,
    checked_scale,
    checked_smooth,
    picked,
)
from beyne.zoo import find

if TYPE_CHECKING:
    from beyne.doctor import Diagnosis, Watcher
    from beyne.export import Export
    from beyne.images import Raster
    from beyne.predict.batch import Listener, Report
    from beyne.predict.predictor import Predictor
    from beyne.predict.sampler import Sampler
    from beyne.training.estimate import Estimate
    from beyne.training.preview import Seen


class LoadedModel:
    """A model ready for use; `load` makes it.

    Attributes:
        card: What the model says of itself.
    """

    def __init__(self, applied: Predictor | Sampler) -> None:
        self.card: ModelCard = applied.card
        self._applied: Any = applied

    def upscale(
        self,
        image: str | Path | Raster | Any,
        scale: int | None = None,
        bands: Bands = None,
        smooth: float = 0.0,
        consistent: bool | None = None,
    ) -> Raster:
        """Enlarge one picture of any size.

        Args:
            image: A path, a Pillow image, an array ``(H, W, C)`` or ``(H, W)`` of uint8, uint16
                or floats in [0, 1], or a `Raster`.
            scale: Enlargement; below the model's own, its result is shrunk. None: the model's.
            bands: Numbers, from 1, of the bands to take; None or ``"all"``: all of them.
            smooth: Standard deviation, in result pixels, of a Gaussian over the result.
            consistent: Make the result shrink back to the input, by the model's downscaling
                operator; comes after ``smooth``. None: as the model's card says.

        Returns:
            The enlarged picture, samples of the same type; `save` writes it.

        Raises:
            UsageError: ``scale``, ``smooth`` or ``consistent`` is impossible.
            ImageError: The picture can't be read, or the model was not made for it.

        Example:
            >>> import beyne
            >>> raster = beyne.load("photo-x4").upscale("photo.jpg")
            >>> beyne.save(raster, "photo-large.png")
        """
        from beyne.predict.arrays import as_raster

        check_job(self.card, "upscale")
        predictor: Predictor = self._applied
        return predictor.apply(picked(as_raster(image), bands), scale, smooth, consistent)

    def translate(
        self, image: str | Path | Raster | Any, bands: Bands = None, smooth: float = 0.0
    ) -> Raster:
        """Turn one picture of any size into one of another domain, such as a mask into a photo.

        Args:
            image: As for `upscale`, as are ``bands`` and ``smooth``.

        Returns:
            The picture made, of the same size, samples of the same type; `save` writes it.

        Raises:
            UsageError: The model does not translate, or ``smooth`` is impossible.
            ImageError: The picture can't be read, or the model was not made for it.

        Example:
            >>> import beyne
            >>> raster = beyne.load("runs/retina/best.safetensors").translate("mask.png")
            >>> beyne.save(raster, "fundus.png")
        """
        from beyne.predict.arrays import as_raster

        check_job(self.card, "translate")
        predictor: Predictor = self._applied
        return predictor.apply(picked(as_raster(image), bands), smooth=smooth)

    def generate(self, n: int = 1, label: str | None = None, seed: int = 0) -> list[Raster]:
        """Generate pictures.

        Args:
            n: How many.
            label: One of ``card.labels``; None: each in turn, by the seed.
            seed: Of the first; each next one's is one more. A picture depends on model, seed and
                label alone.

        Returns:
            Pictures with samples of the depth that the card states; `save` writes them.

        Raises:
            UsageError: The model does not generate, or the label or the seed is impossible.

        Example:
            >>> import beyne
            >>> for raster in beyne.load("runs/gan/best.safetensors").generate(4):
            ...     print(raster.pixels.shape)
        """
        check_job(self.card, "generate")
        sampler: Sampler = self._applied
        return [sampler.raster(sampler.image(seed + k, label)) for k in range(n)]


def load(
    model: str | Path = "auto",
    device: str = "auto",
    precision: str = "auto",
    tile: int | str = "auto",
) -> LoadedModel:
    """Load a model.

    Args:
        model: A built-in model's name, a model file, or ``auto`` for the default.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` … or ``mps``.
        precision: ``auto``, ``fp32``, ``bf16`` or ``fp16``; ``auto`` takes a reduced precision
            only where it is faster and the difference does not show.
        tile: Side in pixels of the pieces a picture is computed in, or ``auto``.

    Raises:
        UsageError: There is no such model or device, or the model file is damaged.
    """
    path = find(str(model))
    if read_card(path).job == "generate":
        return LoadedModel(_sampler(path, device))
    return LoadedModel(_predictor(path, device, precision, tile))


def upscale(
    image: str | Path | Raster | Any,
    model: str | Path = "auto",
    *,
    scale: int | None = None,
    bands: Bands = None,
    smooth: float = 0.0,
    consistent: bool | None = None,
    device: str = "auto",
    precision: str = "auto",
    tile: int | str = "auto",
) -> Raster:
    """Enlarge one picture: `load` and `LoadedModel.upscale` in one call, with their options."""
    return load(model, device, precision, tile).upscale(image, scale, bands, smooth, consistent)


def translate(
    image: str | Path | Raster | Any,
    model: str | Path,
    *,
    bands: Bands = None,
    smooth: float = 0.0,
    device: str = "auto",
    precision: str = "auto",
    tile: int | str = "auto",
) -> Raster:
    """Translate one picture: `load` and `LoadedModel.translate` in one call, with their options."""
    return load(model, device, precision, tile).translate(image, bands, smooth)


def generate(
    model: str | Path,
    n: int = 1,
    label: str | None = None,
    seed: int = 0,
    *,
    device: str = "auto",
) -> list[Raster]:
    """Generate pictures: `load` and `LoadedModel.generate` in one call, with their options."""
    return load(model, device).generate(n, label, seed)


def save(raster: Raster, path: str | Path) -> None:
    """Write a picture as PNG, TIFF, JPEG or WebP, by the path's suffix, whole or not at all.

    Raises:
        ImageError: The format can't hold the picture, or the disk refuses the file.
    """
    from beyne.images import write

    with about(path):
        write(raster, path)


def upscale_files(
    inputs: Sequence[str],
    output: str,
    listener: Listener,
    *,
    model: str = "auto",
    scale: int | None = None,
    bands: Bands = None,
    smooth: float = 0.0,
    consistent: bool | None = None,
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

    Args:
        inputs: Files, folders and glob patterns.
        output: A file or a folder, see `beyne.predict.files.plan`.
        listener: Is told how it goes on, such as `beyne.cli.progress.Progress`.
        model: As for `load`, as are ``device``, ``precision`` and ``tile``.
        scale: As for `LoadedModel.upscale`, as are ``bands``, ``smooth`` and ``consistent``.
        format: ``png``, ``tiff``, ``jpg`` or ``webp``; None: TIFF stays TIFF, all else is PNG.
        overwrite: Replace outputs that exist.
        resume: Pass over outputs that exist.
        pixel_limit: Most pixels an input may have; None: what this machine's memory carries.
        measure: Work out the consistency of every result.
        debug: Let errors nobody foresaw through.

    Raises:
        UsageError: The call itself is wrong; nothing was done.
    """
    path = find(model)
    card = read_card(path)
    check_job(card, "upscale")
    scale = checked_scale(card, scale)
    asked = {
        "scale": scale,
        "bands": bands,
        "smooth": smooth,
        "consistent": checked_consistent(card, scale, consistent),
        "overwrite": overwrite,
        "resume": resume,
        "pixel_limit": pixel_limit,
        "measure": measure,
        "debug": debug,
    }
    return _apply(path, card, (inputs, output, format), listener, (device, precision, tile), asked)


def translate_files(
    inputs: Sequence[str],
    output: str,
    listener: Listener,
    *,
    model: str,
    bands: Bands = None,
    smooth: float = 0.0,
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
    asked = {
        "scale": 1,
        "bands": bands,
        "smooth": smooth,
        "overwrite": overwrite,
        "resume": resume,
        "pixel_limit": pixel_limit,
        "debug": debug,
    }
    return _apply(path, card, (inputs, output, format), listener, (device, precision, tile), asked)


def _apply(
    path: Path,
    card: ModelCard,
    files: tuple[Sequence[str], str, str | None],
    listener: Listener,
    how: tuple[str, str, int | str],
    asked: dict[str, Any],
) -> Report:
    """A model over files.

    Args:
        files: Inputs, output and format, see `beyne.predict.files.plan`.
        how: Device, precision and tile, as for `load`.
        asked: Fields of `beyne.predict.batch.Options`.
    """
    from beyne.predict.batch import Batch, Options
    from beyne.predict.files import plan

    checked_smooth(asked["smooth"])
    options = Options(**asked)
    jobs, failures = plan(*files)

    def load_predictor() -> Predictor:
        with _imports_that_stay():
            return _predictor(path, *how)

    return Batch(options, listener, load_predictor, card.name).run(jobs, failures)


def _predictor(path: Path, device: str, precision: str, tile: int | str) -> Predictor:
    from beyne.bundle import load as load_model
    from beyne.predict.predictor import Predictor

    return Predictor(load_model(path), device, precision, tile)


def _sampler(path: Path, device: str) -> Sampler:
    from beyne.bundle import load as load_model
    from beyne.predict.sampler import Sampler

    return Sampler(load_model(path), device)


def blend_models(
    first: str | Path,
    second: str | Path,
    output: str | Path,
    alpha: float = 0.5,
    half: bool = False,
    overwrite: bool = False,
) -> Path:
    """Mix two models of one network into a model file.

    Args:
        first: Name or file of the model at ``alpha`` 0, as is ``second`` of that at 1.
        output: The file to write, named after the model it holds.
        alpha: Weight of ``second``, in [0, 1].
        half: Store float16.
        overwrite: Replace the file.

    Raises:
        UsageError: The networks differ, ``alpha`` lies outside [0, 1], or the file is there.
    """
    from beyne.blend import blend
    from beyne.bundle import load as load_model
    from beyne.bundle import save as save_model
    from beyne.files import check_free

    path = Path(output)
    check_free(path, overwrite)
    mixed = blend(load_model(find(str(first))), load_model(find(str(second))), alpha, path.stem)
    save_model(path, mixed.card, mixed.network, half)
    return path


def export_model(model: str | Path, output: str | Path, overwrite: bool = False) -> Export:
    """Write a model as ONNX and compare it with PyTorch; what was found is returned.

    Raises:
        UsageError: There is no such model, it can't be exported, or the file is there.
        MissingExtraError: ONNX is not installed.
    """
    from beyne.bundle import load as load_model
    from beyne.export import export
    from beyne.files import check_free

    check_free(Path(output), overwrite)
    return export(load_model(find(str(model))), Path(output))


def train(
    recipe: str,
    data: str | Path,
    run: str | Path,
    settings: Sequence[str] = (),
    split: str | Path | None = None,
    *,
    message: Callable[[str], None] | None = None,
    progress: Callable[[int, int, dict[str, float]], None] | None = None,
) -> bool:
    """Train a model; the same call again goes on where it stopped.

    Args:
        recipe: Name of a recipe that comes with beyne, or path of a TOML file.
        data: Folder of pictures.
        run: Folder of the run; made if it is not there.
        settings: Texts such as ``"train.batch=8"`` laid over the recipe.
        split: A ``split.csv`` to obey instead of the data folder's.
        message: Is told in words what happens.
        progress: Is given images seen, images in all and the newest values after each step.

    Returns:
        True if the run is finished, False if Ctrl-C stopped it.

    Raises:
        UsageError: Recipe, data and what ``run`` holds do not fit each other.
        ImageError: A picture can't be read.
    """
    from beyne.recipe import load_recipe
    from beyne.training import train as train_recipe

    if Path(run).exists() and not Path(run).is_dir():
        raise UsageError(f"{run} is a file, and a run is a folder", "choose another -o")
    hear = {"message": message, "progress": progress}
    loaded = load_recipe(recipe, list(settings))
    return train_recipe(
        loaded, Path(data), Path(run), _path(split), **{k: v for k, v in hear.items() if v}
    )


def dry_run(
    recipe: str,
    data: str | Path,
    run: str | Path,
    settings: Sequence[str] = (),
    split: str | Path | None = None,
) -> tuple[str, Estimate]:
    """The resolved recipe as TOML, and what the run will cost here; nothing is written.

    Raises:
        UsageError: Recipe and data do not fit each other.
        ImageError: A picture can't be read.
    """
    from beyne.config import write_toml
    from beyne.recipe import load_recipe
    from beyne.training import dry_run as try_recipe

    loaded = load_recipe(recipe, list(settings))
    resolved, estimate = try_recipe(loaded, Path(data), Path(run), _path(split))
    return write_toml(resolved.plain()), estimate


def check(
    data: str | Path,
    task: str | None = None,
    split: str | Path | None = None,
    *,
    group: str | None = None,
    settings: Sequence[str] = (),
    watcher: Watcher | None = None,
) -> Diagnosis:
    """Look at a data folder: every file is read once, nothing is changed.

    Args:
        data: The folder.
        task: ``upscale``, ``translate``, ``generate``, ``illustrate``; None: told from the folder.
        split: A ``split.csv`` to judge instead of the data folder's.
        group: What must not be cut across splits: a column of ``metadata.csv``, or a regular
            expression whose first group in a file's path is the name. None: a column such as
            ``patient`` or ``scene``, else the file names.
        settings: Where the sides of a translation are, such as ``"data.a=masks"``; what else a
            recipe is set to is passed over.
        watcher: Is told how it goes on, such as `beyne.cli.progress.Progress`.

    Returns:
        What was found, each with what to do, and the split: the given one, else a proposal.

    Raises:
        UsageError: There is no such folder, task, table or group, or not one picture.

    Example:
        >>> diagnosis = beyne.check("photos")
        >>> diagnosis.ok, [finding.kind for finding in diagnosis.findings]
        (True, ['layout'])
    """
    from beyne.doctor import examine
    from beyne.recipe import named_sources

    sides = [text for text in settings if text.startswith(("data.a=", "data.b=", "data.layout="))]
    sources = named_sources("translate", sides)
    task = task or ("translate" if sides else None)
    return examine(Path(data), task, _path(split), group, watcher, sources)


def preview(
    data: str | Path,
    sheet: str | Path,
    recipe: str = "photo-x4",
    settings: Sequence[str] = (),
    split: str | Path | None = None,
    *,
    overwrite: bool = False,
) -> Seen:
    """Read a data folder as training would, and show what it would see.

    Args:
        data: Folder of pictures.
        sheet: A PNG to write: the first 16 crops of training, the input enlarged without
            smoothing beside the original.
        recipe: As for `train`, as are ``settings`` and ``split``.
        overwrite: Replace that file if it exists.

    Raises:
        UsageError: Recipe and data do not fit each other, or the PNG exists.
        ImageError: A picture can't be read.
    """
    from beyne.files import check_free
    from beyne.recipe import load_recipe
    from beyne.training.preview import preview as show

    path = Path(sheet)
    if path.suffix.lower() != ".png":
        raise UsageError(f"-o {path} does not end in .png", "-o preview.png")
    check_free(path, overwrite)
    return show(load_recipe(recipe, list(settings)), Path(data), path, _path(split))


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path)


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
