"""Checking data: every rule over a folder of tables or a single file, all problems at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from ketcli.errors import InputError, Problem
from ketcli.evidence import catalog
from ketcli.evidence.checks import counts, effects, keys, people
from ketcli.evidence.checks.rows import check_rows
from ketcli.evidence.checks.tables import CheckedTable, SetRule, TableRule
from ketcli.evidence.fields import Table
from ketcli.evidence.flat_columns import AMBIGUOUS
from ketcli.evidence.flat_read import respelt, to_flat
from ketcli.evidence.formats import workbook
from ketcli.evidence.formats.anyfile import read_any
from ketcli.evidence.grid import Grid, read_grid
from ketcli.evidence.intake import read_bytes
from ketcli.evidence.rules import errors_among
from ketcli.evidence.schema import TABLES
from ketcli.evidence.tables.flat import FLAT
from ketcli.evidence.typed import Columns, missing_columns, type_columns

TABLE_RULES: tuple[TableRule, ...] = (
    keys.unique_keys,
    counts.counts_fit,
    counts.checked_rows,
    effects.intervals,
    effects.ranges,
)
SET_RULES: tuple[SetRule, ...] = (
    keys.identifiers,
    keys.references,
    people.declared_overlaps,
    people.poolable_people,
    people.nested_arms,
    people.arms_in_themselves,
    counts.poolable_rows,
    counts.crossover_rows,
    effects.factor_rows,
    effects.regimens,
)
# rules that need no second table
LONE_RULES: tuple[SetRule, ...] = (
    people.declared_overlaps,
    people.arms_in_themselves,
    counts.poolable_rows,
    effects.factor_rows,
    effects.regimens,
)
T = TypeVar("T")


@dataclass(frozen=True)
class Inspection:
    """What checking found: every problem, and the tables as far as they could be typed."""

    problems: list[Problem]
    columns: Mapping[str, Columns] = field(default_factory=dict)

    @property
    def errors(self) -> list[Problem]:
        """The problems that make the data unusable."""
        return errors_among(self.problems)


def check_folder(path: Path) -> list[Problem]:
    """Return every problem of a folder of tables, in the order of tables and lines; [] when there is none.

    Raises InputError for a folder that is not there or holds no table.
    """
    return inspect(catalog.locate(str(path), {})).problems


def check_file(path: Path) -> list[Problem]:
    """Return every problem of one CSV file: a table when it is called like one and has its key, else flat."""
    return inspect(catalog.locate(str(path), {})).problems


def inspect(location: catalog.Location, columns: Mapping[str, str] = MappingProxyType({})) -> Inspection:
    """Check whatever is at a location and keep what could be read.

    `columns` names the columns of a single file of trials; UsageError for one that is not there.
    """
    if location.content is not None:
        return _inspect_single(location.content, location, columns)
    return inspect_folder(location.path or Path())


def inspect_folder(folder: Path, changed: Mapping[str, bytes] = MappingProxyType({})) -> Inspection:
    """Check a folder of tables, or what it would be with the files of the tables in `changed` put in place."""
    checked: dict[str, CheckedTable] = {}
    typed_tables: dict[str, Columns] = {}
    problems: list[Problem] = []
    present = {*catalog.tables_in(folder), *changed}
    for name in (name for name in TABLES if name in present):
        file = folder / f"{name}.csv"
        try:
            content = changed[name] if name in changed else read_bytes(file)
            one, typed, found = _inspect_table(content, str(file), TABLES[name])
        except InputError as error:
            problems.append(_as_problem(error, str(file)))
            continue
        problems += found
        typed_tables[name] = typed
        if not any(p.code == "missing-column" for p in found):
            checked[name] = one
    problems += _untold(SET_RULES, checked, problems)
    return Inspection(_in_order(problems, folder), typed_tables)


def _inspect_single(content: bytes, location: catalog.Location, given: Mapping[str, str]) -> Inspection:
    """Check one file: one of our tables when it is called like one and has its key, else a file of trials.

    A workbook with a sheet of studies and others called like our tables is a folder of tables in one file.
    """
    table = _named_like(content, location)
    try:
        if (sheets := workbook.table_sheets(content, location.name, TABLES)) and "studies" in sheets:
            return inspect_folder(Path(location.name), sheets)
        if table is not None:
            checked, columns, problems = _inspect_table(content, location.name, table)
        else:
            grid = to_flat(read_any(content, location.name), given)
            checked, columns, problems = _inspect_grid(grid, FLAT)
            problems = respelt(problems, grid)
    except InputError as error:
        return Inspection([_as_problem(error, location.name)])
    if table is not None and not errors_among(problems):
        problems += _untold(LONE_RULES, {table.name: checked}, problems)
    return Inspection(_in_order(problems), {(table or FLAT).name: columns})


def _named_like(content: bytes, location: catalog.Location) -> Table | None:
    """Return the table that a file is called after and whose key its header holds, else None."""
    table = TABLES.get(location.path.stem) if location.path else None
    if table is None:
        return None
    try:
        header = read_grid(content, location.name, table.columns).header
    except InputError:
        return None
    return table if set(table.key) <= set(header) else None


def _inspect_table(content: bytes, name: str, table: Table) -> tuple[CheckedTable, Columns, list[Problem]]:
    return _inspect_grid(read_grid(content, name, table.columns), table)


def _inspect_grid(grid: Grid, table: Table) -> tuple[CheckedTable, Columns, list[Problem]]:
    columns, _ = type_columns(grid, table)
    own = frozenset(grid.header) & frozenset(table.columns)  # other columns are text, whatever they are called
    checked = CheckedTable(table, grid.name, columns.rows(), grid.lines, own)
    unclear = any(problem.code == AMBIGUOUS for problem in grid.problems)
    # which column is missing cannot be told before it is settled which is which
    missing = [] if unclear else missing_columns(grid, table)
    problems = [*grid.problems, *missing, *_unknown_columns(grid.header, table, grid.name)]
    if not unclear:
        problems += _untold((lambda whole: check_rows(whole, table),), grid, problems)
        rules = TABLE_RULES if table is FLAT else (*TABLE_RULES, keys.sorted_rows)
        problems += _untold(rules, checked, problems)
    return checked, columns, problems


def _untold(rules: Iterable[Callable[[T], Iterator[Problem]]], data: T, told: list[Problem]) -> list[Problem]:
    """Return what rules find, without cells that have a problem already: one slip would be told twice."""
    places = {(problem.file, problem.line, problem.column) for problem in told}
    found = (problem for rule in rules for problem in rule(data))
    return [problem for problem in found if (problem.file, problem.line, problem.column) not in places]


def _unknown_columns(header: tuple[str, ...], table: Table, name: str) -> Iterator[Problem]:
    for column in header:
        if column not in table.columns:
            message = f"the column {column!r} is not known and not used"
            yield Problem("unknown-column", name, 1, column, column, message, "see `ket data schema`")


def _as_problem(error: InputError, file: str) -> Problem:
    """Return a failure to read a file as a problem of the line it names, or of the whole file."""
    message = error.message.removeprefix(f"{file} ").removeprefix(f"{file}:").strip()
    line, mark, rest = message.partition(": ")
    if mark and line.isdecimal():
        return Problem(error.code, file, int(line), "", "", rest, error.hint)
    return Problem(error.code, file, 0, "", "", message, error.hint)


def _in_order(problems: list[Problem], folder: Path | None = None) -> list[Problem]:
    """Return problems by table in the order of the schema, then by line."""
    order = {str(folder / f"{name}.csv"): i for i, name in enumerate(TABLES)} if folder else {}
    return sorted(problems, key=lambda p: (order.get(p.file, 0), p.file, p.line, p.column))
