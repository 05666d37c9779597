"""A report seen as a forest plot: one measure in front, its strip wide and on an axis of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from ketcli.errors import UsageError, unknown_value
from ketcli.render.ruler import fitted
from ketcli.report import Axis, Display, Note, Report, Row, Value

INTERVALS = ("percent-interval", "points-interval", "ratio-interval", "number-interval")
BESIDE = ("text", "text-at", "fraction", "integer", "time")
# Kinds of rows that are pooled lines of one kind or another; what is none of them, nor a prediction, is a study.
POOLED_KINDS = ("pooled", "incidence", "subgroup", "alternative")
STRIP_WIDTH = 61
# Columns that a wide terminal alone would show stay out of the picture.
RANK_SHOWN = 3
# Forms of the effect display whose numbers are differences of proportions told in percentage points.
_POINTS = ("rd", "rd-difference")


@dataclass(frozen=True)
class Family:
    """Measures that can share an axis: what to call it, which they are, and the axis."""

    name: str
    measures: frozenset[str]
    axis: Axis


FAMILIES = (
    Family("Rate", frozenset({"rate"}), Axis("percent")),
    Family("Risk difference", frozenset({"rd", "rd-difference"}), Axis("linear", null=0.0, factor=100.0)),
    Family("Ratio", frozenset({"or", "rr", "hr", "ratio"}), Axis("log", null=1.0)),
    Family("Points of the scale", frozenset({"md", "difference", "mean-change"}), Axis("linear", null=0.0)),
    Family(
        "Standardised difference", frozenset({"smd", "smd-difference", "smd-pre-post"}), Axis("linear", null=0.0)
    ),
)


@dataclass(frozen=True)
class Measure:
    """One estimate of a report's rows: its name, the display that prints it, its columns and its axis.

    `family` names what effects of several kinds share an axis as, "" where the display's label says it.
    """

    name: str
    display: Display
    columns: tuple[str, str, str]
    axis: Axis
    family: str = ""

    def values(self, row: Row) -> tuple[float | None, float | None, float | None]:
        """Return estimate and limits of a row, None where missing."""
        estimate, low, high = (row.get(name) for name in self.columns)
        return _number(estimate), _number(low), _number(high)

    def drawable(self, row: Row) -> bool:
        """Return True when a row has an estimate, or both limits of one."""
        estimate, low, high = self.values(row)
        return estimate is not None or (low is not None and high is not None)


_NOTHING = Measure("estimate", Display("Estimate", "number-interval", ("estimate",)), ("estimate", "", ""), Axis())


def as_forest(report: Report, measure: str = "") -> Report:
    """Return the report as a forest plot for a terminal: names, counts, one estimate, its wide strip and weights.

    Rows without such an estimate are left out, which a note says, but for a study in a block with others.
    `measure` is as for `measure_of`, which also raises the errors.
    """
    chosen = measure_of(report, measure)
    blocks = [list(rows) for _, rows in groupby(report.rows, key=lambda row: block_of(report, row))]
    drawn = [block for block in blocks if any(chosen.drawable(row) for row in block)]
    # a study without an estimate is told so among the others; a test or a choice without one has no place here
    rows = tuple(row for block in drawn for row in block if row.get("kind") == "study" or chosen.drawable(row))
    beside = [d for d in report.displays if d.form in BESIDE and d.rank <= RANK_SHOWN]
    first, rest = beside[0], [replace(d, rank=max(d.rank, 1)) for d in beside[1:]]
    strip = Display("", "strip", chosen.columns, width=STRIP_WIDTH)
    weight = [d for d in report.displays if d.of == ("weight",) and weighted(report, chosen)]
    said = not_drawn(len(report.rows) - len(rows))
    return replace(
        report,
        rows=rows,
        displays=(first, *rest, replace(chosen.display, rank=0), strip, *weight),
        axis=chosen.axis,
        notes=(*report.notes, Note("selection", said)) if said else report.notes,
        picture="forest",  # a report whose own picture is another one may have lost what that needs
    )


def block_of(report: Report, row: Row) -> tuple[Value, ...]:
    """Return what a row shares with the others of its block."""
    return tuple(row.get(name) for name in report.group_by)


def not_drawn(rows: int) -> str:
    """Return the sentence on rows that have no place in a picture, "" for none."""
    return f"Not drawn: {rows} {'row' if rows == 1 else 'rows'} without such an estimate." if rows else ""


def measure_of(report: Report, name: str = "") -> Measure:
    """Return the measure called `name` (rate, rd, rr, or ...), or the one that the report's pooled lines are of.

    Where lines do not say, it is that of the report's strip, else the first that has an axis. Raises UsageError
    when there is none, or none of that name.
    """
    strip = next((d for d in report.displays if d.form == "strip" and len(d.of) >= 3), None)
    choices = _choices(report, strip)
    if not choices and (strip is None or report.rows):
        raise UsageError(
            f"nothing in this answer can be drawn: {report.title}",
            code="no-picture",
            hint="rates, side-effects, compare, pool, timeline, durability, factors and expect have pictures",
        )
    if name and name.lower() not in choices:
        raise unknown_value("measure", name, choices)
    if name:
        found = choices[name.lower()]
    else:
        drawn = next((m for m in choices.values() if strip is not None and m.columns == strip.of[:3]), None)
        found = choices.get(_named(report)) or drawn or next(iter(choices.values()), _NOTHING)
    return replace(found, axis=_fitted(report, found))


def weighted(report: Report, measure: Measure) -> bool:
    """Return True when the rows' weights are those of this measure: a ratio's say nothing of a difference."""
    known = any(row.get("weight") is not None for row in report.rows)
    return known and (measure.name == "estimate" or _named(report) in ("", measure.name))


def _choices(report: Report, strip: Display | None) -> Mapping[str, Measure]:
    """Return the measures that have an axis: each display with limits, by the name of its estimate's column."""
    own = report.axis or Axis()
    of_strip = () if strip is None else strip.of[:3]
    found: dict[str, Measure] = {}
    for display in report.displays:
        if not _filled(display, report.rows):
            continue
        if display.form in INTERVALS:
            a, b, c = display.of[:3]
            found.setdefault(a, Measure(a, display, (a, b, c), _axis(display, of_strip, own)))
        elif display.form == "effect" and (measure := _effect(report, display, of_strip, own)) is not None:
            found.setdefault(measure.name, measure)
    return found


