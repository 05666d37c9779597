"""The card of one statement: every line of evidence, the studies in it, what was cited, all sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ketcli.claims import facts
from ketcli.claims.answer import Answer
from ketcli.claims.rule import Judgement, judge
from ketcli.claims.statement import Statement
from ketcli.errors import unknown_value
from ketcli.quantities.quantity import Quantity
from ketcli.report import Fact, Report, Row
from ketcli.summaries.claims import answered, statements_of
from ketcli.summaries.claims.rows import COLUMNS, claim_row, displays, line_row, notes, sources
from ketcli.summaries.pooling import Settings
from ketcli.summaries.words import spoken

if TYPE_CHECKING:
    from ketcli.claims.file import Statements
    from ketcli.evidence.load import Evidence


def card(evidence: Evidence, claim_id: str, how: Settings, own: Statements | None = None) -> Report:
    """Return one statement with everything: each line and the studies in it, the evidence cited, the sources."""
    by_id = {statement.claim_id: statement for statement in statements_of(evidence, own)}
    if claim_id not in by_id:
        raise unknown_value("claim", claim_id, by_id)
    statement = by_id[claim_id]
    ((_, answers),) = answered(evidence, [statement], how, own)
    judgement = judge(statement, answers)
    rows = [{**claim_row(statement, judgement), "block": "Why"}, *_lines_in_full(statement, answers)]
    rows += _cited(evidence, statement)
    return Report(
        title=f"Claim {statement.claim_id}: {statement.text}",
        columns=COLUMNS,
        rows=tuple(rows),
        displays=displays(remarks=True),
        facts=_facts(statement, judgement),
        notes=notes(how),
        sources=sources(rows),
        group_by=("block",),
        heading=("block",),
        emphasis=frozenset({"claim"}),
        data_version=evidence.version,
    )


def _lines_in_full(statement: Statement, answers: Sequence[Answer]) -> list[Row]:
    """Return every line, its studies under it, by question; the votes of a tally once, as its findings."""
    rows: list[Row] = []
    for number, found in enumerate(answers):
        titles = {"tested": "Tested", "beside": "Beside it"}
        part = "tested" if number == 0 else "beside"
        block = f"{titles[part]}: {found.check.told()}"
        lines = found.lines[:1] if found.votes else found.lines
        for line in lines:
            rows.append(line_row(statement, line, part, block))
            rows += [line_row(statement, member, part, block, "-- ") for member in line.members]
        block = "The same study or publication, under other conditions"
        for line in found.elsewhere:
            rows.append(line_row(statement, line, "elsewhere", block))
            rows += [line_row(statement, member, "elsewhere", block, "-- ") for member in line.members]
    return rows


def _cited(evidence: Evidence, statement: Statement) -> list[Row]:
    """Return the studies and reviews that the recorded verdict rests on."""
    studies = {row["study_id"]: row for row in evidence.rows("studies")}
    block = "Evidence cited for the recorded verdict"
    rows: list[Row] = []
    for name in statement.evidence_ids:
        printed = [row for row in evidence.rows("reviews") if row["review_id"] == name]
        if name in studies:
            rows.append(_cited_study(statement, studies[name], block))
        rows += [line_row(statement, facts.review_line(row), "cited", block) for row in printed]
    return rows


def _cited_study(statement: Statement, study: Mapping[str, Any], block: str) -> Row:
    about = ", ".join(spoken(str(study[name])) for name in ("design", "population") if study[name])
    line = Quantity(
        what=f"{study['label'] or study['study_id']}: {about}",
        measure="",
        k=0,
        printed=True,
        n=study["n_randomised"],
        study_ids=(study["study_id"],),
        source_url=study["source_url"],
    )
    return line_row(statement, line, "cited", block)


def _facts(statement: Statement, judgement: Judgement) -> tuple[Fact, ...]:
    about = "; ".join(filter(None, (statement.population, statement.outcome, statement.timeframe)))
    told = (
        ("Section", statement.section),
        ("Claimed", statement.claimed),
        ("About", about),
        ("Probably from", statement.likely_source),
        ("Verdict", f"{judgement.verdict or 'none'}, by the rule of {judgement.rule}"),
        ("Check", statement.check),
        ("Recorded", f"{statement.recorded}: {statement.note}" if statement.recorded else ""),
    )
    return tuple(Fact(label, text) for label, text in told if text)
