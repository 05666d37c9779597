"""Three-level models, cluster-robust errors and correlated effects agree with metafor's rma.mv and clubSandwich."""

from typing import Any

import numpy as np
import pytest

from ketcli.stats.dependent.coefficients import Coefficients
from ketcli.stats.dependent.covariance import correlated_effects
from ketcli.stats.dependent.multilevel import three_level, three_level_regression
from ketcli.stats.dependent.robust import robust_cr2
from ketcli.stats.dependent.variance_profile import variance_intervals
from ketcli.stats.pooling import random_effects
from ketcli.stats.regression import meta_regression
from ketcli.stats.results import Array, Pooled
from tests.reference import pinned

NAME = "konstantopoulos2011"
WORKING = {"three_level": 0.0, "correlated_effects_rho_0.5": 0.5, "correlated_effects_rho_0.8": 0.8}
LINES = {
    "z": {"test": "z"},
    "t_residual": {"test": "t", "df": "residual"},
    "t_contain": {"test": "t", "df": "contain"},
    "cr2": {"test": "cr2"},
}
FIELDS = ("estimate", "se", "statistic", "p", "ci_low", "ci_high")

CONFINT = 1e-3
"""Relative; metafor's confint.rma.mv ends its search where the profile changes by about 1e-4."""


def given() -> tuple[Array, Array, list[Any]]:
    columns = pinned.arguments(NAME)
    return np.array(columns["yi"]), np.array(columns["vi"]), columns["cluster"]


def expected() -> dict[str, Any]:
    return pinned.load(NAME)["measures"]["GEN"]["clustered"]


def agree(ours: Pooled | Coefficients, theirs: dict[str, list[float]]) -> None:
    fields = FIELDS if "df" not in theirs else (*FIELDS, "df")
    for field in fields:
        np.testing.assert_allclose(getattr(ours, field), theirs[field], rtol=pinned.ITERATIVE, err_msg=field)


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("working", WORKING)
def test_mean(working: str, line: str) -> None:
    y, v, cluster = given()
    fit = three_level(y, correlated_effects(v, cluster, WORKING[working]), cluster, **LINES[line])
    agree(fit.pooled, expected()[working][line])


@pytest.mark.parametrize("working", WORKING)
def test_variances_and_q(working: str) -> None:
    y, v, cluster = given()
    theirs = expected()[working]
    fit = three_level(y, correlated_effects(v, cluster, WORKING[working]), cluster)
    assert fit.variances.between == pytest.approx(theirs["sigma2_between"], rel=pinned.ITERATIVE)
    assert fit.variances.within == pytest.approx(theirs["sigma2_within"], rel=pinned.ITERATIVE)
    assert fit.variances.loglik == pytest.approx(theirs["loglik"], rel=pinned.ITERATIVE)
    assert fit.pooled.q == pytest.approx(theirs["q"], rel=pinned.CLOSED_FORM)
    assert fit.pooled.q_df == theirs["q_df"]


@pytest.mark.parametrize("line", LINES)
def test_regression(line: str) -> None:
    y, v, cluster = given()
    years = np.array(pinned.dataset(NAME)["year"]) - 2000.0
    fit = three_level_regression(y, v, cluster, years, ["year"], **LINES[line])
    agree(fit.coefficients, expected()["three_level_regression"][line])
    assert fit.qe == pytest.approx(expected()["three_level_regression"]["q"], rel=pinned.CLOSED_FORM)


def test_robust_errors_of_two_level_models() -> None:
    y, v, cluster = given()
    years = np.column_stack([np.ones(y.size), np.array(pinned.dataset(NAME)["year"]) - 2000.0])
    agree(robust_cr2(y, None, v, cluster), expected()["common_cr2"])
    tau2 = random_effects(y, v, tau2="REML").tau2
    agree(robust_cr2(y, None, v + tau2, cluster), expected()["two_level_reml_cr2"])
    tau2 = meta_regression(y, v, years[:, 1], tau2="REML").tau2
    agree(robust_cr2(y, years, v + tau2, cluster), expected()["two_level_regression_cr2"])


def test_share_of_each_level_is_konstantopoulos_example() -> None:
    """metafor 3.8, by the formula W = V^-1, P = W - WX(X'WX)^-1X'W, 100 sigma² / (sum + (k - p)/tr P)."""
    fit = three_level(*given())
    assert fit.variances.i2_between == pytest.approx(63.32484, abs=5e-5)
    assert fit.variances.i2_within == pytest.approx(31.86248, abs=5e-5)


def test_standard_errors_of_the_variances_are_metafors() -> None:
    """rma.mv with cvvc = TRUE: the observed information, by numerical differences."""
    fit = three_level(*given())
    assert fit.variances.between_se == pytest.approx(0.035510227, rel=pinned.QUADRATURE)
    assert fit.variances.within_se == pytest.approx(0.011092165, rel=pinned.QUADRATURE)


def test_profile_likelihood_intervals_are_confints() -> None:
    between, within = variance_intervals(*given())
    assert [between.low, between.high] == pytest.approx([0.0222327888, 0.2072417304], rel=CONFINT)
    assert [within.low, within.high] == pytest.approx([0.0162735280, 0.0628254599], rel=CONFINT)