def _effect(report: Report, display: Display, of_strip: Sequence[str], own: Axis) -> Measure | None:
    """Return the measure of a display of effects: what the strip draws, or rows that can share one axis."""
    name, (a, b, c) = display.of[1], display.of[1:4]
    kinds = {str(row[display.of[0]]) for row in report.rows if row.get(display.of[0]) and row.get(a) is not None}
    if of_strip and of_strip[0] in (name, f"strip_{name}"):
        a, b, c = of_strip
        points = own.scale == "linear" and bool(kinds) and kinds <= set(_POINTS)
        return Measure(name, display, (a, b, c), replace(own, factor=100.0) if points else own)
    family = next((f for f in FAMILIES if kinds and kinds <= f.measures), None)
    return None if family is None else Measure(name, display, (a, b, c), family.axis, family.name)


def _axis(display: Display, of_strip: Sequence[str], own: Axis) -> Axis:
    """Return the axis that a form of number is drawn on; the report's own when that is what its strip draws."""
    match display.form:
        case "percent-interval":
            return Axis("percent")
        case "ratio-interval":
            return Axis("log", null=1.0, left=own.left, right=own.right)
        case "points-interval":
            return Axis("linear", null=0.0, left=own.left, right=own.right, factor=100.0)
        case _ if display.of[:3] == of_strip:
            return own
        case _:
            return Axis("linear", left=own.left, right=own.right)


def _fitted(report: Report, measure: Measure) -> Axis:
    """Return the axis with limits that hold every estimate and pooled line, but need not hold every interval."""

    def shown(row: Row) -> tuple[float | None, float | None, float | None, bool]:
        estimate, low, high = measure.values(row)
        whole = row.get("kind") in POOLED_KINDS and row.get("kind") in report.emphasis
        return estimate, estimate if low is None else low, estimate if high is None else high, whole

    return fitted(replace(measure.axis, low=None, high=None), map(shown, report.rows))


def _named(report: Report) -> str:
    """Return the measure that pooled rows say they are of, "" when they do not say or differ."""
    named = {
        str(row["measure"]).lower() for row in report.rows if row.get("measure") and row.get("kind") == "pooled"
    }
    return named.pop() if len(named) == 1 else ""


def _filled(display: Display, rows: Sequence[Row]) -> bool:
    return any(row.get(name) is not None for row in rows for name in display.of)


def _number(value: Value) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
