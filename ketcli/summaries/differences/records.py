"""Rows that came, went or changed from one dataset to another, cell by cell, a study at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ketcli.evidence.schema import TABLES
from ketcli.evidence.writing import cell_text
from ketcli.summaries.differences.renames import Renames, renames

if TYPE_CHECKING:
    from ketcli.evidence.fields import Table
    from ketcli.evidence.load import Evidence
    from ketcli.report import Value

ADDED, REMOVED, CHANGED, RENAMED = "added", "removed", "changed", "renamed"
KINDS = (ADDED, REMOVED, CHANGED, RENAMED)
# what people see of a whole row; machines get all of it
_COUNTS, _MEANS = ("events", "total"), ("mean", "sd", "n")
_LONG = 60  # characters of a changed cell that people see whole

Record = Mapping[str, Any]
Out = dict[str, "Value"]


def records(before: Evidence, after: Evidence) -> list[Out]:
    """Return what changed in the tables: study by study, then the tables that are of no study.

    Rows are matched by the key of their table. A study of the same label, DOI or registration and an arm given the
    same are the same under another identifier (`renamed`). Columns that the schema does not know count too.
    """
    known = renames(before, after)
    studies: dict[str, list[Out]] = {}
    others: list[Out] = []
    for name in TABLES:
        if not (before.has(name) or after.has(name)):
            continue
        old = known.applied(before.rows(name), name) if name != "claims" else before.rows(name)
        for row in _table(TABLES[name], old, after.rows(name)):
            if row["study_id"] and "study_id" in TABLES[name].columns:
                studies.setdefault(str(row["study_id"]), []).append(row)
            else:
                others.append({**row, "block": name})
    for study, row in _renamed(known):
        studies.setdefault(study, []).insert(0, row)
    labels = before.labels | {known.studies.get(i, i): label for i, label in before.labels.items()} | after.labels
    return [
        {**row, "block": _heading(study, labels.get(study, ""))}
        for study in sorted(studies)
        for row in studies[study]
    ] + others


def _heading(study: str, label: str) -> str:
    return study if label in ("", study) else f"{label} ({study})"


def _renamed(known: Renames) -> Iterable[tuple[str, Out]]:
    """Yield the identifiers that changed, each with its study."""
    arms = ((study, "arms", "arm_id", old, new) for (study, old), new in known.arms.items())
    studies = ((new, "studies", "study_id", old, new) for old, new in known.studies.items())
    for study, table, column, old, new in (*arms, *studies):
        yield (
            study,
            {
                "kind": RENAMED,
                "table": table,
                "study_id": study,
                "key": new,
                "column": column,
                **_both(column, old, new),
                "shown_key": table,
                "shown_change": RENAMED,
            },
        )


def _both(column: str, old: Value, new: Value) -> Out:
    """Return a cell of both sides, for machines and for people."""
    cells = {"before": old, "after": new}
    exact: Out = {side: cell_text(cell) for side, cell in cells.items()}
    shown = _apart_from_each_other(_short(old), _short(new))
    return exact | {f"shown_{side}": f"{column} {text or 'empty'}" for side, text in zip(cells, shown, strict=True)}


def _apart_from_each_other(old: str, new: str) -> tuple[str, str]:
    """Return two cells; of long ones only the words that differ, their common beginning and end as dots."""
    if max(len(old), len(new)) <= _LONG:
        return old, new
    words = old.split(), new.split()
    room = min(map(len, words))
    start = next((i for i in range(room) if words[0][i] != words[1][i]), room)
    end = next((i for i in range(room - start) if words[0][-1 - i] != words[1][-1 - i]), room - start)

    def cut(text: list[str]) -> str:
        middle = " ".join(text[start : len(text) - end])
        return f"{'... ' * bool(start)}{middle[:_LONG]}{' ...' * bool(end or len(middle) > _LONG)}"

    return cut(words[0]), cut(words[1])


def _in_short(row: Record) -> str:
    """Return the result that a row holds: 12/20, 33 %, or a mean with its spread; "" for rows without one."""
    if None not in (counts := [row.get(name) for name in _COUNTS]):
        return f"{_short(counts[0])}/{_short(counts[1])}"
    if row.get("percent") is not None:
        return f"{_short(row['percent'])} %"
    mean, sd, n = (row.get(name) for name in _MEANS)
    if mean is None:
        return ""
    return _short(mean) + (f" (SD {_short(sd)})" if sd is not None else "") + (f", n {_short(n)}" if n else "")


def _short(cell: Value) -> str:
    """Return a cell for people: a worked-out percent without its endless digits."""
    return f"{cell:.6g}" if isinstance(cell, float) and abs(cell) < 1e6 else cell_text(cell)


def _table(table: Table, before: Sequence[Record], after: Sequence[Record]) -> Iterable[Out]:
    """Yield the rows of one table that are new, gone, or have changed cells."""
    old, new = (_keyed(table, rows) for rows in (before, after))
    moved = _rekeyed(
        table, {k: r for k, r in old.items() if k not in new}, {k: r for k, r in new.items() if k not in old}
    )
    for key in sorted({*old, *new}, key=lambda k: tuple(map(str, k))):
        if key in moved.values():
            continue  # told where it was before
        was, now = old.get(key), new.get(moved.get(key, key))
        row = was or now or {}
        study = str(row.get("study_id") or "")
        shared: Out = {"table": table.name, "key": _words(key), "study_id": study}
        shown = " ".join(filter(None, (table.name, _words(key[1:] if study and key[0] == study else key))))
        if was is None or now is None:
            kind, side = (REMOVED, "before") if now is None else (ADDED, "after")
            filled = {c: cell for c, cell in row.items() if c not in table.key and cell not in (None, "")}
            yield {
                **shared,
                **{"kind": kind, "column": "", side: ", ".join(f"{c} {cell_text(v)}" for c, v in filled.items())},
                **{"shown_key": shown, f"shown_{side}": _in_short(row), "shown_change": kind},
            }
            continue
        for column in dict.fromkeys((*table.columns, *was, *now)):
            cells = was.get(column), now.get(column)
            if cell_text(cells[0]) != cell_text(cells[1]):
                yield {**shared, "kind": CHANGED, "column": column, **_both(column, *cells), "shown_key": shown}
                shown = ""  # a row's name stands at its first cell


def _keyed(table: Table, rows: Sequence[Record]) -> dict[tuple[Any, ...], Record]:
    """Return rows by key; of rows that share one (a fault of the data) each gets a number."""
    out: dict[tuple[Any, ...], Record] = {}
    for row in rows:
        key = tuple(row[column] for column in table.key)
        number = 2
        while key in out:
            key = (*key[: len(table.key)], f"({number})")
            number += 1
        out[key] = row
    return out


def _rekeyed(
    table: Table, gone: Mapping[tuple[Any, ...], Record], come: Mapping[tuple[Any, ...], Record]
) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Return the keys of rows that differ in one cell of their key and in nothing else, with their new keys."""
    out: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    if len(table.key) < 2:
        return out
    free = dict(come)
    for key, row in gone.items():
        fits = [other for other, now in free.items() if other[0] == key[0] and _apart(row, now) == 1]
        if len(fits) == 1:
            out[key] = fits[0]
            del free[fits[0]]
    return out


def _apart(was: Record, now: Record) -> int:
    """Return in how many cells two rows differ."""
    return sum(cell_text(was.get(c)) != cell_text(now.get(c)) for c in {*was, *now})


def _words(key: Sequence[Any]) -> str:
    return " ".join(cell_text(cell) for cell in key if cell not in (None, ""))
