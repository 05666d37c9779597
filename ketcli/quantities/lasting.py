"""Relapse and duration, as the rows of `ket durability` have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ketcli.quantities.quantity import Quantity, number
from ketcli.summaries.pooling import Settings
from ketcli.summaries.words import spoken

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters


def hazards(evidence: Evidence, filters: Filters, how: Settings) -> list[Quantity]:
    """Return hazard ratios of relapse, staying against stopping; a trial's strata together where it has several."""
    found = lasting(evidence, filters, how, kinds=("hazard", "pooled"))
    together = {line.study_ids for line in found if line.model}
    return [line for line in found if line.model or line.study_ids not in together]


def lasting(
    evidence: Evidence,
    filters: Filters,
    how: Settings,
    *,
    kinds: Sequence[str] = (),
    metrics: Sequence[str] = (),
) -> list[Quantity]:
    """Return rows of `ket durability` by kind and metric: risk ratios of relapse, hazard ratios, times, shares."""
    from ketcli.summaries.durability import durability

    wanted = {spoken(metric) for metric in metrics}
    rows = durability(evidence, replace(filters, at=None), how, show_extensions="extension" in kinds).rows
    return [
        _lasting_line(row)
        for row in rows
        if (not kinds or row["kind"] in kinds) and (not wanted or row["metric"] in wanted)
    ]


def _lasting_line(row: Mapping[str, Any]) -> Quantity:
    hazard = row["kind"] in ("hazard", "pooled")
    counted = row.get("rr") is not None
    measure = (
        "hr" if hazard else "rr" if counted else "rate" if row.get("rate") is not None else row.get("unit", "")
    )
    names = {
        "hr": ("value", "value_low", "value_high"),
        "rr": ("rr", "rr_low", "rr_high"),
        "rate": ("rate", "ci_low", "ci_high"),
    }.get(measure, ("value", "value_low", "value_high"))
    estimate, low, high = (number(row.get(name)) for name in names)
    about = "relapse, " if hazard or row["kind"] == "relapse" else ""
    unit = "" if measure in ("hr", "rr", "rate") or not measure else f" ({measure})"
    return Quantity(
        what=f"{row['label']}: {about}{row['metric']}{unit}",
        measure=measure,
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        n=None if row.get("n") is None else round(float(row["n"])),
        events=row.get("events"),
        total=row.get("total"),
        control_events=row.get("control_events"),
        control_total=row.get("control_total"),
        model="common" if row["kind"] == "pooled" else "",
        drug=row["drug"],
        route=row["route"],
        against=row.get("control_drug") or ("placebo" if hazard else ""),
        outcome="relapse" if hazard else row["outcome"],
        time_days=row["time_days"],
        window="maintenance" if hazard else "",
        study_ids=(row["study_id"],),
        source_url=row["source_url"],
        note=row["notes"],
    )
