"""The one model file: weights and a card that says everything needed to use them.

A model is one ``.safetensors`` file. Its header carries, under the key ``beyne``, a JSON string:
the `ModelCard`. Nothing here imports torch before weights are touched, so cards are quick to read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator, model_validator

from beyne.config import Config, validated
from beyne.errors import UsageError
from beyne.files import write_whole
from beyne.header import damaged, read_header

if TYPE_CHECKING:
    from torch import Tensor

    from beyne.generators.blocks import Generator
    from beyne.networks.blocks import ImageNetwork
    from beyne.text import TextEncoder

FORMAT = 1
_KEY = "beyne"
_TEXT = "text_encoder."


class ModelCard(Config):
    """What a model file says of itself.

    Attributes:
        name: Short name, as used with ``--model``.
        format: Version of this card's form.
        job: What the model is for.
        generator: ``kind`` of the network and all its fields.
        channels_in: Channels of the image it takes; 0 if it takes none.
        channels_out: Channels of the image it makes.
        value_range_in: Values that stand for black and white in its input.
        value_range_out: The same of its output.
        scale: Enlargement, 1 for none.
        operator: The downscaling A it was trained against.
        consistent: Whether `--consistent` is on unless the call says otherwise.
        side: Whole pictures are resampled to squares of this many pixels, and the results back to
            their size; None: they are taken as they are.
        size_multiple: Height and width must be multiples of this; 1 for any size.
        bits: Depth of the pictures it learned to make. In it generated pictures are written, and
            translations at least.
        conditioning: What it can be asked for: ``labels``, in the order of their numbers, or
            ``text``, the ``kind`` of its encoder and all its fields; None for nothing.
        provenance: How it was made: recipe, images seen, data fingerprint, parents.
        scores: Rows of measured quality, each naming its data and protocol.
        trust: How its trust map was calibrated, see `beyne.trust.calibration`; None: it was not.
        licence: Licence of the weights.
        credit: Whom to name.
        description: A sentence or two for people.
    """

    name: str
    format: int = FORMAT
    job: Literal["upscale", "translate", "generate", "illustrate"] = "upscale"
    generator: dict[str, Any]
    channels_in: int = Field(ge=0)
    channels_out: int = Field(ge=1)
    value_range_in: tuple[float, float] = (0.0, 1.0)
    value_range_out: tuple[float, float] = (0.0, 1.0)
    scale: int = Field(ge=1)
    # The names of images.resample.Operator, which needs torch; a test keeps them equal.
    operator: Literal["bicubic", "bicubic-matlab"] = "bicubic"
    consistent: bool = False
    side: int | None = Field(default=None, ge=1)
    size_multiple: int = Field(default=1, ge=1)
    bits: Literal[8, 16] = 8
    conditioning: dict[Literal["labels", "text"], list[str] | dict[str, Any]] | None = None
    provenance: dict[str, Any] = Field(default_factory=dict)
    scores: list[dict[str, Any]] = Field(default_factory=list)
    trust: dict[str, Any] | None = None
    licence: str = "not stated"
    credit: str = ""
    description: str = ""

    @field_validator("value_range_in", "value_range_out")
    @classmethod
    def _is_the_known_range(cls, value_range: tuple[float, float]) -> tuple[float, float]:
        if value_range != (0.0, 1.0):
            raise ValueError(f"only 0 to 1 is known, not {value_range[0]:g} to {value_range[1]:g}")
        return value_range

    @field_validator("generator")
    @classmethod
    def _names_its_kind(cls, generator: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(generator.get("kind"), str):
            raise ValueError("the generator's kind is missing")
        return generator

    @model_validator(mode="after")
    def _has_a_size_without_an_input(self) -> ModelCard:
        sizes = (self.generator.get(key) for key in ("width", "height", "latent"))
        if self.generates and not all(isinstance(size, int) for size in sizes):
            raise ValueError("the generator's width, height or latent is missing")
        return self

    @property
    def projected(self) -> bool:
        """Whether the network ends in the projection onto its input."""
        return bool(self.generator.get("projection", "none") != "none")

    @property
    def takes_means(self) -> bool:
        """Whether its one band was the mean of colours in training (``data.layout = "same"``)."""
        layout = self.provenance.get("recipe", {}).get("data", {}).get("layout")
        return self.channels_in == 1 and layout == "same"

    @property
    def labels(self) -> list[str]:
        """Names it can be asked for, in the order of their numbers."""
        return list((self.conditioning or {}).get("labels", []))

    @property
    def text(self) -> dict[str, Any] | None:
        """``kind`` and fields of the encoder of its texts, if it takes any."""
        found = (self.conditioning or {}).get("text")
        return found if isinstance(found, dict) else None

    @property
    def generates(self) -> bool:
        """Whether it makes pictures of noise."""
        return self.job in ("generate", "illustrate")


@dataclass(frozen=True)
class Model:
    """A model ready for use.

    Attributes:
        card: What the model says of itself.
        network: The generator in the form it is applied in: float32, no gradients, eval mode.
        encoder: Of texts, where the generator takes any.
    """

    card: ModelCard
    network: ImageNetwork | Generator
    encoder: TextEncoder | None = None

    @property
    def generator(self) -> dict[str, Any]:
        """``kind`` of the network and all its fields, also those that are younger than its file."""
        return {"kind": self.card.generator["kind"], **self.network.config.model_dump(mode="json")}


def card_for(network: ImageNetwork | Generator, name: str, **words: Any) -> ModelCard:
    """A card whose technical fields come from ``network``; ``words`` are any other card fields."""
    from beyne.generators import GENERATORS, Generator
    from beyne.networks import NETWORKS

    network = network.for_use()
    config, table = network.config, {**NETWORKS, **GENERATORS}
    kind = next(kind for kind, (_, cls) in table.items() if cls is type(network))
    fields = config.model_dump(mode="json")
    if isinstance(network, Generator):
        words = {"job": "generate", "conditioning": _numbered(fields["classes"])} | words
    elif fields["projection"] != "none":
        words = {"operator": fields["projection"], "consistent": True} | words
    return ModelCard(
        name=name,
        generator={"kind": kind, **fields},
        channels_in=config.channels_in,
        channels_out=config.channels_out,
        scale=config.scale,
        **words,
    )


def save(
    path: Path,
    card: ModelCard,
    network: ImageNetwork | Generator,
    half: bool = False,
    encoder: TextEncoder | None = None,
) -> None:
    """Write a model file, whole or not at all.

    Args:
        path: Where to; a file there is replaced.
        card: What the file shall say of itself; must describe ``network``.
        network: The generator; saved in the form it is applied in.
        half: Store float16, half the size; it is widened again on loading.
        encoder: Of texts; its tensors are stored beside the generator's, their names after `_TEXT`.

    Raises:
        UsageError: The weights hold NaN or infinity, or do not fit float16.
    """
    import torch
    from safetensors.torch import save as to_bytes

    tensors = {
        name: tensor.detach().to("cpu", torch.float16 if _narrows(tensor, half) else tensor.dtype)
        for name, tensor in _tensors(network.for_use(), encoder).items()
    }
    _check_finite(tensors, f"the weights of {card.name}")
    tensors = {name: tensor.contiguous() for name, tensor in tensors.items()}
    text = json.dumps(card.model_dump(mode="json"), ensure_ascii=False)
    # One key only: safetensors writes several in random order, and equal models are equal files.
    write_whole(path, to_bytes(tensors, {_KEY: text}))


def load(path: Path) -> Model:
    """Read a model file.

    Raises:
        UsageError: The file is missing, is not a model file, is damaged, comes from a newer
            version, or its weights do not fit its card.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    card = read_card(path)
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError) as error:
        raise damaged(path, str(error)) from None
    try:
        network, encoder = built(card), _built_encoder(card)
    except UsageError as error:
        raise UsageError(f"{path}: card: {error.problem}", error.remedy) from None
    wanted = _tensors(network, encoder)
    _check_fit(card, network, wanted, tensors, path)
    _check_finite(tensors, f"the weights in {path}")
    for name, tensor in wanted.items():
        tensor.copy_(tensors[name])  # which widens float16
    if encoder:
        encoder.eval().requires_grad_(False)
    return Model(card, network.eval().requires_grad_(False), encoder)


