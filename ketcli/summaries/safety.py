"""Monitoring facts: blood pressure, dissociation and sedation by time, observation, labels, long-term concerns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ketcli.errors import unknown_value
from ketcli.report import Column, Display, Note, Report, Row, Source
from ketcli.summaries.columns import columns
from ketcli.summaries.words import spoken

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters

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
    """Return the facts of the safety table by topic, each with the drug and route it is about."""
    present = {row["topic"] for row in evidence.rows("safety")}
    for topic in topics:
        if topic not in present:
            raise unknown_value("topic", topic, present)
    order = {topic: i for i, topic in enumerate(TOPICS)}
    rows = [
        _row(row, evidence.labels)
        for row in sorted(evidence.rows("safety"), key=lambda r: order.get(r["topic"], len(order)))
        if (not topics or row["topic"] in topics) and _admitted(row, filters)
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


def _admitted(row: Row, filters: Filters) -> bool:
    """Return True when a fact passes the filters; one that is about both drugs or several routes always does."""
    return (
        (not filters.drug or not row["drug"] or row["drug"] in filters.drug)
        and (not filters.route or not row["route"] or row["route"] in filters.route)
        and (not filters.study or row["study_id"] in filters.study)
    )


def _row(row: Row, labels: dict[str, str]) -> Row:
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
        "drug": row["drug"],
        "route": row["route"],
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
