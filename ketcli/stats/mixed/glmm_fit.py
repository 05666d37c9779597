"""Maximum likelihood for `glmm_likelihood`: Newton's method, starting values, variances on the boundary.

Meta-analyses of one model are climbed side by side, each with steps of its own until it is at its peak.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ketcli.stats.mixed.glmm_likelihood import Evaluation, Model, Point, evaluate
from ketcli.stats.numeric.quadrature import FEWEST_NODES
from ketcli.stats.results import Array

Mask = NDArray[np.bool_]

NEWTON_STEPS = 60
# Newton's method has arrived when no parameter moves by more than this ...
STEP_TOLERANCE = 1e-9
# ... and where halving the step has found nothing higher.
STUCK_TOLERANCE = 1e-5
LONGEST_STEP = 2.0
HALVINGS = 40
# A variance that lifts the log-likelihood by less than this is zero.
BOUNDARY_GAIN = 1e-8
# A standard deviation (or a coefficient) outside these, on the logit scale, is on its way to zero or to infinity.
SMALLEST_SD, LARGEST_SD = 1e-5, 40.0
# Starting standard deviations: the likelihood can have more than one peak.
START_SDS = (0.15, 0.5, 1.5, 4.0)


@dataclass(frozen=True, eq=False)
class Fit:
    """A maximum: parameters, log-likelihood, and the covariance (p + d, p + d) of (beta, sd), of one meta-analysis.

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
    """Where one meta-analysis stopped climbing: its point, the last evaluation, whether it is a maximum."""

    point: Point
    evaluation: Evaluation
    converged: bool


def fit(model: Model, nodes: int | None = None) -> Fit:
    """Return the maximum-likelihood fit of a model of one meta-analysis, see `fit_all`."""
    (best,) = fit_all(model, nodes)
    return best


def fit_all(model: Model, nodes: int | None = None) -> list[Fit]:
    """Return the maximum-likelihood fits of the meta-analyses, with variances of zero where more gains nothing.

    `nodes` fixes the points per dimension of the quadrature; by default they are as many as it takes. ValueError
    for fewer than could give an answer.
    """
    if nodes is not None and nodes < FEWEST_NODES:
        raise ValueError(f"nodes must be at least {FEWEST_NODES}, got {nodes}")
    d = model.random.shape[1]
    if d == 0:
        return [_finish(model, peak) for peak in _climb(model, _origin(model), None)]
    smaller = [_without(model, j, nodes) for j in range(d)]
    simple = [max(fits, key=lambda fitted: fitted.loglik) for fits in zip(*smaller, strict=True)]
    peaks = _climb(model, _best_start(model, simple, nodes), nodes)
    return [
        plain if _no_better(peak, plain) else _finish(model, peak)
        for plain, peak in zip(simple, peaks, strict=True)
    ]


def _no_better(peak: _Peak, simple: Fit) -> bool:
    gain = float(peak.evaluation.value[0]) - simple.loglik
    return gain < BOUNDARY_GAIN or bool(_vanishing(peak.point)[0])


def _without(model: Model, j: int, nodes: int | None) -> list[Fit]:
    """Return the fits of the model that lacks random effect j, with a zero in its place."""
    at = model.fixed.shape[1] + j
    fits = []
    for inner in fit_all(replace(model, random=np.delete(model.random, j, axis=1)), nodes):
        covariance = inner.covariance
        for axis in (0, 1):
            covariance = np.insert(covariance, at, np.nan, axis=axis)
        fits.append(replace(inner, sd=np.insert(inner.sd, j, 0.0), covariance=covariance))
    return fits


def _origin(model: Model) -> Point:
    """Return where a model without random effects starts: at zero."""
    alpha = np.zeros(0 if model.study is None else model.study.shape[0])
    return Point(np.zeros((model.sizes.size, model.fixed.shape[1])), np.zeros((model.sizes.size, 0)), alpha)


def _best_start(model: Model, simple: Sequence[Fit], nodes: int | None) -> Point:
    """Return, for each meta-analysis, the most likely of a grid of starting points around its simpler fit."""
    beta, alpha = np.stack([fitted.beta for fitted in simple]), np.concatenate([fitted.alpha for fitted in simple])
    grid = np.log(list(product(START_SDS, repeat=model.random.shape[1])))
    starts = [Point(beta, np.tile(log_sd, (beta.shape[0], 1)), alpha) for log_sd in grid]
    values = np.array([evaluate(model, start, nodes).value for start in starts])
    return replace(starts[0], log_sd=grid[values.argmax(axis=0)])


def _vanishing(point: Point) -> Mask:
    return np.asarray((point.log_sd < np.log(SMALLEST_SD)).any(axis=1))


def _out_of_range(point: Point) -> Mask:
    too_far = (point.log_sd > np.log(LARGEST_SD)).any(axis=1) | (np.abs(point.beta) > LARGEST_SD).any(axis=1)
    return np.asarray(_vanishing(point) | too_far)


