"""Rows of a table as the text of its CSV file: UTF-8, line feeds, numbers unrounded, missing values empty."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from ketcli.evidence.cells import Value
from ketcli.evidence.fields import Table


def table_csv(table: Table, rows: Iterable[Mapping[str, Value]]) -> bytes:
    """Return a table's file; columns that a row lacks stay empty."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([cell_text(row.get(column)) for column in table.columns] for row in rows)
    return buffer.getvalue().encode("utf-8")


def cell_text(value: Value) -> str:
    """Return a value as a cell: "" when missing, whole numbers without a decimal point."""
    match value:
        case None:
            return ""
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case float():
            return repr(value)
        case _:
            return str(value)
