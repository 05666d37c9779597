"""Two treatments inside one study: one comparison per study, kind and outcome, every choice recorded.

The written rule:
1. pairs of arms rated alike (`arm_pairs`);
2. kinds never share a pool: drug and route, placebo (saline too) apart from midazolam, and a control that began a
   new antidepressant apart from one that did not;
3. only treatments given at random are pooled; observational pairs, paired periods of a crossover, percents without
   counts and outcomes that are not of one visit are shown apart, with the reason;
4. inside the regimen's time window; where no pair of a kind was rated in it, inside the standard window nearest to
   it; then nearest to the centre, scale, analysis set, source and counts as for rates;
5. of records that share participants, the first-hand and larger one stays.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ketcli.evidence import overlap
from ketcli.evidence.preference import rank_scale, rank_set
from ketcli.evidence.regimens import REGIMENS
from ketcli.selection.arm_pairs import APART, Cell, Comparison, pairs
from ketcli.selection.filters import SECONDARY, Filters
from ketcli.selection.pair_windows import OUTSIDE, Timed, choose_windows, distance, usual_window
from ketcli.selection.rates import ROUTES

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.treatments import Treatment


@dataclass(frozen=True)
class Selection:
    """Pairs to pool, pairs shown apart, pairs left out, and the studies that other populations hold."""

    kept: tuple[Comparison, ...]
    apart: tuple[Comparison, ...]
    left_out: tuple[Comparison, ...]
    elsewhere: Mapping[str, int]


def select(
    evidence: Evidence, filters: Filters, first: Treatment, second: Treatment, outcomes: Sequence[str]
) -> Selection:
    """Return one comparison per study, kind and outcome by the written rule, and what became of the rest."""
    everyone = list(pairs(evidence, replace(filters, population=()), first, second, outcomes))
    admitted = {row["study_id"] for row in evidence.rows("studies") if filters.admits_study(row)}
    found = [pair for pair in everyone if pair.first.study_id in admitted]
    kept, apart, left_out = settle(found, filters, overlap.build(evidence.rows("studies")))
    others = {(p.first.study_id, p.first.population) for p in everyone if p.reason in ("", *APART)}
    elsewhere = Counter(population for study, population in others if study not in admitted)

    def order(pair: Comparison) -> tuple[Any, ...]:
        place = list(REGIMENS).index(pair.regimen) if pair.regimen in REGIMENS else len(REGIMENS)
        route = ROUTES.index(pair.first.route) if pair.first.route in ROUTES else len(ROUTES)
        which = (place, not pair.new_antidepressant, route, pair.first_is, pair.second_is)
        study = (pair.first.year or 0, pair.first.study_id)
        return (not pair.randomised, *which, outcomes.index(pair.first.outcome), *study)

    kept, apart, left_out = (sorted(group, key=order) for group in (kept, apart, left_out))
    return Selection(tuple(kept), tuple(apart), tuple(left_out), elsewhere)


def settle(
    found: Sequence[Comparison], filters: Filters, overlaps: overlap.Overlaps
) -> tuple[list[Comparison], list[Comparison], list[Comparison]]:
    """Place pairs in their windows, take one per study and cell, and let nobody be counted twice."""
    usable = [pair for pair in found if pair.reason in ("", "not-randomised") and pair.first.time_days is not None]
    windows = choose_windows([_timed(pair) for pair in usable], filters.at)
    left_out: list[Comparison] = []
    cells: dict[Cell, dict[str, list[tuple[float, Comparison]]]] = defaultdict(lambda: defaultdict(list))
    for pair in found:
        away, placed = _placed(pair, windows, filters)
        if placed.reason in ("", *APART) and not (filters.at and placed.reason == "other-time"):
            cells[pair.cell][pair.first.study_id].append((away, placed))
        else:
            left_out.append(placed)
    kept: list[Comparison] = []
    apart: list[Comparison] = []
    for studies in cells.values():
        chosen: list[Comparison] = []
        for rows in studies.values():
            best = min(rows, key=_preference)[1]
            chosen.append(best)
            left_out += [_second(pair) for _, pair in rows if pair is not best]
        if filters.min_n:
            left_out += [replace(p, reason="too-few") for p in chosen if p.people < filters.min_n]
            chosen = [p for p in chosen if p.people >= filters.min_n]
        stay, beside, give_way = _once(chosen, overlaps)
        kept += stay
        apart += beside
        (apart if filters.include_overlapping else left_out).extend(give_way)
    return kept, apart, left_out


def _timed(pair: Comparison) -> Timed:
    return Timed(pair.cell, pair.regimen, pair.first.time_days or 0.0, pair.course_days)


def _placed(pair: Comparison, windows: Mapping[Any, Any], filters: Filters) -> tuple[float, Comparison]:
    """Return how far a pair is from its window's centre, and the pair with its window and reason."""
    placed = windows.get(pair.cell)
    window = placed.window if placed else filters.at or usual_window(pair.regimen)
    if pair.first.time_days is None:
        return 2.0 * OUTSIDE, replace(pair, window=window)
    away = distance(_timed(pair), window)
    outside = away >= OUTSIDE and (not pair.reason or (filters.at is not None and pair.reason in APART))
    return away, replace(
        pair,
        window=window,
        nearest=bool(placed and placed.nearest),
        reason="other-time" if outside else pair.reason,
    )


def _preference(item: tuple[float, Comparison]) -> tuple[Any, ...]:
    """Return the sorting key among the pairs of one study: poolable, near, then as rates are chosen."""
    away, pair = item
    rates = (pair.first, pair.second)
    return (
        0 if not pair.reason else 1 + APART.index(pair.reason),
        away,
        rank_scale(pair.first.scale),
        rank_set(pair.first.analysis_set),
        any(rate.source_kind.startswith(SECONDARY) for rate in rates),
        sum(rate.events_derived for rate in rates),
        -pair.people,
    )


def _second(pair: Comparison) -> Comparison:
    return pair if pair.reason else replace(pair, reason="second-choice")


def _once(
    chosen: list[Comparison], overlaps: overlap.Overlaps
) -> tuple[list[Comparison], list[Comparison], list[Comparison]]:
    """Split the pairs of a cell into those to pool, those shown apart, and those of people already counted."""
    sizes = {pair.first.study_id: pair.people for pair in chosen if not pair.reason}
    dropped = overlap.keep_one_each(list(sizes), sizes, overlaps)
    counted = [study for study in sizes if study not in dropped]
    stay: list[Comparison] = []
    beside: list[Comparison] = []
    give_way: list[Comparison] = []
    for pair in chosen:
        study = pair.first.study_id
        clash = dropped.get(study) or next((other for other in counted if overlaps.share(other, study)), "")
        if clash:
            give_way.append(replace(pair, reason="overlapping-participants", clash=clash))
        else:
            (beside if pair.reason else stay).append(pair)
    return stay, beside, give_way
