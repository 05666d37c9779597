"""Profile-likelihood intervals of the two variances of a three-level model."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ketcli.stats import validate
from ketcli.stats.dependent import variance_components as vc
from ketcli.stats.dependent.multilevel import problem_of
from ketcli.stats.numeric.distributions import chi2_quantile
from ketcli.stats.numeric.roots import Rows, falling_roots
from ketcli.stats.results import Array, Interval

# Doublings of the search for the upper end, in units of the effects' typical variance.
DOUBLINGS = 60


def variance_intervals(
    yi: ArrayLike,
    V: ArrayLike,
    cluster: Sequence[object],
    X: ArrayLike | None = None,
    *,
    level: float = 0.95,
) -> tuple[Interval, Interval]:
    """Return the intervals of the variances between and within clusters; arguments as in `multilevel`.

    `X` is the whole design matrix, None for the mean alone. An interval holds the values at which the restricted
    log-likelihood, maximised over the other variance, lies within half a chi-square(1) quantile of the maximum (as
    metafor's confint.rma.mv). NaN with a note for a variance the data cannot tell.
    """
    validate.level(level)
    problem, scale = vc.scaled_problem(problem_of(yi, V, cluster, X))
    best = vc.estimate(problem).value
    between, within = (_interval(problem, best, j, 0.5 * chi2_quantile(level, 1.0), scale) for j in (0, 1))
    return between, within


def _interval(problem: vc.Problem, best: Array, j: int, allowance: float, scale: float) -> Interval:
    if not problem.free[j]:
        return Interval(math.nan, math.nan, "The data cannot tell this variance.")
    profile = _Profile(problem, best, j, allowance)
    low = 0.0
    if best[j] > 0.0 and profile.above(0.0) < 0.0:
        low = float(best[j]) - profile.crossing(float(best[j]), -1.0)
    span = max(float(best[j]), 0.05)
    for _ in range(DOUBLINGS):
        if profile.above(float(best[j]) + span) < 0.0:
            return Interval(scale * low, scale * (float(best[j]) + profile.crossing(span, 1.0)))
        span *= 2.0
    return Interval(scale * low, math.inf, "The likelihood sets no upper limit to this variance.")


class _Profile:
    """The restricted log-likelihood of one variance, maximised over the other, above the level of the interval."""

    def __init__(self, problem: vc.Problem, best: Array, j: int, allowance: float) -> None:
        self.problem, self.best, self.j = problem, best, j
        self.fixed = np.arange(2) == j
        self.cut = vc.climb(problem, best).value - allowance

    def at(self, value: float) -> tuple[float, float]:
        """Return the height above the cut at `value`, and the slope there (by the envelope theorem)."""
        peak = vc.climb(self.problem, np.where(self.fixed, value, self.best), self.fixed)
        return peak.value - self.cut, float(vc.slope(self.problem, peak.x)[self.j])

    def above(self, value: float) -> float:
        """Return the height above the cut."""
        return self.at(value)[0]

    def crossing(self, span: float, side: float) -> float:
        """Return how far from the maximum, up to `span` to one side of it, the profile meets the cut."""

        def evaluate(distance: Array, rows: Rows) -> tuple[Array, Array]:
            height, slope = self.at(float(self.best[self.j] + side * distance[0]))
            step = -height / (side * slope) if side * slope < 0.0 else math.nan
            return np.full(rows.shape, height), np.full(rows.shape, step)

        high = np.array([span])
        return float(falling_roots(evaluate, np.zeros(1), high, 0.5 * high, np.ones(1)).value[0])
