"""Statements of an article, or a reader's own, each with what the evidence gives now and its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ketcli.claims.answer import Answer, answer
from ketcli.claims.rule import Judgement, judge
from ketcli.claims.statement import Statement, of_row
from ketcli.errors import DataError, KetError, unknown_value
from ketcli.evidence.topic_codes import VERDICTS
from ketcli.report import Note, Report, Row
from ketcli.summaries.claims.rows import COLUMNS, claim_row, displays, line_row, notes, sources
from ketcli.summaries.pooling import Settings

if TYPE_CHECKING:
    from ketcli.claims.file import Statements
    from ketcli.evidence.load import Evidence


def claims(
    evidence: Evidence,
    how: Settings,
    *,
    verdict: Sequence[str] = (),
    section: Sequence[str] = (),
    search: str = "",
    own: Statements | None = None,
) -> Report:
    """Return each statement followed by what the tables answer; `own` holds a reader's statements instead.

    `verdict`, `section` and `search` limit the statements. UsageError for a verdict or section that does not
    exist, DataError for a check of the reader's that cannot be answered.
    """
    for name in verdict:
        if name not in VERDICTS:
            raise unknown_value("verdict", name, VERDICTS)
    statements = _of_section(statements_of(evidence, own), section)
    words = search.lower().split()
    statements = [s for s in statements if all(w in f"{s.claim_id} {s.text} {s.note}".lower() for w in words)]
    rows: list[Row] = []
    for statement, answers in answered(evidence, statements, how, own):
        judgement = judge(statement, answers)
        if not verdict or judgement.verdict in verdict:
            rows += _short(statement, answers, judgement)
    return Report(
        title="A reader's statements held against the evidence"
        if own
        else "What the article says, and the evidence",
        columns=COLUMNS,
        rows=tuple(rows),
        displays=displays(),
        notes=(*notes(how), *(Note("source", note) for note in (own.notes if own else ()))),
        sources=sources(rows),
        group_by=("claim_id",),
        heading=("block",),
        emphasis=frozenset({"claim"}),
        empty="No statement matches." if statements_of(evidence, own) else "These data hold no statements.",
        data_version=evidence.version,
    )


def statements_of(evidence: Evidence, own: Statements | None) -> list[Statement]:
    """Return the statements of the article, or the reader's own."""
    return list(own.statements) if own else [of_row(row) for row in evidence.rows("claims")]


def _of_section(statements: Sequence[Statement], section: Sequence[str]) -> list[Statement]:
    known = {statement.section for statement in statements}
    wanted: set[str] = set()
    for name in section:
        matching = {s for s in known if name.lower() in s.lower()}
        if not matching:
            raise unknown_value("section", name, known)
        wanted |= matching
    return [s for s in statements if not section or s.section in wanted]


def answered(
    evidence: Evidence, statements: Sequence[Statement], how: Settings, own: Statements | None
) -> list[tuple[Statement, list[Answer]]]:
    """Return the answers to each statement; a reader's check that cannot be answered is told with its line."""
    answered: list[tuple[Statement, list[Answer]]] = []
    problems = []
    for statement in statements:
        try:
            answered.append((statement, [answer(evidence, check, how) for check in statement.checks]))
        except KetError as error:
            if own is None:
                raise
            from ketcli.claims.file import of_error

            line = own.lines[own.statements.index(statement)]
            problems.append(of_error(error, own.name, line))
    if problems:
        raise DataError(problems)
    return answered


def _short(statement: Statement, answers: Sequence[Answer], judgement: Judgement) -> list[Row]:
    """Return a statement and its lines, without the studies in them."""
    rows = [claim_row(statement, judgement)]
    block = str(rows[0]["block"])
    for number, found in enumerate(answers):
        part = _part(judgement, number)
        # the reason of a tally is its first line already
        lines = found.lines[1:] if number == 0 and judgement.rule == "tally" else found.lines
        rows += [line_row(statement, line, part, block) for line in lines]
        if number == 0:
            rows += [line_row(statement, line, "elsewhere", block) for line in found.elsewhere]
    return rows


def _part(judgement: Judgement, number: int) -> str:
    return "tested" if number == 0 and judgement.rule not in ("recorded", "none") else "beside"
