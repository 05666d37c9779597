"""Three-level models: effects within studies (or other clusters) that differ between and within, by REML.

y_ij = mean + between_i + within_ij + error_ij, with variances sigma²_between and sigma²_within and the errors'
covariance V known (Konstantopoulos 2011; Cheung 2014; with covariances in V, the correlated and hierarchical
effects of Pustejovsky & Tipton 2022). As metafor's rma.mv(yi, V, random = ~ 1 | cluster / effect).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ketcli.stats import validate
from ketcli.stats.dependent import variance_components as vc
from ketcli.stats.dependent.coefficients import Coefficients, coefficients
from ketcli.stats.dependent.robust import cr2
from ketcli.stats.design import orthonormal
from ketcli.stats.numeric.blocks import Clusters, clusters, covariance_blocks, full_matrix
from ketcli.stats.numeric.distributions import chi2_sf
from ketcli.stats.pooled_line import pooled_line
from ketcli.stats.prediction import prediction_interval
from ketcli.stats.regression import design
from ketcli.stats.results import Array, Pooled

TESTS = ("t", "z", "cr2")
DEGREES = ("contain", "residual")
PREDICTION_RULES = ("V", "HTS", "z")


@dataclass(frozen=True)
class Variances:
    """The two variances and what they mean; NaN marks what is not defined, and the notes say why.

    Attributes:
        between, within: sigma² between clusters, and between effects within them.
        between_se, within_se: from the observed information.
        i2_between, i2_within: percent of the total variance of an effect with a typical sampling variance.
        loglik: restricted log-likelihood at the maximum.
        clusters: number of clusters.
        converged: whether the maximum was reached.
    """

    between: float
    within: float
    between_se: float
    within_se: float
    i2_between: float
    i2_within: float
    loglik: float
    clusters: int
    converged: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ThreeLevel:
    """The mean as a pooled line, whose tau² is the sum of both variances, and the variances.

    `marginal` (k, k) is V with both on top, the working covariance for `robust_cr2`.
    """

    pooled: Pooled
    variances: Variances
    marginal: Array


@dataclass(frozen=True, eq=False)
class ThreeLevelRegression:
    """Coefficients in the order of `names`, the variances that are left, and residual Q; `marginal` as above."""

    names: tuple[str, ...]
    test: str
    k: int
    coefficients: Coefficients
    qe: float
    qe_df: float
    qe_p: float
    variances: Variances
    marginal: Array
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Fit:
    problem: vc.Problem
    at: vc.Weighted
    components: vc.Components
    variances: Variances
    qe: float


def three_level(
    yi: ArrayLike,
    V: ArrayLike,
    cluster: Sequence[object],
    *,
    test: str = "t",
    df: str = "contain",
    level: float = 0.95,
    prediction: str = "V",
) -> ThreeLevel:
    """Return the mean of k effects in clusters.

    Args:
        yi: effects, shape (k,).
        V: their sampling variances, shape (k,), or covariance matrix, shape (k, k), zero between clusters.
        cluster: k labels.
        test: t, z, or cr2 for cluster-robust errors with Satterthwaite's degrees of freedom (`robust`).
        df: for t: contain, the number of clusters less 1 (the mean varies no faster than they do), or residual,
            k - 1, metafor's default.
        level: confidence level, 0-1.
        prediction: rule of the interval for a new effect in a new cluster, by t with clusters - 1 (V), - 2 (HTS)
            degrees of freedom, or z.

    Weights are each effect's share in the mean, W 1 over its sum; with covariances in V they can be negative. With
    one effect in every cluster the two variances are one, reported as between; one cluster leaves only within.
    ValueError for covariances between clusters or a V that is no covariance matrix.
    """
    validate.one_of("prediction", prediction, PREDICTION_RULES)
    y, groups, v = _effects(yi, V, cluster)
    found = _fit(y, np.ones((y.size, 1)), v, groups)
    mean = _coefficients(found, np.ones((y.size, 1)), test, df, level)
    variances, estimate, se = found.variances, float(mean.estimate[0]), float(mean.se[0])
    total = variances.between + variances.within
    band = prediction_interval(
        prediction,
        df=groups.count - 1.0,
        estimate=estimate,
        tau2=total,
        se=math.sqrt(float(found.at.inverse[0, 0])),
        se_hk=math.nan,
        level=level,
    )
    i2 = variances.i2_between + variances.i2_within
    shares = groups.spread(found.at.wx[:, :, 0])
    notes = (extent(y.size, groups.count), *variances.notes, *mean.notes, *filter(None, (band.note,)))
    pooled = pooled_line(
        model="three-level",
        method="REML",
        test=test,
        level=level,
        k=y.size,
        estimate=estimate,
        se=se,
        df=float(mean.df[0]),
        tau2=total,
        i2=i2,
        h2=1.0 / (1.0 - i2 / 100.0) if i2 < 100.0 else math.inf,
        q=found.qe if y.size > 1 else 0.0,
        q_df=y.size - 1.0,
        prediction=band,
        weights=100.0 * shares / shares.sum(),
        converged=variances.converged,
        notes=notes,
    )
    return ThreeLevel(pooled, variances, full_matrix(vc.marginal(found.problem, found.components.value), groups))


def three_level_regression(
    yi: ArrayLike,
    V: ArrayLike,
    cluster: Sequence[object],
    X: ArrayLike,
    names: Sequence[str] | None = None,
    *,
    intercept: bool = True,
    test: str = "t",
    df: str = "contain",
    level: float = 0.95,
) -> ThreeLevelRegression:
    """Regress k effects in clusters on moderators X, shape (k, m).

    Arguments as for `three_level` and `regression.meta_regression`.
    With df "contain" a coefficient whose column is constant in every cluster has clusters - p degrees of freedom,
    another k - p (as metafor's dfs = "contain").
    """
    y, groups, v = _effects(yi, V, cluster)
    plan = design(X, names, y.size, intercept=intercept)
    found = _fit(y, plan.matrix, v, groups)
    freedom = float(found.problem.df)
    return ThreeLevelRegression(
        names=plan.names,
        test=test,
        k=y.size,
        coefficients=_coefficients(found, plan.matrix, test, df, level),
        qe=found.qe,
        qe_df=freedom,
        qe_p=float(chi2_sf(found.qe, freedom)),
        variances=found.variances,
        marginal=full_matrix(vc.marginal(found.problem, found.components.value), groups),
        notes=(extent(y.size, groups.count), *found.variances.notes),
    )


def problem_of(yi: ArrayLike, V: ArrayLike, cluster: Sequence[object], X: ArrayLike | None) -> vc.Problem:
    """Return the checked effects, design (None: the mean alone) and covariance by cluster."""
    y, groups, v = _effects(yi, V, cluster)
    x = np.ones((y.size, 1)) if X is None else orthonormal(X, k=y.size).matrix
    return vc.Problem(groups.gather(y), groups.gather(x), v, groups, _identified(groups, x)[0])


def _effects(yi: ArrayLike, V: ArrayLike, cluster: Sequence[object]) -> tuple[Array, Clusters, Array]:
    """Return the checked effects (k,), their clusters and the blocks of V."""
    y = validate.vector("yi", yi)
    if y.size == 0 or not np.isfinite(y).all():
        raise ValueError("yi must be one or more finite numbers: drop effects that are missing first")
    groups = clusters(cluster, y.size)
    return y, groups, covariance_blocks(V, groups)


def _fit(y: Array, x: Array, v: Array, groups: Clusters) -> _Fit:
    """Return the restricted maximum and the weighted fit there."""
    free, notes = _identified(groups, x)
    problem = vc.Problem(groups.gather(y), groups.gather(x), v, groups, free)
    found = vc.estimate(problem)
    try:
        typical, qe = _typical_variance(problem)
    except np.linalg.LinAlgError:
        typical = qe = math.nan
        notes = (*notes, "V is singular: Q and I² are not defined.")
    s, se = found.value, found.se
    whole = float(s.sum()) + typical
    if not free.any():
        notes = (*notes, "No degrees of freedom are left: both variances are taken as 0, and I² is not defined.")
    elif not found.converged:
        notes = (*notes, "The variances did not reach their tolerance.")
    for name, value, error, wanted in zip(("between", "within"), s, se, free, strict=True):
        if wanted and math.isnan(error):
            zero = " is estimated as 0, where its" if value == 0.0 else "'s"
            notes = (*notes, f"The variance {name} clusters{zero} standard error is not defined.")
    share = 100.0 * s / whole if free.any() else np.full(2, math.nan)
    variances = Variances(
        between=float(s[0]),
        within=float(s[1]),
        between_se=float(se[0]),
        within_se=float(se[1]),
        i2_between=float(share[0]),
        i2_within=float(share[1]),
        loglik=found.loglik,
        clusters=groups.count,
        converged=found.converged,
        notes=notes,
    )
    return _Fit(problem, vc.weighted(problem, s), found, variances, qe)


def _identified(groups: Clusters, x: Array) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Return which variances (between, within) the data can tell, and why not the others."""
    if groups.number.size <= x.shape[1]:
        return np.array([False, False]), ()
    if groups.count == 1:
        return np.array([False, True]), (
            "One cluster: nothing is known of the variance between clusters, which is taken as 0.",
        )
    if groups.index.shape[1] == 1:
        return np.array([True, False]), (
            "Every cluster has one effect: the variance between clusters is that between effects.",
        )
    return np.array([True, True]), ()


def _typical_variance(problem: vc.Problem) -> tuple[float, float]:
    """Return (k - p) / tr P at variances of 0 (NaN without degrees of freedom), and Cochran's residual Q."""
    at = vc.weighted(problem, np.zeros(2))
    trace = float(np.trace(at.w, axis1=1, axis2=2).sum())
    trace -= float(np.einsum("pq,cmq,cmp->", at.inverse, at.wx, at.wx))
    return (problem.df / trace if problem.df > 0 else math.nan), max(at.quadratic, 0.0)


def _coefficients(found: _Fit, x: Array, test: str, df: str, level: float) -> Coefficients:
    """Return the coefficients with the errors and degrees of freedom that `test` and `df` name."""
    validate.one_of("test", test, TESTS)
    validate.one_of("df", df, DEGREES)
    validate.level(level)
    problem, at = found.problem, found.at
    if test == "cr2":
        marginal = vc.marginal(problem, found.components.value)
        return cr2(problem.y, problem.x, marginal, at.w, problem.groups, level)
    freedom = np.full(at.beta.size, float(problem.df) if test == "t" else math.inf)
    if test == "t" and df == "contain":
        freedom = np.where(_constant(x, problem.groups), float(problem.groups.count - at.beta.size), freedom)
    notes: tuple[str, ...] = ()
    if (freedom <= 0.0).any():
        notes = ("No degrees of freedom are left between clusters: the normal distribution is used.",)
    return coefficients(at.beta, at.inverse, freedom, level, notes)


def _constant(x: Array, groups: Clusters) -> NDArray[np.bool_]:
    """Return which columns of x (k, p) do not vary within any cluster."""
    first = x[groups.index[:, 0]][groups.number]
    return np.asarray((x == first).all(axis=0))


def extent(k: int, count: int) -> str:
    """Return the note that says how many effects there are, in how many clusters."""
    return f"{k} effect{'s' if k != 1 else ''} in {count} cluster{'s' if count != 1 else ''}."
