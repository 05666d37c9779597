"""Numbers written with more than their digits (n=20, 12*, 1 204, 1,204 people) as the plain numbers they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

from ketcli.evidence.cells import COMMA_NUMBER, CellError, decimal_point, is_missing_word, parse_number, shown
from ketcli.evidence.compound import spread
from ketcli.evidence.flat_names import count_role
from ketcli.evidence.grid import Grid
from ketcli.naming.roles import quantity_of, read_name, squash

_NAMED = re.compile(r"n\s*=\s*", re.IGNORECASE)
_MARKS = re.compile(r"\s*[*†‡§¶#¹²³⁴⁵]+$")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+")
_POINTED = re.compile(r"\d{1,3}(?:\.\d{3})+")
_PROPORTIONS = frozenset(("proportion", "prop", "share", "responserate", "remissionrate"))
_TOLD = 4  # examples in a note


def plain_numbers(grid: Grid) -> Grid:
    """Return a table whose columns of numbers hold nothing but the numbers; a note says what was left out.

    A column is changed when most cells of it are then numbers: `n=20`, and the marks of footnotes. In columns of
    people a comma (with decimal commas in the file, a point) before three digits parts thousands. A column of
    numbers with percent signs, or of shares from 0 to 1 by its name, becomes one of percents.
    """
    commas = _has_decimal_commas(grid)
    rows = [list(row) for row in grid.rows]
    header = list(grid.header)
    told: dict[str, str] = {}
    for place, column in enumerate(grid.header):
        cells = [row[place].strip() for row in grid.rows]
        if not _may_hold_numbers(cells):
            continue
        people = count_role(column) is not None or quantity_of(column) in ("events", "nonevents", "total")
        read = [_bare(cell, _parting(commas) if people else None) for cell in cells]
        if _all_percents(cells):
            percent = read_name(column)
            header[place] = column if percent and percent.role.endswith("percent") else f"{column} (%)"
            read = [cell.rstrip("% \u00a0\u202f") for cell in cells]
        elif squash(column) in _PROPORTIONS and _all_shares(cells):
            header[place] = f"{column} (%)"
            read = [f"{Decimal(decimal_point(cell)).scaleb(2):f}" if _is_number(cell) else cell for cell in cells]
        changed = {old: new for old, new in zip(cells, read, strict=True) if old != new}
        held = [cell for cell in read if cell and not is_missing_word(cell)]
        if changed and 2 * sum(map(_is_number, held)) > len(held):
            told |= changed
            for row, cell in zip(rows, read, strict=True):
                row[place] = cell
    if not told:
        return grid
    listed = ", ".join(f"{shown(old, 20)} as {new}" for old, new in list(told.items())[:_TOLD])
    note = f"{grid.name}: read as numbers: {listed}{' ...' if len(told) > _TOLD else ''}"
    spelt = {new: grid.spelt.get(old, old) for old, new in zip(grid.header, header, strict=True) if old != new}
    return replace(
        grid,
        header=tuple(header),
        rows=rows,
        notes=(*grid.notes, note),
        spelt=MappingProxyType({**grid.spelt, **spelt}),
    )


def _all_percents(cells: Sequence[str]) -> bool:
    """Return whether every cell that is not missing is a number with a percent sign."""
    held = [cell for cell in cells if cell and not is_missing_word(cell)]
    return bool(held) and all(cell.endswith("%") and _is_number(cell.rstrip("% \u00a0\u202f")) for cell in held)


def _may_hold_numbers(cells: Sequence[str]) -> bool:
    """Return whether a column is worth a closer look: not digits alone, and of some cells here and there a half."""
    if all(cell.isdecimal() or not cell for cell in cells):
        return False
    held = [cell for cell in spread(cells) if cell and not is_missing_word(cell)]
    read = [_bare(cell.rstrip("% \u00a0\u202f"), _ungrouped) for cell in held]
    return 2 * sum(map(_is_number, read)) >= len(held)


def _ungrouped(cell: str) -> str:
    return cell.replace(",", "").replace(".", "") if _GROUPED.fullmatch(cell) or _POINTED.fullmatch(cell) else cell


def _has_decimal_commas(grid: Grid) -> bool:
    """Return whether a cell holds a comma that can only be a decimal one."""
    found = (COMMA_NUMBER.fullmatch(cell.strip()) for row in grid.rows for cell in row if "," in cell)
    return any(comma and not _GROUPED.fullmatch(comma[0]) for comma in found)


def _parting(commas: bool) -> Callable[[str], str]:
    """Return how thousands are put together where decimals are written with a comma, or where none are."""

    def put_together(cell: str) -> str:
        if commas:
            return cell.replace(".", "") if _POINTED.fullmatch(cell) else cell
        return cell.replace(",", "") if _GROUPED.fullmatch(cell) else cell

    return put_together


def _bare(cell: str, parting: Callable[[str], str] | None) -> str:
    bare = _MARKS.sub("", _NAMED.sub("", cell, count=1)) if any(c.isdigit() for c in cell) else cell
    return parting(bare) if parting else bare


def _all_shares(cells: Sequence[str]) -> bool:
    """Return whether every number is a share between 0 and 1."""
    held = [cell for cell in cells if cell and not is_missing_word(cell)]
    return bool(held) and all(_is_number(cell) and 0.0 <= float(decimal_point(cell)) <= 1.0 for cell in held)


def _is_number(cell: str) -> bool:
    try:
        return parse_number(decimal_point(cell)) is not None
    except CellError:
        return False
