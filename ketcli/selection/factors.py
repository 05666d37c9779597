"""Rows on factors, joined with their studies: what kind of contrast each is, and which pass the filters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ketcli.errors import unknown_value
from ketcli.evidence.codes import STUDY_DRUGS
from ketcli.evidence.regimens import classify
from ketcli.selection.aspects import ASPECTS
from ketcli.selection.filters import DESIGN_GROUPS, Filters

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence

# Kinds of row in the order they are shown: what tells whether an effect changes comes first.
KINDS: Mapping[str, str] = {
    "within-level": "drug minus control inside each level",
    "modification": "does the difference between drug and control change with it?",
    "overall": "drug minus control in everyone",
    "randomised-levels": "level against level, assigned at random",
    "prognostic": "level against level, not at random: prognostic, tells nothing about drug against control",
    "level": "rates and changes by level, without a contrast",
    "indirect": "drug minus control in different trials: an indirect comparison of levels",
    "in-words": "told in words, without a number",
}
INTERACTION = "interaction"
IN_WORDS = ("direction-only", "not-significant", "not-tested")
_INEQUALITY = re.compile(r"([<>])=?\s*(0?\.\d+)")


@dataclass(frozen=True)
class Finding:
    """One row on a factor, joined with its study; proportions and risk differences are 0-1, missing is None."""

    kind: str
    factor: str
    factor_group: str
    study_id: str
    label: str
    year: int | None
    design: str
    population: str
    level: str
    reference_level: str
    drug: str
    comparator: str
    route: str
    stratum: str
    outcome: str
    time_days: float | None
    events: int | None
    total: int | None
    percent: float | None
    events_derived: bool
    measure: str
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    p: float | None
    p_text: str
    n: int | None
    source_kind: str
    checked: str
    notes: str
    source_url: str
    source_where: str

    @property
    def contrast(self) -> tuple[Any, ...]:
        """What rows share that differ in their level alone."""
        names = ("kind", "factor", "study_id", "drug", "comparator", "stratum", "outcome", "time_days", "measure")
        return tuple(getattr(self, name) for name in names)


def check_outcomes(evidence: Evidence, given: Sequence[str] | None) -> tuple[str, ...]:
    """Return the outcomes asked for; one that no row on factors has is refused with the nearest."""
    known = {row["outcome"] for row in evidence.rows("factors")}
    wanted = tuple(part.strip() for item in given or () for part in item.split(","))
    for outcome in wanted:
        if outcome not in known:
            raise unknown_value("outcome", outcome, known)
    return wanted


def select(evidence: Evidence, filters: Filters, codes: Sequence[str]) -> tuple[list[Finding], list[Finding]]:
    """Return the findings on these factors (all when empty) that pass, in order, and those of other studies.

    The second list holds what only the filters on studies kept out (population, design, year).
    """
    studies = {row["study_id"]: row for row in evidence.rows("studies")}
    arms = _arms_by_study(evidence)
    passed: list[Finding] = []
    outside: list[Finding] = []
    for row in evidence.rows("factors"):
        if codes and row["factor"] not in codes:
            continue
        study = studies.get(row["study_id"], {"study_id": row["study_id"]})
        found = _finding(row, study)
        if _admitted(found, row, filters, arms):
            (passed if filters.admits_study(study) else outside).append(found)
    passed = _without_lone_controls(passed)
    order = codes or tuple(code for group in ASPECTS.values() for code in group)
    place = {code: i for i, code in enumerate(order)}
    kinds = list(KINDS)

    def key(found: Finding) -> tuple[Any, ...]:
        main = {"response": 0, "remission": 1}.get(found.outcome, 2)
        time = -1.0 if found.time_days is None else found.time_days
        return (
            *(place.get(found.factor, len(place)), found.factor, kinds.index(found.kind)),
            *(found.year or 9999, found.study_id, found.stratum, main, found.outcome, time, found.measure),
            # a level's rates stand together, on the drug and on control; contrasts stand together by their drug
            *((found.level, found.drug) if found.kind == "level" else (found.drug, found.level)),
        )

    return sorted(passed, key=key), outside


def excludes_no_effect(found: Finding) -> bool | None:
    """Return whether a finding's p is below 0.05 or its interval excludes no effect; None when neither is there."""
    if found.measure in IN_WORDS:
        return None
    if found.p is not None:
        return found.p < 0.05
    if match := _INEQUALITY.match(found.p_text):
        bound = float(match[2])
        if match[1] == "<":
            return True if bound <= 0.05 else None
        return False if bound >= 0.05 else None
    null = {"or": 1.0, "rr": 1.0, "hr": 1.0, "md": 0.0, "smd": 0.0, "rd": 0.0, "beta": 0.0}.get(found.measure)
    if null is None or found.ci_low is None or found.ci_high is None:
        return None
    return not found.ci_low <= null <= found.ci_high


