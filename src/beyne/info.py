"""What this machine and this installation are: the first thing to send with a question."""

from __future__ import annotations

import os
import platform
import re
from importlib import metadata
from typing import Any

from beyne.hardware import machine_memory

# Of all that processors can, what decides how fast a network runs.
_INSTRUCTIONS = (
    "avx2",
    "avx512_f",
    "avx512_vnni",
    "avx512_bf16",
    "amx_tile",
    "amx_int8",
    "amx_bf16",
    "amx_fp16",
)


def report() -> dict[str, Any]:
    """Versions, processor, memory, GPUs, extras, folders and built-in models, as plain values."""
    import torch

    from beyne.zoo import builtin

    return {
        "beyne": metadata.version("beyne"),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "system": platform.platform(terse=True),
        "processor": _processor(),
        "memory_gib": _memory_gib(),
        "gpus": _gpus(),
        "extras": _extras(),
        "folders": {
            "weights": os.environ.get("BEYNE_WEIGHTS", ""),
        },
        "models": builtin(),
    }


def versions() -> str:
    """What results may depend on, in one line."""
    import torch

    parts = ("beyne", metadata.version("beyne")), ("torch", torch.__version__)
    python = ("Python", platform.python_version())
    return ", ".join(f"{name} {number}" for name, number in (*parts, python))


def hardware() -> str:
    """This machine in one line."""
    processor, memory = _processor(), _memory_gib()
    parts = [f"{processor['name']}, {processor['cores']} cores", *_gpus()]
    return "; ".join([*parts, f"{memory} GiB of memory"] if memory else parts)


def _processor() -> dict[str, Any]:
    import torch

    # Older versions of torch do not say.
    known: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "name": known.get("cpu_name") or platform.processor() or platform.machine(),
        "cores": cores,
        "threads": torch.get_num_threads(),
        "level": torch.backends.cpu.get_cpu_capability(),
        "instructions": [name for name in _INSTRUCTIONS if known.get(name)],
    }


def _memory_gib() -> float | None:
    total = machine_memory()
    return None if total is None else round(total / 2**30, 1)


def _gpus() -> list[str]:
    import torch

    names = []
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        names.append(f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB")
    if torch.backends.mps.is_available():
        names.append("Apple GPU (mps)")
    return names


def _extras() -> dict[str, bool]:
    """Extra → whether all its packages are installed."""
    extras: dict[str, bool] = {}
    for requirement in metadata.requires("beyne") or []:
        match = re.match(r"([\w.-]+).*extra == ['\"](\w+)['\"]", requirement)
        if match and match[1] != "beyne":  # extras made of other extras need no line
            extras[match[2]] = extras.get(match[2], True) and _installed(match[1])
    return extras


def _installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True
