"""Every broken rule of a user's table or folder, and the list of the rules themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from ketcli.evidence import catalog, check
from ketcli.evidence.rules import RULES
from ketcli.report import Column, Display, Fact, Note, Report, Row

ABOUT_RULES = "ket check --rules lists every rule and why it exists."


def inspect(
    target: str | None,
    environment: Mapping[str, str],
    content: bytes | None = None,
    columns: Mapping[str, str] = MappingProxyType({}),
) -> Report:
    """Return one row per problem of a folder, a file, standard input (`content`) or the bundled data.

    `columns` names the columns of a single file where their names do not.
    """
    location = catalog.locate(target, environment, lambda: content or b"")
    inspection = check.inspect(location, columns)
    rows: list[Row] = [
        {
            "severity": RULES[p.code].severity if p.code in RULES else "error",
            "code": p.code,
            "file": p.file,
            "line": p.line or None,
            "column": p.column,
            "value": p.value,
            "message": p.message,
            "fix": p.fix,
        }
        for p in inspection.problems
    ]
    counts = Counter(row["severity"] for row in rows)
    read = ", ".join(
        f"{name} ({len(next(iter(c.values.values()), []))} rows)" for name, c in inspection.columns.items()
    )
    return Report(
        title=f"{counts['error']} errors and {counts['warning']} warnings in {target or 'the bundled data'}",
        columns=(
            Column("severity", "Severity", "code", "", "error: the data cannot be used; warning: they can"),
            Column("code", "Rule", "code"),
            Column("file", "File", "text"),
            Column("line", "Line", "integer", "", "the header is line 1; empty: the whole file"),
            Column("column", "Column", "text"),
            Column("value", "Value", "text", "", "the cell as it stands"),
            Column("message", "What is wrong", "text"),
            Column("fix", "What to do", "text"),
        ),
        rows=tuple(rows),
        displays=(
            Display("", "text", ("severity",)),
            Display("Line", "integer", ("line",), align="right"),
            Display("Column", "text", ("column",), rank=3),
            Display("What is wrong", "text", ("message",)),
            Display("What to do", "text", ("fix",), rank=1),
            Display("Rule", "text", ("code",), rank=2),
        ),
        facts=(Fact("Read", read),) if read else (),
        notes=(*_read_as(inspection), *((Note("about", ABOUT_RULES),) if rows else ())),
        group_by=("file",),
        heading=("file",),
        emphasis=frozenset(),
        empty="No problem.",
    )


def _read_as(inspection: check.Inspection) -> tuple[Note, ...]:
    """Return what was read leniently, as every command tells it."""
    said = (note for columns in inspection.columns.values() for note in columns.notes)
    return tuple(Note("choice", note) for note in dict.fromkeys(said))


def rules() -> Report:
    """Return every rule with its reason."""
    rows: list[Row] = [
        {"code": rule.code, "severity": rule.severity, "title": rule.title, "why": rule.why}
        for rule in RULES.values()
    ]
    return Report(
        title="Rules that the data must keep",
        columns=(
            Column("code", "Rule", "code"),
            Column("severity", "Severity", "code"),
            Column("title", "What must hold", "text"),
            Column("why", "Why", "text"),
        ),
        rows=tuple(rows),
        displays=(
            Display("Rule", "text", ("code",)),
            Display("Severity", "text", ("severity",), rank=2),
            Display("What must hold", "text", ("title",)),
            Display("Why", "text", ("why",), rank=1),
        ),
    )
