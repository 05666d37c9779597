"""A side effect in one study: its count, arms added up, its control, and which records hold the same people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ketcli.evidence import overlap
from ketcli.evidence.preference import rank_set
from ketcli.selection.filters import SECONDARY
from ketcli.selection.rates import REASONS as RATE_REASONS

REASONS = {**RATE_REASONS, "same-people": "crossover: the same people are in both arms"}
PLACEBOS = ("placebo", "saline")
COMPARATORS = (*PLACEBOS, "midazolam")
OVERLAPPING = "overlapping-participants"
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Count:
    """People with an event in an arm of a study, or in its arms of one drug and route; poolable if no `reason`.

    `serious` is None where the source does not part serious from other events; `clash` names the records that
    hold the same people.
    """

    study_id: str
    label: str
    year: int | None
    design: str
    population: str
    regimen: str
    drug: str
    route: str
    dose: str
    role: str
    arms: tuple[str, ...]
    event: str
    term: str
    phase: str
    serious: bool | None
    grouped: bool
    one_dose: bool
    analysis_set: str
    events: int | None
    total: int | None
    percent: float | None
    events_derived: bool
    source_kind: str
    source_url: str
    source_where: str
    reason: str = ""
    clash: str = ""
    control: Count | None = None

    @property
    def counted(self) -> bool:
        """Return True when both the number with the event and the number at risk are known."""
        return self.events is not None and self.total is not None

    @property
    def comparator(self) -> str:
        """Return the kind of the control, "" without one: saline counts as placebo."""
        if self.control is None:
            return ""
        return "placebo" if self.control.drug in PLACEBOS else self.control.drug

    @property
    def contrast(self) -> Key:
        """Return what the row is about: event, serious or not, drug, route, phase, one dose or more, comparator."""
        place = (self.event, self.serious is True, self.drug, self.route, self.phase)
        return (*place, self.one_dose, self.comparator)

    @property
    def pool(self) -> Key:
        """Return the group within which rows are comparable enough to share a pooled line."""
        return (*self.contrast, self.grouped)


def rating(count: Count) -> Key:
    """Return what arms must share to be added up or contrasted; the analysis set stands last."""
    serious = count.serious is True
    return (count.study_id, count.event, count.phase, serious, count.grouped, count.analysis_set)


def add_up(rows: list[Count], part_of: Mapping[tuple[str, str], str]) -> list[Count]:
    """Add counts of arms together, nested arms inside the larger one; a percent alone stays a row of its own."""
    names = {row.arms[0] for row in rows}
    whole = [row for row in rows if part_of.get((row.study_id, row.arms[0]), "") not in names]
    counted = sorted((row for row in whole if row.counted), key=lambda row: row.arms)
    alone = [
        replace(row, label=f"{row.label}, {row.dose or row.arms[0]}") if len(whole) > 1 else row
        for row in whole
        if not row.counted
    ]
    if len(counted) < 2:
        return [*counted, *alone]
    together = replace(
        counted[0],
        arms=tuple(arm for row in counted for arm in row.arms),
        dose=" / ".join(dict.fromkeys(row.dose for row in counted if row.dose)),
        term=" / ".join(dict.fromkeys(row.term for row in counted if row.term)),
        events=sum(row.events or 0 for row in counted),
        total=sum(row.total or 0 for row in counted),
        percent=None,
        events_derived=any(row.events_derived for row in counted),
    )
    return [together, *alone]


def one_set(rows: list[Count]) -> tuple[list[Count], list[Count]]:
    """Keep one analysis set of each study's row, all treated before others; only outcomes have several."""
    groups: dict[Key, list[Count]] = defaultdict(list)
    for row in rows:
        groups[(*rating(row)[:-1], row.one_dose, row.drug, row.route)].append(row)
    kept: list[Count] = []
    second: list[Count] = []
    for group in groups.values():
        best = min(group, key=_preference)
        for row in group:
            if row.analysis_set == best.analysis_set:
                kept.append(row)
            else:
                second.append(replace(row, reason="second-choice"))
    return kept, second


def _preference(row: Count) -> Key:
    rank = rank_set(row.analysis_set)
    return (bool(row.reason), rank, row.source_kind.startswith(SECONDARY), -(row.total or 0))


def with_control(row: Count, controls: Mapping[Key, list[Count]], part_of: Mapping[tuple[str, str], str]) -> Count:
    """Set the study's control of the same event and phase beside a row; a paired contrast is never pooled."""
    matches = [c for c in controls.get(rating(row), []) if c.reason in ("", row.reason)]
    if not matches:
        return row
    first = min((c.drug for c in matches), key=lambda d: (d not in COMPARATORS, d not in PLACEBOS, d))
    together = add_up([c for c in matches if c.drug == first], part_of)
    if len(together) != 1 or together[0].counted != row.counted:
        return row
    paired = row.design == "rct-crossover" and not row.reason
    return replace(row, control=together[0], reason="same-people" if paired else row.reason)


def mark_overlaps(rows: list[Count], overlaps: overlap.Overlaps) -> list[Count]:
    """Mark rows of people that another row of the same pool counts, and name that row."""
    pools: dict[Key, list[Count]] = defaultdict(list)
    for row in rows:
        if not row.reason:
            pools[row.pool].append(row)
    dropped: dict[tuple[Key, str], str] = {}
    counted: dict[Key, list[str]] = defaultdict(list)
    for pool, group in pools.items():
        sizes = {r.study_id: r.total or 0 for r in group}
        gone = overlap.keep_one_each(list(sizes), sizes, overlaps)
        dropped |= {(pool, study): other for study, other in gone.items()}
        counted[group[0].contrast] += [study for study in sizes if study not in gone]
    marked: list[Count] = []
    for row in rows:
        if row.reason == OVERLAPPING:
            same = [study for study in counted[row.contrast] if overlaps.share(study, row.study_id)]
            marked.append(replace(row, clash=", ".join(same)))
        elif not row.reason and (row.pool, row.study_id) in dropped:
            marked.append(replace(row, reason=OVERLAPPING, clash=dropped[row.pool, row.study_id]))
        else:
            marked.append(row)
    return marked
