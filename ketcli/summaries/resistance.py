"""What treatment resistance is: entry rules of trials, staging, how common it is, what usual steps achieve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ketcli.report import Column, Display, Note, Report, Row, Value
from ketcli.summaries.background import pages_of
from ketcli.summaries.columns import columns

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence

_NOT_STATED = "not stated in the text seen"


def trd(evidence: Evidence) -> Report:
    """Return how common resistance is under which definition, and what conventional steps achieve."""
    rows: list[Row] = [*_entry_rules(evidence), *(_staging(row) for row in evidence.rows("staging"))]
    rows += [_prevalence(row) for row in evidence.rows("prevalence")]
    rows += [_conventional(row) for row in evidence.rows("conventional")]
    return Report(
        title="Treatment-resistant depression: definition, how common, and what conventional treatment achieves",
        columns=(
            *columns("kind"),
            Column("item", "What", "text"),
            Column("treatment", "Treatment", "text"),
            *columns("outcome", "measure"),
            Column("value", "Value", "number", "", "percent, odds ratio or count, as `measure` says"),
            Column("low", "Low", "number"),
            Column("high", "High", "number", "", "range as printed; an interval only for odds ratios"),
            *columns("events", "total"),
            Column("among", "Among whom", "text", "", "denominator in words"),
            Column("definition", "Definition", "text"),
            Column("country", "Country", "text"),
            *columns("year"),
            Column("notes", "Notes", "text"),
            *columns("source_url"),
        ),
        rows=tuple(rows),
        displays=(
            Display("What", "text", ("what",)),
            Display("Outcome", "text", ("outcome",), rank=2),
            Display("Value", "text", ("shown",), align="right"),
            Display("n", "integer", ("total",), rank=3, align="right"),
            Display("Among whom / definition", "text", ("words",)),
            Display("Notes", "text", ("notes",), rank=4),
        ),
        notes=_trd_notes(rows),
        sources=pages_of(rows, "item"),
        group_by=("block",),
        heading=("block",),
        empty="These data say nothing of what resistance is or how common.",
        data_version=evidence.version,
    )


def _trd_notes(rows: list[Row]) -> tuple[Note, ...]:
    """Return what to know of the kinds of rows that are shown."""
    told = {
        "definition": Note(
            "about",
            "Common rule: no adequate benefit from two or more antidepressants of adequate dose and duration "
            "in the current episode. Trials differ in what they count as adequate.",
        ),
        "prevalence": Note(
            "caution",
            "Prevalence depends on definition and denominator: strict claims definitions give about 6 %, "
            "models and specialist clinics about 30 %. They do not contradict each other; they count other "
            "people.",
        ),
        "conventional": Note(
            "caution",
            "STAR*D percentages are open label, without placebo, and of those who entered each step; the "
            "cumulative 67 % assumes that nobody left, and a re-analysis by the protocol's own criteria gives "
            "35 %, which the investigators dispute. None is comparable like for like with a ketamine trial.",
        ),
    }
    kinds = {row["kind"] for row in rows}
    return tuple(note for kind, note in told.items() if kind in kinds)


def _entry_rules(evidence: Evidence) -> list[Row]:
    """Return how many studies of resistant depression asked for how many failed drugs."""
    counts: dict[str, int] = {}
    for study in evidence.rows("studies"):
        if study["population"] in ("trd-mdd", "mixed-trd") and study["design"] not in ("pooled", "review", "label"):
            failures = study["trd_min_failures"]
            name = _NOT_STATED if failures is None else f"{failures:g} or more"
            counts[name] = counts.get(name, 0) + 1
    if set(counts) <= {_NOT_STATED}:
        return []
    total = sum(counts.values())
    return [
        {
            "kind": "definition",
            "block": "Failed antidepressants required at entry, studies of this dataset",
            "item": f"{name} failed antidepressants" if name[0].isdigit() else name,
            "what": f"{name} failed antidepressants" if name[0].isdigit() else name,
            "value": float(n),
            "shown": f"{n} of {total}",
            "measure": "studies",
            "events": n,
            "total": total,
        }
        for name, n in sorted(counts.items())
    ]


def _staging(row: Row) -> Row:
    return {
        "kind": "staging",
        "block": "Methods that grade resistance further",
        "item": row["method"],
        "what": row["method"],
        "measure": "stages",
        "definition": row["counts"],
        "shown": row["stages"],
        "words": f"{row['counts']}; {row['validation']}",
        "notes": "; ".join(part for part in (str(row["validation"]), str(row["notes"])) if part),
        "source_url": row["source_url"],
    }


def _prevalence(row: Row) -> Row:
    return {
        "kind": "prevalence",
        "block": "How common resistance is",
        "item": row["label"],
        "what": row["label"],
        "measure": "percent",
        "value": row["estimate_percent"],
        "low": row["low"],
        "high": row["high"],
        "shown": _percent(row["estimate_percent"], row["low"], row["high"]),
        "total": row["n"],
        "among": row["denominator"],
        "definition": row["definition"],
        "words": f"{row['denominator']}; {row['definition']}",
        "country": row["country"],
        "year": row["year"],
        "notes": row["notes"],
        "source_url": row["source_url"],
    }


def _conventional(row: Row) -> Row:
    ratio = row["measure"] == "or"
    value = row["estimate"] if ratio else row["percent"]
    if row["measure"] == "count":
        shown = ""
    elif ratio:
        shown = f"OR {value:g} ({row['ci_low']:g}–{row['ci_high']:g})"
    else:
        shown = _percent(value, None, None)
    return {
        "kind": "conventional",
        "block": "What conventional treatment achieves",
        "item": row["label"],
        "what": f"{row['label']}: {row['treatment']}",
        "treatment": row["treatment"],
        "outcome": row["outcome"],
        "measure": row["measure"],
        "value": value,
        "low": row["ci_low"],
        "high": row["ci_high"],
        "shown": shown,
        "events": row["events"],
        "total": row["total"],
        "words": row["notes"],
        "notes": row["notes"],
        "source_url": row["source_url"],
    }


def _percent(value: Value, low: Value, high: Value) -> str:
    if value is not None:
        return f"{value:g} %"
    return f"{low:g}–{high:g} %" if low is not None and high is not None else ""
