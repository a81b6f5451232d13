"""What every backbone shares: its value range, its bands, and stopping at the deepest layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from beyne.config import Config
from beyne.errors import UsageError, did_you_mean

Activation = Literal["before", "after"]
ValueRange = Literal["imagenet", "symmetric", "caffe"]

#: Value range a network was trained with → mean and standard deviation of red, green and blue, in
#: units of [0, 1]. ``symmetric`` is [-1, 1]; ``caffe`` takes blue, green, red in units of 255.
STATISTICS: dict[ValueRange, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "symmetric": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "caffe": ((123.68 / 255, 116.779 / 255, 103.939 / 255), (1 / 255, 1 / 255, 1 / 255)),
}

#: Pixels that the deepest layers reduce to one.
SMALLEST_SIDE = 32

#: Name of a layer, and what stands before and after its activation.
Tap = tuple[str, Tensor, Tensor]


class Backbone(nn.Module):
    """Base of the networks whose inner activations losses and metrics compare.

    Attributes:
        layers: Name of a layer → the module whose weights complete it, in order of computing.
        kind: Name of the network, as in `BACKBONES`.
        usual_layer: A layer to start with where nobody knows better.
    """

    kind: ClassVar[str]
    usual_layer: ClassVar[str]

    def __init__(self, config: Config, value_range: ValueRange = "imagenet") -> None:
        super().__init__()
        self.config = config
        self.layers: dict[str, str] = {}
        self.blue_first = value_range == "caffe"
        mean, deviation = (torch.tensor(v).view(3, 1, 1) for v in STATISTICS[value_range])
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("deviation", deviation, persistent=False)
        self.mean: Tensor
        self.deviation: Tensor

    def taps(self, x: Tensor) -> Iterator[Tap]:
        """Compute layer after layer of `layers`.

        Args:
            x: ``(N, 3, H, W)`` in the network's own value range.
        """
        raise NotImplementedError

    def keras_modules(self) -> dict[str, str]:
        """Keras layer with weights → the module of the same weights, in Keras' order."""
        return {}

    def randomise(self) -> None:
        """Random kernels that keep the signal's strength (He et al. 2015, arXiv 1502.01852)."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")

    def forward(
        self, image: Tensor, layers: Sequence[str], activation: Activation = "after"
    ) -> dict[str, Tensor]:
        """Activations of ``layers``; nothing behind the deepest of them is computed.

        Args:
            image: ``(N, C, H, W)`` in [0, 1], at least 32 pixels a side. Three bands are red, green
                and blue. One band is grey and stands for all three. Of any other number each band
                goes through as a grey picture of its own: no three of them are *the* colours, and
                so their order does not matter.
            layers: Names out of `layers`.
            activation: Take a layer before or after its activation function, in both cases after
                its batch normalisation. A layer without one is the same before and after.

        Returns:
            Layer → ``(N, F, h, w)``; ``(N·C, F, h, w)``, the bands of a picture in a row, where C
            is neither 1 nor 3.

        Raises:
            UsageError: A layer is not there, or the image is too small.
        """
        self.require(layers)
        height, width = image.shape[-2:]
        if min(height, width) < SMALLEST_SIDE:
            problem = f"{width}×{height} pixels are too few for {self.kind}"
            raise UsageError(problem, f"it takes {SMALLEST_SIDE} pixels a side or more")
        wanted = set(layers)
        found: dict[str, Tensor] = {}
        for name, before, after in self.taps(self.prepared(image)):
            if name in wanted:
                found[name] = before if activation == "before" else after
            if len(found) == len(wanted):
                break
        return found

    def prepared(self, image: Tensor) -> Tensor:
        """Three bands in the network's own value range; arguments as for `forward`."""
        if image.shape[1] not in (1, 3):
            image = image.flatten(0, 1).unsqueeze(1)
        image = (image - self.mean) / self.deviation  # one band becomes three here
        return image.flip(1) if self.blue_first else image

    def require(self, layers: Sequence[str]) -> None:
        """Raise a `UsageError` unless all ``layers`` are there."""
        for layer in layers:
            if layer not in self.layers:
                problem = f"{self.kind} has no layer '{layer}'"
                raise UsageError(problem, did_you_mean(layer, self.layers))

    def take(self, tensors: Mapping[str, Tensor], source: object) -> None:
        """Load published weights, which may end early: layers they do not reach are dropped.

        Args:
            tensors: By this network's names; more than is needed does no harm.
            source: Where they came from, for messages.

        Raises:
            UsageError: They are those of another network.
        """
        shapes = {
            name: tensor.shape
            for name, tensor in self.state_dict().items()
            if not name.endswith("num_batches_tracked")
        }
        absent = [name for name in shapes if name not in tensors]
        here = list(shapes)[: len(shapes) - len(absent)]
        wrong = [name for name in here if name in absent or tensors[name].shape != shapes[name]]
        if wrong or not here:
            name = (wrong or absent)[0]
            fault = f"it lacks {name}" if name in absent else f"{name} has another shape"
            raise UsageError(f"{source} does not hold weights of {self.kind}: {fault}")
        self.load_state_dict({name: tensors[name] for name in here}, strict=False)
        self.layers = {
            layer: module
            for layer, module in self.layers.items()
            if not any(name.startswith(f"{module}.") for name in absent)
        }
