"""Rates of an outcome by study: arms combined, one row per study, no person twice, every choice recorded.

The written rule, one row per study, regimen, drug, route and outcome:
1. only rows that may be pooled (counts and denominator known, at one point in time, all participants);
2. inside the regimen's time window, times counted from the first dose or randomisation;
3. nearest to the window's centre; then the scale (MADRS, HDRS, QIDS, PHQ-9, other), then the analysis set
   (itt, mitt, first period, observed, completers), then primary before secondary sources, then printed before
   derived counts;
4. arms of one drug with the same time, scale and analysis set are added up; an arm that holds others stands
   for them (Cochrane Handbook 23.3.4);
5. of records that share participants, the first-hand and larger one stays.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ketcli.evidence import overlap
from ketcli.evidence.codes import EXCLUDE_REASONS, STUDY_DRUGS
from ketcli.evidence.preference import rank_scale, rank_set
from ketcli.evidence.regimens import REGIMENS, classify, standard_window
from ketcli.selection.filters import SECONDARY, Filters

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence

ROUTES = ("intravenous", "intranasal", "subcutaneous", "intramuscular", "oral", "sublingual")

REASONS = {
    **EXCLUDE_REASONS,
    "other-time": "rated outside the time window",
    "no-time": "time of rating not stated, or counted from the last dose",
    "derived-count": "count derived from a percent",
    "secondary-source": "seen in a secondary source only",
    "too-few": "fewer people than asked for",
    "second-choice": "another row of the same study was chosen by the rule",
    "maintenance": "people chosen for an earlier benefit",
}


@dataclass(frozen=True)
class Rate:
    """Events among people of a study's arm, or of its arms of one drug added up; poolable if no `reason`."""

    study_id: str
    label: str
    year: int | None
    design: str
    population: str
    regimen: str
    drug: str
    route: str
    dose: str
    role: str
    arms: tuple[str, ...]
    outcome: str
    scale: str
    definition: str
    time_days: float | None
    time_anchor: str
    analysis_set: str
    events: int | None
    total: int | None
    percent: float | None
    crossover: str
    events_derived: bool
    source_kind: str
    source_url: str
    source_where: str
    reason: str = ""
    clash: str = ""
    control: Rate | None = None


Gathered = tuple[Rate, Mapping[str, Any]]


@dataclass(frozen=True)
class Selection:
    """What a selection kept, in order, and what it left out, each row with its reason."""

    kept: tuple[Rate, ...]
    left_out: tuple[Rate, ...]


def gather(evidence: Evidence, filters: Filters, outcomes: Iterable[str]) -> list[Gathered]:
    """Return every rate of these outcomes that passes the filters on study, drug and route, with its row."""
    return list(_rows(evidence, filters, tuple(outcomes)))


def select(
    evidence: Evidence, filters: Filters, outcomes: Iterable[str], gathered: Iterable[Gathered] | None = None
) -> Selection:
    """Return one rate per study, regimen, drug, route and outcome by the written rule, and the rows left out.

    `gathered` saves joining the tables again when one set of rows is asked for several time windows.
    """
    wanted = tuple(outcomes)
    rows = gather(evidence, filters, wanted) if gathered is None else gathered
    left_out: list[Rate] = []
    candidates: dict[tuple[str, ...], list[tuple[Rate, Any]]] = defaultdict(list)
    controls: dict[tuple[Any, ...], list[Rate]] = defaultdict(list)
    for rate, row in rows:
        if rate.role == "control":
            controls[same_rating(rate)].append(rate)
            continue
        if filters.regimen and rate.regimen not in filters.regimen:
            continue
        reason, distance = _place(rate, row, filters)
        if reason:
            left_out.append(replace(rate, reason=reason))
        else:
            candidates[(*pool_of(rate), rate.study_id)].append((rate, distance))
    part_of = {(r["study_id"], r["arm_id"]): r.get("part_of", "") for r in evidence.rows("arms")}
    kept: list[Rate] = []
    for group in candidates.values():
        chosen, rest = _choose(group, part_of)
        left_out += [replace(rate, reason="second-choice") for rate in rest]
        if filters.min_n and (chosen.total or 0) < filters.min_n:
            left_out.append(replace(chosen, reason="too-few"))
            continue
        kept.append(replace(chosen, control=_control(chosen, controls, part_of)))
    kept, clashing = _without_overlaps(kept, overlap.build(evidence.rows("studies")))
    if filters.include_overlapping:
        shown = [r for r in left_out if r.reason == "overlapping-participants"]
        left_out = [r for r in left_out if r.reason != "overlapping-participants"]
        kept += [*clashing, *shown]
    else:
        left_out += clashing
    order = {code: i for i, code in enumerate(REGIMENS)}

    def key(rate: Rate) -> tuple[Any, ...]:
        drug = (rate.drug != "ketamine", rate.drug)
        place = order.get(rate.regimen, len(order))
        return (
            place,
            standard_window(rate.time_days).low if not rate.regimen and rate.time_days is not None else 0.0,
            drug,
            ROUTES.index(rate.route) if rate.route in ROUTES else len(ROUTES),
            wanted.index(rate.outcome),
            rate.year or 0,
            rate.study_id,
        )

    return Selection(tuple(sorted(kept, key=key)), tuple(sorted(left_out, key=key)))


