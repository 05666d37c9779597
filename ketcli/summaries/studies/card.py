"""Every number of one study from all tables, as one long table: each with its reason, remark and source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ketcli.report import Display, Row, Value
from ketcli.selection import factors as evidence_factors
from ketcli.selection.filters import Filters
from ketcli.selection.rates import REASONS, dose_text
from ketcli.summaries.columns import columns
from ketcli.summaries.factors import versus
from ketcli.summaries.pooling import Settings
from ketcli.summaries.words import spoken

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence

COLUMNS = columns(
    *("kind", "study_id", "item", "arms", "drug", "route", "dose", "outcome", "event", "scale", "definition"),
    *("factor", "level", "reference_level", "comparator", "stratum", "phase", "serious", "time_days"),
    *("time_anchor", "analysis_set", "events", "total", "percent", "measure", "estimate", "ci_low", "ci_high"),
    *("sd", "se", "unit", "value_text", "p", "p_text", "n", "crossover", "events_derived", "reason"),
    *("source_kind", "checked", "notes", "source_url", "source_where"),
)
BLOCKS = {
    "arm": "Arms",
    "outcome": "Outcomes",
    "score": "Scores",
    "side-effect": "Side effects",
    "factor": "By factor",
    "durability": "How long it lasts",
    "safety": "Safety facts",
}
FIRST_OUTCOMES = ("response", "remission")
COPIED = ("study_id", "source_kind", "checked", "notes", "source_url", "source_where")
# Units that have a form of their own; all others stand behind the item's name.
UNIT_MEASURES = {"hazard-ratio": "hr", "smd": "smd"}


def rows(evidence: Evidence, study: Mapping[str, Any], how: Settings) -> list[Row]:
    """Return the study's rows of every table, table by table, each ordered by what it is about, time and arm."""
    study_id = study["study_id"]

    def own(table: str) -> list[Mapping[str, Any]]:
        return [row for row in evidence.rows(table) if row["study_id"] == study_id]

    drugs = {arm["arm_id"]: arm for arm in own("arms")}
    made = [
        *map(_arm, own("arms")),
        *(_outcome(row, how) for row in sorted(own("outcomes"), key=_outcome_order)),
        *map(_score, sorted(own("scores"), key=lambda r: (r["scale"], r["measure"], _time(r), r["arm_id"]))),
        *(_side_effect(row, how) for row in sorted(own("side_effects"), key=_event_order)),
        *_factors(evidence, study_id, how),
        *map(_durability, own("durability")),
        *map(_safety, own("safety")),
    ]
    for row in made:
        arm = drugs.get(str(row.get("arms")))
        row |= {"block": BLOCKS[str(row["kind"])]}
        if arm is not None and not row.get("drug"):
            row |= {"drug": arm["drug"], "route": arm["route"]}
    return list(made)


def displays() -> tuple[Display, ...]:
    """Return how people see a card."""
    value = ("measure", "estimate", "ci_low", "ci_high", "events", "total", "p", "p_text")
    return (
        Display("What", "text", ("said",)),
        Display("Arm", "text", ("arms",)),
        Display("Time", "time", ("time_days",), rank=1, align="right"),
        Display("Value", "effect", value),
        Display("n", "integer", ("n",), rank=3, align="right"),
        Display("Remark", "text", ("remark",), rank=2),
        Display("Analysed", "text", ("analysis_set",), rank=5),
        Display("Source", "text", ("source_kind",), rank=4),
        Display("Read again", "text", ("checked",), rank=6),
    )


def _common(row: Mapping[str, Any], kind: str, item: str) -> dict[str, Value]:
    copied: dict[str, Value] = {name: row.get(name, "") for name in COPIED}
    return copied | {"kind": kind, "item": item, "said": spoken(item), "arms": row.get("arm_id", "")}


def _arm(row: Mapping[str, Any]) -> dict[str, Value]:
    numbers = (
        ("age_mean", "mean age {:g}"),
        ("age_sd", "SD {:g}"),
        ("female_pct", "{:g} % women"),
        ("failed_treatments_mean", "{:g} failed treatments"),
        ("baseline_mean", f"{row.get('baseline_scale') or 'baseline'} {{:g}}"),
        ("baseline_sd", "SD {:g}"),
    )
    who = [text.format(row[name]) for name, text in numbers if row.get(name) is not None]
    doses = (
        row.get("doses_n_text")
        if row.get("doses_n") is None
        else f"{row['doses_n']:g} dose{'s' * (row['doses_n'] != 1)}"
    )
    people = "" if row["n"] is None else f"{row['n']} people"
    words = (
        people,
        row["role"],
        dose_text(row),
        row.get("route"),
        doses,
        row.get("schedule"),
        row.get("background"),
        *who,
    )
    described = ", ".join(str(word) for word in words if word and word != "not-applicable")
    inside = f"inside {row['part_of']}" if row.get("part_of") else ""
    return _common(row, "arm", row.get("label") or row["arm_id"]) | {
        "said": row.get("label") or row["arm_id"],
        "drug": row["drug"],
        "route": row["route"],
        "dose": dose_text(row),
        "n": row["n"],
        "value_text": described,
        "remark": "; ".join(part for part in (described, inside) if part),
    }


