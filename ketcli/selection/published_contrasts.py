"""Contrasts of two treatments that a source prints as an effect: shown as they are, never recomputed or pooled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ketcli.errors import KetError
from ketcli.evidence.codes import STUDY_DRUGS
from ketcli.selection import treatments

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters
    from ketcli.selection.treatments import Treatment

RATIOS = ("rr", "or", "hr")
DIFFERENCES = ("rd", "md", "smd")
KINDS = ("between-levels", "treatment")
_DOSE = re.compile(r"-\d.*$")


@dataclass(frozen=True)
class Published:
    """A printed effect of one treatment against another; a risk difference is a proportion, not points."""

    study_id: str
    label: str
    year: int | None
    design: str
    population: str
    first_is: str
    second_is: str
    outcome: str
    time_days: float | None
    measure: str
    estimate: float | None
    low: float | None
    high: float | None
    p: float | None
    p_text: str
    people: int | None
    source_kind: str
    source_url: str
    source_where: str
    notes: str


def published(evidence: Evidence, filters: Filters, first: Treatment, second: Treatment) -> list[Published]:
    """Return the printed effects of first against second, turned round where the source has them the other way."""
    studies = {r["study_id"]: r for r in evidence.rows("studies") if filters.admits_study(r)}
    return sorted(_found(evidence, studies, first, second), key=lambda p: (p.year or 0, p.study_id, p.outcome))


def _found(
    evidence: Evidence, studies: Mapping[str, Mapping[str, Any]], first: Treatment, second: Treatment
) -> Iterable[Published]:
    for row in evidence.rows("factors"):
        measure = row["effect_measure"]
        if row["study_id"] not in studies or row["contrast_kind"] not in KINDS:
            continue
        if measure not in (*RATIOS, *DIFFERENCES) or row["effect"] is None:
            continue
        ends = _sides(row)
        if ends is None:
            continue
        if _covers(first, ends[0], second) and _covers(second, ends[1], first):
            yield _row(row, studies[row["study_id"]], ends, turned=False)
        elif _covers(second, ends[0], first) and _covers(first, ends[1], second):
            yield _row(row, studies[row["study_id"]], ends[::-1], turned=True)


def _sides(row: Mapping[str, Any]) -> tuple[Treatment, Treatment] | None:
    """Return the treatments that a row's level and reference name; None when they are no treatments."""
    if row["contrast_kind"] == "treatment":
        names = (row["drug"], row["comparator"])
    else:
        names = (row["level"], row["reference_level"])
    try:
        found = [treatments.parse(_DOSE.sub("", name)) for name in names]
    except KetError:
        return None
    return found[0], found[1]


def _covers(asked: Treatment, named: Treatment, other: Treatment) -> bool:
    """Return True when what a source names is such a treatment, and not the other one as well."""
    return _within(named, asked) and not _within(named, other)


def _within(named: Treatment, asked: Treatment) -> bool:
    drugs = set(asked.drugs or STUDY_DRUGS)
    return (
        bool(named.drugs or not asked.drugs)
        and set(named.drugs or STUDY_DRUGS) <= drugs
        and asked.route in ("", named.route)
        and asked.frequency in ("", named.frequency)
    )


def _row(
    row: Mapping[str, Any], study: Mapping[str, Any], sides: tuple[Treatment, Treatment], *, turned: bool
) -> Published:
    measure = row["effect_measure"]
    values = [row["effect"], row["ci_low"], row["ci_high"]]
    if measure == "rd":
        values = [None if v is None else v / 100.0 for v in values]
    if turned:
        values = [None if v is None else 1.0 / v if measure in RATIOS else -v for v in values]
        values[1:] = values[:0:-1]
    return Published(
        study_id=row["study_id"],
        label=study.get("label") or row["study_id"],
        year=None if study.get("year") is None else round(study["year"]),
        design=study.get("design", ""),
        population=study.get("population", ""),
        first_is=sides[0].name,
        second_is=sides[1].name,
        outcome=row["outcome"],
        time_days=row["time_days"],
        measure=measure,
        estimate=values[0],
        low=values[1],
        high=values[2],
        p=row["p_value"],
        p_text=row["p_text"],
        people=None if row["n_total"] is None else round(row["n_total"]),
        source_kind=row["source_kind"],
        source_url=row["source_url"],
        source_where=row["source_where"],
        notes=row["notes"],
    )
