"""Rulers: where an axis begins and ends, its ticks with their labels, and where on it a value lies."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ketcli.report import Axis
from ketcli.wording import UNICODE, number, ratio

ROUNDING = 1e-9
# A ratio beyond these says no more than that it is far away; its interval gets an arrow.
LEAST_RATIO, LARGEST_RATIO = 1e-3, 1e3
# How far an axis may grow beyond its points: in their spread, and in usual half-widths of intervals.
OF_SPREAD, OF_WIDTH = 0.4, 1.3


@dataclass(frozen=True)
class Ruler:
    """An axis from `low` to `high`, logarithmic or not, with ticks inside it and their labels."""

    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]
    log: bool = False

    def share(self, value: float) -> float:
        """Return where a value lies, 0 at the low end, 1 at the high one; beyond them it is outside 0-1.

        A value without a logarithm on a logarithmic axis is infinitely far to the left.
        """
        if self.log:
            if value <= 0.0:
                return -math.inf
            if math.isinf(value):
                return math.inf
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def clipped(self, value: float) -> float:
        """Return the share, moved to the nearer end when it is outside."""
        return min(max(self.share(value), 0.0), 1.0)


def ruler_of(axis: Axis) -> Ruler:
    """Return the ruler of an axis that has limits (0 to 1 where it has none)."""
    low, high = axis.low or 0.0, 1.0 if axis.high is None else axis.high
    match axis.scale:
        case "percent":
            return percent_ruler(low, high)
        case "log":
            return log_ruler(low, high)
        case _:
            return linear_ruler(low, high, factor=axis.factor)


def percent_ruler(low: float = 0.0, high: float = 1.0) -> Ruler:
    """Return an axis of proportions, labelled in per cent."""
    return linear_ruler(low, high, factor=100.0, unit=" %")


def linear_ruler(low: float, high: float, *, wanted: int = 5, factor: float = 1.0, unit: str = "") -> Ruler:
    """Return a linear axis of these limits with about `wanted` round ticks, whose labels show `factor` times."""
    if not high > low:
        pad = abs(low) * 0.1 or 0.5 / factor
        low, high = low - pad, high + pad
    ticks, decimals = round_ticks(low * factor, high * factor, wanted)
    labels = tuple(number(tick, decimals, UNICODE) + unit for tick in ticks)
    return Ruler(low, high, tuple(tick / factor for tick in ticks), labels)


def log_ruler(low: float, high: float) -> Ruler:
    """Return a logarithmic axis over these positive limits with ticks at round ratios."""
    if not high > low:
        low, high = low / 2.0, high * 2.0
    ticks = _ratio_ticks(low, high)
    return Ruler(low, high, ticks, tuple(_ratio_label(tick) for tick in ticks), log=True)


def round_ticks(low: float, high: float, wanted: int) -> tuple[tuple[float, ...], int]:
    """Return round numbers inside the limits, steps of 1, 2, 2.5 or 5, and how many decimals they need."""
    raw = (high - low) / max(wanted, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * s for s in (1.0, 2.0, 2.5, 5.0, 10.0) if power * s >= raw * (1 - ROUNDING))
    first, last = math.ceil(low / step - ROUNDING), math.floor(high / step + ROUNDING)
    decimals = max(0, -math.floor(math.log10(step) + ROUNDING))
    decimals += round(step * 10**decimals, 6) % 1 != 0
    return tuple(i * step for i in range(first, last + 1)), decimals


def round_up(proportion: float) -> float:
    """Return the next whole tenth from a proportion on: the end of an axis that begins at nought."""
    return min(max(math.ceil(proportion * 10 - ROUNDING) / 10, 0.1), 1.0)


def spread_limits(
    points: Iterable[float], intervals: Iterable[tuple[float, float]], *, null: float | None, log: bool
) -> tuple[float, float]:
    """Return limits that hold every point and the null, and of the intervals as much as leaves the rest readable.

    Beyond the points the axis grows by their spread or by the usual half-width of an interval, as far as intervals
    reach: one very wide interval must not press all others together, it gets an arrow. Values without a place on
    the scale are passed over.
    """
    inside = _usable([*points, *([] if null is None else [null])], log=log)
    ends = [pair for low, high in intervals if len(pair := _usable([low, high], log=log)) == 2]
    if not inside:
        inside = [v for pair in ends for v in pair] or [0.0]
    low, high = min(inside), max(inside)
    halves = sorted((b - a) / 2.0 for a, b in ends)
    usual = halves[len(halves) // 2] if halves else 0.0
    least = math.log(2.0) if log else abs(high) * 0.1 or 0.1
    reach = max(OF_SPREAD * (high - low), OF_WIDTH * usual, 0.5 * least)
    low = max(min([low, *(a for a, _ in ends)]), low - reach)
    high = min(max([high, *(b for _, b in ends)]), high + reach)
    pad = 0.03 * max(high - low, least)
    low, high = low - pad, high + pad
    return (math.exp(low), math.exp(high)) if log else (low, high)


def fitted(axis: Axis, rows: Iterable[tuple[float | None, float | None, float | None, bool]]) -> Axis:
    """Return the axis with limits for rows of estimate, limits and whether they must be seen whole (pooled lines).

    Proportions have 0 to 1, others what `spread_limits` says; limits that the axis had are replaced.
    """
    if axis.scale == "percent":
        return replace(axis, low=0.0, high=1.0)
    points: list[float] = []
    intervals: list[tuple[float, float]] = []
    for estimate, low, high, whole in rows:
        points += [] if estimate is None else [estimate]
        if low is None or high is None:
            continue
        if whole:
            points += [low, high]
        else:
            intervals.append((low, high))
    low, high = spread_limits(points, intervals, null=axis.null, log=axis.scale == "log")
    return replace(axis, low=low, high=high)


def _usable(values: Iterable[float], *, log: bool) -> list[float]:
    kept = [v for v in values if math.isfinite(v) and (v > 0.0 or not log)]
    return [math.log(min(max(v, LEAST_RATIO), LARGEST_RATIO)) for v in kept] if log else kept


def _ratio_ticks(low: float, high: float) -> tuple[float, ...]:
    """Return the densest set of round ratios that is not too dense."""
    decades = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    for mantissas in ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
        ticks = _between([m * 10.0**d for d in decades for m in mantissas], low, high)
        if 3 <= len(ticks) <= 7:
            return ticks
    if len(ticks := _between([m * 10.0**d for d in decades for m in (1.0, 1.5, 2.0, 3.0, 5.0)], low, high)) in (
        3,
        4,
    ):
        return ticks
    if math.log10(high / low) > 3.0:
        every = math.ceil(len(decades) / 6)
        return _between([10.0**d for d in decades if d % every == 0], low, high)
    return round_ticks(low, high, 4)[0]


def _between(values: Sequence[float], low: float, high: float) -> tuple[float, ...]:
    return tuple(v for v in values if low * (1 - ROUNDING) <= v <= high * (1 + ROUNDING))


def _ratio_label(value: float) -> str:
    text = ratio(value) if value >= 0.095 else f"{value:g}"
    return text.rstrip("0").rstrip(".") if "." in text else text
