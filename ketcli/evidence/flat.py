"""A single file of trials turned into the tables studies, arms and outcomes, so that every command reads it."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from ketcli.evidence.cells import Value
from ketcli.evidence.codes import STUDY_DRUGS
from ketcli.evidence.flat_names import LARGEST_DOSE_PER_KG
from ketcli.evidence.preference import rank_scale, rank_set
from ketcli.evidence.schema import TABLES
from ketcli.evidence.typed import Columns

CONTROL_DRUGS = frozenset({"placebo", "saline", "midazolam", "niacin"})
_OF_ARM = ("drug", "role", "route", "dose", "regimen", "background", "course_days", "source_url")
_ARM = ("study", "drug", "route", "dose", "role", "regimen", "background")

Row = dict[str, Any]


def expand(flat: Columns) -> dict[str, Columns]:
    """Return studies, arms and outcomes made from flat rows.

    A study is known by its name, an arm by study, drug, route, dose, role, regimen and background. What the file
    does not say stays empty, that is not stated; an empty `role` and `time_anchor` get their documented defaults.
    """
    rows: list[Row] = flat.rows()
    drugs: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        drugs[row["study"]].add(row["drug"])
    for row in rows:
        row["role"] = row["role"] or _role(row["drug"], drugs[row["study"]])
    studies: dict[str, Row] = {}
    arms: dict[tuple[Any, ...], Row] = {}
    outcomes: list[Row] = []
    taken: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        study = studies.setdefault(row["study"], _study(row))
        for column in ("year", "design", "population", "source_url"):
            study[column] = study[column] or row[column]
        key = tuple(row[name] for name in _ARM)
        if key not in arms:
            arms[key] = _arm(row, taken[row["study"]])
            taken[row["study"]].add(arms[key]["arm_id"])
        arms[key]["course_days"] = arms[key]["course_days"] or row["course_days"]
        outcomes.append(_outcome(row, arms[key]["arm_id"]))
    _rank(outcomes)
    return {
        "studies": _columns("studies", list(studies.values()), flat.notes),
        "arms": _columns("arms", list(arms.values())),
        "outcomes": _columns("outcomes", outcomes),
    }


def _role(drug: str, beside: set[str]) -> str:
    """Return the default role: control for inactive drugs and for whatever stands beside a study drug."""
    if drug in STUDY_DRUGS:
        return "active"
    return "control" if drug in CONTROL_DRUGS or not beside.isdisjoint(STUDY_DRUGS) else "active"


def _study(row: Row) -> Row:
    return {
        "study_id": row["study"],
        "label": row["study"],
        "cohort_id": row["study"],
        **{name: row[name] for name in ("year", "design", "population", "source_url")},
    }


def _arm(row: Row, taken: set[str]) -> Row:
    dose = row["dose"]
    unit = "" if dose is None else "mg/kg" if dose < LARGEST_DOSE_PER_KG else "mg"
    name = row["drug"] if dose is None else f"{row['drug']}-{dose:g}"
    arm_id, number = name, 1
    while arm_id in taken:
        number += 1
        arm_id = f"{name}-{number}"
    words = [row["drug"], "" if dose is None else f"{dose:g} {unit}", row["route"]]
    return {
        "study_id": row["study"],
        "arm_id": arm_id,
        "label": re.sub(r"\s+", " ", " ".join(words)).strip(),
        "dose_unit": unit,
        **{name: row[name] for name in _OF_ARM},
    }


def _outcome(row: Row, arm_id: str) -> Row:
    same = ("outcome", "scale", "time_days", "events", "total", "analysis_set", "source_url")
    return {
        "study_id": row["study"],
        "arm_id": arm_id,
        "time_anchor": row["time_anchor"] or "first-dose",
        "percent": 100.0 * row["events"] / row["total"],
        "events_derived": 0,
        **{name: row[name] for name in same},
    }


def _rank(outcomes: list[Row]) -> None:
    """Number the rows of one arm, outcome and time by the rule that the column pool_rank describes."""
    ratings: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in outcomes:
        rating = ("study_id", "arm_id", "outcome", "time_days", "time_anchor")
        ratings[tuple(row[name] for name in rating)].append(row)
    for rows in ratings.values():
        for rank, row in enumerate(sorted(rows, key=_preference), start=1):
            row["pool_rank"] = rank


def _preference(row: Row) -> tuple[int, int]:
    place = rank_set(row["analysis_set"])
    return rank_scale(row["scale"]), place


def _columns(name: str, rows: list[Row], notes: tuple[str, ...] = ()) -> Columns:
    values: dict[str, list[Value]] = {
        field.name: [row.get(field.name, None if field.numeric else "") for row in rows]
        for field in TABLES[name].fields
    }
    return Columns(TABLES[name], values, notes)
