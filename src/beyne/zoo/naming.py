"""Weights as the community publishes them → one dictionary under the names beyne uses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional as F

from beyne.errors import UsageError
from beyne.header import read_header

Tensors = dict[str, Tensor]

# Trainers wrap the weights; the averaged ones are the better.
_WRAPPERS = ("params_ema", "params", "state_dict", "model_state_dict", "generator", "model")
_PREFIXES = ("module.", "_orig_mod.", "generator.", "net_g.", "netG.")

_RENAMES = (
    # The first ESRGAN: a nest of unnamed layers.
    (r"model\.0\.", "conv_first."),
    (r"model\.1\.sub\.(\d+)\.RDB(\d)\.conv(\d)\.0\.", r"body.\1.rdb\2.conv\3."),
    (r"model\.1\.sub\.\d+\.(?=weight|bias)", "conv_body."),
    # ESRGAN's own repository, later.
    (r"RRDB_trunk\.(\d+)\.RDB(\d)\.", r"body.\1.rdb\2."),
    (r"trunk_conv\.", "conv_body."),
    (r"upconv(\d)\.", r"conv_up\1."),
    (r"HRconv\.", "conv_hr."),
    # SRResNet, its reproduction's later names.
    (r"conv([123])\.", r"conv_block\1."),
)


def read_weights(path: Path) -> Tensors:
    """The tensors of a published file under beyne's names, float32.

    Args:
        path: ``.safetensors``, or a PyTorch file of any suffix; no code in it is run.

    Raises:
        UsageError: The file is missing, damaged or holds more than tensors.
    """
    content: Any = _read_safetensors(path) if _is_safetensors(path) else _read_pickle(path)
    while isinstance(content, Mapping):
        inner = next(
            (content[key] for key in _WRAPPERS if isinstance(content.get(key), Mapping)), None
        )
        if inner is None:
            break
        content = inner
    if not isinstance(content, Mapping) or not content:
        raise UsageError(f"{path} holds no weights", "give the file of a trained network")
    others = [
        name
        for name, value in content.items()
        if not (isinstance(name, str) and isinstance(value, Tensor))
    ]
    if others:
        raise UsageError(
            f"{path} holds more than weights ({others[0]})", "save its state_dict alone"
        )
    return _canonical(dict(content))


def _is_safetensors(path: Path) -> bool:
    if not path.is_file():
        raise UsageError(f"{path} does not exist", "check the path")
    return path.suffix.lower() == ".safetensors"


def _read_safetensors(path: Path) -> Tensors:
    if "beyne" in read_header(path).metadata:
        raise UsageError(f"{path} is a beyne model already", f"use it as it is: --model {path}")
    try:
        return dict(load_file(path))
    except SafetensorError as error:
        raise UsageError(f"{path} is damaged ({error})", "download it again") from None


def _read_pickle(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # a damaged pickle may raise anything
        remedy = "it is damaged, or holds code, which beyne never runs; save its state_dict alone"
        raise UsageError(f"{path} can't be opened as weights", remedy) from None


def _canonical(tensors: Tensors) -> Tensors:
    for prefix in _PREFIXES:
        if all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
    names = {name: _renamed(name) for name in tensors} | _tail_names(tensors)
    tensors = {names[name]: tensor for name, tensor in tensors.items()}
    tensors = {n: t.float() if t.is_floating_point() else t for n, t in tensors.items()}
    return _with_fused_branches(tensors)


def _renamed(name: str) -> str:
    for pattern, replacement in _RENAMES:
        name, hits = re.subn(f"^{pattern}", replacement, name)
        if hits:
            break
    return name


def _tail_names(tensors: Tensors) -> dict[str, str]:
    """The first ESRGAN's layers after the body: the steps, then ``conv_hr``, ``conv_last``."""
    tail = [match for name in tensors if (match := re.fullmatch(r"model\.(\d+)\.(\w+)", name))]
    numbers = sorted({int(match[1]) for match in tail} - {0})
    ends = ["conv_last", "conv_hr", *(f"conv_up{n}" for n in range(len(numbers) - 2, 0, -1))]
    names = dict(zip(reversed(numbers), ends, strict=False))
    return {match[0]: f"{names[int(match[1])]}.{match[2]}" for match in tail if match[1] != "0"}


def _with_fused_branches(tensors: Tensors) -> Tensors:
    """SPAN's training branches multiplied out; the kernel stored beside them may be out of date."""
    layers = [
        name.removesuffix("sk.weight")
        for name in tensors
        if name.endswith(".sk.weight") and name.replace("sk.weight", "conv.0.weight") in tensors
    ]
    for layer in layers:
        expand, mix, project = (tensors.pop(f"{layer}conv.{i}.weight") for i in range(3))
        bias_1, bias_2, bias_3 = (tensors.pop(f"{layer}conv.{i}.bias") for i in range(3))
        direct, direct_bias = tensors.pop(f"{layer}sk.weight"), tensors.pop(f"{layer}sk.bias")
        expand, project = expand.flatten(1), project.flatten(1)  # 1×1 kernels as matrices
        kernel = torch.einsum("om,mnyx,ni->oiyx", project, mix, expand)
        # Training pads with zeros before the first bias, so the biases reach the border, too.
        inner_bias = mix.sum((2, 3)) @ bias_1 + bias_2
        tensors[f"{layer}eval_conv.weight"] = kernel + F.pad(direct, (1, 1, 1, 1))
        tensors[f"{layer}eval_conv.bias"] = project @ inner_bias + bias_3 + direct_bias
    return tensors
