"""The same studies by every other defensible choice: one row each, and the range they span."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ketcli.owndata.table import OwnTable
from ketcli.report import Fact, Note
from ketcli.stats.effects.transforms import MEASURES
from ketcli.summaries.pool.job import Job, Part
from ketcli.summaries.pool.models import Line, fit
from ketcli.summaries.pool.plan import Plan
from ketcli.summaries.pool.rows import Fields, pooled_row
from ketcli.summaries.pool.sample import Sample, make_sample
from ketcli.summaries.pool.words import written

BLOCK = "By other choices"


@dataclass(frozen=True)
class Choice:
    """One way to pool: its name and plan, and the lines of the rows it leaves out."""

    name: str
    plan: Plan
    without: frozenset[int] = frozenset()


def robustness(job: Job) -> Part:
    """Return one row per choice on the same scale, and a fact with the range of estimates and of limits."""
    rows: list[Fields] = []
    undefined: list[str] = []
    for choice in _choices(job):
        line = _pool(job, choice)
        if line is None or not np.isfinite(line.pooled.estimate):
            undefined.append(choice.name)
            continue
        row = pooled_row(line, choice.plan, job.shape, "robustness", choice.name)
        rows.append(row | {"block": BLOCK, "term": choice.name, "tau2_shown": row["tau2"], "i2_shown": row["i2"]})
    told = (
        "By other choices: each row changes what it names; where it names nothing else it is inverse variance, τ² "
        f"by {job.plan.tau2}, HKSJ (Hartung-Knapp-Sidik-Jonkman, its factor at least 1)."
    )
    notes = [Note("method", told)]
    if undefined:
        notes.append(Note("method", f"Without an estimate for these studies: {', '.join(undefined)}."))
    return Part(tuple(rows), tuple(notes), _range(job, rows))


def _pool(job: Job, choice: Choice) -> Line | None:
    sample = _sample(job, choice.plan)
    if choice.without:
        sample = sample.take(
            np.array([trial.line not in choice.without for trial in sample.trials], dtype=np.bool_)
        )
    return fit(sample, choice.plan) if sample.k else None


def _sample(job: Job, plan: Plan) -> Sample:
    """Return the sample under a plan's measure and corrections; the job's own when they are the same."""
    same = ("measure", "correction", "where", "variance", "hedges", "cells", "correct_effect")
    if all(getattr(plan, name) == getattr(job.plan, name) for name in same):
        return job.sample
    table: OwnTable = job.table
    return make_sample(table, plan)


def _choices(job: Job) -> Iterator[Choice]:
    """Yield the ways to pool that a reviewer could defend, the answer's own left out."""

    def key(plan: Plan) -> tuple[object, ...]:
        tau2 = plan.tau2 if plan.model == "random" else ""
        return plan.model, plan.measure, tau2, plan.test, plan.correction, plan.where, plan.variance, plan.hedges

    seen = {key(job.plan)}
    for choice in (*_models(job), *_inverse_variance(job), *_corrections(job), *_forms(job)):
        if key(choice.plan) not in seen:
            yield choice
        seen.add(key(choice.plan))
    yield from _fewer(job)


def _fewer(job: Job) -> Iterator[Choice]:
    """Yield the answer's own choice without rows in question, crossovers, and the study of most weight."""
    trials = job.sample.trials
    asked = {line for question in job.questions for line in question.lines}
    crossed = {trial.line for trial in trials if trial.crossover}
    for lines, name in ((asked, "without rows in question"), (crossed, "without crossovers")):
        if lines and len(lines) < len(trials):
            yield Choice(name, job.plan, frozenset(lines))
    if job.line is not None and len(trials) > 2 and np.isfinite(job.line.pooled.weights).all():
        heaviest = trials[int(np.argmax(job.line.pooled.weights))]
        yield Choice(f"without {heaviest.label} (most weight)", job.plan, frozenset({heaviest.line}))


def _models(job: Job) -> Iterator[Choice]:
    """Yield the models that do not weigh by inverse variances."""
    plan = job.plan
    if MEASURES[plan.measure].kind == "proportion" and plan.natural and plan.measure == "PLO":
        yield Choice("mixed model, t", replace(plan, model="glmm", test="t"))
        yield Choice("mixed model, normal", replace(plan, model="glmm", test="z"))
    if plan.measure in ("RR", "OR", "RD") and not job.table.apart:
        yield Choice("Mantel-Haenszel, no correction", replace(plan, model="mh", test="z", mh_correction=0.0))
    if plan.measure == "OR" and not job.table.apart:
        yield Choice("mixed model, t", replace(plan, model="glmm", test="t"))
        yield Choice("Peto's method", replace(plan, model="peto", measure="PETO", test="z"))


