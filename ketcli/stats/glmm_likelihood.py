"""The marginal likelihood of a mixed model for counts, with its exact first and second derivatives.

Study i, arm a has the linear predictor

    eta_ia = study_ia alpha_i + sum_j fixed_aj beta_j + sum_j random_aj sd_j u_ij,   u ~ N(0, 1) independent,

with alpha_i present only where the studies have parameters of their own. The random effects are integrated out by
`quadrature`. Derivatives come from the same nodes: the gradient of a log integral is the posterior mean of the
score, its Hessian the posterior mean of the Hessian plus the posterior covariance of the score (Louis 1982).
Parameters are ordered beta, ln sd, alpha.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ketcli.stats.glmm_families import Family
from ketcli.stats.quadrature import Integrand, Nodes, find_modes, integrate, place_nodes
from ketcli.stats.results import Array

HALF_LOG_2PI = 0.5 * np.log(2.0 * np.pi)


@dataclass(frozen=True, eq=False)
class Model:
    """What k studies were observed to do (`family`) and how their A arms depend on the parameters.

    `fixed` (A, p) and `random` (A, d) are the same for all studies; `study` (k, A) is None without study
    parameters, and a row of zeros for a study that has none of its own.
    """

    family: Family
    k: int
    fixed: Array
    random: Array
    study: Array | None = None


@dataclass(frozen=True, eq=False)
class Point:
    """Values of the parameters: `beta` (p,), `log_sd` (d,), `alpha` (k,), empty without study parameters."""

    beta: Array
    log_sd: Array
    alpha: Array

    def moved(self, shared: Array, alpha: Array) -> Point:
        """Return the point shifted by `shared` in (beta, ln sd) and `alpha` in the study parameters."""
        p = self.beta.size
        return Point(self.beta + shared[:p], self.log_sd + shared[p:], self.alpha + alpha)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The log-likelihood at a point: value, per-study gradient (k, P) and Hessian (k, P, P), P = p + d (+ 1)."""

    value: float
    gradient: Array
    hessian: Array
    mode: Array


def evaluate(model: Model, point: Point, nodes: int | None = None, start: Array | None = None) -> Evaluation:
    """Return the log-likelihood of `model` at `point` with its derivatives; `start` (k, d) speeds up the modes."""
    d = model.random.shape[1]
    base = _fixed_part(model, point)
    loads = model.random * np.exp(point.log_sd)
    integrand = _integrand(model, base, loads)
    mode, precision = find_modes(integrand, np.zeros((model.k, d)) if start is None else start)
    rule = place_nodes(integrand, mode, precision, nodes)
    eta = base[..., None] + np.einsum("aj,kmj->kam", loads, rule.points)
    density, residual, variance = model.family.terms(eta)
    log_integrand = density.sum(axis=1) - 0.5 * (rule.points**2).sum(axis=2) - d * HALF_LOG_2PI
    values, share = integrate(log_integrand, rule)
    gradient, hessian = _derivatives(model, loads, rule, share, residual, variance)
    return Evaluation(float(values.sum()), gradient, hessian, mode)


def _fixed_part(model: Model, point: Point) -> Array:
    """Return the linear predictor without random effects, shape (k, A)."""
    shared = np.broadcast_to(model.fixed @ point.beta, (model.k, model.fixed.shape[0]))
    return shared if model.study is None else shared + point.alpha[:, None] * model.study


def _integrand(model: Model, base: Array, loads: Array) -> Integrand:
    """Return the log joint density of data and random effects as functions of the random effects u (k, d)."""
    d = loads.shape[1]

    def terms(u: Array) -> tuple[Array, Array, Array]:
        return model.family.terms((base + u @ loads.T)[..., None])

    def height(u: Array) -> Array:
        return np.asarray(terms(u)[0][..., 0].sum(axis=1) - 0.5 * (u**2).sum(axis=1))

    def slopes(u: Array) -> tuple[Array, Array]:
        _, residual, variance = terms(u)
        precision = np.einsum("ai,ka,aj->kij", loads, variance[..., 0], loads) + np.eye(d)
        return residual[..., 0] @ loads - u, precision

    def stretch(displacement: Array) -> Array:
        return np.asarray(np.abs(loads @ displacement).max(axis=1))

    return Integrand(height, slopes, stretch)


def _derivatives(
    model: Model, loads: Array, rule: Nodes, share: Array, residual: Array, variance: Array
) -> tuple[Array, Array]:
    """Return gradient (k, P) and Hessian (k, P, P) of every study's log integral, by Louis's identity."""
    k, m, _ = rule.points.shape
    arms, p = model.fixed.shape
    d = loads.shape[1]
    extra = 0 if model.study is None else 1
    slope = np.empty((k, arms, m, p + d + extra))
    slope[..., :p] = model.fixed[None, :, None, :]
    # d eta / d ln sd_j = random_aj sd_j u_j
    slope[..., p : p + d] = loads[None, :, None, :] * rule.points[:, None, :, :]
    if model.study is not None:
        slope[..., -1] = model.study[:, :, None]
    score = np.einsum("kam,kamp->kmp", residual, slope)
    mean = np.einsum("km,kmp->kp", share, score)
    flat = slope.reshape(k, arms * m, -1)
    weight = (variance * share[:, None, :]).reshape(k, arms * m, 1)
    hessian = -np.swapaxes(flat, 1, 2) @ (weight * flat)
    centred = score - mean[:, None, :]
    hessian += np.swapaxes(centred, 1, 2) @ (share[..., None] * centred)
    # eta is not linear in ln sd: its second derivative equals its first
    curved = np.arange(p, p + d)
    hessian[:, curved, curved] += mean[:, curved]
    return mean, hessian
