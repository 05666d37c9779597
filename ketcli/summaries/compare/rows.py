"""Rows of a comparison of two treatments: one study, the pooled line, the method beside it, the prediction."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ketcli.report import Value
from ketcli.selection.arm_pairs import REASONS, Comparison
from ketcli.summaries import contrasts, pooling
from ketcli.summaries.contrasts import Line, Tables
from ketcli.summaries.pooling import Settings
from ketcli.summaries.rates import interval
from ketcli.summaries.words import spoken, when_all

if TYPE_CHECKING:
    from ketcli.selection.treatments import Treatment

Fields = dict[str, Value]
COURSES = {
    "single-dose": "one dose",
    "repeated-course": "repeated course",
    "esketamine-oral-ad": "each added to current drugs",
    "real-world": "routine care",
    "maintenance": "maintenance",
}
# outcomes that nobody wants: more of them in the first arm is harm
UNWANTED = ("relapse", "dropout", "discontinued-ae")


@dataclass(frozen=True)
class Pool:
    """The lines below the studies of one pool, the studies' weights, and what to say of the first line."""

    rows: tuple[Fields, ...] = ()
    weights: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()


def title(members: Sequence[Comparison]) -> str:
    """Return the heading of a pool: both treatments, how they were given, the outcome and when it was rated."""
    first = members[0]
    how = "each with a new antidepressant" if first.new_antidepressant else COURSES.get(first.regimen, "")
    parts = [f"{first.first_is} v {first.second_is}", how]
    text = spoken(", ".join(part for part in parts if part))
    rated = when_all([pair.first.time_days for pair in members])
    return f"{text[:1].upper()}{text[1:]}: {spoken(first.first.outcome)}" + (f", {rated}" if rated else "")


def named(pair: Comparison, sides: tuple[Treatment, Treatment]) -> str:
    """Return a study's name with what its row is about, for a block that holds several kinds and outcomes."""
    kinds = unasked(pair.first_is, pair.second_is, sides)
    parts = [kinds, spoken(pair.first.outcome), when_all([pair.first.time_days])]
    return f"{pair.first.label}: {', '.join(part for part in parts if part)}"


def unasked(first_is: str, second_is: str, sides: tuple[Treatment, Treatment]) -> str:
    """Return what two treatments are beyond what was asked for: `intravenous`, or `intravenous v intranasal`."""
    asked = {word for side in sides for word in side.name.split()}
    beyond = [" ".join(w for w in kind.split() if w not in asked) for kind in (first_is, second_is)]
    return " v ".join(dict.fromkeys(words for words in beyond if words))


def why(pair: Comparison) -> str:
    """Return in words why a pair is not pooled, "" when it is."""
    text = REASONS.get(pair.reason, pair.reason)
    return f"{text} ({pair.clash})" if pair.clash else text


def place(pair: Comparison) -> Fields:
    """Return the columns that say what is compared and how sure the contrast is."""
    return {
        "first": pair.first_is,
        "second": pair.second_is,
        "evidence": "randomised" if pair.randomised else "observational",
        "regimen": pair.regimen,
        "outcome": pair.first.outcome,
        "new_antidepressant": pair.new_antidepressant,
        "drug": pair.first.drug,
        "route": pair.first.route,
        "control_drug": pair.second.drug,
        "control_route": pair.second.route,
    }