def _finding(row: Mapping[str, Any], study: Mapping[str, Any]) -> Finding:
    measure = row["effect_measure"]
    share = 0.01 if measure == "rd" else 1.0
    estimate, low, high = (None if row[n] is None else share * row[n] for n in ("effect", "ci_low", "ci_high"))
    events, total = row["events"], row["total"]
    if measure == "rate":
        percent = row["percent"]
        counted = events is not None and total
        estimate = events / total if counted else None if percent is None else percent / 100.0
    n_total = row["n_total"]
    return Finding(
        kind=kind_of(row, str(study.get("design", ""))),
        label=study.get("label") or row["study_id"],
        year=study.get("year"),
        design=study.get("design", ""),
        population=study.get("population", ""),
        events=events,
        total=total,
        events_derived=row["events_derived"] == 1,
        measure=measure,
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        p=row["p_value"],
        n=total if n_total is None else n_total,
        **{name: row[name] for name in _COPIED},
    )


_COPIED = (
    *("factor", "factor_group", "study_id", "level", "reference_level", "drug", "comparator", "route"),
    *("stratum", "outcome", "time_days", "percent", "p_text", "source_kind", "checked", "notes"),
    *("source_url", "source_where"),
)


def kind_of(row: Mapping[str, Any], design: str) -> str:
    """Return the kind of a row (see KINDS) from its contrast, its comparator, its group and its study's design.

    A contrast between levels is one of drug against control when it names a comparator; levels of the protocol
    in a randomised trial were assigned; all others are prognostic.
    """
    match row["contrast_kind"]:
        case "treatment-within-level":
            return "indirect" if design == "review" else "within-level"
        case "treatment":
            return "overall"
        case "level-rate":
            return "level"
        case "direction-only":
            return "in-words"
    if row["comparator"]:
        return "modification"
    assigned = row["factor_group"] == "protocol" and design in DESIGN_GROUPS["rct"]
    return "randomised-levels" if assigned else "prognostic"


def _admitted(
    found: Finding, row: Mapping[str, Any], filters: Filters, arms: Mapping[str, list[Mapping[str, Any]]]
) -> bool:
    """Return whether a row passes the filters on drug, route, regimen, outcome, time, size and source."""
    studied = found.drug not in _CONTROLS
    if studied and filters.drug and found.drug not in (*filters.drug, "ketamine-or-esketamine"):
        return False
    if studied and filters.route and found.route not in filters.route:
        return False
    if filters.regimen and not _regimens(row, arms).intersection(filters.regimen):
        return False
    if filters.outcome and found.outcome not in filters.outcome:
        return False
    if filters.at is not None and (found.time_days is None or filters.at.distance(found.time_days, None) is None):
        return False
    if filters.min_n and (found.n or 0) < filters.min_n:
        return False
    return not filters.source_reason(row)


_CONTROLS = frozenset({"placebo", "saline", "midazolam"})


def _without_lone_controls(findings: list[Finding]) -> list[Finding]:
    """Drop placebo rows whose study has no row on the drug left."""
    kept = {(f.study_id, f.factor) for f in findings if f.drug not in _CONTROLS}
    return [f for f in findings if (f.study_id, f.factor) in kept]


def _arms_by_study(evidence: Evidence) -> dict[str, list[Mapping[str, Any]]]:
    arms: dict[str, list[Mapping[str, Any]]] = {}
    designs = {row["study_id"]: row.get("design", "") for row in evidence.rows("studies")}
    for arm in evidence.rows("arms"):
        arms.setdefault(arm["study_id"], []).append({**arm, "design": designs.get(arm["study_id"], "")})
    return arms


def _regimens(row: Mapping[str, Any], arms: Mapping[str, list[Mapping[str, Any]]]) -> set[str]:
    """Return the regimens of the row's arm, or of its study's arms on the drugs studied."""
    listed = arms.get(row["study_id"], [])
    own = [arm for arm in listed if arm["arm_id"] == row["arm_id"]]
    studied = [arm for arm in own if arm["drug"] in STUDY_DRUGS] or [
        arm for arm in listed if arm["drug"] in STUDY_DRUGS
    ]
    return {arm_regimen(arm, str(arm["design"])) for arm in studied}


def arm_regimen(arm: Mapping[str, Any], design: str) -> str:
    """Return the regimen code of a row of the arms table in a study of this design."""
    return classify(arm["drug"], arm["route"], arm["regimen"], arm.get("background", ""), design)
