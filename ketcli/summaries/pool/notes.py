"""What `ket pool` did, in notes: columns read, effects, weights, intervals, and what must not be overlooked."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ketcli.owndata.table import OwnTable
from ketcli.report import Note
from ketcli.stats.effects.transforms import MEASURES
from ketcli.summaries.pool.absolute import has_absolute
from ketcli.summaries.pool.job import Job
from ketcli.summaries.pool.models import Line
from ketcli.summaries.pool.plan import Plan
from ketcli.summaries.pool.styles import STYLES, described
from ketcli.summaries.pool.words import CLUSTER_PREDICTION_WORDS, PREDICTION_WORDS, TEST_WORDS

# SDs of one scale seldom differ by more than this factor between studies.
SEVERAL_SCALES = 4.0
_INTERVALS = {
    "wilson": "Wilson",
    "wilson-cc": "Wilson, continuity-corrected,",
    "clopper-pearson": "Clopper-Pearson",
    "agresti-coull": "Agresti-Coull",
    "jeffreys": "Jeffreys",
    "mid-p": "mid-P",
}


def notes(job: Job, others: Sequence[Line]) -> tuple[Note, ...]:
    """Return the notes on reading, effects, pooling and what is left out, in this order."""
    table, plan, sample, line = job.table, job.plan, job.sample, job.line
    out = [Note("choice", text) for text in table.notes]
    if plan.style:
        style = STYLES[plan.style]
        out.append(Note("choice", f"Settings of {style.title}: {described(style)}. {style.limits}".strip()))
    out.append(Note("method", _effects(table, plan)))
    out += [Note("choice", text) for text in sample.notes]
    if line is None:
        out.append(Note("caution", "No row has an effect: nothing can be pooled."))
    else:
        out.append(Note("method", _pooled(plan, line)))
        out += [Note("method", text) for text in line.pooled.notes]
        out += _absolute(job, line)
    known = line.pooled.notes if line is not None else ()
    out += [Note("method", text) for other in others if (text := _about(other, known))]
    out += _scales(job)
    missing = [f"{t.label} (line {t.line}): {t.reason}" for t in table.trials if t.reason]
    if missing:
        out.append(Note("selection", f"Not pooled: {'; '.join(missing[:8])}{' ...' if len(missing) > 8 else ''}."))
    return tuple(out)


def _absolute(job: Job, line: Line) -> list[Note]:
    """Return whose risk the absolute effect starts from, nothing where it was given or there is none."""
    if job.plan.control_risk is not None or not has_absolute(line, job.sample):
        return []
    return [Note("method", "Of 100 people: at the controls' pooled risk (binomial mixed model), taken as known.")]


def _scales(job: Job) -> list[Note]:
    """Return a caution on differences of means whose SDs speak of several scales, nothing otherwise."""
    if job.plan.measure not in ("MD", "MC"):
        return []
    spreads = [
        max(t.numbers.get("sd", 0.0), t.numbers.get("control_sd", t.numbers.get("pre_sd", 0.0)))
        for t in job.sample.trials
    ]
    known = [sd for sd in spreads if sd > 0.0]
    if len(known) < 2 or max(known) < SEVERAL_SCALES * min(known):
        return []
    text = (
        f"The studies' SDs run from {min(known):.3g} to {max(known):.3g}: if scales differ, a mean difference "
        "has no meaning; --measure SMD compares them in standard deviations."
    )
    return [Note("caution", text)]


def _effects(table: OwnTable, plan: Plan) -> str:
    """Return how the effect of one study and its interval are made."""
    measure = MEASURES[plan.measure]
    kind = measure.kind
    if kind == "proportion":
        shown = f"{_INTERVALS[plan.interval]} interval" if plan.natural else "normal interval on the analysis scale"
        return f"Single studies: {shown}; analysed as {measure.name} ({measure.source})."
    if plan.measure == "RD" and plan.natural:
        return "Single studies: risk differences (treated minus control) with Newcombe's interval."
    versus = {
        "two-arm": "treated against control",
        "mean": "treated minus control",
        "change": "after minus before",
    }.get(kind, "")
    parts = [f"Single studies: {measure.name}"]
    if versus:
        parts[0] += f", {versus}"
    if plan.ratio:
        parts.append("logarithms analysed")
    if kind in ("mean", "change") and plan.measure in ("SMD", "SMD1", "SMDH", "SMCR", "SMCC"):
        parts.append(f"Hedges' correction ({plan.hedges}), variance {plan.variance}")
    if kind == "generic" and "ci_low" in table.layout.columns:
        parts.append("standard errors from 95 % limits")
    return "; ".join([*parts, "normal interval"]) + "."


def _pooled(plan: Plan, line: Line) -> str:
    """Return how the pooled line is made; every default that shapes a number is in it."""
    pooled = line.pooled
    match pooled.model:
        case "random" if pooled.k == 1:
            return f"Pooled: the one study's own effect; {_test(line)}."
        case "random":
            text = f"Pooled: inverse variance, random effects, τ² by {pooled.method}; {_test(line)}"
        case "common":
            text = "Pooled: inverse variance, one true effect supposed; normal interval"
        case "mh":
            added = f"{plan.mh_correction:g} added to zero cells" if plan.mh_correction else "no correction"
            text = f"Pooled: Mantel-Haenszel, one true effect supposed, {added}; normal interval"
        case "peto":
            text = "Pooled: Peto's one-step odds ratio, one true effect supposed; normal interval"
        case "glmm" if line.measure == "PLO" and math.isinf(pooled.estimate):
            text = "Pooled: the mixed model has no finite logit here; the counts added up, Clopper-Pearson interval"
        case "glmm" if line.measure == "PLO":
            text = f"Pooled: binomial-normal mixed model (logit link, maximum likelihood); {_test(line)}"
        case "glmm":
            text = (
                "Pooled: binomial mixed model of odds ratios (UM.FS: a fixed baseline per study, maximum "
                f"likelihood); {_test(line)}"
            )
        case _:
            text = f"Pooled: effects within clusters within a population of clusters, REML; {_test(line)}"
    if line.interval is not None and pooled.model == "random":
        if plan.i2 == "tau2":
            text += ". Limits of τ² and I²: Q-profile; I² from τ²"
        else:
            text += ". Limits of τ²: Q-profile; I² from Q, limits test-based"
    if pooled.pi_low == pooled.pi_low:
        words = CLUSTER_PREDICTION_WORDS if line.clusters else PREDICTION_WORDS
        text += f". A next study: prediction interval, {words[plan.prediction]}"
    return text + "."


def _test(line: Line) -> str:
    """Return how the mean's interval is made."""
    if line.clusters and line.pooled.test == "t":
        return "t interval with clusters-1 df"
    return TEST_WORDS[line.pooled.test]


# What is said of a pooled line that a line beside it does not show.
_NOT_SHOWN = ("prediction interval", "The weights shown", "tau² is 0, without a standard error")


def _about(line: Line, known: Sequence[str]) -> str:
    """Return what must be said of a line beside the answer and is not `known` of that; "" for nothing."""
    said = [t for t in line.pooled.notes if t not in known and not any(part in t for part in _NOT_SHOWN)]
    return f"{line.name}: {' '.join(said)}" if said else ""
