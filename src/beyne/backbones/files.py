"""Published weights files → tensors under a backbone's names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from beyne.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    import h5py

    from beyne.backbones.blocks import Backbone

Tensors = dict[str, Tensor]

_BATCH_NORM = ("weight", "bias", "running_mean", "running_var")
_CONVOLUTION = ("weight", "bias")


def read_tensors(path: Path, backbone: Backbone | None = None) -> Tensors:
    """The tensors of a weights file in float32.

    Args:
        path: ``.safetensors``, ``.h5`` written by Keras, or a PyTorch file of any other suffix, of
            which no code is run.
        backbone: Whose weights they are, which says how to read those of Keras.

    Raises:
        UsageError: The file is missing, damaged or holds something else.
    """
    suffix = path.suffix.lower()
    try:
        if suffix == ".safetensors":
            content: Any = load_file(path)
        elif suffix == ".h5":
            content = _read_keras(path, backbone)
        else:
            content = torch.load(path, map_location="cpu", weights_only=True)
    except UsageError:
        raise
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist", "check the path") from None
    except (SafetensorError, OSError, KeyError) as error:
        raise UsageError(f"{path} is damaged ({error})", "download it again") from None
    except Exception:  # a damaged pickle may raise anything
        problem = f"{path} can't be opened as weights"
        raise UsageError(problem, "it is damaged, or holds code, which is never run") from None
    if not isinstance(content, Mapping):
        raise UsageError(f"{path} holds no weights", "give the file of a state_dict")
    return {name: t.float() for name, t in content.items() if isinstance(t, Tensor)}


def _read_keras(path: Path, backbone: Backbone | None) -> Tensors:
    modules = backbone.keras_modules() if backbone else {}
    if backbone is None or not modules:
        raise UsageError(f"{path} is a Keras file, and of this network there is none")
    try:
        import h5py
    except ImportError:
        raise MissingExtraError("h5py", "train") from None
    tensors: Tensors = {}
    with h5py.File(path) as file:
        found = _numbered(file, backbone, modules) if "layers" in file else _named(file, modules)
        for module, arrays in found.items():
            kind = backbone.get_submodule(module)
            names = _BATCH_NORM if isinstance(kind, nn.BatchNorm2d) else _CONVOLUTION
            for name, array in zip(names, arrays, strict=False):
                tensors[f"{module}.{name}"] = _as_torch(torch.from_numpy(array[()]), kind)
    return tensors


def _named(file: h5py.File, modules: Mapping[str, str]) -> dict[str, list[h5py.Dataset]]:
    """The layout of the published files: a group a layer, the weights in Keras' order."""
    root = file.get("model_weights", file)
    layers = {
        name: [group[weight] for weight in group.attrs["weight_names"]]
        for name, group in ((_text(layer), root[layer]) for layer in root.attrs["layer_names"])
    }
    filled = {name: weights for name, weights in layers.items() if weights}
    if not modules.keys() & filled.keys():
        # Keras itself goes by order, so some published files name their layers otherwise.
        filled = dict(zip(modules, filled.values(), strict=False))
    return {modules[name]: weights for name, weights in filled.items() if name in modules}


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name


def _numbered(
    file: h5py.File, backbone: Backbone, modules: Mapping[str, str]
) -> dict[str, list[h5py.Dataset]]:
    """The layout of Keras 3's ``.weights.h5``: layers are counted by class."""
    counts: Counter[str] = Counter()
    layers: dict[str, list[h5py.Dataset]] = {}
    for module in modules.values():
        kind = backbone.get_submodule(module)
        name = "batch_normalization" if isinstance(kind, nn.BatchNorm2d) else "conv2d"
        name = f"depthwise_{name}" if _is_depthwise(kind) else name
        group = file[f"layers/{name}_{counts[name]}" if counts[name] else f"layers/{name}"]["vars"]
        counts[name] += 1
        layers[module] = [group[str(index)] for index in range(len(group))]
    return layers


def _is_depthwise(module: nn.Module) -> bool:
    return isinstance(module, nn.Conv2d) and module.groups > 1


def _as_torch(array: Tensor, module: nn.Module) -> Tensor:
    """Kernels: height, width, in, out → out, in, height, width."""
    if array.dim() != 4:
        return array
    return array.permute(2, 3, 0, 1) if _is_depthwise(module) else array.permute(3, 2, 0, 1)
