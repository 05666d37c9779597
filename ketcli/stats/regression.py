"""Meta-regression: study effects explained by study characteristics, with predictions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ketcli.stats import least_squares as ls
from ketcli.stats import prediction as pi
from ketcli.stats import validate
from ketcli.stats.batch import COMMON, Batch, describe, usable_test
from ketcli.stats.design import Design, orthonormal
from ketcli.stats.inference import degrees, wald
from ketcli.stats.numeric.distributions import chi2_sf, f_sf
from ketcli.stats.results import Array
from ketcli.stats.studies import Studies
from ketcli.stats.tau2 import remarks

INTERCEPT = "intercept"
COMMON_TEST = "Tested by z: Hartung-Knapp's test belongs to random effects."


@dataclass(frozen=True, eq=False)
class Regression:
    """A fitted meta-regression of p coefficients. NaN marks what is not defined; a note then says why.

    Attributes:
        names: of the coefficients, the intercept first when there is one.
        method: estimator of tau², or CE.
        test: z, t, knha or adhoc; z when no degrees of freedom are left.
        level: confidence level, 0-1.
        k: number of studies.
        df: residual degrees of freedom k - p.
        coefficients, se, statistic, p, ci_low, ci_high: shape (p,).
        covariance: of the coefficients, Hartung-Knapp factor included, shape (p, p).
        factor: the Hartung-Knapp factor q/df in use (1 for z and t).
        plain_factor: q/df whatever the test.
        tau2, tau2_se: residual between-study variance.
        r2: percent of tau² explained, at least 0; 0 when there is none to explain.
        i2, h2: of the residual heterogeneity, I² in percent.
        qe, qe_p: residual Q on `df` degrees of freedom.
        qm, qm_df1, qm_df2, qm_p: test of all coefficients but the intercept: chi-square (qm_df2 infinite) for
            z, F otherwise.
        weights: percent per study, shape (k,).
        intercept: whether one was added.
    """

    names: tuple[str, ...]
    method: str
    test: str
    level: float
    k: int
    df: float
    coefficients: Array
    se: Array
    statistic: Array
    p: Array
    ci_low: Array
    ci_high: Array
    covariance: Array
    factor: float
    plain_factor: float
    tau2: float
    tau2_se: float
    r2: float
    i2: float
    h2: float
    qe: float
    qe_p: float
    qm: float
    qm_df1: float
    qm_df2: float
    qm_p: float
    weights: Array
    intercept: bool
    converged: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predicted means at n settings of the moderators with confidence and prediction intervals, shape (n,)."""

    level: float
    estimate: Array
    se: Array
    ci_low: Array
    ci_high: Array
    pi_low: Array
    pi_high: Array
    notes: tuple[str, ...] = ()


def meta_regression(
    yi: ArrayLike,
    vi: ArrayLike,
    X: ArrayLike,
    names: Sequence[str] | None = None,
    *,
    tau2: str = "REML",
    test: str = "adhoc",
    level: float = 0.95,
    intercept: bool = True,
) -> Regression:
    """Regress effects, shape (k,), on the m moderators X, shape (k, m), with weights 1/(vi + tau²).

    `names` are those of the columns of X; an intercept is put before them unless `intercept` is False.
    `tau2` is an estimator or CE; `test` is z, t, knha or adhoc (the last two are z for CE, with a note). Raises
    ValueError, naming the column, when the columns are dependent. As many coefficients as studies leave tau²
    at 0 with a note.
    """
    asked, test = test, usable_test(tau2, test)
    y, v = validate.effects(yi, vi)
    plan = design(X, names, y.size, intercept=intercept)
    studies = ls.arrange(y[None, :], v[None, :], plan.columns)
    fits = describe(studies, tau2=tau2, test=test, level=level, back=plan.back)
    df = float(fits.df[0])
    weights = 1.0 / (v + fits.tau2[0])
    tested = tested_columns(plan, intercept=intercept)
    qm = float(q_moderators(fits, tested)[0])
    df2 = float(degrees(test, fits.df)[0])
    if math.isfinite(df2):
        qm /= tested.size
    r2, notes = _explained(fits, ls.arrange(y[None, :], v[None, :]), tau2, intercept=intercept)
    return Regression(
        names=plan.names,
        method=tau2,
        test=test if df > 0 else "z",
        level=level,
        k=y.size,
        df=df,
        coefficients=fits.coefficients[0],
        se=fits.se[0],
        statistic=fits.statistic[0],
        p=fits.p[0],
        ci_low=fits.ci_low[0],
        ci_high=fits.ci_high[0],
        covariance=fits.covariance[0],
        factor=float(fits.factor[0]),
        plain_factor=float(ls.q_statistic(ls.weighted_fit(studies, fits.tau2))[0]) / df if df > 0 else 1.0,
        tau2=float(fits.tau2[0]),
        tau2_se=float(fits.tau2_se[0]),
        r2=r2,
        i2=float(fits.i2[0]),
        h2=float(fits.h2[0]),
        qe=float(fits.q[0]),
        qe_p=float(fits.q_p[0]),
        qm=qm,
        qm_df1=float(tested.size),
        qm_df2=df2,
        qm_p=_qm_p(qm, tested.size, df2),
        weights=100.0 * weights / weights.sum(),
        intercept=intercept,
        converged=bool(fits.converged[0]),
        notes=(*notes, *_notes(fits, tau2), *([COMMON_TEST] if test != asked else [])),
    )


