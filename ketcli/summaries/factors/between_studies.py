"""What differs between studies: rates against study averages (meta-regression) and between groups of studies."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ketcli.evidence import overlap
from ketcli.evidence.regimens import REGIMENS
from ketcli.report import Note, Row, Value
from ketcli.selection.rates import Rate, pool_of, select
from ketcli.summaries.factors.bubbles import bubble_rows
from ketcli.summaries.pooling import TEST_WORDS, Settings, finite
from ketcli.summaries.rates import OUTCOMES, pool_title

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters

FEWEST = 5
# Below this many studies per moderator the Cochrane Handbook (10.11.5.1) advises against meta-regression.
ADVISED = 10


@dataclass(frozen=True)
class Moderator:
    """A study average that rates are regressed on; the odds ratio is told per `step` of it."""

    factor: str
    column: str
    name: str
    step: float
    step_name: str
    unit: str = ""  # the dose unit that alone is comparable


MODERATORS = (
    Moderator("age", "age_mean", "mean age", 10.0, "per 10 years"),
    Moderator("sex", "female_pct", "share of women", 10.0, "per 10 % more women"),
    Moderator("dose", "dose", "dose in mg/kg", 0.1, "per 0.1 mg/kg", unit="mg/kg"),
    Moderator("dose", "dose", "dose in mg", 28.0, "per 28 mg", unit="mg"),
    Moderator("number-of-infusions", "doses_n", "number of doses", 1.0, "per dose"),
    Moderator("prior-failures", "failed_treatments_mean", "failed treatments", 1.0, "per failed treatment"),
)
# Factor: the attribute of a rate that groups studies, and what such groups share.
GROUPINGS = {"route": ("route", "routes"), "formulation": ("drug", "drugs")}


@dataclass(frozen=True)
class Between:
    """Rows on differences between studies and the notes that go with them."""

    rows: tuple[Row, ...]
    notes: tuple[Note, ...]


def between_studies(
    evidence: Evidence, filters: Filters, how: Settings, codes: Sequence[str], *, bubbles: bool = False
) -> Between:
    """Return the slopes and subgroups that the factors `codes` ask for, response unless filters name others.

    The rates are those of `ket rates`: one per study, pools of one regimen, drug and route apart. Regressions
    are on the logit scale by inverse variance; none is made of fewer than FEWEST studies. An outcome that is
    no rate (a score) has no rows here. `bubbles` puts the studies and the fitted line behind each slope.
    """
    moderators = [m for m in MODERATORS if m.factor in codes]
    groupings = {code: GROUPINGS[code] for code in codes if code in GROUPINGS}
    outcomes = tuple(o for o in filters.outcome if o in OUTCOMES) or OUTCOMES[:1]
    if not (moderators or groupings) or (filters.outcome and not set(filters.outcome) & set(OUTCOMES)):
        return Between((), ())
    selection = select(evidence, replace(filters, outcome=outcomes), outcomes)
    rates = [rate for rate in selection.kept if not rate.reason]
    arms = {(arm["study_id"], arm["arm_id"]): arm for arm in evidence.rows("arms")}
    rows: list[Row] = []
    few: dict[str, list[str]] = defaultdict(list)
    for _, group in groupby(rates, key=pool_of):
        members = list(group)
        for moderator in moderators:
            rows += _slope(members, moderator, arms, how, few, bubbles=bubbles)
    overlaps = overlap.build(evidence.rows("studies"))
    for attribute, plural in groupings.values():
        rows += _subgroups(rates, attribute, plural, overlaps, how, few)
    return Between(tuple(rows), _notes(rows, few, how))


def _slope(
    members: Sequence[Rate],
    moderator: Moderator,
    arms: Mapping[tuple[str, str], Mapping[str, Any]],
    how: Settings,
    few: dict[str, list[str]],
    *,
    bubbles: bool,
) -> list[Row]:
    """Return the slope of one pool on one moderator as a row; nothing, with its reason kept, when it cannot be."""
    pairs = [(rate, value) for rate in members if (value := average(rate, moderator, arms)) is not None]
    values = [value for _, value in pairs]
    alike = max(values.count(value) for value in values) if values else 0
    if reason := _refusal(len(pairs), alike):
        if pairs and len(members) > 1:
            few[reason].append(f"{moderator.name}: {pool_title(members[0])}, {len(pairs)} of {len(members)}")
        return []
    from ketcli.stats.effects.proportions import proportion_effects
    from ketcli.stats.permutation import permutation_test
    from ketcli.stats.regression import meta_regression

    rates = [rate for rate, _ in pairs]
    effects = proportion_effects("PLO", [r.events or 0 for r in rates], [r.total or 0 for r in rates])
    matrix = [[value / moderator.step] for value in values]
    names = (moderator.column,)
    fit = meta_regression(effects.yi, effects.vi, matrix, names, tau2=_method(how), test=how.test, level=how.level)
    shuffled = permutation_test(
        effects.yi, effects.vi, matrix, names, tau2=_method(how), test=how.test, iterations=1000
    )
    p, p_permutation, r2 = finite(float(fit.p[1])), finite(float(shuffled.p[1])), finite(fit.r2)
    line: dict[str, Value] = {
        **_shared(rates, "Between studies: ", pool_title(rates[0])),
        "kind": "moderator",
        "factor": moderator.factor,
        "label": f"{fit.k} studies",
        "level": f"{moderator.name} {moderator.step_name}",
        "versus": f"{moderator.name}, {min(values):.3g}-{max(values):.3g}: odds {moderator.step_name}",
        "measure": "or",
        "estimate": math.exp(float(fit.coefficients[1])),
        "ci_low": _exp(float(fit.ci_low[1])),
        "ci_high": _exp(float(fit.ci_high[1])),
        "p": p,
        "p_beside": p,
        "p_permutation": p_permutation,
        "k": fit.k,
        "r2": r2,
        "tau2": finite(fit.tau2),
        "i2": finite(fit.i2),
    }
    said = [] if r2 is None else [f"R² {r2:.0f} %"]
    said += [] if p_permutation is None else [f"permutation p {p_permutation:.2g}"]
    behind = bubble_rows(rates, values, fit, moderator.step, _shared(rates, "", "")) if bubbles else []
    return [line | {"notes": ", ".join(said)}, *behind]


def _method(how: Settings) -> str:
    """Return the estimator of tau² of a regression: none when a common effect is asked for."""
    return "CE" if how.model == "common" else how.tau2


def _refusal(known: int, alike: int) -> str:
    """Return why no slope can be made of `known` studies of which `alike` have one value, "" when it can."""
    if known < FEWEST:
        return f"known in fewer than {FEWEST} studies"
    if known == alike:
        return "the same in all studies"
    # one study apart from all others would make the slope alone
    return "the same in all studies but one" if known - alike == 1 else ""


def average(rate: Rate, moderator: Moderator, arms: Mapping[tuple[str, str], Mapping[str, Any]]) -> float | None:
    """Return a rate's value of a moderator: the mean over its arms by their size; None when one arm lacks it."""
    total = weight = 0.0
    for arm_id in rate.arms:
        arm = arms[rate.study_id, arm_id]
        value, size = arm.get(moderator.column), arm.get("n")
        if value is None or (moderator.unit and arm.get("dose_unit") != moderator.unit):
            return None
        share = float(size) if size else 1.0
        total, weight = total + share * float(value), weight + share
    return total / weight


