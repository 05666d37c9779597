"""From the fit of a mixed model to the pooled line and the tests of heterogeneity that people read."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ketcli.stats import heterogeneity as het
from ketcli.stats import least_squares as ls
from ketcli.stats import validate
from ketcli.stats.numeric.distributions import chi2_sf, normal_cdf
from ketcli.stats.pooled_line import COMMON_NOTE, NOTHING, pooled_line
from ketcli.stats.prediction import prediction_interval
from ketcli.stats.results import Array, Effects, Interval, Pooled

TESTS = ("t", "z")
# HK is a property of inverse-variance weights and has no meaning here.
PREDICTION_RULES = ("V", "HTS", "z")
WEIGHTS_NOTE = (
    "The weights shown are 1/(vi + tau²) of the inverse-variance analysis, for display only: this model has none."
)


@dataclass(frozen=True)
class HeterogeneityTests:
    """Do the studies share one effect? Two tests against the saturated model, and one of tau² = 0.

    `wald` and `lrt` have `df` degrees of freedom (metafor's QE.Wld and QE.LRT). `tau2_lrt` compares the fit
    with tau² = 0; half of its null distribution sits at zero, so that its p-value is half the chi-square(1) tail
    (Self & Liang 1987), and 1 at the boundary. `note` says why a number is missing.
    """

    wald: float
    wald_p: float
    lrt: float
    lrt_p: float
    df: float
    tau2_lrt: float
    tau2_p: float
    note: str = ""


def heterogeneity_tests(
    wald_q: float, lrt_q: float, df: float, tau2_lrt: float, note: str = ""
) -> HeterogeneityTests:
    """Return the tests with their p-values; NaN statistics stay NaN, and `note` says why."""
    # rounding can leave a likelihood ratio a little below zero; NaN stays NaN
    lrt = 0.0 if lrt_q < 0.0 else lrt_q
    above = 0.0 if tau2_lrt < 0.0 else tau2_lrt
    return HeterogeneityTests(
        wald=wald_q,
        wald_p=float(chi2_sf(wald_q, df)),
        lrt=lrt,
        lrt_p=float(chi2_sf(lrt, df)),
        df=df,
        tau2_lrt=above,
        # the upper normal tail of the root is half the chi-square(1) tail
        tau2_p=1.0 if above == 0.0 else float(normal_cdf(-math.sqrt(above))),
        note=note,
    )


@dataclass(frozen=True)
class Estimates:
    """What a fit says of the mean effect and of tau: both with standard errors."""

    mean: float
    se: float
    tau: float
    tau_se: float
    converged: bool


@dataclass(frozen=True)
class Options:
    """How to report: test t or z, level of the intervals, rule of the prediction interval."""

    test: str
    level: float
    prediction: str

    @classmethod
    def checked(cls, test: str, level: float, prediction: str) -> Options:
        """Return the options, or ValueError for one that does not exist."""
        return cls(
            validate.one_of("test", test, TESTS),
            validate.level(level),
            validate.one_of("prediction", prediction, PREDICTION_RULES),
        )

    def degrees(self, k: int) -> float:
        """Return the degrees of freedom of the test with k studies: k - 1, or infinite for z."""
        return k - 1.0 if self.test == "t" else math.inf


def line(
    method: str,
    options: Options,
    estimates: Estimates,
    effects: Effects,
    q: float,
    notes: tuple[str, ...],
    *,
    common: bool = False,
) -> Pooled:
    """Return the pooled line of a fit, of a model with tau² = 0 by supposition when `common`.

    `effects` are the inverse-variance effects of the same studies (NaN where excluded): they give the typical
    variance that I² sets tau² against (as metafor's rma.glmm) and the weights on show. `q` is Wald's Q, from which
    I² comes when `common`.
    """
    present = np.isfinite(effects.yi)
    k = int(present.sum())
    tau2 = estimates.tau**2
    band = (
        NOTHING
        if common
        else prediction_interval(
            options.prediction,
            df=k - 1.0,
            estimate=estimates.mean,
            tau2=tau2,
            se=estimates.se,
            se_hk=math.nan,
            level=options.level,
        )
    )
    if common or k == 1:
        i2, h2 = het.i2_from_q(q, k - 1.0)
    else:
        i2, h2 = het.i2_from_tau2(tau2, _typical(effects.yi[present], effects.vi[present]))
    return pooled_line(
        model="glmm",
        method=method,
        test=options.test,
        level=options.level,
        k=k,
        estimate=estimates.mean,
        se=estimates.se,
        df=options.degrees(k),
        tau2=tau2,
        tau2_se=2.0 * estimates.tau * estimates.tau_se if tau2 > 0.0 else math.nan,
        i2=i2,
        h2=h2,
        q=q,
        q_df=k - 1.0,
        prediction=band,
        weights=_display_weights(effects.vi, tau2, present),
        converged=estimates.converged,
        notes=(*notes, *_notes(k, estimates, band, common)),
    )


def _typical(yi: Array, vi: Array) -> float:
    return float(het.typical_variance(ls.arrange(yi[None, :], vi[None, :]))[0])


def _display_weights(vi: Array, tau2: float, present: NDArray[np.bool_]) -> Array:
    weights = np.where(present, 1.0 / (np.where(present, vi, 1.0) + tau2), 0.0)
    return np.asarray(100.0 * weights / weights.sum())


def _notes(k: int, estimates: Estimates, band: Interval, common: bool) -> tuple[str, ...]:
    if k == 1:
        return (
            "One study: the line is that study's own result; tau² is taken as 0, and its standard error, I², H² "
            "and a prediction interval are not defined.",
        )
    notes = [WEIGHTS_NOTE]
    if common:
        notes.append(COMMON_NOTE)
    elif estimates.tau == 0.0:
        notes.append(
            "The likelihood is highest at tau² = 0, where the standard error of tau² is not defined; the "
            "result is that of a common-effect model."
        )
    if k == 2 and not common:
        notes.append(
            "Two studies: tau² is hardly estimable and an interval from t with 1 degree of freedom is "
            "uninformative; look at both studies."
        )
    if not estimates.converged:
        notes.append("The likelihood could not be maximised to the required tolerance; distrust this line.")
    if band.note:
        notes.append(band.note)
    return tuple(notes)


def undefined(
    method: str, options: Options, k: int, weights: Array, notes: tuple[str, ...], estimate: float = math.nan
) -> Pooled:
    """Return a line without numbers for data on which the model has no finite estimate; `notes` say why."""
    return pooled_line(
        model="glmm",
        method=method,
        test=options.test,
        level=options.level,
        k=k,
        estimate=estimate,
        se=math.nan,
        df=options.degrees(k),
        tau2=math.nan,
        q_df=max(k - 1.0, 0.0),
        weights=weights,
        notes=notes,
    )
