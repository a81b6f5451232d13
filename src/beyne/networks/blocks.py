"""Parts that two or more networks share, and what every image network states of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from beyne.config import Config
from beyne.images.projection import REACH, project
from beyne.images.resample import Operator

Scale = Literal[1, 2, 3, 4, 8]
ImageSkip = Literal["none", "nearest", "bicubic"]
Projection = Literal["none", Operator]

#: Scale → factors of the up-sampling steps that make it.
UPSAMPLING_STEPS: dict[int, tuple[int, ...]] = {1: (), 2: (2,), 3: (3,), 4: (2, 2), 8: (2, 2, 2)}


class ImageNetworkConfig(Config):
    """Fields that every image-to-image network has."""

    channels_in: int = Field(3, ge=1)
    channels_out: int = Field(3, ge=1)
    scale: Scale = 4
    projection: Projection = Field("none", description="operator whose input the output gives back")

    @model_validator(mode="after")
    def _projection_is_possible(self) -> ImageNetworkConfig:
        if self.projection != "none" and self.channels_in != self.channels_out:
            raise ValueError("projection needs channels_in equal to channels_out")
        if self.projection != "none" and self.scale == 1:
            raise ValueError("projection needs a scale above 1")
        return self


class SkipConfig(ImageNetworkConfig):
    """Fields of a network that may add the enlarged input to its output."""

    image_skip: ImageSkip = "none"

    @model_validator(mode="after")
    def _skip_needs_equal_channels(self) -> SkipConfig:
        if self.image_skip != "none" and self.channels_in != self.channels_out:
            raise ValueError("image_skip needs channels_in equal to channels_out")
        return self


class TranslatorConfig(ImageNetworkConfig):
    """Fields of a network that keeps the size and may change the number of channels."""

    scale: Literal[1] = 1


class ImageNetwork(nn.Module):
    """Base of networks that map an image to an image ×scale.

    A subclass gives `enlarge` and its `reach`; the projection that may follow is added here.
    """

    config: ImageNetworkConfig

    def enlarge(self, x: Tensor) -> Tensor:
        """What the weights do.

        Args:
            x: Float ``(N, channels_in, H, W)`` in [0, 1], for any H and W ≥ 1.

        Returns:
            Float32 ``(N, channels_out, H·scale, W·scale)``, not clamped.
        """
        raise NotImplementedError

    @property
    def reach(self) -> int:
        """Low-resolution pixels around a region that `enlarge` of it depends on.

        Exact, but for RRDB, whose theoretical reach of hundreds of pixels is cut to where the
        influence has faded.
        """
        raise NotImplementedError

    @property
    def alignment(self) -> int:
        """Tiles start at multiples of this, so that a network that halves sizes keeps phase."""
        return 1

    @property
    def needs_whole(self) -> bool:
        """Whether tiles differ from the whole picture, however much context they have."""
        return False

    @property
    def halo(self) -> int:
        """The same of the whole network, its projection included."""
        return self.reach + (0 if self.config.projection == "none" else REACH)

    def forward(self, x: Tensor) -> Tensor:
        """`enlarge`, then the projection if the configuration has one: linear, not clamped."""
        image = self.enlarge(x)
        if self.config.projection == "none":
            return image
        return project(image, x.float(), self.config.projection)

    def for_use(self) -> ImageNetwork:
        """The form the network is applied and saved in; itself unless re-parameterisable."""
        return self

    def start_from(self, tensors: Mapping[str, Tensor]) -> None:
        """Load the tensors of the form `for_use` gives, to train on from there.

        Raises:
            RuntimeError: Names or shapes do not fit.
        """
        self.load_state_dict(tensors)


def in_float32(module: nn.Module, x: Tensor) -> Tensor:
    """Run ``module`` in float32 even under autocast: the last layer decides the grey levels."""
    with torch.autocast(x.device.type, enabled=False):
        result: Tensor = module(x.float())
    return result


def padded_to_multiple(x: Tensor, multiple: int) -> Tensor:
    """``(N, C, H, W)`` with its last row and column repeated until both sides are multiples."""
    height, width = x.shape[-2:]
    return F.pad(x, (0, -width % multiple, 0, -height % multiple), mode="replicate")


def widest_reach(touched: Callable[[int], tuple[int, int]], period: int) -> int:
    """How far from its place an output pixel looks at most.

    Args:
        touched: Place of an output pixel → first and last input pixel it depends on, an axis.
        period: After so many pixels the answer repeats.
    """
    spans = [(pixel, *touched(pixel)) for pixel in range(period)]
    return max(max(pixel - low, high - pixel) for pixel, low, high in spans)


class SkipShuffle(nn.Module):
    """Pixel shuffle of what a network computed, with the enlarged input added.

    The input is enlarged before the shuffle, each of the s² phases by a kernel of its own: that
    takes half the time of enlarging it afterwards.

    Args:
        channels: Of the image.
        scale: Enlargement s.
        skip: How to enlarge the image, in float32; ``none`` leaves it out.
    """

    def __init__(self, channels: int, scale: int, skip: ImageSkip) -> None:
        super().__init__()
        self.scale, self.skip = scale, skip
        kernels = _bicubic_phases(scale).repeat(channels, 1, 1, 1)
        self.register_buffer("kernels", kernels, persistent=False)
        self.kernels: Tensor

    def forward(self, detail: Tensor, image: Tensor) -> Tensor:
        """``(N, C·s², H, W)`` and ``(N, C, H, W)`` → ``(N, C, H·s, W·s)``."""
        if self.skip != "none":
            detail = detail + self._phases(image.float())
        return F.pixel_shuffle(detail, self.scale)

    def _phases(self, image: Tensor) -> Tensor:
        if self.scale == 1 or self.skip == "nearest":
            return image.repeat_interleave(self.scale**2, 1)
        with torch.autocast(image.device.type, enabled=False):
            around = F.pad(image, (2, 2, 2, 2), mode="replicate")
            return F.conv2d(around, self.kernels, groups=image.shape[1])


def _bicubic_phases(scale: int) -> Tensor:
    """What each of s² result pixels takes of 5×5 around theirs: ``(s², 1, 5, 5)``."""
    impulses = torch.eye(25).view(25, 1, 5, 5)
    enlarged = F.interpolate(impulses, scale_factor=scale, mode="bicubic")
    middle = enlarged[:, 0, 2 * scale : 3 * scale, 2 * scale : 3 * scale]
    return middle.permute(1, 2, 0).reshape(scale**2, 1, 5, 5).contiguous()