def _rows(evidence: Evidence, filters: Filters, outcomes: tuple[str, ...]) -> Iterable[Gathered]:
    """Join outcomes with their arm and study and yield what passes the filters on study, drug and route."""
    studies = {r["study_id"]: r for r in evidence.rows("studies") if filters.admits_study(r)}
    arms = {(r["study_id"], r["arm_id"]): r for r in evidence.rows("arms") if r["study_id"] in studies}
    for row in evidence.rows("outcomes"):
        arm = arms.get((row["study_id"], row["arm_id"]))
        if arm is None or row["outcome"] not in outcomes:
            continue
        active = arm["role"] != "control" and arm["drug"] in STUDY_DRUGS
        if not active and arm["role"] != "control":
            continue
        if active and not filters.admits_arm(arm):
            continue
        yield rate_of(row, arm, studies[row["study_id"]]), {**row, "course_days": arm.get("course_days")}


def rate_of(row: Mapping[str, Any], arm: Mapping[str, Any], study: Mapping[str, Any]) -> Rate:
    """Return the rate of a row of the outcomes table, with what its arm and study say of it."""
    return Rate(
        study_id=row["study_id"],
        label=study.get("label") or row["study_id"],
        year=_whole(study.get("year")),
        design=study.get("design", ""),
        population=study.get("population", ""),
        regimen=classify(
            arm["drug"], arm["route"], arm["regimen"], arm.get("background", ""), study.get("design", "")
        ),
        drug=arm["drug"],
        route=arm["route"],
        dose=dose_text(arm),
        role=arm["role"],
        arms=(row["arm_id"],),
        outcome=row["outcome"],
        scale=row.get("scale", ""),
        definition=row.get("definition", ""),
        time_days=_number(row.get("time_days")),
        time_anchor=row.get("time_anchor") or "first-dose",
        analysis_set=row.get("analysis_set", ""),
        events=_whole(row.get("events")),
        total=_whole(row.get("total")),
        percent=_number(row.get("percent")),
        crossover=row.get("crossover_data", ""),
        events_derived=row.get("events_derived") in (1, 1.0, True),
        source_kind=row.get("source_kind", ""),
        source_url=row.get("source_url", ""),
        source_where=row.get("source_where", ""),
        reason=row.get("exclude_reason", ""),
    )


def dose_text(arm: Mapping[str, Any]) -> str:
    """Return an arm's dose as people write it: 0.5 mg/kg, 56 mg, or the source's words for a range."""
    dose = _number(arm.get("dose"))
    if dose is None:
        return str(arm.get("dose_text") or "")
    return f"{dose:g} {arm.get('dose_unit', '')}".strip()


def _place(rate: Rate, row: Mapping[str, Any], filters: Filters) -> tuple[str, float]:
    """Return why a row cannot be taken ("" if it can) and its distance from the window's centre."""
    if reason := standing(rate, row, filters):
        return reason, 0.0
    days = rate.time_days or 0.0
    window = filters.at or (REGIMENS[rate.regimen].window if rate.regimen else standard_window(days))
    distance = window.distance(days, course_of(rate, row))
    return ("other-time", 0.0) if distance is None else ("", distance)


def standing(rate: Rate, row: Mapping[str, Any], filters: Filters) -> str:
    """Return why a row cannot be taken whatever the time window, "" when it can."""
    if rate.reason:
        return rate.reason
    if reason := filters.source_reason(row):
        return reason
    if rate.regimen == "maintenance" and "maintenance" not in filters.regimen:
        return "maintenance"
    if rate.events is None or rate.total is None:
        return "no-denominator"
    return "no-time" if rate.time_days is None or rate.time_anchor == "last-dose" else ""


