"""Quantiles and tail probabilities of the distributions the methods need, from scipy.special alone.

scipy.stats would cost half a second at start-up for the same numbers.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from ketcli.stats.results import Array


def _array(values: ArrayLike) -> Array:
    """Return the argument as a float array."""
    return np.asarray(values, dtype=np.float64)


def _result(value: Any) -> Any:
    """Give a plain float for scalars, the array otherwise."""
    return float(value) if np.ndim(value) == 0 else value


def normal_quantile(p: ArrayLike) -> Any:
    """Return the standard normal quantile of probability `p`."""
    return _result(special.ndtri(_array(p)))


def normal_cdf(x: ArrayLike) -> Any:
    """Return P(Z <= x) for a standard normal Z."""
    return _result(special.ndtr(_array(x)))


def normal_two_sided(z: ArrayLike) -> Any:
    """Return the two-sided p-value of a standard normal statistic."""
    return _result(2.0 * special.ndtr(-np.abs(_array(z))))


def t_quantile(p: float, df: float) -> float:
    """Return the quantile of Student's t with `df` degrees of freedom (normal when `df` is infinite).

    Uses the incomplete beta inverse, exact to the last digits; stdtrit of older SciPy is good to nine only.
    """
    if np.isinf(df):
        return cast(float, normal_quantile(p))
    if p == 0.5:
        return 0.0
    tail = min(p, 1.0 - p)
    x = float(special.betaincinv(df / 2.0, 0.5, 2.0 * tail))
    size = float(np.sqrt(df * (1.0 - x) / x)) if x > 0.0 else np.inf
    return size if p > 0.5 else -size


def t_two_sided(t: ArrayLike, df: float) -> Any:
    """Return the two-sided p-value of a t statistic with `df` degrees of freedom."""
    if np.isinf(df):
        return normal_two_sided(t)
    t2 = np.square(_array(t))
    return _result(special.betainc(df / 2.0, 0.5, df / (df + t2)))


def critical_value(level: float, df: float = np.inf) -> float:
    """Return the two-sided critical value of an interval at `level` (0-1): z, or t when `df` is finite."""
    return t_quantile(0.5 + level / 2.0, df)


def chi2_sf(x: ArrayLike, df: ArrayLike) -> Any:
    """Return P(X > x) for a chi-square X with `df` degrees of freedom; 1 when `df` is zero."""
    degrees = _array(df)
    safe = np.where(degrees > 0, degrees, 1.0)
    return _result(np.where(degrees > 0, special.chdtrc(safe, np.maximum(_array(x), 0.0)), 1.0))


def chi2_quantile(p: float, df: float) -> float:
    """Return the chi-square quantile of probability `p`."""
    return float(2.0 * special.gammaincinv(df / 2.0, p))


def f_sf(x: ArrayLike, df1: float, df2: float) -> Any:
    """Return P(F > x) for an F with `df1` and `df2` degrees of freedom."""
    return _result(special.fdtrc(df1, df2, _array(x)))


def beta_quantile(p: ArrayLike, a: ArrayLike, b: ArrayLike) -> Any:
    """Return the quantile of the Beta(a, b) distribution."""
    return _result(special.betaincinv(_array(a), _array(b), _array(p)))
