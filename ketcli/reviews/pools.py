"""Pools of published reviews made again from the trial data they print, as they were made and with errors mended.

A pool agrees with what is printed when estimate and both limits lie within 0.01 of it, for ratios within 1 %: the
trial data behind it were rounded too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ketcli.reviews.plans import AS_SDS, PLANS, Plan
from ketcli.summaries import pooling

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.stats.results import Effects, Pooled

Row = Mapping[str, Any]
TABLES = ("reviews_trials", "reviews_trials_effects", "reviews_trials_continuous")
RATIOS = ("rr", "or", "hr")
# how reviews name their models, and what each is here; a review that names none is taken as DerSimonian-Laird
MODELS = {
    "fixed-mh": "mh",
    "fixed-iv": "common",
    "fixed": "common",
    "random-dl": "DL",
    "random": "DL",
    "random-reml": "REML",
    "": "DL",
}
WORDS = {
    "mh": "Mantel-Haenszel",
    "common": "common effect, inverse variance",
    "DL": "random effects, DerSimonian-Laird",
    "REML": "random effects, REML",
}
NO_PRINTED = "no pooled estimate of this was seen in print"


@dataclass(frozen=True)
class Remade:
    """A pool made again, on the natural scale of its measure, beside the row of what is printed (None: nothing)."""

    plan: Plan
    measure: str
    model: str
    values: Mapping[str, float | None]
    trials: tuple[Row, ...]
    k: int
    n: int | None
    i2: float | None
    tau2: float | None
    printed: Row | None
    formula: str = ""

    @property
    def agrees(self) -> bool | None:
        """Return whether estimate and limits are those printed, by the rule of this module; None without print."""
        if self.printed is None or self.plan.corrected or self.printed["estimate"] is None:
            return None
        pairs = [(self.values[name], self.printed[name]) for name in ("estimate", "ci_low", "ci_high")]
        known = [(ours, float(theirs)) for ours, theirs in pairs if ours is not None and theirs is not None]
        return all(
            abs(ours - theirs) <= (0.01 * abs(theirs) if self.measure in RATIOS else 0.01) for ours, theirs in known
        )


def remake(evidence: Evidence, wanted: Sequence[str] = ()) -> list[Remade]:
    """Return every pool whose trials are at hand made again; `wanted` limits it to some reviews.

    Pools that no plan names, as in a reader's own tables, are made as their review's model says.
    """
    trials = {name: evidence.rows(name) for name in TABLES}
    made: list[Remade] = []
    for plan in [*PLANS, *_unplanned(trials)]:
        if wanted and plan.review_id not in wanted:
            continue
        for table, rows in trials.items():
            chosen = [row for row in rows if _meant(plan, row)]
            if chosen:
                made.append(_remade(plan, table, chosen, _printed(evidence, plan)))
    return made


def with_trials(evidence: Evidence) -> list[str]:
    """Return the ids of reviews whose trial data are at hand."""
    return sorted({row["review_id"] for name in TABLES for row in evidence.rows(name)})


def _unplanned(trials: Mapping[str, Sequence[Row]]) -> list[Plan]:
    """Return a plain plan for each pool of trials that PLANS does not name."""
    planned = {(plan.review_id, plan.outcome) for plan in PLANS}
    keys = {(r["review_id"], r["outcome"], r["subset"]): None for rows in trials.values() for r in rows}
    return [
        Plan(review, outcome, subset, (subset, None), what="as the review pooled it")
        for review, outcome, subset in keys
        if (review, outcome) not in planned
    ]


def _meant(plan: Plan, row: Row) -> bool:
    here = (row["review_id"], row["outcome"]) == (plan.review_id, plan.outcome)
    return here and plan.subset in (None, row["subset"]) and row["trial_label"] not in plan.without


def _printed(evidence: Evidence, plan: Plan) -> Row | None:
    """Return the printed estimate that a plan should give; without a time, the first of its outcome and subset."""
    if plan.printed is None:
        return None
    subset, days = plan.printed
    for row in evidence.rows("reviews"):
        same = (row["review_id"], row["outcome"], row["subset"]) == (plan.review_id, plan.outcome, subset)
        if same and (days is None or row["time_days"] == days):
            return row
    return None


def _remade(plan: Plan, table: str, rows: list[Row], printed: Row | None) -> Remade:
    model = plan.model or MODELS.get(printed["model"] if printed else "", "DL")
    measure = plan.measure or (printed["measure"] if printed else "") or _measure_of(table, rows)
    effects, pooled, formula = _pool(table, rows, measure, model, plan.mend)
    values = pooling.natural(pooled, measure.upper())
    return Remade(
        plan=plan,
        measure=measure,
        model=WORDS[model],
        values={name: _float(values[name]) for name in ("estimate", "ci_low", "ci_high")},
        trials=tuple(rows),
        k=pooled.k if effects is None else int(sum(not reason for reason in effects.excluded)),
        n=_people(rows, once=plan.mend == "shared"),
        i2=pooling.finite(pooled.i2),
        tau2=None if model in ("mh", "common") else pooling.finite(pooled.tau2),
        printed=printed,
        formula=formula,
    )


def _measure_of(table: str, rows: Sequence[Row]) -> str:
    """Return the measure of trials whose pool is not printed: their own, a risk difference, or an SMD."""
    if table == "reviews_trials_effects":
        return str(rows[0]["measure"])
    if table == "reviews_trials_continuous":
        return "smd"
    return "rd"


def _pool(
    table: str, rows: Sequence[Row], measure: str, model: str, mend: str
) -> tuple[Effects | None, Pooled, str]:
    """Return effects (None when the table gives them), the pooled line, and the formula where there are several."""
    if table == "reviews_trials":
        return _pool_counts(rows, measure, model)
    if table == "reviews_trials_continuous":
        return _pool_means(rows, measure, model, mend)
    return None, _pool_effects(rows, measure, model, mend), ""


def _pool_counts(rows: Sequence[Row], measure: str, model: str) -> tuple[Effects | None, Pooled, str]:
    from ketcli.stats.effects.two_arm import two_arm_effects
    from ketcli.stats.tables.mantel_haenszel import mantel_haenszel

    arms = [[r[c] for r in rows] for c in ("events_active", "total_active", "events_control", "total_control")]
    if model == "mh":
        return None, mantel_haenszel(measure.upper(), *arms), ""
    effects = two_arm_effects(measure.upper(), *arms, correct_effect=measure != "rd")
    known = [i for i, reason in enumerate(effects.excluded) if not reason]
    return effects, _inverse_variance(effects.yi[known], effects.vi[known], model), ""


def _pool_means(rows: Sequence[Row], measure: str, model: str, mend: str) -> tuple[Effects | None, Pooled, str]:
    """Pool means with spreads: the standardised difference as RevMan and the R package meta have it."""
    from ketcli.stats.effects.means import mean_effects

    if mend == "se":
        rows = [_spreads_mended(row) if row["trial_label"] in AS_SDS else row for row in rows]
    names = ("mean_active", "sd_active", "n_active", "mean_control", "sd_control", "n_control")
    columns = [[row[name] for row in rows] for name in names]
    if measure == "smd":
        effects = mean_effects("SMD", *columns, variance="RevMan", correction="approx")
    else:
        effects = mean_effects(measure.upper(), *columns)
    formula = "Hedges' g as in RevMan and the R package meta" if measure == "smd" else ""
    return effects, _inverse_variance(effects.yi, effects.vi, model), formula


def _spreads_mended(row: Row) -> Row:
    return {
        **row,
        "sd_active": row["sd_active"] * math.sqrt(row["n_active"]),
        "sd_control": row["sd_control"] * math.sqrt(row["n_control"]),
    }


def _pool_effects(rows: Sequence[Row], measure: str, model: str, mend: str) -> Pooled:
    """Pool effects whose standard errors come from their printed 95 % intervals."""
    from ketcli.stats.numeric.distributions import critical_value

    forth = math.log if measure in RATIOS else float
    yi = [forth(row["estimate"]) for row in rows]
    vi = [((forth(r["ci_high"]) - forth(r["ci_low"])) / (2.0 * critical_value(0.95))) ** 2 for r in rows]
    if mend != "shared":
        return _inverse_variance(yi, vi, model)
    from ketcli.stats.dependent.covariance import shared_control_means
    from ketcli.stats.dependent.multivariate import multivariate_effects

    trials = [row["study_id"] or row["trial_label"] for row in rows]
    sizes = [(row["n_active"], row["n_control"]) for row in rows]
    spreads = [math.sqrt(v / (1.0 / one + 1.0 / two)) for v, (one, two) in zip(vi, sizes, strict=True)]
    covariance = shared_control_means(vi, [two for _, two in sizes], trials, control_sd=spreads)
    return multivariate_effects(yi, covariance, trials, model="common", test="z")


def _inverse_variance(yi: Any, vi: Any, model: str) -> Pooled:
    from ketcli.stats.pooling import common_effect, random_effects

    if model == "common":
        return common_effect(yi, vi)
    return random_effects(yi, vi, tau2=model, test="z", i2="q")


def _people(rows: Sequence[Row], *, once: bool) -> int | None:
    """Return the people of a pool as the review counts them, or every control once; None where it does not say."""
    active, control = ("total_active", "total_control") if "total_active" in rows[0] else ("n_active", "n_control")
    if any(row[active] is None or row[control] is None for row in rows):
        return None
    controls = {(row["study_id"] if once else i): int(row[control]) for i, row in enumerate(rows)}
    return sum(int(row[active]) for row in rows) + sum(controls.values())


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
