"""The picture as beyne carries it: pixels, and everything of the file that must survive."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from beyne.errors import ImageError

if TYPE_CHECKING:
    import torch

    from beyne.images.resample import Operator

Pixels = NDArray[Any]

#: Sample types a raster may hold. Floats are taken as [0, 1].
SAMPLE_TYPES = ("uint8", "uint16", "float32")


@dataclass(frozen=True)
class Treatment:
    """What a model did to a picture, for files that state where they come from.

    Attributes:
        model: Its name.
        job: ``upscale`` or ``translate``.
        scale: Enlargement.
        operator: The model's downscaling A.
        consistent: Whether the result was projected onto the images that A shrinks to the input.
        smooth: Standard deviation of the Gaussian over the result, in its pixels.
    """

    model: str
    job: str
    scale: int
    operator: Operator
    consistent: bool
    smooth: float


@dataclass(frozen=True)
class Raster:
    """An image with its bit depth and metadata.

    Attributes:
        pixels: ``(height, width, channels)``, dtype ``uint8``, ``uint16`` (the full range of the
            type is black to white) or ``float32`` in [0, 1]. Colours are straight, never
            premultiplied by alpha. EXIF orientation is already applied.
        alpha: ``(height, width)`` of the same dtype, or None. Present only if the file marks a
            channel as alpha.
        icc: ICC profile, as stored in the file.
        exif: EXIF block (TIFF structure, no ``Exif\\0\\0`` prefix), its orientation set to 1.
        format: Name of the format family it was read from: ``png``, ``jpeg``, ``webp``, ``bmp``,
            ``gif``, ``tiff``, ``dicom``, or ``array`` for pixels that came from memory.
        extras: What only that format family understands; its writer takes it up again.
        treatment: What a model did to it; None: nothing.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    icc: bytes | None = None
    exif: bytes | None = None
    format: str = "array"
    extras: dict[str, Any] = field(default_factory=dict)
    treatment: Treatment | None = None

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or 0 in self.pixels.shape:
            shape = self.pixels.shape
            raise ImageError(f"pixels of shape {shape} are not height × width × channels")
        if self.pixels.dtype.name not in SAMPLE_TYPES:
            kinds = ", ".join(SAMPLE_TYPES)
            raise ImageError(f"samples of type {self.pixels.dtype} are not taken", f"use {kinds}")
        if self.alpha is not None and (
            self.alpha.shape != self.pixels.shape[:2] or self.alpha.dtype != self.pixels.dtype
        ):
            raise ImageError("alpha must have the pixels' height, width and type")

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])

    @property
    def channels(self) -> int:
        """Colour channels or bands, alpha not counted."""
        return int(self.pixels.shape[2])

    @property
    def measured(self) -> bool:
        """Whether its values are measurements, which shall stay comparable."""
        return self.format == "dicom"

    @property
    def white(self) -> float:
        """The sample value that stands for 1.0: 255, 65535 or 1."""
        return white_of(self.pixels.dtype)

    @property
    def levels(self) -> int:
        """Steps from black to white in the file's own depth, such as 4095; for floats 0."""
        return int(self.extras.get("levels", self.white if self.pixels.dtype.kind == "u" else 0))

    @property
    def padding(self) -> tuple[int, int] | None:
        """Least and greatest step that stand for no data, see `is_data`."""
        found: tuple[int, int] | None = self.extras.get("padding")
        return found

    @property
    def known(self) -> NDArray[np.bool_] | None:
        """``(H, W)``, where it shows something, no padding and not transparent; None: all over."""
        if self.padding is not None:
            data = is_data(to_steps(self.pixels, self.levels), self.padding)
            return np.asarray(data.all(axis=2))
        return None if self.alpha is None else self.alpha > 0

    def grey(self) -> Raster:
        """The mean of its bands, rounded to the type; a colour profile does not fit it any more."""
        mean = self.pixels.mean(axis=2, keepdims=True)
        rounded = mean.round() if self.pixels.dtype.kind == "u" else mean
        return replace(self, pixels=rounded.astype(self.pixels.dtype), icc=None)

    def with_pixels(self, pixels: Pixels, alpha: Pixels | None = None) -> Raster:
        """The same image with other pixels and alpha; metadata is kept.

        If the size changes, so does the resolution: the picture keeps its size in centimetres.
        """
        extras = self.extras
        if "resolution" in extras and pixels.shape[:2] != self.pixels.shape[:2]:
            across, down, unit = extras["resolution"]
            height, width = (
                new / old for new, old in zip(pixels.shape[:2], self.pixels.shape[:2], strict=True)
            )
            extras = extras | {"resolution": (across * width, down * height, unit)}
        return replace(self, pixels=pixels, alpha=alpha, extras=extras)


