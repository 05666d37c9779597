"""Rows of reviews: a printed estimate, what rows about the same estimate share, and a pool made again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ketcli.errors import UsageError
from ketcli.evidence.topic_codes import SIGNS
from ketcli.report import Column, Display, Row, Value
from ketcli.reviews import pools
from ketcli.reviews.pools import Remade
from ketcli.summaries.columns import columns
from ketcli.summaries.words import spoken, when

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence

COLUMNS = (
    *columns("kind"),
    Column("review_id", "Review id", "id", "", "key of the review"),
    *columns("label", "year", "journal", "outcome"),
    Column("subset", "Subset", "text", "", "which of the review's pools"),
    Column("what", "Pool", "text", "", "what is compared or counted"),
    *columns("population", "drug", "route", "time_days", "measure", "estimate", "ci_low", "ci_high", "pi_low"),
    *columns("pi_high", "k", "n", "events", "total", "control_events", "control_total", "model", "tau2", "i2"),
    Column("sign", "Sign", "code", "", "how to read the direction of the estimate"),
    Column("reading", "Reading", "text", "", "the sign in words"),
    Column("agrees", "Agrees", "flag", "", "1 when the pool made again is the one printed"),
    Column("why", "Why", "text", "", "why two numbers may differ, or what is wrong with a pool"),
    Column("study_ids", "Studies", "id", "", "studies of this dataset in the line, separated by blanks"),
    *columns("notes", "source_kind", "source_url", "source_where"),
)
_READING = {
    "above-1-more-with-first": "above 1: more with the first",
    "negative-fewer-with-first": "below 0: fewer with the first",
    "negative-favours-first": "below 0: first better",
    "negative-favours-second": "below 0: second better",
    "positive-favours-first": "above 0: first better",
}


def printed_row(review: Mapping[str, Any], doubt: str = "", block: str = "") -> Row:
    """Return a published estimate as a row; `block` is its heading where several pools share one."""
    return {
        "kind": "review",
        **about(review, block or heading(review)),
        "what": title(review),
        "shown": "printed",
        "population": review["population"],
        "drug": review["drug"],
        "route": review["route"],
        "time_days": review["time_days"],
        "estimate": review["estimate"],
        "ci_low": review["ci_low"],
        "ci_high": review["ci_high"],
        "k": review["k_studies"],
        "n": review["n_patients"],
        "model": review["model"],
        "tau2": review["tau2"],
        "i2": review["i2"],
        "why": doubt,
        "notes": review["notes"],
        "source_kind": review["source_kind"],
        "source_url": review["source_url"],
        "source_where": review["source_where"],
    }


def title(review: Mapping[str, Any]) -> str:
    """Return what a printed estimate is about: outcome, comparison, which of several pools, time."""
    subset = f" ({spoken(review['subset'])})" if review["subset"] else ""
    rated = "" if review["time_days"] is None else f", {when(review['time_days'])}"
    return f"{spoken(review['outcome'])}, {review['comparison']}{subset}{rated}"


def heading(review: Mapping[str, Any]) -> str:
    """Return what a printed estimate is about and how its direction reads."""
    reading = _READING.get(review["sign"], "")
    return title(review) + (f" ({reading})" if reading else "")


def about(review: Mapping[str, Any], block: str) -> dict[str, Value]:
    """Return what a printed estimate and the rows under one heading share."""
    sign = review["sign"]
    return {
        "block": f"{review['label']}: {block}",
        "review_id": review["review_id"],
        "label": review["label"],
        "year": review["year"],
        "journal": review["journal"],
        "outcome": review["outcome"],
        "subset": review["subset"],
        "measure": review["measure"],
        "shown_measure": "rate" if review["measure"] == "proportion" else review["measure"],
        "sign": sign,
        "reading": "" if sign == "rate" else SIGNS.get(sign, ""),
    }


def remade(
    evidence: Evidence, chosen: Sequence[Mapping[str, Any]], review: Sequence[str], outcome: Sequence[str]
) -> list[Row]:
    """Return each pool whose trials are at hand, printed and made again; UsageError when a review has none."""
    known = pools.with_trials(evidence)
    for name in review:
        if name not in known:
            raise UsageError(
                f"the trial data behind {name!r} are not in this dataset",
                code="no-trial-data",
                hint=f"known for {', '.join(known)}" if known else "they stand in reviews_trials.csv",
            )
    by_id = {row["review_id"]: row for row in chosen}
    rows: list[Row] = []
    for made in pools.remake(evidence, tuple(by_id)):
        if outcome and made.plan.outcome not in outcome:
            continue
        if made.printed is not None and not made.plan.corrected:
            rows.append(printed_row(made.printed, block=spoken(made.plan.outcome)))
        rows.append(_remade_row(made, made.printed or by_id[made.plan.review_id]))
    return rows


def _remade_row(made: Remade, review: Mapping[str, Any]) -> Row:
    plan = made.plan
    shared = about(review, spoken(plan.outcome))
    if made.printed is None:
        shared |= {"sign": "", "reading": ""}
    return {
        "kind": "corrected" if plan.corrected else "reproduced",
        **shared,
        "outcome": plan.outcome,
        "subset": plan.subset or "",
        "measure": made.measure,
        "shown_measure": made.measure,
        "what": f"{spoken(plan.outcome)}, {plan.what}",
        "shown": f"{'mended' if plan.corrected else 'made again'}: {plan.what}",
        **made.values,
        "k": made.k,
        "n": made.n,
        "model": made.model + (f"; {made.formula}" if made.formula else ""),
        "tau2": made.tau2,
        "i2": made.i2,
        "agrees": made.agrees,
        "why": "; ".join(filter(None, (_agreement(made), plan.why))),
        "study_ids": " ".join(dict.fromkeys(row["study_id"] for row in made.trials if row["study_id"])),
        "source_url": made.trials[0]["source_url"],
        "source_where": made.trials[0]["source_where"],
    }


def _agreement(made: Remade) -> str:
    if made.plan.corrected:
        return ""
    if made.agrees is None:
        return pools.NO_PRINTED
    return "agrees with print" if made.agrees else "does not agree with print"


def displays(*, reproduce: bool) -> tuple[Display, ...]:
    """Return how people see the rows."""
    effect = ("shown_measure", "estimate", "ci_low", "ci_high", "events", "total")
    return (
        Display("Pool", "text-at", ("shown", "shown_time")),
        Display("Estimate", "effect", effect),
        Display("k", "integer", ("k",), rank=1, align="right"),
        Display("n", "integer", ("n",), rank=3, align="right"),
        Display("Agreement, and why not" if reproduce else "Why the two may differ", "text", ("why",)),
        *([Display("Model", "text", ("model",), rank=2)] if reproduce else []),
        Display("Remarks", "text", ("notes",), rank=6),
    )
