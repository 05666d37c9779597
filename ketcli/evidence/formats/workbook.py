"""Excel workbooks (.xlsx): one sheet as records of text, formulas by the value they last had."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Container, Iterator
from itertools import islice
from typing import Any

from ketcli.errors import InputError, UsageError, unknown_value
from ketcli.evidence import intake
from ketcli.evidence.cells import shown
from ketcli.evidence.extent import SEARCHED
from ketcli.evidence.formats.cells import as_text
from ketcli.evidence.formats.extras import need
from ketcli.evidence.formats.hidden import hidden_note
from ketcli.evidence.grid import Record

MAGIC = b"PK\x03\x04"


def is_workbook(content: bytes) -> bool:
    """Return whether bytes are a zip archive with an Excel workbook in it."""
    if not content.startswith(MAGIC):
        return False
    try:
        return "xl/workbook.xml" in zipfile.ZipFile(io.BytesIO(content)).namelist()
    except Exception:  # whatever a malformed directory of the archive leads to: it is no workbook
        return False


def table_sheets(content: bytes, name: str, known: Container[str]) -> dict[str, bytes]:
    """Return the sheets of a workbook that are called like known tables, as CSV by name; {} when there are none."""
    if not is_workbook(content):
        return {}
    openpyxl = need("openpyxl", "excel", f"reading the workbook {name}")
    try:
        titles = openpyxl.load_workbook(io.BytesIO(content), read_only=True, keep_links=False).sheetnames
    except Exception:  # the reading of a sheet says what is wrong
        return {}
    tables = {}
    for title in (title for title in titles if title in known):
        buffer = io.StringIO(newline="")
        records, _ = sheet_records(content, name, title)
        csv.writer(buffer, lineterminator="\n").writerows(row for _, row in records)
        tables[title] = buffer.getvalue().encode("utf-8")
    return tables


def sheet_records(
    content: bytes, name: str, sheet: str = "", means: Callable[[str], bool] | None = None
) -> tuple[Iterator[Record], tuple[str, ...]]:
    """Return the rows of a sheet as text with their row numbers, and what is to be said of the sheet.

    It is the sheet called `sheet`, the only one with cells, or the only one whose names of columns mean something
    (`means`). Raises InputError `missing-extra`, `too-large`, `broken-archive` and `formula-without-value`;
    UsageError `which-sheet` when several sheets could be meant, `unknown-value` for a sheet not there.
    """
    openpyxl = need("openpyxl", "excel", f"reading the workbook {name}")
    archive = zipfile.ZipFile(io.BytesIO(content))
    if sum(member.file_size for member in archive.infolist()) > 2 * intake.LIMIT:  # mostly markup
        raise intake.too_large(name)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        chosen, notes = _chosen(book, name, sheet, means)
        rows = _rows(book[chosen], name)
        formulas = _formulas(openpyxl, content, chosen)
        if rows:
            lines, width = range(rows[0][0], rows[-1][0] + 1), max(len(row) for _, row in rows)
            notes += hidden_note(content, name, chosen, lines, width)
    except (InputError, UsageError):
        raise
    except Exception as error:  # the library raises whatever a malformed part leads to
        raise InputError(
            f"{name} is a damaged workbook: {' '.join(str(error).split())}",
            code="broken-archive",
            hint="open and save it again, or as CSV",
        ) from None
    return _padded(rows, formulas, name), notes


def _padded(rows: list[Record], formulas: set[tuple[int, int]], name: str) -> Iterator[Record]:
    """Yield rows of one width; InputError for a formula never computed."""
    width = max((len(row) for _, row in rows), default=0)
    for line, row in rows:
        cells = [*row, *[""] * (width - len(row))]
        for place, cell in enumerate(cells):
            if not cell and (line, place) in formulas:
                raise _without_value(name, line, place)
        yield line, cells


def _chosen(book: Any, name: str, sheet: str, means: Callable[[str], bool] | None) -> tuple[str, tuple[str, ...]]:
    """Return the sheet to read, and a note when other sheets hold something too."""
    if sheet:
        if sheet not in book.sheetnames:
            raise unknown_value(f"sheet of {name}", sheet, book.sheetnames)
        return sheet, ()
    filled = [s.title for s in book.worksheets if any(c is not None for row in s.values for c in row)]
    if not filled:
        raise InputError(f"{name} is empty", code="empty-file", hint="a header line is the least it needs")
    tables = [title for title in filled if means and _may_be_table(book[title], means)]
    if len(filled) == 1:
        return str(filled[0]), ()
    if len(tables) == 1:
        others = ", ".join(shown(title) for title in filled if title != tables[0])
        return str(tables[0]), (f"{name}: sheet {shown(tables[0])}; no table of results: {others}",)
    raise UsageError(
        f"{name} has several sheets: {', '.join(shown(title) for title in filled)}",
        code="which-sheet",
        hint=intake.how_to_name(name, str((tables or filled)[0])),
    )


def _may_be_table(sheet: Any, means: Callable[[str], bool]) -> bool:
    """Return whether one of the first rows of a sheet names two columns that mean something, with rows below."""
    rows = [[str(c).strip() for c in row if c is not None] for row in islice(sheet.values, SEARCHED + 1)]
    named = [len({cell for cell in row if cell and means(cell)}) > 1 for row in rows]
    return any(named) and any(rows[named.index(True) + 1 :])


def _rows(sheet: Any, name: str) -> list[Record]:
    """Return the rows of a sheet from the first that is not empty, trailing empty cells cut off."""
    rows: list[Record] = []
    for line, cells in enumerate(sheet.iter_rows(), start=1):
        texts = [_cell(cell, name, line) for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        if texts or rows:
            rows.append((line, texts))
    return rows


def _cell(cell: Any, name: str, line: int) -> str:
    text = as_text(cell.value)
    if text is None:
        raise InputError(
            f"{name}:{line}: a cell holds neither text nor a number", code="binary", hint="save the sheet as CSV"
        )
    # 0.71 shown as 71 % would be read as 0.71 of a percent: the sign makes the reader of numbers ask
    if text and isinstance(cell.value, int | float) and "%" in str(getattr(cell, "number_format", "")):
        return f"{100 * cell.value:.10g}%"
    return text


def _formulas(openpyxl: Any, content: bytes, sheet: str) -> set[tuple[int, int]]:
    """Return the places (row, column from 0) of formulas, to tell a formula never computed from an empty cell."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    if not any(b"<f" in archive.read(n) for n in archive.namelist() if n.startswith("xl/worksheets/")):
        return set()
    written = openpyxl.load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
    rows = written[sheet].iter_rows()
    return {(line, place) for line, row in enumerate(rows, start=1) for place, cell in enumerate(row)
            if getattr(cell, "data_type", "") == "f"}  # fmt: skip


def _without_value(name: str, line: int, place: int) -> InputError:
    from string import ascii_uppercase

    column = ascii_uppercase[place] if place < 26 else str(place + 1)
    return InputError(
        f"{name}:{line}: column {column} is a formula whose value was not saved",
        code="formula-without-value",
        hint="open the workbook, let it compute, and save it, or write the number itself",
    )
