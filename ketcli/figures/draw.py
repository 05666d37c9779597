"""From a report to the bytes of a picture: which picture it is, its small print, and matplotlib only now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ketcli import __version__
from ketcli.errors import KetError
from ketcli.figures.forest_data import dots, forest
from ketcli.figures.funnel_data import funnels
from ketcli.render.text import one_line
from ketcli.report import Report

if TYPE_CHECKING:
    from ketcli.figures.canvas import Page

# More pages than these are counted under a picture instead of listed, unless asked for.
MOST_SOURCES = 12


def draw(report: Report, form: str, *, with_sources: bool = False) -> bytes:
    """Return the report's picture as svg, png or pdf.

    Raises KetError when matplotlib is not installed, UsageError when the report has nothing to draw.
    """
    try:
        from ketcli.figures.canvas import settled
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "matplotlib":
            raise
        raise KetError(
            "pictures need matplotlib, which is not installed",
            code="no-matplotlib",
            hint="pip install 'ketcli[figures]'",
        ) from error
    with settled():
        return page_of(report, with_sources=with_sources).saved(form)


def page_of(report: Report, *, with_sources: bool = False) -> Page:
    """Return the drawn page of a report's picture."""
    notes = footnotes(report, with_sources=with_sources)
    from ketcli.figures import forest as forest_plot
    from ketcli.figures.page import compose

    if report.picture == "funnel":
        from ketcli.figures import funnel as funnel_plot

        return compose(one_line(report.title), funnel_plot.sections(funnels(report)), notes)
    plot = dots(report) if report.picture == "dots" else forest(report)
    return compose(plot.title, [forest_plot.section(plot)], (*plot.footnotes, *notes))


def footnotes(report: Report, *, with_sources: bool = False) -> tuple[str, ...]:
    """Return the small print: notes, sources, and which data and program made the picture."""
    notes = [one_line(note.text) for note in report.notes]
    if report.sources and (with_sources or len(report.sources) <= MOST_SOURCES):
        pages = "; ".join(f"{one_line(s.label)}: {one_line(s.url)}" for s in report.sources)
        notes.append(f"Sources: {pages}.")
    elif report.sources:
        notes.append(f"Sources: {len(report.sources)} pages; --sources lists them.")
    version = f"Data version {report.data_version}; " if report.data_version else ""
    return (*notes, f"{version}ket {__version__}.")
