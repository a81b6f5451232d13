"""An encoder of texts learns from pictures and their captions, before a generator listens to it.

The texts of a picture, in whatever language, and the picture itself are drawn together, apart from
others of its label: the image–text matching loss of CLIP (Radford et al. 2021, arXiv 2103.00020).
So each language finds the others through the pictures. What label a text is about is not learned
here, but read off (`beyne.training.reading`): here is learned what else it says.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, Optimizer
from torch.optim.lr_scheduler import LinearLR

from beyne.text import SubwordEncoder

_STEPS, _BATCH = 200, 64
_SIDE, _WIDTHS = 32, (24, 48, 96)  # pixels, and channels, of what looks at pictures
_RATE, _RATE_OF_PIECES, _RATE_OF_PICTURES = 1e-2, 20.0, 1e-3
_SHARPNESS = 12.0  # factor on cosines
_NEVER = -1e4  # logarithm of no chance at all
_DROPPED = 0.3  # share of a text's pieces that a step leaves out
_MISSPELT = 0.3  # share of the words of a misspelt text


def learn(
    encoder: SubwordEncoder,
    texts: Sequence[str],
    of: Sequence[int],
    images: Tensor,
    labels: Sequence[int],
    seed: int,
) -> None:
    """Teach an encoder; random numbers elsewhere are left alone.

    Args:
        encoder: Freshly built; learned and frozen afterwards.
        texts: Captions, and `misspelt` ones.
        of: Number of each one's picture.
        images: ``(M, C, H, W)`` in [0, 1].
        labels: Number of each picture's class; all the same where there are none.
        seed: Of weights and batches.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        (rows, shares), picture, label = encoder.rows(texts), torch.tensor(of), torch.tensor(labels)
        pictures = F.interpolate(images, size=(_SIDE, _SIDE), mode="area") * 2 - 1
        look = _tower(images.shape[1], encoder.config.size)
        optimizers = _optimizers(encoder, look)
        schedules = [LinearLR(one, 1.0, 0.0, _STEPS) for one in optimizers]
        for _ in range(_STEPS):
            chosen = torch.randint(len(texts), (_BATCH,))
            shown = picture[chosen]
            kept = rows[chosen].masked_fill(torch.rand(_BATCH, rows.shape[1]) < _DROPPED, 0)
            said = encoder(kept, shares[chosen])
            loss = matching(said, look(_varied(pictures[shown])), shown, label[shown])
            for optimizer in optimizers:
                optimizer.zero_grad()
            torch.autograd.backward(loss)
            for optimizer, schedule in zip(optimizers, schedules, strict=True):
                optimizer.step()
                schedule.step()
    encoder.eval().requires_grad_(False)


def _optimizers(encoder: SubwordEncoder, look: nn.Module) -> tuple[Optimizer, Optimizer]:
    """Of the table of pieces, and of the rest.

    Adam moves a piece of one caption as far as one that hundreds have; plain gradients give a piece
    a say that grows with how often it told pictures apart.
    """
    table = encoder.embed.weight
    others = [*encoder.attend.parameters(), *encoder.combine.parameters()]
    groups = [
        {"params": others, "lr": _RATE},
        {"params": look.parameters(), "lr": _RATE_OF_PICTURES},
    ]
    return SGD([table], _RATE_OF_PIECES, momentum=0.9), Adam(groups, fused=True)


def matching(said: Tensor, seen: Tensor, picture: Tensor, label: Tensor) -> Tensor:
    """Cross-entropy of which picture of its label belongs to a text, and which text to a picture.

    Args:
        said: Vectors of texts ``(N, width)``, as are those of their pictures, ``seen``.
        picture: ``(N,)``, number of each pair's picture, as is ``label`` of its class.
    """
    likeness = F.normalize(said, dim=1) @ F.normalize(seen, dim=1).T * _SHARPNESS
    likeness = likeness.masked_fill(label[:, None] != label, _NEVER)
    same = (picture[:, None] == picture).float()
    right = same / same.sum(1, keepdim=True)
    terms = [F.cross_entropy(table, right) for table in (likeness, likeness.T)]
    return torch.stack(terms).sum()


def _tower(channels: int, width: int) -> nn.Sequential:
    """Pictures ``(N, C, 32, 32)`` → ``(N, width)``."""
    layers: list[nn.Module] = []
    for before, after in pairwise((channels, *_WIDTHS)):
        layers += [nn.Conv2d(before, after, 3, 2, 1), nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(_WIDTHS[-1] * (_SIDE // 8) ** 2, width))


def _varied(images: Tensor) -> Tensor:
    """Some mirrored, all a little brighter or darker."""
    mirrored = torch.rand(len(images), 1, 1, 1) < 0.5
    images = torch.where(mirrored, images.flip(3), images)
    return images + 0.1 * torch.randn(len(images), 1, 1, 1)


def misspelt(text: str, chance: random.Random) -> str:
    """A text with letters of some words exchanged with the next, left out, or doubled."""
    return " ".join(_mistyped(word, chance) for word in text.split())


def _mistyped(word: str, chance: random.Random) -> str:
    if len(word) < 4 or chance.random() > _MISSPELT:
        return word
    at = chance.randrange(len(word) - 1)
    start, one, two, rest = word[:at], word[at], word[at + 1], word[at + 2 :]
    return start + chance.choice([two + one, two, one + one + two]) + rest
