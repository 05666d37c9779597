"""Columns of `ket pool`, the same for every kind of results, and how people see them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ketcli.owndata.shapes import Kind
from ketcli.report import Axis, Column, Display, Row
from ketcli.stats.effects.transforms import MEASURES
from ketcli.summaries.columns import columns
from ketcli.summaries.pool.plan import Plan
from ketcli.summaries.pool.words import effect_title

COLUMNS = (
    *columns("kind"),
    Column("study", "Study", "text", "", "name of the study; empty on other rows"),
    *columns("label"),
    Column("group", "Group", "text", "", "value of the --by column"),
    Column("term", "Term", "text", "", "coefficient of a meta-regression, or what a test or choice is called"),
    *columns("measure", "model"),
    Column("tau2_method", "τ² by", "code", "", "estimator of τ²"),
    Column("test", "Test", "code", "", "z, t, knha, adhoc (Hartung-Knapp, factor at least 1) or cr2"),
    Column("ci_level", "Level", "number", "", "confidence level, 0-1"),
    Column("events", "Events", "number", "people", "people with the event, in the treated arm where there are two"),
    Column("total", "Total", "number", "people", "people in the (treated) arm"),
    Column("control_events", "Control events", "number", "people", "people with the event in the control arm"),
    Column("control_total", "Control total", "number", "people", "people in the control arm"),
    Column("mean", "Mean", "number", "", "mean of the treated arm, or after treatment"),
    *columns("sd"),
    Column("control_mean", "Control mean", "number", "", "mean of the control arm"),
    Column("control_sd", "Control SD", "number", "", "standard deviation of the control arm"),
    Column("pre_mean", "Mean before", "number", "", "mean before treatment"),
    Column("pre_sd", "SD before", "number", "", "standard deviation before treatment"),
    Column("correlation", "r", "number", "", "correlation of before and after"),
    Column("yi", "Effect analysed", "number", "", "effect on the analysis scale (logarithm of a ratio, logit ...)"),
    Column("vi", "Variance", "number", "", "sampling variance of yi"),
    *columns("se"),
    Column(
        "estimate", "Estimate", "number", "", "effect on the natural scale, or the analysis scale by --scale model"
    ),
    *columns("ci_low", "ci_high", "weight", "k"),
    Column("statistic", "Statistic", "number", "", "test statistic: z, t, Q or F"),
    Column("df", "df", "number", "", "degrees of freedom of the statistic; empty for the normal distribution"),
    Column("df2", "df 2", "number", "", "denominator degrees of freedom of an F statistic"),
    *columns("p", "p_permutation", "pi_low", "pi_high", "tau2"),
    Column("tau2_ci_low", "τ² low", "number", "", "lower limit of τ² (Q-profile)"),
    Column("tau2_ci_high", "τ² high", "number", "", "upper limit of τ² (Q-profile)"),
    Column("tau2_within", "τ² within", "number", "", "variance between effects of one cluster (part of tau2)"),
    *columns("i2"),
    Column("i2_ci_low", "I² low", "percent", "%", "lower limit of I²"),
    Column("i2_ci_high", "I² high", "percent", "%", "upper limit of I²"),
    Column("h2", "H²", "number", "", "total over sampling variability"),
    *columns("q", "q_df", "q_p", "r2"),
    Column("control_risk", "Control risk", "proportion", "", "risk of the control group that rd is worked out for"),
    Column("rd", "Risk difference", "number", "", "absolute effect at control_risk, 0-1"),
    *columns("rd_low", "rd_high"),
    Column("nnt", "NNT", "number", "people", "1/rd: treated for one event more; negative: for one fewer"),
    Column("nnt_low", "NNT low", "number", "people", "nearer limit of nnt"),
    Column(
        "nnt_high", "NNT high", "number", "people", "further limit; empty when the interval includes no difference"
    ),
    Column("rstudent", "Residual", "number", "", "studentised residual with the study deleted"),
    Column("dffits", "DFFITS", "number", "", "change of the fitted value without the study, in standard errors"),
    Column("cook", "Cook's D", "number", "", "Cook's distance"),
    Column("cov_ratio", "COVRATIO", "number", "", "variance of the mean without the study over that with it"),
    Column("hat", "Hat", "number", "", "leverage"),
    Column("tau2_deleted", "τ² without", "number", "", "τ² without the study"),
    Column("q_deleted", "Q without", "number", "", "Q without the study"),
    Column(
        "influential",
        "Influential",
        "flag",
        "",
        "1 when a diagnostic crosses its limit (Viechtbauer & Cheung 2010)",
    ),
    Column("baujat_x", "Part of Q", "number", "", "squared Pearson residual: abscissa of the Baujat plot"),
    Column("baujat_y", "Influence", "number", "", "squared change of the mean: ordinate of the Baujat plot"),
    Column("corrected", "Corrected", "flag", "", "1 when a continuity correction was added to the study's cells"),
    *columns("crossover", "arms", "reason"),
    Column("question", "In question", "text", "", "rules that ask about the row"),
    Column("line", "Line", "integer", "", "line of the file the row begins on"),
)
STUDY = frozenset({"study"})
LINES = frozenset({"pooled", "beside", "subgroup"})


def displays(kind: Kind, plan: Plan, rows: Sequence[Row], *, influence: bool, tests: bool) -> tuple[Display, ...]:
    """Return the columns of the table that any row fills; `influence` and `tests` bring theirs to the front."""
    effect = Display(effect_title(plan), "effect", ("form", "estimate", "ci_low", "ci_high"), align="left")
    strip = Display("", "strip", ("strip_estimate", "strip_low", "strip_high"), rank=4 if influence else 2)
    weight = Display("Weight", "number", ("weight",), rank=3, align="right")
    every = (
        Display("Study", "text", ("label",)),
        *_inputs(kind, rank=5 if influence else 1),
        effect,
        strip,
        weight,
        Display("p", "p-value", ("p",), rank=1 if tests else 4, align="right"),
        *_influence(rank=2 if influence else 9),
        Display("SE", "number", ("se",), rank=8, digits=3, align="right"),
        Display("τ²", "number", ("tau2_shown",), rank=2 if tests else 7, digits=3, align="right"),
        Display("I² %", "number", ("i2_shown",), rank=2 if tests else 7, digits=0, align="right"),
        Display("Crossover", "text", ("crossover",), rank=10),
        Display("Arms", "text", ("arms",), rank=11),
        Display("Why not pooled", "text", ("reason",), rank=2),
        Display("Line", "integer", ("line",), rank=12, align="right"),
    )
    filled = {name for row in rows for name, value in row.items() if value not in (None, "")}
    return tuple(display for display in every if not filled.isdisjoint(display.of))


def _inputs(kind: Kind, rank: int) -> tuple[Display, ...]:
    if kind == "proportion":
        return (Display("n/N", "fraction", ("events", "total"), rank=rank, align="right"),)
    if kind == "two-arm":
        return (
            Display("Treated", "fraction", ("events", "total"), rank=rank, align="right"),
            Display("Control", "fraction", ("control_events", "control_total"), rank=rank, align="right"),
        )
    if kind == "mean":
        return (
            Display("Treated n", "integer", ("total",), rank=rank + 4, align="right"),
            Display("Mean", "number", ("mean",), rank=rank + 4, align="right"),
            Display("SD", "number", ("sd",), rank=rank + 5, align="right"),
            Display("Control n", "integer", ("control_total",), rank=rank + 4, align="right"),
            Display("mean", "number", ("control_mean",), rank=rank + 4, align="right"),
            Display("SD", "number", ("control_sd",), rank=rank + 5, align="right"),
        )
    if kind == "change":
        return (
            Display("n", "integer", ("total",), rank=rank, align="right"),
            Display("Before", "number", ("pre_mean",), rank=rank + 4, align="right"),
            Display("After", "number", ("mean",), rank=rank + 4, align="right"),
            Display("SD before", "number", ("pre_sd",), rank=rank + 5, align="right"),
        )
    return ()


def _influence(rank: int) -> tuple[Display, ...]:
    return (
        Display("Residual", "number", ("rstudent",), rank=rank, digits=2, align="right"),
        Display("DFFITS", "number", ("dffits",), rank=rank, digits=2, align="right"),
        Display("Cook", "number", ("cook",), rank=rank, digits=2, align="right"),
        Display("COVRATIO", "number", ("cov_ratio",), rank=rank + 1, digits=2, align="right"),
        Display("Hat", "number", ("hat",), rank=rank + 2, digits=2, align="right"),
        Display("τ² without", "number", ("tau2_deleted",), rank=rank + 2, digits=3, align="right"),
        Display("Influential", "text", ("influence_mark",), rank=0, align="left"),
    )


def axis(rows: Sequence[Row], plan: Plan) -> Axis:
    """Return the axis of the strips: logarithmic for ratios, cut where one wide interval would hide the others."""
    log, null = plan.ratio and plan.natural, null_value(plan)
    if plan.natural and plan.measure in ("PLO", "PLN", "PR", "PAS", "PFT"):
        return Axis("percent")
    left, right = sides(plan.measure)
    triples = [
        tuple(float(row[name]) for name in ("strip_estimate", "strip_low", "strip_high"))  # type: ignore[arg-type]
        for row in rows
        if all(isinstance(row.get(name), int | float) for name in ("strip_estimate", "strip_low", "strip_high"))
    ]
    triples = [t for t in triples if all(math.isfinite(v) and (v > 0.0 or not log) for v in t)]
    if not triples:
        return Axis("log" if log else "linear", null=null, left=left, right=right)
    scale = math.log if log else float
    points = [scale(t[0]) for t in triples] + ([] if null is None else [scale(null)])
    reach = max(
        max(points) - min(points), *(min(scale(t[2]) - scale(t[0]), scale(t[0]) - scale(t[1])) for t in triples)
    )
    low = max(min(scale(t[1]) for t in triples), min(points) - reach)
    high = min(max(scale(t[2]) for t in triples), max(points) + reach)
    back = math.exp if log else float
    return Axis("log" if log else "linear", null=null, low=back(low), high=back(high), left=left, right=right)


def sides(measure: str) -> tuple[str, str]:
    """Return what lies below and above no effect, "" for effects given as they are; which is good is not known."""
    match measure:
        case "RR" | "OR" | "PETO" | "RD" | "AS":
            return "fewer if treated", "more if treated"
        case "MD" | "SMD" | "ROM":
            return "lower if treated", "higher if treated"
        case _:
            return "", ""


def null_value(plan: Plan) -> float | None:
    """Return the value of no effect on the scale that is shown, None where there is none."""
    null = 1.0 if plan.ratio else MEASURES[plan.measure].null
    if math.isnan(null):
        return None
    return null if plan.natural else 0.0
