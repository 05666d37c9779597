"""How ketamine is thought to work, and what is being developed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ketcli.errors import unknown_value
from ketcli.report import Column, Display, Note, Report, Row, Source
from ketcli.summaries.columns import columns

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence

LEVELS = {
    "human": re.compile(r"\bhuman|\btrial\b|\bphase\b", re.I),
    "animal": re.compile(r"\brat\b|\brodent|\bmouse\b|\bmice\b|\banimal", re.I),
    "cells": re.compile(r"in vitro|cell line|cultures", re.I),
    "disputed": re.compile(r"disputed|debated|contested|conflicting|mixed", re.I),
}


def levels(evidence_level: str, effect: str) -> tuple[str, ...]:
    """Return the kinds of evidence named in the words of a mechanism step, and whether it is disputed."""
    words = f"{evidence_level} {effect}"
    return tuple(name for name, pattern in LEVELS.items() if pattern.search(words))


def mechanism(evidence: Evidence, level: Sequence[str] = ()) -> Report:
    """Return the chain from the receptor to the synapse, each step with its time course and level of evidence."""
    for name in level:
        if name not in LEVELS:
            raise unknown_value("level of evidence", name, LEVELS)
    rows: list[Row] = []
    for row in evidence.rows("mechanism"):
        kinds = levels(row["evidence_level"], row["effect"])
        if set(level) <= set(kinds):
            rows.append({"kind": "step", **row, "levels": " ".join(kinds)})
    return Report(
        title="How ketamine is thought to work, from receptor to synapse",
        columns=(
            *columns("kind"),
            Column("order", "Order", "integer", "", "place in the chain"),
            Column("step", "Step", "text"),
            Column("target", "Target", "text"),
            Column("effect", "What happens", "text"),
            Column("time_course", "When", "text"),
            Column("evidence_level", "Evidence", "text", "", "in words"),
            Column("levels", "Seen in", "code", "", "human, animal, cells, disputed; several separated by blanks"),
            *columns("source_url"),
        ),
        rows=tuple(rows),
        displays=(
            Display("Step", "text", ("step",)),
            Display("Target", "text", ("target",), rank=3),
            Display("What happens", "text", ("effect",)),
            Display("When", "text", ("time_course",), rank=1),
            Display("Evidence", "text", ("evidence_level",), rank=2),
            Display("Seen in", "text", ("levels",), rank=4),
        ),
        notes=(
            Note(
                "caution",
                "Block of the NMDA receptor is certain; which later step carries the antidepressant effect is not. "
                "Most steps were seen in rodents or cells, and steps 2a and 2b are rival accounts.",
            ),
            Note("source", "Read in secondary text; the original experiments were not opened."),
        ),
        sources=pages_of(rows, "step"),
        empty="No step has this level of evidence.",
        data_version=evidence.version,
    )


def outlook(evidence: Evidence, *, what: str = "", search: str = "") -> Report:
    """Return compounds with their stage and pivotal result, and biomarkers with direction and evidence.

    `what` limits the answer to "compounds" or "biomarkers", `search` to rows that hold the words.
    """
    if what not in ("", "compounds", "biomarkers"):
        raise unknown_value("part of the outlook", what, ("compounds", "biomarkers"))
    rows: list[Row] = []
    if what != "biomarkers":
        rows += [_compound(row) for row in evidence.rows("pipeline")]
    if what != "compounds":
        rows += [_biomarker(row) for row in evidence.rows("biomarkers")]
    wanted = search.lower().split()
    rows = [r for r in rows if all(word in " ".join(str(v) for v in r.values()).lower() for word in wanted)]
    return Report(
        title="What may come: compounds and biomarkers",
        columns=(
            *columns("kind"),
            Column("name", "Name", "text"),
            Column("other_names", "Other names", "text"),
            Column("mechanism", "Mechanism", "text"),
            Column("stage", "Stage", "text"),
            Column("status_as_of", "As of", "text", "", "date of the status"),
            Column("indication", "For", "text"),
            Column("trial", "Pivotal trial", "text"),
            Column("finding", "Finding", "text"),
            Column("n", "n", "integer", "people"),
            Column("evidence_ids", "Evidence", "id", "", "studies and reviews of the dataset"),
            *columns("source_url"),
        ),
        rows=tuple(rows),
        displays=(
            Display("Name", "text", ("name",)),
            Display("Stage", "text", ("stage",), rank=1),
            Display("As of", "text", ("status_as_of",), rank=2),
            Display("Finding", "text", ("finding",)),
            Display("n", "integer", ("n",), rank=3, align="right"),
            Display("For", "text", ("indication",), rank=4),
            Display("Mechanism", "text", ("mechanism",), rank=5),
            Display("Pivotal trial", "text", ("trial",), rank=6),
        ),
        notes=(
            Note(
                "caution", "A stage holds as of its date; company announcements are marked as such in the finding."
            ),
            Note(
                "caution",
                "No biomarker here is ready for use: samples are small and findings contradict each other.",
            ),
        ),
        sources=pages_of(rows, "name"),
        group_by=("block",),
        heading=("block",),
        empty="Nothing matches the search.",
        data_version=evidence.version,
    )


def _compound(row: Row) -> Row:
    return {
        "kind": "compound",
        "block": "Compounds",
        "name": row["compound"],
        "other_names": row["alternative_names"],
        "mechanism": row["mechanism"],
        "stage": row["stage"],
        "status_as_of": row["status_as_of"],
        "indication": row["indication"],
        "trial": row["pivotal_trial"],
        "finding": row["result_note"],
        "evidence_ids": row["evidence_ids"],
        "source_url": row["source_url"],
    }


def _biomarker(row: Row) -> Row:
    return {
        "kind": "biomarker",
        "block": "Biomarkers",
        "name": row["biomarker"],
        "finding": f"{row['direction']}: {row['evidence']}",
        "n": row["n"],
        "evidence_ids": row["evidence_ids"],
        "source_url": row["source_url"],
    }


def pages_of(rows: Sequence[Row], name: str) -> tuple[Source, ...]:
    """Return each page once, called by the first row that was read on it."""
    seen = {
        str(row["source_url"]): Source("", str(row[name]), str(row["source_url"]))
        for row in rows
        if row.get("source_url")
    }
    return tuple(seen.values())
