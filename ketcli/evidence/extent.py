"""Where the table lies in somebody's own sheet: under titles, above footnotes, with headings on one line or two."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from ketcli.evidence.cells import shown
from ketcli.evidence.grid import Grid, Record, assemble
from ketcli.evidence.intake import ROWS, too_many_rows

SEARCHED = 20  # lines among which the header is looked for
_NUMBER = re.compile(r"[^A-Za-z]*[0-9][^A-Za-z]*")
# how a footnote begins, or what it holds and the name of a study does not
_FOOTNOTE = re.compile(
    r"(?:[*†‡§¶#^(\[]|[a-z0-9]\)|notes?\b|source\b|abbreviations?\b).*|.*[=:].*|.{60,}", re.I | re.S
)
ROW_NAMES = "row name"


def own_grid(records: Iterable[Record], name: str, means: Callable[[str], bool], notes: Iterable[str] = ()) -> Grid:
    """Return the table in a sheet; `means` tells whether a cell could be the name of a column.

    Titles above the header, a line of units below it and footnotes under the table are left out, a heading over
    several columns goes before their names, and a first column without a name is row numbers or names; every such
    step is in the notes. Raises InputError as `assemble` does.
    """
    rows, blank = _held(records, name)
    first, header, last = _header(rows, means)
    said = []
    if above := [line for line, row in rows[:first] if any(map(str.strip, row))]:
        said.append(f"{name}: {_lines(above)} above the header left out")
    if last > first:
        said.append(f"{name}: the names of columns are on two lines: {', '.join(map(shown, filter(None, header)))}")
    body = rows[last + 1 :]
    units = next((i for i, (_, row) in enumerate(body) if any(row)), None)
    if units is not None and header[0] and _is_units(body[units][1]):
        said.append(f"{name}: line {body[units][0]}, units below the header, left out")
        del body[units]
    body, under = _without_footnotes(body, len(header))
    if under:
        quoted = shown(under[0][1][0].strip(), 40)
        said.append(f"{name}: {_lines([line for line, _ in under])} under the table left out: {quoted}")
    again = {line for line, row in body if len(header) > 1 and row[:1] and _is_header(row, header)}
    if again:
        said.append(f"{name}: {_lines(sorted(again))}, the header once more, left out")
    body = [(line, _cut(row, len(header))) for line, row in body if line not in again and any(row)]
    if blank:
        said.append(f"{name}: {blank} row{'s' * (blank != 1)} without any value left out")
    header, body, named = _row_names(header, body, name)
    line = rows[last][0] if rows else 1
    return assemble(_chained(line, header, body), name, (), (*notes, *said, *named))


def _held(records: Iterable[Record], name: str) -> tuple[list[Record], int]:
    """Return the rows, of blank ones in a row the first alone, and how many blank ones have cells.

    Raises InputError `too-large` as soon as there are more than a table may have.
    """
    rows: list[Record] = []
    blank = held = 0
    for line, row in records:
        if any(map(str.strip, row)):
            held += 1
            if held > ROWS + SEARCHED:
                raise too_many_rows(name)
            rows.append((line, row))
            continue
        blank += bool(row)
        if rows and any(rows[-1][1]):
            rows.append((line, []))
    return rows, blank


def _chained(line: int, header: list[str], body: list[Record]) -> Iterator[Record]:
    yield from chain([(line, header)], body)


def _lines(lines: Sequence[int]) -> str:
    """Return lines in words: line 3, lines 3 to 5, lines 3, 7."""
    if lines[-1] - lines[0] == len(lines) - 1 and len(lines) > 1:
        return f"lines {lines[0]} to {lines[-1]}"
    return f"line{'s' * (len(lines) > 1)} {', '.join(map(str, lines))}"


def _header(rows: Sequence[Record], means: Callable[[str], bool]) -> tuple[int, list[str], int]:
    """Return the place of the header, the names it gives, and the place of its last line."""
    scores = [_score(row, means) for _, row in rows[:SEARCHED]]
    place = 0
    if scores and scores[0] < 2:
        better = (i for i, s in enumerate(scores) if s > max(1, scores[0]) and not _has_number(rows[i][1]))
        place = next(better, 0)
    names = [cell.strip() for cell in rows[place][1]] if rows else []
    above = rows[place - 1][1] if place else []
    if names and not names[0] and sum(bool(cell.strip()) for cell in above) > 1 and not _has_number(above):
        return place - 1, _joined(above, names), place
    below = rows[place + 1][1] if place + 1 < len(rows) else []
    gaps = [i for i, cell in enumerate(below) if cell.strip() and (i >= len(names) or not names[i])]
    if gaps and names[0] and not below[0].strip() and not _has_number(below):
        return place, _joined(names, [cell.strip() for cell in below]), place + 1
    return place, names, place


def _score(row: Sequence[str], means: Callable[[str], bool]) -> int:
    return len({cell.strip() for cell in row if cell.strip() and means(cell)})


def _has_number(row: Sequence[str]) -> bool:
    return any(_NUMBER.fullmatch(cell.strip()) for cell in row)


def _joined(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """Return names of two lines as one: an upper one holds for the columns to its right up to the next."""
    names, heading = [], ""
    for place in range(max(len(upper), len(lower))):
        own = upper[place].strip() if place < len(upper) else ""
        under = lower[place] if place < len(lower) else ""
        heading = own or (heading if under else "")
        names.append(f"{heading} {under}".strip())
    return names


def _is_units(row: Sequence[str]) -> bool:
    """Return whether a row names no study and holds no number: units, or explanations of the columns."""
    return not row[0].strip() and any(cell.strip() for cell in row) and not any(map(_DIGIT.search, row))


_DIGIT = re.compile(r"\d")


def _without_footnotes(body: list[Record], width: int) -> tuple[list[Record], list[Record]]:
    """Return the rows of the table and the footnotes under it: rows of one cell that no study is called by."""
    end = len(body)
    under: list[Record] = []
    while width > 1 and end:
        row = body[end - 1][1]
        filled = [i for i, cell in enumerate(row) if cell.strip()]
        apart = end > 1 and not any(map(str.strip, body[end - 2][1]))
        if filled and (filled != [0] or not (_FOOTNOTE.fullmatch(row[0].strip()) or apart)):
            break
        if filled:
            under.insert(0, body[end - 1])
        end -= 1
    return (body[:end], under) if under else (body, [])


def _is_header(row: Sequence[str], header: Sequence[str]) -> bool:
    return row[0].strip() == header[0] and [cell.strip() for cell in row] == header


def _cut(row: list[str], width: int) -> list[str]:
    """Return a row without empty cells beyond the header."""
    return row[:width] if len(row) > width and not any(map(str.strip, row[width:])) else row


def _row_names(header: list[str], body: list[Record], name: str) -> tuple[list[str], list[Record], list[str]]:
    """Settle a first column without a name, as R writes its row numbers or row names."""
    whole = [row for _, row in body if len(row) == len(header)]
    cells = [row[0].strip() for row in whole if any(row)]
    if len(header) < 2 or header[0] or not any(cells):
        return header, body, []
    if all(cell.isdecimal() or not cell for cell in cells):
        kept = [(line, row[1:] if len(row) == len(header) else row) for line, row in body]
        return header[1:], kept, [f"{name}: the first column, row numbers without a name, left out"]
    return [ROW_NAMES, *header[1:]], body, [f"{name}: the first column has no name: {ROW_NAMES!r} here"]
