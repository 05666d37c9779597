"""The frozen results the numeric core returns; every number is on the analysis scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Effects:
    """Study effects of one measure: `yi` and sampling variances `vi`, shape (k,); NaN where not estimable.

    `ni` is each study's total sample size (NaN when unknown); `corrected` marks studies whose cells had a
    continuity correction added; `excluded` gives, per study, why it has no effect ("" when it has one).
    """

    measure: str
    yi: Array
    vi: Array
    ni: Array
    corrected: NDArray[np.bool_]
    excluded: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Pooled:
    """One pooled line. NaN marks a quantity the model does not define; a note then says why.

    Attributes:
        model: common, random, mh, peto, glmm or three-level.
        method: tau² estimator or likelihood model (REML, DL, ML, UM.FS ...), "" where there is none.
        test: z, t, knha or adhoc (Hartung-Knapp with q at least 1).
        level: confidence level, 0-1.
        k: number of studies that contribute.
        estimate, se, statistic, df, p, ci_low, ci_high: the mean and its test; df is inf for z.
        tau2, tau2_se, i2, h2: between-study variance, I² in percent, H².
        q, q_df, q_p: Cochran's Q, its degrees of freedom and p-value.
        pi_low, pi_high: prediction interval for the effect of a new study.
        weights: percent per study, shape (k of the input,), 0 for a study that does not contribute.
        converged: False when an iterative solution did not reach its tolerance; a note says so.
    """

    model: str
    method: str
    test: str
    level: float
    k: int
    estimate: float
    se: float
    statistic: float
    df: float
    p: float
    ci_low: float
    ci_high: float
    tau2: float
    tau2_se: float
    i2: float
    h2: float
    q: float
    q_df: float
    q_p: float
    pi_low: float
    pi_high: float
    weights: Array
    converged: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Interval:
    """Limits of an interval; `note` says in a sentence anything unusual about them ("" otherwise)."""

    low: float
    high: float
    note: str = ""