def _subgroups(
    rates: Sequence[Rate],
    attribute: str,
    plural: str,
    overlaps: overlap.Overlaps,
    how: Settings,
    few: dict[str, list[str]],
) -> list[Row]:
    """Return pooled rates of the groups that differ in `attribute` alone, and the test between them.

    Groups stay inside one regimen and outcome, and one drug (of routes) or route (of drugs); a group needs two
    studies, and people in two groups count in one alone.
    """
    held = "drug" if attribute == "route" else "route"
    pools: dict[tuple[str, ...], list[Rate]] = defaultdict(list)
    for rate in rates:
        pools[rate.regimen, getattr(rate, held), rate.outcome].append(rate)
    rows: list[Row] = []
    for (regimen, fixed, outcome), members in pools.items():
        sizes = {rate.study_id: rate.total or 0 for rate in members}
        dropped = overlap.keep_one_each(list(sizes), sizes, overlaps)
        counts: dict[str, list[Rate]] = defaultdict(list)
        for rate in members:
            if rate.study_id not in dropped:
                counts[getattr(rate, attribute)].append(rate)
        groups = {name: found for name, found in counts.items() if len(found) > 1}
        title = REGIMENS[regimen].title if regimen in REGIMENS else "Other"
        if len(groups) < 2:
            if len(counts) > 1:
                shown = ", ".join(f"{name} {len(found)}" for name, found in counts.items())
                few["fewer than two groups of two studies"].append(
                    f"{plural}: {title}, {fixed}: {outcome}, {shown}"
                )
            continue
        rows += _compared(groups, attribute, f"{title}, {fixed}: {outcome}", how)
    return rows


