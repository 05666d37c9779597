"""Cells as text: what a display makes of the values of a row."""

from __future__ import annotations

from collections.abc import Sequence

from ketcli.report import Display, Row, Value
from ketcli.wording import (
    Symbols,
    as_number,
    as_text,
    duration,
    effect,
    limits,
    needed,
    number,
    one_line,
    p_value,
    percent,
    ratio,
)


def cell(display: Display, row: Row, symbols: Symbols) -> str:
    """Return the text of one cell: what the display's form makes of the row's values; "" when missing."""
    if display.only and row.get("kind") not in display.only:
        return ""
    values = [row.get(name) for name in display.of]
    if values[0] is None or values[0] == "":
        return _without_first(display, values[1:], symbols)
    match display.form:
        case "text":
            return one_line(as_text(values[0]))
        case "text-at":
            return ", ".join(
                [one_line(as_text(values[0])), *(duration(as_number(v)) for v in values[1:] if v is not None)]
            )
        case "integer":
            return f"{as_number(values[0]):.0f}"
        case "number":
            return number(as_number(values[0]), display.digits, symbols)
        case "fraction":
            return f"{as_text(values[0])}/{as_text(values[1]) or '?'}"
        case "percent":
            return f"{percent(as_number(values[0]))} %"
        case "percent-interval":
            ends = _ends(values, percent, symbols)
            return f"{percent(as_number(values[0]))} %{ends}"
        case "points-interval":
            points = [None if v is None else 100.0 * as_number(v) for v in values]
            ends = _ends(points, lambda v: number(v, 0, symbols), symbols)
            return number(as_number(points[0]), 0, symbols, sign=True) + ends
        case "number-interval":
            ends = _ends(values, lambda v: number(v, display.digits, symbols), symbols)
            return number(as_number(values[0]), display.digits, symbols) + ends
        case "ratio-interval":
            return ratio(as_number(values[0])) + _ends(values, ratio, symbols)
        case "needed":
            return needed(values, symbols)
        case "interval":
            low, high = (number(as_number(v), display.digits, symbols) for v in values[:2])
            return limits(low, high, symbols)
        case "effect":
            return effect(values, symbols)
        case "time":
            return duration(as_number(values[0]))
        case "p-value":
            return p_value(as_number(values[0]))
        case "strip":
            return ""  # drawn by the renderer, which knows the axis


def _without_first(display: Display, rest: Sequence[Value], symbols: Symbols) -> str:
    """Return what a form shows when its first value is missing: limits alone, a printed inequality, a total."""
    if display.form == "p-value" and rest:
        return one_line(as_text(rest[0]))
    if display.form == "fraction":
        if len(rest) > 1 and rest[1] is not None:
            return f"{percent(as_number(rest[1]))} %"
        return "" if rest[0] is None else f"?/{as_text(rest[0])}"
    if display.form == "needed":
        return "" if rest[0] is None else "crosses 0"
    return _range(display, rest, symbols)


def _range(display: Display, ends: Sequence[Value], symbols: Symbols) -> str:
    """Return the limits alone of an interval that has no estimate (a prediction interval), "" for other forms."""
    if not display.form.endswith("-interval") or len(ends) < 2 or None in ends:
        return ""
    low, high = (as_number(end) for end in ends[:2])
    match display.form:
        case "percent-interval":
            return limits(percent(low), percent(high), symbols) + " %"
        case "points-interval":
            return limits(number(100 * low, 0, symbols), number(100 * high, 0, symbols), symbols)
        case "ratio-interval":
            return limits(ratio(low), ratio(high), symbols)
        case _:
            return limits(number(low, display.digits, symbols), number(high, display.digits, symbols), symbols)


def _ends(values: Sequence[Value], form: object, symbols: Symbols) -> str:
    if len(values) < 3 or values[1] is None or values[2] is None:
        return ""
    low, high = form(as_number(values[1])), form(as_number(values[2]))  # type: ignore[operator]
    return f" ({limits(low, high, symbols)})"
