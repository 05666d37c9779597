"""The evidence of one location: its tables, opened when first asked for, a user's own checked first."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ketcli.errors import DataError, InputError, UsageError, unknown_value
from ketcli.evidence import catalog
from ketcli.evidence.intake import read_bytes, read_stream
from ketcli.evidence.schema import TABLES
from ketcli.evidence.typed import Columns, frame, read_columns

if TYPE_CHECKING:
    from pandas import DataFrame

Row = Mapping[str, Any]


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
            alone = not errors[0].line or len(errors) == 1
            raise DataError(
                errors, hint="" if alone else f"run `ket check {data or location.path}` for all problems"
            )
        if "flat" in inspection.columns:
            from ketcli.evidence.flat import expand

            return cls(location, expand(inspection.columns["flat"]))
        if location.single and len(inspection.columns) == 1:
            (alone_here,) = inspection.columns
            raise InputError(
                f"{location.name} is the table {alone_here} alone, without those that it refers to",
                code="missing-table",
                hint="name the folder that holds all of them",
            )
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
