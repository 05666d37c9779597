"""One effect over many two-by-two tables: the sums of Mantel & Haenszel (1959) with their variances.

a events and b others of n1 treated patients, c and d of n2 controls, N = n1 + n2; sums run over tables.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ketcli.stats.effects.continuity import Table
from ketcli.stats.results import Array


@dataclass(frozen=True)
class Mean:
    """Estimate, standard error, and each study's part in it; `why` says what makes them undefined."""

    estimate: float
    se: float
    parts: Array
    why: str = ""


def only(t: Table, rows: NDArray[np.bool_]) -> Table:
    """Return the tables marked in `rows`."""
    return Table(t.a[rows], t.b[rows], t.c[rows], t.d[rows], t.corrected[rows])


def hypergeometric(t: Table) -> tuple[Array, Array]:
    """Return a minus its hypergeometric mean, and the hypergeometric variance (0 for a table of one patient)."""
    n, total = t.n1 + t.n2, t.a + t.c
    variance = total * (n - total) * t.n1 * t.n2 / (n**2 * np.maximum(n - 1.0, 1.0))
    return t.a - total * t.n1 / n, variance


def odds_ratio(t: Table) -> Mean:
    """Return the log odds ratio with the variance of Robins, Breslow & Greenland (1986)."""
    n = t.n1 + t.n2
    agree, differ = (t.a + t.d) / n, (t.b + t.c) / n
    r, s = t.a * t.d / n, t.b * t.c / n
    if r.sum() == 0.0 or s.sum() == 0.0:
        return Mean(math.nan, math.nan, s, _infinite("odds ratio", r.sum(), s.sum()))
    variance = 0.5 * (
        (agree * r).sum() / r.sum() ** 2
        + (agree * s + differ * r).sum() / (r.sum() * s.sum())
        + (differ * s).sum() / s.sum() ** 2
    )
    return Mean(math.log(r.sum() / s.sum()), math.sqrt(variance), s)


def risk_ratio(t: Table) -> Mean:
    """Return the log risk ratio with the variance of Greenland & Robins (1985)."""
    n = t.n1 + t.n2
    r, s = t.a * t.n2 / n, t.c * t.n1 / n
    if r.sum() == 0.0 or s.sum() == 0.0:
        return Mean(math.nan, math.nan, s, _infinite("risk ratio", r.sum(), s.sum()))
    variance = (t.n1 * t.n2 * (t.a + t.c) / n**2 - t.a * t.c / n).sum() / (r.sum() * s.sum())
    return Mean(math.log(r.sum() / s.sum()), math.sqrt(max(float(variance), 0.0)), s)


def risk_difference(t: Table) -> Mean:
    """Return the risk difference with the variance of Sato (1989)."""
    n = t.n1 + t.n2
    weight = t.n1 * t.n2 / n
    difference = float((t.a * t.n2 / n - t.c * t.n1 / n).sum() / weight.sum())
    p = (t.c * t.n1**2 - t.a * t.n2**2 + t.n1 * t.n2 * (t.n2 - t.n1) / 2.0) / n**2
    q = (t.a * t.d + t.c * t.b) / (2.0 * n)
    variance = (difference * p.sum() + q.sum()) / weight.sum() ** 2
    return Mean(difference, math.sqrt(max(float(variance), 0.0)), weight)


FORMULAS = {"OR": odds_ratio, "RR": risk_ratio, "RD": risk_difference}


def _infinite(what: str, above: float, below: float) -> str:
    if above == 0.0 and below == 0.0:
        return f"The counts leave the {what} 0/0: it has no estimate."
    return f"The {what} is {'0' if above == 0.0 else 'infinite'}: its logarithm has no finite estimate."
