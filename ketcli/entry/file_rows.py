"""Rows in the documented words put into the columns, units and decimal signs of somebody's own file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ketcli.entry.document import Document
from ketcli.errors import DataError, InputError
from ketcli.evidence.cells import COMMA_NUMBER
from ketcli.evidence.flat_columns import find_columns, name_of
from ketcli.evidence.tables.flat import CONTROLS

# what the layout works out by itself where a file has no column for it
_WORKED_OUT = ("role", "regimen")
_CONTROL = {field.name: field.name.removeprefix("control_") for field in CONTROLS}


def to_file(document: Document, rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return rows by the columns of the file: both arms in one row where the file has columns for a control.

    Raises DataError when it is not clear which column is which, InputError `no-column` for a value that the file
    has no column for.
    """
    columns = find_columns(document.grid)
    if columns.problems:
        raise DataError(columns.problems)
    merged = [_merged(rows)] if is_paired(document) and len(rows) == 2 else [dict(row) for row in rows]
    comma = _writes_commas(document)
    out = []
    for row in merged:
        cells = {}
        for name, value in row.items():
            column = columns.of.get(name)
            if column is not None:
                cells[column] = _written(name, value, columns.unit, comma=comma)
            elif value and name not in _WORKED_OUT:
                raise no_column(document.name, name, value)
        out.append(cells)
    return out


def no_column(file: str, name: str, value: str) -> InputError:
    """Return the error for a value that a file has no place for."""
    return InputError(
        f"{file} has no column for {name} ({value})",
        code="no-column",
        hint=f"add a column {name} to its header, or leave --{name.replace('_', '-')} out",
    )


def is_paired(document: Document) -> bool:
    """Return whether a file has columns for a control beside the treated arm."""
    return set(_CONTROL) <= set(find_columns(document.grid).of)


def _merged(rows: Sequence[Mapping[str, str]]) -> dict[str, str]:
    treated, control = rows
    return {**treated, "role": "", **{name: control[own] for name, own in _CONTROL.items()}}


def _written(name: str, value: str, unit: float, *, comma: bool) -> str:
    """Return a value as the file writes it: times in its unit, decimals with its sign."""
    if value and name == "time_days" and unit != 1.0:
        value = f"{float(value) / unit:.12g}"
    return value.replace(".", ",") if comma and name_of(name).numeric else value


def _writes_commas(document: Document) -> bool:
    return any(COMMA_NUMBER.fullmatch(cell.strip()) for row in document.grid.rows for cell in row)
