"""The marginal likelihood of a mixed model for counts, with its exact first and second derivatives.

Study i, arm a has the linear predictor

    eta_ia = study_ia alpha_i + sum_j fixed_aj beta_j + sum_j random_aj sd_j u_ij,   u ~ N(0, 1) independent,

with alpha_i present only where the studies have parameters of their own. The random effects are integrated out by
`quadrature`. Derivatives come from the same nodes: the gradient of a log integral is the posterior mean of the
score, its Hessian the posterior mean of the Hessian plus the posterior covariance of the score (Louis 1982).
Parameters are ordered beta, ln sd, alpha.

Several meta-analyses are evaluated side by side, each at its own parameters: arrays over studies hold them one
after the other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ketcli.stats.mixed.glmm_families import Family
from ketcli.stats.numeric.quadrature import Integrand, Nodes, find_modes, integrate, place_nodes
from ketcli.stats.numeric.roots import Rows
from ketcli.stats.results import Array

# studies whose integrals are worked out at once
SLICE = 1024
HALF_LOG_2PI = 0.5 * np.log(2.0 * np.pi)


@dataclass(frozen=True, eq=False)
class Model:
    """What the k studies of g meta-analyses were observed to do, and how their A arms depend on the parameters.

    `sizes` (g,) are the numbers of studies of the meta-analyses, at least 1 each. `fixed` (A, p) and `random`
    (A, d) are the same for all studies; `study` (k, A) is None without study parameters, and a row of zeros for a
    study that has none of its own.
    """

    family: Family
    sizes: Rows
    fixed: Array
    random: Array
    study: Array | None = None

    @classmethod
    def of(cls, family: Family, k: int, fixed: Array, random: Array, study: Array | None = None) -> Model:
        """Return the model of one meta-analysis of k studies."""
        return cls(family, np.array([k]), fixed, random, study)

    @cached_property
    def first(self) -> Rows:
        """The first study of each meta-analysis, shape (g,)."""
        return np.cumsum(self.sizes) - self.sizes

    def each(self, values: Array) -> Array:
        """Return `values` (g, ...) of the meta-analyses for each of their studies, shape (k, ...)."""
        return np.repeat(values, self.sizes, axis=0)

    def total(self, values: Array) -> Array:
        """Return the sums (g, ...) of `values` (k, ...) over the studies of each meta-analysis."""
        return np.asarray(np.add.reduceat(values, self.first, axis=0))

    def studies(self, which: Rows) -> Rows:
        """Return the indices of the studies of the meta-analyses `which`, in that order."""
        return np.concatenate([np.arange(self.first[g], self.first[g] + self.sizes[g]) for g in which])

    def take(self, which: Rows) -> Model:
        """Return the model of the meta-analyses `which`."""
        rows = self.studies(which)
        study = None if self.study is None else self.study[rows]
        return replace(self, family=self.family.take(rows), sizes=self.sizes[which], study=study)


@dataclass(frozen=True, eq=False)
class Point:
    """Values of the parameters: `beta` (g, p), `log_sd` (g, d), `alpha` (k,), empty without study parameters."""

    beta: Array
    log_sd: Array
    alpha: Array

    def moved(self, shared: Array, alpha: Array) -> Point:
        """Return the point shifted by `shared` (g, p + d) in (beta, ln sd), `alpha` in the study parameters."""
        p = self.beta.shape[1]
        return Point(self.beta + shared[:, :p], self.log_sd + shared[:, p:], self.alpha + alpha)

    def take(self, which: Rows, rows: Rows) -> Point:
        """Return the parameters of the meta-analyses `which`, whose studies are `rows`."""
        return Point(self.beta[which], self.log_sd[which], self.alpha[rows] if self.alpha.size else self.alpha)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The log-likelihoods at a point: values (g,), per-study gradient (k, P) and Hessian (k, P, P).

    P is p + d, and one more with study parameters; `mode` (k, d) are the modes of the integrands.
    """

    value: Array
    gradient: Array
    hessian: Array
    mode: Array

    def take(self, which: Rows, rows: Rows) -> Evaluation:
        """Return what belongs to the meta-analyses `which`, whose studies are `rows`."""
        return Evaluation(self.value[which], self.gradient[rows], self.hessian[rows], self.mode[rows])


