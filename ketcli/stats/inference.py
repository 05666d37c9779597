"""Test and interval of an estimate by the normal, Student's t or Hartung-Knapp's rule."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ketcli.stats.distributions import critical_value, t_two_sided
from ketcli.stats.results import Array

TESTS = ("z", "t", "knha", "adhoc")


@dataclass(frozen=True)
class Wald:
    """Estimate over standard error, its two-sided p-value and the interval; NaN where the ratio is 0/0."""

    statistic: float
    p: float
    ci_low: float
    ci_high: float


def degrees(test: str, df: float) -> float:
    """Return the degrees of freedom of the reference distribution: infinite for z, `df` otherwise.

    Without residual degrees of freedom (one study) only the normal distribution is left.
    """
    return math.inf if test == "z" or df <= 0 else df


def variance_factor(test: str, q: Array, df: Array) -> Array:
    """Return what multiplies the classic variance: q/df (knha), the larger of that and 1 (adhoc), or 1.

    `q` is the generalised Q at tau². Hartung & Knapp 2001 (Statistics in Medicine 20:3875); Sidik & Jonkman
    2002 (21:3153); for regression and the rule "at least 1", Knapp & Hartung 2003 (22:2693).
    """
    if test not in ("knha", "adhoc"):
        return np.ones_like(q)
    ratio = np.where(df > 0, q / np.where(df > 0, df, 1.0), 1.0)
    return np.maximum(ratio, 1.0) if test == "adhoc" else ratio


def wald(estimate: float, se: float, df: float, level: float) -> Wald:
    """Return statistic, p-value and interval of an estimate with reference t(`df`), normal when infinite."""
    half = critical_value(level, df) * se
    if se > 0.0:
        statistic = estimate / se
    else:
        statistic = math.copysign(math.inf, estimate) if se == 0.0 and estimate != 0.0 else math.nan
    p = math.nan if math.isnan(statistic) else float(t_two_sided(statistic, df))
    return Wald(statistic, p, estimate - half, estimate + half)
