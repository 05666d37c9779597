"""Two-by-two tables as R's metafor takes them: ai, bi of n1i in the treated arm, ci, di of n2i in the control."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from typing import TYPE_CHECKING

from ketcli.evidence.cells import Value
from ketcli.evidence.writing import cell_text
from ketcli.exports.comparisons import Comparisons
from ketcli.render.delimited import field
from ketcli.summaries.compare.rows import title

if TYPE_CHECKING:
    from ketcli.selection.arm_pairs import Comparison

COLUMNS = (
    *("study", "year", "outcome", "treatment", "control", "regimen", "time_days", "scale", "analysis_set"),
    *("ai", "bi", "n1i", "ci", "di", "n2i", "study_id", "source_url", "new_antidepressant", "pool"),
)
NOTE = (
    "In R: escalc(measure = 'RR', ai = ai, bi = bi, ci = ci, di = di, data = read.csv(FILE), slab = study, "
    "subset = pool == POOL), then rma(yi, vi, data = ..., test = 'adhoc'): the line of ket compare."
)


def render(chosen: Comparisons) -> str:
    """Return the comparisons of counts as CSV; `pool` names the line of `ket compare` that a row belongs to."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    pools: dict[object, list[Comparison]] = defaultdict(list)
    for pair in chosen.counts:
        pools[pair.pool].append(pair)
    for pair in chosen.counts:
        row = _row(pair) | {"pool": title(pools[pair.pool])}
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
        "new_antidepressant": int(pair.new_antidepressant),
    }


def _cell(value: Value) -> str:
    return field(value) if isinstance(value, str) else cell_text(value)
