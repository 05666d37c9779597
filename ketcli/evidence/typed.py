"""Tables with their types: cells by the schema's types, never by guessing from the cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ketcli.errors import DataError, Problem, unknown_value
from ketcli.evidence.cells import CellError, Value, parse
from ketcli.evidence.fields import Field, Table
from ketcli.evidence.grid import Grid, read_grid
from ketcli.evidence.intake import read_bytes

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Columns:
    """A typed table, column by column: str for text ("" when missing), float or int for numbers (None)."""

    table: Table
    values: Mapping[str, list[Value]]
    notes: tuple[str, ...] = ()

    def rows(self) -> list[dict[str, Value]]:
        """Return the table row by row."""
        names = tuple(self.values)
        return [dict(zip(names, cells, strict=True)) for cells in zip(*self.values.values(), strict=True)]


def read_columns(content: bytes, name: str, table: Table) -> Columns:
    """Read a CSV file as `table`; `name` is what messages call it.

    Columns that the schema does not require may be absent and come out empty; columns it does not know are kept
    as text. Raises InputError for a file that is no CSV text, DataError with every fault of shape or number.
    """
    grid = read_grid(content, name, table.columns)
    problems = [*grid.problems, *missing_columns(grid, table)]
    columns, faults = type_columns(grid, table)
    if problems := [*problems, *faults]:
        raise DataError(problems)
    return columns


def missing_columns(grid: Grid, table: Table) -> list[Problem]:
    """Return a problem for each column that the table requires and the file lacks, with the nearest name."""
    absent = {f.name: f.codes for f in table.fields if f.required and f.name not in grid.header}
    strange = [name for name in grid.header if name not in table.columns]
    problems = []
    for name, codes in absent.items():
        fix = f"add the column {name}"
        if table.name == "flat" and codes:
            fix += f", or say what holds for every row: --column {name}={next(iter(codes))}"
        if strange and "did you mean" in (hint := unknown_value("column", name, strange).hint):
            fix = hint.replace("did you mean", "is it the column") + f" Then call it {name}"
        if name == "events" and any("percent" in column or "%" in column for column in strange):
            fix = "work the people with the outcome out of the percent, percent x total / 100, in a column events"
        problems.append(Problem("missing-column", grid.name, 1, name, "", f"the column {name!r} is missing", fix))
    return problems


def type_columns(grid: Grid, table: Table) -> tuple[Columns, list[Problem]]:
    """Return the cells of a grid by the types of the schema and the problems of those that are no numbers.

    A faulty cell counts as missing in the result.
    """
    values: dict[str, list[Value]] = {}
    problems: list[Problem] = []
    for field in table.fields:
        if field.name not in grid.header:
            values[field.name] = [None if field.numeric else ""] * len(grid.rows)
        elif field.numeric:
            values[field.name] = _numbers(grid, field, problems)
        else:
            values[field.name] = list(grid.column(field.name))
    unknown = [name for name in grid.header if name not in values]
    for name in unknown:
        values[name] = list(grid.column(name))
    notes = list(grid.notes)
    if unknown:
        fate = "not used" if table.name == "flat" else "kept"
        notes.append(f"{grid.name}: unknown column{'s' * (len(unknown) > 1)} {fate}: {', '.join(unknown)}")
    return Columns(table, values, tuple(notes)), problems


def _numbers(grid: Grid, field: Field, problems: list[Problem]) -> list[Value]:
    numbers: list[Value] = []
    for line, cell in zip(grid.lines, grid.column(field.name), strict=True):
        try:
            numbers.append(parse(field, cell))
        except CellError as error:
            numbers.append(None)
            problems.append(
                Problem(error.code, grid.name, line, field.name, cell, f"{field.name}: {error.message}", error.fix)
            )
    return numbers


def frame(columns: Columns) -> DataFrame:
    """Return a typed table as a pandas frame: object columns of str ("" is missing), float64 (NaN is missing)."""
    import pandas as pd

    numeric = {f.name for f in columns.table.fields if f.numeric}
    return pd.DataFrame(
        {
            name: pd.Series(cells, dtype="float64" if name in numeric else object)
            for name, cells in columns.values.items()
        }
    )


def read_table(source: str | Path | IO[bytes], table: Table) -> DataFrame:
    """Read a CSV file or open binary stream as `table` into a pandas frame, see `read_columns` and `frame`."""
    if isinstance(source, str | Path):
        return frame(read_columns(read_bytes(Path(source)), str(source), table))
    return frame(read_columns(source.read(), str(getattr(source, "name", "standard input")), table))
