"""Pictures beside the tables of a page, where matplotlib is installed; strips and icons the page draws itself."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

from ketcli.document import Document, Entry, Picture
from ketcli.errors import KetError
from ketcli.report import Report

OWN = ("forest", "icons")


def with_pictures(document: Document) -> Document:
    """Return the document with the pictures of its reports; as it is without matplotlib."""
    if find_spec("matplotlib") is None:
        return document
    chapters = (replace(c, entries=tuple(map(_drawn, c.entries))) for c in document.chapters)
    return replace(document, chapters=tuple(chapters))


def _drawn(entry: Entry) -> Entry:
    from ketcli.figures.data.funnel import as_funnel

    report = entry.drawn or entry.report
    if report.picture in OWN or not report.rows:
        return entry
    try:
        seen = as_funnel(report) if report.picture == "funnel" else report
        return replace(entry, pictures=(_picture(seen),))
    except KetError:  # nothing in these rows can be drawn, or too few of them
        return entry


def _picture(report: Report) -> Picture:
    from ketcli.figures.draw import draw

    # what stands around the table need not stand under the picture again
    svg = draw(replace(report, facts=(), notes=(), sources=()), "svg", signed=False).decode()
    return Picture(svg, report.title)
