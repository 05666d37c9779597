"""From answers to rows: those of the tables studies, arms and outcomes, or of a single file of trials."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from ketcli.entry.questions import Answers
from ketcli.evidence.codes import STUDY_DRUGS
from ketcli.evidence.flat import CONTROL_DRUGS

Row = dict[str, str]
_ARM_KEYS = ("drug", "role", "route", "dose", "dose_unit", "regimen")


def identifier(name: str) -> str:
    """Return the identifier made from a study's name: Müller 2001 (Ulm) becomes muller-2001-ulm."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "study"


def table_rows(answers: Answers, present: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, list[Row]]:
    """Return the rows to add to each table; a study or arm that is there already is not added again.

    `present` are the rows of the folder's tables. A study is known by its name or its identifier, an arm by what it
    received.
    """
    study = _known_study(answers["study"], present.get("studies", ()))
    study_id = study or identifier(answers["study"])
    added: dict[str, list[Row]] = {"studies": [], "arms": [], "outcomes": []}
    if not study:
        same = ("year", "design", "population", "source_url")
        own = {"study_id": study_id, "label": answers["study"], "cohort_id": study_id}
        added["studies"].append({**own, **{name: answers.get(name, "") for name in same}})
    arms = [row for row in present.get("arms", ()) if row["study_id"] == study_id]
    for arm, events, total in _sides(answers):
        arm_id = _known_arm(arm, arms)
        if not arm_id:
            arm_id = _free(arm, arms)
            row = {**arm, "study_id": study_id, "arm_id": arm_id, "label": _label(arm), "n": total}
            added["arms"].append({**row, "source_url": answers.get("source_url", "")})
            arms.append(row)
        added["outcomes"].append(_outcome(answers, study_id, arm_id, events, total))
    return added


def flat_rows(answers: Answers) -> list[Row]:
    """Return the rows of a single file of trials by its documented names: one per arm."""
    names = ("study", "year", "design", "population", "source_url", "outcome", "scale", "analysis_set")
    shared = {name: answers.get(name, "") for name in names} | {"time_days": answers.get("time", "")}
    of_arm = ("drug", "role", "route", "dose", "regimen", "course_days")
    return [
        {**shared, **{name: arm.get(name, "") for name in of_arm}, "events": events, "total": total}
        for arm, events, total in _sides(answers)
    ]


def _sides(answers: Answers) -> list[tuple[Row, str, str]]:
    """Return the arms of the answers with their counts: the treated one, and the control if there is one."""
    names = ("drug", "route", "dose", "dose_unit", "regimen", "course_days", "background")
    treated = {name: answers.get(name, "") for name in names}
    alone = not answers.get("control")
    treated["role"] = "control" if alone and treated["drug"] in CONTROL_DRUGS else "active"
    if treated["drug"] not in STUDY_DRUGS:
        treated["regimen"] = "not-applicable"
    sides = [(treated, answers["events"], answers["total"])]
    if not alone:
        given_alike = answers["control"] in CONTROL_DRUGS  # a placebo imitates the way the drug is given
        control = {
            "drug": answers["control"],
            "role": "control",
            "route": treated["route"] if given_alike else "",
            "dose": "",
            "dose_unit": "",
            "regimen": "not-applicable",
            "course_days": treated["course_days"],
            "background": treated["background"],
        }
        sides.append((control, answers["control_events"], answers["control_total"]))
    return sides


def _known_study(name: str, studies: Sequence[Mapping[str, Any]]) -> str:
    for row in studies:
        if name in (row["study_id"], row["label"]) or identifier(name) == row["study_id"]:
            return str(row["study_id"])
    return ""


def _known_arm(arm: Row, arms: Sequence[Mapping[str, Any]]) -> str:
    def told(row: Mapping[str, Any]) -> tuple[str, ...]:
        cells = (row.get(name) for name in _ARM_KEYS)
        return tuple(f"{float(str(c)):g}" if _is_number(c) else str(c or "") for c in cells)

    return next((str(row["arm_id"]) for row in arms if told(row) == told(arm)), "")


def _is_number(cell: Any) -> bool:
    return isinstance(cell, int | float) or bool(cell and re.fullmatch(r"[0-9.]+", str(cell)))


def _free(arm: Row, arms: Sequence[Mapping[str, Any]]) -> str:
    taken = {row["arm_id"] for row in arms}
    base = identifier(f"{arm['drug']} {arm['dose']}".strip())
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name


def _label(arm: Row) -> str:
    words = (arm["drug"], f"{arm['dose']} {arm['dose_unit']}".strip(), arm["route"])
    return " ".join(word for word in words if word)


def _outcome(answers: Answers, study_id: str, arm_id: str, events: str, total: str) -> Row:
    same = ("outcome", "scale", "definition", "analysis_set", "source_kind", "source_url")
    return {
        "study_id": study_id,
        "arm_id": arm_id,
        **{name: answers.get(name, "") for name in same},
        "time_days": answers.get("time", ""),
        "time_anchor": "first-dose",
        "crossover_data": answers.get("crossover", ""),
        "events": events,
        "total": total,
        "events_derived": answers.get("events_derived") or "0",
    }
