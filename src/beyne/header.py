"""The header of a safetensors file: what it says of itself and of its tensors, without torch."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

from beyne.errors import UsageError


class Header(NamedTuple):
    """The header of a safetensors file: its metadata, and the shape of each tensor by name."""

    metadata: dict[str, Any]
    shapes: dict[str, tuple[int, ...]]


def read_header(path: Path) -> Header:
    """Read only the header of any safetensors file; quick, and torch is not imported.

    Raises:
        UsageError: The file is missing, cut short or not safetensors.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            text = file.read(min(length, size))
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist", "check the path") from None
    except OSError as error:
        raise UsageError(f"{path} can't be read ({error.strerror})") from None
    if not text.startswith(b"{"):
        problem = f"{path} is not a safetensors file"
        raise UsageError(problem, f"if it holds published weights: beyne models import {path}")
    if len(text) < length:
        raise damaged(path, "it is cut short")
    try:
        header = json.loads(text)
        metadata = dict(header.pop("__metadata__", {}))
        shapes = {name: tuple(map(int, entry["shape"])) for name, entry in header.items()}
        end = max((int(entry["data_offsets"][1]) for entry in header.values()), default=0)
    except (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError):
        raise damaged(path, "its header can't be read") from None
    if size < 8 + length + end:
        raise damaged(path, "it is cut short")
    return Header(metadata, shapes)


def weights_digest(path: Path) -> str:
    """SHA-256 of a safetensors file's tensors, first 16 hex digits; its metadata don't count."""
    with path.open("rb") as file:
        file.seek(int.from_bytes(file.read(8), "little"), 1)
        return hashlib.sha256(file.read()).hexdigest()[:16]


def damaged(path: Path, how: str) -> UsageError:
    """The error of a model file that is not as it was written."""
    return UsageError(f"{path} is damaged: {how}", "download or copy it again")
