"""Shared controls: the covariance of comparisons, checked against simulation-free algebra and pooled."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketcli.stats.dependent.covariance import (
    MEASURES,
    correlated_effects,
    shared_control_covariance,
    shared_control_means,
)
from ketcli.stats.dependent.multivariate import multivariate_effects
from ketcli.stats.effects.two_arm import two_arm_effects
from ketcli.stats.pooling import common_effect

TABLES = ([5, 8, 0, 4], [20, 22, 19, 30], [9, 9, 9, 10], [21, 21, 21, 28])
SHARED = ["trial 1", "trial 1", "trial 1", "trial 2"]


@pytest.mark.parametrize(
    ("measure", "control"),
    [
        ("RR", 1 / 9 - 1 / 21),
        ("OR", 1 / (21 * (9 / 21) * (12 / 21))),
        ("RD", (9 / 21) * (12 / 21) / 21),
        ("AS", 1 / (4 * 21)),
    ],
)
def test_covariance_is_the_control_arms_part_of_the_variance(measure, control):
    V = shared_control_covariance(measure, *TABLES, SHARED)
    assert V[0, 1] == pytest.approx(control, rel=1e-12)
    assert V[0, 3] == 0.0


@pytest.mark.parametrize("measure", MEASURES)
def test_diagonal_is_what_the_effects_have(measure):
    V = shared_control_covariance(measure, *TABLES, SHARED)
    np.testing.assert_array_equal(np.diagonal(V), two_arm_effects(measure, *TABLES).vi)


@st.composite
def three_arms(draw):
    """Two active arms against one control, in one to three trials."""
    trials = draw(st.integers(1, 3))
    a, n1, c, n2, shared = [], [], [], [], []
    for trial in range(trials):
        size = draw(st.integers(3, 40))
        control = draw(st.integers(0, size))
        for _ in range(2):
            n = draw(st.integers(3, 40))
            n1.append(n)
            a.append(draw(st.integers(0, n)))
            c.append(control)
            n2.append(size)
            shared.append(trial)
    return (a, n1, c, n2), shared


@pytest.mark.parametrize("measure", MEASURES)
@given(data=three_arms())
@settings(derandomize=True, max_examples=40, deadline=None)
def test_result_is_always_a_covariance_matrix(measure, data):
    tables, shared = data
    V = shared_control_covariance(measure, *tables, shared)
    kept = np.isfinite(two_arm_effects(measure, *tables).yi)
    inner = V[np.ix_(kept, kept)]
    assert np.isfinite(inner).all()
    assert np.isnan(V[~kept]).all()
    if kept.any():
        assert np.linalg.eigvalsh(inner).min() >= -1e-12 * np.abs(inner).max()


def test_differing_controls_under_one_label_are_refused():
    with pytest.raises(ValueError, match="row 1"):
        shared_control_covariance("RR", [1, 2], [9, 9], [3, 4], [9, 9], ["a", "a"])


def test_mean_differences_share_the_control_means_variance():
    V = shared_control_means([0.3, 0.4, 0.2], [20, 20, 30], ["a", "a", "b"], control_sd=[2.0, 2.0, 1.0])
    np.testing.assert_allclose(V, [[0.3, 0.2, 0], [0.2, 0.4, 0], [0, 0, 0.2]])


def test_standardised_differences_share_control_and_standardiser():
    V = shared_control_means([0.3, 0.4], [20, 20], ["a", "a"], yi=[0.5, 0.8], total=[60, 60])
    assert V[0, 1] == pytest.approx(1 / 20 + 0.5 * 0.8 / 120, rel=1e-14)


def test_means_need_one_way_to_their_covariance():
    with pytest.raises(ValueError, match="give control_sd"):
        shared_control_means([0.3], [20], ["a"])


def test_correlated_effects_have_the_correlation_asked_for():
    np.testing.assert_allclose(correlated_effects([1.0, 4.0, 9.0], "aab", 0.5), [[1, 1, 0], [1, 4, 0], [0, 0, 9]])


@pytest.mark.parametrize("rho", [1.0, -0.1, math.nan])
def test_impossible_correlation_is_refused(rho):
    with pytest.raises(ValueError, match="rho"):
        correlated_effects([1.0], "a", rho)


def test_common_mean_of_independent_effects_is_inverse_variance():
    y, v = [0.2, 0.5, 0.9], [0.1, 0.2, 0.1]
    pooled, reference = multivariate_effects(y, v, "abc", model="common", test="z"), common_effect(y, v)
    for field in ("estimate", "se", "q", "q_p", "i2", "ci_high"):
        assert getattr(pooled, field) == pytest.approx(getattr(reference, field), rel=1e-12)
    np.testing.assert_allclose(pooled.weights, reference.weights)


def test_common_mean_of_dependent_effects_is_metafors():
    """rma.mv(y, V) of metafor 3.8, which prints these digits."""
    V = [[0.21, 0.06, 0.06, 0], [0.06, 0.14, 0.06, 0], [0.06, 0.06, 0.5, 0], [0, 0, 0, 0.3]]
    pooled = multivariate_effects([-0.5, -0.2, -1.0, 0.1], V, "aaab", model="common", test="z")
    assert pooled.estimate == pytest.approx(-0.252711157456, rel=1e-11)
    assert pooled.se == pytest.approx(0.280491896243, rel=1e-11)
    assert pooled.q == pytest.approx(1.936652763295, rel=1e-11)
    assert pooled.weights[0] == pytest.approx(22.940563086548, rel=1e-11)


def test_counting_a_control_twice_would_look_more_certain():
    y, V = two_arm_effects("RR", *TABLES).yi, shared_control_covariance("RR", *TABLES, SHARED)
    honest = multivariate_effects(y, V, SHARED, model="common", test="z")
    twice = common_effect(y, np.diagonal(V))
    assert honest.se > twice.se


@pytest.mark.parametrize("model", ["random", "common"])
@pytest.mark.parametrize("test", ["cr2", "t", "z"])
def test_every_line_is_complete_or_says_why(model, test):
    y, V = two_arm_effects("OR", *TABLES).yi, shared_control_covariance("OR", *TABLES, SHARED)
    pooled = multivariate_effects(y, V, SHARED, model=model, test=test)
    assert pooled.test == test
    assert pooled.ci_low < pooled.estimate < pooled.ci_high
    assert pooled.weights.sum() == pytest.approx(100.0)
    assert pooled.notes[0] == "4 effects in 2 clusters."


def test_one_cluster_has_no_robust_line():
    pooled = multivariate_effects([0.1, 0.3], [[0.1, 0.05], [0.05, 0.1]], "aa", model="common")
    assert pooled.estimate == pytest.approx(0.2)
    assert math.isnan(pooled.se)
    assert any("not defined" in note for note in pooled.notes)
