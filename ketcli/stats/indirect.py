"""Indirect comparison of two treatments through a common comparator."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ketcli.stats.numeric.distributions import critical_value
from ketcli.stats.validate import level as checked_level


@dataclass(frozen=True)
class Estimate:
    """An effect on the analysis scale (a log ratio or a difference) with its limits."""

    value: float
    low: float
    high: float


def bucher(first: Estimate, second: Estimate) -> Estimate:
    """Return the effect of A against B from those of A against C (`first`) and of B against C (`second`).

    d_AB = d_AC - d_BC; the distances to the limits are the roots of the summed squares of those of both effects
    (Bucher, Guyatt, Griffith & Walter 1997; Zou & Donner 2008). With normal intervals this is Bucher's
    v_AB = v_AC + v_BC; a t interval of few studies keeps its width. The two must come from different people, and
    the studies should be alike in all that changes the effect. ValueError unless each value is within its limits.
    """
    for effect in (first, second):
        if not effect.low <= effect.value <= effect.high:
            raise ValueError(f"limits must enclose the effect, got {effect.value} in {effect.low} to {effect.high}")
    value = first.value - second.value
    down = math.hypot(first.value - first.low, second.high - second.value)
    up = math.hypot(first.high - first.value, second.value - second.low)
    return Estimate(value, value - down, value + up)


def standard_error(effect: Estimate, level: float) -> float:
    """Return the standard error that a normal interval of this width has."""
    return (effect.high - effect.low) / (2.0 * critical_value(checked_level(level)))
