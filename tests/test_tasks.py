"""The upscale task: what its losses and the discriminator are shown."""

from __future__ import annotations

import torch
from tiny_networks import tiny
from torch import Tensor, nn

from beyne.discriminators import build
from beyne.losses import build as build_loss
from beyne.tasks import Adversarial, PairedTask, Term
from beyne.tasks.adversarial import AdversarialConfig, Moment


class Sizes(nn.Module):
    """A loss that notes the sizes it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[torch.Size] = []

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        assert output.shape == target.shape
        self.seen.append(output.shape[-2:])
        return (output - target).abs().mean()


def test_what_has_a_grid_of_its_own_sees_every_phase() -> None:
    fixed, moved = Sizes(), Sizes()
    terms = {"fixed": Term(fixed, 1.0), "moved": Term(moved, 1.0, moved=True)}
    task = PairedTask(terms, Adversarial(AdversarialConfig(weight=1.0)))
    nets = {"generator": tiny("compact"), "discriminator": build("patch", {"features": 2})}
    batch = {"lr": torch.rand(2, 3, 8, 8), "hr": torch.rand(2, 3, 32, 32)}
    for step in range(16):
        for phase in task.phases(Moment(2 * step)):
            values = task.terms(phase, nets, batch, Moment(2 * step, step=step))
            assert all(torch.isfinite(value) for value in values.values())
    assert set(fixed.seen) == {(32, 32)}
    assert set(moved.seen) == {(32 - top, 32 - left) for top in range(4) for left in range(4)}


def test_perceptual_losses_are_moved_and_pixel_losses_are_not() -> None:
    fields = {"kind": "perceptual", "backbone": "mobilenet_v2", "layers": ["Conv1"]}
    assert build_loss("content", fields | {"weights": "random"}, {})[1].moved
    assert not build_loss("content", {"kind": "l1"}, {})[1].moved
