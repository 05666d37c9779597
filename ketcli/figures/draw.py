"""From a report to the bytes of a picture: which picture it is, its small print, and matplotlib only now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ketcli import __version__
from ketcli.errors import KetError, UsageError
from ketcli.figures.diagnostics_data import baujat, drapery, labbe
from ketcli.figures.factors_data import bubbles, families
from ketcli.figures.forest_data import dots, forest, signs
from ketcli.figures.funnel_data import funnels
from ketcli.figures.timeline_data import courses
from ketcli.report import Report
from ketcli.wording import one_line

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
    from ketcli.figures.page import compose, sentence

    notes = footnotes(report, with_sources=with_sources)
    title = one_line(report.title)
    if not report.rows and not report.icons:
        return compose(title, [sentence(one_line(report.empty))], notes)
    match report.picture:
        case "funnel":
            from ketcli.figures import funnel

            return compose(title, funnel.sections(funnels(report)), notes)
        case "timeline":
            from ketcli.figures import timeline

            panels, single = courses(report)
            lacking = f"Not drawn, for they have a single time: {'; '.join(single)}." if single else ""
            return compose(title, timeline.sections(panels), (lacking, *notes))
        case "baujat" | "labbe":
            from ketcli.figures import diagnostics

            points = baujat(report) if report.picture == "baujat" else labbe(report)
            return compose(title, diagnostics.scatter(points), notes)
        case "drapery":
            from ketcli.figures import diagnostics

            return compose(title, diagnostics.drapery(drapery(report)), notes)
        case "bubble":
            return _factors(report, title, notes)
        case "icons":
            from ketcli.figures import icons

            return compose(title, icons.sections(report.icons), notes)
        case picture:
            from ketcli.figures import forest as forest_plot

            plot = dots(report) if picture == "dots" else forest(report)
            return compose(title, [forest_plot.section(plot)], (signs([plot]), *notes))


def _factors(report: Report, title: str, notes: tuple[str, ...]) -> Page:
    """Return effects inside studies as forests, one per axis, and slopes between studies as bubbles."""
    from ketcli.figures import bubble
    from ketcli.figures import forest as forest_plot
    from ketcli.figures.page import compose

    parts, lacking = families(report)
    plots = [forest(part) for part in parts]
    slopes = bubbles(report)
    least = max((forest_plot.section(plot).width for plot in plots), default=0.0)
    sections = [forest_plot.section(plot, least) for plot in plots] + (bubble.sections(slopes) if slopes else [])
    if not sections:
        raise UsageError("none of these rows has an estimate to draw", code="no-picture", hint="look at the table")
    said = f"Not drawn: {lacking} rows without an estimate and interval." if lacking else ""
    return compose(title, sections, (signs(plots), said, *notes))


def footnotes(report: Report, *, with_sources: bool = False) -> tuple[str, ...]:
    """Return the small print: facts, notes, sources, and which data and program made the picture."""
    notes = [f"{one_line(fact.label)}: {one_line(fact.text)}" for fact in report.facts]
    notes += [one_line(note.text) for note in report.notes]
    if report.sources and (with_sources or len(report.sources) <= MOST_SOURCES):
        pages = "; ".join(f"{one_line(s.label)}: {one_line(s.url)}" for s in report.sources)
        notes.append(f"Sources: {pages}.")
    elif report.sources:
        notes.append(f"Sources: {len(report.sources)} pages; --sources lists them.")
    version = f"Data version {report.data_version}; " if report.data_version else ""
    return (*notes, f"{version}ket {__version__}.")
