"""Cluster-robust standard errors for small samples: CR2 with Satterthwaite's degrees of freedom.

Effects in a cluster may depend on each other in ways the working covariance Theta gets wrong. With W the weights,
M = (X'WX)^-1, H = X M X'W and e the residuals, the covariance of the estimates is

    M (sum X_j'W_j A_j e_j e_j'A_j W_j X_j) M
    A_j = D_j'(D_j [(I - H) Theta (I - H)']_jj D_j')^-1/2 D_j,  Theta_j = D_j'D_j

unbiased when Theta is right (Bell & McCaffrey 2002; Pustejovsky & Tipton 2018; Tipton 2015). As clubSandwich.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ketcli.stats import validate
from ketcli.stats.dependent.coefficients import Coefficients, coefficients
from ketcli.stats.design import orthonormal
from ketcli.stats.numeric.blocks import Clusters, clusters, covariance_blocks
from ketcli.stats.results import Array

# An eigenvalue below this, on a scale where about 1 has no leverage, is a direction that a cluster fits exactly.
NO_FREEDOM = 1e-12
FEW_DEGREES = 4.0
# Residuals below this share of the effects are rounding.
ROUNDING = 1e-13


def robust_cr2(
    yi: ArrayLike,
    X: ArrayLike | None,
    V: ArrayLike,
    cluster: Sequence[object],
    *,
    weights: ArrayLike | None = None,
    level: float = 0.95,
) -> Coefficients:
    """Return the weighted least-squares coefficients of `yi` on `X` with CR2 standard errors and their tests.

    Args:
        yi: effects, shape (k,).
        X: the whole design matrix, shape (k, p), with its column of ones where wanted; None for the mean alone.
        V: working covariance of the effects, heterogeneity included: variances (k,), or (k, k) with zeros between
            clusters.
        cluster: k labels.
        weights: (k,), or (k, k), zero between clusters; by default the inverse of V.
        level: confidence level, 0-1.

    Fewer than two clusters leave the errors NaN with a note; under 4 degrees of freedom a note warns (Tipton 2015).
    ValueError for covariances between clusters, or columns of X that depend on each other.
    """
    y = validate.vector("yi", yi)
    if y.size == 0 or not np.isfinite(y).all():
        raise ValueError("yi must be one or more finite numbers: drop effects that are missing first")
    x = orthonormal(np.ones((y.size, 1)) if X is None else X, k=y.size).matrix
    groups = clusters(cluster, y.size)
    v = covariance_blocks(V, groups)
    _check_regular(v, groups)
    w = _inverse(v, groups) if weights is None else covariance_blocks(weights, groups)
    return cr2(groups.gather(y), groups.gather(x), v, w, groups, validate.level(level))


def cr2(y: Array, x: Array, v: Array, w: Array, groups: Clusters, level: float) -> Coefficients:
    """Return the same from arrays by cluster: `y` (C, m), `x` (C, m, p), `v` and `w` (C, m, m)."""
    wx = w @ x
    m = np.linalg.inv(np.einsum("cmp,cmq->pq", x, wx))
    beta = m @ np.einsum("cmp,cm->p", wx, y)
    if groups.count < 2:
        missing = np.full(m.shape, np.nan)
        note = "One cluster: cluster-robust standard errors are not defined."
        return coefficients(beta, missing, np.full(beta.shape, np.nan), level, (note,))
    # only the shape of V and W matters: a common size spares the tolerances below the units of the effects
    v = v / np.trace(v, axis1=1, axis2=2).max()
    vwx = v @ wx
    s = np.einsum("cmp,cmq->pq", wx, vwx)
    adjustment, alone = _adjustment(x, v, vwx, m, s, groups)
    adjusted = adjustment @ wx @ m
    residual = y - x @ beta
    scores = np.einsum("cmp,cm->cp", adjusted, residual)
    df = np.array([_satterthwaite(adjusted[:, :, j], x, v, vwx, m, s) for j in range(beta.size)])
    exact = bool(np.abs(residual).max() <= ROUNDING * np.abs(y).max())
    return coefficients(beta, scores.T @ scores, df, level, _notes(df, exact=exact, alone=alone))


def _inverse(v: Array, groups: Clusters) -> Array:
    """Return the inverse blocks, zero in padded places."""
    both = groups.present[:, :, None] & groups.present[:, None, :]
    return np.where(both, np.linalg.inv(groups.padded(v)), 0.0)


def _check_regular(v: Array, groups: Clusters) -> None:
    try:
        np.linalg.cholesky(groups.padded(v))
    except np.linalg.LinAlgError:
        raise ValueError("V is singular: effects of a cluster cannot be wholly determined by each other") from None


def _adjustment(x: Array, v: Array, vwx: Array, m: Array, s: Array, groups: Clusters) -> tuple[Array, bool]:
    """Return the matrices A_j (C, m, m), and whether a cluster fits some direction of its effects exactly."""
    upper = np.swapaxes(np.linalg.cholesky(groups.padded(v)), 1, 2)
    fitted = x @ m
    crossed = vwx @ np.swapaxes(fitted, 1, 2)
    residual = v - crossed - np.swapaxes(crossed, 1, 2) + fitted @ s @ np.swapaxes(fitted, 1, 2)
    size, axes = np.linalg.eigh(upper @ groups.padded(residual) @ np.swapaxes(upper, 1, 2))
    # without leverage the eigenvalues are those of D Theta D', of the size of Theta squared
    limit = NO_FREEDOM * np.trace(v, axis1=1, axis2=2)[:, None] ** 2
    root = np.where(size > limit, 1.0 / np.sqrt(np.where(size > limit, size, 1.0)), 0.0)
    matrices = np.swapaxes(upper, 1, 2) @ (axes * root[:, None, :]) @ np.swapaxes(axes, 1, 2) @ upper
    return np.asarray(matrices), bool((size <= limit).any())


def _satterthwaite(g: Array, x: Array, v: Array, vwx: Array, m: Array, s: Array) -> float:
    """Return 2 E² / Var of the squared error of one coefficient, whose residuals enter with `g` (C, m).

    Theta being right, the C parts g_j'e_j are normal with covariance Omega; the squared error is their squared sum.
    """
    a, b = np.einsum("cmp,cm->cp", x, g), np.einsum("cmp,cm->cp", vwx, g)
    omega = np.diag(np.einsum("cm,cmn,cn->c", g, v, g)) - a @ m @ b.T - b @ m @ a.T + a @ m @ s @ m @ a.T
    spread = float((omega**2).sum())
    return float(np.trace(omega)) ** 2 / spread if spread > 0.0 else float("nan")


def _notes(df: Array, *, exact: bool, alone: bool) -> tuple[str, ...]:
    if exact:
        return ("The effects are fitted exactly: a robust standard error of 0 tests nothing.",)
    notes: tuple[str, ...] = ()
    if alone or np.isnan(df).any():
        notes = ("A coefficient is fitted by one cluster alone, whose uncertainty its robust error leaves out.",)
    if np.nanmin(df, initial=np.inf) < FEW_DEGREES:
        few = f"{np.nanmin(df):.1f} degrees of freedom: under 4 the robust p-values and intervals are unreliable."
        return (*notes, few)
    return notes
