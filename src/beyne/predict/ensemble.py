"""A network asked about a picture in every orientation: the mean of what it says."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from beyne.bundle import Model
from beyne.networks import ImageNetwork
from beyne.networks.blocks import padded_to_multiple
from beyne.predict.fitting import ensemble_card

#: Orientations of a picture: four turns, each as it is and mirrored.
ORIENTATIONS = tuple((turns, mirrored) for mirrored in (False, True) for turns in range(4))


class Ensemble(ImageNetwork):
    """The mean of a network's results in eight orientations, turned back.

    Called geometric self-ensemble in EDSR (Lim et al. 2017, arXiv 1707.02921, section 3.4). What a
    network projects is projected once, after the mean.

    Args:
        network: Any that enlarges; its reach, which knows no direction, is that of the mean.
    """

    def __init__(self, network: ImageNetwork) -> None:
        super().__init__()
        self.network, self.config = network, network.config

    def enlarge(self, x: Tensor) -> Tensor:
        """As `beyne.networks.ImageNetwork.enlarge`."""
        height, width = (side * self.config.scale for side in x.shape[-2:])
        x = padded_to_multiple(x, self.alignment)  # before turning, which moves what is padded
        total = self.network.enlarge(x)
        for turns, mirrored in ORIENTATIONS[1:]:
            total = total + turned_back(
                self.network.enlarge(_oriented(x, turns, mirrored)), turns, mirrored
            )
        return (total / len(ORIENTATIONS))[..., :height, :width]

    @property
    def reach(self) -> int:
        return self.network.reach

    @property
    def alignment(self) -> int:
        return self.network.alignment

    @property
    def needs_whole(self) -> bool:
        return self.network.needs_whole


def ensembled(model: Model) -> Model:
    """A model that enlarges, as an ensemble of its orientations; its card says so.

    Raises:
        UsageError: The model does something else.
    """
    card = ensemble_card(model.card)
    assert isinstance(model.network, ImageNetwork)
    return replace(model, card=card, network=Ensemble(model.network).eval())


def _oriented(x: Tensor, turns: int, mirrored: bool) -> Tensor:
    """``(N, C, H, W)``, or ``(N, C, W, H)`` after odd turns, in the memory layout of ``x``."""
    turned = torch.rot90(x, turns, (2, 3))
    return (turned.flip(3) if mirrored else turned).contiguous(memory_format=torch.channels_last)


def turned_back(x: Tensor, turns: int, mirrored: bool) -> Tensor:
    """``(N, C, H, W)``, a result of a picture in one of the `ORIENTATIONS`, as the first has it."""
    return torch.rot90(x.flip(3) if mirrored else x, -turns, (2, 3))
