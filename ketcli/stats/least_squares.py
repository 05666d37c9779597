"""Weighted least squares of many meta-analyses at once, and the traces and quadratic forms made from it.

Vocabulary, for one meta-analysis of k studies with design X of p columns: W = diag(w), w = 1 / (vi + tau²);
P = W - W X (X'WX)^-1 X'W; M = W^-1/2 P W^-1/2, the projection that leaves residuals. Nothing of size k x k is
formed: with Q an orthonormal basis of W^1/2 X, M = I - QQ', and every trace is a sum over studies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ketcli.stats.results import Array
from ketcli.stats.roots import Rows

# A column that keeps less than this share of its length after the columns before it is called dependent.
DEPENDENT = 1e-12
# A leverage beyond this leaves 1 - h with too few digits; it is then summed from the other studies.
DOMINANT = 0.9


@dataclass(frozen=True, eq=False)
class Studies:
    """B meta-analyses of up to k studies, arranged for repeated weighted fits.

    Attributes:
        yi: shape (B, k), what the unweighted fit leaves (so that a shift of all effects costs no digits).
        vi: shape (B, k), sampling variances; 1 where a study is absent.
        columns: the p columns of the design, each of shape (B, k) or (1, k).
        present: shape (B, k), or None when every study takes part.
        k: shape (B,), number of studies taking part.
        origin: shape (B, p), coefficients of the unweighted fit.
        singular: shape (B,), True where the columns are dependent among the studies taking part.
        scatter: shape (B,), mean squared deviation of the effects from their plain mean.
    """

    yi: Array
    vi: Array
    columns: tuple[Array, ...]
    present: NDArray[np.bool_] | None
    k: Array
    origin: Array
    singular: NDArray[np.bool_]
    scatter: Array

    @property
    def df(self) -> Array:
        """Residual degrees of freedom k - p, shape (B,)."""
        return self.k - len(self.columns)

    def take(self, rows: Rows) -> Studies:
        """Return the meta-analyses numbered `rows` (repeats allowed)."""
        return Studies(
            yi=self.yi[rows],
            vi=self.vi[rows],
            columns=tuple(c if c.shape[0] == 1 else c[rows] for c in self.columns),
            present=None if self.present is None else self.present[rows],
            k=self.k[rows],
            origin=self.origin[rows],
            singular=self.singular[rows],
            scatter=self.scatter[rows],
        )


@dataclass(frozen=True, eq=False)
class Fit:
    """A weighted fit of B meta-analyses: weights, orthonormal basis Q, and residuals times root weight.

    `hat` holds leverages and `rest` 1 - hat, both of shape (B, k); `triangle` is R of W^1/2 X = QR, of shape
    (B, p, p); `loadings` is Q'W^1/2 y, of shape (B, p).
    """

    weights: Array
    basis: tuple[Array, ...]
    residuals: Array
    hat: Array
    rest: Array
    triangle: Array
    loadings: Array


def dot(a: Array, b: Array) -> Array:
    """Return the sum over studies of a * b, shape (B,)."""
    return np.asarray(np.einsum("ij,ij->i", a, b))


def arrange(
    yi: Array, vi: Array, columns: tuple[Array, ...] | None = None, present: NDArray[np.bool_] | None = None
) -> Studies:
    """Arrange effects and variances, shape (B, k), for fitting; the design defaults to an intercept.

    Where `present` is False the values of yi and vi are ignored, whatever they are. Columns should be of
    comparable length and far from dependent (see `design.orthonormal`).
    """
    if present is not None and present.all():
        present = None
    if present is None:
        k = np.full(yi.shape[0], float(yi.shape[1]))
    else:
        yi, vi = np.where(present, yi, 0.0), np.where(present, vi, 1.0)
        k = present.sum(axis=1).astype(np.float64)
    columns = (np.ones((1, yi.shape[1])),) if columns is None else columns
    share = 1.0 / np.maximum(k, 1.0)
    deviation = yi - (yi.sum(axis=1) * share)[:, None]
    if present is not None:
        deviation = np.where(present, deviation, 0.0)
    raw = Studies(
        yi=yi,
        vi=vi,
        columns=columns,
        present=present,
        k=k,
        origin=np.zeros((yi.shape[0], len(columns))),
        singular=np.zeros(yi.shape[0], dtype=bool),
        scatter=dot(deviation, deviation) * share,
    )
    plain = unweighted_fit(raw)
    length = np.stack([np.broadcast_to(dot(c, c), k.shape) for c in columns], axis=1)
    kept = np.square(np.einsum("ijj->ij", plain.triangle))
    return replace(
        raw,
        yi=plain.residuals,
        origin=coefficients(plain),
        singular=(kept <= DEPENDENT * length).any(axis=1),
    )


def unweighted_fit(studies: Studies) -> Fit:
    """Fit with all weights 1."""
    return weighted_fit(replace(studies, vi=np.ones_like(studies.vi)), np.zeros_like(studies.k))


def weighted_fit(studies: Studies, tau2: Array) -> Fit:
    """Fit each meta-analysis with weights 1 / (vi + tau2), `tau2` of shape (B,).

    The columns and then the effects are orthogonalised in turn (modified Gram-Schmidt, backward stable for
    least squares: Björck 1967), so that only sums over studies are needed whatever the number of columns.
    """
    weights = 1.0 / (studies.vi + tau2[:, None])
    if studies.present is not None:
        weights *= studies.present
    root = np.sqrt(weights)
    p = len(studies.columns)
    triangle = np.zeros((weights.shape[0], p, p))
    loadings = np.empty((weights.shape[0], p))
    rest = [root * column for column in studies.columns]
    residuals = root * studies.yi
    hat = np.zeros_like(weights)
    for j in range(p):
        norm = np.sqrt(dot(rest[j], rest[j]))
        triangle[:, j, j] = norm
        q = rest[j]
        q /= np.where(norm > 0.0, norm, 1.0)[:, None]
        for later in range(j + 1, p):
            share = dot(q, rest[later])
            triangle[:, j, later] = share
            rest[later] -= share[:, None] * q
        share = dot(q, residuals)
        loadings[:, j] = share
        residuals -= share[:, None] * q
        hat += q * q
    return Fit(weights, tuple(rest), residuals, hat, _complement(hat, p), triangle, loadings)


def _complement(hat: Array, p: int) -> Array:
    """Return 1 - hat without losing digits where one study holds nearly all the weight of a mean."""
    rest = np.maximum(1.0 - hat, 0.0)
    if p == 1:
        top = hat.argmax(axis=1)
        rows = np.flatnonzero(hat[np.arange(hat.shape[0]), top] > DOMINANT)
        if rows.size:
            others = hat[rows]
            others[np.arange(rows.size), top[rows]] = 0.0
            rest[rows, top[rows]] = others.sum(axis=1)
    return rest


def coefficients(fit: Fit) -> Array:
    """Return the coefficients (X'WX)^-1 X'Wy, shape (B, p)."""
    return np.asarray(np.einsum("ijl,il->ij", inverse_triangle(fit), fit.loadings))


def covariance(fit: Fit) -> Array:
    """Return (X'WX)^-1, shape (B, p, p)."""
    inverse = inverse_triangle(fit)
    return np.asarray(np.einsum("ijl,iml->ijm", inverse, inverse))


def inverse_triangle(fit: Fit) -> Array:
    """Return R^-1, shape (B, p, p); a dependent column gives NaN."""
    r = fit.triangle
    p = r.shape[1]
    inverse = np.zeros_like(r)
    diagonal = np.einsum("ijj->ij", r)
    diagonal = np.where(diagonal > 0.0, diagonal, np.nan)
    for j in range(p):
        inverse[:, j, j] = 1.0 / diagonal[:, j]
        for i in range(j - 1, -1, -1):
            total = np.einsum("il,il->i", r[:, i, i + 1 : j + 1], inverse[:, i + 1 : j + 1, j])
            inverse[:, i, j] = -total / diagonal[:, i]
    return inverse


def log_determinant(fit: Fit) -> Array:
    """Return ln det X'WX, shape (B,)."""
    return 2.0 * np.asarray(np.log(np.einsum("ijj->ij", fit.triangle)).sum(axis=1))


def q_statistic(fit: Fit) -> Array:
    """Return y'Py, the weighted sum of squared residuals, shape (B,)."""
    return dot(fit.residuals, fit.residuals)


def q_slope(fit: Fit) -> Array:
    """Return y'PPy, minus the slope of y'Py in tau², shape (B,)."""
    return dot(fit.weights, fit.residuals**2)


def q_curvature(fit: Fit) -> Array:
    """Return y'PPPy, minus half the slope of y'PPy in tau², shape (B,)."""
    a = fit.weights * fit.residuals
    total = dot(a, a)
    for q in fit.basis:
        total -= dot(q, a) ** 2
    return np.maximum(total, 0.0)


def trace(fit: Fit, d: Array | None = None) -> Array:
    """Return tr(PD) for diagonal D, shape (B,); D is the identity when not given."""
    return dot(fit.weights if d is None else fit.weights * d, fit.rest)


def trace_square(fit: Fit, d: Array | None = None, e: Array | None = None) -> Array:
    """Return tr(PDPE) for diagonal D and E (identities when not given), shape (B,)."""
    left = fit.weights if d is None else fit.weights * d
    right = fit.weights if e is None else fit.weights * e
    if len(fit.basis) == 1:
        # Off the diagonal M is -q_i q_j: summed apart, so that nothing cancels.
        return dot(left * fit.rest, right * fit.rest) + dot(left * fit.hat, _others(right * fit.hat))
    total = dot(left * right, 1.0 - 2.0 * fit.hat)
    for a in fit.basis:
        for b in fit.basis:
            total += dot(left * a, b) * dot(right * a, b)
    return np.asarray(np.maximum(total, 0.0))


def _others(a: Array) -> Array:
    """Return, per study, the sum of `a` over the other studies, without cancellation."""
    rows = np.arange(a.shape[0])
    top = a.argmax(axis=1)
    without = a.copy()
    without[rows, top] = 0.0
    rest = without.sum(axis=1)
    others = (rest + a[rows, top])[:, None] - a
    others[rows, top] = rest
    return np.asarray(others)
