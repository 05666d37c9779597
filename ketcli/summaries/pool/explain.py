"""A meta-analysis in words: rows, formulas with sources, one study worked out, the command to repeat it."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator

from ketcli.naming.roles import ROLES
from ketcli.owndata.table import OwnTable
from ketcli.report import Note
from ketcli.stats.effects.transforms import MEASURES
from ketcli.summaries.pool.job import Job, Part
from ketcli.summaries.pool.plan import Plan
from ketcli.summaries.pool.words import plain

EFFECTS = {
    "PLO": "y = ln(x/(n - x)), v = 1/x + 1/(n - x), for x events in n people",
    "PLN": "y = ln(x/n), v = 1/x - 1/n, for x events in n people",
    "PR": "y = x/n, v = x(n - x)/n³, for x events in n people",
    "PAS": "y = asin √(x/n), v = 1/(4n), for x events in n people",
    "PFT": "y = (asin √(x/(n + 1)) + asin √((x + 1)/(n + 1)))/2, v = 1/(4n + 2), for x events in n people",
    "RR": "y = ln(a/n1) - ln(c/n2), v = 1/a - 1/n1 + 1/c - 1/n2, for a events in n1 treated and c in n2 controls",
    "OR": "y = ln(ad/(bc)), v = 1/a + 1/b + 1/c + 1/d, for a with, b without the event treated, c and d controls",
    "RD": "y = a/n1 - c/n2, v = ab/n1³ + cd/n2³, for a with and b without the event of n1 treated, c and d of n2",
    "AS": "y = asin √(a/n1) - asin √(c/n2), v = 1/(4 n1) + 1/(4 n2)",
    "PETO": "y = (a - E)/V, v = 1/V, with the hypergeometric mean E and variance V of a",
    "MD": "y = m1 - m2, v = sd1²/n1 + sd2²/n2",
    "SMD": "y = J (m1 - m2)/sd (sd pooled), v = 1/n1 + 1/n2 + y²/(2(n1 + n2)), J Hedges' correction",
    "SMDH": "y = J (m1 - m2)/√((sd1² + sd2²)/2), J Hedges' correction",
    "SMD1": "y = J (m1 - m2)/sd2, J Hedges' correction with n2 - 1",
    "ROM": "y = ln(m1/m2) + (sd1²/(n1 m1²) - sd2²/(n2 m2²))/2, v = sd1²/(n1 m1²) + sd2²/(n2 m2²)",
    "MC": "y = after - before, v = (sd² after + sd² before - 2 r sd sd)/n",
    "SMCC": "y = J (after - before)/sd of the change, J Hedges' correction with n - 1",
    "SMCR": "y = J (after - before)/sd before, v = 2(1 - r)/n + y²/(2n), J Hedges' correction with n - 1",
    "SMCRH": "as SMCR, with both SDs in the variance",
    "GEN": "y and v as given",
}
TAU2 = {
    "REML": "maximises the restricted likelihood (Raudenbush 2009; compared with τ² = 0)",
    "ML": "maximises the likelihood (Hardy & Thompson 1996)",
    "DL": "max(0, (Q - (k - 1))/(Σw - Σw²/Σw)), w = 1/v (DerSimonian & Laird 1986)",
    "PM": "makes Σ(y - mean)²/(v + τ²) equal k - 1 (Paule & Mandel 1982)",
    "EB": "the empirical Bayes estimate (Morris 1983), which equals Paule and Mandel's",
    "SJ": "Sidik & Jonkman's (2005) two steps",
    "HS": "max(0, (Q - k)/Σw) (Hunter & Schmidt)",
    "HE": "max(0, variance of the y - mean of the v) (Hedges & Olkin 1985)",
}
INTERVALS = {
    "adhoc": "mean ± t(k - 1) √(max(1, q)/Σw*), q = Σw*(y - mean)²/(k - 1) (Hartung & Knapp 2001, Sidik & Jonkman "
    "2002; the factor kept at 1 or more: Röver, Knapp & Friede 2015)",
    "knha": "mean ± t(k - 1) √(q/Σw*), q = Σw*(y - mean)²/(k - 1) (Hartung & Knapp 2001)",
    "t": "mean ± t(k - 1) SE",
    "z": "mean ± z SE",
    "cr2": "mean ± t SE, the error from the clusters' residuals (CR2) and Satterthwaite's degrees of freedom "
    "(Pustejovsky & Tipton 2018)",
}
BANDS = {
    "V": "mean ± t(k - 1) √(τ² + SE²) (Veroniki et al. 2019)",
    "HTS": "mean ± t(k - 2) √(τ² + SE²) (Higgins, Thompson & Spiegelhalter 2009)",
    "HK": "mean ± t(k - 1) √(τ² + SE²) with the Hartung-Knapp SE (Partlett & Riley 2017)",
    "z": "mean ± z √(τ² + SE²)",
}
MODELS = {
    "common": "weights w = 1/v; mean Σwy/Σw; SE 1/√Σw",
    "mh": "Mantel-Haenszel's sums over studies; variances of Robins, Breslow & Greenland 1986 (OR), Greenland & "
    "Robins 1985 (RR), Sato 1989 (RD)",
    "peto": "ln OR = Σ(a - E)/ΣV, variance 1/ΣV (Yusuf et al. 1985)",
    "three-level": "y = mean + between clusters + within them + error, variances by REML (Konstantopoulos 2011)",
}


def explain(job: Job, command: str = "ket pool") -> Part:
    """Return the explanation as notes, the command that repeats the result with every choice spelled out last."""
    return Part(notes=tuple(Note("about", text) for text in _sentences(job, command)))


def _sentences(job: Job, command: str) -> Iterator[str]:
    plan, line = job.plan, job.line
    yield _rows(job)
    measure = MEASURES[plan.measure]
    yield f"One study: {EFFECTS[plan.measure]} ({measure.source})."
    if example := _example(job):
        yield example
    if line is None:
        return
    pooled = line.pooled
    if pooled.model == "random":
        yield f"τ² {TAU2[pooled.method]}: {plain(pooled.tau2)}."
        yield "Weights w* = 1/(v + τ²); mean Σw*y/Σw*."
    elif pooled.model == "glmm":
        yield _likelihood(plan)
    else:
        yield f"Pooled: {MODELS[pooled.model]}."
    yield f"On the analysis scale the mean is {plain(pooled.estimate)}, the SE in its interval {plain(pooled.se)}."
    yield f"Interval: {INTERVALS[pooled.test]}."
    if pooled.q_df > 0 and not math.isnan(pooled.q):
        yield (
            "Heterogeneity: Q = Σw(y - mean)² with w = 1/v against chi-square; I² = "
            + ("τ²/(τ² + s²), s² the typical v (Higgins & Thompson 2002)." if plan.i2 == "tau2" else "(Q - df)/Q.")
        )
    if not math.isnan(pooled.pi_low):
        yield f"A next study: {BANDS[plan.prediction]}."
    if plan.natural and (plan.ratio or measure.kind == "proportion"):
        yield f"Shown is {_back(plan)}; intervals are computed before and taken back."
    yield f"To repeat it: {_command(job.table, plan, command)}"
    if in_r := _metafor(job.table, plan):
        yield f"In R: {in_r}"


def _rows(job: Job) -> str:
    used = [trial.line for trial in job.sample.trials]
    out = [trial for trial in job.table.trials if trial.reason]
    text = f"Rows: {len(used)} of {len(job.table.trials)}, of {job.table.name}"
    if used:
        text += f", lines {_spans(used)}"
    if out:
        text += "; left out " + ", ".join(f"line {trial.line} ({trial.reason})" for trial in out)
    silent = [
        f"line {trial.line} ({why})" for trial, why in zip(job.sample.trials, job.sample.why, strict=True) if why
    ]
    if silent:
        text += "; without an effect of their own " + ", ".join(silent)
    return text + "."


def _spans(lines: list[int]) -> str:
    """Return line numbers as runs: 2-14, 17."""
    runs: list[list[int]] = []
    for line in sorted(lines):
        if runs and line == runs[-1][1] + 1:
            runs[-1][1] = line
        else:
            runs.append([line, line])
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in runs)


def _example(job: Job) -> str:
    """Return the first study with an effect, worked out."""
    for i, trial in enumerate(job.sample.trials):
        if not job.sample.present[i]:
            continue
        numbers = ", ".join(f"{role.replace('_', ' ')} {value:g}" for role, value in trial.numbers.items())
        added = " after the correction" if job.sample.corrected[i] else ""
        weight = "" if job.line is None else f", weight {job.line.pooled.weights[i]:.1f} %"
        y, v = plain(float(job.sample.yi[i])), plain(float(job.sample.vi[i]))
        return f"For example {trial.label} (line {trial.line}): {numbers}; y {y}, v {v}{added}{weight}."
    return ""


def _likelihood(plan: Plan) -> str:
    if plan.measure == "PLO":
        return (
            "Pooled: x ~ binomial(n, p), logit p ~ normal(mean, τ²), by maximum likelihood, each study's integral "
            "by adaptive Gauss-Hermite quadrature (Hamza, van Houwelingen & Stijnen 2008)."
        )
    return (
        "Pooled: binomial arms, a fixed baseline for each study, log odds ratios ~ normal(mean, τ²), by maximum "
        "likelihood (Stijnen, Hamza & Özdemir 2010, UM.FS)."
    )


def _back(plan: Plan) -> str:
    if plan.ratio:
        return "exp(y), a ratio"
    return {
        "PLO": "1/(1 + exp(-y)), a proportion",
        "PLN": "exp(y), a proportion",
        "PAS": "sin² y, a proportion",
        "PFT": "the proportion whose double arcsine is y at the harmonic mean of the sizes",
    }.get(plan.measure, "y itself, within 0 and 1")


def _command(table: OwnTable, plan: Plan, command: str) -> str:
    """Return the command line with every column and every choice named."""
    source = "-" if table.name == "standard input" else table.name
    words = [*command.split(), source]
    for role, column in table.layout.columns.items():
        if option := ROLES[role].option:
            words += [option, column]
    for role, value in table.layout.constants.items():
        words += [ROLES[role].option, f"{value:g}"]
    for option, column in (("--study", table.study_option), ("--cluster", table.cluster), ("--by", table.group)):
        words += [option, column] if column else []
    words += ["--keep-arms"] if table.apart else []
    # a model that is named stands alone, without the lines beside it
    words += ["--model", plan.model] if "model" in plan.typed else []
    words += ["--measure", plan.measure, "--test", plan.test, "--level", f"{100 * plan.level:g}"]
    if plan.style:
        words += ["--style", plan.style]
    if plan.model == "random":
        words += ["--tau2", plan.tau2, "--i2", plan.i2]
    if plan.model in ("random", "glmm", "three-level"):
        words += ["--pi", plan.prediction.lower()]
    counts = MEASURES[plan.measure].kind in ("two-arm", "proportion")
    if counts and plan.measure not in ("PAS", "PFT", "AS") and plan.model not in ("glmm", "peto", "mh"):
        added = plan.correction if isinstance(plan.correction, str) else f"{plan.correction:g}"
        words += ["--correction", added if plan.where == "only0" else f"{added}:{plan.where}"]
    return shlex.join(words)


def _metafor(table: OwnTable, plan: Plan) -> str:
    """Return what computes the same with R's metafor, "" where it has no equal."""
    columns = table.layout.columns
    names = {
        "two-arm": {"events": "ai", "total": "n1i", "control_events": "ci", "control_total": "n2i"},
        "proportion": {"events": "xi", "total": "ni"},
        "mean": {
            **{"mean": "m1i", "sd": "sd1i", "total": "n1i"},
            **{"control_mean": "m2i", "control_sd": "sd2i", "control_total": "n2i"},
        },
        "generic": {"yi": "yi", "vi": "vi", "se": "sei"},
    }.get(table.kind, {})
    plain_columns = all(c.replace(".", "").replace("_", "").isalnum() and c[:1].isalpha() for c in columns.values())
    if not plain_columns or set(columns) - set(names) or table.layout.arms or plan.effects_are == "ratio":
        return ""
    data = ", ".join(f"{names[role]}={column}" for role, column in columns.items())
    measure = "" if table.kind == "generic" else f'measure="{plan.measure}", '
    file = table.name if table.name.endswith((".csv", ".txt")) else "my.csv"
    source = f'data=read.csv("{file}")'
    level = "" if plan.level == 0.95 else f", level={100 * plan.level:g}"
    match plan.model:
        case "random" if plan.test in ("adhoc", "knha", "z", "t") and not plan.mh_q:
            test = "" if plan.test == "z" else f', test="{plan.test}"'
            return f'rma({measure}{data}, {source}, method="{plan.tau2}"{test}{level})'
        case "common":
            return f'rma({measure}{data}, {source}, method="EE"{level})'
        case "mh":
            return f"rma.mh({measure}{data}, {source}, correct=FALSE{level})"
        case "peto":
            return f"rma.peto({data}, {source}{level})"
        case "glmm":
            test = ', test="t"' if plan.test == "t" else ""
            return f"rma.glmm({measure}{data}, {source}{test}{level}, nAGQ=31)"
        case _:
            return ""
