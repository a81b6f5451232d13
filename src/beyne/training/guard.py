"""The balance guard: sees when the discriminator has won, says so, and acts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import ParametrizationList

from beyne.losses.adversarial import AdversarialLoss
from beyne.tasks.adversarial import Balance, Exhibits, GuardConfig

_LOWEST_RATE = 1 / 64
_HIGHEST_R1 = 4_096.0  # times the first weight


def accuracy(loss: AdversarialLoss, judge: nn.Module, seen: Exhibits, batch: int) -> float:
    """Share of held-out images that the discriminator judges rightly.

    Normalisations see batches of the training's size, real and generated apart, without being
    changed by them: under running statistics the verdicts would not be those the generator faces.
    """
    with torch.inference_mode(), _kept_as_it_is(judge):
        on_fake, on_real = (_verdicts(judge, images, seen, batch) for images in seen[:2])
    return loss.accuracy(on_fake, on_real)


def _verdicts(judge: nn.Module, images: Tensor, seen: Exhibits, batch: int) -> Tensor:
    if not seen.label:
        return torch.cat([judge(part) for part in torch.split(images, batch)])
    label, strength = seen.label
    parts = zip(torch.split(images, batch), torch.split(label, batch), strict=True)
    return torch.cat([judge(part, of, strength) for part, of in parts])


def rebalanced(
    balance: Balance, config: GuardConfig, measured: float, tell: Callable[[str], None]
) -> Balance:
    """The balance after a look at the discriminator's accuracy.

    While it is above the limit, the remedies grow stronger from look to look: updates are skipped,
    the learning rate halves, R1 doubles. Below, all of it goes back as it came.

    Args:
        tell: Is told when the discriminator wins, and when it stops winning.
    """
    winning = measured > config.accuracy
    if winning and not balance.winning:
        tell(f"discriminator wins: accuracy {measured:.2f} on held-out images; {_acts(config)}")
    elif balance.winning and not winning:
        tell(f"discriminator back in balance: accuracy {measured:.2f} on held-out images")
    balance = replace(balance, winning=winning)
    if "skip" in config.remedies:
        balance = replace(balance, skip=winning)
    if "rate" in config.remedies:
        rate = balance.rate / 2 if winning else balance.rate * 2
        balance = replace(balance, rate=min(1.0, max(_LOWEST_RATE, rate)))
    if "r1" in config.remedies:
        assert config.r1 != "auto"
        grown = min(2 * balance.r1 or config.r1, config.r1 * _HIGHEST_R1)
        shrunk = balance.r1 / 2 if balance.r1 > config.r1 else 0.0
        balance = replace(balance, r1=grown if winning else shrunk)
    return balance


_ACTION = {"skip": "its updates pause", "rate": "its rate halves", "r1": "R1 grows"}


def _acts(config: GuardConfig) -> str:
    actions = ", ".join(_ACTION[remedy] for remedy in config.remedies)
    return actions or "nothing is done: adversarial.guard.remedies is empty"


@contextmanager
def _kept_as_it_is(net: nn.Module) -> Iterator[None]:
    spectral = [m for m in net.modules() if isinstance(m, ParametrizationList)]
    layers = [m for m in net.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = 0.0
    for weight in spectral:
        weight.eval()
    try:
        yield
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
        for weight in spectral:
            weight.train()
