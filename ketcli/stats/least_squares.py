"""Weighted least squares of many meta-analyses at once, and the traces and quadratic forms made from it.

Vocabulary, for one meta-analysis of k studies with design X of p columns: W = diag(w), w = 1 / (vi + tau²);
P = W - W X (X'WX)^-1 X'W; M = W^-1/2 P W^-1/2, the projection that leaves residuals. Nothing of size k x k is
formed: with Q an orthonormal basis of W^1/2 X, M = I - QQ', and every trace is a sum over studies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ketcli.stats.numeric.roots import Rows
from ketcli.stats.results import Array
from ketcli.stats.studies import Studies

# Effects and variances within these bounds stay finite through every sum of cubes.
LARGEST, SMALLEST = 1e50, 1e-50
# Residuals below this share of the largest effect are rounding: the studies agree exactly.
AGREEMENT = 2e-15
# A column that keeps less than this share of its length after the columns before it is called dependent.
DEPENDENT = 1e-12
# A leverage beyond this leaves 1 - h with too few digits; it is then summed from other studies' terms.
DOMINANT = 0.9


@dataclass(frozen=True, eq=False)
class Dominant:
    """The row of M of a study that holds nearly a whole coefficient: meta-analyses `rows`, their `study`, M's row.

    Shapes (n,), (n,) and (n, k).
    """

    rows: Rows
    study: Rows
    line: Array


@dataclass(frozen=True, eq=False)
class Fit:
    """A weighted fit of B meta-analyses: weights, orthonormal basis Q, and residuals times root weight.

    `hat` holds leverages and `rest` 1 - hat, both of shape (B, k); `triangle` is R of W^1/2 X = QR, of shape
    (B, p, p); `loadings` is Q'W^1/2 y, of shape (B, p); `dominant` lists the studies with leverage near 1.
    """

    weights: Array
    basis: tuple[Array, ...]
    residuals: Array
    hat: Array
    rest: Array
    triangle: Array
    loadings: Array
    dominant: tuple[Dominant, ...]


def dot(a: Array, b: Array) -> Array:
    """Return the sum over studies of a * b, shape (B,)."""
    return np.asarray(np.einsum("ij,ij->i", a, b))


def arrange(
    yi: Array, vi: Array, columns: tuple[Array, ...] | None = None, present: NDArray[np.bool_] | None = None
) -> Studies:
    """Arrange effects and variances, shape (B, k), for fitting; the design defaults to an intercept.

    Where `present` is False the values of yi and vi are ignored, whatever they are. Columns should be of
    comparable length and far from dependent (see `design.orthonormal`). Effects that the unweighted fit
    explains up to rounding are taken as explained exactly. Raises ValueError for effects beyond 1e50 and
    variances beyond 1e-50 to 1e50, whose squares would overflow.
    """
    if present is not None and present.all():
        present = None
    if present is None:
        k = np.full(yi.shape[0], float(yi.shape[1]))
    else:
        yi, vi = np.where(present, yi, 0.0), np.where(present, vi, 1.0)
        k = present.sum(axis=1).astype(np.float64)
    if np.abs(yi).max() > LARGEST or vi.max() > LARGEST or vi.min() < SMALLEST:
        raise ValueError("effects and variances are too large or too small to compute with: change their unit")
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
    left = plain.residuals
    left[np.abs(left).max(axis=1) <= AGREEMENT * np.abs(yi).max(axis=1)] = 0.0
    return replace(
        raw,
        yi=left,
        origin=coefficients(plain),
        singular=(kept <= DEPENDENT * length).any(axis=1),
    )


def unweighted_fit(studies: Studies) -> Fit:
    """Fit with all weights 1."""
    return weighted_fit(replace(studies, vi=np.ones_like(studies.vi)), np.zeros_like(studies.k))


def weighted_fit(studies: Studies, tau2: Array) -> Fit:
    """Fit each meta-analysis with weights 1 / (vi + tau2), `tau2` of shape (B,).

    The columns and then the effects are orthogonalised in turn by Gram-Schmidt, so that only sums over studies
    are needed whatever the number of columns. Columns pass twice ("twice is enough": Giraud, Langou &
    Rozložník 2005), effects again where one study dominates: weights that differ by many orders of magnitude
    then do no harm.
    """
    weights = 1.0 / (studies.vi + tau2[:, None])
    if studies.present is not None:
        weights *= studies.present
    root = np.sqrt(weights)
    p = len(studies.columns)
    triangle = np.zeros((weights.shape[0], p, p))
    basis: list[Array] = []
    hat = np.zeros_like(weights)
    for j, column in enumerate(studies.columns):
        q = root * column
        triangle[:, :j, j] = _orthogonalise(q, basis) + _orthogonalise(q, basis)
        norm = np.sqrt(dot(q, q))
        triangle[:, j, j] = norm
        q /= np.where(norm > 0.0, norm, 1.0)[:, None]
        basis.append(q)
        hat += q * q
    residuals = root * studies.yi
    loadings = _orthogonalise(residuals, basis)
    rest = np.maximum(1.0 - hat, 0.0)
    dominant = _dominant(basis, hat, rest)
    if dominant:
        rows = dominant[0].rows
        again = residuals[rows]
        loadings[rows] += _orthogonalise(again, [q[rows] for q in basis])
        residuals[rows] = again
    return Fit(weights, tuple(basis), residuals, hat, rest, triangle, loadings, dominant)


def _orthogonalise(a: Array, basis: list[Array]) -> Array:
    """Take from `a`, in place, its parts along the basis; return them, shape (B, len(basis))."""
    parts = np.empty((a.shape[0], len(basis)))
    for j, q in enumerate(basis):
        parts[:, j] = part = dot(q, a)
        a -= part[:, None] * q
    return parts


def _dominant(basis: list[Array], hat: Array, rest: Array) -> tuple[Dominant, ...]:
    """List studies with leverage near 1 and set their `rest`, in place, without losing digits to 1 - hat.

    M is a projection: rest_i = sum_j M_ij², so rest_i hat_i is the sum over j other than i, where M_ij is a
    product of basis entries and nothing cancels. As leverages add up to p, at most p studies come near 1.
    """
    rows = np.flatnonzero((hat > DOMINANT).any(axis=1))
    if not rows.size:
        return ()
    found = []
    leverage = hat[rows]
    for _ in basis:
        study = leverage.argmax(axis=1)
        near = leverage[np.arange(rows.size), study] > DOMINANT
        rows, study, leverage = rows[near], study[near], leverage[near]
        if not rows.size:
            break
        here = np.arange(rows.size)
        line = np.zeros(leverage.shape)
        for q in basis:
            line -= q[rows, study][:, None] * q[rows]
        line[here, study] = 0.0
        line[here, study] = rest[rows, study] = dot(line, line) / hat[rows, study]
        leverage[here, study] = 0.0
        found.append(Dominant(rows, study, line))
    return tuple(found)


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
    if not fit.dominant:
        return _trace_square(fit, left, right)
    # The terms M_ij² of studies with leverage near 1 are added one by one; among the others nothing cancels.
    left, right = left.copy(), right.copy()
    extra = np.zeros(left.shape[0])
    for top in fit.dominant:
        rows, study, squares = top.rows, top.study, top.line**2
        mine_left, mine_right = left[rows, study], right[rows, study]
        left[rows, study] = right[rows, study] = 0.0
        extra[rows] += mine_left * mine_right * squares[np.arange(rows.size), study]
        extra[rows] += mine_left * dot(right[rows], squares) + mine_right * dot(left[rows], squares)
    return extra + _trace_square(fit, left, right)


def _trace_square(fit: Fit, left: Array, right: Array) -> Array:
    """Return tr(ML MR) for diagonal L and R."""
    total = dot(left * right, 1.0 - 2.0 * fit.hat)
    for a in fit.basis:
        for b in fit.basis:
            total += dot(left * a, b) * dot(right * a, b)
    return np.asarray(np.maximum(total, 0.0))