def _outcome(row: Mapping[str, Any], how: Settings) -> dict[str, Value]:
    reason = REASONS.get(row["exclude_reason"], row["exclude_reason"])
    remark = "; ".join(part for part in (f"not pooled: {reason}" if reason else "", row["definition"]) if part)
    scale = f", {row['scale']}" if row["scale"] else ""
    counted = _counted(row, how)
    return (
        _common(row, "outcome", row["outcome"])
        | counted
        | {
            "said": spoken(row["outcome"]) + scale,
            "outcome": row["outcome"],
            "scale": row["scale"],
            "definition": row["definition"],
            "time_days": row["time_days"],
            "time_anchor": row["time_anchor"],
            "analysis_set": row["analysis_set"],
            "crossover": row["crossover_data"],
            "reason": reason,
            "remark": remark,
        }
    )


def _score(row: Mapping[str, Any]) -> dict[str, Value]:
    group = f" ({spoken(row['subgroup'])})" if row["subgroup"] else ""
    spread = [f"{name.upper()} {row[name]:g}" for name in ("sd", "se") if row[name] is not None]
    return _common(row, "score", row["scale"]) | {
        "said": f"{row['scale']} {spoken(row['measure'])}{group}",
        "scale": row["scale"],
        "stratum": row["subgroup"],
        "measure": row["measure"],
        "unit": "percent" if row["measure"] == "percent-change" else "points",
        "time_days": row["time_days"],
        "time_anchor": row["time_anchor"],
        "analysis_set": row["analysis_set"],
        "n": row["n"],
        "estimate": row["mean"],
        **{name: row[name] for name in ("sd", "se", "ci_low", "ci_high")},
        "remark": "; ".join(part for part in (", ".join(spread), row["notes"]) if part),
    }


def _side_effect(row: Mapping[str, Any], how: Settings) -> dict[str, Value]:
    reason = REASONS.get(row["exclude_reason"], row["exclude_reason"])
    serious = row["serious"] == 1
    aside = (row["phase"], f"not pooled: {reason}" if reason else "", row["notes"])
    return (
        _common(row, "side-effect", row["event"])
        | _counted(row, how)
        | {
            "said": row["event"] + (" (serious)" if serious else ""),
            "event": row["event"],
            "phase": row["phase"],
            "serious": None if row["serious"] is None else serious,
            "reason": reason,
            "remark": "; ".join(part for part in aside if part),
        }
    )


def _factors(evidence: Evidence, study_id: str, how: Settings) -> Iterable[dict[str, Value]]:
    found, _ = evidence_factors.select(evidence, Filters(study=(study_id,)), ())
    arms = {_key(row): row["arm_id"] for row in evidence.rows("factors") if row["study_id"] == study_id}
    for finding in found:
        fields = asdict(finding)
        row = _common(fields, "factor", finding.factor) | fields
        if finding.measure == "rate":
            row |= _counted(fields, how)
        yield row | {
            "kind": "factor",
            "said": f"{spoken(finding.factor)}: {versus(finding)}, {spoken(finding.outcome)}",
            "arms": arms.get(_key(fields), ""),
            "remark": "" if finding.measure in evidence_factors.IN_WORDS else finding.notes,
        }


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    names = (
        "factor",
        "level",
        "reference_level",
        "drug",
        "comparator",
        "stratum",
        "outcome",
        "time_days",
        "percent",
    )
    return tuple(row[name] for name in names)


def _durability(row: Mapping[str, Any]) -> dict[str, Value]:
    return _measured(row, "durability", row["metric"])


def _safety(row: Mapping[str, Any]) -> dict[str, Value]:
    return _measured(row, "safety", f"{row['topic']}: {row['metric']}") | {"value_text": row["value_text"]}


def _measured(row: Mapping[str, Any], kind: str, item: str) -> dict[str, Value]:
    unit = row["unit"]
    shown = "" if unit in UNIT_MEASURES or unit == "text" else f" ({unit})"
    remark = "; ".join(part for part in (row.get("value_text", ""), row["notes"]) if part)
    return _common(row, kind, item) | {
        "said": spoken(item) + shown,
        "measure": UNIT_MEASURES.get(unit, unit),
        "unit": unit,
        "estimate": row["value"],
        "ci_low": row.get("ci_low"),
        "ci_high": row.get("ci_high"),
        "n": row["n"],
        "remark": remark,
    }


def _counted(row: Mapping[str, Any], how: Settings) -> dict[str, Value]:
    """Return the columns of a rate: counts, the proportion, its interval where both counts are known."""
    events, total, percent = row["events"], row["total"], row["percent"]
    shared: dict[str, Value] = {
        "measure": "rate",
        "unit": "proportion",
        "events": events,
        "total": total,
        "percent": percent,
        "events_derived": bool(row["events_derived"]),
    }
    if events is None or not total:
        return shared | {"estimate": None if percent is None else percent / 100.0}
    from ketcli.stats.intervals import proportion_interval

    low, high = proportion_interval(events, total, how.interval, how.level)
    return shared | {"estimate": events / total, "ci_low": float(low[0]), "ci_high": float(high[0])}


def _outcome_order(row: Mapping[str, Any]) -> tuple[Any, ...]:
    first = FIRST_OUTCOMES.index(row["outcome"]) if row["outcome"] in FIRST_OUTCOMES else len(FIRST_OUTCOMES)
    return (first, row["outcome"], row["scale"], _time(row), row["arm_id"])


def _event_order(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (row["serious"] == 1, row["event"], row["phase"], row["arm_id"])


def _time(row: Mapping[str, Any]) -> float:
    return float("inf") if row["time_days"] is None else row["time_days"]
