"""The likelihood of a step-function selection model, with exact first and second derivatives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ketcli.stats.numeric import distributions
from ketcli.stats.results import Array


@dataclass(frozen=True, eq=False)
class StepData:
    """k studies with the effects at which their p-value crosses a step.

    `cuts` (k, c), ascending, bound c + 1 regions of the effect; `interval` (c + 1,) says which p-value
    interval a region belongs to; `counts` (J,) are studies per interval.
    """

    y: Array
    v: Array
    cuts: Array
    interval: NDArray[np.int_]
    counts: Array


def step_data(y: Array, v: Array, steps: tuple[float, ...], *, two_sided: bool) -> StepData:
    """Lay out the regions by effect: last interval first, or outside in for two-sided p-values."""
    last, root = len(steps), np.sqrt(v)
    ends = np.asarray(steps)
    z = -np.asarray(distributions.normal_quantile(ends / 2.0 if two_sided else ends))
    falling = np.arange(last, -1, -1)
    if two_sided:
        p = distributions.normal_two_sided(y / root)
        points = np.concatenate([-z, z[::-1]])
        interval = np.concatenate([falling[::-1], falling[1:]])
    else:
        p, points, interval = distributions.normal_cdf(-y / root), z[::-1], falling
    group = np.searchsorted(ends, p, side="left")
    counts = np.bincount(group, minlength=last + 1).astype(np.float64)
    return StepData(y, v, root[:, None] * points[None, :], interval, counts)


def without_steps(data: StepData) -> StepData:
    """Return the same studies under a model without selection: one interval, no cut."""
    k = data.y.size
    return StepData(data.y, data.v, np.empty((k, 0)), np.zeros(1, dtype=np.int_), np.array([float(k)]))


def surface(data: StepData, x: Array) -> tuple[float, Array, Array]:
    """Return log-likelihood, gradient and Hessian at x = (mu, tau2, ln delta_1, ..., ln delta_J-1).

    Study i contributes ln delta_g + ln N(y; mu, v + tau2) - ln A, where A, the chance to be seen, adds the
    normal probability of each region times its delta.
    """
    mu, tau2 = x[0], x[1]
    j, p = data.counts.size, x.size
    delta = np.exp(np.concatenate([[0.0], x[2:]]))
    s2 = data.v + tau2
    s = np.sqrt(s2)
    r = data.y - mu
    value = -0.5 * float((np.log(2.0 * np.pi * s2) + r**2 / s2).sum()) + float(data.counts[1:] @ x[2:])
    gradient, hessian = np.zeros(p), np.zeros((p, p))
    gradient[0] = float((r / s2).sum())
    gradient[1] = 0.5 * float((r**2 / s2**2 - 1.0 / s2).sum())
    gradient[2:] = data.counts[1:]
    hessian[0, 0] = -float((1.0 / s2).sum())
    hessian[0, 1] = hessian[1, 0] = -float((r / s2**2).sum())
    hessian[1, 1] = float((0.5 / s2**2 - r**2 / s2**3).sum())
    if j == 1:
        return value, gradient, hessian
    chance, first, second = _chance(data, mu, s, delta)
    score = first / chance[:, None]
    value -= float(np.log(chance).sum())
    gradient -= score.sum(axis=0)
    hessian -= (second / chance[:, None, None]).sum(axis=0) - score.T @ score
    return value, gradient, hessian


def _chance(data: StepData, mu: float, s: Array, delta: Array) -> tuple[Array, Array, Array]:
    """Return A (k,) with its first (k, p) and second (k, p, p) derivatives in (mu, tau2, ln delta)."""
    k, j = data.y.size, delta.size
    u = (data.cuts - mu) / s[:, None]
    density = np.exp(-0.5 * u**2) / np.sqrt(2.0 * np.pi)
    inverse = 1.0 / s[:, None]
    u_mu, u_tau = np.broadcast_to(-inverse, u.shape), -0.5 * u * inverse**2
    cdf = {"mu": density * u_mu, "tau": density * u_tau}
    cdf["mu_mu"] = -density * u * u_mu**2
    cdf["mu_tau"] = density * (0.5 * inverse**3 - u * u_mu * u_tau)
    cdf["tau_tau"] = density * (0.75 * u * inverse**4 - u * u_tau**2)
    member = (data.interval[:, None] == np.arange(j)[None, :]) * delta[None, :]

    def regions(edges: Array) -> Array:
        """Turn values at the cuts into differences over regions, then into sums per interval, times delta."""
        zero = np.zeros((k, 1))
        return np.asarray(np.diff(np.concatenate([zero, edges, zero], axis=1), axis=1) @ member)

    share = _probabilities(u) @ member
    by = {name: regions(edges) for name, edges in cdf.items()}
    first, second = np.zeros((k, j + 1)), np.zeros((k, j + 1, j + 1))
    for a, name in enumerate(("mu", "tau")):
        first[:, a] = by[name].sum(axis=1)
        second[:, a, 2:] = second[:, 2:, a] = by[name][:, 1:]
    first[:, 2:] = share[:, 1:]
    second[:, 0, 0], second[:, 1, 1] = by["mu_mu"].sum(axis=1), by["tau_tau"].sum(axis=1)
    second[:, 0, 1] = second[:, 1, 0] = by["mu_tau"].sum(axis=1)
    for m in range(2, j + 1):
        second[:, m, m] = share[:, m - 1]
    return share.sum(axis=1), first, second


def _probabilities(u: Array) -> Array:
    """Return the normal probability of each region between standardised cuts, from the nearer tail."""
    k = u.shape[0]
    low = np.concatenate([np.full((k, 1), -np.inf), u], axis=1)
    high = np.concatenate([u, np.full((k, 1), np.inf)], axis=1)
    flip = low > 0.0
    left, right = np.where(flip, -high, low), np.where(flip, -low, high)
    return np.asarray(distributions.normal_cdf(right) - distributions.normal_cdf(left))
