"""Findings on a factor counted by study: in whose numbers the claimed levels differ, and in whose they do not.

A test is a comparison of levels with an interval or a p-value: a difference between drug and control compared
between levels, levels assigned at random, levels compared in one arm, or two levels' rates with a p between them.
Rows told in words, single levels, changes inside one level and what reviews pooled are no tests here. Each study
has one vote on a factor, the side that most of its tests take; of records that hold the same people one votes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from ketcli.claims.check import Check
from ketcli.evidence import overlap
from ketcli.evidence.codes import STUDY_DRUGS
from ketcli.quantities.quantity import Quantity
from ketcli.selection.factors import IN_WORDS, INTERACTION, Finding, excludes_no_effect, select
from ketcli.selection.filters import Filters
from ketcli.summaries.factors import versus
from ketcli.summaries.factors.interactions import with_interactions
from ketcli.summaries.words import spoken

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.summaries.pooling import Settings

FOR, AGAINST, NEITHER = "for", "against", "no difference"
UNTESTED = "no test"
# measures of which more is better in an outcome people want, and those of which less is
HIGHER = ("or", "rr", "hr", "rd")
LOWER = ("md", "smd", "beta", "beta-standardised", "difference", "smd-difference")
_RATIOS = ("or", "rr", "hr", "ratio")
_CONTROLLED = (INTERACTION, "modification", "randomised-levels")


@dataclass(frozen=True)
class Vote:
    """One study's side on one factor, whether its tests had a control, and the findings behind it."""

    factor: str
    study_id: str
    side: str
    controlled: bool
    findings: tuple[tuple[Finding, str], ...]


def votes(evidence: Evidence, check: Check, how: Settings) -> list[Vote]:
    """Return one vote per factor and study with rows on the factors of a check, the same people once per factor."""
    filters = Filters(population=() if check.one("population", "all") == "all" else check.values("population"))
    found, _ = select(evidence, filters, check.values("factor"))
    rows = with_interactions([f for f in found if f.drug in _DRUGS], how.level)
    sides: dict[tuple[str, str], list[tuple[Finding, str]]] = defaultdict(list)
    for row, side in _sided(rows, check):
        sides[row.factor, row.study_id].append((row, side))
    cast = [_vote(factor, study, members) for (factor, study), members in sides.items()]
    overlaps = overlap.build(evidence.rows("studies"))
    settled: list[Vote] = []
    for factor in dict.fromkeys(vote.factor for vote in cast):
        here = [vote for vote in cast if vote.factor == factor]
        sizes = {v.study_id: max(int(f.n or 0) for f, _ in v.findings) for v in here if v.side != UNTESTED}
        dropped = overlap.keep_one_each(list(sizes), sizes, overlaps)
        settled += [replace(v, side=UNTESTED) if v.study_id in dropped else v for v in here]
    return settled


_DRUGS = (*STUDY_DRUGS, "ketamine-or-esketamine")


def _sided(rows: Sequence[Finding], check: Check) -> Iterable[tuple[Finding, str]]:
    """Yield every row with its side; levels without a contrast are judged in pairs."""
    for kind, group in groupby(rows, key=lambda f: f.kind):
        members = list(group)
        if kind == "level":
            yield from _pairs(members, check)
        else:
            yield from ((row, _side(row, check)) for row in members)


def _side(row: Finding, check: Check) -> str:
    """Return which side one contrast of levels takes."""
    # a review holds the people of studies that vote themselves
    if row.kind not in (*_CONTROLLED, "prognostic") or row.design == "review":
        return UNTESTED
    excludes = _excludes(row)
    if excludes is None:
        return UNTESTED
    if not excludes:
        return NEITHER
    if not check.values("better"):
        return FOR
    return _direction(row, check)


def _excludes(row: Finding) -> bool | None:
    """Return whether a comparison excludes no difference; the comparison of two levels by its interval too."""
    if row.kind == INTERACTION and row.p is None and row.ci_low is not None and row.ci_high is not None:
        null = 1.0 if row.measure in _RATIOS else 0.0
        return not row.ci_low <= null <= row.ci_high
    return excludes_no_effect(row)


def _direction(row: Finding, check: Check) -> str:
    """Return for or against for a difference that is there: by its sign, or by what the source says in words."""
    if row.study_id in check.values("words_for"):
        return FOR
    if row.study_id in check.values("words_against"):
        return AGAINST
    first, _, second = row.level.partition(" v ")
    second = second or row.reference_level
    better = check.values("better")
    if (first in better) == (second in better) or row.estimate is None:
        return UNTESTED
    null = 1.0 if row.measure in _RATIOS else 0.0
    if row.measure in HIGHER or row.measure in ("ratio", "rd-difference"):
        first_better = row.estimate > null
    elif row.measure in LOWER:
        first_better = row.estimate < null
    else:
        return UNTESTED
    return FOR if first_better == (first in better) else AGAINST


