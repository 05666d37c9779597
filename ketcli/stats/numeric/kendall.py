"""Kendall's rank correlation with its exact two-sided test, and the tie-corrected normal test.

Same rules as R's cor.test(method = "kendall", exact = TRUE): the exact distribution of the number of
concordant pairs when no value is tied, otherwise tau-b with the tie-corrected variance and no continuity
correction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ketcli.stats.numeric import distributions
from ketcli.stats.results import Array

EXACT_LIMIT = 500
"""Largest k for the exact distribution; beyond it exact and normal p-values agree to about 1e-4."""


@dataclass(frozen=True)
class Kendall:
    """Rank correlation `tau`, the score S (concordant less discordant pairs), z (NaN when exact) and p."""

    tau: float
    score: float
    z: float
    p: float
    exact: bool
    tied: bool


def kendall(x: Array, y: Array) -> Kendall:
    """Return Kendall's tau of two vectors of shape (k,); tau and p are NaN when one of them is constant.

    Sources: Kendall (1938) for the exact distribution; Kendall (1970, 4.4) for the variance under ties.
    """
    n = x.size
    upper = np.triu_indices(n, 1)
    sign = np.sign(x[upper[0]] - x[upper[1]]) * np.sign(y[upper[0]] - y[upper[1]])
    score = float(sign.sum())
    pairs = n * (n - 1) / 2.0
    x_ties, y_ties = _ties(x), _ties(y)
    tied = x_ties.size > 0 or y_ties.size > 0
    spread = (pairs - _pairs(x_ties)) * (pairs - _pairs(y_ties))
    if spread <= 0.0:
        return Kendall(tau=np.nan, score=score, z=np.nan, p=np.nan, exact=False, tied=tied)
    tau = score / float(np.sqrt(spread))
    if not tied and n <= EXACT_LIMIT:
        return Kendall(tau=tau, score=score, z=np.nan, p=_exact_p(score, n), exact=True, tied=False)
    z = score / float(np.sqrt(_variance(n, x_ties, y_ties)))
    p = float(distributions.normal_two_sided(z))
    return Kendall(tau=tau, score=score, z=z, p=p, exact=False, tied=tied)


def _ties(values: Array) -> Array:
    """Return the sizes of the groups of equal values, groups of one left out."""
    sizes = np.unique(values, return_counts=True)[1].astype(np.float64)
    return sizes[sizes > 1.0]


def _pairs(ties: Array) -> float:
    return float((ties * (ties - 1.0)).sum()) / 2.0


def _variance(n: int, x_ties: Array, y_ties: Array) -> float:
    """Return the null variance of the score S with tied groups of the given sizes."""

    def cubic(t: Array) -> float:
        return float((t * (t - 1.0) * (2.0 * t + 5.0)).sum())

    def triple(t: Array) -> float:
        return float((t * (t - 1.0) * (t - 2.0)).sum())

    base = (n * (n - 1.0) * (2.0 * n + 5.0) - cubic(x_ties) - cubic(y_ties)) / 18.0
    doubles = 4.0 * _pairs(x_ties) * _pairs(y_ties) / (2.0 * n * (n - 1.0))
    triples = triple(x_ties) * triple(y_ties) / (9.0 * n * (n - 1.0) * (n - 2.0)) if n > 2 else 0.0
    return base + doubles + triples


def _exact_p(score: float, n: int) -> float:
    """Return twice the smaller tail of the number of concordant pairs, at most 1."""
    pairs = n * (n - 1) // 2
    discordant = round((pairs - abs(score)) / 2.0)
    return min(1.0, 2.0 * float(_concordance(n)[: discordant + 1].sum()))


def _concordance(n: int) -> Array:
    """Return P(T = 0), P(T = 1), ... of the number T of concordant pairs in a random order of n values.

    Placing the m-th value adds 0 to m-1 pairs with equal chance, so each step averages m shifted copies.
    """
    chances = np.ones(1)
    for m in range(2, n + 1):
        cumulative = np.concatenate([chances.cumsum(), np.full(m - 1, 1.0)])
        lagged = np.concatenate([np.zeros(m), cumulative[:-m]])
        chances = (cumulative - lagged) / m
    return chances
