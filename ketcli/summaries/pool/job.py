"""What every part of a meta-analysis works from, and what it hands back."""

from __future__ import annotations

from dataclasses import dataclass

from ketcli.owndata.lint import Question
from ketcli.owndata.table import OwnTable
from ketcli.report import Fact, Note
from ketcli.summaries.pool.models import Line
from ketcli.summaries.pool.plan import Plan
from ketcli.summaries.pool.rows import Fields
from ketcli.summaries.pool.sample import Sample


@dataclass(frozen=True, eq=False)
class Job:
    """The table, the plan, the sample made of them, its pooled line (None: nothing to pool) and how effects read.

    `shape` is the form in which effects of the plan's measure are written; `questions` are rows to look at again.
    """

    table: OwnTable
    plan: Plan
    sample: Sample
    line: Line | None
    shape: str
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True)
class Part:
    """Rows of one part of the report with its notes and the facts that go to the top."""

    rows: tuple[Fields, ...] = ()
    notes: tuple[Note, ...] = ()
    facts: tuple[Fact, ...] = ()
