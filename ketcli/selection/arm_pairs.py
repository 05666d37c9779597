"""Pairs of arms of one study rated alike: what may be compared, and the reason against pooling it.

Both arms share outcome, time, scale and analysis set. Arms of one kind are added up, so that a control shared by
several doses counts once; an arm that lies inside the other, or holds it, is no comparator.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ketcli.evidence.codes import STUDY_DRUGS
from ketcli.evidence.regimens import standard_window
from ketcli.selection import treatments
from ketcli.selection.rates import REASONS as RATE_REASONS
from ketcli.selection.rates import Rate, add_up, course_of, rate_of, same_rating, standing

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.evidence.regimens import Window
    from ketcli.selection.filters import Filters
    from ketcli.selection.treatments import Treatment

RANDOMISED = ("rct-parallel", "rct-crossover", "rct-withdrawal", "pooled")
REASONS = {
    **RATE_REASONS,
    "not-randomised": "treatment not assigned at random",
    "same-people": "crossover, both periods: the same people in both arms, their correlation not given",
}
# worth showing beside a pool although not in it, best first; the rest is listed on request
APART = (
    *("other-time", "no-time", "same-people", "not-point-prevalence", "at-any-time", "cumulative"),
    *("sustained-definition", "no-denominator", "percent-only", "not-randomised"),
)
Row = Mapping[str, Any]
Cell = tuple[Any, ...]


@dataclass(frozen=True)
class Comparison:
    """An outcome in two arms of one study, or in arms of one kind added up; poolable if there is no `reason`."""

    first: Rate
    second: Rate
    first_is: str
    second_is: str
    regimen: str
    new_antidepressant: bool
    randomised: bool
    course_days: float | None = None
    window: Window | None = None
    nearest: bool = False
    reason: str = ""
    clash: str = ""

    @property
    def cell(self) -> Cell:
        """Return what pairs must share to be of one kind: regimen, treatments, outcome, given at random or not."""
        kinds = (self.first_is, self.second_is, self.new_antidepressant)
        return (self.regimen, *kinds, self.first.outcome, self.randomised)

    @property
    def pool(self) -> Cell:
        """Return what shares a pooled line: of one kind, and rated in one of the standard windows of time.

        The end of a course is one window for rates, but courses of one and of four weeks are not one contrast.
        """
        days = self.first.time_days
        return (*self.cell, None if days is None else standard_window(days).low)

    @property
    def people(self) -> int:
        """Return the people in both arms."""
        return (self.first.total or 0) + (self.second.total or 0)


def pairs(
    evidence: Evidence, filters: Filters, first: Treatment, second: Treatment, outcomes: Sequence[str]
) -> Iterable[Comparison]:
    """Yield every pair of the two treatments inside one study and rating, with the reason against pooling it."""
    studies = {r["study_id"]: r for r in evidence.rows("studies") if filters.admits_study(r)}
    arms = {(r["study_id"], r["arm_id"]): r for r in evidence.rows("arms") if r["study_id"] in studies}
    sides: dict[Cell, tuple[list[tuple[Rate, Row]], list[tuple[Rate, Row]]]] = defaultdict(lambda: ([], []))
    for row in evidence.rows("outcomes"):
        arm = arms.get((row["study_id"], row["arm_id"]))
        if arm is None or row["outcome"] not in outcomes:
            continue
        side = side_of(arm, first, second, filters)
        if side is not None:
            rate = rate_of(row, arm, studies[row["study_id"]])
            sides[same_rating(rate)][side].append((rate, {**row, **arm}))
    part_of = {key: arm.get("part_of", "") for key, arm in arms.items()}
    for ours, theirs in sides.values():
        for left in _by_kind(ours, first):
            for right in _by_kind(theirs, second):
                pair = _pair(left, right, filters, part_of)
                if pair is not None and (not filters.regimen or pair.regimen in filters.regimen):
                    yield pair


def side_of(arm: Row, first: Treatment, second: Treatment, filters: Filters) -> int | None:
    """Return which treatment an arm is, 0 or 1; None for neither, for both, and for a study drug as background."""
    ours, theirs = first.admits(arm), second.admits(arm)
    if ours == theirs:
        return None
    if arm["drug"] in STUDY_DRUGS and (arm["role"] == "control" or not filters.admits_arm(arm)):
        # ketamine in both arms is the control of an add-on or of an infusion time, not of ketamine
        return None
    return 0 if ours else 1


@dataclass(frozen=True)
class _Side:
    """Rows of one rating whose arms are of one kind: to be added up, or a single row without counts."""

    kind: str
    new_antidepressant: bool
    rows: tuple[tuple[Rate, Row], ...]


def _by_kind(rows: list[tuple[Rate, Row]], treatment: Treatment) -> list[_Side]:
    """Return the rows of one side of a rating by kind, by whether a new antidepressant was begun and by regimen."""
    groups: dict[Cell, list[tuple[Rate, Row]]] = defaultdict(list)
    for rate, row in rows:
        groups[
            treatments.kind(row, treatment.frequency), treatments.began_antidepressant(row), rate.regimen
        ].append((rate, row))
    sides: list[_Side] = []
    for (kind, began, _), group in groups.items():
        counted = [item for item in group if item[0].events is not None and item[0].total is not None]
        # arms with counts that may be pooled stand for the side; a percent alone cannot be added up
        usable = [item for item in counted if not item[0].reason] or counted
        parts = [usable] if usable else [[item] for item in group]
        sides += [_Side(kind, began, tuple(part)) for part in parts]
    return sides


def _pair(left: _Side, right: _Side, filters: Filters, part_of: Mapping[tuple[str, str], str]) -> Comparison | None:
    """Return two sides of one rating as a comparison; None when arms of one lie inside the other."""
    names = [{rate.arms[0] for rate, _ in side.rows} for side in (left, right)]
    inside = [{part_of.get((r.study_id, r.arms[0]), "") for r, _ in side.rows} for side in (left, right)]
    if names[0] & inside[1] or names[1] & inside[0]:
        return None
    first, second = (add_up([rate for rate, _ in side.rows], part_of) for side in (left, right))
    leader, row = (first, left.rows[0][1]) if first.drug in STUDY_DRUGS else (second, right.rows[0][1])
    regimen = leader.regimen if leader.drug in STUDY_DRUGS else ""
    # arms that lie side by side inside one larger arm are kept out of pooled rates for its sake alone
    siblings = "" not in inside[0] and inside[0] == inside[1]
    return Comparison(
        first=first,
        second=second,
        first_is=left.kind,
        second_is=right.kind,
        regimen=regimen,
        new_antidepressant=left.new_antidepressant and right.new_antidepressant,
        randomised=first.design in RANDOMISED,
        course_days=course_of(leader, row),
        reason=_reason((first, second), filters, regimen, siblings=siblings),
    )


def _reason(pair: tuple[Rate, Rate], filters: Filters, regimen: str, *, siblings: bool) -> str:
    """Return why a pair cannot be pooled whatever its time, "" when it can; reasons to leave it out come first."""
    reasons: list[str] = []
    for rate in pair:
        own = "" if siblings and rate.reason == "overlapping-participants" else rate.reason
        told = {"events_derived": rate.events_derived, "source_kind": rate.source_kind}
        reasons.append(standing(replace(rate, reason=own, regimen=regimen), told, filters))
    first = pair[0]
    if hard := next((reason for reason in reasons if reason and reason not in APART), ""):
        return hard
    if any(rate.events is None and rate.percent is None for rate in pair):
        return "no-denominator" if first.design in RANDOMISED else "percent-only"
    if first.design not in RANDOMISED:
        return "not-randomised"
    counted = all(rate.events is not None and rate.total is not None for rate in pair)
    if counted and first.design == "rct-crossover" and first.crossover != "first-period":
        return "same-people"
    return next(filter(None, reasons), "")
