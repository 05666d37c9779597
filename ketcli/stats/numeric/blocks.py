"""Covariance matrices that are zero between clusters, kept as one padded block per cluster.

C clusters of at most m effects; a block has shape (m, m). Padded places hold the identity in matrices that are
inverted, and zeros elsewhere, so that they add nothing to any sum.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ketcli.stats.results import Array

# Asymmetry, covariance between clusters or a negative eigenvalue above this share of the largest variance is wrong.
ROUNDING = 1e-10


@dataclass(frozen=True, eq=False)
class Clusters:
    """Which effects belong together: `index` (C, m) numbers the effects, `present` (C, m) marks the real places."""

    index: NDArray[np.intp]
    present: NDArray[np.bool_]
    number: NDArray[np.intp]

    @property
    def count(self) -> int:
        """Return the number of clusters C."""
        return int(self.index.shape[0])

    def gather(self, values: Array) -> Array:
        """Return `values` (k, ...) by cluster, shape (C, m, ...), zero in padded places."""
        taken = values[self.index]
        return np.where(self.present.reshape(self.present.shape + (1,) * (values.ndim - 1)), taken, 0.0)

    def spread(self, values: Array) -> Array:
        """Return values by cluster (C, m) in the order of the effects, shape (k,)."""
        out = np.empty(self.number.size)
        out[self.index[self.present]] = values[self.present]
        return out

    def padded(self, blocks: Array) -> Array:
        """Return the blocks with 1 on the diagonal of padded places, so that they can be inverted."""
        return blocks + np.eye(self.index.shape[1]) * (~self.present)[:, None, :]


def clusters(labels: Sequence[object] | ArrayLike, k: int) -> Clusters:
    """Return the clusters of k effects by equal labels, in order of first appearance.

    Labels may be text or numbers. ValueError when there are not k of them or one is missing.
    """
    names = list(labels) if isinstance(labels, Sequence) else np.asarray(labels).tolist()
    if len(names) != k:
        raise ValueError(f"cluster has {len(names)} labels for {k} effects")
    if any(name is None or (isinstance(name, float) and math.isnan(name)) for name in names):
        raise ValueError("cluster has missing labels")
    order = {name: i for i, name in enumerate(dict.fromkeys(names))}
    number = np.array([order[name] for name in names], dtype=np.intp)
    sizes = np.bincount(number)
    index = np.zeros((sizes.size, int(sizes.max())), dtype=np.intp)
    present = np.arange(index.shape[1])[None, :] < sizes[:, None]
    index[present] = np.argsort(number, kind="stable")
    return Clusters(index, present, number)


def covariance_blocks(V: ArrayLike, groups: Clusters) -> Array:
    """Return the blocks (C, m, m) of V: k variances, or a k x k covariance matrix without ties between clusters.

    Each block must be symmetric and positive semi-definite with positive variances; ValueError otherwise.
    """
    k = groups.number.size
    matrix = np.asarray(V, dtype=np.float64)
    if matrix.shape not in ((k,), (k, k)):
        raise ValueError(f"V must hold {k} variances or be {k} x {k}, got shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise ValueError("V must be finite: drop effects without a variance first")
    variances = matrix if matrix.ndim == 1 else np.diagonal(matrix)
    if (variances <= 0.0).any():
        raise ValueError(f"variances must be positive (effect {int(np.argmax(variances <= 0.0)) + 1})")
    both = groups.present[:, :, None] & groups.present[:, None, :]
    if matrix.ndim == 1:
        return np.asarray(groups.gather(matrix)[:, :, None] * np.eye(groups.index.shape[1]))
    limit = ROUNDING * float(variances.max())
    if np.abs(matrix - matrix.T).max() > limit:
        raise ValueError("V must be symmetric")
    if np.abs(np.where(groups.number[:, None] == groups.number, 0.0, matrix)).max() > limit:
        raise ValueError("V has covariances between effects of different clusters")
    blocks = np.where(both, matrix[groups.index[:, :, None], groups.index[:, None, :]], 0.0)
    if np.linalg.eigvalsh(blocks).min() < -limit:
        raise ValueError("V is not a covariance matrix: it has a negative eigenvalue")
    return np.asarray(blocks)


def full_matrix(blocks: Array, groups: Clusters) -> Array:
    """Return the k x k matrix of blocks (C, m, m)."""
    k = groups.number.size
    out = np.zeros((k, k))
    both = groups.present[:, :, None] & groups.present[:, None, :]
    rows, columns = np.broadcast_arrays(groups.index[:, :, None], groups.index[:, None, :])
    out[rows[both], columns[both]] = blocks[both]
    return out