def study_row(
    pair: Comparison, how: Settings, block: str, *, kind: str = "study", weight: float | None = None
) -> Fields:
    """Return the row of one study: both arms with intervals and, unless they are the same people, the contrast."""
    first, second = pair.first, pair.second
    rate, low, high = interval(first, how)
    control_rate, control_low, control_high = interval(second, how)
    row: Fields = {
        "kind": kind,
        "block": block,
        "study_id": first.study_id,
        "label": first.label,
        "shown": first.label if kind == "study" else f"{first.label}: {title([pair])}",
        **place(pair),
        "dose": first.dose,
        "arms": " ".join(first.arms),
        "events": first.events,
        "total": first.total,
        "rate": rate,
        "ci_low": low,
        "ci_high": high,
        "control_dose": second.dose,
        "control_arms": " ".join(second.arms),
        "control_events": second.events,
        "control_total": second.total,
        "control_rate": control_rate,
        "control_low": control_low,
        "control_high": control_high,
        "time_days": first.time_days,
        "time_anchor": first.time_anchor,
        "scale": first.scale,
        "definition": first.definition,
        "analysis_set": first.analysis_set,
        "population": first.population,
        "design": first.design,
        "year": first.year,
        "crossover": first.crossover,
        "events_derived": first.events_derived or second.events_derived,
        "source_kind": first.source_kind,
        "pooled": kind == "study" and not pair.reason,
        "reason": why(pair),
        "weight": weight,
        "source_url": first.source_url,
        "source_where": first.source_where,
    }
    if None in (first.events, second.events):
        row |= {"bare_rate": rate, "control_bare_rate": control_rate}
    # arms of the same people have no interval without their correlation: the rates alone are shown
    if pair.reason == "same-people" or None in (first.events, first.total, second.events, second.total):
        return row
    return row | contrast(pair, how)


def contrast(pair: Comparison, how: Settings) -> Fields:
    """Return one study's risk ratio, odds ratio, difference and number needed; both arms must have counts."""
    from ketcli.stats.effects.two_arm import two_arm_effects
    from ketcli.stats.intervals import ratio_interval

    first, second = pair.first, pair.second
    counts = (first.events or 0, first.total or 0, second.events or 0, second.total or 0)
    row = needed(contrasts.contrast(*counts, how), first.outcome)
    arms = tuple([count] for count in counts)
    effects = two_arm_effects("OR", *arms)
    if math.isfinite(effects.yi[0]):
        low, high = ratio_interval("OR", *arms, level=how.level)
        row |= {"or": math.exp(effects.yi[0]), "or_low": float(low[0]), "or_high": float(high[0])}
    return {"measure": "rr", **row}


def needed(values: Fields, outcome: str) -> Fields:
    """Return a contrast with its number needed to treat in place of the number needed to harm."""
    row: Fields = {
        (name.replace("nnh", "nnt") if name.startswith("nnh") else name): v for name, v in values.items()
    }
    limits = [row.get(name) for name in ("rd", "rd_low", "rd_high")]
    if all(isinstance(value, float) for value in limits):
        from ketcli.stats.intervals import number_needed

        told = number_needed(*(float(v or 0.0) for v in limits), event_is_good=outcome not in UNWANTED)
        row["nnt_words"] = told.sentence
    return row


def tables(members: Sequence[Comparison]) -> Tables:
    """Return the two-by-two tables of pairs whose arms all have counts."""
    return Tables(
        tuple(p.first.events or 0 for p in members),
        tuple(p.first.total or 0 for p in members),
        tuple(p.second.events or 0 for p in members),
        tuple(p.second.total or 0 for p in members),
    )


def pool(members: Sequence[Comparison], how: Settings, block: str, control_risk: float | None = None) -> Pool:
    """Return the lines of one pool; none for fewer than two studies.

    The ratio is pooled; the difference and the number needed are what it makes of `control_risk`, by default the
    pooled risk of the second arms.
    """
    if len(members) < 2:
        return Pool()
    counts = tables(members)
    risk = _control_risk(counts, how) if control_risk is None else {"estimate": control_risk}
    base = risk["estimate"]
    at = base if isinstance(base, float) else math.nan
    line = contrasts.lead(counts, at, how)
    shared: Fields = {"block": block, **place(members[0])}
    values = absolute(line.values, at, members[0].first.outcome) | odds(line, counts, how)
    label = f"Pooled, {len(members)} studies"
    spread = _spread(line)
    known = values.get("pi_low") is not None
    first: Fields = {
        "kind": "pooled",
        **_labels(label if known or not spread else f"{label}; {spread}"),
        **shared,
        "events": sum(counts.events),
        "total": sum(counts.totals),
        "control_events": sum(counts.control_events),
        "control_total": sum(counts.control_totals),
        "control_rate": base,
        "control_low": risk.get("ci_low"),
        "control_high": risk.get("ci_high"),
        **values,
    }
    rows = [first]
    if known:
        rows.append(_prediction(line, shared, spread))
    if other := _beside(line, counts, at, how):
        name = "Binomial mixed model" if other.model == "glmm" else "Mantel-Haenszel"
        beside = needed(other.values, members[0].first.outcome) | odds(other, counts, how)
        rows.append({"kind": "alternative", **_labels(name), **shared, **beside, "measure": other.ratio})
    return Pool(tuple(rows), line.weights, line.notes)