def _pairs(rows: list[Finding], check: Check) -> Iterable[tuple[Finding, str]]:
    """Yield rates and changes by level: two levels with one p between them are a test, the rest is not."""
    groups: dict[tuple[object, ...], list[Finding]] = defaultdict(list)
    for row in rows:
        groups[row.contrast].append(row)
    for members in groups.values():
        side = UNTESTED
        printed = {(row.p, row.p_text) for row in members}
        comparable = members[0].measure in ("rate", "mean-change", "mean-percent-change")
        if len(members) == 2 and len(printed) == 1 and comparable:
            excludes = excludes_no_effect(members[0])
            if excludes is not None:
                side = _pair_side(members, check) if excludes else NEITHER
        yield from ((row, side) for row in members)


def _pair_side(pair: list[Finding], check: Check) -> str:
    better = check.values("better")
    if not better:
        return FOR
    inside = [row for row in pair if row.level in better]
    outside = [row for row in pair if row.level not in better]
    if len(inside) != 1 or inside[0].estimate is None or outside[0].estimate is None:
        return UNTESTED
    more = inside[0].estimate > outside[0].estimate
    return FOR if more == (pair[0].measure == "rate") else AGAINST


def _vote(factor: str, study: str, members: list[tuple[Finding, str]]) -> Vote:
    """Return the side that most of a study's tests take, tests with a control before those without."""
    tested = [(row, side) for row, side in members if side != UNTESTED]
    controlled = [(row, side) for row, side in tested if row.kind in _CONTROLLED]
    deciding = controlled or tested
    side = UNTESTED
    if deciding:
        counts = {which: sum(s == which for _, s in deciding) for which in (FOR, AGAINST)}
        leader = max(counts, key=lambda which: counts[which])
        side = leader if 2 * counts[leader] > len(deciding) else NEITHER
    return Vote(factor, study, side, bool(controlled), tuple(members))


def lines(cast: Sequence[Vote], factors: Sequence[str]) -> list[Quantity]:
    """Return the tally as one line, with every finding behind it as a member, then one finding per voting study."""
    order = sorted(cast, key=lambda v: (v.side == UNTESTED, not v.controlled, _SIDES.index(v.side)))
    members = [_line(row, side) for vote in order for row, side in vote.findings]
    if not members:
        return []
    tally = Quantity(
        what=f"Studies on {', '.join(spoken(f) for f in factors)}: {told(cast)}",
        measure="tally",
        k=len({vote.study_id for vote in cast}),
        study_ids=tuple(dict.fromkeys(vote.study_id for vote in cast)),
        members=tuple(members),
    )
    return [tally, *(_spokesman(vote) for vote in order if vote.side != UNTESTED)]


_SIDES = (FOR, AGAINST, NEITHER, UNTESTED)


def _spokesman(vote: Vote) -> Quantity:
    """Return the finding that shows a study's side: of those on it, one with an interval first."""
    on_side = [(row, side) for row, side in vote.findings if side == vote.side]
    row, side = min(on_side or vote.findings, key=lambda item: item[0].ci_low is None)
    control = "with a control" if vote.controlled else "without a control"
    line = _line(row, side)
    other = [f for f, _ in vote.findings if row.kind == "level" and f.contrast == row.contrast and f is not row]
    against = "".join(f" (v {spoken(f.level)}: {_value(f)})" for f in other[:1])
    return replace(line, what=line.what + against, note="; ".join(filter(None, (control, line.note))))


def _value(row: Finding) -> str:
    if row.estimate is None:
        return "not printed"
    if row.measure == "rate":
        counts = f"{row.events}/{row.total} = " if row.events is not None else ""
        return f"{counts}{100.0 * row.estimate:.0f} %"
    return f"{row.estimate:.1f}".replace("-", "−")


def told(cast: Sequence[Vote]) -> str:
    """Return the tally in words, studies with a control apart from those without."""
    parts = []
    for controlled, name in ((True, "with a control"), (False, "without a control")):
        counts = count(cast, controlled=controlled)
        if sum(counts.values()):
            sides = ", ".join(f"{counts[side]} {side}" for side in (FOR, AGAINST, NEITHER) if counts[side])
            parts.append(f"{name} {sides}")
    untested = sum(vote.side == UNTESTED for vote in cast)
    return "; ".join([*parts, *([f"{untested} without a test, or of people counted already"] if untested else [])])


def count(cast: Sequence[Vote], *, controlled: bool) -> dict[str, int]:
    """Return how many studies took each side, among those whose tests had a control or among the others."""
    return {
        side: sum(vote.side == side and vote.controlled == controlled for vote in cast)
        for side in (FOR, AGAINST, NEITHER)
    }


def _line(row: Finding, side: str) -> Quantity:
    return Quantity(
        what=f"{row.label}: {versus(row)}, {spoken(row.outcome)}",
        measure=row.measure,
        estimate=row.estimate,
        ci_low=row.ci_low,
        ci_high=row.ci_high,
        n=row.n,
        events=row.events,
        total=row.total,
        drug=row.drug,
        route=row.route,
        outcome=row.outcome,
        time_days=row.time_days,
        study_ids=(row.study_id,),
        source_url=row.source_url,
        side=side,
        p=row.p,
        p_text=row.p_text,
        note="" if row.measure in IN_WORDS else row.notes,
    )
