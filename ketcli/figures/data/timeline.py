"""What the picture of a time course shows: per regimen, drug and route the estimates by window, off the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from ketcli.errors import UsageError
from ketcli.render.ruler import Ruler, linear_ruler, percent_ruler, spread_limits
from ketcli.report import Report, Row
from ketcli.wording import one_line

EFFECT = "effect"


@dataclass(frozen=True)
class TimePoint:
    """The estimate of one window: its place among the windows, limits, studies and people."""

    slot: int
    estimate: float
    low: float
    high: float
    k: int
    n: int


@dataclass(frozen=True)
class Series:
    """One outcome over time."""

    name: str
    points: tuple[TimePoint, ...]


@dataclass(frozen=True)
class Course:
    """One panel: title, the outcomes of one regimen, drug and route, the windows and the upright axis."""

    title: str
    series: tuple[Series, ...]
    slots: tuple[str, ...]
    y: Ruler
    y_label: str
    null: float | None


def courses(report: Report) -> tuple[tuple[Course, ...], tuple[str, ...]]:
    """Return the panels of a timeline report, and the titles of lines with a single window, which have no course.

    Raises UsageError when no line has two windows.
    """
    windows = sorted({(_float(row, "from_days"), str(row["window"])) for row in report.rows})
    slots = tuple(label for _, label in windows)
    lines = [list(rows) for _, rows in groupby(report.rows, key=lambda row: row.get("block"))]
    kept = [rows for rows in lines if len({row["window"] for row in rows}) > 1]
    single = tuple(one_line(str(rows[0]["block"])) for rows in lines if rows not in kept)
    if not kept:
        raise UsageError(
            "no line has two times or more to make a course of", code="no-picture", hint="widen the selection"
        )
    panels = [list(group) for _, group in groupby(kept, key=_place)]
    return tuple(_course(panel, slots) for panel in panels), single


def _place(rows: Sequence[Row]) -> tuple[object, ...]:
    """Return what shares a panel: the outcomes of one regimen, drug and route; effects stand alone."""
    first = rows[0]
    effect = first["block"] if first["outcome"] == EFFECT else ""
    return first["regimen"], first["drug"], first["route"], effect


def _course(lines: Sequence[Sequence[Row]], slots: tuple[str, ...]) -> Course:
    series = tuple(_series(rows, slots) for rows in lines)
    first = lines[0][0]
    title = one_line(str(first["block"]))
    if first["outcome"] != EFFECT:
        return Course(title.rpartition(":")[0] or title, series, slots, percent_ruler(), "Rate", None)
    points = [point for line in series for point in line.points]
    low, high = spread_limits(
        (point.estimate for point in points), ((point.low, point.high) for point in points), null=0.0, log=False
    )
    return Course(title, series, slots, linear_ruler(low, high), "SMD, drug minus control", 0.0)


def _series(rows: Sequence[Row], slots: tuple[str, ...]) -> Series:
    """Return the first row of each window: studies listed under their pooled line are not drawn again."""
    points: list[TimePoint] = []
    for window, members in groupby(rows, key=lambda row: str(row["window"])):
        row = next(members)
        names = ("estimate", "ci_low", "ci_high") if row["outcome"] == EFFECT else ("rate", "ci_low", "ci_high")
        values = [row.get(name) for name in names]
        if None not in values:
            estimate, low, high = (float(value or 0.0) for value in values)
            points.append(
                TimePoint(slots.index(window), estimate, low, high, int(_float(row, "k")), int(_float(row, "n")))
            )
    return Series(str(rows[0]["outcome"]), tuple(points))


def _float(row: Row, name: str) -> float:
    value = row.get(name)
    return float(value) if isinstance(value, (int, float)) else 0.0
