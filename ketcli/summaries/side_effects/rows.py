"""Rows of a side effect: one study, the pooled contrast with the method beside it, a pooled incidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ketcli.report import Value
from ketcli.selection.event_counts import REASONS, Count
from ketcli.summaries import contrasts, pooling
from ketcli.summaries.contrasts import Line, Tables
from ketcli.summaries.pooling import Settings
from ketcli.summaries.rates import interval

if TYPE_CHECKING:
    from ketcli.stats.results import Pooled

PHASE_WORDS = {
    "acute-course": "acute course",
    "dosing-day": "day of dosing",
    "week-1": "first week",
    "maintenance": "maintenance",
    "open-label": "open phase",
    "whole-study": "whole study",
    "over-24-h": "lasting over 24 h",
}
Fields = dict[str, Value]


@dataclass(frozen=True)
class PooledRows:
    """The lines below the studies of one pool, the studies' weights, and what to say of the first line."""

    rows: tuple[Fields, ...] = ()
    weights: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()


def place_title(members: Sequence[Count]) -> str:
    """Return where and against what rows were counted: intranasal esketamine, acute course, v placebo."""
    first = members[0]
    parts = [f"{first.route} {first.drug}".strip(), PHASE_WORDS.get(first.phase, first.phase)]
    if first.one_dose:
        parts.append("one dose")
    against = " or ".join(control_drugs(members))
    parts.append(f"v {against}" if against else "drug arms alone")
    return ", ".join(parts)


def event_title(count: Count) -> str:
    """Return the event as a heading, marked when it comes from the list of serious events."""
    serious = ", serious" if count.serious and "serious" not in count.event else ""
    return f"{count.event[:1].upper()}{count.event[1:]}{serious}"


def why(count: Count) -> str:
    """Return in words why a row is not pooled, "" when it is."""
    text = REASONS.get(count.reason, count.reason)
    return f"{text} ({count.clash})" if count.clash else text


def study_row(
    count: Count, how: Settings, block: str, *, kind: str = "study", weight: float | None = None
) -> Fields:
    """Return the row of one study: both arms with intervals, and their contrast when both are counted."""
    rate, low, high = interval(count, how)
    row: Fields = {
        "kind": kind,
        "block": block,
        "study_id": count.study_id,
        "label": count.label,
        "shown": "; ".join([count.label, *_remarks(count)]),
        "term": count.term,
        "dose": count.dose,
        "arms": " ".join(count.arms),
        "events": count.events,
        "total": count.total,
        "rate": rate,
        "ci_low": low,
        "ci_high": high,
        "serious": count.serious,
        "population": count.population,
        "design": count.design,
        "year": count.year,
        "percent": count.percent,
        "events_derived": count.events_derived,
        "source_kind": count.source_kind,
        "pooled": kind == "study" and not count.reason,
        "reason": why(count),
        "weight": weight,
        "source_url": count.source_url,
        "source_where": count.source_where,
        **_place(count),
    }
    control = count.control
    if control is None:
        return row
    share, low, high = interval(control, how)
    row |= {
        "control_drug": control.drug,
        "control_events": control.events,
        "control_total": control.total,
        "control_rate": share,
        "control_low": low,
        "control_high": high,
    }
    if count.events is None or count.total is None or control.events is None or control.total is None:
        return row
    return row | contrasts.contrast(count.events, count.total, control.events, control.total, how)


def _remarks(count: Count) -> list[str]:
    """Return what a reader must know of a row beside its label."""
    remarks = ["related terms grouped"] if count.grouped else []
    if count.design in ("label", "pooled") and count.control and len(count.control.arms) > 1:
        remarks.append("arms of several trials added up")
    return remarks


def pooled_rows(members: Sequence[Count], how: Settings, block: str) -> PooledRows:
    """Return the lines of one pool with the method beside the first; none for fewer than two studies."""
    (lines,) = all_pooled_rows([(block, members)], how, compare=True)
    return lines


def all_pooled_rows(
    pools: Sequence[tuple[str, Sequence[Count]]], how: Settings, *, compare: bool
) -> list[PooledRows]:
    """Return the lines of many pools, each with its block; `compare` adds the method beside the first line."""
    arms = [_arms(members) for _, members in pools]
    solved = iter(contrasts.incidences([arm for pool in arms for arm in pool], how))
    return [
        _lines(members, [next(solved) for _ in own], how, block, compare=compare)
        for (block, members), own in zip(pools, arms, strict=True)
    ]


