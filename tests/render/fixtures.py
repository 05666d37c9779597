"""A small report with everything a renderer must cope with, and terminals of any width."""

from __future__ import annotations

import io

from ketcli.report import Axis, Column, Display, Fact, Note, Report, Row, Source
from ketcli.terminal import Terminal

HOSTILE = ("[b]bold[/b] [n=20] [/b]", "1:100:2 :smile:", "\x1b[31mred\x1b[0m\x07", "a\u202eb", "<script>x</script>")


def terminal(width: int = 80, *, colour: bool = False, unicode: bool = True) -> Terminal:
    """Return a terminal of this width that nobody is looking at."""
    return Terminal(
        stdin=io.StringIO(),
        stdout=io.StringIO(),
        stderr=io.StringIO(),
        environment={},
        stdin_is_terminal=False,
        stdout_is_terminal=False,
        stderr_is_terminal=False,
        width=width,
        height=40,
        colour=colour,
        colour_stderr=False,
        unicode=unicode,
    )


def report(rows: tuple[Row, ...] | None = None) -> Report:
    """Return a report of two studies and their pooled line, or of the rows given."""
    default: tuple[Row, ...] = (
        _row("study", "Alpha 2001", 12, 17, 0.7058823529411765, 0.4687, 0.8672, 1.0),
        _row("study", "Beta 2002 with a rather long name that must wrap", 0, 10, 0.0, 0.0, 0.2775, 28.0),
        _row("pooled", "Pooled, 2 studies", 12, 27, 0.4, 0.1, 0.8, None),
    )
    return Report(
        title="Response by study",
        columns=(
            Column("kind", "Row", "code"),
            Column("label", "Study", "text"),
            Column("events", "Events", "integer", "people"),
            Column("total", "Total", "integer", "people"),
            Column("rate", "Rate", "proportion"),
            Column("ci_low", "CI low", "proportion"),
            Column("ci_high", "CI high", "proportion"),
            Column("time_days", "Time", "days", "days"),
        ),
        rows=default if rows is None else rows,
        displays=(
            Display("Study", "text", ("label",)),
            Display("n/N", "fraction", ("events", "total"), align="right"),
            Display("Rate", "percent-interval", ("rate", "ci_low", "ci_high")),
            Display("Forest", "strip", ("rate", "ci_low", "ci_high"), rank=1),
            Display("Time", "time", ("time_days",), rank=2, align="right"),
        ),
        notes=(Note("method", "Wilson intervals."), Note("caution", "Small studies.")),
        facts=(Fact("Asked", "response"),),
        sources=(Source("alpha-2001", "Alpha 2001", "https://example.org/alpha"),),
        axis=Axis("percent"),
        data_version="2026.1",
    )


def _row(
    kind: str, label: str, events: int, total: int, rate: float, low: float, high: float, days: float | None
) -> Row:
    return {
        "kind": kind,
        "label": label,
        "events": events,
        "total": total,
        "rate": rate,
        "ci_low": low,
        "ci_high": high,
        "time_days": days,
    }
