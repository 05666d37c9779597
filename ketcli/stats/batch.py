"""Many meta-analyses or meta-regressions solved at once as arrays, and the bootstrap made from them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ketcli.stats import least_squares as ls
from ketcli.stats import tau2 as between
from ketcli.stats import validate
from ketcli.stats.inference import TESTS, degrees, variance_factor, wald
from ketcli.stats.numeric.distributions import chi2_sf
from ketcli.stats.results import Array, Interval
from ketcli.stats.studies import Studies

# The common-effect model, beside the estimators of tau²: metafor's code for it.
COMMON = "CE"
METHODS = (*between.METHODS, COMMON)


@dataclass(frozen=True, eq=False)
class Batch:
    """B fits of p coefficients. NaN marks a fit whose design is singular, or I² and H² without df.

    Attributes:
        k: studies in each fit, shape (B,).
        df: residual degrees of freedom k - p, shape (B,).
        coefficients, se, statistic, p, ci_low, ci_high: shape (B, p).
        covariance: of the coefficients, Hartung-Knapp factor included, shape (B, p, p).
        factor: what the classic variance was multiplied with, shape (B,).
        log_volume: ln det of the classic covariance up to a constant shared by the fits, shape (B,).
        tau2, tau2_se: between-study variance, shape (B,); the standard error is NaN for CE.
        q, q_p: residual heterogeneity Q_E and its p-value, shape (B,).
        i2, h2: I² in percent and H², from tau² (from Q for CE), shape (B,).
        converged: shape (B,).
        maxima: number of local maxima of the likelihood in tau², shape (B,).
    """

    k: Array
    df: Array
    coefficients: Array
    se: Array
    statistic: Array
    p: Array
    ci_low: Array
    ci_high: Array
    covariance: Array
    factor: Array
    log_volume: Array
    tau2: Array
    tau2_se: Array
    q: Array
    q_p: Array
    i2: Array
    h2: Array
    converged: NDArray[np.bool_]
    maxima: NDArray[np.intp]

    @property
    def estimate(self) -> Array:
        """The first coefficient, the mean when there is no design; shape (B,)."""
        return self.coefficients[:, 0]


def usable_test(tau2: str, test: str) -> str:
    """Return the test to use: z where Hartung-Knapp's is asked for the common-effect model, which has no tau².

    Raises ValueError for an unknown estimator or test.
    """
    validate.one_of("tau2", tau2, METHODS)
    validate.one_of("test", test, TESTS)
    return "z" if tau2 == COMMON and test in ("knha", "adhoc") else test


def solve_many(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    mask: ArrayLike | None = None,
    tau2: str = "REML",
    test: str = "z",
    level: float = 0.95,
) -> Batch:
    """Pool B meta-analyses at once.

    Args:
        yi: effects, shape (B, k), or (k,) when the same in all.
        vi: sampling variances, likewise.
        mask: shape (B, k), True where a study takes part; all do by default. Values elsewhere are ignored.
        tau2: an estimator, or CE for the common-effect model.
        test: z, t, knha or adhoc (the last two are z for CE).
        level: confidence level, 0-1.

    Raises ValueError where a fit has no study, or a study taking part has no finite effect or no positive
    variance.
    """
    test = usable_test(tau2, test)
    present = np.ones((1, 1), dtype=bool) if mask is None else np.asarray(mask, dtype=bool)
    arrays = (np.asarray(yi, dtype=np.float64), np.asarray(vi, dtype=np.float64), present)
    shape = np.broadcast_shapes(*(a.shape for a in arrays))
    if len(shape) != 2 or 0 in shape:
        raise ValueError(f"yi and vi must have one row per meta-analysis, got shape {shape}")
    y, v, present = (np.broadcast_to(a, shape) for a in arrays)
    if not (np.isfinite(y) & np.isfinite(v) & (v > 0.0) | ~present).all():
        raise ValueError("effects must be finite and variances positive wherever a study takes part")
    if not present.any(axis=1).all():
        raise ValueError(f"no studies in meta-analysis {int(np.argmin(present.any(axis=1))) + 1}")
    studies = ls.arrange(y, v, present=None if mask is None else present)
    return describe(studies, tau2=tau2, test=test, level=level)


def describe(studies: Studies, *, tau2: str, test: str, level: float = 0.95, back: Array | None = None) -> Batch:
    """Fit arranged meta-analyses; `back`, shape (p, p), turns coefficients of their columns into those wanted."""
    validate.level(level)
    if tau2 == COMMON:
        none, ones = np.zeros_like(studies.k), np.ones(studies.k.size, dtype=np.intp)
        none[studies.singular] = np.nan
        found = between.Tau2Many(none, np.full_like(none, np.nan), 0, ones.astype(bool), ones)
    else:
        found = between.solve(studies, tau2)
    fit = ls.weighted_fit(studies, found.value)
    factor = variance_factor(test, ls.q_statistic(fit), studies.df)
    coefficients, covariance = studies.origin + ls.coefficients(fit), ls.covariance(fit)
    log_volume = -ls.log_determinant(fit)
    if back is not None:
        coefficients, covariance = coefficients @ back.T, back @ covariance @ back.T
    covariance = covariance * factor[:, None, None]
    se = np.sqrt(np.einsum("ijj->ij", covariance))
    df = np.broadcast_to(degrees(test, studies.df)[:, None], se.shape)
    tested = wald(coefficients.ravel(), se.ravel(), df.ravel(), level)
    q, q_p, i2, h2 = _heterogeneity(studies, found.value, from_q=tau2 == COMMON)
    return Batch(
        k=studies.k,
        df=studies.df,
        coefficients=coefficients,
        se=se,
        statistic=tested.statistic.reshape(se.shape),
        p=tested.p.reshape(se.shape),
        ci_low=tested.ci_low.reshape(se.shape),
        ci_high=tested.ci_high.reshape(se.shape),
        covariance=covariance,
        factor=factor,
        log_volume=log_volume,
        tau2=found.value,
        tau2_se=found.se,
        q=q,
        q_p=q_p,
        i2=i2,
        h2=h2,
        converged=found.converged,
        maxima=found.maxima,
    )


def _heterogeneity(studies: Studies, tau2: Array, *, from_q: bool) -> tuple[Array, Array, Array, Array]:
    """Return Q, its p-value, I² and H², each of shape (B,)."""
    free = studies.df > 0
    df = np.where(free, studies.df, 1.0)
    fit = ls.weighted_fit(studies, np.zeros_like(studies.k))
    q = np.where(free, ls.q_statistic(fit), 0.0)
    if from_q:
        i2, h2 = 100.0 * np.maximum(1.0 - df / np.maximum(q, df), 0.0), np.maximum(q / df, 1.0)
    else:
        typical = df / np.where(free, ls.trace(fit), 1.0)
        i2, h2 = 100.0 * tau2 / (tau2 + typical), 1.0 + tau2 / typical
    nothing = ~free | studies.singular
    q_p = np.asarray(chi2_sf(q, np.maximum(studies.df, 0.0)))
    q, q_p = np.where(studies.singular, np.nan, q), np.where(studies.singular, np.nan, q_p)
    return q, q_p, np.where(nothing, np.nan, i2), np.where(nothing, np.nan, h2)


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Means, tau² and I² of resampled meta-analyses, shape (iterations,), with their percentile intervals."""

    seed: int
    level: float
    estimate: Array
    tau2: Array
    i2: Array
    estimate_interval: Interval
    tau2_interval: Interval
    i2_interval: Interval


def bootstrap(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    iterations: int = 2000,
    seed: int = 1,
    tau2: str = "REML",
    level: float = 0.95,
) -> Bootstrap:
    """Resample whole studies with replacement `iterations` times, reproducibly by `seed`.

    With one study every resample is that study: the interval of the mean is a point, that of I² NaN.
    """
    y, v = validate.effects(yi, vi)
    if iterations < 1:
        raise ValueError(f"iterations must be at least 1, got {iterations}")
    drawn = np.random.default_rng(seed).integers(y.size, size=(iterations, y.size))
    fits = solve_many(y[drawn], v[drawn], tau2=tau2, level=level)
    return Bootstrap(
        seed,
        level,
        fits.estimate,
        fits.tau2,
        fits.i2,
        _percentiles(fits.estimate, level),
        _percentiles(fits.tau2, level),
        _percentiles(fits.i2, level),
    )


def _percentiles(values: Array, level: float) -> Interval:
    """Return the central interval of the values, NaN with a note when any is undefined."""
    if np.isnan(values).any():
        return Interval(math.nan, math.nan, "Not defined in every resample.")
    low, high = np.quantile(values, [0.5 - level / 2.0, 0.5 + level / 2.0])
    return Interval(float(low), float(high))
