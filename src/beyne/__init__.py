"""Train, compare and apply image GANs on small image sets, with results you can defend.

>>> import beyne
>>> raster = beyne.load("photo-x4").upscale("photo.jpg")
>>> beyne.save(raster, "photo-large.png")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from beyne.api import (
        LoadedModel,
        blend_models,
        check,
        dry_run,
        export_model,
        generate,
        load,
        preview,
        save,
        train,
        translate,
        translate_files,
        upscale,
        upscale_files,
    )
    from beyne.comparison.compare import compare
    from beyne.errors import BeyneError
    from beyne.evaluation.evaluate import evaluate
    from beyne.evaluation.generators import memorisation
    from beyne.generation import generate_files
    from beyne.images import Raster, read

    __version__: str

#: Public name → the module that holds it, imported when the name is first used.
_HOMES = {
    "BeyneError": "beyne.errors",
    "LoadedModel": "beyne.api",
    "Raster": "beyne.images",
    "blend_models": "beyne.api",
    "check": "beyne.api",
    "compare": "beyne.comparison.compare",
    "dry_run": "beyne.api",
    "evaluate": "beyne.evaluation.evaluate",
    "export_model": "beyne.api",
    "generate": "beyne.api",
    "generate_files": "beyne.generation",
    "load": "beyne.api",
    "memorisation": "beyne.evaluation.generators",
    "preview": "beyne.api",
    "read": "beyne.images",
    "save": "beyne.api",
    "train": "beyne.api",
    "translate": "beyne.api",
    "translate_files": "beyne.api",
    "upscale": "beyne.api",
    "upscale_files": "beyne.api",
}

__all__ = [
    "BeyneError",
    "LoadedModel",
    "Raster",
    "__version__",
    "blend_models",
    "check",
    "compare",
    "dry_run",
    "evaluate",
    "export_model",
    "generate",
    "generate_files",
    "load",
    "memorisation",
    "preview",
    "read",
    "save",
    "train",
    "translate",
    "translate_files",
    "upscale",
    "upscale_files",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("beyne")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'beyne' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
