"""Mixed models for counts agree with near-exact likelihoods maximised in R.

R's own programs integrate with 7 to 25 nodes and stop early; they agree to `pinned.WITNESS` only.
"""

import math
from typing import Any

import pytest

from ketcli.stats.mixed.glmm import (
    glmm_proportion,
    glmm_two_arm,
    population_mean_probability,
    proportion_heterogeneity,
    two_arm_heterogeneity,
)
from tests.reference import pinned
from tests.reference.test_mantel_haenszel import TWO_ARM, tables

PROPORTIONS = ("edge_all_events", "edge_all_zero", "edge_k1", "edge_k2", "edge_tau0", "pritz1997")

NEAR_ZERO = 1e-9
"""Absolute; logits and likelihood-ratio statistics that are zero but for rounding."""

LAPLACE = 0.04
"""Relative; a Laplace approximation against the integral. Where a study has no treated events (nielweise2007) lme4
also stops at some large odds ratio instead of an infinite one: 3 % off with one node, 0.02 % with 25."""


def near(expected: float) -> Any:
    return pytest.approx(expected, rel=pinned.QUADRATURE, abs=NEAR_ZERO, nan_ok=True)


def proportions(name: str) -> tuple[list[float], list[float]]:
    given = pinned.arguments(name)
    return given["events"], given["total"]


@pytest.mark.parametrize("name", PROPORTIONS)
def test_proportion(name: str) -> None:
    expected = pinned.load(name)["glmm"]["near_exact"]
    z, t = (glmm_proportion(*proportions(name), test=test) for test in ("z", "t"))
    if expected["boundary"] == "no variation":
        ends = [1.0 / (1.0 + math.exp(-end)) for end in (z.ci_low, z.ci_high)]
        assert ends == pytest.approx(expected["clopper_pearson"], rel=pinned.CLOSED_FORM)
        return
    assert z.estimate == near(expected["mu"])
    assert z.se == near(expected["se"])
    assert z.tau2 == near(expected["tau2"])
    assert [z.ci_low, z.ci_high] == near(expected["ci_z"])
    if z.k > 1:
        assert [t.ci_low, t.ci_high] == near(expected["ci_t"])
    mean = population_mean_probability(z.estimate, math.sqrt(z.tau2))
    assert float(mean) == near(expected["population_mean"])
    assert proportion_heterogeneity(*proportions(name)).tau2_lrt == near(expected["lrt"])


@pytest.mark.parametrize(("rule", "field"), [("V", "pi_v"), ("HTS", "pi_hts"), ("z", "pi_z")])
@pytest.mark.parametrize("name", ["edge_tau0", "pritz1997"])
def test_prediction_interval_of_a_proportion(name: str, rule: str, field: str) -> None:
    pooled = glmm_proportion(*proportions(name), prediction=rule)
    assert [pooled.pi_low, pooled.pi_high] == near(pinned.load(name)["glmm"]["near_exact"][field])


def test_lme4_is_close() -> None:
    expected = pinned.load("pritz1997")["glmm"]["lme4_nagq25"]
    pooled = glmm_proportion(*proportions("pritz1997"))
    assert pooled.estimate == pytest.approx(expected["mu"], rel=pinned.WITNESS)
    assert pooled.tau2 == pytest.approx(expected["tau2"], rel=pinned.WITNESS)


@pytest.mark.parametrize("model", ["UM.FS", "UM.RS", "CM.EL"])
@pytest.mark.parametrize("name", TWO_ARM)
def test_two_arms(name: str, model: str) -> None:
    expected = pinned.load(name)["glmm"][model]
    pooled = glmm_two_arm(*tables(name), model=model, test="z")
    for field in ("estimate", "se", "ci_low", "ci_high", "tau2"):
        assert getattr(pooled, field) == near(expected[field]), field
    if "lrt" in expected:
        assert two_arm_heterogeneity(*tables(name), model=model).tau2_lrt == near(expected["lrt"])


@pytest.mark.parametrize(
    ("model", "theirs"), [("UM.FS", "UM.FS"), ("UM.RS", "UM.RS_laplace")], ids=["fixed", "random"]
)
@pytest.mark.parametrize("name", TWO_ARM)
def test_heterogeneity_of_two_arms_is_metafors(name: str, model: str, theirs: str) -> None:
    """The saturated models are logistic regressions, or (UM.RS) lme4's first approximation to the likelihood."""
    expected = pinned.load(name)["glmm"]["metafor"][theirs]
    tests = two_arm_heterogeneity(*tables(name), model=model)
    tolerance = pinned.QUADRATURE if model == "UM.FS" else LAPLACE
    assert tests.wald == pytest.approx(expected["q_wald"], rel=tolerance, abs=tolerance)
    assert tests.lrt == pytest.approx(expected["q_lrt"], rel=tolerance, abs=tolerance)
    assert tests.df == expected["q_df"]


def test_every_proportion_example_is_tested() -> None:
    assert {name for name in pinned.names() if pinned.load(name)["kind"] == "proportions"} == set(PROPORTIONS)
