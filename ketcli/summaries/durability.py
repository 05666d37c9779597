"""How long the effect lasts: relapse by design, times to relapse, hazard ratios, long extensions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ketcli.evidence.codes import STUDY_DRUGS
from ketcli.evidence.regimens import classify
from ketcli.report import Column, Display, Note, Report, Row, Source, Value
from ketcli.selection.rates import REASONS
from ketcli.summaries.columns import columns
from ketcli.summaries.pooling import Settings
from ketcli.summaries.rates import population_words
from ketcli.summaries.words import spoken

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters

RELAPSE = ("relapse", "stable-remission", "no-relapse-no-discontinuation")
BLOCKS = (
    ("single", "After one dose: responders who relapsed"),
    ("course", "After a course stopped: responders or remitters who relapsed"),
    ("withdrawal", "Randomised withdrawal: relapse on the drug and after switching to placebo"),
    ("against", "Stable remission against another treatment"),
    ("maintenance", "On maintenance, without a control: neither relapsed nor stopped"),
    ("time", "Times to relapse and duration"),
    ("hazard", "Hazard ratios of relapse, staying on the drug against stopping"),
    ("extension", "Long-term extensions, people chosen for an earlier benefit or for staying"),
    ("other", "Other findings on duration"),
)
_TITLES = dict(BLOCKS)


def durability(evidence: Evidence, filters: Filters, how: Settings, *, show_extensions: bool = True) -> Report:
    """Return relapse and duration by design, each row with its denominator where the source gives one.

    Nothing is pooled across studies: definitions of relapse, follow-up and who was followed all differ. The two
    strata of one randomised withdrawal trial are different people and stand side by side.
    """
    studies = {r["study_id"]: r for r in evidence.rows("studies") if filters.admits_study(r)}
    arms = {(r["study_id"], r["arm_id"]): r for r in evidence.rows("arms") if r["study_id"] in studies}
    metrics = _metrics(evidence, studies, arms, filters)
    rows = [*_relapses(evidence, studies, arms, filters, how), *metrics, *_pooled_hazard(metrics, how)]
    if show_extensions:
        rows += _extensions(evidence, studies, arms, filters, how)
    order = [title for _, title in BLOCKS]
    rows.sort(key=lambda r: (order.index(str(r["block"])), str(r["study_id"]), float(str(r["time_days"] or 0))))
    return Report(
        title="How long the effect lasts",
        columns=(
            *columns("kind", "study_id", "label", "drug", "route", "arms", "outcome"),
            Column("metric", "What", "text"),
            *columns("events", "total", "rate", "ci_low", "ci_high", "percent", "time_days", "time_anchor"),
            Column("value", "Value", "number", "", "in the unit of `unit`"),
            Column("unit", "Unit", "text"),
            Column("value_low", "Value low", "number", "", "lower limit of the value, 95 %"),
            Column("value_high", "Value high", "number", "", "upper limit of the value, 95 %"),
            Column("n", "n", "integer", "people"),
            *columns("control_drug", "control_events", "control_total", "control_rate", "rr", "rr_low", "rr_high"),
            *columns("definition", "reason"),
            Column("notes", "Notes", "text"),
            *columns("source_url", "source_where"),
        ),
        rows=tuple(rows),
        displays=(
            Display("Study", "text", ("label",)),
            Display("What", "text", ("metric_shown",)),
            Display("By", "time", ("time_days",), align="right"),
            Display("n/N", "fraction", ("events", "total"), align="right"),
            Display("Rate", "percent-interval", ("shown_rate", "ci_low", "ci_high")),
            Display("Control", "fraction", ("control_events", "control_total"), align="right"),
            Display("RR", "ratio-interval", ("rr", "rr_low", "rr_high"), rank=3),
            Display("Definition", "text", ("definition",), rank=4),
            Display("Caution", "text", ("reason",), rank=5),
            Display("Notes", "text", ("notes",), rank=6),
        ),
        notes=_notes(filters, how),
        sources=_sources(rows),
        group_by=("block",),
        heading=("block",),
        emphasis=frozenset(),
        empty="No study has such a row.",
        data_version=evidence.version,
    )


Index = Mapping[tuple[str, str], Mapping[str, Any]]


def _relapses(
    evidence: Evidence, studies: Mapping[str, Any], arms: Index, filters: Filters, how: Settings
) -> list[Row]:
    """Return relapse and stable remission of drug arms, the control of the same stratum beside them."""
    found = [
        r for r in evidence.rows("outcomes") if r["outcome"] in RELAPSE and (r["study_id"], r["arm_id"]) in arms
    ]
    rows: list[Row] = []
    for row in found:
        arm = arms[row["study_id"], row["arm_id"]]
        if arm["drug"] not in STUDY_DRUGS or arm["role"] == "control" or not filters.admits_arm(arm):
            continue
        if filters.source_reason(row) or row["exclude_reason"] == "overlapping-participants":
            continue
        control = _control(row, arm, found, arms)
        study = studies[row["study_id"]]
        block = _block_of(row, arm, study, control)
        rows.append(_relapse_row(row, arm, study, control, block, how))
    return rows


def _block_of(row: Mapping[str, Any], arm: Mapping[str, Any], study: Mapping[str, Any], control: Any) -> str:
    if row["outcome"] == "no-relapse-no-discontinuation":
        return "maintenance"
    if row["outcome"] == "stable-remission":
        return "against" if control else "course"
    if study["design"] == "rct-withdrawal":
        return "withdrawal"
    return "single" if arm["regimen"] == "single-dose" else "course"


def _control(row: Mapping[str, Any], arm: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], arms: Index) -> Any:
    """Return the control row of the same trial, outcome and time; in a withdrawal trial of the same stratum."""
    stratum = str(row["arm_id"]).split("-")[0]
    others = [
        r
        for r in rows
        if r["study_id"] == row["study_id"]
        and (r["outcome"], r["time_days"], r["time_anchor"])
        == (row["outcome"], row["time_days"], row["time_anchor"])
        and arms[r["study_id"], r["arm_id"]]["role"] == "control"
        and arms[r["study_id"], r["arm_id"]]["drug"] != arm["drug"]
    ]
    same = [r for r in others if str(r["arm_id"]).split("-")[0] == stratum]
    candidates = same or others
    return candidates[0] if len(candidates) == 1 else None


def _relapse_row(
    row: Mapping[str, Any],
    arm: Mapping[str, Any],
    study: Mapping[str, Any],
    control: Mapping[str, Any] | None,
    block: str,
    how: Settings,
) -> Row:
    known = row["events"] is not None and row["total"] is not None
    share = row["events"] / row["total"] if known else _fraction(row["percent"])
    made: dict[str, Value] = {
        **_base(row, arm, study, block),
        "kind": "relapse" if row["outcome"] == "relapse" else "kept",
        "metric": arm["label"],
        "metric_shown": arm["label"],
        "events": row["events"],
        "total": row["total"],
        "rate": share,
        "shown_rate": share,
        "percent": row["percent"],
        "reason": REASONS.get(row["exclude_reason"], ""),
    }
    if known:
        from ketcli.stats.intervals import proportion_interval

        low, high = proportion_interval(row["events"], row["total"], how.interval, how.level)
        made |= {"ci_low": float(low[0]), "ci_high": float(high[0])}
    if control is None:
        return made
    made |= {
        "control_drug": "placebo" if block == "withdrawal" else str(control["arm_id"]),
        "control_events": control["events"],
        "control_total": control["total"],
        "control_rate": _fraction(control["percent"]),
    }
    if known and control["events"] is not None and control["total"] is not None:
        from ketcli.summaries.contrasts import contrast

        pair = contrast(row["events"], row["total"], control["events"], control["total"], how)
        made |= {name: pair.get(name) for name in ("rr", "rr_low", "rr_high")}
        made["control_rate"] = control["events"] / control["total"]
    return made


def _metrics(evidence: Evidence, studies: Mapping[str, Any], arms: Index, filters: Filters) -> list[Row]:
    """Return the rows of the durability table: times, hazard ratios and whatever else was measured."""
    rows: list[Row] = []
    for row in evidence.rows("durability"):
        study = studies.get(row["study_id"])
        arm = arms.get((row["study_id"], row["arm_id"]), {})
        if study is None or filters.source_reason(row) or (arm and not filters.admits_arm(arm)):
            continue
        if (filters.drug or filters.route) and not arm:
            continue
        hazard = row["unit"] == "hazard-ratio"
        timed = "time-to" in row["metric"] or "duration" in row["metric"]
        block = "hazard" if hazard else "time" if timed else "other"
        ends = "" if row["ci_low"] is None or row["ci_high"] is None else f" ({row['ci_low']:g}–{row['ci_high']:g})"
        unit = "" if hazard else f" {row['unit']}"
        shown = "" if row["value"] is None else f": {'HR ' if hazard else ''}{row['value']:g}{unit}{ends}"
        rows.append(
            {
                **_base(row, arm, study, block),
                "kind": block,
                "metric": spoken(row["metric"]),
                "metric_shown": spoken(row["metric"]) + shown,
                "value": row["value"],
                "unit": row["unit"],
                "value_low": row["ci_low"],
                "value_high": row["ci_high"],
                "n": row["n"],
            }
        )
    return rows


def _pooled_hazard(rows: Sequence[Row], how: Settings) -> list[Row]:
    """Return one hazard ratio for the strata of a withdrawal trial together: different people, one trial.

    Inverse variance on the log scale, the standard error from the limits; trials are not mixed, since their
    definitions of relapse differ.
    """
    by_study: dict[str, list[Row]] = {}
    for row in rows:
        if row["kind"] == "hazard" and row["value"] and row["value_low"] and row["value_high"]:
            by_study.setdefault(str(row["study_id"]), []).append(row)
    pooled: list[Row] = []
    for strata in (s for s in by_study.values() if len(s) > 1):
        from ketcli.stats.numeric.distributions import critical_value
        from ketcli.stats.pooling import common_effect

        logs = [[math.log(float(str(r[name]))) for name in ("value", "value_low", "value_high")] for r in strata]
        errors = [(high - low) / (2.0 * critical_value(0.95)) for _, low, high in logs]
        line = common_effect([y for y, _, _ in logs], [e * e for e in errors], level=how.level)
        value, low, high = (math.exp(x) for x in (line.estimate, line.ci_low, line.ci_high))
        pooled.append(
            {
                **strata[0],
                "kind": "pooled",
                "arms": " ".join(str(r["arms"]) for r in strata),
                "metric": "strata together",
                "metric_shown": f"strata together: HR {value:.2g} ({low:.2g}–{high:.2g})",
                "value": value,
                "value_low": low,
                "value_high": high,
                "n": sum(int(str(r["n"] or 0)) for r in strata),
                "notes": "common effect of the strata, which are different people; computed here, not printed",
            }
        )
    return pooled


def _extensions(
    evidence: Evidence, studies: Mapping[str, Any], arms: Index, filters: Filters, how: Settings
) -> list[Row]:
    """Return response and remission in long extensions: the selection is in the heading and in each row."""
    rows: list[Row] = []
    for row in evidence.rows("outcomes"):
        arm = arms.get((row["study_id"], row["arm_id"]))
        if arm is None or row["exclude_reason"] != "extension-selected" or row["time_days"] is None:
            continue
        if row["outcome"] not in (filters.outcome or ("response", "remission")) or not filters.admits_arm(arm):
            continue
        made = _relapse_row(row, arm, studies[row["study_id"]], None, "extension", how)
        metric = f"{row['outcome']}, {row['scale']}, {arm['label']}"
        rows.append({**made, "kind": "extension", "metric": metric, "metric_shown": metric})
    return rows


def _base(row: Mapping[str, Any], arm: Mapping[str, Any], study: Mapping[str, Any], block: str) -> dict[str, Value]:
    drug, route = arm.get("drug", ""), arm.get("route", "")
    return {
        "block": _TITLES[block],
        "study_id": row["study_id"],
        "label": study["label"] or row["study_id"],
        "drug": drug,
        "route": route,
        "regimen": classify(drug, route, arm.get("regimen", ""), arm.get("background", ""), study["design"]),
        "arms": row["arm_id"],
        "outcome": row.get("outcome", ""),
        "time_days": row.get("time_days"),
        "time_anchor": row.get("time_anchor", ""),
        "definition": row.get("definition", ""),
        "notes": row["notes"],
        "source_url": row["source_url"],
        "source_where": row["source_where"],
    }


def _fraction(percent: float | None) -> float | None:
    return None if percent is None else percent / 100.0


def _notes(filters: Filters, how: Settings) -> tuple[Note, ...]:
    return (
        Note("selection", f"Population: {population_words(filters)}."),
        Note(
            "choice",
            "Nothing is pooled across studies: relapse is defined differently from one to the next, followed for "
            "different times, and counted among responders in some and remitters in others.",
        ),
        Note("method", f"Rates: {how.interval} interval, {how.percent}; risk ratios on the log scale."),
        Note(
            "caution",
            "Denominators are people who had responded or remitted, not all treated. Extensions hold people chosen "
            "for an earlier benefit and those who stayed: their rates are no forecast for somebody starting.",
        ),
        Note(
            "caution",
            "In SUSTAIN-1 everybody kept the oral antidepressant, and stopping a drug that is felt is noticed: "
            "part of the difference may be withdrawal or lost hope.",
        ),
    )


def _sources(rows: Sequence[Row]) -> tuple[Source, ...]:
    pages = {
        (str(r["study_id"]), str(r["source_url"])): Source(
            str(r["study_id"]), str(r["label"]), str(r["source_url"])
        )
        for r in rows
    }
    return tuple(pages.values())
