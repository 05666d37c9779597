"""Meta-regression on columns of the table: numbers as they are, words as levels against a reference."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ketcli.errors import InputError, UsageError
from ketcli.owndata.read import is_missing, is_number, read_number
from ketcli.report import Fact, Note
from ketcli.stats.effects.transforms import MEASURES
from ketcli.summaries.pool.job import Job, Part
from ketcli.summaries.pool.models import natural_scale
from ketcli.summaries.pool.plan import Plan
from ketcli.summaries.pool.rows import Fields, result_of_test
from ketcli.summaries.pool.words import plain, test_words
from ketcli.summaries.pooling import finite

if TYPE_CHECKING:
    from ketcli.stats.regression import Regression
    from ketcli.stats.results import Array

# Studies per moderator that the Handbook (10.11.5.1) asks for, and arrangements of the permutation test.
ADVISED = 10
ARRANGEMENTS = 1000


@dataclass(frozen=True, eq=False)
class Term:
    """One column of the design: its name, how it reads, and its values, shape (k,)."""

    name: str
    label: str
    values: Array


INTERCEPT = Term("intercept", "Intercept", np.empty(0))


@dataclass(frozen=True, eq=False)
class Fit:
    """What a regression says, whichever model made it: coefficients with tests, tau², and tests of the whole."""

    estimate: Array
    se: Array
    p: Array
    ci_low: Array
    ci_high: Array
    statistic: Array
    df: Array
    p_permutation: Array
    k: int
    tau2: float
    r2: float
    i2: float
    qe: float
    qe_df: float
    qe_p: float
    qm: float
    qm_df1: float
    qm_df2: float
    qm_p: float
    notes: tuple[str, ...]


def moderators(job: Job) -> Part:
    """Return the coefficients of a meta-regression on all moderators together, with the tests of the whole.

    Rows without a value of a moderator take no part. Raises UsageError when the values leave nothing to estimate.
    """
    table, sample = job.table, job.sample
    known = np.array([all(not is_missing(t.texts[_column(m)]) for m in table.moderators) for t in sample.trials])
    used = known & sample.present if sample.k else np.zeros(0, dtype=np.bool_)
    trials = [trial for trial, here in zip(sample.trials, used, strict=True) if here]
    terms = [term for m in table.moderators for term in _terms(m, [t.texts for t in trials])]
    fit = _fit(job, used, terms)
    names = ", ".join(_column(m) for m in table.moderators)
    block = f"Meta-regression on {names}, {fit.k} studies"
    rows = [_row(job, fit, i, term) | {"block": block} for i, term in enumerate([INTERCEPT, *terms])]
    rows.append(_together(fit) | {"block": block})
    rows.append(_left_over(fit) | {"block": block})
    missing = [t.label for t, here in zip(sample.trials, known, strict=True) if not here]
    return Part(tuple(rows), tuple(_notes(job, fit, terms, missing)), (_fact(fit),))


def _column(moderator: str) -> str:
    return moderator.partition("=")[0]


def _terms(moderator: str, texts: Sequence[Mapping[str, str]]) -> list[Term]:
    """Return the columns of the design for one moderator: one for numbers, one per level but the reference."""
    column, sign, reference = moderator.partition("=")
    cells = [row[column] for row in texts]
    if not sign and all(is_number(cell) for cell in cells):
        values = np.array([read_number(cell) for cell in cells], dtype=np.float64)
        return [Term(column, f"{column}, per 1", values)]
    levels = sorted(dict.fromkeys(cells))
    first = reference if sign else (levels[0] if levels else "")
    if len(levels) > max(2, len(cells) // 2):
        raise UsageError(
            f"column {column!r} has {len(levels)} different values in {len(cells)} studies and is not numeric",
            code="too-many-levels",
            hint="a categorical moderator needs several studies per value",
        )
    return [
        Term(f"{column}={level}", f"{column}: {level} v {first}", np.array([float(c == level) for c in cells]))
        for level in levels
        if level != first
    ]


def _fit(job: Job, used: NDArray[np.bool_], terms: Sequence[Term]) -> Fit:
    if not terms or int(used.sum()) < 3:
        raise InputError(
            f"{job.table.name}: too few studies with all moderators to regress on ({int(used.sum())})",
            code="too-few-studies",
            hint="leave --moderator out",
        )
    sample, plan = job.sample, job.plan
    matrix = np.column_stack([term.values for term in terms])
    names = [term.name for term in terms]
    try:
        if plan.model == "three-level" and sample.cluster is not None:
            return _clustered(job, used, matrix, names)
        return _independent(sample.yi[used], sample.vi[used], matrix, names, plan)
    except ValueError as error:
        raise UsageError(
            f"--moderator: {error}", code="bad-moderators", hint="leave one of the moderators out"
        ) from None


def _independent(yi: Array, vi: Array, matrix: Array, names: Sequence[str], plan: Plan) -> Fit:
    from ketcli.stats.permutation import permutation_test
    from ketcli.stats.regression import meta_regression

    method = "CE" if plan.model in ("common", "mh", "peto") else plan.tau2
    test = plan.test if plan.test in ("adhoc", "knha", "t", "z") else "adhoc"
    if plan.model == "glmm":
        test = "adhoc"
    fit: Regression = meta_regression(yi, vi, matrix, names, tau2=method, test=test, level=plan.level)
    shuffled = permutation_test(yi, vi, matrix, names, tau2=method, test=test, iterations=ARRANGEMENTS)
    return Fit(
        estimate=fit.coefficients,
        se=fit.se,
        p=fit.p,
        ci_low=fit.ci_low,
        ci_high=fit.ci_high,
        statistic=fit.statistic,
        df=np.full(fit.se.shape, fit.df if fit.test != "z" else math.inf),
        p_permutation=shuffled.p,
        k=fit.k,
        tau2=fit.tau2,
        r2=fit.r2,
        i2=fit.i2,
        qe=fit.qe,
        qe_df=fit.df,
        qe_p=fit.qe_p,
        qm=fit.qm,
        qm_df1=fit.qm_df1,
        qm_df2=fit.qm_df2,
        qm_p=fit.qm_p,
        notes=fit.notes,
    )


def _clustered(job: Job, used: NDArray[np.bool_], matrix: Array, names: Sequence[str]) -> Fit:
    from ketcli.stats.dependent.multilevel import three_level_regression

    sample, plan = job.sample, job.plan
    cluster = [label for label, here in zip(sample.cluster or (), used, strict=True) if here]
    variances = sample.vi[used] if sample.covariance is None else sample.covariance[np.ix_(used, used)]
    fit = three_level_regression(
        sample.yi[used], variances, cluster, matrix, names, test=plan.test, level=plan.level
    )
    b = fit.coefficients
    nan = math.nan
    return Fit(
        estimate=b.estimate,
        se=b.se,
        p=b.p,
        ci_low=b.ci_low,
        ci_high=b.ci_high,
        statistic=b.statistic,
        df=b.df,
        p_permutation=np.full(b.se.shape, nan),
        k=fit.k,
        tau2=fit.variances.between + fit.variances.within,
        r2=nan,
        i2=fit.variances.i2_between + fit.variances.i2_within,
        qe=fit.qe,
        qe_df=fit.qe_df,
        qe_p=fit.qe_p,
        qm=nan,
        qm_df1=nan,
        qm_df2=nan,
        qm_p=nan,
        notes=fit.notes,
    )


def _row(job: Job, fit: Fit, i: int, term: Term) -> Fields:
    """Return the row of one coefficient: on the natural scale a ratio per unit where effects are ratios or odds."""
    back, shape = _scale(job, slope=i > 0)
    ends = {"estimate": fit.estimate[i], "ci_low": fit.ci_low[i], "ci_high": fit.ci_high[i]}
    return {
        "kind": "moderator",
        "term": term.name,
        "label": term.label,
        "measure": job.plan.measure,
        "test": "z" if math.isinf(fit.df[i]) else job.plan.test,
        "ci_level": job.plan.level,
        "yi": finite(float(fit.estimate[i])),
        "se": finite(float(fit.se[i])),
        **{name: _finite(back(float(value))) for name, value in ends.items()},
        "form": shape,
        "k": fit.k,
        "statistic": _finite(float(fit.statistic[i])),
        "df": _finite(float(fit.df[i])),
        "p": _finite(float(fit.p[i])),
        "p_permutation": _finite(float(fit.p_permutation[i])),
    }


def _scale(job: Job, *, slope: bool) -> tuple[Callable[[float], float], str]:
    """Return how a coefficient goes to the scale shown, and its form: odds and risk ratios for slopes of rates."""
    plan = job.plan
    if not slope or not plan.natural:
        back = natural_scale(plan.measure, plan) if plan.measure != "PFT" else float
        return (lambda value: float(back(value))), job.shape if plan.measure != "PFT" else "number-3"
    if plan.ratio or plan.measure in ("PLO", "PLN"):
        shape = {"PLO": "or", "PLN": "rr"}.get(plan.measure, "bare-ratio")
        return (lambda value: math.exp(value) if value < 700.0 else math.inf), shape
    if plan.measure in ("PR", "RD"):
        return float, "rd-difference"
    return float, "number-3" if MEASURES[plan.measure].kind == "proportion" else job.shape


def _together(fit: Fit) -> Fields:
    row = result_of_test("moderators", "All slopes together", fit.qm, fit.qm_df1, fit.qm_p, df2=fit.qm_df2)
    return row | {"k": fit.k, "r2": finite(fit.r2)}


def _left_over(fit: Fit) -> Fields:
    label = "Residual heterogeneity"
    row = result_of_test("residual-heterogeneity", label, fit.qe, fit.qe_df, fit.qe_p, df2=math.inf)
    spread: Fields = {"k": fit.k, "tau2": finite(fit.tau2), "i2": finite(fit.i2)}
    return row | spread | {"tau2_shown": spread["tau2"], "i2_shown": spread["i2"]}


def _fact(fit: Fit) -> Fact:
    """Return the tests of the whole in a sentence."""
    name = "F" if math.isfinite(fit.qm_df2) else "Q"
    parts = [] if math.isnan(fit.qm) else [test_words(name, fit.qm, fit.qm_df1, fit.qm_df2, fit.qm_p)]
    parts += [] if math.isnan(fit.r2) else [f"R² {fit.r2:.0f} %"]
    left = f"left over τ² {plain(fit.tau2)}" + (f", I² {fit.i2:.0f} %" if math.isfinite(fit.i2) else "")
    return Fact("Moderators", "; ".join([*parts, left, test_words("Q", fit.qe, fit.qe_df, math.inf, fit.qe_p)]))


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _notes(job: Job, fit: Fit, terms: Sequence[Term], missing: Sequence[str]) -> list[Note]:
    plan = job.plan
    scale = "inverse variance on the analysis scale"
    model = "three-level model" if plan.model == "three-level" else f"τ² by {plan.tau2}"
    if plan.model in ("common", "mh", "peto"):
        model = "no τ² (common effect)"
    text = (
        f"Meta-regression: {scale}, {model}, moderators together; on the natural scale slopes of ratios and rates "
        "are ratios per unit."
    )
    if not np.isnan(fit.p_permutation).all():
        text += f" p_permutation: all arrangements of the studies, or {ARRANGEMENTS} where there are more."
    notes = [Note("method", text), *(Note("method", said) for said in fit.notes)]
    if missing:
        notes.append(Note("selection", f"Not in the regression, a moderator is missing: {', '.join(missing)}."))
    caution = (
        "Studies are compared, not people (ecological fallacy): whatever else differs between them may be behind a "
        "slope."
    )
    if fit.k < ADVISED * len(terms):
        slopes = f"{len(terms)} slope{'s' * (len(terms) > 1)}"
        caution += f" {fit.k} studies for {slopes}: the Handbook (10.11.5.1) asks for {ADVISED} each."
    return [*notes, Note("caution", caution)]
