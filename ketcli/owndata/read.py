"""Somebody's own CSV as a sheet of cells, and its cells as numbers: forgiving of spelling, never of doubt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ketcli.errors import DataError, InputError, Problem, UsageError, unknown_value
from ketcli.evidence.cells import COMMA_NUMBER, THOUSANDS, CellError, decimal_point, is_missing_word, parse_number
from ketcli.evidence.formats.anyfile import read_any
from ketcli.evidence.grid import Grid
from ketcli.naming.roles import squash


@dataclass(frozen=True)
class Sheet:
    """A table as text: its name in messages, its columns, the rows and the line each begins on."""

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    notes: tuple[str, ...] = ()
    twice: frozenset[str] = frozenset()

    def column(self, name: str) -> tuple[str, ...]:
        """Return the cells of one column."""
        place = self.header.index(name)
        return tuple(row[place] for row in self.rows)

    def take(self, rows: Iterable[int]) -> Sheet:
        """Return the sheet with these rows alone."""
        kept = tuple(rows)
        return replace(self, rows=tuple(self.rows[i] for i in kept), lines=tuple(self.lines[i] for i in kept))

    def find(self, wanted: str, option: str) -> str:
        """Return the column of this name, forgiving of case and signs; UsageError naming the nearest otherwise."""
        if wanted in self.header:
            return self._once(wanted)
        near = [name for name in self.header if squash(name) == squash(wanted) != ""]
        if len(near) == 1:
            return self._once(near[0])
        error = unknown_value(f"column of {option}", wanted, self.header, code="unknown-column")
        raise UsageError(f"{self.name}: there is no column {wanted!r} ({option})", code=error.code, hint=error.hint)

    def _once(self, name: str) -> str:
        if name in self.twice:
            raise UsageError(
                f"{self.name}: column {name!r} stands in the header more than once",
                code="duplicate-column",
                hint="rename one of them",
            )
        return name

    def has_numbers(self, column: str) -> bool:
        """Return whether a column holds at least one number."""
        return any(is_number(cell) for cell in self.column(column))

    def is_empty(self, column: str) -> bool:
        """Return whether a column holds nothing but words for a missing value."""
        return all(is_missing(cell) for cell in self.column(column))

    def problem(self, row: int, column: str, code: str, message: str, fix: str) -> Problem:
        """Return a problem of one cell (`column` "" for the row as a whole)."""
        value = self.rows[row][self.header.index(column)] if column else ""
        return Problem(code, self.name, self.lines[row], column, value, message, fix)


def read_sheet(content: bytes, name: str) -> Sheet:
    """Read a CSV file called `name` in messages: commas, semicolons or tabs, UTF-8 or marked UTF-16.

    Raises InputError when it is no CSV text, DataError for rows longer or shorter than the header. Columns without
    a name (a program's row numbers) are left out, repeated names are a mistake only when such a column is used.
    """
    grid = read_any(content, name)
    ragged = [problem for problem in grid.problems if problem.code == "ragged-row"]
    if ragged:
        raise DataError(ragged)
    if not grid.header:
        raise InputError(f"{name}: the header names no column", code="no-header", hint="name the columns")
    twice = frozenset(problem.column for problem in grid.problems if problem.code == "duplicate-column")
    rows = tuple(tuple(cell.strip() for cell in row) for row in grid.rows)
    return Sheet(name, grid.header, rows, tuple(grid.lines), _notes(grid), twice)


def read_number(text: str) -> float | None:
    """Return a cell as a number, None for a word that stands for a missing value.

    A decimal comma and a typographic minus are understood; CellError for a comma that may part thousands, for
    percent signs and all else.
    """
    if is_missing(text):
        return None
    return parse_number(decimal_point(text))


def is_missing(text: str) -> bool:
    """Return whether a cell is empty or holds a word for a missing value (NA, ., -, not reported ...)."""
    return text.strip().lower() in ("", "nan") or is_missing_word(text)


def is_number(text: str) -> bool:
    """Return whether a cell is a number."""
    try:
        return read_number(text) is not None
    except CellError:
        return False


def numbers(sheet: Sheet, column: str, problems: list[Problem], *, people: bool = False) -> list[float | None]:
    """Return a column as numbers; what is none is added to `problems` and counts as missing.

    Of `people` no thousandths are counted: points that may part thousands are a problem.
    """
    values: list[float | None] = []
    pointed = people and _points_part_thousands(sheet.column(column))
    for row, cell in enumerate(sheet.column(column)):
        try:
            if pointed and THOUSANDS.fullmatch(cell):
                whole = cell.replace(".", "")
                raise CellError("ambiguous-comma", f"'{cell}' may be {whole} or {float(cell):g} people",
                                "write the number without a sign between thousands")  # fmt: skip
            values.append(read_number(cell))
        except CellError as error:
            values.append(None)
            problems.append(sheet.problem(row, column, error.code, f"{column}: {error.message}", error.fix))
    return values


def _points_part_thousands(cells: Iterable[str]) -> bool:
    """Return whether all numbers that are not whole have three digits after the point."""
    broken = [cell for cell in cells if "." in cell and is_number(cell)]
    return bool(broken) and all(THOUSANDS.fullmatch(cell) for cell in broken)


def _notes(grid: Grid) -> tuple[str, ...]:
    commas = any("," in cell and COMMA_NUMBER.fullmatch(cell.strip()) for row in grid.rows for cell in row)
    lost = [p.message for p in grid.problems if p.code == "unnamed-column"]
    unnamed = (f"{grid.name}: not used: {'; '.join(lost)}",) if lost else ()
    return (*grid.notes, *unnamed, *(("Decimal commas are read as points.",) if commas else ()))