def design(X: ArrayLike, names: Sequence[str] | None, k: int, *, intercept: bool) -> Design:
    """Return the checked design with the intercept, when wanted, as its first column."""
    x = np.asarray(X, dtype=np.float64)
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or x.shape[0] != k:
        raise ValueError(f"X must have one row for each of the {k} studies, got shape {x.shape}")
    titles = tuple(names) if names is not None else tuple(f"x{j + 1}" for j in range(x.shape[1]))
    if intercept:
        x, titles = np.column_stack((np.ones(k), x)), (INTERCEPT, *titles)
    return orthonormal(x, titles)


def tested_columns(plan: Design, *, intercept: bool) -> NDArray[np.intp]:
    """Return the numbers of the coefficients Q_M tests: all but the intercept, or it alone if alone."""
    p = len(plan.names)
    return np.arange(1 if intercept and p > 1 else 0, p)


def q_moderators(fits: Batch, tested: NDArray[np.intp]) -> Array:
    """Return b' V^-1 b of the tested coefficients (chi-square scale), shape (B,); NaN where undefined."""
    b = fits.statistic[:, tested]
    se = fits.se[:, tested]
    scale = np.where(se > 0.0, se, np.nan)
    block = fits.covariance[:, tested[:, None], tested] / (scale[:, :, None] * scale[:, None, :])
    good = np.isfinite(block).all(axis=(1, 2)) & np.isfinite(b).all(axis=1)
    result = np.full(b.shape[0], np.nan)
    if good.any():
        solved = np.linalg.solve(block[good], b[good][:, :, None])[:, :, 0]
        result[good] = np.einsum("ij,ij->i", b[good], solved)
    return result


def predict(
    regression: Regression, X: ArrayLike, *, level: float | None = None, prediction: str = "V"
) -> Predictions:
    """Predict the mean effect where the moderators are X, shape (n, m) without the intercept's column.

    The prediction interval follows `prediction.RULES` with k - p degrees of freedom; metafor's is HK for its
    test "knha" and z for "z". `level` defaults to the regression's.
    """
    validate.one_of("prediction", prediction, pi.RULES)
    level = validate.level(regression.level if level is None else level)
    x = np.atleast_2d(np.asarray(X, dtype=np.float64))
    if regression.intercept:
        x = np.column_stack((np.ones(x.shape[0]), x))
    if x.shape[1] != len(regression.names):
        raise ValueError(f"X needs one column for each of {', '.join(regression.names[regression.intercept :])}")
    estimate = x @ regression.coefficients
    se = np.sqrt(np.einsum("ij,jl,il->i", x, regression.covariance, x))
    df = np.full(estimate.shape, float(degrees(regression.test, np.array(regression.df))))
    mean = wald(estimate, se, df, level)
    # A factor of 0 means every classic standard error is lost; then so is the interval made from it.
    classic = se / math.sqrt(regression.factor) if regression.factor > 0.0 else np.full(se.shape, math.nan)
    bands = [
        pi.prediction_interval(
            prediction,
            df=regression.df,
            estimate=float(e),
            tau2=regression.tau2,
            se=float(s),
            se_hk=float(s) * math.sqrt(regression.plain_factor),
            level=level,
        )
        for e, s in zip(estimate, classic, strict=True)
    ]
    return Predictions(
        level,
        estimate,
        se,
        mean.ci_low,
        mean.ci_high,
        np.array([band.low for band in bands]),
        np.array([band.high for band in bands]),
        tuple(dict.fromkeys(band.note for band in bands if band.note)),
    )


def _qm_p(qm: float, df1: int, df2: float) -> float:
    if math.isnan(qm):
        return math.nan
    return float(chi2_sf(qm, df1) if math.isinf(df2) else f_sf(qm, df1, df2))


def _explained(fits: Batch, alone: Studies, method: str, *, intercept: bool) -> tuple[float, tuple[str, ...]]:
    """Return R² in percent: the fall of tau² from the model with the intercept alone (Raudenbush 1994)."""
    if not intercept or method == COMMON:
        return math.nan, ("R² compares tau² with that of the intercept alone and is not defined here.",)
    total = float(describe(alone, tau2=method, test="z").tau2[0])
    if total == 0.0:
        return 0.0, ("Without moderators tau² is 0 already: there is nothing for R² to explain.",)
    return max(0.0, 100.0 * (total - float(fits.tau2[0])) / total), ()


def _notes(fits: Batch, method: str) -> tuple[str, ...]:
    notes = []
    if (fits.se[0] == 0.0).any():
        notes.append("The moderators explain the effects exactly: Hartung-Knapp errors of 0 test nothing.")
    if fits.df[0] <= 0:
        notes.append("As many coefficients as studies: tau² is taken as 0 and the fit is exact.")
    return (*notes, *remarks(method, fits.converged, fits.maxima))
