"""How much single studies matter: each left out in turn, one after another, and diagnostics of influence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ketcli.owndata.read import is_missing, is_number, read_number
from ketcli.report import Note, Value
from ketcli.summaries.pool.job import Job, Part
from ketcli.summaries.pool.models import Line, fit
from ketcli.summaries.pool.rows import Fields, pooled_row
from ketcli.summaries.pooling import finite

DIAGNOSTICS = {
    "rstudent": "rstudent",
    "dffits": "dffits",
    "cook": "cook",
    "cov_ratio": "cov_ratio",
    "hat": "hat",
    "tau2_deleted": "tau2_deleted",
    "q_deleted": "qe_deleted",
}


def leave_one_out(job: Job) -> Part:
    """Return the pooled line without each study in turn (each cluster, where rows are clustered)."""
    sample = job.sample
    units = _units(job)
    if len(units) < 2:
        return Part(notes=(Note("caution", "One study: none can be left out."),))
    rows: list[Fields] = []
    for name, out in units.items():
        line = fit(sample.take(~out), job.plan)
        first = int(np.argmax(out))
        rows.append(_row(job, line, "leave-one-out", f"without {name}", first, "Leaving one study out"))
    return Part(tuple(rows), (_extremes(rows),))


def _units(job: Job) -> dict[str, NDArray[np.bool_]]:
    """Return what can be left out, by name: trials that the answer rests on, or whole clusters."""
    sample, counted = job.sample, _takes_part(job)
    if sample.cluster is not None:
        labels = np.array(sample.cluster)
        kind = f"{job.table.cluster} " if job.table.cluster else ""
        return {f"{kind}{label}": labels == label for label in dict.fromkeys(labels[counted].tolist())}
    everyone = np.arange(sample.k)
    return {f"{sample.trials[i].label}{_again(job, i)}": everyone == i for i in np.flatnonzero(counted).tolist()}


def _again(job: Job, i: int) -> str:
    """Return the line of a trial in brackets when another has the same name."""
    labels = [trial.label for trial in job.sample.trials]
    return f" (line {job.sample.trials[i].line})" if labels.count(labels[i]) > 1 else ""


def cumulative(job: Job) -> Part:
    """Return the pooled line of the first study, the first two, and so on, in the order of a column.

    Numbers go by size, words by the alphabet, ties as they stand; rows without a value come last.
    """
    sample, column = job.sample, job.table.order
    cells = [trial.texts[column] for trial in sample.trials]
    order = [i for i in _order(cells) if _takes_part(job)[i]]
    rows: list[Fields] = []
    for n in range(1, len(order) + 1):
        line = fit(sample.take(order[:n]), job.plan)
        last = order[n - 1]
        label = f"+ {sample.trials[last].label}"
        if not label.endswith(cells[last]):
            label += f" ({cells[last] or 'no ' + column})"
        rows.append(_row(job, line, "cumulative", label, last, f"One study after another, by {column}"))
    return Part(tuple(rows), (Note("method", f"One study after another by {column}: the model of the answer."),))


def influence(job: Job) -> tuple[dict[int, dict[str, Value]], Part]:
    """Return diagnostics by line of the file, and what is said of them; by inverse variance whatever the model."""
    from ketcli.stats.influence import baujat
    from ketcli.stats.influence import influence as diagnose

    sample, plan = job.sample, job.plan
    used = sample.present
    if used.sum() < 3:
        return {}, Part(notes=(Note("caution", "Influence needs at least three studies with an effect."),))
    yi, vi = sample.yi[used], sample.vi[used]
    method = "CE" if plan.model in ("common", "mh", "peto") else plan.tau2
    found = diagnose(yi, vi, tau2=method)
    x, y = baujat(yi, vi, tau2="CE")
    lines = [trial.line for trial, here in zip(sample.trials, used, strict=True) if here]
    values: dict[int, dict[str, Value]] = {}
    for i, line in enumerate(lines):
        numbers = {name: finite(float(getattr(found, source)[i])) for name, source in DIAGNOSTICS.items()}
        flagged = bool(found.influential[i])
        values[line] = {
            **numbers,
            "influential": flagged,
            "influence_mark": "yes" if flagged else "",
            "baujat_x": finite(float(x[i])),
            "baujat_y": finite(float(y[i])),
        }
    names = [t.label for t in sample.trials if values.get(t.line, {}).get("influential")]
    said = f"Influential: {', '.join(names)}." if names else "No study crosses a limit of influence."
    model = "the common effect" if method == "CE" else f"random effects, τ² by {method}, normal test"
    model += ", as if rows were independent" if sample.cluster is not None else ""
    text = (
        f"{said} Diagnostics by inverse variance ({model}); limits: |DFFITS| > 3 sqrt(1/(k-1)), Cook's D above the "
        "median of chi-square, hat > 3/k, |DFBETAS| > 1 (Viechtbauer & Cheung 2010)."
    )
    return values, Part(notes=(Note("method", text), *(Note("method", n) for n in found.notes)))


def _takes_part(job: Job) -> NDArray[np.bool_]:
    """Return which trials the answer rests on: those of weight, or with an effect."""
    if job.line is None:
        return job.sample.present
    return np.asarray(job.line.pooled.weights != 0.0)


def _order(cells: Sequence[str]) -> list[int]:
    """Return the places of the cells in order: numbers by size, or else words by the alphabet, missing last."""
    known = [i for i, cell in enumerate(cells) if not is_missing(cell)]
    if all(is_number(cells[i]) for i in known):
        known.sort(key=lambda i: read_number(cells[i]) or 0.0)
    else:
        known.sort(key=lambda i: cells[i].casefold())
    return [*known, *(i for i, cell in enumerate(cells) if is_missing(cell))]


def _row(job: Job, line: Line | None, kind: str, label: str, i: int, block: str) -> Fields:
    trial = job.sample.trials[i]
    here: Fields = {"block": block, "line": trial.line, "study": trial.study}
    if line is None:
        return {"kind": kind, "label": label, "form": job.shape, **here}
    row = pooled_row(line, job.plan, job.shape, kind, label)
    return row | here | {"tau2_shown": row["tau2"], "i2_shown": row["i2"]}


def _extremes(rows: Sequence[Fields]) -> Note:
    """Return between which values the estimate moves."""
    known = [row for row in rows if isinstance(row.get("estimate"), float)]
    if not known:
        return Note("caution", "No estimate is left without one of the studies.")
    low = min(known, key=lambda row: float(row["estimate"]))  # type: ignore[arg-type]
    high = max(known, key=lambda row: float(row["estimate"]))  # type: ignore[arg-type]
    from ketcli.wording import UNICODE, effect

    def told(row: Fields) -> str:
        return f"{effect([row['form'], row['estimate'], row['ci_low'], row['ci_high']], UNICODE)} {row['label']}"

    return Note("method", f"Leaving one study out: from {told(low)} to {told(high)}.")
