"""What makes two calls the same study: arms, pictures and length, told by their contents."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from beyne.comparison.arms import Arm
from beyne.errors import UsageError
from beyne.evaluation.enlargers import PLAIN, model_file
from beyne.files import write_whole


def check_record(folder: Path, call: Mapping[str, Any], kind: str = "comparison") -> None:
    """Raise a `UsageError` if the folder holds anything but this study, or nothing."""
    path = folder / f"{kind}.json"
    if not path.is_file():
        if folder.is_dir() and any(path.name[0] != "." for path in folder.iterdir()):
            problem = f"{folder} is not empty and holds no {kind}"
            raise UsageError(problem, "use another -o")
        return
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise UsageError(f"{path} is damaged", "use another -o") from None
    changed = [name for name, value in call.items() if before.get(name) != value]
    if changed:
        problem = f"{folder} holds another {kind}: {', '.join(changed)} differ"
        raise UsageError(problem, "use another -o")


def write_record(folder: Path, call: Mapping[str, Any], kind: str = "comparison") -> None:
    """Note in the folder which study it holds."""
    write_whole(folder / f"{kind}.json", json.dumps(call, indent=1).encode())


def identity(arm: Arm) -> str:
    """What an arm is, as text that changes with it."""
    if not arm.trained:
        return arm.source if arm.source in PLAIN else _content(arm.source)
    recipe = arm.recipe()
    start = _content(recipe.train.start) if recipe.train.start else ""
    return start + json.dumps(recipe.plain(), sort_keys=True)


def _content(model: str) -> str:
    return digest(model_file(model))


def digest(path: Path) -> str:
    """What a file holds, as text that changes with it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
