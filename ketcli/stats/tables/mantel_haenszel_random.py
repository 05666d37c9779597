"""Random effects as Review Manager 5 has them: tau² from the heterogeneity about the Mantel-Haenszel mean."""

from __future__ import annotations

import math
from dataclasses import replace

from numpy.typing import ArrayLike

from ketcli.stats import least_squares as ls
from ketcli.stats import validate
from ketcli.stats.heterogeneity import i2_from_q
from ketcli.stats.numeric.distributions import chi2_sf
from ketcli.stats.pooling import pooled_at
from ketcli.stats.results import Pooled
from ketcli.stats.tables.mantel_haenszel import mantel_haenszel
from ketcli.stats.tau2 import Tau2


def mantel_haenszel_random(
    measure: str,
    yi: ArrayLike,
    vi: ArrayLike,
    counts: tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike],
    *,
    correction: float = 0.5,
    level: float = 0.95,
) -> Pooled:
    """Return the inverse-variance mean of k effects at tau² = max(0, (Q - (k - 1)) / C), tested by z.

    `yi` and `vi` are the effects of the two-by-two tables `counts` (events and totals treated, then control), all
    of shape (k,). Q is about the Mantel-Haenszel mean with `correction` in tables with a zero cell, C = sum w -
    sum w²/sum w with w = 1/vi (DerSimonian & Laird 1986; Deeks & Higgins 2010). I² and H² come from that Q. As R's
    metabin with Q.Cochrane. No prediction interval.
    """
    y, v = validate.effects(yi, vi)
    about = mantel_haenszel(measure, *counts, correction=correction, drop00=measure != "RD", level=level)
    w, df = 1.0 / v, y.size - 1.0
    q = about.q if df > 0 and math.isfinite(about.q) else 0.0
    value = max(0.0, (q - df) / float(w.sum() - (w**2).sum() / w.sum())) if df > 0 else 0.0
    line = pooled_at(
        ls.arrange(y[None, :], v[None, :]),
        Tau2(value, math.nan, 0, converged=True),
        model="random",
        method="DL",
        test="z",
        level=level,
        prediction=None,
        i2="q",
    )
    i2, h2 = i2_from_q(q, df)
    return replace(line, q=q, q_p=float(chi2_sf(q, df)) if df > 0 else 1.0, i2=i2, h2=h2)
