"""Two-by-two tables as R's metafor takes them: ai, bi of n1i in the treated arm, ci, di of n2i in the control."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from ketcli.evidence.cells import Value
from ketcli.evidence.writing import cell_text
from ketcli.exports.comparisons import Comparisons
from ketcli.render.delimited import field

if TYPE_CHECKING:
    from ketcli.selection.arm_pairs import Comparison

COLUMNS = (
    *("study", "year", "outcome", "treatment", "control", "regimen", "time_days", "scale", "analysis_set"),
    *("ai", "bi", "n1i", "ci", "di", "n2i", "study_id", "source_url"),
)
NOTE = "In R: escalc(measure = 'RR', ai = ai, bi = bi, ci = ci, di = di, data = read.csv(FILE), slab = study)."


def render(chosen: Comparisons) -> str:
    """Return the comparisons of counts as CSV."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for pair in chosen.counts:
        row = _row(pair)
        writer.writerow([_cell(row[column]) for column in COLUMNS])
    return buffer.getvalue()


def _row(pair: Comparison) -> dict[str, Value]:
    treated, control = pair.first, pair.second
    a, n1 = treated.events or 0, treated.total or 0
    c, n2 = control.events or 0, control.total or 0
    return {
        "study": treated.label,
        "year": treated.year,
        "outcome": treated.outcome,
        "treatment": pair.first_is,
        "control": pair.second_is,
        "regimen": pair.regimen,
        "time_days": treated.time_days,
        "scale": treated.scale,
        "analysis_set": treated.analysis_set,
        **{"ai": a, "bi": n1 - a, "n1i": n1, "ci": c, "di": n2 - c, "n2i": n2},
        "study_id": treated.study_id,
        "source_url": treated.source_url,
    }


def _cell(value: Value) -> str:
    return field(value) if isinstance(value, str) else cell_text(value)
