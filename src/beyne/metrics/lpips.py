"""LPIPS: how different two images look to a network (Zhang et al. 2018, arXiv 1801.03924)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from beyne import weights as published
from beyne.backbones import load_backbone, read_tensors
from beyne.errors import UsageError
from beyne.metrics.protocol import comparable

_LAYERS = ("conv1", "fire3", "fire5", "fire6", "fire7", "fire8", "fire9")
_HEADS = "lin{}.model.1.weight"


class LPIPS(nn.Module):
    """LPIPS version 0.1 with SqueezeNet; less is better, 0 for equal images.

    Like every metric it is called with ``(output, target)`` under a `Protocol`.

    Attributes:
        weights: Name of the trunk's weights.
        official: Whether trunk and heads are the published ones, so that numbers may be set beside
            published ones.

    Raises:
        MissingWeightsError: Trunk or heads are not on this machine.
    """

    def __init__(self) -> None:
        super().__init__()
        self.weights, heads = published.chosen("squeezenet"), published.chosen("lpips")
        self.official = all(published.find(name).official for name in (self.weights, heads))
        self.trunk = load_backbone("squeezenet", self.weights, _LAYERS)
        tensors = read_tensors(published.path(heads))
        for index in range(len(_LAYERS)):
            self.register_buffer(f"head{index}", tensors[_HEADS.format(index)])

    @property
    def text(self) -> str:
        """Its name for tables."""
        return "LPIPS (squeeze)" if self.official else f"not official LPIPS ({self.weights})"

    @torch.inference_mode()
    def forward(
        self,
        output: Tensor,
        target: Tensor,
        *,
        data_range: float = 1.0,
        luma: bool = False,
        crop: int = 0,
    ) -> Tensor:
        """The weighted distance of normalised activations, summed over seven layers.

        Args:
            output: ``(N, C, H, W)`` in [0, data_range], at least 32 pixels a side. Grey stands for
                three equal colours; of other numbers than three each band is compared as grey, and
                the mean taken.
            target: The same shape and range.
            data_range: The value of white.
            luma: Must stay False: LPIPS is defined on colours.
            crop: Pixels left out along each border.

        Returns:
            ``(N,)``.

        Raises:
            UsageError: Shapes differ, values leave the range, or luma is asked for.
        """
        if luma:
            raise UsageError("LPIPS is defined on colours, not on luma", "compare all channels")
        pair = (image.float() for image in comparable(output, target, data_range, luma, crop))
        with torch.autocast(output.device.type, enabled=False):  # a judge does not round
            seen, wanted = (self.trunk(image, _LAYERS) for image in pair)
        distance = output.new_zeros(())
        for index, layer in enumerate(_LAYERS):
            difference = (_normalised(seen[layer]) - _normalised(wanted[layer])).square()
            weighted = (difference * getattr(self, f"head{index}")).sum(1)
            distance = distance + weighted.mean((1, 2))
        return distance.view(output.shape[0], -1).mean(1)


def _normalised(features: Tensor) -> Tensor:
    """Every pixel's vector of features at length 1."""
    return features / (features.square().sum(1, keepdim=True).sqrt() + 1e-10)
