"""Published meta-analyses as printed, the same quantity from this dataset beside them, their pools made again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ketcli.errors import unknown_value
from ketcli.report import Note, Report, Row, Source
from ketcli.reviews import matches, pools
from ketcli.summaries.pooling import Settings
from ketcli.summaries.reviews.rows import COLUMNS, about, displays, heading, printed_row, remade

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.quantities.quantity import Quantity

# errors known of reviews that their own rows do not tell; those with trial data are taken apart by --reproduce
DOUBTS = {
    (
        "marchi-2022",
        "depression-score",
    ): "do not use: standard errors taken as standard deviations; see --reproduce",
    ("ndt-2022-esketamine", "depression-score"): "control arms counted two and three times; see --reproduce",
    ("postop-2025-esketamine", "postoperative-depression"): "one sample at three times; see --reproduce",
    ("an-2021", "depression-score"): "a fall near 10 points at 24 h is above every single trial",
    ("an-2021", "response"): "above every single trial",
    ("an-2021", "remission"): "above every single trial",
    ("mcintyre-2020-routes", "depression-score"): "far above like-for-like pools of the nasal route",
    ("bahji-2021", "response"): "seen in a digest; erratum unread; a racemic trial listed as esketamine",
}
_FAMILIES = ("ketamine", "esketamine", "ketamine-or-esketamine", "ketamine-v-esketamine")


def reviews(
    evidence: Evidence,
    how: Settings,
    *,
    review: Sequence[str] = (),
    outcome: Sequence[str] = (),
    drug: Sequence[str] = (),
    search: str = "",
    reproduce: bool = False,
) -> Report:
    """Return published pooled estimates, each followed by what this dataset gives for the same quantity.

    `reproduce` pools the trial data behind reviews again instead, as the review did and with its errors mended.
    UsageError for a review, outcome or drug that no row has; published estimates are never pooled.
    """
    trials = [row for table in pools.TABLES for row in evidence.rows(table)] if reproduce else []
    known = {row["outcome"] for row in [*evidence.rows("reviews"), *trials]}
    for name in outcome:
        if name not in known:
            raise unknown_value("outcome of reviews", name, known)
    chosen = _chosen(evidence, review, () if reproduce else outcome, drug, search)
    rows = remade(evidence, chosen, review, outcome) if reproduce else _beside(evidence, chosen, how)
    return Report(
        title="Pools of published reviews, made again"
        if reproduce
        else "Published meta-analyses beside this dataset",
        columns=COLUMNS,
        rows=tuple(rows),
        displays=displays(reproduce=reproduce),
        notes=_remade_notes() if reproduce else _notes(how),
        sources=tuple(
            dict.fromkeys(
                Source(str(r["review_id"]), str(r["label"]), str(r["source_url"])) for r in rows if r["source_url"]
            )
        ),
        group_by=("block",),
        heading=("block",),
        emphasis=frozenset({"review"}),
        empty="No review has such an estimate." if evidence.rows("reviews") else "These data hold no reviews.",
        data_version=evidence.version,
    )


def _chosen(
    evidence: Evidence, review: Sequence[str], outcome: Sequence[str], drug: Sequence[str], search: str
) -> list[Mapping[str, Any]]:
    """Return the printed estimates asked for: those on ketamine and esketamine first, then by year."""
    rows = evidence.rows("reviews")
    for field, what, asked in (
        ("review_id", "review", review),
        ("outcome", "outcome", outcome),
        ("drug", "treatment of reviews", drug),
    ):
        known = {row[field] for row in rows}
        for value in asked:
            if value not in known:
                raise unknown_value(what, value, known)
        rows = [row for row in rows if not asked or row[field] in asked]
    words = search.lower().split()
    rows = [row for row in rows if all(word in " ".join(map(str, row.values())).lower() for word in words)]
    return sorted(rows, key=lambda r: (r["drug"] not in _FAMILIES, -(r["year"] or 0), r["review_id"]))


def _beside(evidence: Evidence, chosen: Sequence[Mapping[str, Any]], how: Settings) -> list[Row]:
    listed = _listed(evidence)
    memory: matches.Memory = {}
    rows: list[Row] = []
    for review in chosen:
        rows.append(printed_row(review, DOUBTS.get((review["review_id"], review["outcome"]), "")))
        for line in matches.ours(evidence, review, how, memory):
            why = matches.differences(line, review, listed.get(review["review_id"], ()))
            rows.append(_own_row(line, review, why))
    return rows


def _listed(evidence: Evidence) -> dict[str, list[str]]:
    """Return the studies of this dataset among the trials that each review lists."""
    listed: dict[str, list[str]] = {}
    for table in pools.TABLES:
        for row in evidence.rows(table):
            if row["study_id"]:
                listed.setdefault(row["review_id"], []).append(row["study_id"])
    return listed


def _own_row(line: Quantity, review: Mapping[str, Any], why: str) -> Row:
    return {
        "kind": "ours",
        **about(review, heading(review)),
        "what": line.what,
        "shown": f"here: {line.what}",
        "shown_time": line.shown_time,
        "drug": line.drug,
        "route": line.route,
        "time_days": line.time_days,
        **{name: getattr(line, name) for name in ("estimate", "ci_low", "ci_high", "pi_low", "pi_high", "k", "n")},
        **{name: getattr(line, name) for name in ("events", "total", "control_events", "control_total")},
        "model": line.model,
        "i2": line.i2,
        "why": why,
        "study_ids": " ".join(line.study_ids),
        "source_url": line.source_url,
    }


_PRINTED = Note(
    "caution",
    "Published estimates stand as printed and are never pooled with each other: they share trials. k and n may be "
    "those of the whole review. A network, a digest or an abstract may hide errors; remarks name those known.",
)


def _notes(how: Settings) -> tuple[Note, ...]:
    return (
        _PRINTED,
        Note(
            "choice",
            "Here: for each drug and control the pool of most studies that meets the review's drug, route, "
            "outcome, control and time (the standard window that holds it, else each regimen's own); population "
            "the nearest to the review's words; placebo, midazolam and ECT apart; score differences with the "
            "review's sign.",
        ),
        Note(
            "method",
            "Here: shares by the mixed model of ket rates, contrasts as in ket compare, score differences as in "
            f"ket timeline, side effects as in ket side-effects; {how.percent} intervals.",
        ),
        Note(
            "caution",
            "A difference is no error of either side: reviews hold trials whose numbers were not seen here, paired "
            "crossover periods, and controls of several kinds together.",
        ),
    )


def _remade_notes() -> tuple[Note, ...]:
    return (
        Note(
            "method",
            "Made again with the model the review names, DerSimonian-Laird where it names none, normal limits, "
            "from the trial data it prints. Agrees: estimate and limits within 0.01 of print, ratios within 1 %.",
        ),
        Note(
            "caution",
            "Agreement shows that the arithmetic was understood, not that the pool is right. These trial data "
            "check reviews; they enter no other number of ket.",
        ),
        Note(
            "caution",
            "Mended pools put the named error right and leave the rest: other faults of a review may remain.",
        ),
    )