def _inverse_variance(job: Job) -> Iterator[Choice]:
    plan = job.plan
    if plan.model == "three-level":
        for test, name in (("cr2", "cluster-robust (CR2)"), ("t", "t, clusters - 1"), ("z", "normal")):
            yield Choice(f"three-level, {name}", replace(plan, test=test))
    base = replace(plan, measure="OR" if plan.measure == "PETO" else plan.measure)
    names = {"adhoc": "HKSJ, factor at least 1", "knha": "HKSJ", "z": "normal"}
    for method, test in (
        *(("REML", "adhoc"), ("REML", "knha"), ("REML", "z"), ("PM", "adhoc")),
        *(("DL", "adhoc"), ("DL", "z"), ("ML", "adhoc"), ("SJ", "adhoc")),
    ):
        alone = ", as if independent" if job.sample.cluster is not None else ""
        name = f"τ² {method}, {names[test]}{alone}"
        yield Choice(name, replace(base, model="random", tau2=method, test=test, mh_q=False))
    yield Choice("common effect", replace(base, model="common", test="z"))


def _corrections(job: Job) -> Iterator[Choice]:
    """Yield other corrections where a cell is zero, and the arcsine scale that needs none."""
    plan = job.plan
    random = {"model": "random", "tau2": plan.tau2, "test": "adhoc", "mh_q": False}
    if MEASURES[plan.measure].kind == "proportion" and plan.natural:
        for code, name in (("PAS", "arcsine"), ("PFT", "double arcsine"), ("PR", "raw proportions")):
            if code != plan.measure:
                yield Choice(name, replace(plan, measure=code, **random))  # type: ignore[arg-type]
    if job.sample.has_zero and plan.measure in ("RR", "OR"):
        for added, name in ((0.01, "0.01 added"), (0.5, "0.5 added"), ("tacc", "treatment-arm correction")):
            if added != plan.correction:
                changed = replace(plan, correction=added, **random)  # type: ignore[arg-type]
                yield Choice(f"{name} to zero cells", changed)
        left_out = replace(plan, correction=0.0, where="none", **random)  # type: ignore[arg-type]
        yield Choice("tables with a zero left out", left_out)


def _forms(job: Job) -> Iterator[Choice]:
    """Yield other forms of the variance of mean differences."""
    plan = job.plan
    if plan.measure == "SMD":
        for variance, name in (("LS2", "variance LS2"), ("UB", "unbiased variance")):
            if variance != plan.variance:
                yield Choice(name, replace(plan, variance=variance))
        yield Choice("approximate correction", replace(plan, hedges="approx"))
    if plan.measure in ("MD", "ROM") and plan.variance != "HO":
        yield Choice("one SD for both arms", replace(plan, variance="HO"))


def _range(job: Job, rows: list[Fields]) -> tuple[Fact, ...]:
    """Return the range of the estimates, the widest limits, and how many intervals leave out no effect."""
    own = [] if job.line is None else [pooled_row(job.line, job.plan, job.shape)]
    every = [row for row in (*own, *rows) if isinstance(row.get("estimate"), float)]
    if len(every) < 2:
        return ()
    values = [float(str(row["estimate"])) for row in every]
    span: Fields = {"estimate": None, "ci_low": min(values), "ci_high": max(values)}
    ends = [row for row in every if isinstance(row.get("ci_low"), float) and isinstance(row.get("ci_high"), float)]
    widest: Fields = {
        "ci_low": min(float(str(row["ci_low"])) for row in ends),
        "ci_high": max(float(str(row["ci_high"])) for row in ends),
    }
    text = f"{len(every)} ways to pool: estimates {written(job.shape, span).strip('()')}, limits "
    text += written(job.shape, widest).strip("()")
    null = _null(job)
    if null is not None:
        clear = sum(not (float(str(r["ci_low"])) <= null <= float(str(r["ci_high"]))) for r in ends)
        text += f"; {clear} of {len(ends)} intervals exclude no effect"
    return (Fact("Other choices", text),)


def _null(job: Job) -> float | None:
    from ketcli.summaries.pool.columns import null_value

    return null_value(job.plan)
