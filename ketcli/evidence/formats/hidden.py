"""Rows and columns that a workbook does not show: they are read like the rest, so a reader has to be told."""

from __future__ import annotations

import io
import re
import zipfile
from contextlib import suppress
from xml.etree import ElementTree

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_TAG = re.compile(rb"<(?:\w+:)?(row|col)\s[^>]*>")
_HIDDEN = re.compile(rb"\shidden=[\"'](?:1|true)[\"']")
_NUMBER = re.compile(rb"\s(?:r|min)=[\"'](\d+)[\"']")


def hidden_note(content: bytes, name: str, sheet: str, lines: range, width: int) -> tuple[str, ...]:
    """Return the note on hidden rows among `lines` or columns up to `width` of a sheet; () when there are none.

    A workbook of a make in which the sheet is not found has nothing said of it.
    """
    with suppress(KeyError, StopIteration, ElementTree.ParseError):
        tags = [tag for tag in _TAG.finditer(_markup(content, sheet)) if _HIDDEN.search(tag[0])]
        numbers = [(tag[1], int(found[1])) for tag in tags if (found := _NUMBER.search(tag[0]))]
        rows = [number for kind, number in numbers if kind == b"row" and number in lines]
        if rows:
            them = f"row {rows[0]} is" if len(rows) == 1 else f"{len(rows)} rows ({_spans(rows)}) are"
            return (f"{name}: {them} hidden in the sheet and read like the others",)
        if any(kind == b"col" and number <= width for kind, number in numbers):
            return (f"{name}: columns hidden in the sheet are read like the others",)
    return ()


def _markup(content: bytes, sheet: str) -> bytes:
    """Return the markup of a sheet: the workbook names its link, the list of links its file."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    link = next(s.get(_LINK) for s in book.iter(f"{_MAIN}sheet") if s.get("name") == sheet)
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    target = next(str(r.get("Target")) for r in links if r.get("Id") == link)
    return archive.read(target.lstrip("/") if target.startswith("/") else f"xl/{target}")


def _spans(rows: list[int]) -> str:
    """Return row numbers as people write them, the first few: 4-6, 9."""
    spans: list[list[int]] = []
    for row in rows:
        if spans and row == spans[-1][1] + 1:
            spans[-1][1] = row
        else:
            spans.append([row, row])
    told = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans[:4])
    return told + (" ..." if len(spans) > 4 else "")
