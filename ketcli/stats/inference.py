"""Test and interval of an estimate by the normal, Student's t or Hartung-Knapp's rule."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ketcli.stats.numeric.distributions import critical_value, t_two_sided
from ketcli.stats.results import Array

TESTS = ("z", "t", "knha", "adhoc")


@dataclass(frozen=True, eq=False)
class Wald:
    """Estimate over standard error, its two-sided p-value and the interval; NaN where the ratio is 0/0."""

    statistic: Array
    p: Array
    ci_low: Array
    ci_high: Array


def degrees(test: str, df: Array) -> Array:
    """Return the degrees of freedom of the reference distribution: infinite for z, `df` otherwise.

    Without residual degrees of freedom (one study) only the normal distribution is left.
    """
    return np.where((df > 0.0) & (test != "z"), df, math.inf)


def variance_factor(test: str, q: Array, df: Array) -> Array:
    """Return what multiplies the classic variance: q/df (knha), the larger of that and 1 (adhoc), or 1.

    `q` is the generalised Q at tau². Hartung & Knapp 2001 (Statistics in Medicine 20:3875); Sidik & Jonkman
    2002 (21:3153); for regression and the rule "at least 1", Knapp & Hartung 2003 (22:2693).
    """
    if test not in ("knha", "adhoc"):
        return np.ones_like(q)
    ratio = np.where(df > 0, q / np.where(df > 0, df, 1.0), 1.0)
    return np.maximum(ratio, 1.0) if test == "adhoc" else ratio


def wald(estimate: Array, se: Array, df: Array, level: float) -> Wald:
    """Return statistics, p-values and intervals of estimates with reference t(df), normal where infinite.

    `estimate`, `se` and `df` have shape (n,).
    """
    sure = np.where(estimate != 0.0, np.copysign(math.inf, estimate), math.nan)
    statistic = np.where(se == 0.0, sure, estimate / np.where(se == 0.0, 1.0, se))
    p, half = np.full(estimate.shape, math.nan), np.full(estimate.shape, math.nan)
    for freedom in set(df.tolist()):  # np.unique would import all of numpy.ma
        rows = df == freedom
        half[rows] = critical_value(level, freedom) * se[rows]
        rows &= ~np.isnan(statistic)
        p[rows] = t_two_sided(statistic[rows], freedom)
    return Wald(statistic, p, estimate - half, estimate + half)