def _arms(members: Sequence[Count]) -> list[pooling.Counts]:
    """Return the counts of each kind of arm whose proportions a pool shows, the drug first; none without a pool."""
    if len(members) < 2:
        return []
    counts = tables(members)
    drug, control = (counts.events, counts.totals), (counts.control_events, counts.control_totals)
    return [drug, control] if members[0].comparator else [drug]


def _lines(
    members: Sequence[Count], proportions: Sequence[Pooled], how: Settings, block: str, *, compare: bool
) -> PooledRows:
    """Return the lines of one pool from the pooled proportions of its kinds of arm."""
    if not proportions:
        return PooledRows()
    shared: Fields = {
        "block": block,
        "serious": members[0].serious if len({m.serious for m in members}) == 1 else None,
        "control_drug": " or ".join(control_drugs(members)) or None,
        **_place(members[0]),
    }
    counts = tables(members)
    if len(proportions) == 1:
        return _incidence(counts, proportions[0], shared)
    rate, risk = (pooling.natural(pooled, "PLO") for pooled in proportions)
    both: Fields = {
        "events": sum(counts.events),
        "total": sum(counts.totals),
        "rate": rate["estimate"],
        "ci_low": rate["ci_low"],
        "ci_high": rate["ci_high"],
        "control_events": sum(counts.control_events),
        "control_total": sum(counts.control_totals),
        "control_rate": risk["estimate"],
        "control_low": risk["ci_low"],
        "control_high": risk["ci_high"],
    }
    control_risk = risk["estimate"] if isinstance(risk["estimate"], float) else math.nan
    first = contrasts.lead(counts, control_risk, how)
    rows = _first(first, both, shared)
    if compare and (other := contrasts.beside(counts, how)):
        rows.append({"kind": "alternative", **_named("Mantel-Haenszel"), **shared, **other.values})
    return PooledRows(tuple(rows), first.weights, first.notes)


def tables(members: Sequence[Count]) -> Tables:
    """Return the two-by-two tables of rows that are counted; rows without a control have none."""
    return Tables(
        tuple(m.events or 0 for m in members),
        tuple(m.total or 0 for m in members),
        tuple(m.control.events or 0 for m in members if m.control),
        tuple(m.control.total or 0 for m in members if m.control),
    )


def control_drugs(members: Sequence[Count]) -> tuple[str, ...]:
    """Return what the controls of a pool received, each once."""
    return tuple(dict.fromkeys(m.control.drug for m in members if m.control))


def _place(count: Count) -> Fields:
    """Return the columns that say what was counted, of which drug and when."""
    return {
        "event": count.event,
        "drug": count.drug,
        "route": count.route,
        "phase": count.phase,
        "grouped": count.grouped,
    }


def _named(label: str) -> Fields:
    return {"label": label, "shown": label}


def _first(line: Line, both: Fields, shared: Fields) -> list[Fields]:
    """Return the pooled line and, where the model has one, the interval in which the next study may lie."""
    name = f"Pooled, {line.values['k']} studies"
    between = line.spread
    known = line.values.get("pi_low") is not None or line.rd_prediction[0] is not None
    suffix = f"; {between}" if between and not known else ""
    rows: list[Fields] = [{"kind": "pooled", **_named(name + suffix), **both, **shared, **line.values}]
    if known:
        rows.append(
            {
                "kind": "prediction",
                **_named("Next study may lie in" + (f"; {between}" if between else "")),
                **shared,
                "k": line.values["k"],
                "model": line.model,
                "measure": line.values["measure"],
                f"{line.ratio}_low": line.values.get("pi_low"),
                f"{line.ratio}_high": line.values.get("pi_high"),
                "rd_low": line.rd_prediction[0],
                "rd_high": line.rd_prediction[1],
            }
        )
    return rows


def _incidence(counts: Tables, pooled: Pooled, shared: Fields) -> PooledRows:
    """Return the pooled proportion of people with an event in arms that have no control."""
    value = pooling.natural(pooled, "PLO")
    between = pooling.spread(pooled)
    row: Fields = {
        "kind": "incidence",
        **_named(f"Pooled, {pooled.k} studies" + (f"; {between}" if between else "")),
        "events": sum(counts.events),
        "total": sum(counts.totals),
        "rate": value["estimate"],
        "ci_low": value["ci_low"],
        "ci_high": value["ci_high"],
        **shared,
        "measure": "PLO",
        **pooling.heterogeneity(pooled),
        "pi_low": value["pi_low"],
        "pi_high": value["pi_high"],
    }
    return PooledRows((row,), (), pooled.notes)
