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
from ketcli.evidence.codes import PHASES
from ketcli.evidence.event_names import STOPPED, STOPPED_OUTCOME
from ketcli.evidence.filters import SECONDARY, STUDY_DRUGS, Filters
from ketcli.evidence.rates import REASONS as RATE_REASONS
from ketcli.evidence.rates import ROUTES, SETS, dose_text
from ketcli.evidence.regimens import classify

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence

REASONS = {**RATE_REASONS, "same-people": "crossover: the same people are in both arms"}
PLACEBOS = ("placebo", "saline")
COMPARATORS = (*PLACEBOS, "midazolam")
COURSE_DAYS = 42.0
OVERLAPPING = "overlapping-participants"
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Count:
    """People with an event in an arm of a study, or in its arms of one drug and route; poolable if no `reason`.

    `serious` is None where the source does not part serious from other events; `clash` names the records that
    hold the same people.
    """

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
    event: str
    term: str
    phase: str
    serious: bool | None
    grouped: bool
    one_dose: bool
    analysis_set: str
    events: int | None
    total: int | None
    percent: float | None
    events_derived: bool
    source_kind: str
    source_url: str
    source_where: str
    reason: str = ""
    clash: str = ""
    control: Count | None = None

    @property
    def counted(self) -> bool:
        """Return True when both the number with the event and the number at risk are known."""
        return self.events is not None and self.total is not None

    @property
    def comparator(self) -> str:
        """Return the kind of the control, "" without one: saline counts as placebo."""
        if self.control is None:
            return ""
        return "placebo" if self.control.drug in PLACEBOS else self.control.drug

    @property
    def contrast(self) -> Key:
        """Return what the row is about: event, serious or not, drug, route, phase, one dose or more, comparator."""
        place = (self.event, self.serious is True, self.drug, self.route, self.phase)
        return (*place, self.one_dose, self.comparator)

    @property
    def pool(self) -> Key:
        """Return the group within which rows are comparable enough to share a pooled line."""
        return (*self.contrast, self.grouped)


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
                controls[_rating(count)].append(count)
            continue
        if not _asked(count, filters, arms):
            continue
        study = studies[count.study_id]
        if not filters.admits_study(study):
            elsewhere[count.population] += anybody.admits_study(study)
        elif reason := filters.source_reason(row) or _unshown(count):
            left_out.append(replace(count, reason=reason))
        else:
            active[(*_rating(count), count.one_dose, count.drug, count.route, count.reason)].append(count)
    part_of = {key: row["part_of"] for key, row in arms.items()}
    rows = [row for group in active.values() for row in _add_up(group, part_of)]
    rows, second = _one_set(rows)
    left_out += second
    if filters.min_n:
        left_out += [replace(r, reason="too-few") for r in rows if (r.total or 0) < filters.min_n]
        rows = [r for r in rows if (r.total or 0) >= filters.min_n]
    rows = [_with_control(row, controls, part_of) for row in rows]
    rows = _without_overlaps(rows, overlap.build(evidence.rows("studies")))
    order = {event: i for i, event in enumerate(events)}

    def place(row: Count) -> Key:
        routes = ROUTES.index(row.route) if row.route in ROUTES else len(ROUTES)
        at = (order.get(row.event, 0), row.event, row.serious is True, row.drug != "ketamine", row.drug, routes)
        then = (row.route, list(PHASES).index(row.phase), row.one_dose, row.comparator)
        return (*at, *then, bool(row.reason), row.grouped, row.reason, row.year or 0, row.study_id, row.arms)

    return Selection(tuple(sorted(rows, key=place)), tuple(sorted(left_out, key=place)), +elsewhere)


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


def _rating(count: Count) -> Key:
    """Return what arms must share to be added up or contrasted; the analysis set stands last."""
    serious = count.serious is True
    return (count.study_id, count.event, count.phase, serious, count.grouped, count.analysis_set)


