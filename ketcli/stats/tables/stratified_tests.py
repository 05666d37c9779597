"""Is the odds ratio over two-by-two tables 1, and is it the same in all of them?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ketcli.stats.effects import continuity
from ketcli.stats.effects.continuity import Table
from ketcli.stats.numeric.distributions import chi2_sf
from ketcli.stats.results import Array
from ketcli.stats.tables.strata import hypergeometric, odds_ratio, only


@dataclass(frozen=True)
class StratifiedTests:
    """Tests about the odds ratio over strata: is it 1 (`cmh`), and is it the same everywhere (the other two).

    `cmh` has 1 degree of freedom, Breslow-Day and Tarone `df`. NaN where undefined; `note` says why.
    """

    cmh: float
    cmh_p: float
    breslow_day: float
    breslow_day_p: float
    tarone: float
    tarone_p: float
    df: float
    note: str = ""


def stratified_tests(
    events1: ArrayLike,
    total1: ArrayLike,
    events2: ArrayLike,
    total2: ArrayLike,
    *,
    continuity_corrected: bool = True,
) -> StratifiedTests:
    """Return the Cochran-Mantel-Haenszel test and the Breslow-Day and Tarone tests of homogeneity.

    `continuity_corrected` takes 0.5 from the absolute deviation in the CMH test, though not below 0 (as R's
    mantelhaen.test; metafor squares what is left even then). Breslow & Day's (1980) sum is taken at the
    Mantel-Haenszel odds ratio, which Tarone (1985) corrects for.
    """
    table = continuity.two_by_two(events1, total1, events2, total2)
    above, v = hypergeometric(table)
    nan = math.nan
    if v.sum() == 0.0:
        return StratifiedTests(nan, nan, nan, nan, nan, nan, nan, "One of the two outcomes never occurs.")
    shift = max(abs(float(above.sum())) - (0.5 if continuity_corrected else 0.0), 0.0)
    cmh = shift**2 / float(v.sum())
    mean = odds_ratio(table)
    if mean.why:
        return StratifiedTests(cmh, float(chi2_sf(cmh, 1.0)), nan, nan, nan, nan, nan, mean.why)
    some = v > 0.0
    expected = _expected_events(only(table, some), math.exp(mean.estimate))
    part = only(table, some)
    total = part.a + part.c
    cells = np.stack([expected, part.n1 - expected, total - expected, part.n2 - total + expected])
    spread = 1.0 / (1.0 / cells).sum(axis=0)
    gap = part.a - expected
    breslow_day = float((gap**2 / spread).sum())
    tarone = max(breslow_day - float(gap.sum()) ** 2 / float(spread.sum()), 0.0)
    df = float(some.sum() - 1)
    return StratifiedTests(
        cmh=cmh,
        cmh_p=float(chi2_sf(cmh, 1.0)),
        breslow_day=breslow_day,
        breslow_day_p=float(chi2_sf(breslow_day, df)),
        tarone=tarone,
        tarone_p=float(chi2_sf(tarone, df)),
        df=df,
        note="" if df > 0.0 else "One informative study: there is nothing to compare it with.",
    )


def _expected_events(t: Table, ratio: float) -> Array:
    """Return the treated events that the margins make most likely at a common odds ratio."""
    total = t.a + t.c
    # the root of (ratio - 1) x² - b x + ratio n1 total = 0 that lies within the margins, in whichever form of
    # it does not cancel: the first also holds at ratio 1, and b < 0 only happens below
    b = ratio * (t.n1 + total) + t.n2 - total
    product = ratio * t.n1 * total
    root = np.sqrt(b**2 - 4.0 * (ratio - 1.0) * product)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(b >= 0.0, 2.0 * product / (b + root), 0.5 * (b - root) / (ratio - 1.0))
