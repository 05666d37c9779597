"""Monitoring facts: blood pressure, dissociation and sedation by time, observation, labels, long-term concerns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ketcli.errors import unknown_value
from ketcli.report import Column, Display, Note, Report, Row, Source
from ketcli.summaries.columns import columns
from ketcli.summaries.words import spoken

if TYPE_CHECKING:
    from ketcli.evidence.filters import Filters
    from ketcli.evidence.load import Evidence

# What a clinic plans first comes first; every topic of the table has its place.
SECTIONS = {
    "Observation and label requirements": (
        "monitoring",
        "boxed-warning",
        "rems",
        "contraindication",
        "discharge-readiness",
        "driving",
        "pregnancy",
        "hepatic",
    ),
    "Blood pressure and heart rate": ("blood-pressure", "heart-rate"),
    "Dissociation, sedation and their course": ("dissociation", "sedation", "side-effect-course"),
    "Serious events, stopping and older adults": (
        "adverse-events",
        "serious-adverse-events",
        "discontinuation",
        "likelihood",
        "older-adults",
        "worsening",
    ),
    "Suicidality and deaths": ("suicidality", "deaths"),
    "Long-term concerns": ("bladder", "cognition", "misuse"),
}
TOPICS = tuple(topic for topics in SECTIONS.values() for topic in topics)


def safety(evidence: Evidence, filters: Filters, topics: Sequence[str] = ()) -> Report:
    """Return the facts of the safety table by topic, with the drugs and routes of the study they come from."""
    present = {row["topic"] for row in evidence.rows("safety")}
    for topic in topics:
        if topic not in present:
            raise unknown_value("topic", topic, present)
    drugs, routes = _given(evidence)
    order = {topic: i for i, topic in enumerate(TOPICS)}
    rows = [
        _row(row, evidence.labels, drugs, routes)
        for row in sorted(evidence.rows("safety"), key=lambda r: order.get(r["topic"], len(order)))
        if (not topics or row["topic"] in topics) and _admitted(row["study_id"], filters, drugs, routes)
    ]
    return Report(
        title="Safety and monitoring",
        columns=(
            *columns("kind"),
            Column("topic", "Topic", "code"),
            *columns("study_id", "label", "drug", "route"),
            Column("metric", "What", "text"),
            Column("value", "Value", "number", "", "in the unit of `unit`"),
            Column("unit", "Unit", "text"),
            Column("value_text", "In words", "text"),
            Column("n", "n", "integer", "people"),
            Column("notes", "Notes", "text"),
            *columns("source_kind", "source_url", "source_where"),
        ),
        rows=tuple(rows),
        displays=(
            Display("What", "text", ("metric",)),
            Display("Value", "text", ("shown",)),
            Display("n", "integer", ("n",), rank=2, align="right"),
            Display("Study", "text", ("label",), rank=1),
            Display("Drug", "text", ("drug",), rank=3),
            Display("Route", "text", ("route",), rank=4),
            Display("Notes", "text", ("notes",), rank=5),
        ),
        notes=(
            Note(
                "about",
                "Facts that are not counts of events; ket side-effects has the counts. Label texts hold for the "
                "year of the label named and for one country: follow the current label.",
            ),
            Note(
                "caution",
                "Topics are as thin as their sources: most are of nasal esketamine, long-term bladder and "
                "cognition data are few, and the absence of a finding is not a finding of absence.",
            ),
        ),
        sources=tuple(
            dict.fromkeys(Source(str(r["study_id"]), str(r["label"]), str(r["source_url"])) for r in rows)
        ),
        group_by=("block",),
        heading=("block",),
        emphasis=frozenset(),
        empty="No fact matches.",
        data_version=evidence.version,
    )


def _given(evidence: Evidence) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return the study drugs and their routes by study; an arm that plays control gives its drug all the same."""
    drugs: dict[str, set[str]] = {}
    routes: dict[str, set[str]] = {}
    for arm in evidence.rows("arms"):
        if arm["drug"] in ("ketamine", "esketamine"):
            drugs.setdefault(arm["study_id"], set()).add(arm["drug"])
            routes.setdefault(arm["study_id"], set()).add(arm["route"])
    return drugs, routes


def _admitted(study: str, filters: Filters, drugs: dict[str, set[str]], routes: dict[str, set[str]]) -> bool:
    """Return True when the study's drugs and routes pass the filters; labels and reviews count for no route."""
    by_drug = not filters.drug or bool(drugs.get(study, set()) & set(filters.drug))
    by_route = not filters.route or bool(routes.get(study, set()) & set(filters.route))
    return by_drug and by_route and (not filters.study or study in filters.study)


def _row(row: Row, labels: dict[str, str], drugs: dict[str, set[str]], routes: dict[str, set[str]]) -> Row:
    study = str(row["study_id"])
    section = next((name for name, topics in SECTIONS.items() if row["topic"] in topics), "Other")
    value = row["value"]
    shown = str(row["value_text"] or "")
    if value is not None:
        unit = {"percent": "%"}.get(str(row["unit"]), str(row["unit"]))
        shown = f"{value:g} {unit}" + (f"; {shown}" if shown else "")
    return {
        "kind": "fact",
        "block": section,
        "topic": row["topic"],
        "study_id": study,
        "label": labels.get(study, study),
        "drug": " ".join(sorted(drugs.get(study, ()))),
        "route": " ".join(sorted(r for r in routes.get(study, ()) if r)),
        "metric": f"{spoken(str(row['topic']))}: {spoken(str(row['metric']))}",
        "value": value,
        "unit": row["unit"],
        "value_text": row["value_text"],
        "shown": shown,
        "n": row["n"],
        "notes": row["notes"],
        "source_kind": row["source_kind"],
        "source_url": row["source_url"],
        "source_where": row["source_where"],
    }