def _control_risk(counts: Tables, how: Settings) -> Fields:
    """Return the risk of the second arms: the mixed model's from three trials on, two trials added up.

    Between two trials the model's spread is hardly known, and its median can lie far from what happened.
    """
    if len(counts.control_events) > 2:
        return pooling.natural(contrasts.incidence(counts.control_events, counts.control_totals, how), "PLO")
    from ketcli.stats.intervals import proportion_interval

    events, total = sum(counts.control_events), sum(counts.control_totals)
    low, high = proportion_interval(events, total, how.interval, how.level)
    return {"estimate": events / total, "ci_low": float(low[0]), "ci_high": float(high[0])}


def _beside(line: Line, counts: Tables, control_risk: float, how: Settings) -> Line | None:
    """Return the method beside the default: the mixed model where a zero cell made Mantel-Haenszel lead."""
    if not how.model and line.model == "mh":
        return contrasts.lead(counts, control_risk, replace(how, model="glmm"))
    return contrasts.beside(counts, how)


def absolute(values: Fields, control_risk: float, outcome: str) -> Fields:
    """Return a pooled line with the difference that its risk ratio makes of the control risk, 0 to 1.

    The control risk is taken as known. An odds ratio comes with its difference already; without a control risk, or
    without a ratio, the line keeps what it has.
    """
    measure = str(values["measure"]).lower()
    row = needed(values, outcome) | {"measure": measure}
    ratios = [row.get(name) for name in ("rr", "rr_low", "rr_high")]
    if measure == "rr" and control_risk > 0.0 and None not in ratios:
        risks = [min(control_risk * float(ratio or 0.0), 1.0) for ratio in ratios]
        told = contrasts.difference(*(risk - control_risk for risk in risks))
        row = {name: v for name, v in row.items() if name not in ("rd_tau2", "rd_i2")}
        row |= needed(told, outcome) | {"rd_model": ""}
        row |= {"rate": risks[0], "ci_low": risks[1], "ci_high": risks[2]}
    return row


def odds(line: Line, counts: Tables, how: Settings) -> Fields:
    """Return the pooled odds ratio of the same model; nothing where the line is of odds already."""
    if line.ratio == "or":
        return {}
    pooled = contrasts.pool("OR", line.model, counts, how)
    if pooled is None:
        return {}
    values = contrasts.ratio_values(pooled, "OR")
    return {name: values[name] for name in ("or", "or_low", "or_high")}


def _spread(line: Line) -> str:
    """Return the heterogeneity of the ratio in words."""
    i2, tau2 = line.values.get("i2"), line.values.get("tau2")
    if not isinstance(i2, float):
        return ""
    return f"I² {i2:.0f} %" + (f", τ² {tau2:.2g}" if isinstance(tau2, float) and line.model == "random" else "")


def _prediction(line: Line, shared: Fields, spread: str) -> Fields:
    text = "Next study may lie in" + (f"; {spread}" if spread else "")
    return {
        "kind": "prediction",
        **_labels(text),
        **shared,
        "k": line.values["k"],
        "model": line.model,
        "measure": line.ratio,
        f"{line.ratio}_low": line.values.get("pi_low"),
        f"{line.ratio}_high": line.values.get("pi_high"),
    }


def _labels(label: str) -> Fields:
    return {"label": label, "shown": label}
