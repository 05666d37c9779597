"""Restricted likelihood of two variances: between clusters, and within them between effects.

M = V + s1 J + s2 I, block by cluster, J all ones; the fixed part is X beta. With W = M^-1,
P = W - W X (X'WX)^-1 X'W and D_j the derivative of M by s_j, the gradient is (y'P D_j P y - tr P D_j)/2 and the
Hessian tr(P D_i P D_j)/2 - y'P D_i P D_j P y (Harville 1977). Only blocks and p x p matrices are formed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ketcli.stats.numeric.blocks import Clusters
from ketcli.stats.numeric.newton import Maximum, maximise
from ketcli.stats.results import Array

# Starting values, in units of the effects' own scale; the restricted likelihood can have more than one peak.
STARTS = (0.0, 0.02, 0.15, 0.6, 2.0)
CLIMBS = 3


@dataclass(frozen=True, eq=False)
class Problem:
    """Effects `y` (C, m), design `x` (C, m, p) and covariance `v` (C, m, m) by cluster; `free` (2,) variances."""

    y: Array
    x: Array
    v: Array
    groups: Clusters
    free: NDArray[np.bool_]

    @property
    def df(self) -> int:
        """Return the residual degrees of freedom k - p."""
        return int(self.groups.number.size - self.x.shape[2])


@dataclass(frozen=True, eq=False)
class Weighted:
    """Generalised least squares at given variances: W (C, m, m), W X, (X'WX)^-1, beta and W (y - X beta)."""

    w: Array
    wx: Array
    inverse: Array
    beta: Array
    wr: Array
    quadratic: float
    log_determinants: float


@dataclass(frozen=True, eq=False)
class Components:
    """The variances (2,), between and within, their standard errors (NaN at zero), and the restricted maximum."""

    value: Array
    se: Array
    loglik: float
    converged: bool


def marginal(problem: Problem, s: Array) -> Array:
    """Return the blocks of M = V + s1 J + s2 I, zero in padded places."""
    present = problem.groups.present
    both = present[:, :, None] & present[:, None, :]
    own = np.eye(present.shape[1]) * present[:, None, :]
    return np.asarray(problem.v + s[0] * both + s[1] * own)


def weighted(problem: Problem, s: Array) -> Weighted:
    """Return the weighted fit; LinAlgError when M is singular."""
    m = problem.groups.padded(marginal(problem, s))
    factor = np.linalg.cholesky(m)
    half = np.linalg.inv(factor)
    # padded places would keep weight 1: they are given none
    both = problem.groups.present[:, :, None] & problem.groups.present[:, None, :]
    w = np.where(both, np.swapaxes(half, 1, 2) @ half, 0.0)
    wx = w @ problem.x
    information = np.einsum("cmp,cmq->pq", problem.x, wx)
    inverse = np.linalg.inv(information)
    beta = inverse @ np.einsum("cmp,cm->p", wx, problem.y)
    r = problem.y - problem.x @ beta
    wr = np.einsum("cmn,cn->cm", w, r)
    logs = 2.0 * float(np.log(np.diagonal(factor, axis1=1, axis2=2)).sum())
    logs += float(np.linalg.slogdet(information)[1])
    return Weighted(w, wx, inverse, beta, wr, float((r * wr).sum()), logs)


def estimate(problem: Problem) -> Components:
    """Return the restricted maximum-likelihood variances, 0 or more; those not `free` stay 0."""
    scale = _scale(problem)
    unit = _scaled(problem, 1.0 / scale)
    starts = [np.array(s) * problem.free for s in product(STARTS, repeat=2)]
    starts = sorted(starts, key=lambda s: -surface(unit, s)[0])[:CLIMBS]
    best = max((climb(unit, s) for s in starts), key=lambda peak: peak.value)
    return Components(
        value=best.x * scale,
        se=_standard_errors(best, problem.free) * scale,
        loglik=best.value - 0.5 * problem.df * math.log(scale),
        converged=best.converged,
    )


def climb(problem: Problem, start: Array, fixed: NDArray[np.bool_] | None = None) -> Maximum:
    """Return the peak reached from `start`, with the variances that are `fixed` (or not free) held there."""
    moving = problem.free if fixed is None else problem.free & ~fixed
    low = np.where(moving, 0.0, start)
    high = np.where(moving, math.inf, start)
    return maximise(lambda s: surface(problem, s), start, low, high)


def slope(problem: Problem, s: Array) -> Array:
    """Return the gradient (2,) of the restricted log-likelihood at the variances `s`."""
    return surface(problem, s)[1]


def scaled_problem(problem: Problem) -> tuple[Problem, float]:
    """Return the problem with effects of unit scale, and the factor of its variances."""
    scale = _scale(problem)
    return _scaled(problem, 1.0 / scale), scale


def _scale(problem: Problem) -> float:
    """Return a typical total variance of an effect."""
    present = problem.groups.present
    diagonal = np.diagonal(problem.v, axis1=1, axis2=2)[present]
    return float(np.mean(diagonal) + np.var(problem.y[present]))


def _scaled(problem: Problem, factor: float) -> Problem:
    return replace(problem, y=problem.y * math.sqrt(factor), v=problem.v * factor)


def surface(problem: Problem, s: Array) -> tuple[float, Array, Array]:
    """Return the restricted log-likelihood with its gradient (2,) and Hessian (2, 2) at the variances `s`."""
    try:
        at = weighted(problem, s)
    except np.linalg.LinAlgError:
        # V itself is singular and needs a variance on top
        return -math.inf, np.ones(2), -np.eye(2)
    ones = problem.groups.present.astype(np.float64)
    # D_1 = J and D_2 = I applied to a vector; on the right of W they need no matrix of their own
    wj = at.w.sum(axis=2)
    dwr = (ones * at.wr.sum(axis=1, keepdims=True), at.wr)
    dwx = (ones[:, :, None] * at.wx.sum(axis=1, keepdims=True), at.wx)
    trace = np.array([wj.sum(), np.trace(at.w, axis1=1, axis2=2).sum()])
    g = np.stack([np.einsum("cmp,cmq->pq", at.wx, d) for d in dwx])
    gradient = 0.5 * (np.array([(at.wr * d).sum() for d in dwr]) - trace + np.einsum("pq,jqp->j", at.inverse, g))
    square = np.array([[(at.w.sum(axis=(1, 2)) ** 2).sum(), (wj**2).sum()], [(wj**2).sum(), (at.w**2).sum()]])
    cg = np.einsum("pq,jqr->jpr", at.inverse, g)
    wdx = [np.einsum("cmn,cnp->cmp", at.w, d) for d in dwx]
    wdr = [np.einsum("cmn,cn->cm", at.w, d) for d in dwr]
    hessian = np.empty((2, 2))
    for i, j in product(range(2), repeat=2):
        crossed = np.einsum("pq,cmq,cmp->", at.inverse, dwx[i], wdx[j])
        trace_ij = square[i, j] - 2.0 * crossed + np.einsum("pq,qp->", cg[i], cg[j])
        lost = np.einsum("cmp,cm->p", at.wx, dwr[j])
        curve = (dwr[i] * wdr[j]).sum() - np.einsum("cmp,cm->p", at.wx, dwr[i]) @ at.inverse @ lost
        hessian[i, j] = 0.5 * trace_ij - curve
    value = -0.5 * (problem.df * math.log(2.0 * math.pi) + at.log_determinants + at.quadratic)
    value += 0.5 * float(np.linalg.slogdet(np.einsum("cmp,cmq->pq", problem.x, problem.x))[1])
    return value, gradient, hessian


def _standard_errors(best: Maximum, free: NDArray[np.bool_]) -> Array:
    """Return the roots of the inverse observed information; NaN for a variance at zero or held there."""
    se = np.full(2, math.nan)
    inside = free & (best.x > 0.0)
    information = -best.hessian[np.ix_(inside, inside)]
    if inside.any() and np.linalg.eigvalsh(information).min() > 0.0:
        se[inside] = np.sqrt(np.diagonal(np.linalg.inv(information)))
    return se
