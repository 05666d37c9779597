"""Quantiles and tail probabilities of the distributions the methods need.

Single numbers and short arrays use `special`; long arrays (batches, simulations) use scipy.special, which is
imported only then.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ketcli.stats.numeric import special

LONG = 500


def _apply(single: Callable[..., float], long: Callable[..., Any], *arguments: ArrayLike) -> Any:
    """Apply `single` to each element, or `long` at once from LONG elements on; scalars give a float."""
    arrays = np.broadcast_arrays(*(np.asarray(a, dtype=np.float64) for a in arguments))
    if arrays[0].ndim == 0:
        return single(*(float(a) for a in arrays))
    if arrays[0].size >= LONG:
        return long(*arrays)
    flat = [single(*values) for values in zip(*(a.ravel().tolist() for a in arrays), strict=True)]
    return np.array(flat, dtype=np.float64).reshape(arrays[0].shape)


def _scipy(name: str) -> Callable[..., Any]:
    def call(*arrays: Any) -> Any:
        from scipy import special as scipy_special

        return getattr(scipy_special, name)(*arrays)

    return call


def normal_quantile(p: ArrayLike) -> Any:
    """Return the standard normal quantile of probability `p`."""
    return _apply(special.normal_inverse, _scipy("ndtri"), p)


def normal_cdf(x: ArrayLike) -> Any:
    """Return P(Z <= x) for a standard normal Z."""
    return _apply(special.normal_lower, _scipy("ndtr"), x)


def normal_two_sided(z: ArrayLike) -> Any:
    """Return the two-sided p-value of a standard normal statistic."""
    return 2.0 * normal_cdf(-np.abs(np.asarray(z, dtype=np.float64)))


@lru_cache(maxsize=256)
def t_quantile(p: float, df: float) -> float:
    """Return the quantile of Student's t with `df` degrees of freedom (normal when `df` is infinite)."""
    if math.isinf(df):
        return special.normal_inverse(p)
    if p == 0.5:
        return 0.0
    x = special.beta_inverse(0.5 * df, 0.5, 2.0 * min(p, 1.0 - p))
    size = math.sqrt(df * (1.0 - x) / x) if x > 0.0 else math.inf
    return size if p > 0.5 else -size


def t_two_sided(t: ArrayLike, df: float) -> Any:
    """Return the two-sided p-value of a t statistic with `df` degrees of freedom."""
    if math.isinf(df):
        return normal_two_sided(t)
    t2 = np.square(np.asarray(t, dtype=np.float64))
    return beta_cdf(df / (df + t2), 0.5 * df, 0.5)


def critical_value(level: float, df: float = math.inf) -> float:
    """Return the two-sided critical value of an interval at `level` (0-1): z, or t when `df` is finite."""
    return t_quantile(0.5 + level / 2.0, df)


def chi2_sf(x: ArrayLike, df: ArrayLike) -> Any:
    """Return P(X > x) for a chi-square X with `df` degrees of freedom; 1 when `df` is zero."""
    return _apply(_chi2_upper, _chi2_upper_long, x, df)


def _chi2_upper(x: float, df: float) -> float:
    if math.isnan(x):
        return math.nan
    return special.gamma_upper(0.5 * df, 0.5 * x) if df > 0.0 else 1.0


def _chi2_upper_long(x: Any, df: Any) -> Any:
    safe = np.where(df > 0.0, df, 1.0)
    return np.where(df > 0.0, _scipy("gammaincc")(0.5 * safe, 0.5 * np.maximum(x, 0.0)), 1.0)


@lru_cache(maxsize=256)
def chi2_quantile(p: float, df: float) -> float:
    """Return the chi-square quantile of probability `p`."""
    return 2.0 * special.gamma_inverse(0.5 * df, p)


def f_sf(x: ArrayLike, df1: float, df2: float) -> Any:
    """Return P(F > x) for an F with `df1` and `df2` degrees of freedom; `df2` may be infinite."""
    f = np.asarray(x, dtype=np.float64)
    if math.isinf(df2):
        return chi2_sf(f * df1, df1)
    return beta_cdf(df2 / (df2 + df1 * f), 0.5 * df2, 0.5 * df1)


def beta_cdf(x: ArrayLike, a: ArrayLike, b: ArrayLike) -> Any:
    """Return P(X <= x) for X from the Beta(a, b) distribution."""
    return _apply(lambda x, a, b: special.beta_lower(a, b, x), lambda x, a, b: _scipy("betainc")(a, b, x), x, a, b)


def beta_quantile(p: ArrayLike, a: ArrayLike, b: ArrayLike) -> Any:
    """Return the quantile of the Beta(a, b) distribution."""
    return _apply(
        lambda p, a, b: special.beta_inverse(a, b, p), lambda p, a, b: _scipy("betaincinv")(a, b, p), p, a, b
    )
