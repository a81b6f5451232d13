"""How large tiles may be, from what the network itself holds in memory."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from beyne.networks import ImageNetwork

#: Smallest side of a tile; below it nearly all would be context.
SMALLEST_TILE = 16

# On a CPU throughput grows up to this side and stays level from there, memory does not.
_LARGEST_TILE = 384
_MOST_TILES_AT_ONCE = 8
_CPU_BYTES = 1536 << 20
_PROBE_SIDE = 8
# The most that a network held at once, over its largest activation, was measured as 3.2 (rrdb,
# srresnet) to 6 (span, whose activations are small).
_LIVE_ACTIVATIONS = 3.5


def tile_size(network: ImageNetwork, device: torch.device) -> tuple[int, int]:
    """Side of a tile without its context, and tiles to compute at once.

    Args:
        network: On ``device``.
        device: On a GPU, half of its free memory is used; on a CPU, 1.5 GiB.
    """
    pixels = _memory(device) / _bytes_per_pixel(network, device)
    context = 2 * network.halo + 2
    core = min(int(math.sqrt(pixels)) - context, _LARGEST_TILE)
    core = max(core, 2 * SMALLEST_TILE)
    if device.type != "cuda":
        return core, 1
    return core, int(min(max(pixels // (core + context) ** 2, 1), _MOST_TILES_AT_ONCE))


def _memory(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0]) // 2
    return _CPU_BYTES


def _bytes_per_pixel(network: ImageNetwork, device: torch.device) -> float:
    """Estimated float32 memory for each input pixel, from a run over very few pixels."""
    largest = 0

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
            network(torch.zeros(1, network.config.channels_in, _PROBE_SIDE, _PROBE_SIDE).to(device))
    finally:
        for remove in hooks:
            remove()
    return 4 * _LIVE_ACTIVATIONS * largest / _PROBE_SIDE**2