def _compared(groups: Mapping[str, Sequence[Rate]], attribute: str, title: str, how: Settings) -> list[Row]:
    from ketcli.stats.effects.proportions import proportion_effects
    from ketcli.stats.effects.transforms import to_natural
    from ketcli.stats.subgroups import subgroup_analysis

    rates = [rate for found in groups.values() for rate in found]
    labels = [name for name, found in groups.items() for _ in found]
    effects = proportion_effects("PLO", [r.events or 0 for r in rates], [r.total or 0 for r in rates])
    result = subgroup_analysis(effects.yi, effects.vi, labels, tau2=_method(how), test=how.test, level=how.level)
    back = to_natural("PLO")
    rows: list[Row] = []
    factor = next(code for code, (name, _) in GROUPINGS.items() if name == attribute)
    for name, pooled in zip(result.labels, result.groups, strict=True):
        members = groups[name]
        rows.append(
            {
                **_shared(members, "Between studies: ", title),
                "kind": "subgroup",
                "factor": factor,
                "label": f"Pooled, {pooled.k} studies",
                "level": name,
                "versus": name,
                "events": sum(r.events or 0 for r in members),
                "total": sum(r.total or 0 for r in members),
                "measure": "rate",
                "estimate": float(back(pooled.estimate)),
                "ci_low": float(back(pooled.ci_low)),
                "ci_high": float(back(pooled.ci_high)),
                "k": pooled.k,
                "tau2": finite(pooled.tau2),
                "i2": finite(pooled.i2),
            }
        )
    test = result.between
    rows.append(
        {
            **_shared(rates, "Between studies: ", title),
            "kind": "moderator",
            "factor": factor,
            "label": f"{len(rates)} studies",
            "level": " v ".join(groups),
            "versus": " v ".join(groups),
            "measure": f"{test.name.lower()}-statistic",
            "estimate": finite(test.statistic),
            "p": finite(test.p),
            "p_inside": finite(test.p),
            "k": len(rates),
        }
    )
    return rows


def _shared(rates: Sequence[Rate], lead: str, title: str) -> dict[str, Value]:
    first = rates[0]
    return {
        "block": lead + title[:1].lower() + title[1:],
        "regimen": first.regimen,
        "outcome": first.outcome,
        "measured": first.outcome,
        "drug": " / ".join(dict.fromkeys(r.drug for r in rates)),
        "route": " / ".join(dict.fromkeys(r.route for r in rates)),
    }


def _exp(value: float) -> float | None:
    return None if math.isnan(value) else math.exp(value) if value < 700.0 else None


def _notes(rows: Iterable[Row], few: Mapping[str, Sequence[str]], how: Settings) -> tuple[Note, ...]:
    notes = [
        Note("selection", f"Not computed between studies, {reason}: {'; '.join(pools)}.")
        for reason, pools in few.items()
    ]
    sizes = [int(str(row["k"])) for row in rows if row["kind"] == "moderator"]
    if sizes:
        caution = (
            "Between-study rows compare averages of whole studies, not people (ecological fallacy): whatever else "
            "differs between the studies may be behind a slope."
        )
        if min(sizes) < ADVISED:
            caution += f" Fewer than {ADVISED} studies: one study can make the slope; take it as a question."
        spread = "common effect" if how.model == "common" else f"τ² by {how.tau2}"
        notes += [
            Note(
                "method",
                f"Between studies: the rates of ket rates, logit scale, inverse variance, {spread}, "
                f"{how.percent} {TEST_WORDS[how.test]}; permutation p from all "
                "arrangements, or from 1000 when there are more.",
            ),
            Note("caution", caution),
        ]
    return tuple(notes)
