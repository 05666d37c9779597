"""Prediction intervals: where the true effect of a new study may lie."""

from __future__ import annotations

import math

from ketcli.stats.distributions import critical_value
from ketcli.stats.results import Interval

RULES = ("V", "HTS", "HK", "z")
FEWEST_STUDIES = 3
CAUTION_BELOW = 5


def prediction_interval(
    rule: str, *, k: int, df: float, estimate: float, tau2: float, se: float, se_hk: float, level: float
) -> Interval:
    """Return estimate ± c sqrt(tau² + s²), `df` being the k - p degrees of freedom of tau².

    V: c from t(df), s the classic standard error `se` (Veroniki et al. 2019, Research Synthesis Methods
    10:23). HTS: t(df - 1), classic (Higgins, Thompson & Spiegelhalter 2009). HK: t(df), s the plain
    Hartung-Knapp standard error `se_hk` (Partlett & Riley 2017). z: normal, classic. NaN with a note under
    three studies, and a note of caution under five.
    """
    freedom = {"V": df, "HTS": df - 1.0, "HK": df, "z": math.inf}[rule]
    if k < FEWEST_STUDIES or freedom < 1:
        return Interval(math.nan, math.nan, "A prediction interval needs at least three studies.")
    half = critical_value(level, freedom) * math.sqrt(tau2 + (se_hk if rule == "HK" else se) ** 2)
    note = ""
    if k < CAUTION_BELOW:
        note = f"The prediction interval rests on {k} studies and is very uncertain."
    return Interval(estimate - half, estimate + half, note)
