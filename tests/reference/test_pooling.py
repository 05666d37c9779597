"""Pooled lines agree with metafor's on every measure of every worked example."""

import math

import numpy as np
import pytest

from ketcli.stats.pooling import common_effect, random_effects
from ketcli.stats.tau2 import METHODS
from tests.reference import meta_examples as ref
from tests.reference import pinned

MEASURES = ref.blocks("random")
ROUNDING = 1e-14
"""Relative; intervals of no width, from studies that agree exactly."""

CASES = [(n, m, method) for n, m in MEASURES for method in METHODS if method in ref.block(n, m)["random"]]


def test_the_examples_are_all_there() -> None:
    """Every kind of effect, and all eight estimators on at least the main measures."""
    assert {m for _, m in MEASURES} >= {"PLO", "PFT", "RR", "OR", "RD", "AS", "MD", "SMD_LS", "SMCR", "GEN"}
    assert len({n for n, _, method in CASES if method == "SJ"}) >= 17


@pytest.mark.parametrize("test", ["z", "t"])
@pytest.mark.parametrize(("name", "measure"), MEASURES)
def test_common_effect(name: str, measure: str, test: str) -> None:
    y, v = ref.effects(name, measure)
    expected = ref.block(name, measure)
    line = common_effect(y, v, test=test)
    if y.size > 1:
        ref.assert_line(line, expected["common"][test], pinned.CLOSED_FORM)
    np.testing.assert_allclose(line.weights, expected["common"]["weights"], rtol=pinned.CLOSED_FORM)
    assert (line.q, line.q_df, line.q_p) == pytest.approx(
        tuple(expected["heterogeneity"][key] for key in ("q", "q_df", "q_p")), rel=pinned.CLOSED_FORM, abs=1e-12
    )


@pytest.mark.parametrize("test", ["z", "t", "knha", "adhoc"])
@pytest.mark.parametrize(("name", "measure", "method"), CASES)
def test_random_effects(name: str, measure: str, method: str, test: str) -> None:
    y, v = ref.effects(name, measure)
    expected = ref.block(name, measure)["random"][method]
    line = random_effects(y, v, tau2=method, test=test)
    rel = ref.tolerance(method)
    assert line.converged
    ref.assert_line(line, expected[test], rel)
    ref.assert_tau2(line.tau2, expected["tau2"], v, rel)
    if y.size > 1:
        assert line.tau2_se == pytest.approx(expected["tau2_se"], rel=rel)
        assert line.i2 == pytest.approx(expected["i2"], rel=rel, abs=ref.PERCENT)
        assert line.h2 == pytest.approx(expected["h2"], rel=rel)
    if "weights" in expected:
        np.testing.assert_allclose(line.weights, expected["weights"], rtol=rel)


@pytest.mark.parametrize("rule", ["V", "HTS", "HK", "z"])
@pytest.mark.parametrize("method", ["REML", "DL"])
@pytest.mark.parametrize(("name", "measure"), [case for case in MEASURES if ref.effects(*case)[0].size > 2])
def test_prediction_interval(name: str, measure: str, method: str, rule: str) -> None:
    low, high = ref.block(name, measure)["prediction"][method][rule.lower()]
    line = random_effects(*ref.effects(name, measure), tau2=method, prediction=rule)
    wide = ref.tolerance(method) * (high - low) + ROUNDING * max(abs(low), abs(high))
    assert (line.pi_low, line.pi_high) == pytest.approx((low, high), rel=0, abs=wide)


def test_one_study_has_no_t_interval_as_in_metafor() -> None:
    line = random_effects(*ref.effects("edge_k1", "PLO"), test="knha")
    ref.assert_line(line, ref.block("edge_k1", "PLO")["random"]["REML"]["z"], pinned.CLOSED_FORM)
    assert math.isinf(line.df)
