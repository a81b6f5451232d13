"""Scores of pictures that were asked for in words: a judge says what it sees in them.

Every function gives a value for each question, ``(N,)``: 1 where it was answered, else 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def right(read: Sequence[str], asked: Sequence[str]) -> Tensor:
    """Whether what the judge reads is the class that was asked for."""
    return _flags([said == wanted for said, wanted in zip(read, asked, strict=True)])


def agreed(read: Sequence[Sequence[str]]) -> Tensor:
    """Whether what one seed paints is read as one class, in whatever language it is asked for."""
    return _flags([len(set(classes)) == 1 for classes in read])


def first(likeness: Sequence[Tensor]) -> Tensor:
    """Whether the text asked for, the first of each picture's candidates, fits it best.

    R-precision with one right text (Xu et al. 2018, arXiv 1711.10485).
    """
    return _flags([int(one.argmax()) == 0 for one in likeness])


def _flags(values: Sequence[bool]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)
