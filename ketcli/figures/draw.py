"""From a report to the bytes of a picture: which picture it is, its small print, and matplotlib only now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ketcli import __version__
from ketcli.errors import KetError, UsageError
from ketcli.figures.data.diagnostics import baujat, drapery, labbe
from ketcli.figures.data.factors import bubbles, families
from ketcli.figures.data.forest import dots, forest, signs
from ketcli.figures.data.funnel import funnels
from ketcli.figures.data.timeline import courses
from ketcli.figures.view import as_forest, not_drawn
from ketcli.render.links import page_text
from ketcli.report import Report
from ketcli.wording import one_line

if TYPE_CHECKING:
    from ketcli.figures.drawing.canvas import Page
    from ketcli.figures.drawing.page import Section

# More pages than these are counted under a picture instead of listed, unless asked for.
MOST_SOURCES = 12


def draw(report: Report, form: str, *, with_sources: bool = False, signed: bool = True) -> bytes:
    """Return the report's picture as svg, png or pdf; `signed` by the versions of data and program.

    Raises KetError when matplotlib is not installed, UsageError when the report has nothing to draw.
    """
    try:
        from ketcli.figures.drawing.canvas import settled
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "matplotlib":
            raise
        raise KetError(
            "pictures need matplotlib, which is not installed",
            code="no-matplotlib",
            hint="pip install 'ketcli[figures]'",
        ) from error
    with settled():
        return page_of(report, with_sources=with_sources, signed=signed).saved(form)


def page_of(report: Report, *, with_sources: bool = False, signed: bool = True) -> Page:
    """Return the drawn page of a report's picture; an answer without rows is its sentence."""
    from ketcli.figures.drawing.page import compose, sentence

    small_print = footnotes(report, with_sources=with_sources, signed=signed)
    sections, said = _parts(report) if report.rows or report.icons else ([sentence(one_line(report.empty))], [])
    return compose(one_line(report.title), sections, (*said, *small_print))


def _parts(report: Report) -> tuple[list[Section], list[str]]:
    """Return the sections of the picture, and what must be said of it before the notes."""
    match report.picture:
        case "funnel":
            from ketcli.figures.drawing import funnel

            return funnel.sections(funnels(report)), []
        case "timeline":
            from ketcli.figures.drawing import timeline

            panels, single = courses(report)
            lacking = f"Not drawn, for they have a single time: {'; '.join(single)}." if single else ""
            return timeline.sections(panels), [lacking]
        case "baujat" | "labbe":
            from ketcli.figures.drawing import diagnostics

            return diagnostics.scatter(baujat(report) if report.picture == "baujat" else labbe(report)), []
        case "drapery":
            from ketcli.figures.drawing import diagnostics

            return diagnostics.drapery(drapery(report)), []
        case "icons":
            from ketcli.figures.drawing import icons

            return icons.sections(report.icons), []
        case "bubble":
            return _factors(report)
        case picture:
            from ketcli.figures.drawing.forest import section

            plot = dots(report) if picture == "dots" else forest(report)
            missing = 0 if picture == "dots" else len(report.rows) - len(as_forest(report).rows)
            return [section(plot)], [signs([plot]), not_drawn(missing)]


def _factors(report: Report) -> tuple[list[Section], list[str]]:
    """Return effects inside studies as forests, one per axis, and slopes between studies as bubbles."""
    from ketcli.figures.drawing import bubble
    from ketcli.figures.drawing.forest import section

    parts, missing = families(report)
    plots = [forest(part) for part in parts]
    slopes = bubbles(report)
    least = max((section(plot).width for plot in plots), default=0.0)
    sections = [section(plot, least) for plot in plots] + (bubble.sections(slopes) if slopes else [])
    if not sections:
        raise UsageError("none of these rows has an estimate to draw", code="no-picture", hint="look at the table")
    return sections, [signs(plots), not_drawn(missing)]


def footnotes(report: Report, *, with_sources: bool = False, signed: bool = True) -> tuple[str, ...]:
    """Return the small print: facts, notes, sources, and which data and program made the picture."""
    notes = [f"{one_line(fact.label)}: {one_line(fact.text)}" for fact in report.facts]
    notes += [one_line(note.text) for note in report.notes]
    told = [s for s in report.sources if with_sources or one_line(s.url)]
    if told and (with_sources or len(told) <= MOST_SOURCES):
        pages = "; ".join(f"{one_line(s.label)}: {page_text(s.url)}" for s in told)
        notes.append(f"Sources: {pages}.")
    elif told:
        notes.append(f"Sources: {len(told)} pages; --sources lists them.")
    if not signed:
        return tuple(notes)
    version = f"Data version {report.data_version}; " if report.data_version else ""
    return (*notes, f"{version}ket {__version__}.")
