"""What stands beside a comparison and is never pooled: effects as printed, rates of conventional steps."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ketcli.evidence import overlap
from ketcli.evidence.codes import STUDY_DRUGS
from ketcli.report import Row, Source
from ketcli.selection.published_contrasts import Published, published
from ketcli.summaries.compare.rows import UNWANTED, Fields, unasked
from ketcli.summaries.rates import rates
from ketcli.summaries.words import spoken, when_all

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters
    from ketcli.selection.treatments import Treatment
    from ketcli.summaries.pooling import Settings

UNLIKE = "not comparable like for like: other people, definitions and times of rating"
STEPS_OUTCOMES = ("response", "remission")
_COUNTS = {name: f"control_{name.removeprefix('ci_')}" for name in ("events", "total", "rate", "ci_low", "ci_high")}


def printed(
    evidence: Evidence,
    filters: Filters,
    sides: tuple[Treatment, Treatment],
    outcomes: Sequence[str],
    counted: Collection[tuple[str, str]],
) -> tuple[list[Fields], list[Source]]:
    """Return effects as sources print them, of people for whom the same is not shown already.

    `counted` holds the (study, outcome) pairs that are shown; `outcomes` those asked for, "score" for differences
    of scores. Where nothing is counted, printed effects on other outcomes are all there is, and shown too.
    """
    overlaps = overlap.build(evidence.rows("studies"))
    found: list[Published] = []
    for effect in published(evidence, filters, *sides):
        outcome = "score" if effect.measure in ("md", "smd") else effect.outcome
        people = (study for study, told in counted if told == outcome)
        if any(study == effect.study_id or overlaps.share(study, effect.study_id) for study in people):
            continue
        wanted = outcome in outcomes or (not counted and outcome not in UNWANTED)
        inside = filters.at is None or (
            effect.time_days is not None and filters.at.distance(effect.time_days, None) is not None
        )
        if wanted and inside:
            found.append(effect)
    return [_printed(p, sides) for p in found], [Source(p.study_id, p.label, p.source_url) for p in found]


def _printed(effect: Published, sides: tuple[Treatment, Treatment]) -> Fields:
    kinds = unasked(effect.first_is, effect.second_is, sides)
    what = ", ".join(part for part in (kinds, spoken(effect.outcome), when_all([effect.time_days])) if part)
    return {
        "kind": "published",
        "block": "As printed by the source, neither recomputed nor pooled",
        "evidence": "published",
        "study_id": effect.study_id,
        "label": effect.label,
        "shown": f"{effect.label}: {what}",
        "first": effect.first_is,
        "second": effect.second_is,
        "outcome": effect.outcome,
        "time_days": effect.time_days,
        "measure": effect.measure,
        "estimate": effect.estimate,
        "estimate_low": effect.low,
        "estimate_high": effect.high,
        "p": effect.p,
        "p_text": effect.p_text,
        "n": effect.people,
        "population": effect.population,
        "design": effect.design,
        "year": effect.year,
        "source_kind": effect.source_kind,
        "pooled": False,
        "reason": _nature(effect),
        "source_url": effect.source_url,
        "source_where": effect.source_where,
        "notes": effect.notes,
    }


def _nature(effect: Published) -> str:
    """Return in words how sure a printed effect is."""
    match effect.design:
        case "review":
            return "estimate of a review"
        case "rct-parallel" | "rct-crossover" | "rct-withdrawal" | "pooled":
            return "randomised, counts not at hand"
        case _:
            return "treatment not assigned at random"


def steps(
    evidence: Evidence,
    filters: Filters,
    how: Settings,
    sides: tuple[Treatment, Treatment],
    outcomes: Sequence[str],
    counted: Collection[tuple[str, str]],
) -> tuple[list[Fields], list[Source]]:
    """Return rates of conventional steps and, above them, pooled rates of the study drug they are set against.

    Rows of the (study, outcome) pairs in `counted` are left out: they are shown as trials already.
    """
    asked = [outcome for outcome in outcomes if outcome in STEPS_OUTCOMES]
    others = [side for side in sides if side.step is None]
    drugs = tuple(drug for side in others for drug in side.drugs or STUDY_DRUGS if drug in STUDY_DRUGS)
    rows: list[Fields] = []
    if drugs and asked:
        routes = tuple(side.route for side in others if side.route) or filters.route
        own = replace(filters, drug=drugs, route=routes, outcome=tuple(asked))
        rows += [
            _own(row, second=sides[0].step is not None)
            for row in rates(evidence, own, how).rows
            if row["kind"] == "pooled"
        ]
    for row in evidence.rows("conventional"):
        if (row["evidence_id"], row["outcome"]) in counted:
            continue
        words = f"{row['label']} {row['treatment']}"
        fits = [side.step is not None and side.step in words for side in sides]
        # ECT stands in the table of conventional treatments, but it is a treatment to compare with on its own
        if row["outcome"] in asked and row["measure"] == "percent" and any(fits) and "ECT" not in row["treatment"]:
            rows.append(_step(row, second=not fits[0]))
    rows.sort(key=lambda row: asked.index(str(row["outcome"])))
    return rows, [Source("", str(r["label"]), str(r["source_url"])) for r in rows if r.get("source_url")]


def _beside(outcome: str) -> Fields:
    return {
        "kind": "reference",
        "block": f"Rates beside each other, not comparable like for like: {spoken(outcome)}",
        "evidence": "reference",
        "pooled": False,
        "reason": UNLIKE,
        "outcome": outcome,
    }


def _own(row: Row, *, second: bool) -> Fields:
    """Return a pooled rate of the study drug as a reference row."""
    label = f"{str(row['block']).partition(':')[0]}, pooled, {row['k']} studies"
    shared = {name: row[name] for name in ("regimen", "drug", "route", "k")}
    counts = {there if second else name: row[name] for name, there in _COUNTS.items()}
    return {**_beside(str(row["outcome"])), **shared, **counts, "label": label, "shown": label}


def _step(row: Mapping[str, Any], *, second: bool) -> Fields:
    """Return a row of the table of conventional treatment, under its side; its rate has no interval."""
    label = f"{row['label']}: {row['treatment']}"
    counts: Fields = {
        "events": None if row["events"] is None else round(row["events"]),
        "total": None if row["total"] is None else round(row["total"]),
        "rate": None if row["percent"] is None else row["percent"] / 100.0,
    }
    if counts["events"] is None:
        counts["bare_rate"] = counts["rate"]
    return {
        **_beside(row["outcome"]),
        **{f"control_{name}" if second else name: value for name, value in counts.items()},
        "label": label,
        "shown": label,
        "second" if second else "first": row["treatment"],
        "percent": row["percent"],
        "study_id": row["evidence_id"],
        "source_url": row["source_url"],
        "source_where": row["source_where"],
        "notes": row["notes"],
    }
