"""Coefficients of a linear model with their tests, whatever the standard errors come from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ketcli.stats.inference import wald
from ketcli.stats.results import Array


@dataclass(frozen=True, eq=False)
class Coefficients:
    """Estimates, standard errors and tests by t with `df` degrees of freedom (infinite: normal), each (p,).

    `covariance` is (p, p). NaN marks what is not defined; a note then says why.
    """

    estimate: Array
    se: Array
    statistic: Array
    df: Array
    p: Array
    ci_low: Array
    ci_high: Array
    covariance: Array
    level: float
    notes: tuple[str, ...] = ()


def coefficients(
    estimate: Array, covariance: Array, df: Array, level: float, notes: tuple[str, ...] = ()
) -> Coefficients:
    """Return the estimates (p,) with their tests; where `df` (p,) is not positive by the normal distribution.

    A standard error or `df` of NaN leaves the test NaN.
    """
    se = np.sqrt(np.diagonal(covariance))
    freedom = np.where(df <= 0.0, np.inf, df)
    known = np.isfinite(se) & ~np.isnan(freedom)
    tested = wald(estimate, se, np.where(known, freedom, np.inf), level)
    return Coefficients(
        estimate=estimate,
        se=se,
        statistic=tested.statistic,
        df=freedom,
        p=np.where(known, tested.p, np.nan),
        ci_low=np.where(known, tested.ci_low, np.nan),
        ci_high=np.where(known, tested.ci_high, np.nan),
        covariance=covariance,
        level=level,
        notes=notes,
    )
