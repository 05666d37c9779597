"""Interval limits that only a search can find: mid-p of a proportion, score intervals of two proportions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ketcli.stats.effects.continuity import Table
from ketcli.stats.numeric.distributions import beta_cdf, beta_quantile
from ketcli.stats.numeric.roots import Rows, falling_roots
from ketcli.stats.results import Array

LOG_RATIO = 40.0
"""Largest log risk ratio looked at; e^40 is beyond any limit that counts of people can give."""


def mid_p_lower(x: Array, n: Array, tail: float) -> Array:
    """Return the p at which P(X > x) + P(X = x)/2 equals `tail`; 0 when x = 0.

    It lies between the lower Clopper-Pearson limits of x and of x + 1 events.
    """
    count = np.where(x > 0.0, x, 1.0)
    full = count >= n
    rest = np.where(full, 1.0, n - count)

    def shortfall(p: Array, rows: Rows) -> tuple[Array, Array]:
        c, m = count[rows], n[rows]
        at_least = np.asarray(beta_cdf(p, c, m - c + 1.0))
        above = np.where(full[rows], 0.0, beta_cdf(p, c + 1.0, rest[rows]))
        short = tail - 0.5 * (at_least + above)
        slope = 0.5 * (at_least - above) * (c / p + (m - c) / (1.0 - p))
        with np.errstate(divide="ignore", invalid="ignore"):
            return short, short / slope

    low = np.asarray(beta_quantile(tail, count, n - count + 1.0))
    high = np.where(full, 1.0, beta_quantile(tail, count + 1.0, rest))
    found = falling_roots(shortfall, low, high, 0.5 * (low + high), np.ones_like(n)).value
    return np.where(x > 0.0, found, 0.0)


def difference(table: Table, z: float) -> tuple[Array, Array]:
    """Return the score limits of the risk difference (Miettinen & Nurminen 1985) for critical value `z`.

    A limit is the difference at which the observed one lies z standard errors away, the errors from the risks
    that are most likely under it, with the factor N/(N - 1).
    """
    observed = table.a / table.n1 - table.c / table.n2

    def excess(delta: Array, rows: Rows) -> Array:
        """Return how much farther than z standard errors the observed difference is from `delta`."""
        t = table.at(rows)
        p2 = _risk_given_difference(t, delta)
        p1 = np.clip(p2 + delta, 0.0, 1.0)
        factor = (t.n1 + t.n2) / (t.n1 + t.n2 - 1.0)
        error = np.sqrt((p1 * (1.0 - p1) / t.n1 + p2 * (1.0 - p2) / t.n2) * factor)
        return np.asarray(np.abs(observed[rows] - delta) - z * error)

    one = np.ones_like(observed)
    low = _crossing(excess, -one, observed)
    return low, _crossing(lambda delta, rows: -excess(delta, rows), observed, one)


def ratio(table: Table, z: float, *, finite_sample: bool) -> tuple[Array, Array]:
    """Return the score limits of the risk ratio for critical value `z` (Koopman 1984).

    `finite_sample` multiplies the variance by N/(N - 1) (Miettinen & Nurminen 1985). No events in the treated
    arm: low 0; none in the control arm: high inf.
    """
    p1, p2 = table.a / table.n1, table.c / table.n2

    def excess(log_ratio: Array, rows: Rows) -> Array:
        """Return how much farther than z standard errors the treated risk is from that under the ratio."""
        t, phi = table.at(rows), np.exp(log_ratio)
        q2 = _risk_given_ratio(t, phi)
        q1 = np.minimum(phi * q2, 1.0)
        factor = (t.n1 + t.n2) / (t.n1 + t.n2 - 1.0) if finite_sample else 1.0
        error = np.sqrt((q1 * (1.0 - q1) / t.n1 + phi**2 * q2 * (1.0 - q2) / t.n2) * factor)
        return np.asarray(np.abs(p1[rows] - phi * p2[rows]) - z * error)

    wide = np.full_like(p1, LOG_RATIO)
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = np.clip(np.nan_to_num(np.log(p1) - np.log(p2)), -wide, wide)
    low = _crossing(excess, -wide, middle)
    high = _crossing(lambda log_ratio, rows: -excess(log_ratio, rows), middle, wide)
    return np.where(table.a == 0.0, 0.0, np.exp(low)), np.where(table.c == 0.0, np.inf, np.exp(high))


def _risk_given_difference(table: Table, delta: Array) -> Array:
    """Return the control risks most likely when the treated risk is larger by `delta`.

    The root of a cubic in trigonometric form (Miettinen & Nurminen 1985, appendix).
    """
    a, c, n1, n2 = table.a, table.c, table.n1, table.n2
    n = n1 + n2
    l2 = (n1 + 2.0 * n2) * delta - n - a - c
    l1 = (n2 * delta - n - 2.0 * c) * delta + a + c
    l0 = c * delta * (1.0 - delta)
    q = (l2 / (3.0 * n)) ** 3 - l1 * l2 / (6.0 * n**2) + l0 / (2.0 * n)
    size = np.sqrt(np.maximum((l2 / (3.0 * n)) ** 2 - l1 / (3.0 * n), 0.0))
    p = np.where(q < 0.0, -size, size)
    cosine = np.clip(np.divide(q, p**3, out=np.zeros_like(q), where=p != 0.0), -1.0, 1.0)
    root = 2.0 * p * np.cos((np.pi + np.arccos(cosine)) / 3.0) - l2 / (3.0 * n)
    risk: Array = np.clip(root, np.maximum(0.0, -delta), np.minimum(1.0, 1.0 - delta))
    return risk


def _risk_given_ratio(table: Table, phi: Array) -> Array:
    """Return the control risks most likely when the treated risk is `phi` times as large (Koopman 1984)."""
    a, c, n1, n2 = table.a, table.c, table.n1, table.n2
    events = a + c
    b = n1 * phi + a + n2 + c * phi
    root = np.sqrt(np.maximum(b**2 - 4.0 * (n1 + n2) * phi * events, 0.0))
    risk: Array = np.minimum(2.0 * events / (b + root), np.minimum(1.0, 1.0 / phi))
    return risk


def _crossing(falling: Callable[[Array, Rows], Array], low: Array, high: Array) -> Array:
    """Return where each study's function, positive at `low` and negative at `high`, crosses zero."""

    def evaluate(x: Array, rows: Rows) -> tuple[Array, Array]:
        return falling(x, rows), np.full_like(x, np.nan)

    return falling_roots(evaluate, low, high, 0.5 * (low + high), np.ones_like(low)).value
