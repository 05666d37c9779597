"""A damped Newton ascent for smooth log-likelihoods of a few parameters, some of them within bounds.

Levenberg-Marquardt damping keeps every step uphill where the surface is not concave; near the maximum the
plain Newton step takes over, and one more of them at the end finds the optimum to rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ketcli.stats.results import Array

Surface = Callable[[Array], tuple[float, Array, Array]]
"""A function of the parameters that returns the value, the gradient and the Hessian."""

_TOLERANCE = 1e-15  # Newton decrement, relative to the value, at which the ascent has arrived
_MAX_DAMPING = 1e12


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where an ascent ended: parameters, value, Hessian, and whether it arrived."""

    x: Array
    value: float
    hessian: Array
    free: NDArray[np.bool_]
    converged: bool


def maximise(surface: Surface, start: Array, low: Array, high: Array, *, iterations: int = 300) -> Maximum:
    """Climb from `start` with `low` <= x <= `high` (infinite where there is no bound), all of shape (p,).

    `free` of the result is False for a parameter held at a bound beyond which the surface rises.
    """
    x = np.clip(np.asarray(start, dtype=np.float64), low, high)
    value, gradient, hessian = surface(x)
    damping, converged = 1e-3, False
    for _ in range(iterations):
        free = _free(x, gradient, low, high)
        step = _step(gradient[free], hessian[np.ix_(free, free)], damping)
        if step is None:
            damping *= 10.0
            continue
        converged = damping < 1.0 and float(step @ gradient[free]) <= _TOLERANCE * (1.0 + abs(value))
        if converged or damping > _MAX_DAMPING:
            break
        candidate = x.copy()
        candidate[free] += step
        candidate = np.clip(candidate, low, high)
        new_value, new_gradient, new_hessian = surface(candidate)
        if new_value >= value:
            x, value, gradient, hessian = candidate, new_value, new_gradient, new_hessian
            damping *= 0.1
        else:
            damping *= 10.0
    free = _free(x, gradient, low, high)
    last = _step(gradient[free], hessian[np.ix_(free, free)], 0.0) if converged else None
    if last is not None:
        x = x.copy()
        x[free] = np.clip(x[free] + last, low[free], high[free])
        value, gradient, hessian = surface(x)
    return Maximum(x, value, hessian, free, converged)


def _free(x: Array, gradient: Array, low: Array, high: Array) -> NDArray[np.bool_]:
    """Return which parameters may move uphill from where they are."""
    return ((x > low) | (gradient > 0.0)) & ((x < high) | (gradient < 0.0))


def _step(gradient: Array, hessian: Array, damping: float) -> Array | None:
    """Return the damped Newton step, None when the damped Hessian is not negative definite."""
    curvature = -hessian
    ridge = damping * np.maximum(np.abs(np.diag(curvature)), 1e-8)
    try:
        np.linalg.cholesky(curvature + np.diag(ridge))
    except np.linalg.LinAlgError:
        return None
    return np.asarray(np.linalg.solve(curvature + np.diag(ridge), gradient), dtype=np.float64)
