"""Maximum likelihood for `glmm_likelihood`: Newton's method, starting values, variances on the boundary."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from ketcli.stats.glmm_likelihood import Evaluation, Model, Point, evaluate
from ketcli.stats.quadrature import FEWEST_NODES
from ketcli.stats.results import Array

NEWTON_STEPS = 60
STEP_TOLERANCE = 1e-9
LONGEST_STEP = 2.0
# A variance that lifts the log-likelihood by less than this is zero.
BOUNDARY_GAIN = 1e-8
# A standard deviation (or a coefficient) outside these, on the logit scale, is on its way to zero or to infinity.
SMALLEST_SD, LARGEST_SD = 1e-5, 40.0
# Starting standard deviations: the likelihood can have more than one peak.
START_SDS = (0.15, 0.5, 1.5, 4.0)


@dataclass(frozen=True, eq=False)
class Fit:
    """A maximum: parameters, log-likelihood, and the covariance (p + d, p + d) of (beta, sd).

    A standard deviation on the boundary is 0 and its row and column of `covariance` are NaN. `gradient` and
    `hessian` of `evaluation` are per study, in (beta, ln sd of the positive sds, alpha). `converged` is False when
    Newton's method ran out of steps or a standard deviation of the likelihood's best fit is infinite.
    """

    beta: Array
    sd: Array
    alpha: Array
    loglik: float
    covariance: Array
    converged: bool
    evaluation: Evaluation


@dataclass(frozen=True, eq=False)
class _Peak:
    point: Point
    evaluation: Evaluation
    converged: bool


def fit(model: Model, nodes: int | None = None) -> Fit:
    """Return the maximum-likelihood fit of `model`, with variances of zero where nothing is gained by more.

    `nodes` fixes the points per dimension of the quadrature; by default they are as many as it takes. ValueError
    for fewer than could give an answer.
    """
    if nodes is not None and nodes < FEWEST_NODES:
        raise ValueError(f"nodes must be at least {FEWEST_NODES}, got {nodes}")
    d = model.random.shape[1]
    if d == 0:
        p = model.fixed.shape[1]
        alpha = np.zeros(0 if model.study is None else model.k)
        return _finish(model, _climb(model, Point(np.zeros(p), np.zeros(0), alpha), None))
    smaller = [_without(model, j, nodes) for j in range(d)]
    simple = max(smaller, key=lambda candidate: candidate.loglik)
    peak = _climb(model, _best_start(model, simple, nodes), nodes)
    if peak.evaluation.value - simple.loglik < BOUNDARY_GAIN or _vanishing(peak.point):
        return simple
    return _finish(model, peak)


def _without(model: Model, j: int, nodes: int | None) -> Fit:
    """Return the fit of the model that lacks random effect j, with a zero in its place."""
    inner = fit(replace(model, random=np.delete(model.random, j, axis=1)), nodes)
    covariance, at = inner.covariance, inner.beta.size + j
    for axis in (0, 1):
        covariance = np.insert(covariance, at, np.nan, axis=axis)
    return replace(inner, sd=np.insert(inner.sd, j, 0.0), covariance=covariance)


def _best_start(model: Model, simple: Fit, nodes: int | None) -> Point:
    """Return the most likely of a grid of starting points around the simpler fit."""
    grid = [
        Point(simple.beta, np.log(np.array(sds)), simple.alpha)
        for sds in product(START_SDS, repeat=model.random.shape[1])
    ]
    return max(grid, key=lambda point: evaluate(model, point, nodes).value)


def _vanishing(point: Point) -> bool:
    return bool((point.log_sd < np.log(SMALLEST_SD)).any())


def _out_of_range(point: Point) -> bool:
    too_far = (point.log_sd > np.log(LARGEST_SD)).any() or (np.abs(point.beta) > LARGEST_SD).any()
    return _vanishing(point) or bool(too_far)


def _climb(model: Model, point: Point, nodes: int | None) -> _Peak:
    """Return the peak that damped Newton steps reach from `point`."""
    here = evaluate(model, point, nodes)
    for _ in range(NEWTON_STEPS):
        shared, alpha = _newton_step(model, here)
        longest = max(np.abs(shared).max(initial=0.0), np.abs(alpha).max(initial=0.0))
        if longest < STEP_TOLERANCE:
            # the error of a Newton step is of the order of its square: worth taking, not worth evaluating again
            return _Peak(point.moved(shared, alpha), here, True)
        scale = min(1.0, LONGEST_STEP / longest)
        for _ in range(40):
            trial = point.moved(scale * shared, scale * alpha)
            there = evaluate(model, trial, nodes, here.mode)
            if there.value >= here.value - 1e-12 * (1.0 + abs(here.value)):
                break
            scale *= 0.5
        else:
            # no step climbs: the peak is as sharp as floating point shows it
            return _Peak(point, here, longest < 1e-5)
        point, here = trial, there
        if _out_of_range(point):
            break
    return _Peak(point, here, _vanishing(point))


def _newton_step(model: Model, here: Evaluation) -> tuple[Array, Array]:
    """Return the Newton step in (beta, ln sd) and in the study parameters, solved by the Schur complement."""
    gradient, hessian = here.gradient, here.hessian
    if model.study is None:
        return _ascend(hessian.sum(axis=0), gradient.sum(axis=0)), np.zeros(0)
    inner, own = gradient[:, :-1], gradient[:, -1]
    cross, bend = _study_part(hessian)
    shared = _ascend(_profiled(hessian), (inner - cross * (own / bend)[:, None]).sum(axis=0))
    return shared, -(own + cross @ shared) / bend


def _study_part(hessian: Array) -> tuple[Array, Array]:
    """Return the mixed (k, p + d) and the own (k,) second derivatives of the study parameters.

    A study without a parameter of its own has only zeros there; -1 keeps its step at zero.
    """
    bend = hessian[:, -1, -1]
    return hessian[:, :-1, -1], np.where(bend < 0.0, bend, -1.0)


def _profiled(hessian: Array) -> Array:
    """Return the Hessian of the log-likelihood in the shared parameters, study parameters profiled out."""
    cross, bend = _study_part(hessian)
    eliminated = cross[:, :, None] * cross[:, None, :] / bend[:, None, None]
    return np.asarray((hessian[:, :-1, :-1] - eliminated).sum(axis=0))


def study_covariance(best: Fit) -> Array:
    """Return the covariance (k, k) of the estimated study parameters `best.alpha`."""
    cross, bend = _study_part(best.evaluation.hessian)
    ratio = cross / bend[:, None]
    return np.asarray(np.diag(-1.0 / bend) + ratio @ _inverse(-_profiled(best.evaluation.hessian)) @ ratio.T)


def _ascend(hessian: Array, gradient: Array) -> Array:
    """Return the Newton step, with the sign of any rising curvature turned so that it still climbs."""
    if gradient.size == 0:
        return gradient
    curvature, axes = np.linalg.eigh(hessian)
    size = np.maximum(np.abs(curvature), 1e-10 * max(1.0, float(np.abs(curvature).max())))
    return np.asarray(axes @ ((axes.T @ gradient) / size))


def _finish(model: Model, peak: _Peak) -> Fit:
    point, here = peak.point, peak.evaluation
    sd = np.exp(point.log_sd)
    covariance = _inverse(-(here.hessian.sum(axis=0) if model.study is None else _profiled(here.hessian)))
    # from ln sd to sd: at the maximum the gradient is zero and the delta method is exact
    chain = np.concatenate([np.ones(point.beta.size), sd])
    return Fit(
        beta=point.beta,
        sd=sd,
        alpha=point.alpha,
        loglik=here.value,
        covariance=covariance * np.outer(chain, chain),
        converged=peak.converged and not _out_of_range(point),
        evaluation=here,
    )


def _inverse(information: Array) -> Array:
    """Return the inverse of an information matrix, NaN where it is not positive definite."""
    if information.size and np.linalg.eigvalsh(information).min() <= 0.0:
        return np.full_like(information, np.nan)
    return np.asarray(np.linalg.inv(information), dtype=np.float64)
