"""A `Reader` learns which label a caption is about, and what a text must tell to be about any."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import lsqr
from torch import Tensor

from beyne.text import SubwordEncoder

_RIDGE = 1.0  # times the mean square of a text: captions are few
DOUBTED = 0.05  # share of captions not learned from that is doubted


def learn_labels(encoder: SubwordEncoder, texts: Sequence[str], labels: Sequence[int]) -> None:
    """Fit an encoder's reader: ridge regression on one-hot labels, all of which weigh the same.

    Args:
        encoder: With a reader.
        texts: Captions, and misspelt ones.
        labels: Number of each one's label.
    """
    assert encoder.reader
    number = np.array(labels)
    targets = np.eye(len(encoder.reader.labels))[number] - 1 / len(encoder.reader.labels)
    design = _design(*encoder.rows(texts), encoder.config.buckets)
    weights = np.sqrt(1 / np.bincount(number)[number])[:, None]
    design, targets = design.multiply(weights).tocsr(), targets * weights
    damp = np.sqrt(_RIDGE * design.multiply(design).sum(1).mean())
    found = [lsqr(design, target, damp=damp)[0] for target in targets.T]
    encoder.reader.pieces.weight.data.copy_(torch.from_numpy(np.stack(found, 1)))


def learn_doubt(encoder: SubwordEncoder, texts: Sequence[str]) -> None:
    """Set what the clearest word of a text must tell: what all but `DOUBTED` of ``texts`` do."""
    assert encoder.reader
    told = torch.tensor([encoder.clearest(text) for text in texts])
    encoder.reader.least.copy_(told.quantile(DOUBTED))


def _design(rows: Tensor, shares: Tensor, buckets: int) -> csr_matrix:
    """``(N, pieces)`` each → shares of a say of all pieces, ``(N, buckets)``."""
    text, place = torch.nonzero(rows, as_tuple=True)
    values = shares[text, place].double()
    return csr_matrix((values, (text, rows[text, place])), (len(rows), buckets))
