"""What changed between two versions of a dataset: rows by their keys, cells, and the pooled numbers that moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ketcli.evidence.schema import TABLES
from ketcli.evidence.writing import cell_text
from ketcli.report import Column, Display, Fact, Note, Report, Row, Value
from ketcli.summaries.rates import OUTCOMES, rates
from ketcli.wording import UNICODE, as_number, limits, number, percent

if TYPE_CHECKING:
    from ketcli.evidence.fields import Table
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters
    from ketcli.summaries.pooling import Settings

POOLED, GONE, NEW = "moved", "pool-gone", "pool-new"
_POOLED_KINDS = (POOLED, GONE, NEW)
_SHOWN = 4  # cells of a whole row that people see; machines get all of them
_RATE = ("rate", "ci_low", "ci_high", "k", "events", "total")
_COLUMNS = (
    Column("kind", "Kind", "code", "", "added, removed, changed; moved, pool-new or pool-gone for pooled numbers"),
    Column("table", "Table", "id", "", "empty for pooled numbers"),
    Column("study_id", "Study", "id"),
    Column("key", "Row", "text", "", "what tells the row apart in its table, or the pooled line"),
    Column("column", "Column", "id", "", "the changed column; empty for whole rows"),
    Column("before", "Before", "text"),
    Column("after", "After", "text"),
    Column("rate_before", "Pooled before", "proportion"),
    Column("low_before", "CI low before", "proportion"),
    Column("high_before", "CI high before", "proportion"),
    Column("k_before", "Studies before", "integer", "studies"),
    Column("events_before", "Events before", "integer", "people"),
    Column("total_before", "People before", "integer", "people"),
    Column("rate_after", "Pooled after", "proportion"),
    Column("low_after", "CI low after", "proportion"),
    Column("high_after", "CI high after", "proportion"),
    Column("k_after", "Studies after", "integer", "studies"),
    Column("events_after", "Events after", "integer", "people"),
    Column("total_after", "People after", "integer", "people"),
    Column("change", "Change", "number", "", "pooled proportion after minus before"),
)


def differences(
    before: Evidence, after: Evidence, filters: Filters, how: Settings, names: tuple[str, str]
) -> Report:
    """Return the changes from one dataset to another: the pooled lines of `ket rates` that moved, then every row.

    Rows are matched by the key of their table. `names` are what the two are called. The filters limit the pooled
    lines alone, not the rows.
    """
    moved, same = _pooled(before, after, filters, how)
    rows: list[Row] = [*moved]
    for name in TABLES:
        if before.has(name) or after.has(name):
            rows += _table(TABLES[name], before.rows(name), after.rows(name))
    counts = Counter(str(row["kind"]) for row in rows)
    return Report(
        title=f"From {names[0]} to {names[1]}",
        columns=_COLUMNS,
        rows=tuple(rows),
        displays=_displays(),
        facts=(
            Fact("Rows", ", ".join(f"{counts[kind]} {kind}" for kind in ("added", "removed", "changed"))),
            Fact("Pooled numbers", _moves(counts, same)),
        ),
        notes=_notes(before, after, names, filters, how),
        group_by=("block",),
        heading=("block",),
        emphasis=frozenset(_POOLED_KINDS),
        empty="No difference.",
        data_version=after.version,
    )


def _moves(counts: Mapping[str, int], same: int) -> str:
    parts = [(POOLED, "moved"), (NEW, "new"), (GONE, "gone")]
    told = [f"{counts[kind]} {word}" for kind, word in parts if counts.get(kind)]
    return ", ".join([*told, f"{same} as before"])


def _displays() -> tuple[Display, ...]:
    return (
        Display("", "text", ("kind",)),
        Display("Row", "text", ("key",)),
        Display("From", "text", ("shown_before",)),
        Display("To", "text", ("shown_after",)),
    )


def _pooled(
    before: Evidence, after: Evidence, filters: Filters, how: Settings
) -> tuple[list[dict[str, Value]], int]:
    """Return the pooled lines that differ, and how many are the same in both."""
    old, new = (_lines(evidence, filters, how) for evidence in (before, after))
    rows = []
    for name in dict.fromkeys([*new, *old]):
        was, now = old.get(name), new.get(name)
        if was == now:
            continue
        kind = NEW if was is None else GONE if now is None else POOLED
        row: dict[str, Value] = {"kind": kind, "block": "Pooled numbers", "key": name, "change": None}
        for side, values in (("before", was), ("after", now)):
            names = ("rate", "low", "high", "k", "events", "total")
            row |= {f"{n}_{side}": value for n, value in zip(names, values or (None,) * len(names), strict=True)}
        row |= {"shown_before": _line_words(was), "shown_after": _line_words(now)}
        if was is not None and now is not None and was[0] is not None and now[0] is not None:
            row["change"] = as_number(now[0]) - as_number(was[0])
            points = number(100.0 * as_number(row["change"]), 1, UNICODE, sign=True)
            row["shown_after"] = f"{row['shown_after']}; {points} points"
        rows.append(row)
    return rows, sum(old[name] == new.get(name) for name in old)


def _line_words(values: tuple[Value, ...] | None) -> str:
    """Return a pooled line in words: 66 % (42–83), 3 studies."""
    if values is None or values[0] is None:
        return ""
    ends = ""
    if None not in values[1:3]:
        ends = f" ({limits(percent(as_number(values[1])), percent(as_number(values[2])), UNICODE)})"
    return f"{percent(as_number(values[0]))} %{ends}, {values[3]} stud{'y' if values[3] == 1 else 'ies'}"


def _lines(evidence: Evidence, filters: Filters, how: Settings) -> dict[str, tuple[Value, ...]]:
    """Return the pooled lines of `ket rates` by their headings: rate, limits, studies, events, people.

    A line of a single study is that study's own rate.
    """
    report = rates(evidence, filters, how)
    lines: dict[str, tuple[Value, ...]] = {}
    alone: dict[str, tuple[Value, ...]] = {}
    for row in report.rows:
        block = str(row.get("block", ""))
        if row["kind"] == "pooled":
            lines[block] = tuple(row.get(name) for name in _RATE)
        elif row["kind"] == "study" and row.get("pooled"):
            shown = (row.get(name) for name in ("rate", "ci_low", "ci_high"))
            alone[block] = (*shown, 1, row["events"], row["total"])
    return {**alone, **lines}


def _table(table: Table, before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> Iterable[Row]:
    """Yield the rows of one table that are new, gone, or have changed cells."""
    old, new = (_keyed(table, rows) for rows in (before, after))
    for key in sorted({*old, *new}, key=lambda k: tuple(map(str, k))):
        was, now = old.get(key), new.get(key)
        study = str((was or now or {}).get("study_id") or "")
        shared: Row = {"table": table.name, "block": table.name, "key": _words(key), "study_id": study}
        if was is None or now is None:
            kind, side = ("removed", "before") if now is None else ("added", "after")
            filled = _filled(table, was or now or {})
            few = ", ".join(filled[:_SHOWN]) + (" ..." if len(filled) > _SHOWN else "")
            yield {**shared, "kind": kind, "column": "", side: ", ".join(filled), f"shown_{side}": few}
            continue
        for column in (c for c in table.columns if c not in table.key and was[c] != now[c]):
            cells = {"before": cell_text(was[column]), "after": cell_text(now[column])}
            shown = {f"shown_{side}": f"{column} {cell or 'empty'}" for side, cell in cells.items()}
            yield {**shared, "kind": "changed", "column": column, **cells, **shown}


def _keyed(table: Table, rows: Sequence[Mapping[str, Any]]) -> dict[tuple[Any, ...], Mapping[str, Any]]:
    """Return rows by key; of rows that share one (a fault of the data) each gets a number."""
    out: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for row in rows:
        key = tuple(row[column] for column in table.key)
        number = 2
        while key in out:
            key = (*key[: len(table.key)], f"({number})")
            number += 1
        out[key] = row
    return out


def _words(key: Sequence[Any]) -> str:
    return " ".join(cell_text(cell) for cell in key if cell not in (None, ""))


def _filled(table: Table, row: Mapping[str, Any]) -> list[str]:
    cells = ((column, cell_text(row[column])) for column in table.columns if column not in table.key)
    return [f"{column} {text}" for column, text in cells if text]


def _notes(
    before: Evidence, after: Evidence, names: tuple[str, str], filters: Filters, how: Settings
) -> tuple[Note, ...]:
    versions = [f"{name}: version {e.version}" for name, e in zip(names, (before, after), strict=True) if e.version]
    limits = filters.described()
    outcomes = " and ".join(filters.outcome or OUTCOMES)
    return (
        Note(
            "method",
            f"Pooled numbers are the lines of ket rates ({outcomes}), with {how.percent} intervals; a group of one "
            "study is that study's rate. A changed key shows as a row removed and a row added.",
        ),
        *((Note("selection", f"Pooled numbers limited to: {limits}."),) if limits else ()),
        *((Note("source", "; ".join(versions) + "."),) if versions else ()),
    )
