"""Mean scores of a drug arm beside its control's: one contrast per study and time, standard deviations recovered.

The rule: arms of one drug with the same scale, measure, time and analysis set are combined (Cochrane Handbook 6,
section 6.5.2.10); of several ratings in one window the nearest to its centre is taken, then the scale in the
order of `rates.SCALES`, then change before model-adjusted change before end point. Percent changes are not points
and are never used. A standard deviation comes from the paper, else from its standard error or interval.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ketcli.evidence.codes import STUDY_DRUGS
from ketcli.evidence.preference import rank_scale, rank_set
from ketcli.evidence.regimens import classify
from ketcli.selection import treatments

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.evidence.regimens import Window
    from ketcli.selection.filters import Filters

MEASURES = ("change", "ls-change", "endpoint")


@dataclass(frozen=True)
class Group:
    """People with a mean score: number, mean and standard deviation."""

    n: int
    mean: float
    sd: float


@dataclass(frozen=True)
class ScoreContrast:
    """A drug's mean score and its control's at one time of one study."""

    study_id: str
    label: str
    regimen: str
    drug: str
    route: str
    arms: tuple[str, ...]
    control_drug: str
    new_antidepressant: bool
    scale: str
    measure: str
    time_days: float
    analysis_set: str
    active: Group
    control: Group
    source_url: str

    @property
    def against(self) -> str:
        """Return the control in words: placebo is another thing where every arm began an antidepressant."""
        return self.control_drug + ", each with a new antidepressant" * self.new_antidepressant


def contrasts(evidence: Evidence, filters: Filters) -> list[ScoreContrast]:
    """Return every contrast with sizes, means and standard deviations in both arms that passes the filters."""
    studies = {r["study_id"]: r for r in evidence.rows("studies") if filters.admits_study(r)}
    arms = {(r["study_id"], r["arm_id"]): r for r in evidence.rows("arms") if r["study_id"] in studies}
    ratings: dict[tuple[Any, ...], list[tuple[Mapping[str, Any], Mapping[str, Any], Group]]] = defaultdict(list)
    for row in evidence.rows("scores"):
        arm = arms.get((row["study_id"], row["arm_id"]))
        group = group_of(row)
        usable = row["measure"] in MEASURES and row["time_days"] is not None and not row["subgroup"]
        if arm is None or group is None or not usable or row["time_anchor"] == "last-dose":
            continue
        if filters.source_reason(row) or (filters.min_n and group.n < filters.min_n):
            continue
        key = (row["study_id"], row["scale"], row["measure"], row["time_days"], row["analysis_set"])
        ratings[key].append((row, arm, group))
    found: list[ScoreContrast] = []
    for rows in ratings.values():
        found += _of_rating(rows, studies, filters)
    return found


def _of_rating(
    rows: list[tuple[Mapping[str, Any], Mapping[str, Any], Group]],
    studies: Mapping[str, Mapping[str, Any]],
    filters: Filters,
) -> Iterable[ScoreContrast]:
    """Yield one contrast per study drug and route among the arms of one rating."""
    controls = [x for x in rows if x[1]["role"] == "control" and x[1]["drug"] not in STUDY_DRUGS]
    names = {arm["arm_id"] for _, arm, _ in rows}
    active: dict[tuple[str, str, str], list[tuple[Mapping[str, Any], Mapping[str, Any], Group]]] = defaultdict(list)
    for row, arm, group in rows:
        if arm["role"] != "control" and arm["drug"] in STUDY_DRUGS and filters.admits_arm(arm):
            if arm.get("part_of") in names:
                continue
            active[arm["drug"], arm["route"], arm["regimen"]].append((row, arm, group))
    for (drug, route, course), members in active.items():
        if not controls:
            continue
        row, arm, _ = members[0]
        study = studies[row["study_id"]]
        regimen = classify(drug, route, course, arm.get("background", ""), study.get("design", ""))
        if filters.regimen and regimen not in filters.regimen:
            continue
        yield ScoreContrast(
            study_id=row["study_id"],
            label=study.get("label") or row["study_id"],
            regimen=regimen,
            drug=drug,
            route=route,
            arms=tuple(a["arm_id"] for _, a, _ in members),
            control_drug=treatments.KINDS.get(controls[0][1]["drug"], controls[0][1]["drug"]),
            new_antidepressant=all(map(treatments.began_antidepressant, (arm, controls[0][1]))),
            scale=row["scale"],
            measure=row["measure"],
            time_days=row["time_days"],
            analysis_set=row["analysis_set"],
            active=combine([g for _, _, g in members]),
            control=combine([g for _, _, g in controls]),
            source_url=row["source_url"],
        )


def group_of(row: Mapping[str, Any]) -> Group | None:
    """Return the group of a row when size, mean and any measure of spread are there."""
    n, mean = row["n"], row["mean"]
    if n is None or mean is None or n < 2:
        return None
    sd = row["sd"]
    if sd is None and row["se"] is not None:
        sd = row["se"] * math.sqrt(n)
    if sd is None and row["ci_low"] is not None and row["ci_high"] is not None:
        from ketcli.stats.numeric.distributions import critical_value

        sd = (row["ci_high"] - row["ci_low"]) / (2.0 * critical_value(0.95, n - 1)) * math.sqrt(n)
    return Group(n, mean, sd) if sd is not None and sd > 0 else None


def combine(groups: list[Group]) -> Group:
    """Return several groups as one (Cochrane Handbook 6, table 6.5.a, applied in turn)."""
    whole = groups[0]
    for other in groups[1:]:
        n = whole.n + other.n
        mean = (whole.n * whole.mean + other.n * other.mean) / n
        apart = whole.n * other.n / n * (whole.mean - other.mean) ** 2
        variance = ((whole.n - 1) * whole.sd**2 + (other.n - 1) * other.sd**2 + apart) / (n - 1)
        whole = Group(n, mean, math.sqrt(variance))
    return whole


def pool_of(contrast: ScoreContrast) -> tuple[str, str, str, str]:
    """Return the group whose contrasts may share a pooled line: one regimen, drug, route and kind of control."""
    return (contrast.regimen, contrast.drug, contrast.route, contrast.against)


def choose(found: Iterable[ScoreContrast], window: Window) -> list[ScoreContrast]:
    """Return one contrast per study and pool inside the window, by the written rule."""
    best: dict[tuple[str, ...], tuple[tuple[Any, ...], ScoreContrast]] = {}
    for contrast in found:
        distance = window.distance(contrast.time_days, None)
        if distance is None:
            continue
        in_order = rank_set(contrast.analysis_set)
        merit = (distance, rank_scale(contrast.scale), MEASURES.index(contrast.measure), in_order)
        key = (*pool_of(contrast), contrast.study_id)
        if key not in best or merit < best[key][0]:
            best[key] = (merit, contrast)
    return [contrast for _, contrast in best.values()]
