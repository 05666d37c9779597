"""Tables that tests pool: the worked examples of tests/reference, and small ones written on the spot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ketcli.report import Report
from ketcli.summaries.pool import pool
from ketcli.summaries.pool.request import from_options
from tests.reference import pinned

_ROLES = {
    "events1": "events",
    "total1": "total",
    "events2": "control_events",
    "total2": "control_total",
    "events": "events",
    "total": "total",
    "m1": "mean",
    "sd1": "sd",
    "n1": "total",
    "m2": "control_mean",
    "sd2": "control_sd",
    "n2": "control_total",
    "m_post": "mean",
    "m_pre": "pre_mean",
    "sd_post": "sd",
    "sd_pre": "pre_sd",
    "n": "total",
    "r": "r",
    "yi": "yi",
    "vi": "vi",
}


def example(name: str, **options: Any) -> Report:
    """Return the report on a worked example, its columns named as the pinned numbers say."""
    content = (pinned.HERE / "data" / f"{name}.csv").read_bytes()
    columns = {_ROLES[role]: c for role, c in pinned.load(name)["columns"].items() if role in _ROLES}
    request, wanted, extras = from_options({**columns, **options})
    return pool(content, f"{name}.csv", request, wanted, extras)


def table(*lines: str, **options: Any) -> Report:
    """Return the report on a CSV of these lines."""
    request, wanted, extras = from_options(options)
    return pool(("\n".join(lines) + "\n").encode(), "my.csv", request, wanted, extras)


def rows(report: Report, kind: str) -> list[dict[str, Any]]:
    """Return the rows of one kind."""
    return [dict(row) for row in report.rows if row["kind"] == kind]


def only(report: Report, kind: str) -> dict[str, Any]:
    """Return the one row of a kind."""
    (row,) = rows(report, kind)
    return row


def said(report: Report) -> str:
    """Return all notes of a report, one per line."""
    return "\n".join(note.text for note in report.notes)


def numbers(found: Sequence[dict[str, Any]], name: str) -> list[float]:
    """Return a column of rows, those without it left out."""
    return [row[name] for row in found if row.get(name) is not None]
