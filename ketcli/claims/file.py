"""A reader's own statements: a CSV file in the layout of claims.csv, every fault told at once.

`claim` and `check` must be there; `low`, `high` and `unit` hold the quantity claimed; any other column of
claims.csv may stand too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ketcli.claims.check import parse
from ketcli.claims.statement import Statement, of_row
from ketcli.errors import DataError, KetError, Problem
from ketcli.evidence.cells import Value
from ketcli.evidence.fields import Table
from ketcli.evidence.grid import Grid, read_grid
from ketcli.evidence.schema import TABLES
from ketcli.evidence.typed import missing_columns, type_columns

STATEMENT = "statement_in_own_words"
_CLAIMS = TABLES["claims"]
_REQUIRED = (STATEMENT, "check")
LAYOUT = Table(
    "claims file",
    "Statements",
    "One row per statement.",
    key=("claim_id",),
    fields=tuple(field.but(required=field.name in _REQUIRED) for field in _CLAIMS.fields),
)

# the column of checks must be there, a statement without one is told to be untested
CELLS = replace(LAYOUT, fields=tuple(f.but(required=f.name == STATEMENT) for f in LAYOUT.fields))


@dataclass(frozen=True)
class Statements:
    """The statements of a file, the line each stands on, and what was read leniently."""

    name: str
    statements: tuple[Statement, ...]
    lines: tuple[int, ...]
    notes: tuple[str, ...] = ()


def read(content: bytes, name: str) -> Statements:
    """Return the statements of a CSV file; DataError with every fault, InputError for what is no CSV text."""
    from ketcli.evidence.checks.rows import check_rows

    grid = read_grid(content, name, ("claim", *LAYOUT.columns))
    if "claim" in grid.header and STATEMENT not in grid.header:
        grid = replace(grid, header=tuple(STATEMENT if column == "claim" else column for column in grid.header))
    if absent := missing_columns(grid, LAYOUT):
        raise DataError([_as_written(problem) for problem in absent])
    problems = [*grid.problems, *(p for p in check_rows(grid, CELLS) if p.code != "no-source")]
    columns, _ = type_columns(grid, LAYOUT)
    rows = [_numbered(row, i) for i, row in enumerate(columns.rows(), 1)]
    problems += [p for line, row in zip(grid.lines, rows, strict=True) for p in _faults(grid, line, row)]
    problems += _repeated(grid, rows)
    if problems:
        raise DataError([_as_written(p) for p in sorted(problems, key=lambda p: p.line)])
    return Statements(name, tuple(of_row(row) for row in rows), tuple(grid.lines), columns.notes)


def _numbered(row: dict[str, Value], number: int) -> dict[str, Value]:
    return row | {"claim_id": row["claim_id"] or f"line{number}"}


def _faults(grid: Grid, line: int, row: dict[str, Value]) -> Iterator[Problem]:
    low, high, unit = row["low"], row["high"], row["unit"]
    if isinstance(low, float) and isinstance(high, float) and low > high:
        text = f"low {low:g} is above high {high:g}"
        yield Problem("interval-reversed", grid.name, line, "low", f"{low:g}", text, "swap them")
    if not unit and (low is not None or high is not None):
        fix = "write percent for shares of people, else the unit, or the measure: rr, smd"
        yield Problem(
            "missing-value", grid.name, line, "unit", "", "unit: in what low and high are is not said", fix
        )
    for field, value in (("low", low), ("high", high)):
        if unit == "percent" and isinstance(value, float) and not 0.0 <= value <= 100.0:
            text = f"{field}: {value:g} is no percentage of people"
            yield Problem("out-of-range", grid.name, line, field, f"{value:g}", text, "write 0 to 100")
    try:
        parse(str(row["check"]))
    except KetError as error:
        yield of_error(error, grid.name, line)


def of_error(error: KetError, name: str, line: int) -> Problem:
    """Return the problem of a check that cannot be answered."""
    return Problem(error.code, name, line, "check", "", f"check: {error.message}", error.hint)


def _repeated(grid: Grid, rows: list[dict[str, Value]]) -> Iterator[Problem]:
    seen: dict[Value, int] = {}
    for line, row in zip(grid.lines, rows, strict=True):
        name = row["claim_id"]
        if name in seen:
            text = f"claim_id {name!r} stands in line {seen[name]} too"
            yield Problem("duplicate-key", grid.name, line, "claim_id", str(name), text, "give each its own")
        seen[name] = line


def _as_written(problem: Problem) -> Problem:
    """Return a problem in the words of the file, which calls the statement `claim`."""
    if problem.column != STATEMENT:
        return problem
    text = problem.message.replace(STATEMENT, "claim")
    return replace(problem, column="claim", message=text, fix=problem.fix.replace(STATEMENT, "claim"))
