"""How much single studies matter: leave-one-out, cumulative, case diagnostics and the Baujat plot's points."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ketcli.stats import least_squares as ls
from ketcli.stats import validate
from ketcli.stats.batch import Batch, describe, solve_many, usable_test
from ketcli.stats.design import Design, orthonormal
from ketcli.stats.numeric.distributions import chi2_sf
from ketcli.stats.results import Array
from ketcli.stats.studies import Studies
from ketcli.stats.tau2 import remarks


@dataclass(frozen=True, eq=False)
class Refits:
    """Pooled results of n selections of the studies, arrays of shape (n,).

    `study` is the number (from 0) of the study left out, or added last. I² (percent) and H² are NaN, and the
    interval normal, where one study is left.
    """

    study: NDArray[np.intp]
    k: Array
    estimate: Array
    se: Array
    statistic: Array
    p: Array
    ci_low: Array
    ci_high: Array
    q: Array
    q_p: Array
    tau2: Array
    i2: Array
    h2: Array
    notes: tuple[str, ...] = ()


def leave_one_out(
    yi: ArrayLike, vi: ArrayLike, *, tau2: str = "REML", test: str = "adhoc", level: float = 0.95
) -> Refits:
    """Pool all studies but one, in turn; a single study leaves nothing (n = 0) and a note.

    `tau2` is an estimator or CE, the common effect, for which knha and adhoc are z.
    """
    y, v = validate.effects(yi, vi)
    study = np.arange(y.size)
    if y.size > 1:
        mask = study[:, None] != study
        return _refits(study, solve_many(y, v, mask=mask, tau2=tau2, test=test, level=level), tau2)
    alone = _refits(study, solve_many(y[None, :], v[None, :], tau2=tau2, test=test, level=level), tau2)
    empty = {field.name: getattr(alone, field.name)[:0] for field in fields(alone) if field.name != "notes"}
    return replace(alone, **empty, notes=("One study: none can be left out.",))


def cumulative(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    by: ArrayLike | None = None,
    tau2: str = "REML",
    test: str = "adhoc",
    level: float = 0.95,
) -> Refits:
    """Pool the first study, the first two, and so on, in the order of `by` (years, say; ties as given).

    `tau2` is an estimator or CE, the common effect, for which knha and adhoc are z.
    """
    y, v = validate.effects(yi, vi)
    order = np.arange(y.size) if by is None else np.argsort(np.asarray(by), kind="stable")
    if order.size != y.size:
        raise ValueError(f"by has {order.size} values for {y.size} studies")
    mask = np.tril(np.ones((y.size, y.size), dtype=bool))
    return _refits(order, solve_many(y[order], v[order], mask=mask, tau2=tau2, test=test, level=level), tau2)


def _refits(study: NDArray[np.intp], fits: Batch, tau2: str) -> Refits:
    return Refits(
        study=study,
        k=fits.k,
        estimate=fits.estimate,
        se=fits.se[:, 0],
        statistic=fits.statistic[:, 0],
        p=fits.p[:, 0],
        ci_low=fits.ci_low[:, 0],
        ci_high=fits.ci_high[:, 0],
        q=fits.q,
        q_p=fits.q_p,
        tau2=fits.tau2,
        i2=fits.i2,
        h2=fits.h2,
        notes=tuple(remarks(tau2, fits.converged, fits.maxima)),
    )


@dataclass(frozen=True, eq=False)
class Influence:
    """Case diagnostics, arrays of shape (k,) ((k, p) for dfbetas); definitions in Viechtbauer & Cheung 2010.

    Attributes:
        rstudent: externally studentised residual.
        dffits: change of the fitted value, in standard errors.
        cook: Cook's distance.
        cov_ratio: determinant of the coefficients' covariance without the study over that with it.
        tau2_deleted, qe_deleted: tau² and residual Q without the study.
        hat: leverage.
        weight: percent.
        dfbetas: change of each coefficient, in standard errors.
        influential: True where a study crosses one of metafor's four limits: |dffits| > 3 sqrt(p/(k-p)), the
            chi-square(p) probability below Cook's distance > 1/2, hat > 3p/k, or any |dfbetas| > 1.

    NaN where the studies left cannot carry the design.
    """

    rstudent: Array
    dffits: Array
    cook: Array
    cov_ratio: Array
    tau2_deleted: Array
    qe_deleted: Array
    hat: Array
    weight: Array
    dfbetas: Array
    influential: NDArray[np.bool_]
    notes: tuple[str, ...] = ()


def influence(
    yi: ArrayLike, vi: ArrayLike, X: ArrayLike | None = None, *, tau2: str = "REML", test: str = "z"
) -> Influence:
    """Diagnose each study's influence on the mean, or on the coefficients of a design X, shape (k, p).

    X needs its own column of ones for an intercept. `tau2` is an estimator or CE. The default test is z, as in
    metafor; knha and adhoc carry their variance factor into the scales.
    """
    y, v, plan = _checked(yi, vi, X)
    k, p = y.size, len(plan.names)
    full, left, everyone = _with_and_without(y, v, plan, tau2, test)
    x = np.stack([c[0] for c in plan.columns], axis=1)
    fit = ls.weighted_fit(everyone, full.tau2)
    hat = fit.hat[0]
    fitted = x @ full.coefficients[0]
    without = np.einsum("ij,ij->i", x, left.coefficients)
    variance = np.einsum("ij,ijl,il->i", x, left.covariance, x)
    spread = left.tau2 + v
    rstudent = (y - without) / np.sqrt(left.factor * spread + variance)
    dffits = (fitted - without) / np.sqrt(left.factor * hat * spread)
    moved = full.coefficients - left.coefficients
    cook = np.einsum("ij,jl,il->i", moved, np.linalg.inv(full.covariance[0]), moved)
    cov_ratio = np.exp(left.log_volume - full.log_volume) * (left.factor / full.factor) ** p
    dfbetas = _dfbetas(everyone, left, moved @ plan.back.T, plan)
    limit = 3.0 * math.sqrt(p / (k - p)) if k > p else math.inf
    with np.errstate(invalid="ignore"):
        influential = (
            (np.abs(dffits) > limit)
            | (1.0 - np.asarray(chi2_sf(cook, float(p))) > 0.5)
            | (hat > 3.0 * p / k)
            | (np.abs(dfbetas) > 1.0).any(axis=1)
        )
    lost = np.isnan(left.tau2)
    return Influence(
        rstudent=rstudent,
        dffits=dffits,
        cook=cook,
        cov_ratio=cov_ratio,
        tau2_deleted=left.tau2,
        qe_deleted=left.q,
        hat=hat,
        weight=100.0 * fit.weights[0] / fit.weights[0].sum(),
        dfbetas=dfbetas,
        influential=influential & ~lost,
        notes=_notes(lost),
    )


def baujat(yi: ArrayLike, vi: ArrayLike, X: ArrayLike | None = None, *, tau2: str = "CE") -> tuple[Array, Array]:
    """Return the points of a Baujat plot, two arrays of shape (k,) (Baujat et al. 2002).

    x is the squared Pearson residual (under CE the study's part of Q); y is the squared change of the fitted
    value when the study is left out, over that value's variance without it.
    """
    y, v, plan = _checked(yi, vi, X)
    full, left, _ = _with_and_without(y, v, plan, tau2, "z")
    x = np.stack([c[0] for c in plan.columns], axis=1)
    fitted = x @ full.coefficients[0]
    without = np.einsum("ij,ij->i", x, left.coefficients)
    variance = np.einsum("ij,ijl,il->i", x, left.covariance, x)
    return (y - fitted) ** 2 / (full.tau2 + v), (without - fitted) ** 2 / variance


def _checked(yi: ArrayLike, vi: ArrayLike, X: ArrayLike | None) -> tuple[Array, Array, Design]:
    y, v = validate.effects(yi, vi)
    return y, v, orthonormal(np.ones(y.size) if X is None else X, k=y.size)


def _with_and_without(y: Array, v: Array, plan: Design, tau2: str, test: str) -> tuple[Batch, Batch, Studies]:
    """Return the fit of all studies, the k fits without one, and all studies arranged."""
    k, test = y.size, usable_test(tau2, test)
    everyone = ls.arrange(y[None, :], v[None, :], plan.columns)
    shape = (k, k)
    others = ls.arrange(np.broadcast_to(y, shape), np.broadcast_to(v, shape), plan.columns, ~np.eye(k, dtype=bool))
    return describe(everyone, tau2=tau2, test=test), describe(others, tau2=tau2, test=test), everyone


def _dfbetas(everyone: Studies, left: Batch, moved: Array, plan: Design) -> Array:
    """Scale the changes of the coefficients by their errors with all studies at the tau² of those left."""
    k = left.tau2.size
    refit = ls.weighted_fit(everyone.take(np.zeros(k, dtype=np.intp)), left.tau2)
    covariance = plan.back @ ls.covariance(refit) @ plan.back.T
    return np.asarray(moved / np.sqrt(left.factor[:, None] * np.einsum("ijj->ij", covariance)))


def _notes(lost: NDArray[np.bool_]) -> tuple[str, ...]:
    if lost.all():
        return ("Too few studies: none can be left out.",)
    if lost.any():
        return (f"{int(lost.sum())} of the studies cannot be left out without making the design singular.",)
    return ()
