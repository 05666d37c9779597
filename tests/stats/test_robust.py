"""CR2: unbiased under the working model, and honest when it has nothing to go by."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketcli.stats.dependent.robust import robust_cr2


def case(seed=0, k=12, count=5):
    rng = np.random.default_rng(seed)
    labels = (list(range(count)) * k)[:k]
    x = np.column_stack([np.ones(k), rng.normal(size=k)])
    same = np.equal.outer(labels, labels)
    v = rng.uniform(0.2, 1.0, k)
    V = np.where(same, 0.5 * np.sqrt(np.outer(v, v)), 0.0) + np.diag(0.5 * v)
    return x, V, labels


def test_expected_covariance_is_the_true_one_when_the_working_model_holds():
    """E of a quadratic form in y ~ N(0, V) is a trace: basis vectors of V's root give it without simulation."""
    x, V, labels = case()
    root = np.linalg.cholesky(V)
    # the estimator is a quadratic form in y, so its mean is the sum over orthogonal directions of variance 1
    mean = sum(robust_cr2(column, x, V, labels).covariance for column in root.T)
    np.testing.assert_allclose(mean, np.linalg.inv(x.T @ np.linalg.inv(V) @ x), rtol=1e-9)


def test_unbiased_with_other_weights_too():
    x, V, labels = case(1)
    weights = np.random.default_rng(4).uniform(0.5, 2.0, 12)
    bread = np.linalg.inv(x.T @ (weights[:, None] * x)) @ (weights[:, None] * x).T
    mean = sum(robust_cr2(column, x, V, labels, weights=weights).covariance for column in np.linalg.cholesky(V).T)
    np.testing.assert_allclose(mean, bread @ V @ bread.T, rtol=1e-9)


def test_balanced_independent_clusters_give_the_one_sample_t_test():
    """With equal variances and one effect a cluster, CR2 is the textbook t with k - 1 degrees of freedom."""
    y = np.array([0.3, 0.9, -0.2, 0.5, 1.1])
    fit = robust_cr2(y, None, np.full(5, 0.7), range(5))
    assert fit.se[0] == pytest.approx(y.std(ddof=1) / math.sqrt(5), rel=1e-12)
    assert fit.df[0] == pytest.approx(4.0, rel=1e-12)


@given(seed=st.integers(0, 1000), scale=st.floats(0.01, 100))
@settings(derandomize=True, max_examples=30, deadline=None)
def test_size_of_the_working_covariance_does_not_matter(seed, scale):
    x, V, labels = case(seed)
    y = np.random.default_rng(seed + 1).normal(size=12)
    one, other = robust_cr2(y, x, V, labels), robust_cr2(y, x, scale * V, labels)
    np.testing.assert_allclose(one.se, other.se, rtol=1e-8)
    np.testing.assert_allclose(one.df, other.df, rtol=1e-8)


@given(seed=st.integers(0, 1000))
@settings(derandomize=True, max_examples=20, deadline=None)
def test_degrees_of_freedom_lie_between_one_and_the_clusters(seed):
    x, V, labels = case(seed)
    df = robust_cr2(np.random.default_rng(seed + 1).normal(size=12), x, V, labels).df
    assert ((df > 0.99) & (df <= 4.0 + 1e-9)).all()


def test_few_degrees_of_freedom_are_said():
    fit = robust_cr2([0.1, 0.5, 0.7], None, [0.1, 0.1, 0.1], ["a", "b", "b"])
    assert fit.df[0] < 4.0
    assert "under 4" in fit.notes[0]


def test_one_cluster_has_no_robust_error():
    fit = robust_cr2([0.1, 0.5], None, [0.1, 0.1], ["a", "a"])
    assert fit.estimate[0] == pytest.approx(0.3)
    assert math.isnan(fit.se[0])
    assert math.isnan(fit.p[0])
    assert "One cluster" in fit.notes[0]


def test_a_coefficient_that_one_cluster_decides_is_pointed_out():
    """The numbers are clubSandwich's, 2 degrees of freedom and 0.2186, which leave cluster a out."""
    x = np.column_stack([np.ones(5), [1.0, 1.0, 0.0, 0.0, 0.0]])
    fit = robust_cr2([0.1, 0.5, 0.2, 0.3, 0.9], x, [0.1] * 5, ["a", "a", "b", "c", "d"])
    assert "one cluster alone" in fit.notes[0]
    assert fit.df[1] == pytest.approx(2.0)
    assert fit.se[1] == pytest.approx(0.21858128, rel=1e-7)


def test_equal_effects_are_fitted_exactly_and_say_so():
    fit = robust_cr2([0.5, 0.5, 0.5], None, [0.1, 0.2, 0.1], ["a", "b", "c"])
    assert fit.se[0] == pytest.approx(0.0, abs=1e-15)
    assert "fitted exactly" in fit.notes[0]


def test_singular_working_covariance_is_refused():
    with pytest.raises(ValueError, match="singular"):
        robust_cr2([0.1, 0.2, 0.3], None, [[1, 1, 0], [1, 1, 0], [0, 0, 1]], ["a", "a", "b"])


def test_dependent_columns_are_named():
    with pytest.raises(ValueError, match="x2"):
        robust_cr2([0.1, 0.2, 0.3], [[1, 2], [1, 2], [1, 2]], [1, 1, 1], ["a", "b", "c"])
