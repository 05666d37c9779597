"""The page of a reader's own table: the pooled result, then what it rests on, each part with its command."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ketcli.document import Chapter, Document, Entry
from ketcli.errors import unknown_value
from ketcli.report import Picture, Report, Row
from ketcli.summaries.pool import pool
from ketcli.summaries.pool.request import from_options

if TYPE_CHECKING:
    from collections.abc import Iterable

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Section:
    """One chapter: the title of its table, the option of `ket pool` that adds it, and its picture with a title."""

    name: str
    title: str
    lead: str
    table: str = ""
    option: str = ""
    picture: Picture | None = None
    drawing: str = ""


SECTIONS = (
    Section(
        "result",
        "The result",
        "Every study with its weight, the pooled line, and where a further study may lie.",
        picture="labbe",
        drawing="Risk with treatment against risk with control (L'Abbé plot)",
    ),
    Section(
        "robustness",
        "By other choices",
        "Whether the result hangs on how it was computed.",
        "The same studies by every other defensible model, estimator and correction",
        "robustness",
    ),
    Section(
        "leave-one-out",
        "Without each study",
        "Whether the result hangs on one study.",
        "The pooled line with each study left out in turn",
        "leave_one_out",
    ),
    Section(
        "influence",
        "Influence",
        "Which studies stand apart, and how far each moves the result.",
        "Diagnostics of each study",
        "influence",
        "baujat",
        "What moves the result, and what makes studies differ (Baujat plot)",
    ),
    Section(
        "bias",
        "Small-study effects",
        "Whether small studies differ from large ones, as they do when unwelcome results stay unpublished.",
        "Tests for small-study effects, and the result adjusted for them",
        "bias",
        "funnel",
        "effects against their standard errors",
    ),
)


def document(
    content: bytes, name: str, options: Options, names: Sequence[str] = (), command: Callable[[str], str] = str
) -> Document:
    """Return the page of a CSV file called `name`, pooled by the options of `ket pool`.

    `command` turns what a section adds to the command line into the whole of it. Raises UsageError for a section
    that does not exist, and the errors of `ket pool`.
    """
    known = [section.name for section in SECTIONS]
    for wanted in names:
        if wanted not in known:
            raise unknown_value("section", wanted, known)
    base = _pool(content, name, {**options, "explain": True})
    chapters = []
    for section in (s for s in SECTIONS if not names or s.name in names):
        full = _pool(content, name, {**options, section.option: True}) if section.option else base
        report = beyond(full, base, section) if section.option else base
        added = f"--{section.option.replace('_', '-')}" if section.option else "--explain"
        whole = replace(full, title=section.drawing, picture=section.picture) if section.picture else None
        entry = Entry(report, command(added), drawn=whole)
        chapters.append(Chapter(section.name, section.title, section.lead, (entry,)))
    return Document(base.title, (), tuple(chapters))


def beyond(report: Report, base: Report, section: Section) -> Report:
    """Return what a report holds besides another of the same studies: its own blocks, notes and facts.

    Influence has no block of its own: there the studies stay, with their diagnostics.
    """
    if section.option == "influence":
        rows: Iterable[Row] = (row for row in report.rows if row.get("kind") == "study")
    else:
        blocks = {row.get("block") for row in base.rows}
        rows = (row for row in report.rows if row.get("block") not in blocks)
    return replace(
        report,
        title=section.table,
        rows=tuple(rows),
        group_by=(),
        heading=(),
        notes=tuple(note for note in report.notes if note not in base.notes),
        facts=tuple(fact for fact in report.facts if fact not in base.facts),
        empty="Too few studies.",
    )


def _pool(content: bytes, name: str, options: Options) -> Report:
    return pool(content, name, *from_options(options))
