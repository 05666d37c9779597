"""Three-level models: what they must be in special cases, and data that cannot tell the variances apart."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketcli.stats.dependent import variance_components as vc
from ketcli.stats.dependent.covariance import correlated_effects
from ketcli.stats.dependent.multilevel import problem_of, three_level, three_level_regression
from ketcli.stats.dependent.variance_profile import variance_intervals
from ketcli.stats.numeric.blocks import clusters, covariance_blocks, full_matrix
from ketcli.stats.pooling import random_effects

SAME = 1e-7


@st.composite
def effects(draw):
    """4 to 12 effects in 2 to 4 clusters, not sorted by cluster."""
    k = draw(st.integers(4, 12))
    labels = draw(st.lists(st.sampled_from("abcd"), min_size=k, max_size=k))
    labels[0], labels[1] = "a", "b"
    yi = draw(st.lists(st.floats(-2, 2), min_size=k, max_size=k))
    vi = draw(st.lists(st.floats(0.01, 1), min_size=k, max_size=k))
    return np.array(yi), np.array(vi), labels


def brute_force(y, v, labels, s):
    """The restricted log-likelihood of the mean from whole matrices."""
    same = np.equal.outer(np.array(labels), np.array(labels))
    m = np.diag(v) + s[0] * same + s[1] * np.eye(y.size)
    w = np.linalg.inv(m)
    mu = w.sum(axis=0) @ y / w.sum()
    r = y - mu
    value = -0.5 * ((y.size - 1) * math.log(2 * math.pi) + np.linalg.slogdet(m)[1] + math.log(w.sum()) + r @ w @ r)
    return value + 0.5 * math.log(y.size)


@given(data=effects())
@settings(derandomize=True, max_examples=40, deadline=None)
def test_variances_are_a_brute_force_maximum(data):
    y, v, labels = data
    found = three_level(y, v, labels).variances
    top = brute_force(y, v, labels, (found.between, found.within))
    assert found.loglik == pytest.approx(top, abs=1e-8)
    for factor in (0.5, 0.9, 1.1, 2.0):
        for other in (0.5, 1.0, 2.0):
            assert brute_force(y, v, labels, (factor * found.between, other * found.within)) <= top + 1e-9
    for s in ((0.0, 0.1), (0.1, 0.0), (1.0, 1.0), (0.0, 0.0), (0.0, 2.0), (2.0, 0.0)):
        assert brute_force(y, v, labels, s) <= top + 1e-9


@given(data=effects(), draw=st.data())
@settings(derandomize=True, max_examples=20, deadline=None)
def test_order_of_effects_does_not_matter(data, draw):
    y, v, labels = data
    order = list(draw.draw(st.permutations(range(y.size))))
    one = three_level(y, v, labels, test="cr2").pooled
    other = three_level(y[order], v[order], [labels[i] for i in order], test="cr2").pooled
    for field in ("estimate", "se", "df", "tau2", "q"):
        assert getattr(one, field) == pytest.approx(getattr(other, field), rel=SAME, abs=SAME)
    np.testing.assert_allclose(one.weights[order], other.weights, rtol=1e-5, atol=1e-6)


@given(data=effects())
@settings(derandomize=True, max_examples=20, deadline=None)
def test_sign_and_scale_carry_over(data):
    y, v, labels = data
    one, other = three_level(y, v, labels), three_level(-100.0 * y, 1e4 * v, labels)
    assert other.pooled.estimate == pytest.approx(-100.0 * one.pooled.estimate, rel=1e-5, abs=1e-5)
    assert other.variances.between == pytest.approx(1e4 * one.variances.between, rel=1e-5, abs=1e-3)
    assert other.variances.i2_within == pytest.approx(one.variances.i2_within, rel=1e-5, abs=1e-5)


def test_gradient_and_hessian_are_the_derivatives():
    rng = np.random.default_rng(3)
    y, v, labels = rng.normal(size=9), rng.uniform(0.1, 0.5, 9), list("aabbbcdda")
    x = np.column_stack([np.ones(9), rng.normal(size=9)])
    problem = problem_of(y, correlated_effects(v, labels, 0.4), labels, x)
    s, h = np.array([0.3, 0.2]), 1e-5
    _, gradient, hessian = vc.surface(problem, s)
    for j in range(2):
        step = h * np.eye(2)[j]
        up, down = vc.surface(problem, s + step), vc.surface(problem, s - step)
        assert gradient[j] == pytest.approx((up[0] - down[0]) / (2 * h), rel=1e-6, abs=1e-7)
        np.testing.assert_allclose(hessian[j], (up[1] - down[1]) / (2 * h), rtol=1e-6, atol=1e-6)


def test_one_effect_a_cluster_is_the_ordinary_random_effects_model():
    rng = np.random.default_rng(5)
    y, v = rng.normal(size=8), rng.uniform(0.05, 0.2, 8)
    fit, reference = three_level(y, v, range(8)), random_effects(y, v, test="t")
    assert fit.variances.between == pytest.approx(reference.tau2, rel=SAME)
    assert fit.pooled.estimate == pytest.approx(reference.estimate, rel=SAME)
    assert fit.pooled.ci_low == pytest.approx(reference.ci_low, rel=SAME)
    assert fit.pooled.pi_high == pytest.approx(reference.pi_high, rel=SAME)
    assert fit.pooled.i2 == pytest.approx(reference.i2, rel=SAME)
    assert any("one effect" in note for note in fit.pooled.notes)


def test_one_cluster_leaves_the_variance_between_unknown():
    fit = three_level([0.1, 0.9, 0.4], [0.1, 0.1, 0.1], ["a", "a", "a"])
    assert fit.variances.between == 0.0
    assert fit.pooled.test == "z"
    assert any("One cluster" in note for note in fit.pooled.notes)
    between, _ = variance_intervals([0.1, 0.9, 0.4], [0.1, 0.1, 0.1], ["a", "a", "a"])
    assert math.isnan(between.low)
    assert between.note


def test_one_effect_is_itself():
    fit = three_level([0.3], [0.04], ["a"])
    assert fit.pooled.estimate == 0.3
    assert fit.pooled.se == pytest.approx(0.2)
    assert math.isnan(fit.pooled.i2)
    assert any("I² is not defined" in note for note in fit.pooled.notes)


def test_equal_effects_have_no_variance_to_share():
    fit = three_level([0.3] * 4, [0.1, 0.2, 0.1, 0.2], list("aabb"))
    assert fit.variances.between == 0.0
    assert fit.variances.within == 0.0
    assert math.isnan(fit.variances.between_se)
    assert sum("estimated as 0" in note for note in fit.pooled.notes) == 2


def test_singular_covariance_is_answered_without_i2():
    V = [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0.5], [0, 0, 0.5, 1]]
    fit = three_level([0.3, 0.5, 2.0, 1.0], V, list("aabb"))
    assert math.isfinite(fit.pooled.estimate)
    assert math.isnan(fit.pooled.i2)
    assert any("singular" in note for note in fit.pooled.notes)


def test_interval_contains_the_variances():
    rng = np.random.default_rng(11)
    labels = [i // 3 for i in range(18)]
    y = rng.normal(size=18) * 0.3 + np.repeat(rng.normal(size=6) * 0.6, 3)
    v = np.full(18, 0.05)
    found = three_level(y, v, labels).variances
    between, within = variance_intervals(y, v, labels)
    assert between.low <= found.between <= between.high
    assert within.low <= found.within <= within.high
    # the ends lie where the profile has lost half the 95 % quantile of chi-square(1)
    profile = max(brute_force(y, v, labels, (between.high, s)) for s in np.linspace(0, 0.5, 4001))
    assert found.loglik - profile == pytest.approx(0.5 * 3.841458820694124, abs=1e-5)


def test_marginal_covariance_is_v_with_both_variances():
    fit = three_level([0.1, 0.9, -0.4, 0.3, 1.2], [0.1] * 5, list("aabbc"))
    s = fit.variances
    assert fit.marginal[0, 0] == pytest.approx(0.1 + s.between + s.within)
    assert fit.marginal[0, 1] == pytest.approx(s.between)
    assert fit.marginal[0, 2] == 0.0


def test_regression_on_a_cluster_moderator_has_few_degrees_of_freedom():
    rng = np.random.default_rng(2)
    labels = list("aabbccdd")
    between, own = np.repeat([1.0, 2.0, 3.0, 5.0], 2), rng.normal(size=8)
    fit = three_level_regression(rng.normal(size=8), np.full(8, 0.1), labels, np.column_stack([between, own]))
    assert fit.coefficients.df.tolist() == [1.0, 1.0, 5.0]
    assert fit.names == ("intercept", "x1", "x2")


def test_blocks_go_back_to_the_matrix_they_came_from():
    groups = clusters(["b", "a", "b", "c", "a"], 5)
    rng = np.random.default_rng(1)
    factor = rng.normal(size=(5, 5))
    same = groups.number[:, None] == groups.number
    V = np.where(same, factor @ factor.T, 0.0)
    np.testing.assert_array_equal(full_matrix(covariance_blocks(V, groups), groups), V)


@pytest.mark.parametrize(
    ("V", "message"),
    [
        ([[1, 0.5], [0.5, 1]], "different clusters"),
        ([1.0, -1.0], "must be positive"),
        ([1.0, math.nan], "finite"),
        ([1.0], "2 variances"),
    ],
)
def test_a_matrix_that_is_no_covariance_of_these_clusters_is_refused(V, message):
    with pytest.raises(ValueError, match=message):
        three_level([0.1, 0.2], V, ["a", "b"])


def test_a_negative_eigenvalue_is_refused():
    with pytest.raises(ValueError, match="negative eigenvalue"):
        three_level([0.1, 0.2], [[1, 2], [2, 1]], ["a", "a"])


def test_missing_labels_are_refused():
    with pytest.raises(ValueError, match="missing labels"):
        three_level([0.1, 0.2], [1, 1], ["a", None])


@pytest.mark.parametrize("options", [{"test": "knha"}, {"df": "between"}, {"prediction": "HK"}, {"level": 95}])
def test_options_that_do_not_exist_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        three_level([0.1, 0.2], [1, 1], ["a", "b"], **options)
