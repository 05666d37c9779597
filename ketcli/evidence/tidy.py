"""Rows of somebody's own table that are no studies of their own: totals below, and names written once per group."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from ketcli.evidence.cells import CellError, decimal_point, parse_number, shown
from ketcli.evidence.flat_names import TEXT_NAMES
from ketcli.evidence.grid import Grid
from ketcli.naming.roles import squash, text_names

# what a row over all studies is called; a study's name has more to it
_WORDS = (
    r"(?:grand |sub-?)?totals?|sums?|pooled|overall|summary|combined|subtotals?|mean|average|median|"
    r"all (?:studies|trials)|gesamt|summe|insgesamt|ensemble|somme|suma|promedio|totaux|totales|"
    r"(?:random|fixed|common|re|fe)(?:[ -]effects?)?(?: model)?|meta-?analysis|prediction interval"
)
_MORE = (
    r"effects?|estimates?|results?|studies|trials|events?|n|mean|size|sample|analysis|"
    r"or|rr|md|smd|hr|rate|random|fixed"
)
_OVERALL = re.compile(
    rf"(?:{_WORDS})(?: (?:{_MORE}|model|of))*\s*(?:[(\[:,;].*)?|"
    r"(?:heterogeneity|test for (?:overall|subgroup))\b.*",
    re.IGNORECASE | re.DOTALL,
)
# what an arm of everybody is called; a combined or pooled arm may be a treatment
_EVERYBODY = re.compile(
    r"(?:grand )?totals?|overall|(?:both|all)(?: (?:arms|groups|patients|participants))?|gesamt|insgesamt|ensemble",
    re.IGNORECASE,
)
_ARMS = frozenset((*text_names("arm"), *TEXT_NAMES["drug"]))
_TOLD = 6  # lines named in a note
_LEAST = 3  # rows that a sum is told by: two numbers add up to a third by chance


def tidied(grid: Grid) -> Grid:
    """Return a table without rows that sum up others, and with the study's name on every row of its group.

    A row is a sum by what it, or its arm, is called, or when it has no name and its numbers are the sums of all
    above it. A name is carried down to rows without one that hold another arm. Authors with studies of several
    years are told apart by the year. All of this is said in notes.
    """
    if "kind" in map(squash, grid.header):  # ket's own tables say of each row what it is
        return grid
    names = _label(grid)
    return _with_years(_named_down(_without_sums(grid, names), names), names) if names else grid


def _label(grid: Grid) -> str:
    """Return the column that names the studies: by its name, else the first unless it holds numbers."""
    for known in text_names("study"):
        for column in grid.header:
            if squash(column) == known:
                return column
    if not grid.header:
        return ""
    cells = [cell for cell in grid.column(grid.header[0]) if cell.strip()]
    return grid.header[0] if any(_number(cell) is None for cell in cells) else ""


def _number(cell: str) -> float | None:
    try:
        return parse_number(decimal_point(cell.strip()))
    except CellError:
        return None


def _without_sums(grid: Grid, names: str) -> Grid:
    labels = [cell.strip() for cell in grid.column(names)]
    arms = [column for column in grid.header if squash(column) in _ARMS and column != names]
    sums = []
    for i, called in enumerate(zip(labels, *map(grid.column, arms), strict=True)):
        whole = next((cell.strip() for cell in called[1:] if _EVERYBODY.fullmatch(cell.strip())), "")
        if whole or _OVERALL.fullmatch(labels[i]):
            sums.append(i)
            labels[i] = whole or labels[i]
    nameless = [i for i in range(_LEAST, len(labels)) if not labels[i]]
    if len(nameless) <= _TOLD:  # names written once per group leave most rows without one
        sums += [i for i in nameless if _adds_up(grid.rows[:i], grid.rows[i])]
    if not sums or len(sums) == len(labels):
        return grid
    left = ", ".join(f"{grid.lines[i]} ({shown(labels[i], 30)})" for i in sorted(sums)[:_TOLD])
    more = " ..." if len(sums) > _TOLD else ""
    verb = "sums up studies and is" if len(sums) == 1 else "sum up studies and are"
    note = f"{grid.name}: line{'s' * (len(sums) > 1)} {left}{more} {verb} left out"
    kept = [i for i in range(len(labels)) if i not in set(sums)]
    return replace(
        grid,
        rows=[grid.rows[i] for i in kept],
        lines=[grid.lines[i] for i in kept],
        notes=(*grid.notes, note),
    )


def _adds_up(above: Sequence[Sequence[str]], row: Sequence[str]) -> bool:
    """Return whether two numbers or more of a row, and all it holds, are the sums of their columns above."""
    places = [i for i, cell in enumerate(row) if _number(cell)]
    sums = [sum(_number(other[i]) or 0.0 for other in above) for i in places]
    return len(places) > 1 and all(
        abs(total - (_number(row[i]) or 0.0)) < 1e-9 for i, total in zip(places, sums, strict=True)
    )


def _named_down(grid: Grid, names: str) -> Grid:
    """Carry a study's name down to the rows below it that have none and hold another arm."""
    arms = [i for i, column in enumerate(grid.header) if squash(column) in _ARMS and column != names]
    place = grid.header.index(names)
    if not arms or all(row[place].strip() for row in grid.rows):
        return grid
    rows: list[list[str]] = []
    lines = []
    name, seen = "", set[tuple[str, ...]]()
    for line, row in zip(grid.lines, grid.rows, strict=True):
        texts = tuple(cell.strip() for i, cell in enumerate(row) if i != place and _number(cell) is None)
        own = row[place].strip()
        if own:
            name, seen = own, {texts}
        elif name and all(row[i].strip() for i in arms) and texts not in seen:
            seen.add(texts)
            row = [*row[:place], name, *row[place + 1 :]]  # noqa: PLW2901
            lines.append(line)
        rows.append(row)
    if not lines:
        return grid
    listed = ", ".join(map(str, lines[:_TOLD])) + (" ..." if len(lines) > _TOLD else "")
    note = f"{grid.name}: line{'s' * (len(lines) > 1)} {listed} without a study's name taken for the study above"
    return replace(grid, rows=rows, notes=(*grid.notes, note))


def _with_years(grid: Grid, names: str) -> Grid:
    """Add the year to authors where one and the same has several: these are several studies."""
    column = next((c for name in text_names("year") for c in grid.header if squash(c) == name), "")
    if squash(names) not in text_names("author") or not column:
        return grid
    place, year = grid.header.index(names), grid.header.index(column)
    years: dict[str, set[str]] = defaultdict(set)
    for row in grid.rows:
        years[row[place].strip()].add(row[year].strip())
    several = [name for name, held in years.items() if name and len(held - {""}) > 1]
    if not several:
        return grid
    rows = [
        [*row[:place], f"{row[place].strip()} {row[year].strip()}".strip(), *row[place + 1 :]]
        if row[place].strip() and row[year].strip() not in row[place]
        else row
        for row in grid.rows
    ]
    listed = ", ".join(map(shown, several[:_TOLD])) + (" ..." if len(several) > _TOLD else "")
    note = f"{grid.name}: studies of one author told apart by {shown(column)}: {listed}"
    return replace(grid, rows=rows, notes=(*grid.notes, note))
