"""What is compared with what: the choices that move a score more than most networks do."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from beyne.config import Config
from beyne.errors import UsageError
from beyne.images.raster import LUMA

# Studio swing, as MATLAB's rgb2ycbcr: luma's white is 235, its black is 16, of 255.
_BLACK, _WIDTH = 16 / 255, 219 / 255

# Room for the rounding of float arithmetic, far below one level of 16 bits.
_TOLERANCE = 1e-6


class Protocol(Config):
    """How images are made ready before they are compared; belongs beside every table of scores.

    Attributes:
        luma: Compare BT.601 luma (Y) instead of the colours.
        crop: Pixels left out along each border.
        bits: Round the output to this many bits first, as a file would; None leaves it float.
    """

    luma: bool = False
    crop: int = 0
    bits: int | None = None

    @property
    def text(self) -> str:
        """In words for tables, such as ``"Y, crop 4, 8-bit rounded"``."""
        colours = "Y" if self.luma else "all channels"
        rounding = f"{self.bits}-bit rounded" if self.bits else "not rounded"
        return f"{colours}, crop {self.crop}, {rounding}"

    def measure(self, metric: Callable[..., Tensor], output: Tensor, target: Tensor) -> Tensor:
        """Apply one of `METRICS` under this protocol.

        Args:
            output: What the network made, ``(N, C, H, W)``; clamped to [0, 1] here.
            target: The truth in [0, 1], same shape.

        Returns:
            One value per image, ``(N,)``.

        Raises:
            UsageError: The images can't be compared.
        """
        return metric(self.stored(output), target, luma=self.luma, crop=self.crop)

    def stored(self, output: Tensor) -> Tensor:
        """What a network made, clamped to [0, 1] and rounded as a file would hold it."""
        output = output.clamp(0, 1)
        if self.bits:
            white = 2**self.bits - 1
            output = output.mul(white).round().div(white)
        return output


#: The protocol of the published ×4 tables (Set5, Set14, Urban100).
PUBLISHED_X4 = Protocol(luma=True, crop=4, bits=8)


def comparable(
    output: Tensor, target: Tensor, data_range: float, luma: bool, crop: int
) -> tuple[Tensor, Tensor]:
    """Both images checked, brought to [0, 1], reduced to luma and cropped, in double precision.

    Raises:
        UsageError: Shapes differ, values leave the range or the crop leaves nothing.
    """
    if output.shape != target.shape:
        raise UsageError(
            f"images of shape {_shape(output)} and {_shape(target)} can't be compared",
            "they must have the same number, channels, height and width",
        )
    if output.dim() != 4 or not output.is_floating_point() or not target.is_floating_point():
        raise UsageError(f"shape {_shape(output)}, {output.dtype}: not a float N×C×H×W tensor")
    if crop < 0 or min(output.shape[-2:]) <= 2 * crop:
        raise UsageError(f"a crop of {crop} leaves nothing of {_shape(output)}")
    first, second = (_prepared(image, data_range, luma, crop) for image in (output, target))
    return first, second


def _prepared(image: Tensor, data_range: float, luma: bool, crop: int) -> Tensor:
    # Apple's GPUs have no double precision.
    image = image.to(torch.float32 if image.device.type == "mps" else torch.float64) / data_range
    low, high = (float(value) for value in image.aminmax())
    if not (low >= -_TOLERANCE and high <= 1 + _TOLERANCE):  # also false for NaN
        span = f"{low * data_range:.4g} to {high * data_range:.4g}"
        raise UsageError(
            f"values from {span} lie outside the stated range 0 to {data_range:g}",
            "clamp the image or give the right data_range",
        )
    image = luma_of(image) if luma else image
    return image[..., crop : image.shape[-2] - crop, crop : image.shape[-1] - crop]


def luma_of(image: Tensor) -> Tensor:
    """BT.601 luma in studio swing of an image in [0, 1].

    Args:
        image: ``(N, 3, H, W)`` RGB, or ``(N, 1, H, W)`` grey, taken as three equal colours.

    Returns:
        ``(N, 1, H, W)`` in [16/255, 235/255].

    Raises:
        UsageError: Neither one nor three channels.
    """
    if image.shape[1] not in (1, 3):
        raise UsageError(
            f"luma of {image.shape[1]} channels is not defined", "compare all channels"
        )
    weights = image.new_tensor(LUMA).view(1, 3, 1, 1)
    return (image * weights).sum(1, keepdim=True) * _WIDTH + _BLACK


def _shape(image: Tensor) -> str:
    return "×".join(str(size) for size in image.shape)
