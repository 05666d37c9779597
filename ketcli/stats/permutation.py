"""Permutation tests of a mean (signs flipped) and of a meta-regression (moderators shuffled)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ketcli.stats import least_squares as ls
from ketcli.stats import validate
from ketcli.stats.batch import describe, usable_test
from ketcli.stats.design import Design
from ketcli.stats.regression import design, q_moderators, tested_columns
from ketcli.stats.results import Array

# Statistics this close count as equal, so that ties are not decided by rounding (metafor's limit).
TIE = 1.5e-8
BLOCK = 20_000


@dataclass(frozen=True, eq=False)
class PermutationTest:
    """Permutation p-values.

    Attributes:
        names: of the coefficients.
        p: two-sided, shape (p,): the share of |statistic| at least as large as the observed.
        qm_p: the share of Q_M (all coefficients but the intercept) at least as large as the observed.
        exact: whether every arrangement was used.
        iterations: number of arrangements, the observed one among them.
    """

    names: tuple[str, ...]
    p: Array
    qm_p: float
    exact: bool
    iterations: int
    notes: tuple[str, ...] = ()


def permutation_test(
    yi: ArrayLike,
    vi: ArrayLike,
    X: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    *,
    tau2: str = "REML",
    test: str = "z",
    iterations: int = 10_000,
    seed: int = 1,
    intercept: bool = True,
) -> PermutationTest:
    """Test without a distribution (Follmann & Proschan 1999; Higgins & Thompson 2004).

    Without X the signs of the effects are flipped (2^k arrangements): valid for a symmetric measure with null
    value 0. With X, as in `meta_regression`, its rows are shuffled. When there are no more than `iterations`
    arrangements each is used once; otherwise that many are drawn by `seed`, the observed one in the first
    place, so that no p is below 1/iterations.
    """
    test = usable_test(tau2, test)
    if iterations < 1:
        raise ValueError(f"iterations must be at least 1, got {iterations}")
    y, v = validate.effects(yi, vi)
    moderators = np.zeros((y.size, 0)) if X is None else X
    plan = design(moderators, names, y.size, intercept=intercept or X is None)
    tested = tested_columns(plan, intercept=intercept or X is None)
    arrangements: NDArray[Any]
    arrangements, exact = _signs(y.size, iterations, seed) if X is None else _orders(plan, iterations, seed)
    still = np.ones((1, y.size)) if X is None else np.arange(y.size)[None, :]
    seen = _statistics(y, v, plan, still, tested, tau2, test)[0]
    reached, defined = np.zeros(seen.size), np.zeros(seen.size)
    for first in range(0, arrangements.shape[0], BLOCK):
        values = _statistics(y, v, plan, arrangements[first : first + BLOCK], tested, tau2, test)
        reached += (values >= seen - TIE).sum(axis=0)
        defined += (~np.isnan(values)).sum(axis=0)
    p = np.where(np.isnan(seen), math.nan, reached / np.maximum(defined, 1.0))
    notes = () if exact else (f"{arrangements.shape[0]} random arrangements, seed {seed}.",)
    return PermutationTest(plan.names, p[:-1], float(p[-1]), exact, arrangements.shape[0], notes)


def _statistics(
    y: Array,
    v: Array,
    plan: Design,
    arrangements: NDArray[Any],
    tested: NDArray[np.intp],
    tau2: str,
    test: str,
) -> Array:
    """Return |statistic| of each coefficient and Q_M in the last column, one row per arrangement.

    Arrangements are signs (floats) for the effects or orders (integers) for the rows of the design.
    """
    signs = arrangements.dtype.kind == "f"
    many = np.broadcast_to(y, arrangements.shape)
    columns = plan.columns if signs else tuple(c[0][arrangements] for c in plan.columns)
    studies = ls.arrange(many * arrangements if signs else many, np.broadcast_to(v, many.shape), columns)
    fits = describe(studies, tau2=tau2, test=test, back=plan.back)
    return np.column_stack((np.abs(fits.statistic), q_moderators(fits, tested)))


def _signs(k: int, iterations: int, seed: int) -> tuple[Array, bool]:
    """Return rows of +1 and -1: all 2^k of them, or random ones after the observed."""
    if k < 63 and 2**k <= iterations:
        return np.where((np.arange(2**k)[:, None] >> np.arange(k)) & 1, -1.0, 1.0), True
    drawn = np.where(np.random.default_rng(seed).random((iterations, k)) < 0.5, -1.0, 1.0)
    drawn[0] = 1.0
    return drawn, False


def _orders(plan: Design, iterations: int, seed: int) -> tuple[NDArray[np.intp], bool]:
    """Return orders of the studies: every distinct arrangement of the design's rows, or random ones."""
    _, kind, size = np.unique(plan.matrix, axis=0, return_inverse=True, return_counts=True)
    k = plan.matrix.shape[0]
    ways = math.factorial(k) // math.prod(math.factorial(int(n)) for n in size)
    if ways <= iterations:
        first = np.array([int(np.argmax(kind.ravel() == j)) for j in range(size.size)])
        return first[_arrangements(size, k)], True
    orders = np.random.default_rng(seed).permuted(np.tile(np.arange(k), (iterations, 1)), axis=1)
    orders[0] = np.arange(k)
    return orders, False


def _arrangements(size: NDArray[np.intp], k: int) -> NDArray[np.intp]:
    """Return every way to give k places to kinds of row, kind j having size[j] of them."""
    places = np.full((1, k), -1)
    for j, count in enumerate(size.tolist()):
        free = np.stack([np.flatnonzero(row < 0) for row in places])
        chosen = np.array(list(combinations(range(free.shape[1]), count)))
        taken = free[:, chosen].reshape(-1, count)
        places = np.repeat(places, chosen.shape[0], axis=0)
        places[np.arange(places.shape[0])[:, None], taken] = j
    return places
