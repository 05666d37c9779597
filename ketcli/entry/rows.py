"""From answers to rows: those of the tables studies, arms and outcomes, or of a single file of trials."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ketcli.entry.questions import Answers
from ketcli.errors import UsageError
from ketcli.evidence.codes import STUDY_DRUGS
from ketcli.evidence.flat import CONTROL_DRUGS

Row = dict[str, str]
_RATING = ("study_id", "arm_id", "outcome", "scale", "time_days", "time_anchor", "analysis_set")
_FLAT_RATING = ("study", "drug", "route", "dose", "outcome", "scale", "time_days", "analysis_set")
_ARM_KEYS = ("drug", "role", "route", "dose", "dose_unit", "regimen")


def identifier(name: str) -> str:
    """Return the identifier made from a study's name: Müller 2001 (Ulm) becomes muller-2001-ulm."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "study"


def table_rows(answers: Answers, present: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, list[Row]]:
    """Return the rows to add to each table; a study or arm that is there already is not added again.

    `present` are the rows of the folder's tables. A study is known by its name or its identifier, an arm by what it
    received. A control that several arms share is counted once; an arm whose counts are not reported has no result.
    Raises as `new_result`.
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
        row = _outcome(answers, study_id, arm_id, events, total)
        if events and new_result({**row, "role": arm["role"]}, present.get("outcomes", ()), _RATING):
            added["outcomes"].append(row)
    return added


def flat_rows(answers: Answers, present: Sequence[Mapping[str, Any]], *, paired: bool = False) -> list[Row]:
    """Return the rows of a single file of trials by its documented names: one per arm.

    `present` are the rows that are there; a control shared with one of them is not repeated unless it stands beside
    its arm in every row (`paired`). Raises as `new_result`.
    """
    names = ("study", "year", "design", "population", "source_url", "outcome", "scale", "analysis_set")
    shared = {name: answers.get(name, "") for name in names} | {"time_days": answers.get("time", "")}
    of_arm = ("drug", "role", "route", "dose", "regimen", "background", "course_days")
    rows = [
        {**shared, **{name: arm.get(name, "") for name in of_arm}, "events": events, "total": total}
        for arm, events, total in _sides(answers)
        if events
    ]
    kept = [row for row in rows if new_result(row, present, _FLAT_RATING)]
    return rows if paired else kept


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
        sides.append((control, answers.get("control_events", ""), answers.get("control_total", "")))
    return sides


def new_result(row: Row, present: Iterable[Mapping[str, Any]], alike: Sequence[str]) -> bool:
    """Return whether a result is not there yet; False for a control that another arm of the study shares.

    Two results are one when they agree in the columns `alike`. UsageError `bad-answer` where the treated arm has
    its result already, or the control another one.
    """
    twin = next((p for p in present if all(_plain(p.get(name)) == _plain(row.get(name)) for name in alike)), None)
    if twin is None:
        return True
    here = f"{_plain(twin.get('events')) or '?'}/{_plain(twin.get('total')) or '?'}"
    given = f"{row['events']}/{row['total']}"
    if row["role"] == "control" and here == given:
        return False
    what = " ".join(filter(None, (row["outcome"], row["scale"], row["time_days"] and f"at day {row['time_days']}")))
    who = "the control" if row["role"] == "control" else "this arm"
    raise UsageError(
        f"{what} of {who} is there already ({here}" + (f", not {given})" if here != given else ")"),
        code="bad-answer",
        hint="give the time, scale, set of people or dose that tells the two apart, or correct the row in the file",
    )


def _plain(cell: Any) -> str:
    """Return a cell as text, numbers without needless zeros."""
    return f"{float(str(cell)):g}" if _is_number(cell) else str(cell or "")


def _known_study(name: str, studies: Sequence[Mapping[str, Any]]) -> str:
    for row in studies:
        if name in (row["study_id"], row["label"]) or identifier(name) == row["study_id"]:
            return str(row["study_id"])
    return ""


def _known_arm(arm: Row, arms: Sequence[Mapping[str, Any]]) -> str:
    def told(row: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(_plain(row.get(name)) for name in _ARM_KEYS)

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
