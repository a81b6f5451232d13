"""A model loaded once and applied to pictures in memory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from beyne.bundle import ModelCard, read_card
from beyne.errors import about
from beyne.predict.fitting import Bands, check_job, picked
from beyne.trust.calibration import calibration_of, checked_trust
from beyne.zoo import find

if TYPE_CHECKING:
    from beyne.images import Raster
    from beyne.predict.predictor import Predictor
    from beyne.predict.sampler import Sampler
    from beyne.trust.summary import Trust


class LoadedModel:
    """A model ready for use; `load` makes it.

    Attributes:
        card: What the model says of itself.
    """

    def __init__(
        self, applied: Predictor | Sampler, how: tuple[str, str, int | str] = ("auto",) * 3
    ) -> None:
        self.card: ModelCard = applied.card
        self._applied: Any = applied
        self._how = how

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
                or floats in [0, 1], or a `Raster`. Of what is deeper than uint8 the model sees the
                range in use.
            scale: Enlargement; below the model's own, its result is shrunk. None: the model's.
            bands: Numbers, from 1, of the bands to take; None or ``"all"``: all of them.
            smooth: Standard deviation, in result pixels, of a Gaussian over the result.
            consistent: Make the result shrink back to the input, by the model's downscaling
                operator; comes after ``smooth``. None: as the model's card says.

        Returns:
            The enlarged picture, samples of the same type; `save` writes it. Pixels, colour profile
            and EXIF are kept; the place on Earth and the headers of DICOM and NIfTI are not:
            `beyne.upscale_files` makes files that have them.

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

    def trust(
        self, image: str | Path | Raster | Any, bands: Bands = None, consistent: bool | None = None
    ) -> Trust:
        """Where the enlarged picture can be trusted; takes ten times as long as enlarging it does.

        Args:
            image: As for `upscale`, as are ``bands`` and ``consistent``.

        Returns:
            For each pixel of the result the probability that it is right, with a summary.

        Raises:
            UsageError: It was never measured how often this model's results are right.
            ImageError: The picture can't be read, or the model was not made for it.

        Example:
            >>> trust = beyne.load("photo-x4").trust("photo.jpg")
            >>> trust.map.shape, trust.sentence
        """
        from beyne.predict.arrays import as_raster
        from beyne.trust.assessor import Assessor

        check_job(self.card, "upscale")
        partner = load_predictor(checked_trust(self.card), *self._how)
        assessor = Assessor(self._applied, partner, calibration_of(self.card))
        return assessor.assess(picked(as_raster(image), bands), consistent)

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

    def generate(
        self, n: int = 1, label: str | None = None, seed: int = 0, text: str | None = None
    ) -> list[Raster]:
        """Generate pictures.

        Args:
            n: How many.
            label: One of ``card.labels``; None: each in turn, by the seed.
            seed: Of the first; each next one's is one more. A picture depends on model, seed, label
                and text alone.
            text: What the pictures shall show, of a model that takes texts.

        Returns:
            Pictures with samples of the depth that the card states; `save` writes them.

        Raises:
            UsageError: The model does not generate, or label, seed or text is impossible.

        Example:
            >>> import beyne
            >>> for raster in beyne.load("runs/gan/best.safetensors").generate(4):
            ...     print(raster.pixels.shape)
        """
        check_job(self.card, "generate")
        sampler: Sampler = self._applied
        return [sampler.raster(sampler.image(seed + k, label, text)) for k in range(n)]


def load(
    model: str | Path = "auto",
    device: str = "auto",
    precision: str = "auto",
    tile: int | str = "auto",
    ensemble: bool = False,
) -> LoadedModel:
    """Load a model.

    Args:
        model: A built-in model's name, a model file, or ``auto`` for the job's default,
            ``photo-x4``: what a model is loaded for is not known yet.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` … or ``mps``.
        precision: ``auto``, ``fp32``, ``bf16`` or ``fp16``; ``auto`` takes a reduced precision
            only where it is faster and the difference does not show.
        tile: Side in pixels of the pieces a picture is computed in, or ``auto``.
        ensemble: Of a model that enlarges: the mean of its results in eight orientations, nearer to
            the truth and eight times as long to compute.

    Raises:
        UsageError: There is no such model or device, or the model file is damaged.
    """
    path = find(str(model))
    if read_card(path).generates and not ensemble:
        return LoadedModel(_load_sampler(path, device))
    how = (device, precision, tile)
    return LoadedModel(load_predictor(path, *how, ensemble), how)


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
    ensemble: bool = False,
) -> Raster:
    """Enlarge one picture: `load` and `LoadedModel.upscale` in one call, with their options.

    GeoTIFF, DICOM and NIfTI shall stay what they are? `upscale_files`.
    """
    loaded = load(model, device, precision, tile, ensemble)
    return loaded.upscale(image, scale, bands, smooth, consistent)


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
    text: str | None = None,
    *,
    device: str = "auto",
) -> list[Raster]:
    """Generate pictures: `load` and `LoadedModel.generate` in one call, with their options."""
    return load(model, device).generate(n, label, seed, text)


def save(raster: Raster, path: str | Path) -> None:
    """Write a picture as PNG, TIFF, JPEG or WebP, by the path's suffix, whole or not at all.

    Raises:
        ImageError: The format can't hold the picture, or the disk refuses the file.
    """
    from beyne.images import write

    with about(path):
        write(raster, path)


def load_predictor(
    path: Path, device: str, precision: str, tile: int | str, ensemble: bool = False
) -> Predictor:
    """What `load` wraps, of the model file ``path``; the other arguments as there."""
    from beyne.bundle import load as load_model
    from beyne.predict.ensemble import ensembled
    from beyne.predict.predictor import Predictor

    model = load_model(path)
    return Predictor(ensembled(model) if ensemble else model, device, precision, tile)


def _load_sampler(path: Path, device: str) -> Sampler:
    from beyne.bundle import load as load_model
    from beyne.predict.sampler import Sampler

    return Sampler(load_model(path), device)
