"""Tables in: the only reader of the dataset. Types come from the schema, never from the cells."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any

from ketcli.errors import DataError, InputError, Problem, UsageError, unknown_value
from ketcli.evidence import catalog
from ketcli.evidence.cells import CellError, Value, parse
from ketcli.evidence.fields import Field, Table
from ketcli.evidence.grid import Grid, read_grid
from ketcli.evidence.intake import read_bytes, read_stream
from ketcli.evidence.schema import TABLES

if TYPE_CHECKING:
    from pandas import DataFrame

Row = Mapping[str, Any]


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
    absent = [f.name for f in table.fields if f.required and f.name not in grid.header]
    strange = [name for name in grid.header if name not in table.columns]
    problems = []
    for name in absent:
        fix = f"add the column {name}"
        if strange and "did you mean" in (hint := unknown_value("column", name, strange).hint):
            fix = hint.replace("did you mean", "is it the column") + f" Then call it {name}"
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


def _read_stdin() -> bytes:
    """Return standard input whole; InputError when the process has none, or it is too large."""
    if sys.stdin is None:
        raise InputError("there is no standard input", code="no-input", hint="name a file instead of -")
    return read_stream(sys.stdin.buffer, "standard input")


class Evidence:
    """The tables of one location, read when first asked for; a user's own data are checked when opened."""

    def __init__(self, location: catalog.Location, tables: Mapping[str, Columns] | None = None) -> None:
        self.location = location
        self._columns: dict[str, Columns] = dict(tables or {})
        self._present = frozenset(tables or (catalog.tables_in(location.path) if location.path else ()))
        self._rows: dict[str, list[Row]] = {}
        self._frames: dict[str, DataFrame] = {}

    @classmethod
    def open(
        cls,
        data: str | None = None,
        environment: Mapping[str, str] = MappingProxyType({}),
        columns: Mapping[str, str] = MappingProxyType({}),
    ) -> Evidence:
        """Open a folder of tables, a single file of trials, "-" (standard input), or the data of ket.

        `columns` names the columns of a single file where their names do not, see `flat_columns.find_columns`.
        Raises InputError when there is nothing to read, DataError with every broken rule of a user's own data,
        UsageError when a column, or a part of the file, must be named.
        """
        location = catalog.locate(data, environment, _read_stdin)
        if columns and not location.single:
            raise UsageError(
                "--column is for a single file of trials; the tables of a folder have fixed names",
                code="option-without-effect",
                hint="leave it out, or name the file with --data",
            )
        if location.shipped:
            return cls(location)
        from ketcli.evidence.check import inspect

        inspection = inspect(location, columns)
        if unclear := [p for p in inspection.errors if p.code == "ambiguous-column"]:
            raise UsageError(str(unclear[0]).removesuffix(f" [{unclear[0].code}]"), code=unclear[0].code,
                             hint="; ".join(problem.fix for problem in unclear))  # fmt: skip
        if errors := inspection.errors:
            whole_file = not errors[0].line
            raise DataError(
                errors, hint="" if whole_file else f"run `ket check {data or location.path}` for all problems"
            )
        if location.single:
            from ketcli.evidence.flat import expand

            return cls(location, expand(inspection.columns["flat"]))
        return cls(location, inspection.columns)

    @property
    def version(self) -> str:
        """The version of the data, "" for a user's own data without a data package."""
        path = self.location.path
        return "" if path is None or self.location.single else catalog.data_version(path)

    @cached_property
    def labels(self) -> dict[str, str]:
        """The name shown for each study, by its id."""
        return {row["study_id"]: row["label"] or row["study_id"] for row in self.rows("studies")}

    @property
    def notes(self) -> tuple[str, ...]:
        """What was read leniently in the tables read so far."""
        return tuple(note for columns in self._columns.values() for note in columns.notes)

    @property
    def names(self) -> tuple[str, ...]:
        """The tables that are there, in the order of the schema."""
        return tuple(name for name in TABLES if self.has(name))

    def has(self, name: str) -> bool:
        """Return whether a table is there; False for a name that is no table."""
        return name in self._present

    def columns(self, name: str) -> Columns:
        """Return a table by columns; empty columns when the location lacks it, InputError for no such table."""
        if name not in TABLES:
            raise InputError(
                f"there is no table {name!r}",
                code="unknown-table",
                hint=unknown_value("table", name, TABLES).hint,
            )
        if name not in self._columns:
            table = TABLES[name]
            if self.has(name) and self.location.path is not None:
                file = self.location.path / f"{name}.csv"
                self._columns[name] = read_columns(read_bytes(file), file.name, table)
            else:
                self._columns[name] = Columns(table, {column: [] for column in table.columns})
        return self._columns[name]

    def rows(self, name: str) -> list[Row]:
        """Return a table row by row (missing: "" in text, None in numbers); the same list at every call."""
        if name not in self._rows:
            self._rows[name] = list(self.columns(name).rows())
        return self._rows[name]

    def table(self, name: str) -> DataFrame:
        """Return a table as a pandas frame (see `frame`); the same frame at every call, so copy before changing."""
        if name not in self._frames:
            self._frames[name] = frame(self.columns(name))
        return self._frames[name]