#: What red, green and blue count for in luma (BT.601).
LUMA = (0.299, 0.587, 0.114)


def white_of(dtype: np.dtype[Any]) -> float:
    """The sample value that stands for 1.0 in ``dtype``: 255, 65535 or 1."""
    return float(np.iinfo(dtype).max) if dtype.kind == "u" else 1.0


def is_data(samples: Pixels, padding: tuple[int, int] | None) -> NDArray[np.bool_]:
    """Which samples are data: finite, and outside of ``padding``, whose ends belong to it."""
    finite: NDArray[np.bool_] = np.isfinite(samples)
    if padding is None:
        return finite
    return finite & ((samples < padding[0]) | (samples > padding[1]))


def to_steps(pixels: Pixels, levels: int) -> Pixels:
    """Samples counted in a file's own steps: black is 0, white ``levels``.

    Args:
        pixels: Samples of unsigned integers, the full range of the type; floats stay.
        levels: As `Raster.levels`.
    """
    return _counted(pixels, int(white_of(pixels.dtype)), levels)


def from_steps(steps: Pixels, levels: int) -> Pixels:
    """The inverse of `to_steps`, exact for every step."""
    return _counted(steps, levels, int(white_of(steps.dtype)))


def _counted(samples: Pixels, old: int, new: int) -> Pixels:
    """Integers out of ``old`` as integers out of ``new``, rounded."""
    if samples.dtype.kind == "f" or old == new:
        return samples
    result = np.empty_like(samples)
    for top in range(0, len(samples), 256):  # in strips: the wide copy is twice 16 bits
        strip = slice(top, top + 256)
        result[strip] = (samples[strip].astype(np.uint32) * new + old // 2) // old
    return result


def converted(pixels: Pixels, dtype: np.dtype[Any]) -> Pixels:
    """``(H, W, ...)`` samples in another type, black to white kept, rounded and clamped."""
    if pixels.dtype == dtype:
        return pixels
    result = np.empty(pixels.shape, dtype)
    white = np.float32(white_of(dtype))
    for top in range(0, len(pixels), 256):  # in strips: the float copy is four times a byte
        rows = pixels[top : top + 256].astype(np.float32) * (
            white / np.float32(white_of(pixels.dtype))
        )
        if dtype.kind == "u":
            rows = np.rint(rows, out=rows).clip(0, white)
        result[top : top + 256] = rows
    return result


def to_tensor(pixels: Pixels) -> torch.Tensor:
    """``(H, W, C)`` samples → float32 ``(1, C, H, W)`` in [0, 1], channels-last in memory."""
    import torch

    scaled = np.asarray(pixels, dtype=np.float32)
    if pixels.dtype.kind == "u":
        scaled = scaled / np.float32(white_of(pixels.dtype))
    return torch.from_numpy(np.ascontiguousarray(scaled)).permute(2, 0, 1).unsqueeze(0)


def from_tensor(tensor: torch.Tensor, dtype: np.dtype[Any]) -> Pixels:
    """``(1, C, H, W)`` in [0, 1] → ``(H, W, C)`` samples of ``dtype``, rounded.

    Integer samples are clamped to their range. Floats are kept as they are: a float file may
    rightly hold values outside [0, 1].
    """
    import torch

    image = tensor.detach()[0].permute(1, 2, 0).float()
    if dtype.kind == "u":
        image = image.mul(white_of(dtype)).round_().clamp_(0, white_of(dtype))
        kind = torch.uint8 if dtype == np.uint8 else torch.int32
        return np.ascontiguousarray(image.to(kind).cpu().numpy().astype(dtype, copy=False))
    return np.ascontiguousarray(image.cpu().numpy())
