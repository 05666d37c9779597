"""A weighted straight line through k points: the regression behind every funnel-plot test.

y = intercept + slope x with weights w. With a free dispersion the residual variance is estimated and tests
use t(k-2), as in an ordinary weighted regression; with the dispersion fixed at one the weights are taken as
known inverse variances and tests use the normal distribution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ketcli.stats.numeric import distributions
from ketcli.stats.results import Array

_SAME = 1e-26  # relative variation of x, or of the residuals, below which it is rounding


@dataclass(frozen=True)
class Line:
    """Coefficients of one line with standard errors; `df` is inf for the normal test.

    `exact` marks points that lie on the line to rounding: a free dispersion is then zero and no test exists.
    """

    k: int
    intercept: float
    intercept_se: float
    slope: float
    slope_se: float
    df: float
    exact: bool

    def test_slope(self) -> tuple[float, float]:
        """Return the test statistic of the slope and its two-sided p-value; NaN where no test exists."""
        return _test(self.slope, self.slope_se, self.df)

    def test_intercept(self) -> tuple[float, float]:
        """Return the test statistic of the intercept and its two-sided p-value; NaN where no test exists."""
        return _test(self.intercept, self.intercept_se, self.df)

    def interval_slope(self, level: float) -> tuple[float, float]:
        """Return the confidence limits of the slope."""
        half = distributions.critical_value(level, self.df) * self.slope_se
        return self.slope - half, self.slope + half

    def interval_intercept(self, level: float) -> tuple[float, float]:
        """Return the confidence limits of the intercept."""
        half = distributions.critical_value(level, self.df) * self.intercept_se
        return self.intercept - half, self.intercept + half


def _test(estimate: float, se: float, df: float) -> tuple[float, float]:
    if not se > 0.0:
        return np.nan, np.nan
    statistic = estimate / se
    return statistic, float(distributions.t_two_sided(statistic, df))


def fit_line(y: Array, x: Array, w: Array, *, dispersion: str = "free") -> Line | None:
    """Fit the line by weighted least squares; None when fewer than three points or x does not vary.

    `y`, `x`, `w` have shape (k,), weights positive. `dispersion` is "free" (t test) or "one" (z test).
    """
    k = y.size
    if k < 3:
        return None
    total = float(w.sum())
    x_mean, y_mean = float(w @ x) / total, float(w @ y) / total
    dx, dy = x - x_mean, y - y_mean
    sxx = float(w @ dx**2)
    if sxx <= _SAME * float(w @ x**2):
        return None
    slope = float(w @ (dx * dy)) / sxx
    intercept = y_mean - slope * x_mean
    rss = float(w @ (dy - slope * dx) ** 2)
    exact = rss <= _SAME * float(w @ y**2)
    if dispersion == "free":
        phi, df = (0.0 if exact else rss / (k - 2)), float(k - 2)
    else:
        phi, df = 1.0, np.inf
    return Line(
        k=k,
        intercept=intercept,
        intercept_se=float(np.sqrt(phi * (1.0 / total + x_mean**2 / sxx))),
        slope=slope,
        slope_se=float(np.sqrt(phi / sxx)),
        df=df,
        exact=exact and dispersion == "free",
    )