def _add_up(rows: list[Count], part_of: Mapping[tuple[str, str], str]) -> list[Count]:
    """Add counts of arms together, nested arms inside the larger one; a percent alone stays a row of its own."""
    names = {row.arms[0] for row in rows}
    whole = [row for row in rows if part_of.get((row.study_id, row.arms[0]), "") not in names]
    counted = sorted((row for row in whole if row.counted), key=lambda row: row.arms)
    alone = [
        replace(row, label=f"{row.label}, {row.dose or row.arms[0]}") if len(whole) > 1 else row
        for row in whole
        if not row.counted
    ]
    if len(counted) < 2:
        return [*counted, *alone]
    together = replace(
        counted[0],
        arms=tuple(arm for row in counted for arm in row.arms),
        dose=" / ".join(dict.fromkeys(row.dose for row in counted if row.dose)),
        term=" / ".join(dict.fromkeys(row.term for row in counted if row.term)),
        events=sum(row.events or 0 for row in counted),
        total=sum(row.total or 0 for row in counted),
        percent=None,
        events_derived=any(row.events_derived for row in counted),
    )
    return [together, *alone]


def _one_set(rows: list[Count]) -> tuple[list[Count], list[Count]]:
    """Keep one analysis set of each study's row, all treated before others; only outcomes have several."""
    groups: dict[Key, list[Count]] = defaultdict(list)
    for row in rows:
        groups[(*_rating(row)[:-1], row.one_dose, row.drug, row.route)].append(row)
    kept: list[Count] = []
    second: list[Count] = []
    for group in groups.values():
        best = min(group, key=_preference)
        for row in group:
            if row.analysis_set == best.analysis_set:
                kept.append(row)
            else:
                second.append(replace(row, reason="second-choice"))
    return kept, second


def _preference(row: Count) -> Key:
    rank = SETS.index(row.analysis_set) if row.analysis_set in SETS else len(SETS)
    return (bool(row.reason), rank, row.source_kind.startswith(SECONDARY), -(row.total or 0))


def _with_control(row: Count, controls: Mapping[Key, list[Count]], part_of: Mapping[tuple[str, str], str]) -> Count:
    """Set the study's control of the same event and phase beside a row; a paired contrast is never pooled."""
    matches = [c for c in controls.get(_rating(row), []) if c.reason in ("", row.reason)]
    if not matches:
        return row
    first = min((c.drug for c in matches), key=lambda d: (d not in COMPARATORS, d not in PLACEBOS, d))
    together = _add_up([c for c in matches if c.drug == first], part_of)
    if len(together) != 1 or together[0].counted != row.counted:
        return row
    paired = row.design == "rct-crossover" and not row.reason
    return replace(row, control=together[0], reason="same-people" if paired else row.reason)


def _without_overlaps(rows: list[Count], overlaps: overlap.Overlaps) -> list[Count]:
    """Mark rows of people that another row of the same pool counts, and name that row."""
    pools: dict[Key, list[Count]] = defaultdict(list)
    for row in rows:
        if not row.reason:
            pools[row.pool].append(row)
    dropped: dict[tuple[Key, str], str] = {}
    counted: dict[Key, list[str]] = defaultdict(list)
    for pool, group in pools.items():
        sizes = {r.study_id: r.total or 0 for r in group}
        gone = overlap.keep_one_each(list(sizes), sizes, overlaps)
        dropped |= {(pool, study): other for study, other in gone.items()}
        counted[group[0].contrast] += [study for study in sizes if study not in gone]
    marked: list[Count] = []
    for row in rows:
        if row.reason == OVERLAPPING:
            same = [study for study in counted[row.contrast] if overlaps.share(study, row.study_id)]
            marked.append(replace(row, clash=", ".join(same)))
        elif not row.reason and (row.pool, row.study_id) in dropped:
            marked.append(replace(row, reason=OVERLAPPING, clash=dropped[row.pool, row.study_id]))
        else:
            marked.append(row)
    return marked
