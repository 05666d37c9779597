"""The pictures that can be asked for by name, and what each makes of a report."""

from __future__ import annotations

from dataclasses import replace

from ketcli.errors import UsageError, unknown_value
from ketcli.figures.data.funnel import as_funnel
from ketcli.figures.view import as_forest
from ketcli.report import Note, Report

BAUJAT = "To the right: studies that make results differ. High up: studies that move the pooled estimate."
LABBE = "Above the diagonal more people have the event with treatment than with control, below it fewer."
DRAPERY = "Each curve gives the p-value of every effect; at height p lie the ends of the interval of level 1 - p."
PLOTS = ("forest", "funnel", "baujat", "labbe", "drapery", "leave-one-out")


def check(plot: str) -> None:
    """Raise UsageError for a picture that does not exist."""
    if plot not in PLOTS:
        raise unknown_value("picture", plot, PLOTS)


def see(report: Report, plot: str, measure: str = "") -> Report:
    """Return a report as the picture `plot` shows it; UsageError for an unknown one."""
    check(plot)
    match plot:
        case "forest":
            return as_forest(report, measure)
        case "funnel":
            return as_funnel(report, measure)
        case "baujat":
            return _titled(replace(report, picture="baujat"), "Baujat plot", BAUJAT)
        case "labbe":
            return _titled(replace(report, picture="labbe"), "L'Abbé plot", LABBE)
        case "drapery":
            return _titled(replace(report, picture="drapery"), "Drapery plot", DRAPERY)
        case _:
            return _left_out(report)


def _left_out(report: Report) -> Report:
    """Return the pooled line alone with those without each study in turn."""
    rows = [row for row in report.rows if row.get("kind") in ("pooled", "leave-one-out")]
    if len(rows) < 3:
        raise UsageError(
            "leaving one out needs two studies or more", code="no-picture", hint="look at the table of studies"
        )
    alone = replace(report, rows=tuple(dict(row) | {"block": ""} for row in rows))
    return _titled(as_forest(alone), "Leaving one study out", "")


def _titled(report: Report, name: str, reading: str) -> Report:
    """Return the report under the name of its picture, how to read that before its notes."""
    title = f"{name}: {report.title[:1].lower()}{report.title[1:]}"
    first = (Note("about", reading),) if reading else ()
    return replace(report, title=title, notes=(*first, *report.notes))
