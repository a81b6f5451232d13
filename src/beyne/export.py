"""Model file → ONNX, for programs that do not use PyTorch. Nothing unproven is left on disk."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from beyne.bundle import Model
from beyne.errors import BeyneError, MissingExtraError, UsageError
from beyne.files import write_whole

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
    not clamped. The model's card is kept in the file's metadata. The result is compared with
    PyTorch's in onnxruntime before the file appears.

    Raises:
        MissingExtraError: onnx, onnxscript or onnxruntime is not installed.
        UsageError: The network ends in the projection onto its input.
        BeyneError: The network can't be expressed, or the results differ by more than 1e-4.
    """
    if model.card.projected:
        problem = f"{model.card.name} ends in the projection onto its input"
        raise UsageError(f"{problem}, which can't be written as ONNX", "use it with beyne upscale")
    for package in ("onnx", "onnxscript", "onnxruntime"):
        if find_spec(package) is None:
            raise MissingExtraError(package, "onnx")
    proto = _traced(model)
    _describe(proto, model)
    data = proto.SerializeToString()
    proof = Export(OPSET, _SIZES, max(_difference(model, data, size) for size in _SIZES))
    if not proof.difference <= TOLERANCE:
        problem = f"the ONNX form of {model.card.name} differs by {proof.difference:.2g} of white"
        raise BeyneError(problem, f"at most {TOLERANCE:g} is accepted, nothing was written")
    write_whole(path, data)
    return proof


def _traced(model: Model) -> Any:
    import torch

    batch, height, width = _TRACED
    dynamic = torch.export.Dim.DYNAMIC
    try:
        with _quiet():
            program = torch.onnx.export(
                model.network,
                (torch.zeros(batch, model.card.channels_in, height, width),),
                dynamo=True,
                opset_version=OPSET,
                input_names=["image"],
                output_names=["result"],
                dynamic_shapes=({0: dynamic, 2: dynamic, 3: dynamic},),
                verbose=False,
            )
    except torch.onnx.errors.OnnxExporterError as error:
        reason = str(error).partition("\n")[0]
        raise BeyneError(f"{model.card.name} can't be expressed in ONNX ({reason})") from error
    assert program is not None
    return program.model_proto


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
    for value, factor in ((proto.graph.input[0], ""), (proto.graph.output[0], "_scaled")):
        names = ("batch", None, f"height{factor}", f"width{factor}")
        for size, name in zip(value.type.tensor_type.shape.dim, names, strict=True):
            if name:
                size.dim_param = name


def _difference(model: Model, data: bytes, size: tuple[int, int]) -> float:
    import onnxruntime
    import torch

    image = torch.rand(1, model.card.channels_in, *size, generator=torch.Generator().manual_seed(0))
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    (result,) = session.run(["result"], {"image": image.numpy()})
    with torch.inference_mode():
        expected = model.network(image)
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
