"""Inverse-variance pooling: the common-effect and the random-effects mean."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from ketcli.stats import heterogeneity as het
from ketcli.stats import least_squares as ls
from ketcli.stats import prediction as pi
from ketcli.stats import tau2 as between
from ketcli.stats import validate
from ketcli.stats.inference import TESTS, degrees, variance_factor
from ketcli.stats.pooled_line import COMMON_NOTE, NOTHING, pooled_line
from ketcli.stats.results import Pooled
from ketcli.stats.studies import Studies

I2_FROM = ("tau2", "q")
# A Hartung-Knapp factor from here on moves no digit anyone reads: not worth a note.
CLOSE_TO_ONE = 0.995


def common_effect(yi: ArrayLike, vi: ArrayLike, *, test: str = "z", level: float = 0.95) -> Pooled:
    """Return the mean with weights 1/vi, which supposes one true effect: tau² is 0, I² and H² come from Q.

    `yi` and `vi` have shape (k,); `test` is z or t (k - 1 degrees of freedom). No prediction interval.
    """
    validate.one_of("test", test, ("z", "t"))
    y, v = validate.effects(yi, vi)
    studies = ls.arrange(y[None, :], v[None, :])
    none = between.Tau2(0.0, math.nan, 0, converged=True)
    return pooled_at(studies, none, model="common", method="", test=test, level=level, prediction=None, i2="q")


def random_effects(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    tau2: str = "REML",
    test: str = "adhoc",
    level: float = 0.95,
    prediction: str = "V",
    i2: str = "tau2",
) -> Pooled:
    """Return the mean of a distribution of true effects, with weights 1/(vi + tau²).

    Args:
        yi: effects, shape (k,).
        vi: sampling variances, shape (k,), positive.
        tau2: estimator, one of `tau2.METHODS`.
        test: z, t, knha (Hartung-Knapp), adhoc (its variance factor at least 1) or iqwig6: Hartung-Knapp,
            and adhoc only when its interval is narrower than the classic DerSimonian-Laird one (IQWiG,
            General Methods 6; R package meta, adhoc.hakn.ci = "IQWiG6").
        level: confidence level, 0-1.
        prediction: rule of the prediction interval, one of `prediction.RULES`.
        i2: tau2 (metafor) or q (RevMan 5).

    One study is returned as it is, with a normal interval, tau² = 0 and a note.
    """
    validate.one_of("tau2", tau2, between.METHODS)
    validate.one_of("test", test, (*TESTS, "iqwig6"))
    validate.one_of("prediction", prediction, pi.RULES)
    validate.one_of("i2", i2, I2_FROM)
    y, v = validate.effects(yi, vi)
    studies = ls.arrange(y[None, :], v[None, :])
    estimate = between.single(between.solve(studies, tau2), studies, tau2)
    notes: tuple[str, ...] = ()
    if test == "iqwig6":
        test, notes = _iqwig6(studies, estimate, validate.level(level))
    return pooled_at(
        studies,
        estimate,
        model="random",
        method=tau2,
        test=test,
        level=level,
        prediction=prediction,
        i2=i2,
        notes=notes,
    )


def pooled_at(
    studies: Studies,
    tau2: between.Tau2,
    *,
    model: str,
    method: str,
    test: str,
    level: float,
    prediction: str | None,
    i2: str,
    factor: float | None = None,
    df: float | None = None,
    notes: tuple[str, ...] = (),
) -> Pooled:
    """Describe the mean of the first arranged meta-analysis at a given tau².

    `factor` (q/df of Hartung-Knapp) and `df` replace the meta-analysis's own when tau² was estimated with
    other studies too (subgroups that share it).
    """
    validate.level(level)
    shared = df is not None
    df = float(studies.df[0]) if df is None else df
    fit = ls.weighted_fit(studies, np.full_like(studies.k, tau2.value))
    estimate = float(studies.origin[0, 0] + ls.coefficients(fit)[0, 0])
    classic = math.sqrt(float(ls.covariance(fit)[0, 0, 0]))
    if factor is None:
        factor = float(variance_factor("knha", ls.q_statistic(fit), studies.df)[0])
    used = {"knha": factor, "adhoc": max(factor, 1.0)}.get(test, 1.0) if df > 0 else 1.0
    spread = het.q_of(studies)
    share, h2 = spread.i2, spread.h2
    if i2 == "tau2":
        share, h2 = het.i2_from_tau2(tau2.value, float(het.typical_variance(studies)[0]))
    band = NOTHING
    if prediction is not None:
        hk = classic * math.sqrt(factor)
        band = pi.prediction_interval(
            prediction, df=df, estimate=estimate, tau2=tau2.value, se=classic, se_hk=hk, level=level
        )
    line = pooled_line(
        model=model,
        method=method,
        test=test,
        level=level,
        k=int(studies.k[0]),
        estimate=estimate,
        se=classic * math.sqrt(used),
        df=float(degrees(test, np.array(df))),
        tau2=tau2.value,
        tau2_se=tau2.se,
        i2=share,
        h2=h2,
        q=spread.q,
        q_df=spread.df,
        prediction=band,
        weights=100.0 * fit.weights[0] / fit.weights[0].sum(),
        converged=tau2.converged,
    )
    said = _notes(line, factor, tau2.notes, band.note, shared=shared)
    return replace(line, notes=(*notes, *said))


def _iqwig6(studies: Studies, tau2: between.Tau2, level: float) -> tuple[str, tuple[str, ...]]:
    """Choose knha or adhoc by the width of the Hartung-Knapp and the classic DerSimonian-Laird interval."""
    if studies.df[0] <= 0:
        return "knha", ()
    dl = between.single(between.solve(studies, "DL"), studies, "DL")

    def width(at: between.Tau2, test: str) -> float:
        line = pooled_at(studies, at, model="random", method="", test=test, level=level, prediction=None, i2="tau2")
        return line.ci_high - line.ci_low

    if width(tau2, "knha") < width(dl, "z"):
        return "adhoc", (
            "The Hartung-Knapp interval is narrower than the DerSimonian-Laird one, so its factor is kept at "
            "1 or more.",
        )
    return "knha", ()


def _notes(
    line: Pooled, factor: float, about_tau2: tuple[str, ...], about_band: str, *, shared: bool
) -> tuple[str, ...]:
    """Say what a reader of the line must know."""
    if line.k == 1 and not shared:
        return (
            "One study: the line is that study's own result; tau² is taken as 0, and its standard error, "
            "I², H² and a prediction interval are not defined.",
        )
    notes = list(about_tau2)
    if line.k == 1:
        notes.append("One study: I² and H² are not defined.")
    if line.model == "common":
        notes.append(COMMON_NOTE)
    if line.df == 1.0:
        notes.append(
            "An interval from t with 1 degree of freedom is uninformative: look at the studies themselves and "
            "at the common-effect result."
        )
    if line.test == "adhoc" and factor < CLOSE_TO_ONE:
        notes.append(f"The Hartung-Knapp variance factor {factor:.2f} was raised to 1.")
    if line.se == 0.0:
        notes.append("The studies agree exactly: the Hartung-Knapp standard error is 0 and tests nothing.")
    return (*notes, about_band) if about_band else tuple(notes)
