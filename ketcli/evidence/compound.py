"""Columns whose cells hold several numbers (12/20, 12 (60 %), 0.49 (0.33-0.73), 14.1 (8.3)) as columns of one each.

A column is taken apart when most of its cells have one and the same form and the form, or the name of the column,
leaves one reading. What is of another form stays as it is and is asked about where it is used.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from ketcli.evidence.cells import is_missing_word, shown
from ketcli.evidence.grid import Grid
from ketcli.naming.roles import quantity_of, read_name, without_quantity

_N = r"[+\-−]?\d+(?:[.,]\d+)?"
_GAP = r"\s*(?:-|–|—|−|to|bis|à|a|,|;|\.\.)\s*"  # between two limits
_FRACTION = re.compile(r"(\d+)\s*(?:/|of|out of)\s*(\d+)(?:\s*\(?\s*[\d.,]+\s*%?\s*\)?)?", re.IGNORECASE)
_PERCENT = re.compile(r"(\d+)\s*[(\[]\s*(\d+(?:[.,]\d+)?)\s*%?\s*[)\]]")
_SIGNED = re.compile(r"(\d+)\s*[(\[]\s*(\d+(?:[.,]\d+)?)\s*%\s*[)\]]")
_INTERVAL = re.compile(
    rf"({_N})\s*[(\[]\s*(?:95\s*%\s*(?:CI|KI|IC)[:,]?\s*)?({_N}){_GAP}({_N})\s*[)\]]", re.IGNORECASE
)
_LIMITS = re.compile(rf"[(\[]?\s*({_N}){_GAP}({_N})\s*[)\]]?", re.IGNORECASE)
_SPREAD = re.compile(rf"({_N})\s*(?:[(\[]\s*({_N})\s*[)\]]|(?:±|\+/-|\+-)\s*({_N}))")
_LEVEL = re.compile(r"(\d\d(?:[.,]\d+)?)\s*%?\s*-?\s*(?:CI|KI|IC|CrI)", re.IGNORECASE)
_FEW = 200
_USUAL = ("95", "95.0", "")


@dataclass(frozen=True)
class _Parts:
    """The names of the columns made of one, and the numbers of a cell in their order (None: another form)."""

    names: tuple[str, ...]
    read: Callable[[str], tuple[str, ...] | None]


def taken_apart(grid: Grid) -> Grid:
    """Return a table with each column of several numbers in the place of one; notes say which and how."""
    several = {i: _parts(c, [row[i].strip() for row in grid.rows]) for i, c in enumerate(grid.header)}
    made = {place: parts for place, parts in several.items() if parts}
    names = Counter(name for parts in made.values() for name in parts.names)
    for place, parts in made.items():  # two outcomes of one arm keep their names apart
        column = grid.header[place]
        if any(names[name] > 1 or (name in grid.header and name != column) for name in parts.names):
            made[place] = replace(parts, names=tuple(f"{column} {name}" for name in parts.names))
    if not made:
        return grid
    header = [n for i, column in enumerate(grid.header) for n in (made[i].names if i in made else (column,))]
    rows = [[text for i, cell in enumerate(row) for text in _cells(made.get(i), cell)] for row in grid.rows]
    notes = [
        f"{grid.name}: {shown(grid.header[i])} is read as {' and '.join(map(shown, parts.names))}"
        for i, parts in made.items()
    ]
    spelt = {n: grid.spelt.get(grid.header[i], grid.header[i]) for i, parts in made.items() for n in parts.names}
    return replace(
        grid,
        header=tuple(header),
        rows=rows,
        notes=(*grid.notes, *notes),
        spelt=MappingProxyType({**grid.spelt, **spelt}),
    )


def _cells(parts: _Parts | None, cell: str) -> tuple[str, ...]:
    """Return the cells that one becomes; of another form than its column's it stays whole, to be asked about."""
    if parts is None:
        return (cell,)
    whole = "" if is_missing_word(cell.strip()) else cell
    return parts.read(cell.strip()) or (whole, *[""] * (len(parts.names) - 1))


def _parts(column: str, cells: list[str]) -> _Parts | None:
    """Return how the cells of a column are taken apart, None when they are single or may mean two things."""
    held = [cell for cell in cells if not cell.isdecimal() and cell and not is_missing_word(cell)]
    few = spread(held)
    if 2 * len(held) <= sum(map(bool, cells)) or not any(any(map(str.isdigit, cell)) for cell in few):
        return None
    for parts in _forms(column):
        if all(2 * sum(parts.read(cell) is not None for cell in some) > len(some) for some in (few, held)):
            return parts
    return None


def spread(cells: Sequence[str]) -> Sequence[str]:
    """Return some cells from everywhere in a column, all of a short one, to judge it by before a closer look."""
    return cells[:: max(1, len(cells) // _FEW)]


def _forms(column: str) -> list[_Parts]:
    """Return the forms that cells of a column called so may have, the plainest first."""
    counts = quantity_of(column) in ("", "events", "total")
    level = _LEVEL.search(column)
    usual = level is None or level[1].replace(",", ".") in _USUAL
    base = re.sub(r"[(\[]?\s*" + _LEVEL.pattern + r"\s*[)\]]?", "", column, flags=re.IGNORECASE).strip(" ,;-")
    forms = []
    if counts:
        rest = without_quantity(column)
        events = f"{rest} events".strip()
        if quantity_of(column) == "events":
            events = re.sub(r"\s*[(\[]?\s*%\s*[)\]]?", "", column)
        forms.append(_Parts((events, f"{rest} total".strip()), _groups(_FRACTION)))
        percent = _PERCENT if "%" in column else _SIGNED
        forms.append(_Parts((events, f"{rest} percent".strip()), _groups(percent)))
    if usual and (level or _is_effect(base) or re.search(r"\b(?:CI|confidence)\b", column, re.IGNORECASE)):
        limits = ("CI lower", "CI upper") if not base or _is_effect(base) else (f"{base} lower", f"{base} upper")
        forms.append(_Parts((base or "effect", *limits), _groups(_INTERVAL)))
        forms.append(_Parts(limits, _groups(_LIMITS)))
    if re.search(r"\bmean\b|\bM\b", column, re.IGNORECASE) and re.search(r"\bSD\b|std", column, re.IGNORECASE):
        rest = without_quantity(re.sub(r"\bSD\b|\bstd\b|\bM\b", " ", column, flags=re.IGNORECASE))
        forms.append(_Parts((f"{rest} mean".strip(), f"{rest} SD".strip()), _groups(_SPREAD)))
    return forms


def _is_effect(name: str) -> bool:
    """Return whether a name is that of an effect, whose limits are those of its interval."""
    reading = read_name(name)
    return reading is not None and reading.role == "yi"


def _groups(form: re.Pattern[str]) -> Callable[[str], tuple[str, ...] | None]:
    def read(cell: str) -> tuple[str, ...] | None:
        found = form.fullmatch(cell)
        return tuple(text.replace("−", "-") for text in found.groups() if text is not None) if found else None

    return read
