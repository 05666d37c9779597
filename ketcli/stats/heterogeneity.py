"""Cochran's Q, I² and H², and intervals for tau², I² and H².

I² and H² from tau² set it against the typical sampling variance (k - p) / tr P (Higgins & Thompson 2002,
eq. 9, for the mean; as metafor for a design). From Q they are (Q - df)/Q, at least 0, and Q/df, at least 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ketcli.stats import least_squares as ls
from ketcli.stats import validate
from ketcli.stats.design import orthonormal
from ketcli.stats.numeric.distributions import chi2_quantile, chi2_sf, critical_value
from ketcli.stats.numeric.roots import Rows, falling_roots
from ketcli.stats.results import Array, Interval
from ketcli.stats.studies import Studies
from ketcli.stats.tau2 import log_likelihood, score, score_bound, solve, where_q_equals

# Points of the profile between the smallest scale and the bound: dense enough to see every maximum.
PROFILE_POINTS = 160


@dataclass(frozen=True)
class CochranQ:
    """Cochran's Q (the residual Q_E with a design), its degrees of freedom, p-value, I² in percent and H²."""

    q: float
    df: float
    p: float
    i2: float
    h2: float


@dataclass(frozen=True)
class HeterogeneityIntervals:
    """Intervals for tau², tau, I² (percent) and H² from one method; each carries the same note."""

    method: str
    level: float
    tau2: Interval
    tau: Interval
    i2: Interval
    h2: Interval


def cochran_q(yi: ArrayLike, vi: ArrayLike, X: ArrayLike | None = None) -> CochranQ:
    """Return Q about the common-effect mean (or the fitted values of X) with I² and H² from it.

    With one study Q is 0 on 0 degrees of freedom, p is 1 and I² and H² are NaN.
    """
    return q_of(_arranged(yi, vi, X))


def q_of(studies: Studies) -> CochranQ:
    """Return Q of the first arranged meta-analysis."""
    df = float(max(studies.df[0], 0.0))
    q = float(ls.q_statistic(ls.weighted_fit(studies, np.zeros_like(studies.k)))[0]) if df > 0 else 0.0
    i2, h2 = i2_from_q(q, df)
    return CochranQ(q, df, float(chi2_sf(q, df)), i2, h2)


def i2_from_q(q: float, df: float) -> tuple[float, float]:
    """Return I² in percent and H² from Q; NaN without degrees of freedom."""
    if df <= 0:
        return math.nan, math.nan
    return (100.0 * (q - df) / q if q > df else 0.0), max(q / df, 1.0)


def i2_from_tau2(tau2: float, typical: float) -> tuple[float, float]:
    """Return I² in percent and H² from tau² and the typical sampling variance; NaN when that is NaN."""
    return 100.0 * tau2 / (tau2 + typical), 1.0 + tau2 / typical


def typical_variance(studies: Studies) -> Array:
    """Return the typical sampling variance (k - p) / tr P at tau² = 0, shape (B,); NaN without df."""
    trace = ls.trace(ls.weighted_fit(studies, np.zeros_like(studies.k)))
    return np.where(studies.df > 0, studies.df / np.where(studies.df > 0, trace, 1.0), np.nan)


def i2_test_based(q: float, df: float, *, level: float = 0.95) -> Interval:
    """Return the test-based interval of I² in percent (Higgins & Thompson 2002, method III), from Q alone.

    H is taken as at least 1, so that a Q below its degrees of freedom still has an upper limit; defined from
    three studies on.
    """
    validate.level(level)
    k = df + 1.0
    if k < 3:
        return Interval(math.nan, math.nan, "The test-based interval of I² needs at least three studies.")
    if q > k:
        spread = 0.5 * (math.log(q) - math.log(df)) / (math.sqrt(2.0 * q) - math.sqrt(2.0 * k - 3.0))
    else:
        spread = math.sqrt((1.0 - 1.0 / (3.0 * (k - 2.0) ** 2)) / (2.0 * (k - 2.0)))
    log_h = 0.5 * math.log(max(q / df, 1.0))
    half = critical_value(level) * spread
    low, high = (-100.0 * math.expm1(-2.0 * max(log_h + side, 0.0)) for side in (-half, half))
    return Interval(low, high)


def q_profile(
    yi: ArrayLike, vi: ArrayLike, X: ArrayLike | None = None, *, level: float = 0.95
) -> HeterogeneityIntervals:
    """Return Q-profile intervals (Viechtbauer 2007, Statistics in Medicine 26:37): Q(tau²) at its quantiles.

    The upper end is found without a cap. When Q at tau² = 0 is already below the lower quantile the interval
    is empty; it is then given as 0 to 0 with a note.
    """
    studies = _arranged(yi, vi, X)
    alpha, df = 1.0 - validate.level(level), float(studies.df[0])
    if df <= 0:
        return _nothing("Q-profile", level)
    quantiles = np.array([chi2_quantile(1.0 - alpha / 2.0, df), chi2_quantile(alpha / 2.0, df)])
    ends, _, converged = where_q_equals(studies.take(np.zeros(2, dtype=np.intp)), quantiles)
    note = "" if converged.all() else "An end of the interval did not reach its tolerance."
    if ends[1] == 0.0:
        note = "The studies agree more closely than chance explains: the interval is empty, shown as 0 to 0."
    return _intervals("Q-profile", level, studies, (float(ends[0]), float(ends[1])), note)


