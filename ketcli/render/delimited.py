"""CSV and TSV: a header always, raw unrounded numbers, empty for missing, no title and no notes."""

from __future__ import annotations

import csv
import io

from ketcli.report import Report, Value
from ketcli.wording import visible

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def render(report: Report, delimiter: str = ",") -> str:
    """Return the report's rows as delimited text with line feeds."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\n")
    names = [column.name for column in report.columns]
    writer.writerow(names)
    writer.writerows([field(row.get(name)) for name in names] for row in report.rows)
    return buffer.getvalue()


def neutralised(report: Report) -> int:
    """Return how many text cells begin like a spreadsheet formula; they get an apostrophe in front."""
    names = [column.name for column in report.columns]
    cells = (row.get(name) for row in report.rows for name in names)
    return sum(isinstance(value, str) and value.startswith(_FORMULA_STARTS) for value in cells)


def field(value: Value) -> str:
    """Return one value as a machine reads it; text that a spreadsheet would execute gets an apostrophe."""
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case float():
            return repr(value)
        case str():
            return "'" + visible(value) if value.startswith(_FORMULA_STARTS) else visible(value)
        case _:
            return str(value)
