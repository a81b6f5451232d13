"""A model applied to one picture of any size, bands, bit depth and transparency."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from beyne.bundle import Model, ModelCard
from beyne.images.projection import EXACT_REACH, REACH
from beyne.images.raster import Pixels, Raster, Treatment, converted, from_tensor, to_tensor
from beyne.images.resample import resize
from beyne.networks import ImageNetwork
from beyne.predict.device import find_device
from beyne.predict.finish import Finish
from beyne.predict.fitting import (
    checked_consistent,
    checked_scale,
    checked_smooth,
    fitted,
    is_grey_for,
)
from beyne.predict.footprint import checked_tile, chosen_tiling, in_tiles
from beyne.predict.native import Enlarger, is_native, put_back
from beyne.predict.precision import NAMES, PrecisionChoice
from beyne.predict.tiling import ALIGNMENT, Tiling
from beyne.predict.transparency import bleed
from beyne.predict.values import Values, values_of_pictures

_ALPHA_HALO = 3  # pixels; a bicubic kernel reaches two


class Predictor:
    """Applies one model on one device.

    Args:
        model: The model; its network is moved to the device.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        precision: ``auto``, ``fp32``, ``bf16`` or ``fp16``.
        tile: Side in pixels of the pieces the picture is cut into, or ``auto``.

    Raises:
        UsageError: One of these is unknown or impossible here.
    """

    def __init__(
        self,
        model: Model,
        device: str = "auto",
        precision: str = "auto",
        tile: int | str = "auto",
    ) -> None:
        self.card: ModelCard = model.card
        self.device = find_device(device)
        assert isinstance(model.network, ImageNetwork)
        weights = sum(parameter.numel() for parameter in model.network.parameters())
        self._precision = PrecisionChoice(precision, self.device, weights)
        self._requested_precision = precision
        self._used: set[str] = set()
        # The memory layout in which convolutions were faster for every network and precision.
        self._network = model.network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        alignment = math.lcm(ALIGNMENT, self.card.size_multiple, self._network.alignment)
        if tile == "auto":
            self._tiling = chosen_tiling(self._network, self.device, alignment)
        else:
            self._tiling = Tiling(checked_tile(tile), self._network.halo, alignment=alignment)

    @property
    def precision(self) -> str:
        """What was computed in: ``bf16``, or ``bf16+fp32`` where pictures differed."""
        return "+".join(sorted(self._used)) or self._requested_precision

    @property
    def halo(self) -> int:
        """Input pixels around a region beyond which its result depends on none."""
        return int(self._network.halo) + REACH

    def apply(
        self,
        raster: Raster,
        scale: int | None = None,
        smooth: float = 0.0,
        consistent: bool | None = None,
        on_done: Callable[[float], None] | None = None,
        values: Values | None = None,
    ) -> Raster:
        """Do to a picture what the model is for: enlarge it, or translate it.

        Args:
            raster: Any size; bands as the model takes them, or as `fitted` brings them to that.
            scale: Enlargement; below the model's own, its result is shrunk. None: the model's.
            smooth: Standard deviation, in result pixels, of a Gaussian over the result; 0: none.
            consistent: Whether to project the result, after all else, onto the images that the
                model's A shrinks back to the input; None: as the model's card says, and always
                where the values are measurements.
            on_done: Told the finished fraction from time to time.
            values: What samples deeper than bytes are to a model that enlarges; None: as
                `beyne.predict.values.values_of_pictures` finds for this picture alone.

        Returns:
            The picture with samples of the same type (of 16 bits, where bytes are translated into
            what was learned from deeper pictures), and alpha and metadata kept, but the colour
            profile where the number of bands is another.

        Raises:
            UsageError: ``scale``, ``smooth`` or ``consistent`` is impossible.
            ImageError: The model was not made for this picture, or memory does not suffice.
        """
        scale = checked_scale(self.card, scale)
        checked_smooth(smooth)
        raster = fitted(raster, self.card)
        project = checked_consistent(self.card, scale, consistent, raster.measured)
        if self.card.job == "translate" and self.card.bits > 8:
            raster = _deep(raster)
        with torch.inference_mode():
            if is_native(raster, self.card):
                values = values or values_of_pictures(self.card, raster)
                enlarger = Enlarger(self, scale, smooth, project, raster.measured)
                output = enlarger.raster(raster, values, on_done)
            else:
                output = self._applied(raster, scale, smooth, project, on_done)
            alpha = None if raster.alpha is None else self._enlarged_alpha(raster.alpha, scale)
        icc = raster.icc if output.shape[2] == raster.channels else None
        treatment = Treatment(
            self.card.name, self.card.job, scale, self.card.operator, project, smooth
        )
        return replace(raster, icc=icc, treatment=treatment).with_pixels(output, alpha)

    def _applied(
        self,
        raster: Raster,
        scale: int,
        smooth: float,
        project: bool,
        on_done: Callable[[float], None] | None,
    ) -> Pixels:
        """What becomes of samples that are parts of their type's whole range."""
        finish = Finish(
            scale,
            smooth,
            consistent=project,
            grey=is_grey_for(raster, self.card) and self.card.job == "upscale",
            clip=raster.pixels.dtype.kind == "u",
        )
        known = raster.known
        pixels = raster.pixels if known is None else bleed(raster.pixels, known)
        size = pixels.shape[:2]
        pixels = _resampled(pixels, self._square(size))
        dtype = self._precision.of(raster, pixels, self._run)
        self._used.add(next(name for name, known in NAMES.items() if known == dtype))

        def function(tiles: list[Pixels]) -> list[Pixels]:
            batch = torch.cat([to_tensor(tile) for tile in tiles]).to(self.device)
            return _as_samples(self._enlarge(batch, finish, dtype), pixels.dtype)

        channels = 1 if finish.grey else self.card.channels_out
        halo = self._network.halo + finish.halo(self.card.scale)
        tiling = replace(self._tiling, halo=halo)
        output = in_tiles(function, pixels, (scale, channels, pixels.dtype), tiling, on_done)
        output = _resampled(output, (size[0] * scale, size[1] * scale))
        if raster.padding is not None and known is not None and channels == raster.channels:
            put_back(output, raster.pixels, ~known[..., None])
        return output

    def tiling_of_pieces(self, scale: int, smooth: float) -> Tiling:
        """How to cut a picture whose pieces are given to `piece` one by one."""
        projected = self.card.projected and not self._is_bare(scale)
        halo = self._network.reach + (EXACT_REACH if projected else 0)
        return replace(self._tiling, halo=halo + Finish(scale, smooth).halo(self.card.scale))

    def _is_bare(self, scale: int) -> bool:
        """Whether `piece` leaves out the network's own projection: repeated, it changes nothing."""
        return self.card.projected and scale == self.card.scale

    def piece(self, tiles: Tensor, scale: int, smooth: float) -> Tensor:
        """What becomes of a piece of a picture, neither clipped nor projected.

        Computed in float32, unless another precision was asked for by name: so what two pieces
        share hardly differs.

        Args:
            tiles: ``(N, C, H, W)`` in [0, 1]; one band may stand for the model's three. The result
                of a model that contains the projection must be projected by the caller.
            scale: As for `apply`, but a number, as is ``smooth``.

        Returns:
            ``(N, C, H·scale, W·scale)`` on the CPU.
        """
        finish = Finish(scale, smooth, grey=tiles.shape[1] < self.card.channels_in)
        dtype = NAMES.get(self._requested_precision, torch.float32)
        self._used.add(next(name for name, known in NAMES.items() if known == dtype))
        with torch.inference_mode():
            tiles = tiles.to(self.device)
            return self._enlarge(tiles, finish, dtype, self._is_bare(scale)).cpu()

    def _square(self, size: tuple[int, int]) -> tuple[int, int]:
        """The size that the network sees a whole picture of ``size`` in."""
        side = self.card.side
        return size if side is None else (side, side)

    def _enlarge(
        self, tiles: Tensor, finish: Finish, dtype: torch.dtype, bare: bool = False
    ) -> Tensor:
        """``(N, C, H, W)`` → ``(N, D, H·scale, W·scale)``, all that happens to a tile."""
        result = self._run(tiles, dtype, bare)
        if dtype == torch.float16 and not bool(result.isfinite().all()):
            # Beyond 65504: half precision overflowed.
            result = self._run(tiles, torch.float32, bare)
        return finish.after(result, tiles, self.card)

    def _run(self, tiles: Tensor, dtype: torch.dtype, bare: bool = False) -> Tensor:
        """The network itself, in a precision, for tiles of any size; float32 comes back.

        ``bare`` leaves out its own projection.
        """
        height, width = tiles.shape[-2:]
        multiple, scale = self.card.size_multiple, self.card.scale
        padding = (0, -width % multiple, 0, -height % multiple)
        if any(padding):
            tiles = F.pad(tiles, padding, mode="replicate")
        if tiles.shape[1] < self.card.channels_in:
            tiles = tiles.expand(-1, self.card.channels_in, -1, -1)
        tiles = tiles.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, dtype, enabled=dtype != torch.float32):
            result: Tensor = (self._network.enlarge if bare else self._network)(tiles)
        return result[..., : height * scale, : width * scale].float()

    def _enlarged_alpha(self, alpha: Pixels, scale: int) -> Pixels:
        def function(tiles: list[Pixels]) -> list[Pixels]:
            batch = torch.cat([to_tensor(tile) for tile in tiles])
            size = (batch.shape[-2] * scale, batch.shape[-1] * scale)
            return _as_samples(resize(batch, size).clamp_(0, 1), alpha.dtype)

        tiling = replace(self._tiling, halo=_ALPHA_HALO)
        return in_tiles(function, alpha[..., None], (scale, 1, alpha.dtype), tiling)[..., 0]


def _deep(raster: Raster) -> Raster:
    """Bytes as 16 bits."""
    if raster.pixels.dtype != np.uint8:
        return raster
    deep = np.dtype(np.uint16)
    alpha = None if raster.alpha is None else converted(raster.alpha, deep)
    return raster.with_pixels(converted(raster.pixels, deep), alpha)


def _as_samples(images: Tensor, dtype: np.dtype[Any]) -> list[Pixels]:
    """``(N, C, H, W)`` in [0, 1] as N pictures ``(H, W, C)``."""
    return [from_tensor(image[None], dtype) for image in images]


def _resampled(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """``(H, W, C)`` brought to a size by the antialiased bicubic, clamped to [0, 1]."""
    if pixels.shape[:2] == size:
        return pixels
    return from_tensor(resize(to_tensor(pixels), size).clamp(0, 1), pixels.dtype)
