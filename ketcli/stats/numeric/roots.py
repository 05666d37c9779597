"""Roots of many one-dimensional functions at once: Newton steps kept inside a shrinking bracket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ketcli.stats.results import Array

Rows = NDArray[np.intp]
Evaluate = Callable[[Array, Rows], tuple[Array, Array]]

RELATIVE = 1e-14
# Below this step, relative to the scale, a step that no longer shrinks is rounding error, not progress.
ROUNDING = 1e-10
LIMIT = 200


@dataclass(frozen=True, eq=False)
class Roots:
    """Roots, shape (n,), the iterations the slowest took, and which of them met the tolerance."""

    value: Array
    iterations: int
    converged: NDArray[np.bool_]


def falling_roots(evaluate: Evaluate, low: Array, high: Array, start: Array, scale: Array) -> Roots:
    """Return where n functions cross zero from above, one bracket `low`..`high` each.

    `evaluate(x, rows)` gets the points still sought with their row numbers, and returns the values there and
    the steps to try (NaN, or a step out of the bracket, is replaced by bisection). `scale` is the size, per
    row, against which a step counts as negligible when the root itself is near zero. A root counts as found
    when a step is below 1e-14 of it, or when rounding stops the steps from shrinking. All shapes (n,).
    """
    x, left, right = start.copy(), low.copy(), high.copy()
    before = np.full(x.shape, np.inf)
    converged = np.zeros(x.shape, dtype=bool)
    rows: Rows = np.arange(x.size)
    iterations = 0
    while rows.size and iterations < LIMIT:
        iterations += 1
        here = x[rows]
        value, step = evaluate(here, rows)
        left[rows] = np.where(value >= 0.0, here, left[rows])
        right[rows] = np.where(value <= 0.0, here, right[rows])
        there = _next(here, step, before[rows], left[rows], right[rows])
        moved = np.abs(there - here)
        size = np.abs(there)
        stalled = (moved >= before[rows]) & (moved <= ROUNDING * (size + scale[rows]))
        done = (moved <= RELATIVE * size) | stalled | (value == 0.0)
        x[rows] = np.where(value == 0.0, here, there)
        before[rows] = moved
        converged[rows[done]] = True
        rows = rows[~done]
    return Roots(x, iterations, converged)


def _next(here: Array, step: Array, before: Array, left: Array, right: Array) -> Array:
    """Take the Newton step when it stays inside the bracket and shrinks; halve the bracket otherwise."""
    with np.errstate(invalid="ignore"):
        newton = here + step
        inside = (newton >= left) & (newton <= right)
        shrinks = (np.abs(step) <= 0.75 * before) | (np.abs(step) <= ROUNDING * np.abs(here))
    # Over several decades the geometric middle is the fair half.
    geometric = np.sqrt(np.maximum(left, 0.0)) * np.sqrt(np.maximum(right, 0.0))
    middle = np.where((left > 0.0) & (right > 4.0 * left), geometric, 0.5 * (left + right))
    return np.where(inside & shrinks, newton, middle)
