"""The common shape of the regression tests for small-study effects: their result, notes and computation."""

from __future__ import annotations

from dataclasses import dataclass

from ketcli.stats.numeric.line import fit_line
from ketcli.stats.results import Array

FEW_STUDIES = 10

NAN = float("nan")


@dataclass(frozen=True)
class SmallStudyTest:
    """One regression test of funnel plot asymmetry; NaN where undefined, and a note then says why.

    Attributes:
        method: egger, egger-random, peters, harbord, macaskill or pustejovsky.
        predictor: what the effects are regressed on.
        level: confidence level of the intervals, 0-1.
        k: studies used.
        statistic, df, p: test that `bias` is zero; df is inf for a normal test.
        bias, bias_se, bias_low, bias_high: change of the effect per unit of `predictor`.
        limit, limit_se, limit_low, limit_high: effect expected of an infinitely large study.
    """

    method: str
    predictor: str
    level: float
    k: int
    statistic: float
    df: float
    p: float
    bias: float
    bias_se: float
    bias_low: float
    bias_high: float
    limit: float
    limit_se: float
    limit_low: float
    limit_high: float
    notes: tuple[str, ...] = ()


def few_studies(k: int) -> tuple[str, ...]:
    """Return the caution the Cochrane Handbook gives under ten studies, nothing otherwise."""
    if k >= FEW_STUDIES:
        return ()
    return (
        f"{_count(k)}: the Cochrane Handbook (chapter 13) advises against tests for funnel plot asymmetry "
        f"with fewer than {FEW_STUDIES}, because they rarely tell chance from real asymmetry.",
    )


def _count(k: int) -> str:
    return f"{k} {'study' if k == 1 else 'studies'}"


def why_undefined(k: int, predictor: str) -> str:
    """Return why a test cannot be computed: too few studies, or all alike in `predictor`."""
    if k < 3:
        return f"{_count(k)}: the test needs at least three."
    return f"The test is undefined: the studies do not differ in {predictor}."


EXACT_LINE = "The test is undefined: the studies lie exactly on one line, so nothing is left to test against."


def regression_test(
    method: str,
    predictor: str,
    *,
    y: Array,
    x: Array,
    w: Array,
    level: float,
    dispersion: str = "free",
    has_limit: bool = True,
    notes: tuple[str, ...] = (),
) -> SmallStudyTest:
    """Regress `y` on `x` with weights `w`, all of shape (k,), and test the slope.

    `dispersion` is "free" (t test with k-2 degrees of freedom) or "one" (normal test). `has_limit` says
    whether x = 0 stands for an infinitely large study; the limit fields are NaN otherwise.
    """
    k = y.size
    line = fit_line(y, x, w, dispersion=dispersion)
    if line is None:
        return _undefined(method, predictor, k, level, notes)
    statistic, p = line.test_slope()
    low, high = line.interval_slope(level)
    limit_low, limit_high = line.interval_intercept(level) if has_limit else (NAN, NAN)
    return SmallStudyTest(
        method=method,
        predictor=predictor,
        level=level,
        k=k,
        statistic=statistic,
        df=line.df,
        p=p,
        bias=line.slope,
        bias_se=line.slope_se,
        bias_low=low,
        bias_high=high,
        limit=line.intercept if has_limit else NAN,
        limit_se=line.intercept_se if has_limit else NAN,
        limit_low=limit_low,
        limit_high=limit_high,
        notes=(*few_studies(k), *notes, *((EXACT_LINE,) if line.exact else ())),
    )


def _undefined(method: str, predictor: str, k: int, level: float, notes: tuple[str, ...]) -> SmallStudyTest:
    return SmallStudyTest(
        method=method,
        predictor=predictor,
        level=level,
        k=k,
        statistic=NAN,
        df=NAN,
        p=NAN,
        bias=NAN,
        bias_se=NAN,
        bias_low=NAN,
        bias_high=NAN,
        limit=NAN,
        limit_se=NAN,
        limit_low=NAN,
        limit_high=NAN,
        notes=(*few_studies(k), *notes, why_undefined(k, predictor)),
    )
