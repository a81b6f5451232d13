"""Adversarial losses by hand, the gradient penalty, the schedule and the balance guard."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from beyne.discriminators import build
from beyne.losses.adversarial import AdversarialKind, AdversarialLoss, gradient_penalty
from beyne.tasks.adversarial import (
    Adversarial,
    AdversarialConfig,
    Balance,
    Exhibits,
    GuardConfig,
    Moment,
)
from beyne.training.guard import accuracy, rebalanced

KINDS = get_args(AdversarialKind)
FAKE = torch.tensor([[-1.0], [0.5], [2.0]])
REAL = torch.tensor([[1.5], [-0.25], [3.0]])
ONE, ZERO = torch.ones(3, 1), torch.zeros(3, 1)
RELATIVE_REAL, RELATIVE_FAKE = REAL - FAKE.mean(), FAKE - REAL.mean()


@pytest.mark.parametrize(
    ("kind", "generator", "discriminator"),
    [
        ("bce", bce(FAKE, ONE), (bce(REAL, ONE) + bce(FAKE, ZERO)) / 2),
        ("least-squares", ((FAKE - 1) ** 2).mean(), ((REAL - 1) ** 2 + FAKE**2).mean() / 2),
        ("hinge", -FAKE.mean(), ((1 - REAL).clamp(0) + (1 + FAKE).clamp(0)).mean() / 2),
        (
            "relativistic-average",
            (bce(RELATIVE_FAKE, ONE) + bce(RELATIVE_REAL, ZERO)) / 2,
            (bce(RELATIVE_REAL, ONE) + bce(RELATIVE_FAKE, ZERO)) / 2,
        ),
        ("relativistic-pairing", bce(FAKE - REAL, ONE), bce(REAL - FAKE, ONE)),
    ],
)
def test_losses_by_hand(kind, generator, discriminator) -> None:
    loss = AdversarialLoss(kind)
    assert torch.isclose(loss.generator(FAKE, REAL), generator)
    assert torch.isclose(loss.discriminator(FAKE, REAL), discriminator)


@pytest.mark.parametrize("kind", KINDS)
def test_accuracy_is_half_by_chance_and_one_when_won(kind) -> None:
    loss = AdversarialLoss(kind)
    noise = torch.randn(4_000, 1, generator=torch.Generator().manual_seed(0))
    assert loss.accuracy(noise[:2_000], noise[2_000:]) == pytest.approx(0.5, abs=0.05)
    assert loss.accuracy(torch.full((8, 1, 2, 2), -3.0), torch.full((8, 1, 2, 2), 3.0)) == 1.0


def test_penalty_of_a_linear_judge_is_its_squared_weights() -> None:
    weights = torch.rand(3, 5, 5, requires_grad=True)
    images = torch.rand(2, 3, 5, 5, requires_grad=True)
    penalty = gradient_penalty(images, (images * weights).sum((1, 2, 3)).view(2, 1))
    assert torch.isclose(penalty, weights.square().sum())
    penalty.backward()
    assert torch.allclose(weights.grad, 2 * weights)


def moment(images: int, **balance: object) -> Moment:
    return Moment(images, Balance(**balance))


def test_schedule() -> None:
    config = AdversarialConfig(weight=0.5, warmup=100, head_start=50, ramp=100)
    adversarial = Adversarial(config)
    assert adversarial.phases(moment(99)) == ("generator",)
    assert adversarial.phases(moment(100)) == ("discriminator", "generator")
    assert adversarial.phases(moment(100, skip=True)) == ("generator",)
    assert [adversarial.weight(n) for n in (0, 149, 150, 200, 250, 900)] == [
        0,
        0,
        0,
        0.25,
        0.5,
        0.5,
    ]
    first = Adversarial(AdversarialConfig(first="generator"))
    assert first.phases(moment(0)) == ("generator", "discriminator")


def test_terms_reach_only_whom_they_should() -> None:
    config = AdversarialConfig(loss="relativistic-pairing", r1=2.0, r2=1.0)
    adversarial, judge = Adversarial(config), build("patch", {"features": 4, "norm": "none"})
    fake = torch.rand(2, 3, 32, 32, requires_grad=True)
    real = torch.rand(2, 3, 32, 32)
    terms = adversarial.discriminator_terms(judge, fake, real, moment(0, r1=3.0))
    assert terms.keys() == {"discriminator", "r1", "r2"}
    sum(terms.values()).backward()
    assert fake.grad is None
    copy = real.clone().requires_grad_()
    assert torch.isclose(terms["r1"], 2.5 * gradient_penalty(copy, judge(copy)))
    (term,) = adversarial.generator_terms(judge, fake, real, moment(0)).values()
    term.backward()
    assert fake.grad.abs().sum() > 0


def test_guard_acts_says_so_and_lets_go() -> None:
    config = GuardConfig(accuracy=0.9, remedies=("skip", "rate", "r1"), r1=0.5)
    heard: list[str] = []
    won = rebalanced(Balance(), config, 0.95, heard.append)
    assert won == Balance(winning=True, skip=True, rate=0.5, r1=0.5)
    won = rebalanced(won, config, 1.0, heard.append)
    assert won == Balance(winning=True, skip=True, rate=0.25, r1=1.0)
    assert len(heard) == 1
    assert "discriminator wins: accuracy 0.95" in heard[0]
    back = rebalanced(won, config, 0.7, heard.append)
    assert back == Balance(skip=False, rate=0.5, r1=0.5)
    assert "back in balance" in heard[-1]
    count = len(heard)
    assert rebalanced(back, config, 0.7, heard.append) == Balance()
    assert len(heard) == count


@pytest.mark.parametrize("norm", ["batch", "spectral"])
def test_looking_leaves_the_discriminator_as_it_was(norm) -> None:
    judge = build("vgg", {"features": 4, "hidden": 8, "pooled": 2, "norm": norm})
    judge(torch.rand(4, 3, 32, 32))
    before = {name: t.clone() for name, t in judge.state_dict().items() if "num_" not in name}
    measured = accuracy(AdversarialLoss("bce"), judge, Exhibits(*torch.rand(2, 8, 3, 32, 32)), 4)
    assert 0 <= measured <= 1
    after = judge.state_dict()
    assert all(torch.equal(tensor, after[name]) for name, tensor in before.items())
    momenta = {m.momentum for m in judge.modules() if isinstance(m, torch.nn.BatchNorm2d)}
    assert momenta <= {0.1}
    assert all(module.training for module in judge.modules())
