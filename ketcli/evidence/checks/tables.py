"""What rules that look beyond one cell are given: typed rows that know their file and line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ketcli.errors import Problem
from ketcli.evidence.fields import Table

Row = Mapping[str, Any]


@dataclass(frozen=True)
class CheckedTable:
    """A table under inspection: rows by the schema's types (faulty numbers are None) and their lines."""

    table: Table
    file: str
    rows: list[dict[str, Any]]
    lines: list[int]
    present: frozenset[str]

    def has(self, *columns: str) -> bool:
        """Return whether the file itself holds all of these columns of its table."""
        return self.present.issuperset(columns)

    def problem(self, code: str, place: int, column: str, message: str, fix: str) -> Problem:
        """Return a problem of the row at `place` (0 is the first) in `column`."""
        value = self.rows[place].get(column)
        return Problem(
            code, self.file, self.lines[place], column, "" if value is None else str(value), message, fix
        )


Tables = Mapping[str, CheckedTable]
TableRule = Callable[[CheckedTable], Iterator[Problem]]
SetRule = Callable[[Tables], Iterator[Problem]]


def words(*values: object) -> str:
    """Return cells joined for a message, missing ones left out; numbers without a trailing .0."""
    return " ".join(f"{v:g}" if isinstance(v, float) else str(v) for v in values if v not in (None, ""))