def read_card(path: Path) -> ModelCard:
    """Read only the card of a model file; quick, and torch is not imported.

    Raises:
        UsageError: As `load`, as far as the header can tell.
    """
    text = read_header(path).metadata.get(_KEY)
    if text is None:
        raise UsageError(f"{path} carries no beyne model card", f"beyne models import {path}")
    try:
        values = json.loads(text)
        version = int(values["format"])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        raise damaged(path, "its model card can't be read") from None
    if version > FORMAT:
        problem = f"{path} has model format {version}, this beyne reads up to {FORMAT}"
        raise UsageError(problem, "pip install --upgrade beyne")
    return validated(ModelCard, values, where=f"{path}: card")


def _numbered(classes: int) -> dict[str, list[str]] | None:
    return {"labels": [str(number) for number in range(classes)]} if classes else None


def built(card: ModelCard) -> ImageNetwork | Generator:
    """The network that a card describes, freshly initialised, in the form it is applied in."""
    from beyne import generators, networks

    fields = dict(card.generator)
    build = generators.build if card.generates else networks.build
    return build(fields.pop("kind"), fields).for_use()


def _built_encoder(card: ModelCard) -> TextEncoder | None:
    """The same of the encoder of its texts; None without."""
    from beyne import text

    if card.text is None:
        return None
    fields = dict(card.text)
    return text.build(str(fields.pop("kind", "")), fields)


def _tensors(network: ImageNetwork | Generator, encoder: TextEncoder | None) -> dict[str, Tensor]:
    """All of a model by the names they have in its file."""
    texts = encoder.state_dict() if encoder else {}
    return {**network.state_dict(), **{_TEXT + name: tensor for name, tensor in texts.items()}}


def _narrows(tensor: Tensor, half: bool) -> bool:
    return half and tensor.is_floating_point()


def _check_finite(tensors: Mapping[str, Tensor], what: str) -> None:
    for name, tensor in tensors.items():
        if not bool(tensor.isfinite().all()):
            raise UsageError(f"{what} hold NaN or infinity ({name})", "use an earlier state")


def _check_fit(
    card: ModelCard,
    network: ImageNetwork | Generator,
    wanted: Mapping[str, Tensor],
    tensors: Mapping[str, Tensor],
    path: Path,
) -> None:
    for field in ("channels_in", "channels_out", "scale"):
        if getattr(card, field) != getattr(network.config, field):
            raise damaged(path, f"its card contradicts itself about {field}")
    if len(card.labels) != getattr(network.config, "classes", 0):
        raise damaged(path, "its card contradicts itself about its labels")
    mismatch = difference(wanted, tensors)
    if mismatch:
        raise UsageError(f"{path}: the weights don't fit the card: {mismatch}", "get it again")


def difference(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> str:
    """The first way in which ``given`` lacks the names and shapes of ``wanted``; empty if none."""
    for name in sorted({*wanted, *given}):
        if name not in given:
            return f"{name} is missing"
        if name not in wanted:
            return f"{name} is not part of the network"
        if wanted[name].shape != given[name].shape:
            return f"{name} is {_shape(given[name])}, not {_shape(wanted[name])}"
    return ""


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "a single number"