def profile_likelihood(
    yi: ArrayLike, vi: ArrayLike, X: ArrayLike | None = None, *, method: str = "REML", level: float = 0.95
) -> HeterogeneityIntervals:
    """Return profile-likelihood intervals (Hardy & Thompson 1996) from the REML or the ML likelihood.

    They hold every tau² whose log-likelihood is within half a chi-square(1) quantile of the highest; when
    those values do not hang together the outermost are the ends and a note says so.
    """
    validate.one_of("method", method, ("REML", "ML"))
    studies = _arranged(yi, vi, X)
    name = f"profile likelihood ({method})"
    if studies.df[0] <= 0:
        return _nothing(name, validate.level(level))
    restricted = method == "REML"
    best = solve(studies, method).value
    cut = float(log_likelihood(studies, best, restricted=restricted)[0])
    cut -= 0.5 * chi2_quantile(validate.level(level), 1.0)
    grid = _profile_grid(studies, float(best[0]), cut, restricted)
    inside = np.flatnonzero(_profile(studies, grid, restricted) >= cut)
    first, last = int(inside[0]), int(inside[-1])
    note = ""
    if inside.size < last - first + 1:
        note = "The likelihood dips below the limit inside the interval: it is not connected."
    low, high = 0.0, _crossing(studies, grid[last : last + 2], cut, restricted, falls=True)
    if first > 0:
        low = _crossing(studies, grid[first - 1 : first + 1], cut, restricted, falls=False)
    return _intervals(name, level, studies, (low, high), note)


def _arranged(yi: ArrayLike, vi: ArrayLike, X: ArrayLike | None) -> Studies:
    y, v = validate.effects(yi, vi)
    columns = None if X is None else orthonormal(X, k=y.size).columns
    return ls.arrange(y[None, :], v[None, :], columns)


def _profile(studies: Studies, tau2: Array, restricted: bool) -> Array:
    """Return the log-likelihood of the one meta-analysis at many tau²."""
    return log_likelihood(studies.take(np.zeros(tau2.size, dtype=np.intp)), tau2, restricted=restricted)


def _profile_grid(studies: Studies, best: float, cut: float, restricted: bool) -> Array:
    """Return tau² from 0 past the last value within the limit, the maximum among them."""
    top = max(float(score_bound(studies)[0]), float(studies.vi.max()))
    while _profile(studies, np.array([top]), restricted)[0] >= cut:
        top *= 4.0
    bottom = 1e-3 * float(studies.vi.min())
    grid = np.geomspace(bottom, top, PROFILE_POINTS)
    return np.unique(np.concatenate(([0.0, best], grid)))


def _crossing(studies: Studies, ends: Array, cut: float, restricted: bool, *, falls: bool) -> float:
    """Return where the log-likelihood crosses `cut` between two points, downwards or upwards."""
    sign = 1.0 if falls else -1.0

    def evaluate(tau2: Array, _rows: Rows) -> tuple[Array, Array]:
        excess = log_likelihood(studies, tau2, restricted=restricted) - cut
        slope = score(ls.weighted_fit(studies, tau2), restricted=restricted)
        step = np.full(1, np.nan)
        np.divide(-excess, slope, out=step, where=slope != 0.0)
        return sign * excess, step

    low, high = ends[:1], ends[1:]
    roots = falling_roots(evaluate, low, high, 0.5 * (low + high), studies.vi.min(axis=1))
    return float(roots.value[0])


def _intervals(
    method: str, level: float, studies: Studies, ends: tuple[float, float], note: str
) -> HeterogeneityIntervals:
    low, high = ends
    typical = float(typical_variance(studies)[0])
    (i2_low, h2_low), (i2_high, h2_high) = i2_from_tau2(low, typical), i2_from_tau2(high, typical)
    return HeterogeneityIntervals(
        method,
        level,
        Interval(low, high, note),
        Interval(math.sqrt(low), math.sqrt(high), note),
        Interval(i2_low, i2_high, note),
        Interval(h2_low, h2_high, note),
    )


def _nothing(method: str, level: float) -> HeterogeneityIntervals:
    empty = Interval(math.nan, math.nan, "Heterogeneity has no interval: no degrees of freedom are left.")
    return HeterogeneityIntervals(method, level, empty, empty, empty, empty)
