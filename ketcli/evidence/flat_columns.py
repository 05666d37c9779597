"""Which column of somebody's own file is which column of the flat layout: by option, else by name, never by guess.

What was matched is said in notes; what may be two things becomes a problem whose mending is an option.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from ketcli.errors import Problem, UsageError, unknown_value
from ketcli.evidence.cells import CellError, parse_number, shown
from ketcli.evidence.codes import SCALES
from ketcli.evidence.fields import Field
from ketcli.evidence.flat_names import COUNTS, TEXT_NAMES, TIME_UNITS, as_code, count_role, in_days, text_rank
from ketcli.evidence.grid import Grid, normal
from ketcli.evidence.tables.flat import CONTROLS, FLAT
from ketcli.naming.roles import squash
from ketcli.naming.sides import find_sides, other_side

AMBIGUOUS = "ambiguous-column"
COUNTS_HINT = "if n are those with the outcome, among N: --column events=n --column total=N"
_NONE: Mapping[str, str] = MappingProxyType({})
_FIELDS = {f.name: f for f in (*FLAT.fields, *CONTROLS)}


@dataclass(frozen=True)
class Columns:
    """The column of the file for each field found, constants for fields that are the same in every row."""

    of: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unit: float = 1.0

    def taken(self) -> set[str]:
        """Return the columns of the file that are in use."""
        return set(self.of.values())


def parse_given(options: Iterable[str]) -> dict[str, str]:
    """Return what was typed as NAME=COLUMN by name; UsageError for another form, an unknown or a repeated name."""
    given: dict[str, str] = {}
    for option in options:
        name, sign, column = option.partition("=")
        name = normal(name)
        if not sign or not column or not name:
            raise UsageError(
                f"--column takes NAME=COLUMN, not {option!r}",
                code="bad-column-option",
                hint="such as --column events=responders; a fixed value works too: --column drug=ketamine",
            )
        if name not in _FIELDS:
            raise unknown_value("name in --column", name, _FIELDS)
        if name in given:
            raise UsageError(f"--column {name} is given twice", code="bad-column-option", hint="keep one of them")
        given[name] = column
    return given


def find_columns(grid: Grid, given: Mapping[str, str] = _NONE) -> Columns:
    """Return the columns of a file by the fields of the flat layout; `given` are those named by options.

    UsageError for a named column that is not there and is no fixed value either.
    """
    found = Columns()
    for name, wanted in given.items():
        column = _named(grid, wanted)
        if column is not None:
            found.of[name] = column
        else:
            found.constants[name] = _constant(grid, name, wanted)
    for name in _FIELDS:  # a column called as documented is that column, whatever else may be called alike
        if name not in given:
            exact = [c for c in grid.header if normal(c) == name and c not in found.taken()]
            if len(exact) == 1:
                found.of[name] = exact[0]
    for name in _FIELDS:
        if name not in found.of and name not in found.constants:
            _by_name(grid, name, found)
    _by_other_arm(grid, found)
    return _with_unit(grid, given, found)


def _by_other_arm(grid: Grid, found: Columns) -> None:
    """Find the counts of an arm of an unusual name beside those of one that is known by its name."""
    armed = {name for name in COUNTS if name in found.of and (read := count_role(found.of[name])) and read[1] > 1}
    free = (column for column in grid.header if column not in found.taken())
    sides = find_sides(free, lambda column: _has_number(grid, column))
    for name, columns in other_side(sides, armed, ()).items():
        if name not in COUNTS or name in found.of or name in found.constants:
            continue
        if len(columns) == 1:
            found.of[name] = columns[0]
        else:
            found.problems.append(_ambiguous(grid, name, list(columns)))


def _named(grid: Grid, wanted: str) -> str | None:
    """Return the column that an option names, in any case and with other signs when that is unmistakable."""
    if wanted in grid.header:
        return wanted
    near = [c for c in grid.header if squash(c) == squash(wanted) != ""]
    return near[0] if len(near) == 1 else None


def _constant(grid: Grid, name: str, wanted: str) -> str:
    """Return a value that holds for every row; UsageError when it is neither a column nor such a value."""
    described = _FIELDS[name]
    if described.codes is not None and (code := as_code(described, wanted)) is not None:
        return code
    if described.numeric and name not in COUNTS:
        if name == "time_days" and (days := in_days(wanted)) is not None:
            return repr(days)
        try:
            parse_number(wanted)
        except CellError:
            pass
        else:
            return wanted
    if name == "scale" and wanted in SCALES:
        return wanted
    error = unknown_value("column", wanted, [*grid.header, *(described.codes or ())])
    values = " and no code of it" if described.codes else ""
    raise UsageError(
        f"{grid.name}: --column {name}={wanted}: there is no such column{values}",
        code="unknown-column",
        hint=error.hint,
    )


def _by_name(grid: Grid, name: str, found: Columns) -> None:
    """Find the column of one field by its name; two that say it equally plainly are a problem."""
    ranked: list[tuple[float, str]] = []
    for column in grid.header:
        if column in found.taken():
            continue
        rank: float | None = None
        if name in COUNTS:
            reading = count_role(column)
            rank = -reading[1] if reading is not None and reading[0] == name and _has_number(grid, column) else None
        elif name == "time_days":
            rank = (
                0.0 if TIME_UNITS.get(squash(column)) is not None else 1.0 if squash(column) in TIME_UNITS else None
            )
        elif name in TEXT_NAMES:
            rank = text_rank(name, column)
        if rank is not None:
            ranked.append((rank, column))
    best = [column for rank, column in ranked if rank == min(r for r, _ in ranked)]
    if len(best) > 1:
        found.problems.append(_ambiguous(grid, name, best))
    elif best:
        found.of[name] = best[0]


def _ambiguous(grid: Grid, name: str, columns: list[str]) -> Problem:
    which = " or ".join(shown(column) for column in columns)
    meaning = _FIELDS[name].description.partition(";")[0]
    return Problem(
        AMBIGUOUS,
        grid.name,
        1,
        columns[0],
        "",
        f"{name} ({meaning[0].lower()}{meaning[1:]}): is it column {which}?",
        f"say which: --column {name}={columns[0]}" if set(columns) != {"n", "N"} else COUNTS_HINT,
    )


def _has_number(grid: Grid, column: str) -> bool:
    """Return whether a column can be one of counts: it holds a number, or nothing at all."""
    cells = [cell.strip() for cell in grid.column(column)]
    return not any(cells) or any(cell.isdecimal() or _is_number(cell) for cell in cells)


def _is_number(cell: str) -> bool:
    try:
        return parse_number(cell.replace(",", ".")) is not None
    except CellError:
        return False


def _with_unit(grid: Grid, given: Mapping[str, str], found: Columns) -> Columns:
    """Settle what unit the times are in: the column's name or each cell says it, or the option takes days."""
    column = found.of.get("time_days")
    if column is None:
        return found
    unit = TIME_UNITS.get(squash(column), 1.0)
    if unit is None and "time_days" not in given:
        cells = dict(zip(grid.lines, (cell.strip() for cell in grid.column(column)), strict=True))
        without = {line: cell for line, cell in cells.items() if cell and in_days(cell) is None}
        if without and len(without) < sum(map(bool, cells.values())):
            found.problems.extend(
                Problem("bad-form", grid.name, line, "time_days", cell,
                        f"time_days: {shown(cell)} is no time with its unit, as others of the column are",
                        "write it as 24 h, day 7 or 4 weeks after the first dose")
                for line, cell in without.items()
            )  # fmt: skip
        elif without:
            found.problems.append(
                Problem(
                    AMBIGUOUS,
                    grid.name,
                    1,
                    column,
                    "",
                    f"time_days: column {shown(column)} does not say whether it holds hours, days or weeks",
                    f"if it is days: --column time_days={column}; else call it hours or weeks",
                )
            )
    return replace(found, unit=unit or 1.0)


def name_of(name: str) -> Field:
    """Return the field of the flat layout, or of a control arm beside it, that a name stands for."""
    return _FIELDS[name]
