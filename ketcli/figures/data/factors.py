"""Pictures of factors: the effects inside studies by kind of measure, and the slopes between studies as bubbles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from ketcli.figures.view import FAMILIES
from ketcli.render.ruler import Ruler, linear_ruler, percent_ruler
from ketcli.report import Report, Row
from ketcli.wording import UNICODE, effect, one_line, p_value

SLOPE_KINDS = ("point", "fitted")


@dataclass(frozen=True)
class BubblePoint:
    """One study: its name, average of the moderator, rate, and what the area is in proportion to, 0-1."""

    label: str
    x: float
    y: float
    size: float


@dataclass(frozen=True)
class Bubble:
    """One meta-regression: studies, the line with its limits at each x, axes and the slope in words."""

    title: str
    points: tuple[BubblePoint, ...]
    line: tuple[tuple[float, float, float, float], ...]
    x: Ruler
    y: Ruler
    x_label: str
    about: str


def families(report: Report) -> tuple[list[Report], int]:
    """Return one report per family of measures that can share an axis, and how many rows have nothing to draw.

    A row is drawn when it has an estimate with at least one limit.
    """
    rows = [row for row in report.rows if row.get("kind") not in SLOPE_KINDS]
    parts: list[Report] = []
    drawn = 0
    for family in FAMILIES:
        kept = tuple(row for row in rows if row.get("measure") in family.measures and _drawable(row))
        if not kept:
            continue
        drawn += len(kept)
        texts = [d for d in report.displays if d.form in ("text", "text-at") and d.rank == 0]
        main = [replace(d, label=family.name, of=d.of[:4]) for d in report.displays if d.form == "effect"]
        parts.append(replace(report, title=family.name, rows=kept, displays=(*texts, *main), picture="forest"))
    return parts, len(rows) - drawn


def bubbles(report: Report) -> tuple[Bubble, ...]:
    """Return the bubble plots of a report whose rows hold points and fitted lines."""
    rows = [row for row in report.rows if row.get("kind") in (*SLOPE_KINDS, "moderator")]
    found = []
    slope: Row | None = None
    for kind, group in groupby(rows, key=lambda row: row.get("kind")):
        members = list(group)
        if kind == "moderator":
            slope = members[-1]
        elif kind == "point":
            points = members
        elif slope is not None:
            found.append(_bubble(slope, points, members))
    return tuple(found)


def _bubble(slope: Row, points: Sequence[Row], fitted: Sequence[Row]) -> Bubble:
    largest = max(_float(row, "weight") for row in points)
    studies = tuple(
        BubblePoint(
            one_line(str(row["label"])), _float(row, "x"), _float(row, "estimate"), _float(row, "weight") / largest
        )
        for row in points
    )
    line = tuple(tuple(_float(row, name) for name in ("x", "estimate", "ci_low", "ci_high")) for row in fitted)
    xs = [point.x for point in studies]
    pad = 0.06 * (max(xs) - min(xs))
    name, _, step = str(slope["level"]).partition(" per ")
    words = effect([slope.get(part) for part in ("measure", "estimate", "ci_low", "ci_high")], UNICODE)
    p = slope.get("p")
    parts = [
        f"k {slope.get('k')}",
        f"per {step}: {words}",
        f"p {p_value(float(p))}" if isinstance(p, float) else "",
    ]
    parts.append(str(slope.get("notes") or ""))
    return Bubble(
        title=one_line(str(slope["block"])),
        points=studies,
        line=line,  # type: ignore[arg-type]
        x=linear_ruler(min(xs) - pad, max(xs) + pad),
        y=percent_ruler(),
        x_label=name[:1].upper() + name[1:],
        about="; ".join(part for part in parts if part),
    )


def _drawable(row: Row) -> bool:
    return row.get("estimate") is not None and (row.get("ci_low") is not None or row.get("ci_high") is not None)


def _float(row: Row, name: str) -> float:
    value = row.get(name)
    return float(value) if isinstance(value, (int, float)) else 0.0
