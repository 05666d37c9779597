"""Tests for small-study effects: Egger, Peters, Harbord, Macaskill, Pustejovsky, Begg; PET-PEESE.

The functions compute from three studies on; under ten the result carries a note, because the Cochrane
Handbook (chapter 13) advises against these tests there. Whether to show or refuse is the caller's decision.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ketcli.stats import validate
from ketcli.stats.numeric import kendall
from ketcli.stats.numeric.line import Line, fit_line
from ketcli.stats.results import Array
from ketcli.stats.small_studies.small_study import (
    EXACT_LINE,
    NAN,
    SmallStudyTest,
    few_studies,
    regression_test,
    why_undefined,
)
from ketcli.stats.tau2 import estimate_tau2


@dataclass(frozen=True)
class RankTest:
    """Begg and Mazumdar's rank test: Kendall's `tau` of standardised effects and variances.

    `statistic` is the normal deviate, NaN when the exact distribution was used (`exact`).
    """

    k: int
    tau: float
    statistic: float
    p: float
    exact: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class PetPeese:
    """The conditional PET-PEESE estimate; `chosen` names the line (PET or PEESE) whose intercept it is.

    `pet` and `peese` are both fitted lines (their intercepts are the estimates), None where undefined.
    """

    chosen: str
    alpha: float
    level: float
    k: int
    estimate: float
    se: float
    statistic: float
    df: float
    p: float
    ci_low: float
    ci_high: float
    pet: Line | None
    peese: Line | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Tables:
    """Margins of k two-by-two tables, those without events or without non-events left out (see `keep`)."""

    events1: Array
    total1: Array
    total2: Array
    events: Array
    others: Array
    keep: NDArray[np.bool_]
    notes: tuple[str, ...]

    @property
    def size(self) -> Array:
        return self.total1 + self.total2


def egger(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    model: str = "classic",
    tau2: str = "REML",
    test: str = "z",
    level: float = 0.95,
) -> SmallStudyTest:
    """Test whether effects depend on their standard errors.

    `model` "classic" is the weighted regression with free dispersion and t(k-2) (Egger et al. 1997); its
    `bias` equals the intercept of the regression of the standardised effect on precision. "random" adds the
    between-study variance by the estimator `tau2`, with a normal test ("z") or a scaled t(k-2) test ("knha")
    (Thompson & Sharp 1999, Sterne & Egger 2005).
    """
    y, v = validate.effects(yi, vi)
    validate.one_of("model", model, ("classic", "random"))
    validate.one_of("test", test, ("z", "knha"))
    level, se = validate.level(level), np.sqrt(v)
    if model == "classic":
        return regression_test("egger", "standard error", y=y, x=se, w=1.0 / v, level=level)
    between = 0.0
    notes: tuple[str, ...] = ()
    dispersion = "one" if test == "z" else "free"
    if fit_line(y, se, 1.0 / v) is not None:
        fitted = estimate_tau2(y, v, tau2, X=np.column_stack([np.ones_like(se), se]))
        between, notes = fitted.value, fitted.notes
    weights = 1.0 / (v + between)
    return regression_test(
        "egger-random",
        "standard error",
        y=y,
        x=se,
        w=weights,
        level=level,
        dispersion=dispersion,
        notes=notes,
    )


def peters(
    yi: ArrayLike,
    events1: ArrayLike,
    total1: ArrayLike,
    events2: ArrayLike,
    total2: ArrayLike,
    *,
    level: float = 0.95,
) -> SmallStudyTest:
    """Test log odds ratios (or log risk ratios) against 1/N, weighted by the total event counts.

    `yi` are the effects of the same studies as the counts, all of shape (k,). Weights are those of Peters et
    al. (2006): 1/(1/events + 1/non-events) over both arms; a study without events or without non-events has
    weight zero and is left out.
    """
    y, level = _finite("yi", yi), validate.level(level)
    table = _tables(events1, total1, events2, total2)
    validate.same_length(yi=y, events1=table.keep.astype(np.float64))
    weights = table.events * table.others / (table.events + table.others)
    return regression_test(
        "peters", "1/N", y=y[table.keep], x=1.0 / table.size, w=weights, level=level, notes=table.notes
    )


def harbord(
    events1: ArrayLike,
    total1: ArrayLike,
    events2: ArrayLike,
    total2: ArrayLike,
    *,
    measure: str = "OR",
    level: float = 0.95,
) -> SmallStudyTest:
    """Test the efficient score against its standard error, free of the artefact Egger's test has for ORs.

    Z is the efficient score and V Fisher's information under no effect, for the odds ratio (`measure` "OR")
    or the risk ratio ("RR"); Z/V is regressed on 1/sqrt(V) with weights V (Harbord et al. 2006). Studies
    without events or without non-events carry no information and are left out. For the risk ratio R's meta
    puts N/4 in the place of n1 n2/N, so its numbers differ where the arms are of unequal size.
    """
    validate.one_of("measure", measure, ("OR", "RR"))
    level = validate.level(level)
    table = _tables(events1, total1, events2, total2)
    expected = table.events * table.total1 / table.size
    if measure == "OR":
        score = table.events1 - expected
        scale = table.others / (table.size * (table.size - 1.0))
    else:
        score = (table.events1 - expected) * table.size / table.others
        scale = 1.0 / table.others
    information = table.total1 * table.total2 * table.events / table.size * scale
    return regression_test(
        "harbord",
        "standard error of the score",
        y=score / information,
        x=1.0 / np.sqrt(information),
        w=information,
        level=level,
        notes=table.notes,
    )


def macaskill(yi: ArrayLike, vi: ArrayLike, ni: ArrayLike, *, level: float = 0.95) -> SmallStudyTest:
    """Test effects against total sample size N with weights 1/vi (Macaskill et al. 2001).

    A line in N has no value for an infinitely large study: the limit fields are NaN.
    """
    y, v = validate.effects(yi, vi)
    n, level = _positive("ni", ni), validate.level(level)
    validate.same_length(yi=y, ni=n)
    note = "A regression on sample size gives no limit for an infinitely large study."
    return regression_test("macaskill", "N", y=y, x=n, w=1.0 / v, level=level, has_limit=False, notes=(note,))


def pustejovsky(
    yi: ArrayLike, vi: ArrayLike, total1: ArrayLike, total2: ArrayLike, *, level: float = 0.95
) -> SmallStudyTest:
    """Test standardised mean differences against sqrt(1/n1 + 1/n2), with weights 1/vi.

    The standard error of a standardised mean difference contains the effect itself, which lets Egger's test
    find asymmetry where there is none; this predictor does not (Pustejovsky & Rodgers 2019).
    """
    y, v = validate.effects(yi, vi)
    n1, n2, level = _positive("total1", total1), _positive("total2", total2), validate.level(level)
    validate.same_length(yi=y, total1=n1, total2=n2)
    x = np.sqrt(1.0 / n1 + 1.0 / n2)
    return regression_test("pustejovsky", "sqrt(1/n1 + 1/n2)", y=y, x=x, w=1.0 / v, level=level)


def begg(yi: ArrayLike, vi: ArrayLike) -> RankTest:
    """Test rank correlation of standardised effects and variances (Begg & Mazumdar 1994).

    Effects are centred on the common-effect mean and divided by the standard error of that difference. Exact
    when no value is tied, else tau-b with the tie-corrected normal test.
    """
    y, v = validate.effects(yi, vi)
    k = y.size
    if k < 3:
        return RankTest(k, NAN, NAN, NAN, exact=False, notes=(*few_studies(k), why_undefined(k, "")))
    w = 1.0 / v
    spread = v * (1.0 - w / w.sum())
    if (spread <= 0.0).any():
        note = "The test is undefined: one study outweighs all others beyond the precision of the arithmetic."
        return RankTest(k, NAN, NAN, NAN, exact=False, notes=(*few_studies(k), note))
    rank = kendall.kendall((y - w @ y / w.sum()) / np.sqrt(spread), v)
    notes = few_studies(k)
    if np.isnan(rank.tau):
        notes += (why_undefined(k, "variance, or not in effect"),)
    elif rank.tied:
        notes += ("Tied values: tau-b with the tie-corrected normal test instead of the exact one.",)
    elif not rank.exact:
        notes += (f"More than {kendall.EXACT_LIMIT} studies: normal instead of exact test.",)
    return RankTest(k, rank.tau, rank.z, rank.p, exact=rank.exact, notes=notes)


def pet_peese(yi: ArrayLike, vi: ArrayLike, *, alpha: float = 0.10, level: float = 0.95) -> PetPeese:
    """Return the effect of an ideal study with no sampling error, by the conditional PET-PEESE rule.

    PET regresses yi on the standard error, PEESE on the variance, both with weights 1/vi and free dispersion.
    The PEESE intercept is taken when the PET intercept differs from zero at `alpha` two-sided (0.10 is the
    one-sided 5 % of Stanley & Doucouliagos 2014), the PET intercept otherwise.
    """
    y, v = validate.effects(yi, vi)
    level, alpha = validate.level(level), validate.fraction("alpha", alpha)
    k = y.size
    pet, peese = fit_line(y, np.sqrt(v), 1.0 / v), fit_line(y, v, 1.0 / v)
    if pet is None or peese is None:
        notes: tuple[str, ...] = (*few_studies(k), why_undefined(k, "standard error"))
        return PetPeese("", alpha, level, k, NAN, NAN, NAN, NAN, NAN, NAN, NAN, None, None, notes)
    differs = pet.test_intercept()[1] < alpha
    chosen, line = ("PEESE", peese) if differs else ("PET", pet)
    statistic, p = line.test_intercept()
    low, high = line.interval_intercept(level)
    verb = "differs" if differs else "does not differ"
    rule = f"{chosen} is taken because the PET intercept {verb} from zero at the {alpha:g} level."
    notes = (*few_studies(k), rule, *((EXACT_LINE,) if line.exact else ()))
    return PetPeese(
        chosen=chosen,
        alpha=alpha,
        level=level,
        k=k,
        estimate=line.intercept,
        se=line.intercept_se,
        statistic=statistic,
        df=line.df,
        p=p,
        ci_low=low,
        ci_high=high,
        pet=pet,
        peese=peese,
        notes=notes,
    )


def _finite(name: str, values: ArrayLike) -> Array:
    array = validate.vector(name, values)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite: drop studies without an estimate first")
    return array


def _positive(name: str, values: ArrayLike) -> Array:
    array = validate.vector(name, values)
    if not (np.isfinite(array).all() and (array > 0.0).all()):
        raise ValueError(f"{name} must be positive and finite")
    return array


def _tables(events1: ArrayLike, total1: ArrayLike, events2: ArrayLike, total2: ArrayLike) -> _Tables:
    a, n1 = validate.counts(events1, total1)
    c, n2 = validate.counts(events2, total2)
    validate.same_length(events1=a, events2=c)
    events, others = a + c, n1 + n2 - a - c
    keep = (events > 0.0) & (others > 0.0)
    dropped = int((~keep).sum())
    note = f"{dropped} of {keep.size} studies left out: without events, or without non-events."
    notes = (note,) if dropped else ()
    return _Tables(a[keep], n1[keep], n2[keep], events[keep], others[keep], keep, notes)