def _climb(model: Model, point: Point, nodes: int | None) -> list[_Peak]:
    """Return the peaks that damped Newton steps reach from `point`, one for each meta-analysis."""
    peaks: dict[int, _Peak] = {}
    names = np.arange(model.sizes.size)
    here = evaluate(model, point, nodes)
    for steps_left in reversed(range(NEWTON_STEPS)):
        shared, alpha = _newton_step(model, here)
        longest = _longest(model, shared, alpha)
        point, here, stuck = _advance(model, point, here, (shared, alpha), longest, nodes)
        # where no step climbs, the peak is as sharp as floating point shows it
        arrived = longest < np.where(stuck, STUCK_TOLERANCE, STEP_TOLERANCE)
        done = arrived | stuck | _out_of_range(point) | (steps_left == 0)
        converged = arrived | _vanishing(point)
        for g in np.flatnonzero(done):
            one = np.array([g])
            rows = model.studies(one)
            peaks[int(names[g])] = _Peak(point.take(one, rows), here.take(one, rows), bool(converged[g]))
        if done.all():
            break
        if done.any():
            rest = np.flatnonzero(~done)
            rows = model.studies(rest)
            point, here = point.take(rest, rows), here.take(rest, rows)
            model, names = model.take(rest), names[rest]
    return [peaks[name] for name in sorted(peaks)]


def _advance(
    model: Model, point: Point, here: Evaluation, step: tuple[Array, Array], longest: Array, nodes: int | None
) -> tuple[Point, Evaluation, Mask]:
    """Take the step in each meta-analysis, halved until it climbs; say where none does: there nothing moves."""
    shared, alpha = step
    scale = np.minimum(1.0, LONGEST_STEP / np.maximum(longest, LONGEST_STEP))
    for halvings_left in reversed(range(HALVINGS + 1)):
        trial = point.moved(scale[:, None] * shared, model.each(scale) * alpha if alpha.size else alpha)
        there = evaluate(model, trial, nodes, here.mode)
        falls = there.value < here.value - 1e-12 * (1.0 + np.abs(here.value))
        if not falls.any():
            break
        scale = np.where(falls, 0.5 * scale if halvings_left > 1 else 0.0, scale)
    return trial, there, scale == 0.0


def _longest(model: Model, shared: Array, alpha: Array) -> Array:
    """Return the largest change (g,) of any parameter of each meta-analysis."""
    longest = np.abs(shared).max(axis=1, initial=0.0)
    if alpha.size:
        longest = np.maximum(longest, np.maximum.reduceat(np.abs(alpha), model.first))
    return np.asarray(longest)


def _newton_step(model: Model, here: Evaluation) -> tuple[Array, Array]:
    """Return the Newton steps in (beta, ln sd) and in the study parameters, solved by the Schur complement."""
    gradient, hessian = here.gradient, here.hessian
    if model.study is None:
        return _ascend(model.total(hessian), model.total(gradient)), np.zeros(0)
    inner, own = gradient[:, :-1], gradient[:, -1]
    cross, bend = _study_part(hessian)
    shared = _ascend(model.total(_profiled(hessian)), model.total(inner - cross * (own / bend)[:, None]))
    return shared, -(own + (cross * model.each(shared)).sum(axis=1)) / bend


def _study_part(hessian: Array) -> tuple[Array, Array]:
    """Return the mixed (k, p + d) and the own (k,) second derivatives of the study parameters.

    A study without a parameter of its own has only zeros there; -1 keeps its step at zero.
    """
    bend = hessian[:, -1, -1]
    return hessian[:, :-1, -1], np.where(bend < 0.0, bend, -1.0)


def _profiled(hessian: Array) -> Array:
    """Return each study's part of the Hessian in the shared parameters, study parameters profiled out."""
    cross, bend = _study_part(hessian)
    return np.asarray(hessian[:, :-1, :-1] - cross[:, :, None] * cross[:, None, :] / bend[:, None, None])


def study_covariance(best: Fit) -> Array:
    """Return the covariance (k, k) of the estimated study parameters `best.alpha`."""
    hessian = best.evaluation.hessian
    cross, bend = _study_part(hessian)
    ratio = cross / bend[:, None]
    return np.asarray(np.diag(-1.0 / bend) + ratio @ _inverse(-_profiled(hessian).sum(axis=0)) @ ratio.T)


def _ascend(hessian: Array, gradient: Array) -> Array:
    """Return the Newton steps (g, P), the sign of any rising curvature turned so that they still climb."""
    if gradient.shape[1] == 0:
        return gradient
    curvature, axes = np.linalg.eigh(hessian)
    size = np.abs(curvature)
    size = np.maximum(size, 1e-10 * np.maximum(1.0, size.max(axis=1, keepdims=True)))
    along = np.swapaxes(axes, 1, 2) @ gradient[..., None] / size[..., None]
    return np.asarray((axes @ along)[..., 0])


def _finish(model: Model, peak: _Peak) -> Fit:
    point, here = peak.point, peak.evaluation
    sd = np.exp(point.log_sd[0])
    information = -(here.hessian if model.study is None else _profiled(here.hessian)).sum(axis=0)
    # from ln sd to sd: at the maximum the gradient is zero and the delta method is exact
    chain = np.concatenate([np.ones(point.beta.shape[1]), sd])
    return Fit(
        beta=point.beta[0],
        sd=sd,
        alpha=point.alpha,
        loglik=float(here.value[0]),
        covariance=_inverse(information) * np.outer(chain, chain),
        converged=peak.converged and not bool(_out_of_range(point)[0]),
        evaluation=here,
    )


def _inverse(information: Array) -> Array:
    """Return the inverse of an information matrix, NaN where it is not positive definite."""
    if information.size and np.linalg.eigvalsh(information).min() <= 0.0:
        return np.full_like(information, np.nan)
    return np.asarray(np.linalg.inv(information), dtype=np.float64)
