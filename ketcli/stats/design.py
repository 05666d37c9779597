"""The design matrix of a meta-regression: checked for dependent columns and made orthonormal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ketcli.stats.results import Array

# Share of a column's length that the columns before it may explain before it is called their combination.
DEPENDENT = 1e-10


@dataclass(frozen=True, eq=False)
class Design:
    """X = Q R: `columns` are the p columns of Q, each (1, k); `back` is R^-1, so that beta = back @ gamma."""

    matrix: Array
    columns: tuple[Array, ...]
    back: Array
    names: tuple[str, ...]


def orthonormal(matrix: ArrayLike, names: tuple[str, ...] | None = None, k: int | None = None) -> Design:
    """Return the design of shape (k, p) in orthonormal columns.

    Raises ValueError, naming the column, when one is zero, not finite, or a combination of those before it.
    """
    x = np.asarray(matrix, dtype=np.float64)
    if x.ndim == 1:
        x = x[:, None]
    if x.ndim != 2:
        raise ValueError(f"X must have one row per study and one column per coefficient, got shape {x.shape}")
    if k is not None and x.shape[0] != k:
        raise ValueError(f"X has {x.shape[0]} rows for {k} studies")
    names = tuple(f"x{j + 1}" for j in range(x.shape[1])) if names is None else tuple(names)
    if len(names) != x.shape[1]:
        raise ValueError(f"{len(names)} names for {x.shape[1]} columns of X")
    for j, name in enumerate(names):
        if not np.isfinite(x[:, j]).all():
            raise ValueError(f"column {name!r} has missing or infinite values: drop those studies first")
    if x.shape[0] < x.shape[1]:
        raise ValueError(f"{x.shape[1]} coefficients cannot be estimated from {x.shape[0]} studies")
    scale = np.abs(x).max(axis=0)
    if not scale.all():
        raise ValueError(f"column {names[int(np.argmin(scale))]!r} is zero for every study")
    # np.linalg.qr on scaled columns; its R keeps each column's length, so the diagonal shows dependence.
    q, r = np.linalg.qr(x / scale)
    kept = np.abs(np.diag(r)) / np.linalg.norm(x / scale, axis=0)
    if (kept <= DEPENDENT).any():
        name = names[int(np.argmax(kept <= DEPENDENT))]
        raise ValueError(f"column {name!r} is constant or a combination of the columns before it")
    return Design(x, tuple(q[:, j][None, :] for j in range(x.shape[1])), np.linalg.inv(r) / scale[:, None], names)
