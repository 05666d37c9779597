"""Rules of keys and links: rows told apart, references that lead somewhere, order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ketcli.errors import Problem, unknown_value
from ketcli.evidence.checks.tables import CheckedTable, Tables, words
from ketcli.evidence.fields import ForeignKey
from ketcli.evidence.schema import EVIDENCE_LISTS


def unique_keys(table: CheckedTable) -> Iterator[Problem]:
    """Yield `duplicate-key` for each row whose key an earlier row has."""
    key = table.table.key
    first: dict[tuple[Any, ...], int] = {}
    for place, row in enumerate(table.rows):
        cells = tuple(row[name] for name in key)
        earlier = first.setdefault(cells, table.lines[place])
        if earlier != table.lines[place]:
            yield table.problem(
                "duplicate-key",
                place,
                key[0],
                f"{words(*cells)}: the same {', '.join(key)} as in line {earlier}",
                "delete one of the rows or say what tells them apart",
            )


def sorted_rows(table: CheckedTable) -> Iterator[Problem]:
    """Yield `unsorted` once, at the first row that comes too late."""
    column = table.table.key[0]
    cells = [row[column] for row in table.rows]
    for place in range(1, len(cells)):
        before, here = cells[place - 1], cells[place]
        if before is not None and here is not None and here < before:
            yield table.problem(
                "unsorted", place, column, f"{here!r} comes after {before!r}", f"sort the rows by {column}"
            )
            return


def identifiers(tables: Tables) -> Iterator[Problem]:
    """Yield `duplicate-identifier` for a DOI or PubMed number that two studies have."""
    table = tables.get("studies")
    if table is None:
        return
    for column in ("doi", "pmid"):
        first: dict[str, str] = {}
        for place, row in enumerate(table.rows):
            number = str(row[column]).lower()
            owner = first.setdefault(number, row["study_id"]) if number else row["study_id"]
            if owner != row["study_id"]:
                yield table.problem(
                    "duplicate-identifier",
                    place,
                    column,
                    f"{column} {row[column]} belongs to {owner} too",
                    "merge the records or mend the number",
                )


def references(tables: Tables) -> Iterator[Problem]:
    """Yield `unknown-reference` for links that lead nowhere, `missing-table` for whole tables that are absent."""
    for table in tables.values():
        for link in table.table.foreign_keys:
            yield from _link(table, link, tables)
    known = {
        row[column]
        for name, column in (("studies", "study_id"), ("reviews", "review_id"))
        if name in tables
        for row in tables[name].rows
    }
    for name, column in EVIDENCE_LISTS:
        if name in tables and known:
            yield from _list(tables[name], column, known)


def _link(table: CheckedTable, link: ForeignKey, tables: Tables) -> Iterator[Problem]:
    own, last = link.fields, link.fields[-1]
    used = [place for place, row in enumerate(table.rows) if row[last]]
    target = tables.get(link.table)
    if target is None:
        if used:
            message = f"the table {link.table}.csv, which {table.table.name}.csv refers to, is missing"
            yield Problem("missing-table", table.file, 0, last, "", message, f"add {link.table}.csv")
        return
    valid = {tuple(row[name] for name in link.reference) for row in target.rows}
    owners = {cells[0] for cells in valid}
    for place in used:
        row = table.rows[place]
        cells = tuple(row[name] for name in own)
        if cells in valid or (len(own) > 1 and cells[0] not in owners and _also_checked(table, own[0])):
            continue
        near = [c[-1] for c in valid if len(c) == 1 or c[0] == cells[0]]
        yield table.problem(
            "unknown-reference",
            place,
            last,
            f"{last} {words(*cells)} is not in {link.table}.csv",
            unknown_value(last, str(row[last]), near).hint or f"add it to {link.table}.csv",
        )


def _also_checked(table: CheckedTable, column: str) -> bool:
    """Return whether a link of `column` alone exists, which then reports the unknown value."""
    return any(link.fields == (column,) for link in table.table.foreign_keys)


def _list(table: CheckedTable, column: str, known: set[str]) -> Iterator[Problem]:
    for place, row in enumerate(table.rows):
        for name in str(row[column]).split():
            if name not in known:
                yield table.problem(
                    "unknown-reference",
                    place,
                    column,
                    f"{column}: {name} is in neither studies.csv nor reviews.csv",
                    unknown_value(column, name, known).hint,
                )
