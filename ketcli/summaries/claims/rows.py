"""Rows of statements: the statement with its verdict, one line of evidence, and what is said under them."""

from __future__ import annotations

from collections.abc import Sequence

from ketcli.claims.rule import Judgement
from ketcli.claims.statement import Statement
from ketcli.quantities.quantity import Quantity
from ketcli.report import Column, Display, Note, Row, Source
from ketcli.summaries.columns import columns
from ketcli.summaries.pooling import Settings

COLUMNS = (
    *columns("kind"),
    Column("claim_id", "Claim", "id", "", "number of the statement"),
    Column("section", "Section", "text", "", "part of the article"),
    Column("statement", "Statement", "text", "", "what is said, restated"),
    Column("low", "Claimed low", "number", "", "lower end of the quantity claimed, in `unit`"),
    Column("high", "Claimed high", "number", "", "upper end of the quantity claimed, in `unit`"),
    *columns("unit"),
    Column("verdict", "Verdict", "code", "", "supported, partly, unsupported or contradicted; empty when untested"),
    Column(
        "rule", "Rule", "code", "", "rule that gave the verdict: range, study, source, direction, tally, recorded"
    ),
    Column("recorded", "Recorded", "code", "", "verdict recorded with the cited evidence"),
    Column("why", "Why", "text", "", "reason of the verdict; remark on a line"),
    Column("side", "Side", "code", "", "for, against, no difference or not tested, where studies are counted"),
    Column("part", "Part", "code", "", "tested, beside (shown, not tested), elsewhere (other conditions) or cited"),
    Column("what", "Evidence", "text", "", "study, pooled line, printed figure or fact"),
    *columns("measure", "estimate", "ci_low", "ci_high", "pi_low", "pi_high", "k", "n", "events", "total"),
    *columns(
        "p", "p_text", "control_events", "control_total", "time_days", "drug", "route", "outcome", "model", "i2"
    ),
    Column("study_ids", "Studies", "id", "", "studies or reviews in the line, separated by blanks"),
    Column("check", "Check", "text", "", "question put to the tables"),
    *columns("source_url"),
)


def claim_row(statement: Statement, judgement: Judgement) -> Row:
    """Return the row of a statement: verdict, rule and reason, which also make its heading."""
    verdict = judgement.verdict or "not tested"
    differs = statement.recorded and statement.recorded != judgement.verdict
    recorded = f" Recorded with the cited evidence: {statement.recorded}. {statement.note}" if differs else ""
    why = f"{judgement.reason}{recorded}"
    claimed = f" ({statement.claimed})" if statement.claimed else ""
    return {
        "kind": "claim",
        "block": f"{statement.claim_id} {verdict}: {statement.text}{claimed}",
        "claim_id": statement.claim_id,
        "section": statement.section,
        "statement": statement.text,
        "shown": why,
        "role": f"rule: {judgement.rule}",
        "low": statement.low,
        "high": statement.high,
        "unit": statement.unit,
        "verdict": judgement.verdict,
        "rule": judgement.rule,
        "recorded": statement.recorded,
        "why": why,
        "check": statement.check,
        "study_ids": " ".join(statement.evidence_ids),
        "source_url": statement.source_url,
    }


def line_row(statement: Statement, line: Quantity, part: str, block: str, lead: str = "- ") -> Row:
    """Return one line of evidence as a row; `part` is tested, beside, elsewhere or cited."""
    studies = f", {line.k} studies" if line.k > 1 and line.estimate is not None else ""
    span = f", {line.window}" if studies and line.window.startswith("day") else ""
    return {
        "kind": "finding" if line.side else "printed" if line.printed else "computed",
        "block": block,
        "claim_id": statement.claim_id,
        "section": statement.section,
        "part": part,
        "what": line.what,
        "shown": f"{lead}{line.what}{studies}{span}",
        "shown_time": line.shown_time,
        "why": line.note,
        "side": line.side,
        "role": ", ".join(filter(None, (line.side or _PARTS.get(part, part), _next_study(line)))),
        **{name: getattr(line, name) for name in _COPIED},
        "k": line.k or None,
        # beside an interval a p tells nothing more
        **({"p_beside": line.p, "words_beside": line.p_text} if line.ci_low is None else {}),
        "study_ids": " ".join(line.study_ids),
        "source_url": line.source_url,
    }


def _next_study(line: Quantity) -> str:
    """Return the prediction interval of a pooled share in words, "" for other lines."""
    if line.measure != "rate" or line.pi_low is None or line.pi_high is None:
        return ""
    return f"next study {100.0 * line.pi_low:.0f}–{100.0 * line.pi_high:.0f} %"


_PARTS = {"elsewhere": "other conditions"}
_COPIED = (
    *("measure", "estimate", "ci_low", "ci_high", "pi_low", "pi_high", "k", "n", "events", "total"),
    *("p", "p_text", "control_events", "control_total", "time_days", "drug", "route", "outcome", "model", "i2"),
)


def displays(*, remarks: bool = False) -> tuple[Display, ...]:
    """Return how people see the rows."""
    effect = ("measure", "estimate", "ci_low", "ci_high", "events", "total", "p_beside", "words_beside")
    shown = (
        Display("What the evidence gives", "text-at", ("shown", "shown_time")),
        Display("Number", "effect", effect),
        Display("Part", "text", ("role",)),
    )
    told = Display("Remarks", "text", ("why",), rank=1, only=frozenset({"computed", "printed", "finding"}))
    return (*shown, told) if remarks else shown


def notes(how: Settings) -> tuple[Note, ...]:
    """Return the written rule in short, and how the numbers came about."""
    return (
        Note(
            "method",
            "Only the first question of a check is tested; the rest stands beside it. Range: a percentage is taken "
            "as 5 points either way; supported when the interval of at least three quarters of the lines lies "
            "within, contradicted when all lie outside, partly between. Study: contradicted when the study "
            "named never gave such a treatment, unsupported when no such number of it was seen. Source: no such "
            "publication, unsupported.",
        ),
        Note(
            "method",
            "Direction: supported when at least three quarters of the intervals lie on the side claimed and none "
            "on the other. Tally: one vote per study and factor; tests with a control decide; supported with two "
            "for and a majority, partly with one, contradicted with two against and none for; without any control "
            "at most partly. Recorded: cannot be tested, the verdict noted with the cited evidence.",
        ),
        Note(
            "selection",
            "Computed now, as ket rates, timeline, compare, durability, side-effects and factors compute it, in "
            f"resistant depression unless the check names a population; {how.percent} intervals of the mean. "
            "Printed figures of reviews stand for themselves and are never pooled. Score differences: below 0 "
            "favours the drug.",
        ),
        Note("caution", "A verdict is on the words of the statement, never on a treatment for somebody."),
    )


def sources(rows: Sequence[Row]) -> tuple[Source, ...]:
    """Return the pages of the rows, each once."""
    pages = {
        (str(r["study_ids"]), str(r["source_url"])): Source(
            str(r["study_ids"]), str(r.get("what") or f"claim {r['claim_id']}"), str(r["source_url"])
        )
        for r in rows
        if r["source_url"]
    }
    return tuple(pages.values())
