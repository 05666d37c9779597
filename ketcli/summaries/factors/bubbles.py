"""What a bubble plot of a slope needs: the studies it rests on, and the fitted line with its interval, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ketcli.report import Row, Value
from ketcli.selection.rates import Rate
from ketcli.stats.effects.transforms import to_natural

if TYPE_CHECKING:
    from ketcli.stats.regression import Regression

STEPS = 40
KINDS = ("point", "fitted")


def bubble_rows(
    rates: Sequence[Rate], values: Sequence[float], fit: Regression, step: float, shared: dict[str, Value]
) -> list[Row]:
    """Return a row per study (`x`, events, total, rate, weight) and STEPS + 1 rows of the line with its interval.

    `values` are the studies' moderator in its own unit, `step` how many of those the regression counts as one.
    """
    from ketcli.stats.regression import predict

    rows: list[Row] = [
        {
            **shared,
            "kind": "point",
            "label": rate.label,
            "x": value,
            "events": rate.events,
            "total": rate.total,
            "estimate": (rate.events or 0) / (rate.total or 1),
            "weight": weight,
        }
        for rate, value, weight in zip(rates, values, fit.weights.tolist(), strict=True)
    ]
    low, high = min(values), max(values)
    grid = [low + (high - low) * i / STEPS for i in range(STEPS + 1)]
    line = predict(fit, [[x / step] for x in grid])
    back = to_natural("PLO")
    ends = zip(grid, back(line.estimate), back(line.ci_low), back(line.ci_high), strict=True)
    rows += [
        {**shared, "kind": "fitted", "x": x, "estimate": float(y), "ci_low": float(a), "ci_high": float(b)}
        for x, y, a, b in ends
    ]
    return rows
