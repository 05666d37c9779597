"""Indirect comparisons (Bucher 1997): two treatments through one that both were tried against, or why not."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import TYPE_CHECKING

from ketcli.evidence import overlap
from ketcli.evidence.codes import DRUGS, STUDY_DRUGS
from ketcli.evidence.regimens import Window, standard_window
from ketcli.report import Source
from ketcli.selection import treatments
from ketcli.selection.arm_pairs import Comparison, pairs
from ketcli.selection.comparisons import settle
from ketcli.summaries.compare import rows as compare_rows
from ketcli.summaries.compare.rows import Fields
from ketcli.summaries.pooling import Settings
from ketcli.summaries.words import spoken, when_all

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters
    from ketcli.selection.treatments import Treatment

ONE_DOSE_DAYS = 1.5
SHARED = "some of the same people are on both sides"
Pools = list[list[Comparison]]


@dataclass(frozen=True)
class Indirect:
    """Rows of indirect comparisons with the two direct lines behind each, what was not computed and why, pages."""

    rows: tuple[Fields, ...] = ()
    refused: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class _Link:
    """Two pools that meet in a common comparator, and what sets them apart."""

    via: str
    first: list[Comparison]
    second: list[Comparison]
    apart: tuple[str, ...]

    @property
    def gap(self) -> float:
        """Return the days between the ratings of both sides."""
        means = [fmean(pair.first.time_days or 0.0 for pair in side) for side in (self.first, self.second)]
        return abs(means[0] - means[1])


def indirect(
    evidence: Evidence,
    filters: Filters,
    how: Settings,
    first: Treatment,
    second: Treatment,
    outcomes: Sequence[str],
    *,
    force: bool = False,
) -> Indirect:
    """Return the indirect estimates of first against second, each with its two direct lines above it.

    Trials meet only when their comparator, its new antidepressant, the stage of treatment and the time of rating
    are the same: in the windows used for direct evidence or in any standard one. `force` computes the others too.
    """
    overlaps = overlap.build(evidence.rows("studies"))
    rows: list[Fields] = []
    pages: list[Source] = []
    refused: list[str] = []
    for drug in _comparators(evidence, first, second):
        turned_down: list[_Link] = []
        for link in _links(evidence, filters, (first, treatments.parse(drug), second), outcomes, overlaps):
            if link.apart and (not force or SHARED in link.apart):
                turned_down.append(link)
                continue
            rows += _rows(link, how)
            rates = [pair.first for pair in (*link.first, *link.second)]
            pages += [Source(rate.study_id, rate.label, rate.source_url) for rate in rates]
        if turned_down:
            refused.append(_refusal(turned_down))
    return Indirect(tuple(rows), tuple(refused), tuple(dict.fromkeys(pages)))


def _comparators(evidence: Evidence, first: Treatment, second: Treatment) -> list[str]:
    """Return the drugs that some study holds beside the first treatment and some study beside the second."""
    together: dict[str, list[Mapping[str, object]]] = defaultdict(list)
    for arm in evidence.rows("arms"):
        together[arm["study_id"]].append(arm)
    beside: list[set[str]] = [set(), set()]
    for arms in together.values():
        drugs = {treatments.KINDS.get(str(arm["drug"]), str(arm["drug"])) for arm in arms}
        for side, treatment in enumerate((first, second)):
            if any(treatment.admits(arm) for arm in arms):
                beside[side] |= drugs
    named = {*(first.drugs or STUDY_DRUGS), *(second.drugs or STUDY_DRUGS)}
    return [drug for drug in DRUGS if drug in (beside[0] & beside[1]) - named]


def _links(
    evidence: Evidence,
    filters: Filters,
    chain: tuple[Treatment, Treatment, Treatment],
    outcomes: Sequence[str],
    overlaps: overlap.Overlaps,
) -> Iterable[_Link]:
    """Yield the pools of both sides that meet in the middle treatment, first those that are alike."""
    first, middle, second = chain
    found = [
        [pair for pair in pairs(evidence, filters, side, middle, outcomes) if not pair.reason]
        for side in (first, second)
    ]
    if not all(found):
        return
    usual = list(_met([_pools(side, filters, overlaps) for side in found], middle.name, overlaps))
    alike = [link for link in usual if not link.apart]
    for window in () if filters.at else _windows(found):
        at = replace(filters, at=window)
        met = _met([_pools(side, at, overlaps) for side in found], middle.name, overlaps)
        alike += [link for link in met if not link.apart]
    # several ratings can lie in one window: those nearest to each other in time are compared
    nearest: dict[tuple[object, ...], _Link] = {}
    for link in alike:
        key = (link.first[0].pool, link.second[0].pool)
        if key not in nearest or link.gap < nearest[key].gap:
            nearest[key] = link
    yield from sorted(nearest.values(), key=lambda link: outcomes.index(link.first[0].first.outcome))
    yield from (link for link in usual if link.apart)


def _windows(found: Sequence[list[Comparison]]) -> list[Window]:
    """Return the standard windows that hold ratings of both sides, centred on each of their times."""
    times = [{pair.first.time_days for pair in side if pair.first.time_days is not None} for side in found]
    held = [{standard_window(day).low for day in side} for side in times]
    windows = [standard_window(day) for day in sorted(times[0] | times[1])]
    return [window for window in windows if window.low in held[0] & held[1]]


def _pools(found: list[Comparison], filters: Filters, overlaps: overlap.Overlaps) -> Pools:
    """Return the poolable pairs of one side by what may share a line."""
    groups: dict[tuple[object, ...], list[Comparison]] = defaultdict(list)
    for pair in settle(found, filters, overlaps)[0]:
        groups[pair.pool].append(pair)
    return list(groups.values())


def _met(sides: Sequence[Pools], via: str, overlaps: overlap.Overlaps) -> Iterable[_Link]:
    """Yield every pair of pools of one outcome."""
    for ours in sides[0]:
        for theirs in sides[1]:
            if ours[0].first.outcome == theirs[0].first.outcome:
                yield _Link(via, ours, theirs, _differences(ours, theirs, via, overlaps))


def _differences(
    ours: list[Comparison], theirs: list[Comparison], via: str, overlaps: overlap.Overlaps
) -> tuple[str, ...]:
    """Return in words what sets two pools apart, so that their common comparator is not one."""
    found: list[str] = []
    if ours[0].second_is != theirs[0].second_is:
        found.append(f"{ours[0].second_is} is not {theirs[0].second_is}")
    if ours[0].new_antidepressant != theirs[0].new_antidepressant:
        found.append(f"a new antidepressant was begun beside {via} on one side alone")
    if _one_dose(ours[0]) != _one_dose(theirs[0]):
        found.append("one dose on one side, a course on the other")
    if _time(ours) != _time(theirs):
        found.append("rated at different times")
    studies = [{pair.first.study_id for pair in side} for side in (ours, theirs)]
    if studies[0] & studies[1] or any(overlaps.share(a, b) for a in studies[0] for b in studies[1]):
        found.append(SHARED)
    return tuple(found)


def _one_dose(pair: Comparison) -> bool:
    """Return True when the rating reflects one dose: after a single one, or on the first day of a course."""
    return pair.regimen == "single-dose" or (pair.first.time_days or 0.0) <= ONE_DOSE_DAYS


def _time(members: list[Comparison]) -> set[float]:
    return {standard_window(pair.first.time_days or 0.0).low for pair in members}


def _rows(link: _Link, how: Settings) -> list[Fields]:
    """Return the two direct lines and the indirect estimate; nothing when a line has no ratio."""
    from ketcli.stats.indirect import Estimate, bucher, standard_error

    pools = (link.first, link.second)
    measure = "or" if how.model in ("peto", "glmm") else "rr"
    legs = [_leg(members, how) for members in pools]
    logs: list[Estimate] = []
    for leg in legs:
        values = [leg.get(f"{measure}{end}") for end in ("", "_low", "_high")]
        if not all(isinstance(v, float) and v > 0.0 for v in values):
            return []
        logs.append(Estimate(*(math.log(float(v or 1.0)) for v in values)))
    effect = bucher(*logs)
    lead, other = link.first[0], link.second[0]
    rated = when_all([p.first.time_days for p in (*link.first, *link.second)])
    outcome, between = spoken(lead.first.outcome), spoken(f"{lead.first_is} v {other.first_is}")
    block = f"Indirect, through {spoken(link.via)}: {between}: {outcome}, {rated}"
    if link.apart:
        block += f"; not comparable: {', '.join(link.apart)}"
    shared: Fields = {"block": block, "evidence": "indirect", "via": link.via, "outcome": lead.first.outcome}
    label = f"Indirect estimate, {between}"
    estimate: Fields = {
        "kind": "indirect",
        "label": label,
        "shown": label,
        "first": lead.first_is,
        "second": other.first_is,
        "regimen": lead.regimen if lead.regimen == other.regimen else "",
        "drug": lead.first.drug,
        "route": lead.first.route,
        "control_drug": other.first.drug,
        "control_route": other.first.route,
        "measure": measure,
        "k": len(link.first) + len(link.second),
        "model": "bucher",
        "se": standard_error(effect, how.level),
        measure: math.exp(effect.value),
        f"{measure}_low": math.exp(effect.low),
        f"{measure}_high": math.exp(effect.high),
        "reason": "not comparable: " + "; ".join(link.apart) if link.apart else "",
    }
    return [{**leg, **shared} for leg in legs] + [{**estimate, **shared}]


def _leg(members: list[Comparison], how: Settings) -> Fields:
    """Return the direct line of one side: the study itself, or the pooled line of several."""
    pooled = compare_rows.pool(members, how, "")
    row = pooled.rows[0] if pooled.rows else {**compare_rows.study_row(members[0], how, ""), "k": 1}
    name = f"{len(members)} studies" if len(members) > 1 else members[0].first.label
    kinds = spoken(f"{members[0].first_is} v {members[0].second_is}")
    label = f"{kinds[:1].upper()}{kinds[1:]}: {name}"
    return {**row, "kind": "leg", "label": label, "shown": label, "pooled": False}


def _refusal(links: Sequence[_Link]) -> str:
    """Return in a sentence what was not computed through one comparator, and why."""
    reasons = Counter(reason for link in links for reason in link.apart)
    number = "1 pair" if len(links) == 1 else f"{len(links)} pairs"
    return f"{number} of lines through {links[0].via}: " + ", ".join(f"{why} ({n})" for why, n in reasons.items())
