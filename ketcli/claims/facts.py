"""Answers that are printed, not computed: estimates of reviews, figures and facts of the smaller tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ketcli.claims.check import Check
from ketcli.quantities.quantity import NULLS, Quantity
from ketcli.reviews.matches import negative_favours_drug
from ketcli.selection.filters import POPULATION_GROUPS
from ketcli.summaries.words import spoken

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence

Row = Mapping[str, Any]
# how a row of each table is said in a line
_TOLD: Mapping[str, Callable[[Row], str]] = {
    "studies": lambda r: r["label"],
    "prevalence": lambda r: f"{r['label']}: {r['denominator']}; {r['definition']}",
    "conventional": lambda r: f"{r['label']}: {r['treatment']}, {r['outcome']}",
    "pipeline": lambda r: (
        f"{r['compound']}: {r['stage']} ({r['status_as_of']}), {r['indication']}; {r['result_note']}"
    ),
    "biomarkers": lambda r: f"{r['biomarker']}: {r['direction']}; {r['evidence']}",
    "mechanism": lambda r: f"{r['step']}: {r['effect']} ({r['evidence_level']})",
    "safety": lambda r: f"{spoken(r['metric'])} {_safety_value(r)}".strip(),
}


_NAMES = {
    "studies": "studies (ket studies)",
    "prevalence": "figures on prevalence (ket trd)",
    "conventional": "results of conventional treatment (ket trd)",
    "pipeline": "compounds (ket outlook)",
    "biomarkers": "biomarkers (ket outlook)",
    "mechanism": "steps (ket mechanism)",
    "safety": "facts on safety (ket safety)",
}


def listed(evidence: Evidence, check: Check) -> list[Quantity]:
    """Return the rows of a small table that a check names as one line with its members; none without any."""
    rows = [row for row in evidence.rows(check.table) if _meets(row, check)]
    field = check.one("field")
    members = [_fact(check.table, row, field) for row in rows]
    if field:
        members = [m for m in members if not (m.estimate is None and m.ci_low is None)]
    return _together(members, _NAMES[check.table])


def printed_reviews(evidence: Evidence, check: Check) -> list[Quantity]:
    """Return the estimates of reviews that a check names, each as printed, differences with negative as better."""
    rows = [row for row in evidence.rows("reviews") if _meets(row, check)]
    members = [review_line(row) for row in rows if row["estimate"] is not None]
    together: list[Quantity] = []
    for measure in dict.fromkeys(member.measure for member in members):
        together += _together([m for m in members if m.measure == measure], "published estimates")
    return together


def _meets(row: Row, check: Check) -> bool:
    """Return True when a row has one of the values of every filter; text may be longer than what is asked."""
    for name, values in check.wanted.items():
        if name == "field":
            continue
        if name == "population" and check.table == "studies":
            wanted = [code for value in values for code in POPULATION_GROUPS.get(value, (value,))]
            if "all" not in values and row[name] not in wanted:
                return False
        elif name == "day":
            window = check.window
            days = row["time_days"]
            if window is None or days is None or not window.low <= days <= window.high:
                return False
        elif not any(_same(row[name], value) for value in values):
            return False
    return True


def _same(cell: Any, value: str) -> bool:
    if isinstance(cell, str):
        return value.lower() in cell.lower() if " " in cell else value.lower() == cell.lower()
    try:
        return cell is not None and float(cell) == float(value)
    except ValueError:
        return False


def _fact(table: str, row: Row, field: str) -> Quantity:
    value = row.get(field) if field else None
    numeric = isinstance(value, int | float)
    percent = "percent" in field or row.get("unit") == "percent"
    scale = 0.01 if percent else 1.0
    low, high = row.get("low"), row.get("high")
    study = row.get("study_id") or row.get("evidence_id") or ""
    return Quantity(
        what=_TOLD[table](row),
        measure="rate" if percent and (numeric or low is not None) else field if numeric else "",
        estimate=float(value) * scale if numeric and value is not None else None,
        ci_low=low * scale if percent and low is not None else None,
        ci_high=high * scale if percent and high is not None else None,
        n=row.get("n"),
        study_ids=(study,) if study else (),
        source_url=row["source_url"],
        note=str(row.get("notes") or ""),
        k=0,
        printed=True,
    )


def _safety_value(row: Row) -> str:
    value = "" if row["value"] is None else f"{row['value']:g} {row['unit']}"
    return "; ".join(part for part in (value, row["value_text"]) if part)


def review_line(row: Row) -> Quantity:
    """Return a printed estimate as a line, score differences with negative favouring the drug."""
    sign = 1.0
    if row["measure"] in ("smd", "md", "beta-standardised") and not negative_favours_drug(row):
        sign = -1.0
    ends = [None if row[name] is None else sign * row[name] for name in ("estimate", "ci_low", "ci_high")]
    if sign < 0.0:
        ends = [ends[0], ends[2], ends[1]]
    subset = f", {spoken(row['subset'])}" if row["subset"] else ""
    return Quantity(
        what=f"{row['label']}: {spoken(row['outcome'])}, {row['comparison']}{subset}",
        measure="rate" if row["measure"] == "proportion" else row["measure"],
        estimate=ends[0],
        ci_low=ends[1],
        ci_high=ends[2],
        k=int(row["k_studies"] or 0),
        n=row["n_patients"],
        model=row["model"],
        drug=row["drug"],
        route=row["route"],
        outcome=row["outcome"],
        time_days=row["time_days"],
        study_ids=(row["review_id"],),
        source_url=row["source_url"],
        note=row["notes"],
        printed=True,
    )


def _together(members: Sequence[Quantity], what: str) -> list[Quantity]:
    """Return several printed lines as one that holds them and tells their span; one or none as it is."""
    if len(members) < 2:
        return list(members)
    ends = [v for m in members for v in (m.estimate, m.ci_low, m.ci_high) if v is not None]
    points = [m.estimate for m in members if m.estimate is not None] or ends
    return [
        replace(
            members[0],
            what=f"{len(members)} {what}{_span(members[0], points)}",
            estimate=None,
            ci_low=None,
            ci_high=None,
            k=len(members),
            n=None,
            model="",
            drug="",
            route="",
            time_days=None,
            study_ids=tuple(dict.fromkeys(s for m in members for s in m.study_ids)),
            source_url="",
            note="",
            members=tuple(members),
        )
    ]


def _span(line: Quantity, points: Sequence[float]) -> str:
    """Return from where to where printed figures run, in the words of their measure."""
    if not points:
        return ""
    name = f"{line.measure.upper()} " if line.measure in NULLS else ""
    return f", {name}{_number(line, min(points))} to {_number(line, max(points))}"


def _number(line: Quantity, value: float) -> str:
    if line.measure == "rate":
        return f"{100.0 * value:.3g} %"
    return f"{value:.3g}".replace("-", "−") if abs(value) < 1000 else f"{value:.0f}"
