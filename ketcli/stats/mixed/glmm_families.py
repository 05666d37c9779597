"""The likelihoods a mixed model may have for one arm: binomial, and non-central hypergeometric for a 2x2 table.

Both are exponential families in their natural parameter eta (a logit, a log odds ratio), so the log density, the
residual x - E(X) and the variance of X at eta are all that maximisation needs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ketcli.stats.numeric.roots import Rows
from ketcli.stats.results import Array

Terms = tuple[Array, Array, Array]


class Family(Protocol):
    """A likelihood for k studies with A arms each."""

    def take(self, rows: Rows) -> Family:
        """Return the likelihood of the studies `rows`."""

    def terms(self, eta: Array) -> Terms:
        """Return log density, residual x - mean and variance at `eta`; all of shape (k, A, m)."""


def log_choose(n: Array, x: Array) -> Array:
    """Return the log binomial coefficient, elementwise; counts need not be whole."""
    lgamma = np.frompyfunc(math.lgamma, 1, 1)
    return np.asarray(lgamma(n + 1.0) - lgamma(x + 1.0) - lgamma(n - x + 1.0), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Binomial:
    """x events of n in each arm, logit link; `events` and `total` of shape (k, A). An arm with n = 0 is silent."""

    events: Array
    total: Array
    constant: Array

    @classmethod
    def of(cls, events: Array, total: Array) -> Binomial:
        """Return the family with its constant worked out."""
        return cls(events, total, log_choose(total, events))

    def take(self, rows: Rows) -> Binomial:
        """Return the likelihood of the studies `rows`."""
        return Binomial(self.events[rows], self.total[rows], self.constant[rows])

    def terms(self, eta: Array) -> Terms:
        """Return log density, residual and variance at the logits `eta` (k, A, m)."""
        x, n = self.events[..., None], self.total[..., None]
        small = np.exp(-np.abs(eta))
        log_one_plus = np.log1p(small) + np.maximum(eta, 0.0)
        p = np.where(eta >= 0.0, 1.0, small) / (1.0 + small)
        density = self.constant[..., None] + x * eta - n * log_one_plus
        return density, x - n * p, n * small / (1.0 + small) ** 2


# A support point this many nats below the top adds less than 1e-19 to a sum.
NEGLIGIBLE = 45.0
# A support of so few points is summed whole.
SHORT = 256


@dataclass(frozen=True, eq=False)
class Hypergeometric:
    """Treatment events of a 2x2 table given its margins: non-central hypergeometric, eta = ln OR.

    `events` (k,): observed events; per study, `support` the possible counts, `weight` their log weights at eta 0,
    and `falls` how much those fall from one count to the next.
    Source: van Houwelingen, Zwinderman & Stijnen (1993); Stijnen, Hamza & Özdemir (2010).
    """

    events: Array
    support: tuple[Array, ...]
    weight: tuple[Array, ...]
    falls: tuple[Array, ...]

    @classmethod
    def of(cls, events1: Array, total1: Array, events2: Array, total2: Array) -> Hypergeometric:
        """Return the family of k tables; counts are whole numbers."""
        supports, weights, falls = [], [], []
        for a, n1, c, n2 in zip(events1, total1, events2, total2, strict=True):
            m = a + c
            j = np.arange(max(0.0, m - n2), min(n1, m) + 1.0)
            first = log_choose(np.array([n1, n2]), np.array([j[0], m - j[0]])).sum()
            # C(n1, j) C(n2, m - j) by its ratio to the one before: a support can have a million points
            before = j[:-1]
            steps = np.log((n1 - before) * (m - before)) - np.log((before + 1.0) * (n2 - m + before + 1.0))
            supports.append(j)
            weights.append(first + np.concatenate([[0.0], np.cumsum(steps)]))
            falls.append(-steps)
        return cls(events1, tuple(supports), tuple(weights), tuple(falls))

    def take(self, rows: Rows) -> Hypergeometric:
        """Return the likelihood of the studies `rows`."""
        kept = (tuple(values[i] for i in rows) for values in (self.support, self.weight, self.falls))
        return Hypergeometric(self.events[rows], *kept)

    def terms(self, eta: Array) -> Terms:
        """Return log density, residual and variance at the log odds ratios `eta` (k, 1, m)."""
        out = np.empty((3, *eta.shape))
        for i, (j, h, fall) in enumerate(zip(self.support, self.weight, self.falls, strict=True)):
            psi = eta[i, 0]
            first, last = _needed(h, fall, psi)
            points = j[first:last]
            tilted = h[first:last] + psi[:, None] * points
            top = tilted.max(axis=1, keepdims=True)
            share = np.exp(tilted - top)
            total = share.sum(axis=1, keepdims=True)
            share /= total
            mean = share @ points
            observed = h[int(self.events[i] - j[0])] + psi * self.events[i]
            out[0, i, 0] = observed - (top + np.log(total))[:, 0]
            out[1, i, 0] = self.events[i] - mean
            out[2, i, 0] = ((points - mean[:, None]) ** 2 * share).sum(axis=1)
        return out[0], out[1], out[2]


def _needed(h: Array, fall: Array, psi: Array) -> tuple[int, int]:
    """Return the ends of the stretch of a support that matters at any log odds ratio in `psi`.

    Its log weights `h` fall by `fall`, ever faster, from each point to the next. So they peak once at every psi,
    and a stretch that is widened until it is negligible at its ends leaves nothing out.
    """
    if h.size <= SHORT:
        return 0, h.size
    low, high = (int(np.searchsorted(fall, p)) for p in (psi.min(), psi.max()))
    width = 64
    while low - width > 0 and h[low] - h[low - width] + width * psi.min() < NEGLIGIBLE:
        width *= 2
    first = max(low - width, 0)
    width = 64
    while high + width < h.size - 1 and h[high] - h[high + width] - width * psi.max() < NEGLIGIBLE:
        width *= 2
    return first, min(high + width + 1, h.size)
