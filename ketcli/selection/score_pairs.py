"""Mean scores of two treatments inside one study: one pair per study, kind and scale, as comparisons are chosen.

Means without a standard deviation or a group size are kept: they show the direction, without an interval.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ketcli.evidence import overlap
from ketcli.evidence.codes import STUDY_DRUGS
from ketcli.evidence.preference import rank_scale, rank_set
from ketcli.evidence.regimens import classify, standard_window
from ketcli.selection import treatments
from ketcli.selection.arm_pairs import RANDOMISED, Row, side_of
from ketcli.selection.pair_windows import OUTSIDE, Timed, choose_windows, distance
from ketcli.selection.scores import MEASURES, Group, combine, group_of

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters
    from ketcli.selection.treatments import Treatment


@dataclass(frozen=True)
class Mean:
    """A mean score or mean change in points; `n` and `sd` are None when they are not known."""

    mean: float
    sd: float | None = None
    n: int | None = None


@dataclass(frozen=True)
class ScorePair:
    """Mean scores of two treatments at one time of one study; a difference with an interval if `measured`."""

    study_id: str
    label: str
    year: int | None
    design: str
    population: str
    regimen: str
    first_is: str
    second_is: str
    new_antidepressant: bool
    scale: str
    measure: str
    time_days: float
    course_days: float | None
    analysis_set: str
    arms: tuple[str, ...]
    second_arms: tuple[str, ...]
    first: Mean
    second: Mean
    source_kind: str
    source_url: str
    source_where: str

    @property
    def measured(self) -> bool:
        """Return True when sizes and standard deviations of both sides are known."""
        return None not in (self.first.n, self.first.sd, self.second.n, self.second.sd)

    @property
    def cell(self) -> tuple[Any, ...]:
        """Return what pairs must share to be of one kind: regimen, both treatments, new antidepressant."""
        return (self.regimen, self.first_is, self.second_is, self.new_antidepressant)

    @property
    def pool(self) -> tuple[Any, ...]:
        """Return what shares a pooled line: of one kind, on one scale, in one standard window of time."""
        return (*self.cell, self.scale, standard_window(self.time_days).low)


def select(evidence: Evidence, filters: Filters, first: Treatment, second: Treatment) -> list[ScorePair]:
    """Return one randomised pair of mean scores per study and kind, nearest to the window's centre."""
    found = list(_pairs(evidence, filters, first, second))
    windows = choose_windows([_timed(pair) for pair in found], filters.at)
    best: dict[tuple[Any, ...], tuple[tuple[Any, ...], ScorePair]] = {}
    for pair in found:
        away = distance(_timed(pair), windows[pair.cell].window)
        if away >= OUTSIDE:
            continue
        in_order = rank_set(pair.analysis_set)
        merit = (not pair.measured, away, rank_scale(pair.scale), MEASURES.index(pair.measure), in_order)
        key = (*pair.cell, pair.study_id)
        if key not in best or merit < best[key][0]:
            best[key] = (merit, pair)
    chosen = [pair for _, pair in best.values()]
    return sorted(_nobody_twice(chosen, evidence), key=lambda p: (p.pool, p.year or 0, p.study_id))


def _nobody_twice(chosen: list[ScorePair], evidence: Evidence) -> Iterable[ScorePair]:
    overlaps = overlap.build(evidence.rows("studies"))
    cells: dict[tuple[Any, ...], list[ScorePair]] = defaultdict(list)
    for pair in chosen:
        cells[pair.cell].append(pair)
    for pairs in cells.values():
        sizes = {p.study_id: (p.first.n or 0) + (p.second.n or 0) for p in pairs}
        dropped = overlap.keep_one_each(list(sizes), sizes, overlaps)
        yield from (p for p in pairs if p.study_id not in dropped)


def _pairs(evidence: Evidence, filters: Filters, first: Treatment, second: Treatment) -> Iterable[ScorePair]:
    """Yield every randomised pair of the two treatments with mean scores in points at a known time."""
    studies = {
        r["study_id"]: r
        for r in evidence.rows("studies")
        if filters.admits_study(r) and r.get("design") in RANDOMISED
    }
    arms = {(r["study_id"], r["arm_id"]): r for r in evidence.rows("arms") if r["study_id"] in studies}
    sides: dict[tuple[Any, ...], tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
    for row in evidence.rows("scores"):
        arm = arms.get((row["study_id"], row["arm_id"]))
        usable = row["measure"] in MEASURES and row["time_days"] is not None and not row["subgroup"]
        if arm is None or not usable or row["mean"] is None or row["time_anchor"] == "last-dose":
            continue
        if filters.source_reason(row) or (side := side_of(arm, first, second, filters)) is None:
            continue
        key = (row["study_id"], row["scale"], row["measure"], row["time_days"], row["analysis_set"])
        began = treatments.began_antidepressant(arm)
        sides[(*key, began, row["time_anchor"])][side].append({**arm, **row})
    for ours, theirs in sides.values():
        for first_is, left in _by_kind(ours, first).items():
            for second_is, right in _by_kind(theirs, second).items():
                pair = _pair(first_is, left, second_is, right, studies[left[0]["study_id"]])
                if pair is not None and (not filters.regimen or pair.regimen in filters.regimen):
                    yield pair


def _by_kind(rows: list[Row], treatment: Treatment) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[treatments.kind(row, treatment.frequency)].append(row)
    return groups


def _pair(
    first_is: str, left: list[Row], second_is: str, right: list[Row], study: Mapping[str, Any]
) -> ScorePair | None:
    """Return two sides of one rating as a pair; None when a side of several arms cannot be combined."""
    first, second = _mean(left), _mean(right)
    if first is None or second is None:
        return None
    leader = left[0] if left[0]["drug"] in STUDY_DRUGS else right[0]
    regimen = ""
    if leader["drug"] in STUDY_DRUGS:
        given = (leader["drug"], leader["route"], leader["regimen"], leader.get("background", ""))
        regimen = classify(*given, study.get("design", ""))
    course = leader.get("course_days")
    row = left[0]
    return ScorePair(
        study_id=row["study_id"],
        label=study.get("label") or row["study_id"],
        year=None if study.get("year") is None else round(study["year"]),
        design=study.get("design", ""),
        population=study.get("population", ""),
        regimen=regimen,
        first_is=first_is,
        second_is=second_is,
        new_antidepressant=treatments.began_antidepressant(row) and treatments.began_antidepressant(right[0]),
        scale=row["scale"],
        measure=row["measure"],
        time_days=row["time_days"],
        course_days=0.0 if course is None and regimen == "single-dose" else course,
        analysis_set=row["analysis_set"],
        arms=tuple(r["arm_id"] for r in left),
        second_arms=tuple(r["arm_id"] for r in right),
        first=first,
        second=second,
        source_kind=row["source_kind"],
        source_url=row["source_url"],
        source_where=row["source_where"],
    )


def _mean(rows: list[Row]) -> Mean | None:
    """Return the mean of a side, its arms combined; of several arms all must have size and spread."""
    names = {row["arm_id"] for row in rows}
    whole = [row for row in rows if row.get("part_of") not in names]
    groups = [group_of(row) for row in whole]
    known: list[Group] = [group for group in groups if group is not None]
    if len(known) == len(whole):
        together = combine(known)
        return Mean(together.mean, together.sd, together.n)
    return Mean(whole[0]["mean"], whole[0]["sd"], whole[0]["n"]) if len(whole) == 1 else None


def _timed(pair: ScorePair) -> Timed:
    return Timed(pair.cell, pair.regimen, pair.time_days, pair.course_days)
