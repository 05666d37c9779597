"""Rules of counts: events, totals and percents that fit each other, rows fit to be pooled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from ketcli.errors import Problem
from ketcli.evidence.checks.tables import CheckedTable, Tables, words

# printed percents are rounded, and some papers cut instead of rounding
PERCENT_TOLERANCE = 0.6
PRINTED_DIFFERS = "printed percent differs"
_NUMBERS = {
    "outcomes": ("events", "percent"),
    "scores": ("mean",),
    "side_effects": ("events", "percent"),
    "factors": ("effect", "percent", "events", "p_value"),
    "durability": ("value",),
}
_PAIRS = (("events", "total"), ("events_active", "total_active"), ("events_control", "total_control"))


def counts_fit(table: CheckedTable) -> Iterator[Problem]:
    """Yield `events-over-total`, `percent-mismatch` and `derived-without-events`."""
    pairs = [pair for pair in _PAIRS if table.has(*pair)]
    for place, row in enumerate(table.rows):
        for events, total in pairs:
            if row[events] is not None and row[total] is not None and row[events] > row[total]:
                yield table.problem(
                    "events-over-total",
                    place,
                    events,
                    f"{events} ({row[events]}) is larger than {total} ({row[total]})",
                    "look up both numbers in the source",
                )
        if table.has("percent", "events", "total"):
            yield from _percent(table, place, row)
        if row.get("events_derived") == 1 and row.get("events") is None:
            yield table.problem(
                "derived-without-events",
                place,
                "events_derived",
                "events_derived is 1 but events is empty",
                "fill in the derived count or set events_derived to 0",
            )


def _percent(table: CheckedTable, place: int, row: dict[str, Any]) -> Iterator[Problem]:
    events, total, percent = row["events"], row["total"], row["percent"]
    if percent is None or events is None or not total or events > total:
        return
    counted = 100.0 * events / total
    if abs(counted - percent) > PERCENT_TOLERANCE and PRINTED_DIFFERS not in row.get("notes", ""):
        yield table.problem(
            "percent-mismatch",
            place,
            "percent",
            f"percent is {percent:g} but {events}/{total} is {counted:.1f}",
            f"mend the numbers, or write {PRINTED_DIFFERS!r} in notes when the source prints it so",
        )


def checked_rows(table: CheckedTable) -> Iterator[Problem]:
    """Yield `checked-without-number` for rows marked as checked without a number to check."""
    numbers = _NUMBERS.get(table.table.name, ())
    for place, row in enumerate(table.rows):
        if row.get("checked") and numbers and all(row[name] is None for name in numbers):
            yield table.problem(
                "checked-without-number",
                place,
                "checked",
                f"the row is marked {row['checked']} but holds no number",
                "empty the mark or add the number",
            )


def poolable_rows(tables: Tables) -> Iterator[Problem]:
    """Yield `poolable-without-counts`, `poolable-twice` and `pool-rank` in the outcomes table."""
    table = tables.get("outcomes")
    if table is None:
        return
    ratings: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    seen: dict[tuple[Any, ...], int] = {}
    for place, row in enumerate(table.rows):
        if row["exclude_reason"]:
            if row["pool_rank"] is not None:
                yield table.problem(
                    "pool-rank", place, "pool_rank", "an excluded row has a pool_rank", "empty pool_rank"
                )
            continue
        if row["events"] is None or row["total"] is None:
            yield table.problem(
                "poolable-without-counts",
                place,
                "events" if row["events"] is None else "total",
                "the row may be pooled but lacks events or total",
                "add the counts or give an exclude_reason",
            )
        rating = tuple(row[c] for c in ("study_id", "arm_id", "outcome", "time_days", "time_anchor"))
        ratings[rating].append(place)
        exact = (*rating, row["scale"], row["analysis_set"])
        earlier = seen.setdefault(exact, table.lines[place])
        if earlier != table.lines[place]:
            yield table.problem(
                "poolable-twice",
                place,
                "exclude_reason",
                f"{words(*exact)} may be pooled here and in line {earlier}",
                "give one of the rows an exclude_reason",
            )
    if table.has("pool_rank"):
        for places in ratings.values():
            yield from _ranks(table, places)


def _ranks(table: CheckedTable, places: list[int]) -> Iterator[Problem]:
    ranks = [table.rows[place]["pool_rank"] for place in places]
    if sorted(r or 0 for r in ranks) == list(range(1, len(ranks) + 1)):
        return
    row = table.rows[places[0]]
    yield table.problem(
        "pool-rank",
        places[0],
        "pool_rank",
        f"{words(row['study_id'], row['arm_id'], row['outcome'], row['time_days'])}: pool_rank of the "
        f"{len(ranks)} poolable row{'s' * (len(ranks) > 1)} is {words(*(r or 'empty' for r in ranks))}",
        "rank them 1, 2, ... without gaps",
    )


def crossover_rows(tables: Tables) -> Iterator[Problem]:
    """Yield `crossover-mismatch` where `crossover_data` does not fit the design of the study."""
    studies, table = tables.get("studies"), tables.get("outcomes")
    if studies is None or table is None or not table.has("crossover_data"):
        return
    design = {row["study_id"]: row["design"] for row in studies.rows}
    for place, row in enumerate(table.rows):
        of_study = design.get(row["study_id"], "")
        if of_study and (of_study == "rct-crossover") != bool(row["crossover_data"]):
            said = "has no crossover_data" if of_study == "rct-crossover" else "has crossover_data"
            yield table.problem(
                "crossover-mismatch",
                place,
                "crossover_data",
                f"{row['study_id']} is of design {of_study} but the row {said}",
                "say which periods are counted, in crossover studies only",
            )
