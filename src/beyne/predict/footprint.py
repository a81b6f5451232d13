"""How large tiles may be: what the network holds in memory, and what there is of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from beyne.errors import ImageError, UsageError, is_out_of_memory
from beyne.images.raster import Pixels
from beyne.networks import ImageNetwork
from beyne.predict.tiling import TileFunction, Tiling, apply_in_tiles

#: Smallest side of a tile; below it nearly all would be context.
SMALLEST_TILE = 16

# On a CPU throughput grows up to this side and stays level from there, memory does not. A picture
# a little larger is still better not cut: the context of its tiles would be a quarter more work.
_LARGEST_TILE = 384
_LARGEST_WHOLE = 320_000
_MOST_TILES_AT_ONCE = 8
_CPU_BYTES = 1536 << 20
_PROBE_SIDE = 8
# The most that a network held at once, over its largest activation, was measured as 3.2 (rrdb,
# srresnet) to 6 (span, whose activations are small).
_LIVE_ACTIVATIONS = 3.5


def chosen_tiling(network: ImageNetwork, device: torch.device, alignment: int) -> Tiling:
    """How to cut pictures so that memory stays bounded and little is computed twice.

    Args:
        network: On ``device``.
        device: On a GPU, half of its free memory is used; on a CPU, 1.5 GiB.
        alignment: As in `Tiling`.
    """
    pixels = int(_memory(device) / _bytes_per_pixel(network, device))
    context = 2 * network.halo + 2
    core = min(math.isqrt(pixels) - context, _LARGEST_TILE)
    core = max(core, 2 * SMALLEST_TILE)
    at_once = pixels // (core + context) ** 2 if device.type == "cuda" else 1
    batch = min(max(at_once, 1), _MOST_TILES_AT_ONCE)
    whole = pixels if network.needs_whole else min(pixels, _LARGEST_WHOLE)
    return Tiling(core, network.halo, batch, alignment, whole)


def _memory(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0]) // 2
    return _CPU_BYTES


def _bytes_per_pixel(network: ImageNetwork, device: torch.device) -> float:
    """Estimated float32 memory for each input pixel, from a run over very few pixels."""
    largest, side = 0, math.lcm(_PROBE_SIDE, network.alignment)

    def note(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        nonlocal largest
        for value in (*inputs, output):
            if isinstance(value, Tensor):
                largest = max(largest, value.numel())

    hooks: list[Callable[[], None]] = [
        module.register_forward_hook(note).remove for module in network.modules()
    ]
    try:
        with torch.inference_mode():
            network(torch.zeros(1, network.config.channels_in, side, side).to(device))
    finally:
        for remove in hooks:
            remove()
    return 4 * _LIVE_ACTIVATIONS * largest / side**2


def in_tiles(
    function: TileFunction,
    pixels: Pixels,
    result: tuple[int, int, np.dtype[Any]],
    tiling: Tiling,
    on_done: Callable[[float], None] | None = None,
) -> Pixels:
    """A function over a whole picture; tiles are made smaller until memory suffices.

    Args:
        function: As for `beyne.predict.tiling.apply_in_tiles`, as are ``tiling`` and ``on_done``.
        pixels: ``(H, W, C)``.
        result: Enlargement, channels and sample type of what is made.
        tiling: See above.
        on_done: See above.

    Raises:
        ImageError: Memory does not suffice for the result, or for the smallest tile.
    """
    (height, width), (scale, channels, dtype) = pixels.shape[:2], result
    try:
        output = np.empty((height * scale, width * scale, channels), dtype)
    except MemoryError:
        raise ImageError("the result does not fit into memory", "cut the picture") from None
    while True:
        try:
            apply_in_tiles(function, pixels, output, tiling, on_done)
            return output
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
        # For this picture only: the next one may well fit.
        tiling = smaller(tiling, height, width)
        torch.cuda.empty_cache()


def checked_tile(tile: int | str) -> int:
    """Side of a tile as it was asked for.

    Raises:
        UsageError: It is no number, or too small.
    """
    text = str(tile)
    if not text.isdecimal() or int(text) < SMALLEST_TILE:
        problem = f"--tile {tile}: not a number of pixels from {SMALLEST_TILE} on"
        raise UsageError(problem, "--tile auto")
    return int(text)


def smaller(tiling: Tiling, height: int, width: int) -> Tiling:
    """Fewer tiles at once, or tiles of half the side.

    Raises:
        ImageError: They can't be any smaller.
    """
    if tiling.batch > 1:
        return replace(tiling, batch=tiling.batch // 2)
    longest = max(height, width)
    was_whole = height * width <= tiling.whole
    core = (longest if was_whole else min(longest, tiling.core)) // 2
    if core < SMALLEST_TILE:
        raise ImageError(
            "memory does not suffice, however small the tiles",
            "close other programs, or compute elsewhere with --device",
        )
    return replace(tiling, core=core, whole=0)
