"""Side effects by study: arms added up, each contrast inside one study, no person twice in one pool.

The written rule, one row per study, event, phase, drug and route:
1. ordinary and serious events, single doses and courses, grouped and single terms, phases, comparators and
   scale-based definitions never share a pool;
2. arms of one drug and route are added up; an arm that holds others stands for them (Cochrane Handbook 23.3.4);
3. the comparator is the study's control arm of the same event and phase, placebo before others; an arm that holds
   ketamine or esketamine is never a comparator, and both arms of a crossover are the same people;
4. rows that may not be pooled (percent alone, people chosen for staying, people of another row) are shown apart;
5. of records that share participants, the first-hand and larger one is pooled.
People who stopped treatment for an adverse event come from the table of outcomes and count as an event.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ketcli.evidence import overlap
from ketcli.evidence.codes import PHASES, STUDY_DRUGS
from ketcli.evidence.regimens import classify
from ketcli.selection.event_counts import Count, Key, add_up, mark_overlaps, one_set, rating, with_control
from ketcli.selection.event_names import STOPPED, STOPPED_OUTCOME
from ketcli.selection.filters import Filters
from ketcli.selection.rates import ROUTES, dose_text

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence

COURSE_DAYS = 42.0


@dataclass(frozen=True)
class Selection:
    """What a selection kept, in order, what it left out, and how many rows populations not asked for hold."""

    kept: tuple[Count, ...]
    left_out: tuple[Count, ...]
    elsewhere: Mapping[str, int]


def select(
    evidence: Evidence,
    filters: Filters,
    *,
    events: Sequence[str] = (),
    phases: Sequence[str] = (),
    serious_only: bool = False,
) -> Selection:
    """Return one row per study, event, phase, drug and route by the written rule; no `events` means all."""
    studies = {row["study_id"]: row for row in evidence.rows("studies")}
    arms = {(row["study_id"], row["arm_id"]): row for row in evidence.rows("arms")}
    anybody = replace(filters, population=())
    elsewhere: Counter[str] = Counter()
    left_out: list[Count] = []
    active: dict[Key, list[Count]] = defaultdict(list)
    controls: dict[Key, list[Count]] = defaultdict(list)
    for count, row in _counts(evidence, studies, arms, frozenset(events)):
        if (phases and count.phase not in phases) or (serious_only and not count.serious):
            continue
        if count.role == "control":
            if count.drug not in STUDY_DRUGS:
                controls[rating(count)].append(count)
            continue
        if not _asked(count, filters, arms):
            continue
        study = studies[count.study_id]
        if not filters.admits_study(study):
            elsewhere[count.population] += anybody.admits_study(study)
        elif reason := filters.source_reason(row) or _unshown(count):
            left_out.append(replace(count, reason=reason))
        else:
            active[(*rating(count), count.one_dose, count.drug, count.route, count.reason)].append(count)
    part_of = {key: row["part_of"] for key, row in arms.items()}
    rows = [row for group in active.values() for row in add_up(group, part_of)]
    rows, second = one_set(rows)
    left_out += second
    if filters.min_n:
        left_out += [replace(r, reason="too-few") for r in rows if (r.total or 0) < filters.min_n]
        rows = [r for r in rows if (r.total or 0) >= filters.min_n]
    rows = [with_control(row, controls, part_of) for row in rows]
    rows = mark_overlaps(rows, overlap.build(evidence.rows("studies")))
    order = {event: i for i, event in enumerate(events)}

    def place(row: Count) -> Key:
        about = (order.get(row.event, 0), row.event, row.serious is True, row.drug != "ketamine", row.drug)
        at = (*about, _rank(row.route, ROUTES), row.route)
        then = (_rank(row.phase, tuple(PHASES)), row.phase, row.one_dose, row.comparator)
        return (*at, *then, bool(row.reason), row.grouped, row.reason, row.year or 0, row.study_id, row.arms)

    return Selection(tuple(sorted(rows, key=place)), tuple(sorted(left_out, key=place)), +elsewhere)


def _rank(value: str, order: Sequence[str]) -> int:
    """Return the place of a code in an order; codes that are not in it come last."""
    return order.index(value) if value in order else len(order)


def _counts(
    evidence: Evidence,
    studies: Mapping[str, Mapping[str, Any]],
    arms: Mapping[tuple[str, str], Mapping[str, Any]],
    events: frozenset[str],
) -> Iterable[tuple[Count, Mapping[str, Any]]]:
    """Yield the rows of both tables that tell of the events, joined with their arm and study."""
    for row in evidence.rows("side_effects"):
        key = (row["study_id"], row["arm_id"])
        if key in arms and (not events or row["event"] in events):
            yield _count(row, arms[key], studies[row["study_id"]]), row
    if events and STOPPED not in events:
        return
    for row in evidence.rows("outcomes"):
        key = (row["study_id"], row["arm_id"])
        if key in arms and row["outcome"] == STOPPED_OUTCOME:
            told = {"event": STOPPED, "term_reported": row["definition"], "phase": _phase(row, arms[key])}
            yield _count({**row, **told}, arms[key], studies[row["study_id"]]), row


def _count(row: Mapping[str, Any], arm: Mapping[str, Any], study: Mapping[str, Any]) -> Count:
    serious = row.get("serious")
    design = study["design"]
    return Count(
        study_id=row["study_id"],
        label=study["label"] or row["study_id"],
        year=study["year"],
        design=design,
        population=study["population"],
        regimen=classify(arm["drug"], arm["route"], arm["regimen"], arm["background"], design),
        drug=arm["drug"],
        route=arm["route"],
        dose=dose_text(arm),
        role=arm["role"],
        arms=(row["arm_id"],),
        event=row["event"],
        term=row["term_reported"],
        phase=row["phase"],
        serious=None if serious is None else serious == 1,
        grouped=row.get("label_grouped") == 1,
        one_dose=arm["regimen"] == "single-dose",
        analysis_set=row.get("analysis_set", ""),
        events=row["events"],
        total=row["total"],
        percent=row["percent"],
        events_derived=row["events_derived"] == 1,
        source_kind=row["source_kind"],
        source_url=row["source_url"],
        source_where=row["source_where"],
        reason=row["exclude_reason"],
    )


def _phase(row: Mapping[str, Any], arm: Mapping[str, Any]) -> str:
    """Return the phase in which people stopped treatment, from the time of the outcome and the arm's regimen."""
    days = row["time_days"]
    if row["time_anchor"] == "randomisation" and arm["regimen"] == "maintenance":
        return "maintenance"
    return "acute-course" if days is not None and days <= COURSE_DAYS else "whole-study"


def _asked(count: Count, filters: Filters, arms: Mapping[tuple[str, str], Mapping[str, Any]]) -> bool:
    """Return True for an arm of ketamine or esketamine that the filters on drug, route and regimen admit."""
    return (
        count.drug in STUDY_DRUGS
        and filters.admits_arm(arms[count.study_id, count.arms[0]])
        and (not filters.regimen or count.regimen in filters.regimen)
    )


def _unshown(count: Count) -> str:
    """Return why a row cannot be shown as a rate at all, "" when it can."""
    if count.counted or count.percent is not None:
        return ""
    return count.reason or "no-denominator"
