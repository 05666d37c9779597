"""Forest strips: an estimate and its interval drawn in characters on a common axis."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ketcli.render.ruler import ruler_of
from ketcli.report import Axis, Display, Report, Row


@dataclass(frozen=True)
class Scale:
    """Maps values to character positions 0..width-1 on a linear or logarithmic axis."""

    low: float
    high: float
    width: int
    log: bool

    def position(self, value: float) -> int:
        """Return the column of a value, clipped to the axis; values without a logarithm go left."""
        if self.log and value <= 0.0:
            return 0
        v, low, high = (math.log(x) if self.log else x for x in (value, self.low, self.high))
        share = (v - low) / (high - low) if high > low else 0.5
        return min(max(round(share * (self.width - 1)), 0), self.width - 1)


def fit_scale(report: Report, display: Display, width: int) -> Scale:
    """Return the axis that holds every strip of the report: given limits first, else the data's own range."""
    axis = report.axis or Axis()
    log = axis.scale == "log"
    values = [
        float(row[name])  # type: ignore[arg-type]
        for row in report.rows
        for name in display.of
        if isinstance(row.get(name), (int, float)) and math.isfinite(float(row[name]))  # type: ignore[arg-type]
    ]
    values = [v for v in values if v > 0.0] if log else values
    if axis.null is not None:
        values.append(axis.null)
    low = axis.low if axis.low is not None else min(values, default=0.0)
    high = axis.high if axis.high is not None else max(values, default=1.0)
    if axis.scale == "percent":
        low, high = 0.0, 1.0
    return Scale(low, high, width, log)


def ticks(scale: Scale, axis: Axis | None) -> str:
    """Return the labels of the axis, each around its column, none touching another; the null line's goes first."""
    axis = axis or Axis()
    ruler = ruler_of(replace(axis, low=scale.low, high=scale.high))
    cells = [" "] * scale.width
    pairs = zip(ruler.ticks, ruler.labels, strict=True)
    for tick, label in sorted(pairs, key=lambda pair: (pair[0] != axis.null, pair[0])):
        start = scale.position(tick) - len(label) // 2
        start = min(max(start, 0), scale.width - len(label))
        if start >= 0 and all(c == " " for c in cells[max(start - 1, 0) : start + len(label) + 1]):
            cells[start : start + len(label)] = label
    return "".join(cells)


def draw(row: Row, display: Display, scale: Scale, axis: Axis | None, *, strong: bool, unicode: bool) -> str:
    """Return the strip of one row: line, mark, null line, and arrows where the interval leaves the axis."""
    line, mark, big, null, left, right = "─■◆│◄►" if unicode else "-o#|<>"
    values = [row.get(name) for name in display.of]
    cells = [" "] * scale.width
    numbers = [float(v) if isinstance(v, (int, float)) else math.nan for v in values]
    estimate, low, high = (*numbers, math.nan, math.nan)[:3]
    if math.isnan(estimate) and math.isnan(low):
        return "".join(cells)
    if axis is not None and axis.null is not None:
        cells[scale.position(axis.null)] = null
    if not math.isnan(low) and not math.isnan(high):
        start, stop = scale.position(low), scale.position(high)
        cells[start : stop + 1] = line * (stop - start + 1)
        if low < scale.low:
            cells[start] = left
        if high > scale.high:
            cells[stop] = right
    if not math.isnan(estimate):
        cells[scale.position(estimate)] = big if strong else mark
    return "".join(cells)
