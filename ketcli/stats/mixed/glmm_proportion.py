"""Pooled proportion from the binomial-normal mixed model: exact binomial likelihood, normal logits.

x_i | u_i ~ Bin(n_i, expit(mu + tau u_i)), u_i ~ N(0, 1), by maximum likelihood (Hamza, van Houwelingen & Stijnen
2008; Stijnen, Hamza & Özdemir 2010). No continuity correction is needed, and studies without events take part.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ketcli.stats import validate
from ketcli.stats.effects.proportions import proportion_effects
from ketcli.stats.effects.transforms import to_natural
from ketcli.stats.heterogeneity import cochran_q
from ketcli.stats.intervals import proportion_interval
from ketcli.stats.mixed import glmm_result
from ketcli.stats.mixed.glmm_families import Binomial
from ketcli.stats.mixed.glmm_fit import Fit, fit_all
from ketcli.stats.mixed.glmm_likelihood import Model
from ketcli.stats.mixed.glmm_result import Estimates, HeterogeneityTests, Options
from ketcli.stats.results import Array, Effects, Pooled

METHOD = "ML"


def glmm_proportion(
    events: ArrayLike,
    total: ArrayLike,
    *,
    test: str = "t",
    level: float = 0.95,
    prediction: str = "V",
    nodes: int | None = None,
) -> Pooled:
    """Return the pooled logit of k proportions with tau², all by maximum likelihood.

    Args:
        events: events, shape (k,).
        total: patients, shape (k,), positive.
        test: t (k - 1 degrees of freedom) or z. The standard error takes tau² as known, so that normal intervals
            are too short with few studies (Seide, Röver & Friede 2019); t is the default.
        level: confidence level, 0-1.
        prediction: rule of the prediction interval: V (t, k - 1), HTS (t, k - 2) or z.
        nodes: points of each study's integral; by default as many as exactness takes.

    The estimate is the logit of the median study's proportion; `population_mean_probability` gives the mean over
    studies. The standard error comes from the Hessian in (mu, tau). Where tau² = 0 fits best the line is the logit
    of the pooled count. Without any event (or with events in everyone) the estimate is infinite and the interval
    Clopper & Pearson's for the pooled count. `q` is Wald's test of equal logits, I² sets tau² against the typical
    variance of the logits, both as metafor's rma.glmm. ValueError for counts that are missing or impossible.
    """
    (pooled,) = glmm_proportions([(events, total)], test=test, level=level, prediction=prediction, nodes=nodes)
    return pooled


def glmm_proportions(
    counts: Iterable[tuple[ArrayLike, ArrayLike]],
    *,
    test: str = "t",
    level: float = 0.95,
    prediction: str = "V",
    nodes: int | None = None,
) -> list[Pooled]:
    """Return the lines of many meta-analyses, each as `glmm_proportion` has it, solved side by side.

    `counts` are their (events, total). Twenty small ones take little longer than two.
    """
    options = Options.checked(test, level, prediction)
    samples = [validate.counts(events, total) for events, total in counts]
    solvable = [i for i, (x, n) in enumerate(samples) if not (_has_one_outcome(x, n) or _runs_away(x, n))]
    fits = dict(zip(solvable, _fit([samples[i] for i in solvable], nodes), strict=True))
    return [
        _line(x, n, fits[i], options) if i in fits else _without_fit(x, n, options)
        for i, (x, n) in enumerate(samples)
    ]


def _fit(samples: Sequence[tuple[Array, Array]], nodes: int | None) -> list[Fit]:
    """Return the fits of meta-analyses whose likelihoods have a maximum."""
    if not samples:
        return []
    x, n = (np.concatenate(columns) for columns in zip(*samples, strict=True))
    sizes = np.array([events.size for events, _ in samples])
    one = np.ones((1, 1))
    return fit_all(Model(Binomial.of(x[:, None], n[:, None]), sizes, one, one), nodes)


def _line(x: Array, n: Array, best: Fit, options: Options) -> Pooled:
    extreme = (x == 0.0) | (x == n)
    effects = proportion_effects("PLO", x, n)
    return glmm_result.line(METHOD, options, _estimates(best), effects, _wald(effects, extreme), _about_q(extreme))


def _without_fit(x: Array, n: Array, options: Options) -> Pooled:
    """Return the line of a meta-analysis whose likelihood has no maximum."""
    if _has_one_outcome(x, n):
        return _one_outcome(x, n, options)
    note = (
        "Every study has events in nobody or in everybody: the likelihood rises for ever with tau², so that the "
        "model has no finite estimate."
    )
    return glmm_result.undefined(METHOD, options, x.size, np.full(x.shape, np.nan), (note,))


def proportion_heterogeneity(events: ArrayLike, total: ArrayLike) -> HeterogeneityTests:
    """Return the tests of equal proportions and of tau² = 0, which are defined even where tau² has no estimate.

    Without variation (no events at all, or events in everyone) all statistics are 0. Studies without events or
    with events in everyone add nothing to Wald's statistic, as in metafor, but do to the likelihood ratio.
    """
    x, n = validate.counts(events, total)
    extreme = (x == 0.0) | (x == n)
    df = x.size - 1.0
    if _has_one_outcome(x, n):
        return glmm_result.heterogeneity_tests(0.0, 0.0, df, 0.0)
    saturated = _loglik(x, n, x / n)
    common = _loglik(x, n, np.full(x.shape, x.sum() / n.sum()))
    if _runs_away(x, n):
        # in the limit only the kind of each study, all or nothing, is left to chance
        kinds = np.where(x > 0.0, 1.0, 0.0)
        best = _loglik(kinds, np.ones_like(kinds), np.full(x.shape, kinds.mean()))
    else:
        best = _fit([(x, n)], None)[0].loglik
    return glmm_result.heterogeneity_tests(
        _wald(proportion_effects("PLO", x, n), extreme), 2.0 * (saturated - common), df, 2.0 * (best - common)
    )


def population_mean_probability(mu: ArrayLike, tau: float) -> Array:
    """Return the mean over studies of expit(mu + tau u), u ~ N(0, 1); shape of `mu`.

    A trapezoidal sum, exact to rounding (the poles of the logistic function lie pi/tau off the axis). At
    infinite `mu` it is 0 or 1. ValueError for a negative `tau`.
    """
    if not (math.isfinite(tau) and tau >= 0.0):
        raise ValueError(f"tau must be a finite number not below 0, got {tau}")
    step = min(0.4, 0.4 / max(tau, 1e-9))
    u = step * np.arange(-math.ceil(9.0 / step), math.ceil(9.0 / step) + 1)
    density = np.exp(-0.5 * u**2)
    logits = np.asarray(mu, dtype=np.float64)[..., None] + tau * u
    return np.asarray(to_natural("PLO")(logits) @ (density / density.sum()))


def _estimates(best: Fit) -> Estimates:
    se = np.sqrt(np.diagonal(best.covariance))
    return Estimates(float(best.beta[0]), float(se[0]), float(best.sd[0]), float(se[1]), best.converged)


def _has_one_outcome(x: Array, n: Array) -> bool:
    """Say whether nobody, or everybody, has an event."""
    return bool(x.sum() in (0.0, n.sum()))


def _runs_away(x: Array, n: Array) -> bool:
    """Say whether the likelihood has its supremum at an infinite tau.

    For a study at 0 and one at n, E(1 - p)^n + E p^n <= 1 with equality only for p in {0, 1} when n > 1; so studies
    of both kinds, and no other, are best explained by logits that are infinite.
    """
    extreme = bool(((x == 0.0) | (x == n)).all())
    return extreme and 0.0 < x.sum() < n.sum() and bool((n > 1.0).any())


def _loglik(x: Array, n: Array, p: Array) -> float:
    """Return the binomial log-likelihood of the counts at the probabilities `p`."""
    with np.errstate(divide="ignore"):
        logits = np.log(p) - np.log1p(-p)
    # an infinite logit fits its study perfectly: probability 1
    inside = np.isfinite(logits)
    family = Binomial.of(x[inside, None], n[inside, None])
    return float(family.terms(logits[inside, None, None])[0].sum())


def _wald(effects: Effects, extreme: NDArray[np.bool_]) -> float:
    """Return Wald's test of equal logits; in the limit of infinite logits extreme studies weigh nothing."""
    return 0.0 if extreme.all() else cochran_q(effects.yi[~extreme], effects.vi[~extreme]).q


