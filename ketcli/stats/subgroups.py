"""Pooling within groups of studies, with separate or one common tau², and the test between the groups."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ketcli.stats import least_squares as ls
from ketcli.stats import prediction as pi
from ketcli.stats import validate
from ketcli.stats.batch import COMMON, usable_test
from ketcli.stats.numeric.distributions import chi2_sf, f_sf
from ketcli.stats.pooling import I2_FROM, common_effect, pooled_at, random_effects
from ketcli.stats.regression import meta_regression
from ketcli.stats.results import Array, Pooled
from ketcli.stats.tau2 import Tau2


@dataclass(frozen=True, eq=False)
class Between:
    """Test of equal group means: chi-square (df2 infinite) or F on df1 and df2; NaN for a single group."""

    name: str
    statistic: float
    df1: float
    df2: float
    p: float
    note: str = ""


@dataclass(frozen=True, eq=False)
class Subgroups:
    """Pooled lines of groups of studies.

    Attributes:
        labels: of the groups, in order of first appearance.
        groups: one pooled line each; weights are percent within the group, in the studies' order.
        common_tau2: whether the groups share one tau².
        between: the test between them.
        r2: percent of tau² the groups explain, NaN with separate tau².
    """

    labels: tuple[str, ...]
    groups: tuple[Pooled, ...]
    common_tau2: bool
    between: Between
    r2: float
    notes: tuple[str, ...] = ()


def subgroup_analysis(
    yi: ArrayLike,
    vi: ArrayLike,
    groups: Sequence[str],
    *,
    tau2: str = "REML",
    test: str = "adhoc",
    level: float = 0.95,
    prediction: str = "V",
    i2: str = "tau2",
    common_tau2: bool = False,
) -> Subgroups:
    """Pool the studies of each group; `groups` names each study's, shape (k,).

    With `common_tau2` the between-study variance is estimated within groups, by a regression on them, and the
    groups share it and the Hartung-Knapp factor. Otherwise each has its own. `tau2` is an estimator or CE
    (tested by z or t); `test` as in `pooling.random_effects`. The test between groups is Q_B against
    chi-square for z and CE. For the t-based tests it is F: with a common tau² that of the regression (Knapp &
    Hartung 2003), with separate ones Welch's (1951) for means whose variances are estimated apart.
    """
    if test == "iqwig6" and common_tau2:
        raise ValueError("test 'iqwig6' compares intervals of a group's own tau²: use it with separate tau²")
    plain = usable_test(tau2, "knha" if test == "iqwig6" else test)
    validate.one_of("prediction", prediction, pi.RULES)
    validate.one_of("i2", i2, I2_FROM)
    y, v = validate.effects(yi, vi)
    labels = tuple(dict.fromkeys(str(g) for g in groups))
    if len(groups) != y.size:
        raise ValueError(f"groups has {len(groups)} values for {y.size} studies")
    member = np.array([[str(g) == label for g in groups] for label in labels])
    if tau2 == COMMON:
        lines = tuple(common_effect(y[m], v[m], test=plain, level=level) for m in member)
        return Subgroups(labels, lines, False, compare_groups(lines, "z"), math.nan)
    if not common_tau2:
        lines = tuple(
            random_effects(y[m], v[m], tau2=tau2, test=test, level=level, prediction=prediction, i2=i2)
            for m in member
        )
        return Subgroups(labels, lines, False, compare_groups(lines, test), math.nan)
    shared = meta_regression(y, v, member.T.astype(np.float64), labels, tau2=tau2, test=test, intercept=False)
    estimate = Tau2(shared.tau2, shared.tau2_se, 0, shared.converged)
    lines = tuple(
        pooled_at(
            ls.arrange(y[m][None, :], v[m][None, :]),
            estimate,
            model="random",
            method=tau2,
            test=test,
            level=level,
            prediction=prediction,
            i2=i2,
            factor=shared.plain_factor,
            df=shared.df,
        )
        for m in member
    )
    notes = ("The groups share one tau², estimated within them.",)
    if len(labels) == 1:
        return Subgroups(labels, lines, True, _one_group(), math.nan, notes)
    contrast = meta_regression(y, v, member[1:].T.astype(np.float64), labels[1:], tau2=tau2, test=test)
    name = "Q" if math.isinf(contrast.qm_df2) else "F"
    between = Between(name, contrast.qm, contrast.qm_df1, contrast.qm_df2, contrast.qm_p)
    return Subgroups(labels, lines, True, between, contrast.r2, (*notes, *contrast.notes))


def _one_group() -> Between:
    nan = math.nan
    return Between("Q", nan, 0.0, math.inf, nan, "One group: there is nothing to compare it with.")


def compare_groups(lines: Sequence[Pooled], test: str) -> Between:
    """Compare the means of groups whose variances were estimated apart.

    Q_B against chi-square for `test` z, Welch's F (1951) for the t-based tests. NaN with a note for one group, and
    where a standard error is 0.
    """
    if len(lines) == 1:
        return _one_group()
    mean, se = np.array([g.estimate for g in lines]), np.array([g.se for g in lines])
    df1 = float(len(lines) - 1)
    if (se == 0.0).any():
        note = "A group's Hartung-Knapp standard error is 0: the groups cannot be compared."
        return Between("F", math.nan, df1, math.nan, math.nan, note)
    weight = 1.0 / se**2
    total = weight.sum()
    q = float((weight * (mean - (weight * mean).sum() / total) ** 2).sum())
    if test == "z":
        return Between("Q", q, df1, math.inf, float(chi2_sf(q, df1)))
    return _welch(q, weight / total, np.array([g.df for g in lines]))


def _welch(q: float, share: Array, df: Array) -> Between:
    """Return Welch's F from Q_B, the groups' shares of the weight and the degrees of freedom of their errors.

    A group of one study has a known variance: infinite degrees of freedom, which is what `Pooled.df` holds.
    """
    groups = share.size
    spread = float(((1.0 - share) ** 2 / df).sum())
    df2 = (groups**2 - 1.0) / (3.0 * spread) if spread > 0.0 else math.inf
    f = q / (groups - 1.0) / (1.0 + 2.0 * (groups - 2.0) / (groups**2 - 1.0) * spread)
    return Between("F", f, groups - 1.0, df2, float(f_sf(f, groups - 1.0, df2)))