def course_of(rate: Rate, row: Mapping[str, Any]) -> float | None:
    """Return the days from first to last dose of a row's arm; 0 for a single dose, None when not known."""
    course = _number(row.get("course_days"))
    return 0.0 if course is None and rate.regimen == "single-dose" else course


def same_rating(rate: Rate) -> tuple[Any, ...]:
    """Return what arms must share to be added up or contrasted: study, outcome, time, scale, set."""
    return (rate.study_id, rate.outcome, rate.time_days, rate.time_anchor, rate.scale, rate.analysis_set)


def _choose(group: list[tuple[Rate, float]], part_of: Mapping[tuple[str, str], str]) -> tuple[Rate, list[Rate]]:
    """Apply rules 3 and 4 to the rows of one study in one pool."""
    ratings: dict[tuple[Any, ...], list[tuple[Rate, float]]] = defaultdict(list)
    for rate, distance in group:
        ratings[same_rating(rate)].append((rate, distance))

    def preference(rows: list[tuple[Rate, float]]) -> tuple[Any, ...]:
        rate, distance = rows[0]
        return (
            distance,
            rank_scale(rate.scale),
            rank_set(rate.analysis_set),
            rate.source_kind.startswith(SECONDARY),
            sum(r.events_derived for r, _ in rows),
            -sum(r.total or 0 for r, _ in rows),
        )

    best = min(ratings.values(), key=preference)
    chosen = add_up([rate for rate, _ in best], part_of)
    rest = [rate for rows in ratings.values() if rows is not best for rate, _ in rows]
    return chosen, rest


def pool_of(rate: Rate) -> tuple[str, str, str, str]:
    """Return the group whose rates are comparable enough to share a pooled line.

    Where the regimen is not stated, as in a reader's own short table, the standard time window stands for it.
    """
    window = "" if rate.regimen or rate.time_days is None else standard_window(rate.time_days).label
    return (rate.regimen or window, rate.drug, rate.route, rate.outcome)


def add_up(rates: list[Rate], part_of: Mapping[tuple[str, str], str]) -> Rate:
    """Add the arms of one rating together; an arm inside another listed arm is already counted there."""
    names = {arm for rate in rates for arm in rate.arms}
    whole = [r for r in rates if part_of.get((r.study_id, r.arms[0]), "") not in names]
    unique = {r.arms: r for r in sorted(whole, key=lambda r: r.events_derived, reverse=True)}
    rows = sorted(unique.values(), key=lambda r: r.arms)
    if len(rows) == 1:
        return rows[0]
    return replace(
        rows[0],
        arms=tuple(arm for r in rows for arm in r.arms),
        dose=_joined(r.dose for r in rows),
        events=sum(r.events or 0 for r in rows),
        total=sum(r.total or 0 for r in rows),
        percent=None,
        events_derived=any(r.events_derived for r in rows),
        definition=_joined(r.definition for r in rows),
    )


def _joined(values: Iterable[str]) -> str:
    return " / ".join(dict.fromkeys(v for v in values if v))


def _control(
    chosen: Rate, controls: Mapping[tuple[Any, ...], list[Rate]], part_of: Mapping[tuple[str, str], str]
) -> Rate | None:
    """Return the control of the same rating; several control arms are added up when all have counts."""
    rows = [r for r in controls.get(same_rating(chosen), []) if r.events is not None and r.total is not None]
    # a ketamine arm can play the control of an add-on or of an infusion time: never the comparator of ketamine
    rows = [r for r in rows if not r.reason and r.drug not in STUDY_DRUGS]
    if not rows:
        return None
    first = rows[0]
    same_drug = [r for r in rows if r.drug == first.drug]
    return add_up(same_drug, part_of)


def _without_overlaps(kept: list[Rate], overlaps: overlap.Overlaps) -> tuple[list[Rate], list[Rate]]:
    """Split off rows of people that another kept row of the same pool already counts."""
    pools: dict[tuple[str, ...], list[Rate]] = defaultdict(list)
    for rate in kept:
        pools[pool_of(rate)].append(rate)
    stay: list[Rate] = []
    give_way: list[Rate] = []
    for rates in pools.values():
        sizes = {r.study_id: r.total or 0 for r in rates}
        dropped = overlap.keep_one_each(list(sizes), sizes, overlaps)
        for rate in rates:
            other = dropped.get(rate.study_id)
            if other is None:
                stay.append(rate)
            else:
                give_way.append(replace(rate, reason="overlapping-participants", clash=other))
    return stay, give_way


def _number(value: Any) -> float | None:
    return None if value is None or value == "" or math.isnan(float(value)) else float(value)


def _whole(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else round(number)
