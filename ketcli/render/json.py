"""JSON and newline-delimited JSON: one object with columns, rows and notes, or one object per row."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from ketcli import __version__
from ketcli.report import Report, Row, Value

# legal inside JSON strings, yet able to move a terminal's cursor or reorder text; written as escapes instead
_RISKY = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def render(report: Report) -> str:
    """Return `{title, columns, rows, notes, facts, sources, data_version, ket_version}`; NaN is null."""
    document = {
        "title": report.title,
        "columns": [
            {"name": c.name, "label": c.label, "unit": c.unit, "kind": c.kind, "description": c.description}
            for c in report.columns
        ],
        "rows": [_row(report, row) for row in report.rows],
        "notes": [{"kind": note.kind, "text": note.text} for note in report.notes],
        "facts": [{"label": fact.label, "text": fact.text} for fact in report.facts],
        "sources": [{"study_id": s.study_id, "label": s.label, "url": s.url} for s in report.sources],
        "data_version": report.data_version,
        "ket_version": __version__,
    }
    return dumps(document, indent=1) + "\n"


def render_lines(report: Report) -> str:
    """Return one JSON object per row and line."""
    return "".join(dumps(_row(report, row)) + "\n" for row in report.rows)


def dumps(value: Any, indent: int | None = None) -> str:
    """Return JSON text that is valid, readable and safe to print on a terminal."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    return _RISKY.sub(lambda m: f"\\u{ord(m[0]):04x}", text)


def _row(report: Report, row: Row) -> dict[str, Value]:
    return {column.name: _plain(row.get(column.name)) for column in report.columns}


def _plain(value: Value) -> Value:
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value
