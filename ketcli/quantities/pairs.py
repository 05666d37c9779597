"""Contrasts of an outcome under two treatments, as `ket compare` pairs and pools them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ketcli.evidence.codes import STUDY_DRUGS
from ketcli.quantities.quantity import Quantity, number, small
from ketcli.selection import comparisons
from ketcli.selection.treatments import Treatment
from ketcli.summaries import contrasts, pooling
from ketcli.summaries.compare import rows as compare_rows
from ketcli.summaries.contrasts import Tables
from ketcli.summaries.pooling import Settings

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.arm_pairs import Comparison
    from ketcli.selection.filters import Filters


def drug_on(drugs: Sequence[str], route: str) -> Treatment:
    """Return ketamine, esketamine or both, by one route or any, as one side of a comparison."""
    chosen = tuple(drug for drug in STUDY_DRUGS if not drugs or drug in drugs)
    return Treatment(" or ".join(chosen), drugs=chosen, route=route)


def pairs(
    evidence: Evidence,
    filters: Filters,
    first: Treatment,
    second: Treatment,
    outcomes: Sequence[str],
    measure: str,
    how: Settings,
    *,
    apart: bool = False,
) -> list[Quantity]:
    """Return rr, or or rd of an outcome under two treatments, one line per pool of comparable pairs of arms.

    `apart` adds pairs with counts that the rule of `comparisons` keeps out of pools, each a line with its reason.
    """
    found = comparisons.select(evidence, filters, first, second, outcomes)
    lines = [_contrast(list(group), measure, how) for _, group in groupby(found.kept, key=lambda pair: pair.pool)]
    if apart:
        lines += [one_contrast(pair, measure, how) for pair in found.apart if _counted(pair)]
    return lines


def _counted(pair: Comparison) -> bool:
    """Return True when both arms have counts of different people, so that a contrast has an interval."""
    known = None not in (pair.first.events, pair.first.total, pair.second.events, pair.second.total)
    return known and pair.reason != "same-people"


def _contrast(found: Sequence[Comparison], measure: str, how: Settings) -> Quantity:
    members = tuple(one_contrast(pair, measure, how) for pair in found)
    if len(members) == 1:
        return members[0]
    counts = compare_rows.tables(found)
    return replace(
        _pair_line(_pooled(counts, measure, how), measure, compare_rows.title(found), found[0]),
        **sums(counts),
        k=len(found),
        n=sum(pair.people for pair in found),
        time_days=None,
        study_ids=tuple(pair.first.study_id for pair in found),
        source_url="",
        members=members,
    )


def _pooled(counts: Tables, measure: str, how: Settings) -> Mapping[str, Any]:
    """Return the pooled rr, or or rd; the difference is what the ratio makes of the pooled control risk."""
    plain = replace(how, model="")
    if measure != "rd":
        line = contrasts.lead(counts, math.nan, plain)
        return line.values | (compare_rows.odds(line, counts, plain) if measure == "or" else {})
    pooled = contrasts.incidence(counts.control_events, counts.control_totals, plain)
    risk = pooling.natural(pooled, "PLO")["estimate"]
    at = risk if isinstance(risk, float) else math.nan
    return compare_rows.absolute(contrasts.lead(counts, at, plain).values, at, "")


def one_contrast(pair: Comparison, measure: str, how: Settings) -> Quantity:
    """Return the contrast of two arms of one study; without an estimate where the measure is not defined."""
    row = compare_rows.study_row(pair, how, "")
    reason = compare_rows.why(pair)
    line = _pair_line(row, measure, f"{pair.first.label}: {small(compare_rows.title([pair]))}", pair)
    return replace(line, n=pair.people, note=f"not pooled: {reason}" if reason else "")


def _pair_line(row: Mapping[str, Any], measure: str, what: str, pair: Comparison) -> Quantity:
    return Quantity(
        what=what,
        measure=measure,
        estimate=number(row.get(measure)),
        ci_low=number(row.get(f"{measure}_low")),
        ci_high=number(row.get(f"{measure}_high")),
        pi_low=number(row.get("pi_low")) if measure == "rr" else None,
        pi_high=number(row.get("pi_high")) if measure == "rr" else None,
        events=row.get("events"),
        total=row.get("total"),
        control_events=row.get("control_events"),
        control_total=row.get("control_total"),
        i2=number(row.get("i2")),
        model=str(row.get("model") or ""),
        drug=pair.first.drug,
        route=pair.first.route,
        regimen=pair.regimen,
        against=pair.second_is,
        outcome=pair.first.outcome,
        time_days=pair.first.time_days,
        study_ids=(pair.first.study_id,),
        source_url=pair.first.source_url,
    )


def sums(counts: Tables) -> dict[str, Any]:
    """Return the people of a pool, both sides added up over its studies."""
    return {
        "events": sum(counts.events),
        "total": sum(counts.totals),
        "control_events": sum(counts.control_events),
        "control_total": sum(counts.control_totals),
    }
