"""Model file → ONNX, for programs that do not use PyTorch. Nothing unproven is left on disk."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from beyne.bundle import Model
from beyne.errors import BeyneError, MissingExtraError, UsageError
from beyne.files import write_whole

if TYPE_CHECKING:
    from torch import Tensor

#: Version of the ONNX operator set that is written; onnxruntime 1.16 and later run it.
OPSET = 18

#: Greatest difference from PyTorch, in units of white, with which a file is accepted.
TOLERANCE = 1e-4

_SIZES = ((24, 20), (37, 51))  # heights and widths, other than the one that is traced
_TRACED = (2, 33, 29)  # neither 1 nor equal sizes: those would be taken for constants


class Export(NamedTuple):
    """What an export proved: operator set, tested sizes (H, W), greatest difference."""

    opset: int
    sizes: tuple[tuple[int, int], ...]
    difference: float


def export(model: Model, path: Path) -> Export:
    """Write an ONNX file that takes any batch, height and width.

    Input ``image`` is float32 ``(N, C, H, W)`` in [0, 1], output ``result`` the same at ×scale,
    not clamped. A generator's inputs are ``latent``, normally distributed float32 ``(N, L)``, and
    if it has labels their numbers ``label``, int64 ``(N,)``. The model's card is kept in the
    file's metadata. The result is compared with PyTorch's in onnxruntime before the file appears.

    Raises:
        MissingExtraError: onnx, onnxscript or onnxruntime is not installed.
        UsageError: The network ends in the projection onto its input, or takes texts.
        BeyneError: The network can't be expressed, or the results differ by more than 1e-4.
    """
    if model.card.projected:
        problem = f"{model.card.name} ends in the projection onto its input"
        raise UsageError(f"{problem}, which can't be written as ONNX", "use it with beyne upscale")
    if model.encoder:
        problem = f"{model.card.name} reads texts, which can't be written as ONNX"
        raise UsageError(problem, "use it with beyne generate --text")
    for package in ("onnx", "onnxscript", "onnxruntime"):
        if find_spec(package) is None:
            raise MissingExtraError(package, "onnx")
    proto = _traced(model)
    _describe(proto, model)
    data = proto.SerializeToString()
    sizes = _sizes(model)
    proof = Export(OPSET, sizes, max(_difference(model, data, size) for size in sizes))
    if not proof.difference <= TOLERANCE:
        problem = f"the ONNX form of {model.card.name} differs by {proof.difference:.2g} of white"
        raise BeyneError(problem, f"at most {TOLERANCE:g} is accepted, nothing was written")
    write_whole(path, data)
    return proof


def _traced(model: Model) -> Any:
    import torch

    dynamic = torch.export.Dim.DYNAMIC
    inputs, axes = _inputs(model, *_TRACED), (0,) if _generates(model) else (0, 2, 3)
    try:
        with _quiet():
            program = torch.onnx.export(
                model.network,
                tuple(inputs.values()),
                dynamo=True,
                opset_version=OPSET,
                input_names=list(inputs),
                output_names=["result"],
                dynamic_shapes=tuple(dict.fromkeys(axes, dynamic) for _ in inputs),
                verbose=False,
            )
    except torch.onnx.errors.OnnxExporterError as error:
        reason = str(error).partition("\n")[0]
        raise BeyneError(f"{model.card.name} can't be expressed in ONNX ({reason})") from error
    assert program is not None
    return program.model_proto


def _sizes(model: Model) -> tuple[tuple[int, int], ...]:
    """Heights and widths to prove it at."""
    fields = model.card.generator
    return ((fields["height"], fields["width"]),) if _generates(model) else _SIZES


def _generates(model: Model) -> bool:
    return model.card.job == "generate"


def _inputs(model: Model, number: int, height: int, width: int) -> dict[str, Tensor]:
    """Random inputs by name: ``number`` images of a size, or latents and labels."""
    import torch

    random, card = torch.Generator().manual_seed(0), model.card
    if not _generates(model):
        return {"image": torch.rand(number, card.channels_in, height, width, generator=random)}
    inputs = {"latent": torch.randn(number, card.generator["latent"], generator=random)}
    if card.labels:
        inputs["label"] = torch.randint(len(card.labels), (number,), generator=random)
    return inputs


def _describe(proto: Any, model: Model) -> None:
    card = model.card
    words = {
        "beyne": json.dumps(card.model_dump(mode="json"), ensure_ascii=False),
        "scale": str(card.scale),
        "licence": card.licence,
        "credit": card.credit,
    }
    for key, value in words.items():
        proto.metadata_props.add(key=key, value=value)
    proto.producer_name, proto.doc_string = "beyne", card.description
    # The exporter names free sizes after its own variables; name them for people.
    for values, factor in ((proto.graph.input, ""), (proto.graph.output, "_scaled")):
        names = ("batch", "", f"height{factor}", f"width{factor}")
        for value in values:
            for size, name in zip(value.type.tensor_type.shape.dim, names, strict=False):
                if size.dim_param:
                    size.dim_param = name


def _difference(model: Model, data: bytes, size: tuple[int, int]) -> float:
    import onnxruntime
    import torch

    inputs = _inputs(model, 1, *size)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    (result,) = session.run(["result"], {name: given.numpy() for name, given in inputs.items()})
    with torch.inference_mode():
        expected = model.network(*inputs.values())
    return float((torch.from_numpy(result) - expected).abs().max())


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back the exporter's notes to its own developers."""
    logger = logging.getLogger("torch.onnx._internal.exporter")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