def evaluate(model: Model, point: Point, nodes: int | None = None, start: Array | None = None) -> Evaluation:
    """Return the log-likelihoods of `model` at `point` with derivatives; `start` (k, d) speeds up the modes.

    Studies are integrated SLICE at a time, which bounds the memory by their number times that of their results.
    """
    base = _fixed_part(model, point)
    loads = model.random * model.each(np.exp(point.log_sd))[:, None, :]
    start = np.zeros((base.shape[0], model.random.shape[1])) if start is None else start
    parts = []
    for low in range(0, base.shape[0], SLICE):
        rows = np.arange(low, min(low + SLICE, base.shape[0]))
        parts.append(_integrals(_Studies.of(model, rows, base, loads), start[rows], nodes))
    values, gradient, hessian, mode = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return Evaluation(model.total(values), gradient, hessian, mode)


@dataclass(frozen=True, eq=False)
class _Studies:
    """Some studies at one point: `fixed` (A, p), `study` (k, A) or None, `base` (k, A), `loads` (k, A, d)."""

    family: Family
    fixed: Array
    study: Array | None
    base: Array
    loads: Array

    @classmethod
    def of(cls, model: Model, rows: Rows, base: Array, loads: Array) -> _Studies:
        """Return the studies `rows` of a model."""
        study = None if model.study is None else model.study[rows]
        return cls(model.family.take(rows), model.fixed, study, base[rows], loads[rows])


def _integrals(some: _Studies, start: Array, nodes: int | None) -> tuple[Array, Array, Array, Array]:
    """Return each study's log integral (k,), its gradient (k, P) and Hessian (k, P, P), and the modes (k, d)."""
    integrand = _integrand(some)
    mode, precision = find_modes(integrand, start)
    rule = place_nodes(integrand, mode, precision, nodes)
    eta = some.base[..., None] + some.loads @ np.swapaxes(rule.points, 1, 2)
    density, residual, variance = some.family.terms(eta)
    d = some.loads.shape[2]
    log_integrand = density.sum(axis=1) - 0.5 * (rule.points**2).sum(axis=2) - d * HALF_LOG_2PI
    values, share = integrate(log_integrand, rule)
    return values, *_derivatives(some, rule, share, residual, variance), mode


def _fixed_part(model: Model, point: Point) -> Array:
    """Return the linear predictor without random effects, shape (k, A)."""
    shared = model.each(point.beta @ model.fixed.T)
    return shared if model.study is None else shared + point.alpha[:, None] * model.study


def _integrand(some: _Studies) -> Integrand:
    """Return the log joint density of data and random effects as functions of the random effects u (k, d)."""
    loads = some.loads
    unit = np.eye(loads.shape[2])
    turned = np.swapaxes(loads, 1, 2)

    def terms(u: Array) -> tuple[Array, Array, Array]:
        return some.family.terms(some.base[..., None] + loads @ u[..., None])

    def height(u: Array) -> Array:
        return np.asarray(terms(u)[0][..., 0].sum(axis=1) - 0.5 * (u**2).sum(axis=1))

    def slopes(u: Array) -> tuple[Array, Array]:
        _, residual, variance = terms(u)
        return (turned @ residual)[..., 0] - u, turned @ (variance * loads) + unit

    def stretch(displacement: Array) -> Array:
        return np.asarray(np.abs(loads @ displacement).max(axis=1))

    return Integrand(height, slopes, stretch)


def _derivatives(
    some: _Studies, rule: Nodes, share: Array, residual: Array, variance: Array
) -> tuple[Array, Array]:
    """Return gradient (k, P) and Hessian (k, P, P) of every study's log integral, by Louis's identity."""
    k, m, _ = rule.points.shape
    arms, p = some.fixed.shape
    d = some.loads.shape[2]
    extra = 0 if some.study is None else 1
    slope = np.empty((k, arms, m, p + d + extra))
    slope[..., :p] = some.fixed[None, :, None, :]
    # d eta / d ln sd_j = random_aj sd_j u_j
    slope[..., p : p + d] = some.loads[:, :, None, :] * rule.points[:, None, :, :]
    if some.study is not None:
        slope[..., -1] = some.study[:, :, None]
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
