"""Where to compute."""

from __future__ import annotations

import torch

from beyne.errors import UsageError


def find_device(name: str) -> torch.device:
    """The device called ``auto`` (the best there is), ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

    Raises:
        UsageError: The name is unknown or this machine has no such device.
    """
    has_cuda, has_mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda" if has_cuda else "mps" if has_mps else "cpu")
    kind, _, index = name.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (index and not index.isdecimal()):
        raise UsageError(f"there is no device '{name}'", "use auto, cpu, cuda, cuda:1 or mps")
    there = {"cpu": not index, "mps": has_mps and not index}
    there["cuda"] = has_cuda and int(index or 0) < torch.cuda.device_count()
    if not there[kind]:
        raise UsageError(f"this machine or this build of torch has no {name}", "--device auto")
    return torch.device(name)
