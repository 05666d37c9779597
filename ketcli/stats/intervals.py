"""Intervals of one study: a proportion, the difference or ratio of two, the number needed to treat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from ketcli.stats import score_intervals, validate
from ketcli.stats.effects.continuity import two_by_two
from ketcli.stats.effects.two_arm import two_arm_effects
from ketcli.stats.numeric.distributions import beta_quantile, critical_value
from ketcli.stats.results import Array

Ends = tuple[Array, Array]


def proportion_interval(events: ArrayLike, total: ArrayLike, method: str = "wilson", level: float = 0.95) -> Ends:
    """Return the limits (low, high) of the proportions events/total of k studies, each of shape (k,), in 0-1.

    wilson (Wilson 1927), wilson-cc (with continuity correction; Newcombe 1998, method 4), clopper-pearson
    (exact, 1934), mid-p (exact tails with half the observed probability; Berry & Armitage 1995), jeffreys
    (prior Beta(1/2, 1/2)), agresti-coull (1998), wald. Without events the lower limit is exactly 0, with
    events in everyone the upper one exactly 1; wald then has no width and should not be used. ValueError for
    counts that are missing or impossible.
    """
    find = PROPORTION_METHODS[validate.one_of("method", method, tuple(PROPORTION_METHODS))]
    x, n = validate.counts(events, total)
    tail = (1.0 - validate.level(level)) / 2.0
    low, high = find(x, n, tail)
    return np.where(x == 0.0, 0.0, np.maximum(low, 0.0)), np.where(x == n, 1.0, np.minimum(high, 1.0))


def difference_interval(
    events1: ArrayLike,
    total1: ArrayLike,
    events2: ArrayLike,
    total2: ArrayLike,
    *,
    method: str = "newcombe",
    level: float = 0.95,
) -> Ends:
    """Return the limits of k risk differences, arm 1 minus arm 2, each of shape (k,), within -1 and 1.

    newcombe: from the Wilson limits of both arms (Newcombe 1998, method 10). miettinen-nurminen: score
    interval with the factor N/(N - 1) (1985). wald: no width when both arms have risk 0 or 1.
    """
    validate.one_of("method", method, ("newcombe", "miettinen-nurminen", "wald"))
    z = critical_value(validate.level(level))
    table = two_by_two(events1, total1, events2, total2)
    if method == "miettinen-nurminen":
        return score_intervals.difference(table, z)
    p1, p2 = table.a / table.n1, table.c / table.n2
    if method == "wald":
        half = z * np.sqrt(p1 * (1.0 - p1) / table.n1 + p2 * (1.0 - p2) / table.n2)
        return np.maximum(p1 - p2 - half, -1.0), np.minimum(p1 - p2 + half, 1.0)
    low1, high1 = proportion_interval(table.a, table.n1, "wilson", level)
    low2, high2 = proportion_interval(table.c, table.n2, "wilson", level)
    return p1 - p2 - np.hypot(p1 - low1, high2 - p2), p1 - p2 + np.hypot(high1 - p1, p2 - low2)


def ratio_interval(
    measure: str,
    events1: ArrayLike,
    total1: ArrayLike,
    events2: ArrayLike,
    total2: ArrayLike,
    *,
    method: str = "log",
    level: float = 0.95,
    correction: float = 0.5,
) -> Ends:
    """Return the limits of the risk (RR) or odds ratios (OR) of arm 1 to arm 2, each of shape (k,), 0 to inf.

    log: normal on the log scale (RR: Katz 1978; OR: Woolf 1955), `correction` added to tables with a zero
    cell. RR alone: koopman (score, 1984) and miettinen-nurminen (score with the factor N/(N - 1), 1985),
    which need no correction: no events in arm 1 give a lower limit of 0, none in arm 2 an upper limit of inf.
    Where both arms are without events, or (log) with events in everyone, the data bound nothing: 0 to inf.
    """
    validate.one_of("measure", measure, ("RR", "OR"))
    validate.one_of("method", method, ("log", "koopman", "miettinen-nurminen") if measure == "RR" else ("log",))
    z = critical_value(validate.level(level))
    if method != "log":
        table = two_by_two(events1, total1, events2, total2)
        return score_intervals.ratio(table, z, finite_sample=method == "miettinen-nurminen")
    effects = two_arm_effects(measure, events1, total1, events2, total2, correction=correction)
    half = z * np.sqrt(effects.vi)
    open_ended = np.isnan(effects.yi)
    low, high = np.exp(effects.yi - half), np.exp(effects.yi + half)
    return np.where(open_ended, 0.0, low), np.where(open_ended, np.inf, high)


@dataclass(frozen=True)
class NumberNeeded:
    """How many people must be treated for one more to benefit or to be harmed.

    `value` is 1/|risk difference|, inf when that is zero; `direction` benefit, harm or none. `benefit` and
    `harm` are the parts of the interval on either side, (nearest, farthest) with inf where it runs through no
    difference, None where the interval does not reach that side. `sentence` says all of it.
    """

    value: float
    direction: str
    benefit: tuple[float, float] | None
    harm: tuple[float, float] | None
    sentence: str


def number_needed(difference: float, low: float, high: float, *, event_is_good: bool = True) -> NumberNeeded:
    """Return the number needed to treat for a risk difference (treated - control, -1 to 1) and its limits.

    With `event_is_good` more events under treatment are a benefit (response), else a harm (side effect). An
    interval that includes no difference has two parts, joined at infinity (Altman 1998). ValueError unless
    low <= difference <= high, all finite.
    """
    if not low <= difference <= high or not np.isfinite([low, high]).all():
        raise ValueError(f"limits must enclose the difference, got {difference} in {low} to {high}")
    d, near, far = (difference, low, high) if event_is_good else (-difference, -high, -low)
    value = 1.0 / abs(d) if d != 0.0 else float("inf")
    direction = "benefit" if d > 0.0 else "harm" if d < 0.0 else "none"
    benefit = (1.0 / far, 1.0 / near if near > 0.0 else float("inf")) if far > 0.0 else None
    harm = (-1.0 / near, -1.0 / far if far < 0.0 else float("inf")) if near < 0.0 else None
    return NumberNeeded(value, direction, benefit, harm, _sentence(value, direction, benefit, harm))


def _sentence(
    value: float, direction: str, benefit: tuple[float, float] | None, harm: tuple[float, float] | None
) -> str:
    """Return the number needed and its interval in words."""
    ends = {"benefit": "one more to benefit", "harm": "one more to be harmed"}
    if direction == "none":
        found = "No difference was found, so no number of people is needed"
    else:
        found = f"{value:.3g} people treated for {ends[direction]}"
    if benefit and harm:
        span = f"{benefit[0]:.3g} for {ends['benefit']}, through infinity, to {harm[0]:.3g} for {ends['harm']}"
        return f"{found}; the interval includes no difference: it runs from {span}."
    part = benefit or harm
    if part is None:
        return f"{found}; the interval has no width."
    farthest = "infinity" if np.isinf(part[1]) else f"{part[1]:.3g}"
    return f"{found} (interval {part[0]:.3g} to {farthest})."


def _wilson(x: Array, n: Array, tail: float) -> Ends:
    """Return the score limits of Wilson (1927)."""
    z = critical_value(1.0 - 2.0 * tail)
    middle, half = x + z**2 / 2.0, z * np.sqrt(x * (n - x) / n + z**2 / 4.0)
    return (middle - half) / (n + z**2), (middle + half) / (n + z**2)


def _wilson_corrected(x: Array, n: Array, tail: float) -> Ends:
    """Return the score limits with continuity correction (Newcombe 1998, method 4)."""

    def lower(count: Array) -> Array:
        p = count / n
        inside = z**2 - 2.0 - 1.0 / n + 4.0 * p * (n - count + 1.0)
        return (2.0 * count + z**2 - 1.0 - z * np.sqrt(np.maximum(inside, 0.0))) / (2.0 * (n + z**2))

    z = critical_value(1.0 - 2.0 * tail)
    return lower(x), 1.0 - lower(n - x)


def _clopper_pearson(x: Array, n: Array, tail: float) -> Ends:
    """Return the limits at which the binomial tail up to and with the observed count equals `tail`."""

    def lower(count: Array) -> Array:
        return np.asarray(beta_quantile(tail, np.where(count > 0.0, count, 1.0), n - count + 1.0))

    return lower(x), 1.0 - lower(n - x)


def _mid_p(x: Array, n: Array, tail: float) -> Ends:
    """Return the limits at which either tail, with half the observed probability, has probability `tail`."""
    return score_intervals.mid_p_lower(x, n, tail), 1.0 - score_intervals.mid_p_lower(n - x, n, tail)


def _jeffreys(x: Array, n: Array, tail: float) -> Ends:
    """Return the equal-tailed limits of the Beta(x + 1/2, n - x + 1/2) posterior."""
    low, high = (beta_quantile(p, x + 0.5, n - x + 0.5) for p in (tail, 1.0 - tail))
    return low, high


def _agresti_coull(x: Array, n: Array, tail: float) -> Ends:
    """Return Wald's limits after adding z^2/2 events and z^2/2 non-events."""
    z = critical_value(1.0 - 2.0 * tail)
    return _wald(x + z**2 / 2.0, n + z**2, tail)


def _wald(x: Array, n: Array, tail: float) -> Ends:
    """Return p -+ z sqrt(p(1 - p)/n)."""
    p, z = x / n, critical_value(1.0 - 2.0 * tail)
    half = z * np.sqrt(p * (1.0 - p) / n)
    return p - half, p + half


PROPORTION_METHODS: Mapping[str, Callable[[Array, Array, float], Ends]] = MappingProxyType(
    {
        "wilson": _wilson,
        "wilson-cc": _wilson_corrected,
        "clopper-pearson": _clopper_pearson,
        "agresti-coull": _agresti_coull,
        "jeffreys": _jeffreys,
        "mid-p": _mid_p,
        "wald": _wald,
    }
)
