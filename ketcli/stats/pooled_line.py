"""One pooled line from an estimate and its standard error, for models other than inverse variance with one tau²."""

from __future__ import annotations

import math

import numpy as np

from ketcli.stats.inference import wald
from ketcli.stats.numeric.distributions import chi2_sf
from ketcli.stats.results import Array, Interval, Pooled

NOTHING = Interval(math.nan, math.nan)
COMMON_NOTE = "The model supposes one true effect: tau² is 0, without a standard error or a prediction interval."


def pooled_line(
    *,
    model: str,
    method: str,
    test: str,
    level: float,
    k: int,
    estimate: float,
    se: float,
    df: float,
    tau2: float,
    weights: Array,
    tau2_se: float = math.nan,
    i2: float = math.nan,
    h2: float = math.nan,
    q: float = math.nan,
    q_df: float = math.nan,
    prediction: Interval = NOTHING,
    converged: bool = True,
    notes: tuple[str, ...] = (),
) -> Pooled:
    """Return the line with the test and interval of `estimate` by t(`df`), the normal when `df` is infinite.

    Everything left out is NaN; `q` is referred to a chi-square with `q_df` degrees of freedom. A finite `df` of 0
    or below, where nothing is left to estimate the spread from, becomes the normal and `test` z.
    """
    freedom = math.inf if df <= 0.0 else df
    known = math.inf if math.isnan(freedom) else freedom
    mean = wald(np.array([estimate]), np.array([se]), np.array([known]), level)
    return Pooled(
        model=model,
        method=method,
        test="z" if math.isinf(freedom) else test,
        level=level,
        k=k,
        estimate=estimate,
        se=se,
        statistic=float(mean.statistic[0]),
        df=freedom,
        p=float(mean.p[0]),
        ci_low=float(mean.ci_low[0]),
        ci_high=float(mean.ci_high[0]),
        tau2=tau2,
        tau2_se=tau2_se,
        i2=i2,
        h2=h2,
        q=q,
        q_df=q_df,
        q_p=math.nan if math.isnan(q) else float(chi2_sf(q, q_df)),
        pi_low=prediction.low,
        pi_high=prediction.high,
        weights=weights,
        converged=converged,
        notes=notes,
    )
