"""Rows of `ket pool`: studies with their weights, pooled lines, prediction, on the scale that is shown."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ketcli.owndata.trials import Trial
from ketcli.report import Value
from ketcli.stats.effects.transforms import MEASURES
from ketcli.summaries.pool.models import Line, natural_scale, to_natural
from ketcli.summaries.pool.plan import Plan
from ketcli.summaries.pool.sample import Sample
from ketcli.summaries.pooling import finite

if TYPE_CHECKING:
    from ketcli.stats.results import Array

Fields = dict[str, Value]
INPUTS = (
    *("events", "total", "control_events", "control_total", "mean", "sd", "control_mean", "control_sd"),
    *("pre_mean", "pre_sd", "correlation"),
)


def study_rows(sample: Sample, plan: Plan, line: Line | None, shape: str) -> list[Fields]:
    """Return one row per complete trial: its numbers, effect with interval, and weight in `line`.

    One arm: the proportion with the plan's interval (Wilson). Risk differences: Newcombe's interval. All else:
    normal on the analysis scale.
    """
    if sample.k == 0:
        return []
    estimate, low, high = _study_effects(sample, plan)
    weights = np.full(sample.k, math.nan) if line is None else line.pooled.weights
    rows = []
    for i, trial in enumerate(sample.trials):
        effect: Fields = {"estimate": finite(estimate[i]), "ci_low": finite(low[i]), "ci_high": finite(high[i])}
        rows.append(
            {
                **trial_row(trial, shape),
                "measure": plan.measure,
                "ci_level": plan.level,
                "yi": finite(sample.yi[i]),
                "vi": finite(sample.vi[i]),
                "se": finite(math.sqrt(sample.vi[i])) if sample.vi[i] >= 0.0 else None,
                **effect,
                **strip_of(effect),
                "form": shape,
                "weight": finite(weights[i]),
                "corrected": bool(sample.corrected[i]),
                "reason": sample.why[i] if not weights[i] > 0.0 else "",
            }
        )
    return rows


def trial_row(trial: Trial, shape: str) -> Fields:
    """Return what a trial's row holds whether it can be pooled or not."""
    return {
        "kind": "study",
        "study": trial.study,
        "label": trial.label,
        **{role: _count(trial.numbers.get(role)) for role in INPUTS},
        "form": shape,
        "crossover": trial.crossover,
        "arms": trial.arms,
        "reason": trial.reason,
        "line": trial.line,
    }


def pooled_row(line: Line, plan: Plan, shape: str, kind: str = "pooled", label: str = "") -> Fields:
    """Return the row of a pooled line: everything the model says, limits of heterogeneity where they are known.

    `shape` is the form of the plan's effects; an odds ratio beside another measure is named as such.
    """
    pooled = line.pooled
    row: Fields = {
        "kind": kind,
        "label": label or extent(line),
        "measure": line.measure,
        "model": pooled.model,
        "tau2_method": pooled.method if pooled.model in ("random", "three-level") else "",
        "test": pooled.test,
        "ci_level": pooled.level,
        "yi": finite(pooled.estimate) if math.isfinite(pooled.estimate) else None,
        "vi": _bounded(pooled.se**2),
        "se": finite(pooled.se),
        **estimates(line, plan),
        "k": pooled.k,
        "statistic": _bounded(pooled.statistic),
        "df": _bounded(pooled.df),
        "p": _bounded(pooled.p) if plan.measure not in _NO_NULL else None,
        "tau2": finite(pooled.tau2),
        "tau2_within": finite(line.within),
        "i2": finite(pooled.i2),
        "h2": _bounded(pooled.h2),
        "q": finite(pooled.q),
        "q_df": finite(pooled.q_df),
        "q_p": finite(pooled.q_p),
    }
    if line.interval is not None and pooled.model == "random":
        limits = line.interval.tau2
        row |= {"tau2_ci_low": _bounded(limits.low), "tau2_ci_high": _bounded(limits.high)}
    if line.i2_interval is not None:
        row |= {"i2_ci_low": _bounded(line.i2_interval.low), "i2_ci_high": _bounded(line.i2_interval.high)}
    row["form"] = "or" if line.measure != plan.measure and plan.natural else shape
    return row | strip_of(row)


def result_of_test(
    term: str, label: str, statistic: float, df: float, p: float, *, df2: float, **more: Value
) -> Fields:
    """Return the row of a test; infinite and undefined numbers are left out."""
    numbers = {"statistic": _bounded(statistic), "df": _bounded(df), "df2": _bounded(df2), "p": _bounded(p)}
    return {"kind": "test", "term": term, "label": label, **numbers, **more}


# A test against no effect means nothing for a proportion.
_NO_NULL = frozenset(code for code, measure in MEASURES.items() if measure.kind == "proportion")


def prediction_row(row: Fields) -> Fields | None:
    """Return the row of a pooled row's prediction interval, None when it has none."""
    if row.get("pi_low") is None or row.get("pi_high") is None:
        return None
    ends: Fields = {"ci_low": row["pi_low"], "ci_high": row["pi_high"]}
    kept = ("measure", "model", "tau2_method", "ci_level", "group", "block", "k", "pi_low", "pi_high", "form")
    return {
        "kind": "prediction",
        "label": "A next study",
        **{name: row.get(name) for name in kept},
        **ends,
        "strip_estimate": None,
        "strip_low": ends["ci_low"],
        "strip_high": ends["ci_high"],
    }


def estimates(line: Line, plan: Plan) -> Fields:
    """Return estimate, limits and prediction limits of a line on the scale that is shown."""
    back = to_natural(line, plan)
    names = ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")
    return {name: _bounded(float(back(getattr(line.pooled, name)))) for name in names}


def strip_of(row: Fields) -> Fields:
    """Return what the strip of a row is drawn from."""
    return {
        "strip_estimate": row.get("estimate"),
        "strip_low": row.get("ci_low"),
        "strip_high": row.get("ci_high"),
    }


def extent(line: Line) -> str:
    """Return how much a line pools: studies, or effects in clusters."""
    k = line.pooled.k
    if line.clusters:
        return f"Pooled, {k} effects in {line.clusters} clusters"
    return f"Pooled, {k} {'study' if k == 1 else 'studies'}"


def _study_effects(sample: Sample, plan: Plan) -> tuple[Array, Array, Array]:
    """Return estimates and limits of single studies on the scale that is shown."""
    from ketcli.stats.numeric.distributions import critical_value

    if plan.natural and len(sample.counts) == 2:
        from ketcli.stats.intervals import proportion_interval

        low, high = proportion_interval(*sample.counts, plan.interval, plan.level)
        return sample.counts[0] / sample.counts[1], low, high
    half = critical_value(plan.level) * np.sqrt(np.where(sample.vi >= 0.0, sample.vi, np.nan))
    back = natural_scale(sample.measure, plan)
    if plan.natural and plan.measure == "RD":
        from ketcli.stats.intervals import difference_interval

        a, n1, c, n2 = sample.counts
        return a / n1 - c / n2, *difference_interval(a, n1, c, n2, level=plan.level)
    return back(sample.yi), back(sample.yi - half), back(sample.yi + half)


def _bounded(value: float) -> float | None:
    """Return a finite number; None for an undefined or infinite one."""
    return float(value) if math.isfinite(value) else None


def _count(value: float | None) -> Value:
    """Return a whole number as an integer, for people and files to see it as one."""
    return int(value) if value is not None and value.is_integer() and abs(value) < 1e15 else value
