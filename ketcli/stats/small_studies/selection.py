"""Step-function selection models: how likely a study is to be seen, given the p-value it found.

Each study's p-value falls into one of the intervals the `steps` cut; studies of an interval are published
with a chance `delta` relative to the first. Mean, between-study variance and deltas are estimated together by
maximum likelihood and compared with the model without selection by a likelihood-ratio test. One step at 0.025
is the three-parameter model.

Sources: Hedges (1992), Vevea & Hedges (1995); McShane, Böckenholt & Hansen (2016) for three parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np
from numpy.typing import ArrayLike

from ketcli.stats import validate
from ketcli.stats.numeric import distributions
from ketcli.stats.numeric.newton import Maximum, maximise
from ketcli.stats.small_studies.selection_likelihood import StepData, step_data, surface, without_steps
from ketcli.stats.small_studies.small_study import NAN

SPARSE = 4
"""An interval with fewer studies than this gets a caution: its delta rests on them alone."""

_MAX_LOG_DELTA = 15.0  # a delta that large, or small, only shows that the likelihood rises without end
_FAR = 200.0  # so does a mean this far from zero, in median standard errors, beyond the largest effect


@dataclass(frozen=True, eq=False)
class SelectionModel:
    """One step-function selection model; NaN where it cannot be estimated, and a note then says why.

    Attributes:
        steps: upper ends of the p-value intervals but the last, which ends at 1.
        alternative: the direction that favours publication: greater, less or two-sided.
        k, counts: studies, and studies per interval.
        estimate, se, statistic, p, ci_low, ci_high: mean effect had every study been published.
        tau2, tau2_se: between-study variance; the standard error is NaN at zero.
        delta, delta_se: relative chance of publication per interval, 1 and 0 in the first.
        lrt, lrt_df, lrt_p: likelihood-ratio test against no selection.
        log_likelihood: of the selection model.
        unadjusted, unadjusted_tau2: maximum-likelihood random-effects estimates without selection.
    """

    steps: tuple[float, ...]
    alternative: str
    level: float
    k: int
    counts: tuple[int, ...]
    estimate: float
    se: float
    statistic: float
    p: float
    ci_low: float
    ci_high: float
    tau2: float
    tau2_se: float
    delta: tuple[float, ...]
    delta_se: tuple[float, ...]
    lrt: float
    lrt_df: int
    lrt_p: float
    log_likelihood: float
    unadjusted: float
    unadjusted_tau2: float
    converged: bool
    notes: tuple[str, ...] = ()


def selection_model(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    steps: tuple[float, ...] = (0.025,),
    alternative: str = "greater",
    level: float = 0.95,
) -> SelectionModel:
    """Fit a step-function selection model by maximum likelihood.

    `steps` are increasing p-values between 0 and 1; `alternative` says which p-values count: one-sided for
    large ("greater") or small ("less") effects, or "two-sided". An interval without studies leaves its delta
    without information, and the model is then not estimated.
    """
    y, v = validate.effects(yi, vi)
    validate.one_of("alternative", alternative, ("greater", "less", "two-sided"))
    level = validate.level(level)
    ends = tuple(validate.fraction("steps", step) for step in steps)
    if not ends or any(later <= earlier for earlier, later in pairwise(ends)):
        raise ValueError(f"steps must be increasing p-values, got {steps}")
    sign, scale = -1.0 if alternative == "less" else 1.0, float(np.sqrt(np.median(v)))
    data = step_data(sign * y / scale, v / scale**2, ends, two_sided=alternative == "two-sided")
    obstacle = _obstacle(data, ends)
    best = None if obstacle else _best(data)
    if best is not None:
        obstacle = _failure(best, data)
    notes = (*_cautions(data, ends), *((obstacle,) if obstacle else ()))
    null = _estimates(_best(without_steps(data)), sign, scale, y.size)
    fitted = _MISSING if best is None or obstacle else _estimates(best, sign, scale, y.size)
    return _result(fitted, null, data, ends=ends, alternative=alternative, level=level, notes=notes)


@dataclass(frozen=True)
class _Estimates:
    """A maximum in the units of the studies."""

    mu: float
    mu_se: float
    tau2: float
    tau2_se: float
    delta: tuple[float, ...]
    delta_se: tuple[float, ...]
    log_likelihood: float
    converged: bool


_MISSING = _Estimates(NAN, NAN, NAN, NAN, (), (), NAN, converged=False)


def _estimates(best: Maximum, sign: float, scale: float, k: int) -> _Estimates:
    """Return the estimates with standard errors from the observed information, tau2 held where it is zero."""
    free = np.flatnonzero(best.free)
    se = np.full(best.x.size, NAN)
    se[free] = np.sqrt(np.diag(np.linalg.inv(-best.hessian[np.ix_(free, free)])))
    delta = np.exp(best.x[2:])
    return _Estimates(
        mu=sign * scale * float(best.x[0]),
        mu_se=scale * float(se[0]),
        tau2=scale**2 * float(best.x[1]),
        tau2_se=scale**2 * float(se[1]),
        delta=(1.0, *delta.tolist()),
        delta_se=(0.0, *(delta * se[2:]).tolist()),
        log_likelihood=best.value - k * float(np.log(scale)),
        converged=best.converged,
    )


def _best(data: StepData) -> Maximum:
    """Climb from several starts, because the likelihood can have more than one peak, and keep the highest."""
    y, free_deltas = data.y, data.counts.size - 1
    low = np.array([-np.inf, 0.0, *[-_MAX_LOG_DELTA] * free_deltas])
    high = np.array([np.inf, np.inf, *[_MAX_LOG_DELTA] * free_deltas])
    centre = float((y / data.v).sum() / (1.0 / data.v).sum())
    spread = float(np.var(y))
    slopes = (0.0, -1.0, -3.0, 1.0) if free_deltas else (0.0,)
    ramp = np.arange(1.0, free_deltas + 1.0) / max(free_deltas, 1)
    climbs = [
        maximise(lambda x: surface(data, x), np.array([mu, tau2, *(slope * ramp)]), low, high)
        for mu, tau2, slope in product((centre, 0.5 * centre, 0.0), (0.1 * spread, spread), slopes)
    ]
    return max(climbs, key=lambda climb: climb.value)


def _obstacle(data: StepData, ends: tuple[float, ...]) -> str:
    """Return why the model cannot be fitted to these studies, "" when it can."""
    k, parameters = data.y.size, data.counts.size + 1
    if k <= parameters:
        return f"The {parameters} parameters of this selection model need more studies than {k}."
    empty = [_interval(ends, i) for i, count in enumerate(data.counts) if count == 0]
    if empty:
        return f"No study has {' or '.join(empty)}, so the chance of publication there cannot be estimated."
    return ""


def _failure(best: Maximum, data: StepData) -> str:
    """Return why the highest point found is no estimate, "" when it is one."""
    if (np.abs(best.x[2:]) >= _MAX_LOG_DELTA).any() or abs(best.x[0]) > _FAR + np.abs(data.y).max():
        return "The likelihood rises without end, so the selection model has no estimate for these studies."
    if not best.converged:
        return "The selection model did not converge."
    return ""


def _cautions(data: StepData, ends: tuple[float, ...]) -> tuple[str, ...]:
    sparse = [_interval(ends, i) for i, count in enumerate(data.counts) if 0 < count < SPARSE]
    if not sparse:
        return ()
    return (f"Fewer than {SPARSE} studies have {' or '.join(sparse)}: the estimate of selection rests on them.",)


def _interval(ends: tuple[float, ...], i: int) -> str:
    low = f"{ends[i - 1]:g} < " if i else ""
    high = f" <= {ends[i]:g}" if i < len(ends) else ""
    return f"p > {ends[i - 1]:g}" if not high else f"{low}p{high}"


def _result(
    fitted: _Estimates,
    null: _Estimates,
    data: StepData,
    *,
    ends: tuple[float, ...],
    alternative: str,
    level: float,
    notes: tuple[str, ...],
) -> SelectionModel:
    intervals = data.counts.size
    statistic = fitted.mu / fitted.mu_se
    half = distributions.critical_value(level) * fitted.mu_se
    lrt = max(0.0, 2.0 * (fitted.log_likelihood - null.log_likelihood)) if fitted.delta else NAN
    if fitted.tau2 == 0.0:
        notes += ("The between-study variance is estimated as zero and held there for the standard errors.",)
    return SelectionModel(
        steps=ends,
        alternative=alternative,
        level=level,
        k=data.y.size,
        counts=tuple(int(count) for count in data.counts),
        estimate=fitted.mu,
        se=fitted.mu_se,
        statistic=statistic,
        p=float(distributions.normal_two_sided(statistic)),
        ci_low=fitted.mu - half,
        ci_high=fitted.mu + half,
        tau2=fitted.tau2,
        tau2_se=fitted.tau2_se,
        delta=fitted.delta or (NAN,) * intervals,
        delta_se=fitted.delta_se or (NAN,) * intervals,
        lrt=lrt,
        lrt_df=intervals - 1,
        lrt_p=float(distributions.chi2_sf(lrt, intervals - 1)) if fitted.delta else NAN,
        log_likelihood=fitted.log_likelihood,
        unadjusted=null.mu,
        unadjusted_tau2=null.tau2,
        converged=fitted.converged,
        notes=notes,
    )