def _about_q(extreme: NDArray[np.bool_]) -> tuple[str, ...]:
    count = int(extreme.sum())
    if count == 0 or extreme.size == 1:
        return ()
    return (
        f"Q cannot use {count} of the studies, without events or with events in everyone; the likelihood-ratio "
        "test of heterogeneity uses all.",
    )


def _one_outcome(x: Array, n: Array, options: Options) -> Pooled:
    """Return the exact result for no event at all, or events in everyone: Clopper & Pearson's interval."""
    none = x.sum() == 0.0
    low, high = (float(end[0]) for end in proportion_interval(x.sum(), n.sum(), "clopper-pearson", options.level))
    what = "No study has an event" if none else "Every study has events in everyone"
    pooled = glmm_result.undefined(
        METHOD,
        options,
        x.size,
        100.0 * n / n.sum(),
        (
            f"{what}: the logit is infinite, the interval is Clopper and Pearson's exact one for the pooled count, "
            "the weights are the shares of patients, and nothing can be said of heterogeneity.",
        ),
        estimate=-math.inf if none else math.inf,
    )
    return replace(pooled, ci_low=_logit(low), ci_high=_logit(high))


def _logit(p: float) -> float:
    if p in (0.0, 1.0):
        return math.copysign(math.inf, p - 0.5)
    return math.log(p) - math.log1p(-p)
