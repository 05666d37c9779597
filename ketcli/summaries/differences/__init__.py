"""What changed between two versions of a dataset: the pooled numbers that moved, then rows and cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from ketcli.evidence.schema import TABLES
from ketcli.report import Column, Display, Fact, Note, Report, Row, Value
from ketcli.summaries.differences import moves, records
from ketcli.summaries.differences.lines import commands

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters
    from ketcli.summaries.pooling import Settings

_OF_A_SIDE = (
    ("estimate", "Pooled", "number", "", "in the unit of `measure`; shares between 0 and 1"),
    ("low", "CI low", "number", "", ""),
    ("high", "CI high", "number", "", ""),
    ("k", "Studies", "integer", "studies", ""),
    ("events", "Events", "integer", "people", ""),
    ("total", "People", "integer", "people", ""),
    ("control_events", "Control events", "integer", "people", ""),
    ("control_total", "Control people", "integer", "people", ""),
)
_COLUMNS = (
    Column("kind", "Kind", "code", "", "moved, pool-new, pool-gone; of rows added, removed, changed, renamed"),
    Column("command", "Command", "text", "", "the command that prints the pooled number; empty for rows"),
    Column("table", "Table", "id", "", "empty for pooled numbers"),
    Column("study_id", "Study", "id"),
    Column("key", "Row", "text", "", "what tells the row apart in its table, or the heading of the pooled line"),
    Column("column", "Column", "id", "", "the changed column; empty for whole rows"),
    Column("before", "Before", "text"),
    Column("after", "After", "text"),
    Column("measure", "Measure", "code", "", "rate, rr, or, rd, md, smd or hr"),
    *(
        Column(f"{name}_{side}", f"{label} {side}", kind, unit, description)  # type: ignore[arg-type]
        for side in moves.SIDES
        for name, label, kind, unit, description in _OF_A_SIDE
    ),
    Column("change", "Change", "number", "", "after minus before; of ratios after divided by before"),
    Column("crossing", "Crossing", "text", "", "whether the interval came to include or to exclude no effect"),
)  # fmt: skip


def differences(
    before: Evidence, after: Evidence, filters: Filters, how: Settings, names: tuple[str, str]
) -> Report:
    """Return the changes from one dataset to another: the pooled lines that moved, then every row.

    Lines are those of the commands in `lines.commands`. `names` are what the two are called. The filters limit the
    pooled lines alone, not the rows.
    """
    cells = records.records(before, after)
    changed = {name for name in TABLES if before.rows(name) != after.rows(name)}
    pooled, same = moves.moves(before, after, filters, how, changed)
    rows: list[Row] = [*pooled, *cells]
    counts = Counter(str(row["kind"]) for row in rows)
    return Report(
        title=f"From {names[0]} to {names[1]}",
        columns=_COLUMNS,
        rows=tuple(rows),
        displays=(
            Display("", "text", ("shown_key",)),
            Display("Before", "text", ("shown_before",)),
            Display("After", "text", ("shown_after",)),
            Display("k", "text", ("shown_k",), align="right"),
            Display("Change", "text", ("shown_change",)),
        ),
        facts=(
            Fact("Pooled numbers", _moves(counts, same, moves.crossings(pooled))),
            Fact("Studies", _studies(before, after, cells)),
            Fact(
                "Rows", ", ".join(f"{counts[kind]} {kind}" for kind in records.KINDS if counts[kind]) or "no change"
            ),
        ),
        notes=_notes(before, after, names, filters, how),
        group_by=("block",),
        heading=("block",),
        emphasis=frozenset(),
        empty="No difference.",
        data_version=after.version,
    )


def _moves(counts: Mapping[str, int], same: int, crossed: int) -> str:
    parts = [(moves.MOVED, "moved"), (moves.NEW, "new"), (moves.GONE, "gone")]
    told = [f"{counts[kind]} {word}" for kind, word in parts if counts.get(kind)]
    text = ", ".join([*told, f"{same} as before"])
    if not crossed:
        return text
    return f"{text}; {crossed} {'interval' if crossed == 1 else 'intervals'} crossed no effect"


def _studies(before: Evidence, after: Evidence, cells: Sequence[Mapping[str, Value]]) -> str:
    """Return how many studies there were and are, and the names of those that came and went."""
    said = f"{len(before.labels)} before, {len(after.labels)} after"
    for kind, evidence in ((records.ADDED, after), (records.REMOVED, before)):
        found = [str(r["study_id"]) for r in cells if r["kind"] == kind and r["table"] == "studies"]
        if found:
            few = ", ".join(evidence.labels.get(study, study) for study in found[:3])
            said += f"; {kind}: {few}" + (f" and {len(found) - 3} more" if len(found) > 3 else "")
    return said


def _notes(
    before: Evidence, after: Evidence, names: tuple[str, str], filters: Filters, how: Settings
) -> tuple[Note, ...]:
    watched = list(commands(filters))
    limits = filters.described()
    return (
        Note(
            "method",
            f"Pooled numbers are the lines of {', '.join(watched[:-1])} and {watched[-1]}, with {how.percent} "
            "intervals; with k 1 the study itself. Ratios (RR, OR, HR) move by a factor, the rest by a difference. "
            "One changed count can move the lines of several commands.",
        ),
        *((Note("selection", f"Pooled numbers limited to: {limits}."),) if limits else ()),
        *(Note("caution", text) for text in _one_sided(before, after, names)),
        *((Note("source", f"{text}."),) if (text := _versions(before, after, names)) else ()),
    )


def _one_sided(before: Evidence, after: Evidence, names: tuple[str, str]) -> list[str]:
    """Return which tables only one side has: all their rows count as added or removed."""
    sides: list[tuple[str, Collection[str]]] = [
        (names[0], [name for name in TABLES if before.has(name) and not after.has(name) and before.rows(name)]),
        (names[1], [name for name in TABLES if after.has(name) and not before.has(name) and after.rows(name)]),
    ]
    return [f"Only {name} has {', '.join(tables)}." for name, tables in sides if tables]


def _versions(before: Evidence, after: Evidence, names: tuple[str, str]) -> str:
    return "; ".join(f"{n}: version {e.version}" for n, e in zip(names, (before, after), strict=True) if e.version)
