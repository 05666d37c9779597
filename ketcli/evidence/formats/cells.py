"""Typed cells of workbooks and columnar files as the text that a CSV would hold."""

from __future__ import annotations

import datetime
import math
from decimal import Decimal

_WHOLE = 1e15  # above this a float does not tell whole numbers apart


def as_text(value: object) -> str | None:
    """Return a value as the text of a cell ("" when missing, whole floats without a point), None if it is none."""
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case str():
            return value
        case float() if math.isnan(value):
            return ""
        case float() if value.is_integer() and abs(value) < _WHOLE:
            return str(int(value))
        case int() | float():
            return repr(value)
        case Decimal():
            return format(value, "f")
        case datetime.datetime() if value.time() == datetime.time():
            return value.date().isoformat()
        case datetime.date() | datetime.time():
            return value.isoformat()
        case _:
            return None
