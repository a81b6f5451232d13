"""What the processor computes in, asked of torch."""

from __future__ import annotations


def cpu_computes_bf16() -> bool:
    """Whether the CPU has instructions for bfloat16 (AVX512-BF16 or AMX)."""
    import torch

    # Private to torch, and absent from its older versions: then float32 it is.
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, name, lambda: False)()) for name in names)
