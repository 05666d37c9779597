"""Prediction intervals: where the true effect of a new study may lie."""

from __future__ import annotations

import math

from ketcli.stats.numeric.distributions import critical_value
from ketcli.stats.results import Interval

RULES = ("V", "HTS", "HK", "z")
FEWEST_DF = 2.0
CAUTION_DF = 4.0


def prediction_interval(
    rule: str, *, df: float, estimate: float, tau2: float, se: float, se_hk: float, level: float
) -> Interval:
    """Return estimate ± c sqrt(tau² + s²), `df` being the k - p degrees of freedom of tau².

    V: c from t(df), s the classic standard error `se` (Veroniki et al. 2019, Research Synthesis Methods
    10:23). HTS: t(df - 1), classic (Higgins, Thompson & Spiegelhalter 2009). HK: t(df), s the plain
    Hartung-Knapp standard error `se_hk` (Partlett & Riley 2017). z: normal, classic. NaN with a note under
    2 degrees of freedom (three studies around a mean), and a note of caution under 4 (five studies).
    """
    if df < FEWEST_DF:
        note = "A prediction interval needs at least three studies, or two more than there are coefficients."
        return Interval(math.nan, math.nan, note)
    freedom = {"V": df, "HTS": df - 1.0, "HK": df, "z": math.inf}[rule]
    half = critical_value(level, freedom) * math.sqrt(tau2 + (se_hk if rule == "HK" else se) ** 2)
    note = ""
    if df < CAUTION_DF:
        note = f"The prediction interval rests on {df:g} degrees of freedom and is very uncertain."
    return Interval(estimate - half, estimate + half, note)
