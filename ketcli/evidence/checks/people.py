"""Rules against counting people twice: declared overlaps, overlapping records, arms within arms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

from ketcli.errors import Problem
from ketcli.evidence import overlap
from ketcli.evidence.checks.tables import CheckedTable, Tables
from ketcli.evidence.codes import STUDY_DRUGS
from ketcli.evidence.regimens import standard_window


def declared_overlaps(tables: Tables) -> Iterator[Problem]:
    """Yield `self-overlap`, `asymmetric-overlap`, and `unknown-reference` for links to no study."""
    table = tables.get("studies")
    if table is None:
        return
    links = {row["study_id"]: set(str(row["reuses"]).split()) for row in table.rows}
    for place, row in enumerate(table.rows):
        study = row["study_id"]
        for other in sorted(links[study]):
            if other == study:
                code, message, fix = "self-overlap", f"{study} names itself", f"delete {study} from reuses"
            elif other not in links:
                code, message = "unknown-reference", f"reuses: {other} is not in studies.csv"
                fix = f"add {other} or delete it from reuses"
            elif study not in links[other]:
                code = "asymmetric-overlap"
                message = f"{study} names {other}, but {other} does not name {study}"
                fix = f"add {study} to reuses of {other}"
            else:
                continue
            yield table.problem(code, place, "reuses", message, fix)


def poolable_people(tables: Tables) -> Iterator[Problem]:
    """Yield `same-people-twice` for overlapping records that are first choice in one outcome and time window."""
    studies, table = tables.get("studies"), tables.get("outcomes")
    if studies is None or table is None:
        return
    overlaps = overlap.build(studies.rows)
    pools: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for place in _first_choices(table):
        row = table.rows[place]
        window = standard_window(row["time_days"]).label
        pools[row["outcome"], window].setdefault(row["study_id"], place)
    for (outcome, window), places in pools.items():
        for first, second in combinations(sorted(places), 2):
            if overlaps.share(first, second):
                yield table.problem(
                    "same-people-twice",
                    places[second],
                    "exclude_reason",
                    f"{second} and {first} share people and both may be pooled for {outcome} in {window}",
                    "give the rows of one of them the exclude_reason overlapping-participants",
                )


def nested_arms(tables: Tables) -> Iterator[Problem]:
    """Yield `nested-arms` for an arm poolable beside the study drug's arm that contains it."""
    arms, table = tables.get("arms"), tables.get("outcomes")
    if arms is None or table is None:
        return
    whole = {(row["study_id"], row["arm_id"]): row["part_of"] for row in arms.rows if row["part_of"]}
    drug = {(row["study_id"], row["arm_id"]): row["drug"] for row in arms.rows}
    chosen = _first_choices(table)
    present = {_rating(table, place) for place in chosen}
    for place in chosen:
        study, arm, outcome, days = _rating(table, place)
        larger = whole.get((study, arm), "")
        if drug.get((study, larger)) in STUDY_DRUGS and (study, larger, outcome, days) in present:
            yield table.problem(
                "nested-arms",
                place,
                "exclude_reason",
                f"{study}: {arm} is part of {larger} and both may be pooled for {outcome}",
                "give one of the rows the exclude_reason overlapping-participants",
            )


def arms_in_themselves(tables: Tables) -> Iterator[Problem]:
    """Yield `self-overlap` for an arm that is part of itself, directly or through the arms it is part of."""
    table = tables.get("arms")
    if table is None or not table.has("part_of"):
        return
    larger = {(row["study_id"], row["arm_id"]): row["part_of"] for row in table.rows}
    for place, row in enumerate(table.rows):
        study, arm = row["study_id"], row["arm_id"]
        seen: set[str] = set()
        above = row["part_of"]
        while above and above not in seen and above != arm:
            seen.add(above)
            above = larger.get((study, above), "")
        if above and above == arm:
            yield table.problem(
                "self-overlap",
                place,
                "part_of",
                f"{study}: {arm} is part of itself",
                "name the larger arm or empty it",
            )


def _rating(table: CheckedTable, place: int) -> tuple[str, str, str, float]:
    row = table.rows[place]
    return row["study_id"], row["arm_id"], row["outcome"], row["time_days"]


def _first_choices(table: CheckedTable) -> list[int]:
    """Return the rows that a pool would take: poolable, first rank, at a time counted from the first dose."""
    return [
        place
        for place, row in enumerate(table.rows)
        if not row["exclude_reason"]
        and row["pool_rank"] in (1, None)
        and row["time_days"] is not None
        and row["time_anchor"] != "last-dose"
    ]
