"""The verbs of beyne for Python. The command line calls these and holds no logic of its own."""

from beyne.api.data import check, preview
from beyne.api.many_files import translate_files, upscale_files
from beyne.api.models import blend_models, export_model
from beyne.api.one_picture import LoadedModel, generate, load, save, translate, upscale
from beyne.api.training import dry_run, train

__all__ = [
    "LoadedModel",
    "blend_models",
    "check",
    "dry_run",
    "export_model",
    "generate",
    "load",
    "preview",
    "save",
    "train",
    "translate",
    "translate_files",
    "upscale",
    "upscale_files",
]
