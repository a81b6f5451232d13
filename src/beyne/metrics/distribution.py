"""Two sets of pictures compared by their features: are these the same kind of picture?

Every function takes ``(generated, real)``, float tensors ``(N, D)`` and ``(M, D)`` with a row of
features a picture, as `beyne.metrics.features` makes them. Computed in double precision.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from beyne.errors import UsageError

#: Pictures in each set below which FID says more of their number than of their looks.
FID_PICTURES = 2048
_KID_SUBSET = 1000
_KID_SUBSETS = 100


class Estimate(NamedTuple):
    """A value and its standard deviation over subsets; 0 where one subset is all there is."""

    value: float
    deviation: float


class PrecisionRecall(NamedTuple):
    """How many generated pictures look real, and how many real ones could have been generated."""

    precision: float
    recall: float


class DensityCoverage(NamedTuple):
    """How densely generated pictures lie among real ones, and how many real ones have one near."""

    density: float
    coverage: float


def kid(
    generated: Tensor,
    real: Tensor,
    subset: int = _KID_SUBSET,
    subsets: int = _KID_SUBSETS,
    seed: int = 0,
) -> Estimate:
    """Kernel distance: squared MMD with the kernel (x·y / D + 1)³ (Bińkowski et al. 2018).

    arXiv 1801.01401. Unbiased, so it may be taken of few pictures and may fall a little below 0.

    Args:
        generated: ``(N, D)``.
        real: ``(M, D)``.
        subset: Pictures of each set taken at once; fewer where a set has fewer.
        subsets: How many times, if a set has more.
        seed: Of the choice.

    Raises:
        UsageError: The features don't fit each other, or a set has fewer than two.
    """
    x, y = _checked(generated, real, 2)
    size = min(subset, len(x), len(y))
    if size == max(len(x), len(y)):
        return Estimate(_mmd(x, y), 0.0)
    random = torch.Generator().manual_seed(seed)
    values = torch.tensor(
        [
            _mmd(*(z[torch.randperm(len(z), generator=random)[:size]] for z in (x, y)))
            for _ in range(subsets)
        ]
    )
    return Estimate(float(values.mean()), float(values.std(correction=0)))


def fid(generated: Tensor, real: Tensor) -> float:
    """Fréchet distance of two Gaussians (Heusel et al. 2017, arXiv 1706.08500).

    It is biased upwards, the more the fewer pictures: below `FID_PICTURES` compare only sets of
    equal numbers, and rather by `kid`.

    Args:
        generated: ``(N, D)``.
        real: ``(M, D)``.

    Raises:
        UsageError: The features don't fit each other, or a set has fewer than two.
    """
    x, y = _checked(generated, real, 2)
    means = (x.mean(0) - y.mean(0)).square().sum()
    # With the covariances AᵀA and BᵀB, the trace of (AᵀA BᵀB)^½ is the sum of singular values of
    # ABᵀ, and each factor may be replaced by the R of its QR decomposition.
    a, b = ((z - z.mean(0)) / (len(z) - 1) ** 0.5 for z in (x, y))
    roots = torch.linalg.matrix_norm(torch.linalg.qr(a)[1] @ torch.linalg.qr(b)[1].T, "nuc")
    return max(0.0, float(means + a.square().sum() + b.square().sum() - 2 * roots))


def precision_recall(generated: Tensor, real: Tensor, k: int = 3) -> PrecisionRecall:
    """Precision and recall by k nearest neighbours (Kynkäänniemi et al. 2019, arXiv 1904.06991).

    A picture counts as one of the other set if it lies within the distance of one of its pictures
    to that one's ``k``-th neighbour.

    Args:
        generated: ``(N, D)``.
        real: ``(M, D)``.
        k: Neighbours.

    Raises:
        UsageError: The features don't fit each other, or a set has ``k`` pictures or fewer.
    """
    x, y = _checked(generated, real, k + 1)
    apart = _distances(x, y)
    return PrecisionRecall(
        precision=_share((apart <= _radii(y, k)).any(1)),
        recall=_share((apart <= _radii(x, k)[:, None]).any(0)),
    )


def density_coverage(generated: Tensor, real: Tensor, k: int = 5) -> DensityCoverage:
    """Density and coverage (Naeem et al. 2020, arXiv 2002.09797), robust to single odd pictures.

    Density may exceed 1; both are about 1 for two samples of one kind.

    Args:
        generated: ``(N, D)``.
        real: ``(M, D)``.
        k: Neighbours.

    Raises:
        UsageError: The features don't fit each other, or a set has ``k`` pictures or fewer.
    """
    x, y = _checked(generated, real, k + 1)
    inside = _distances(x, y) <= _radii(y, k)
    return DensityCoverage(
        density=float(inside.sum()) / (k * len(x)), coverage=_share(inside.any(0))
    )


def kid_by_picture(generated: Tensor, real: Tensor) -> Tensor:
    """What each real picture adds to KID, ``(M,)``: their mean is `kid` of all pictures.

    So KIDs of two generators can be compared picture by picture.

    Args:
        generated: ``(N, D)``.
        real: ``(M, D)``.

    Raises:
        UsageError: The features don't fit each other, or a set has fewer than two.
    """
    x, y = _checked(generated, real, 2)
    within, others = (_without_diagonal(_kernel(z, z)) for z in (x, y))
    return within.mean() + others - 2 * _kernel(x, y).mean(0)


def covered(generated: Tensor, real: Tensor, k: int = 5) -> Tensor:
    """Which real pictures have a generated one near, flags ``(M,)``: see `density_coverage`."""
    x, y = _checked(generated, real, k + 1)
    return (_distances(x, y) <= _radii(y, k)).any(0)


def _mmd(x: Tensor, y: Tensor) -> float:
    """Unbiased estimate of the squared maximum mean discrepancy."""
    within, others = (_without_diagonal(_kernel(z, z)).mean() for z in (x, y))
    return float(within + others - 2 * _kernel(x, y).mean())


def _kernel(a: Tensor, b: Tensor) -> Tensor:
    return (a @ b.T / a.shape[1] + 1) ** 3


def _without_diagonal(values: Tensor) -> Tensor:
    """Mean of each row of a square, its own place left out."""
    return (values.sum(1) - values.diagonal()) / (len(values) - 1)


def _radii(features: Tensor, k: int) -> Tensor:
    """Distance of each row to its k-th neighbour, ``(N,)``; the row itself is none."""
    return _distances(features, features).kthvalue(k + 1, dim=1).values


def _distances(x: Tensor, y: Tensor) -> Tensor:
    """``(N, M)``; exactly 0 between equal rows, which the usual short cut is not."""
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")


def _share(flags: Tensor) -> float:
    return float(flags.double().mean())


def _checked(generated: Tensor, real: Tensor, least: int) -> tuple[Tensor, Tensor]:
    if generated.dim() != 2 or real.dim() != 2 or generated.shape[1] != real.shape[1]:
        shapes = f"{tuple(generated.shape)} and {tuple(real.shape)}"
        raise UsageError(f"features of shape {shapes} can't be compared", "one row a picture")
    if min(len(generated), len(real)) < least:
        numbers = f"{len(generated)} generated and {len(real)} real pictures are too few"
        raise UsageError(numbers, f"it takes {least} of each")
    return generated.double(), real.double()
