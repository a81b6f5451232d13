"""What this machine is: its memory, and what its processor computes in."""

from __future__ import annotations

import os


def machine_memory() -> int | None:
    """Bytes of memory of this machine; None where the system does not tell (Windows)."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def cpu_computes_bf16() -> bool:
    """Whether the CPU has instructions for bfloat16 (AVX512-BF16 or AMX)."""
    import torch

    # Private to torch, and absent from its older versions: then float32 it is.
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, name, lambda: False)()) for name in names)
