"""Model files out of model files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from beyne.zoo import find

if TYPE_CHECKING:
    from beyne.export import Export


def blend_models(
    first: str | Path,
    second: str | Path,
    output: str | Path,
    alpha: float = 0.5,
    half: bool = False,
    overwrite: bool = False,
) -> Path:
    """Mix two models of one network into a model file.

    Args:
        first: Name or file of the model at ``alpha`` 0, as is ``second`` of that at 1.
        output: The file to write, named after the model it holds.
        alpha: Weight of ``second``, in [0, 1].
        half: Store float16.
        overwrite: Replace the file.

    Raises:
        UsageError: The networks differ, ``alpha`` lies outside [0, 1], or the file is there.
    """
    from beyne.blend import blend
    from beyne.bundle import load as load_model
    from beyne.bundle import save as save_model
    from beyne.files import check_free

    path = Path(output)
    check_free(path, overwrite)
    mixed = blend(load_model(find(str(first))), load_model(find(str(second))), alpha, path.stem)
    save_model(path, mixed.card, mixed.network, half)
    return path


def export_model(model: str | Path, output: str | Path, overwrite: bool = False) -> Export:
    """Write a model as ONNX and compare it with PyTorch; what was found is returned.

    Raises:
        UsageError: There is no such model, it can't be exported, or the file is there.
        MissingExtraError: ONNX is not installed.
    """
    from beyne.bundle import load as load_model
    from beyne.export import export
    from beyne.files import check_free

    check_free(Path(output), overwrite)
    return export(load_model(find(str(model))), Path(output))
