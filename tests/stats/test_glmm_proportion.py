"""The binomial-normal mixed model: symmetries, brute-force integrals, and data at the edge of what it can fit."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln, logsumexp

from ketcli.stats.mixed.glmm import (
    glmm_proportion,
    glmm_proportions,
    population_mean_probability,
    proportion_heterogeneity,
)

# The optimum is found to about 1e-9; two routes to it may differ by a little more than that.
SAME = 1e-7
# A sum over 200 001 points of [-14, 14] is as good as the integral.
U = np.linspace(-14.0, 14.0, 200_001)
LOG_DENSITY = -0.5 * U**2 - 0.5 * math.log(2 * math.pi) + math.log(28.0 / 200_000)

FIELDS = ("estimate", "se", "tau2", "ci_low", "ci_high")


def brute_force(mu, tau, x, n):
    """The log-likelihood of the model by a plain Riemann sum."""
    eta = mu + tau * U
    log_p, log_q = -np.logaddexp(0.0, -eta), -np.logaddexp(0.0, eta)
    return sum(
        gammaln(m + 1) - gammaln(e + 1) - gammaln(m - e + 1) + logsumexp(e * log_p + (m - e) * log_q + LOG_DENSITY)
        for e, m in zip(x, n, strict=True)
    )


@st.composite
def counts(draw, least=2, most=7):
    """k studies of 2 to 60 patients with any events, but not the same outcome in everybody."""
    k = draw(st.integers(least, most))
    n = draw(st.lists(st.integers(2, 60), min_size=k, max_size=k))
    x = [draw(st.integers(0, m)) for m in n]
    if sum(x) in (0, sum(n)):
        x[0] = 1
    return np.array(x, float), np.array(n, float)


def close(left, right):
    return (math.isnan(left) and math.isnan(right)) or math.isclose(left, right, rel_tol=SAME, abs_tol=SAME)


@given(data=counts())
@settings(derandomize=True, max_examples=40, deadline=None)
def test_events_and_non_events_mirror_each_other(data):
    x, n = data
    one, other = glmm_proportion(x, n), glmm_proportion(n - x, n)
    assert close(one.estimate, -other.estimate)
    assert close(one.se, other.se)
    assert close(one.tau2, other.tau2)
    assert close(one.ci_low, -other.ci_high)


@given(data=counts(), draw=st.data())
@settings(derandomize=True, max_examples=25, deadline=None)
def test_order_of_studies_does_not_matter(data, draw):
    x, n = data
    order = list(draw.draw(st.permutations(range(x.size))))
    one, other = glmm_proportion(x, n), glmm_proportion(x[order], n[order])
    assert all(close(getattr(one, field), getattr(other, field)) for field in FIELDS)


@given(data=counts(least=1))
@settings(derandomize=True, max_examples=60, deadline=None)
def test_an_answer_or_a_sentence(data):
    pooled = glmm_proportion(*data)
    if not all(math.isfinite(getattr(pooled, field)) for field in FIELDS):
        assert any("no finite estimate" in note or "infinite" in note for note in pooled.notes)
    else:
        assert pooled.converged
        assert pooled.tau2 >= 0.0
        assert pooled.ci_low < pooled.estimate < pooled.ci_high


@pytest.mark.parametrize(
    ("x", "n"),
    [
        ([7, 3, 12, 0, 30], [18, 22, 20, 40, 45]),
        ([0, 1, 0, 40], [50, 50, 30, 50]),
        ([0, 0, 2, 30], [400, 500, 600, 700]),
        ([0, 0, 0, 5], [50, 500, 5000, 6]),
    ],
)
def test_likelihood_is_a_brute_force_maximum_even_for_lopsided_data(x, n):
    """Gauss-Hermite with dozens of nodes misses the last two of these by far."""
    pooled = glmm_proportion(x, n)
    mu, tau = pooled.estimate, math.sqrt(pooled.tau2)
    top = brute_force(mu, tau, x, n)
    tests = proportion_heterogeneity(x, n)
    p = sum(x) / sum(n)
    common = sum(
        gammaln(m + 1) - gammaln(e + 1) - gammaln(m - e + 1) + e * math.log(p) + (m - e) * math.log1p(-p)
        for e, m in zip(x, n, strict=True)
    )
    assert tests.tau2_lrt == pytest.approx(2 * (top - common), rel=1e-9)
    for h in (1e-3, -1e-3):
        assert brute_force(mu + h, tau, x, n) < top
        assert brute_force(mu, tau * (1 + h), x, n) < top


def test_standard_error_is_that_of_the_full_hessian():
    """Holding tau fixed would make the interval too short."""
    x, n = [7, 3, 12, 0, 30], [18, 22, 20, 40, 45]
    pooled = glmm_proportion(x, n)
    mu, tau, h = pooled.estimate, math.sqrt(pooled.tau2), 1e-3
    at = {(i, j): brute_force(mu + i * h, tau + j * h, x, n) for i in (-1, 0, 1) for j in (-1, 0, 1)}
    mm = (at[1, 0] - 2 * at[0, 0] + at[-1, 0]) / h**2
    tt = (at[0, 1] - 2 * at[0, 0] + at[0, -1]) / h**2
    mt = (at[1, 1] - at[1, -1] - at[-1, 1] + at[-1, -1]) / (4 * h**2)
    variance = np.linalg.inv(-np.array([[mm, mt], [mt, tt]]))
    # second differences are good to h² times the fourth derivative
    assert pooled.se == pytest.approx(math.sqrt(variance[0, 0]), rel=1e-5)
    assert pooled.tau2_se == pytest.approx(2 * tau * math.sqrt(variance[1, 1]), rel=1e-5)


def test_equal_proportions_give_the_pooled_count():
    pooled = glmm_proportion([5, 10, 15, 20], [10, 20, 30, 40], test="z")
    assert pooled.estimate == pytest.approx(0.0, abs=1e-12)
    assert pooled.se == pytest.approx(1 / math.sqrt(100 * 0.25), rel=1e-12)
    assert pooled.tau2 == 0.0
    assert math.isnan(pooled.tau2_se)
    assert any("tau² = 0" in note for note in pooled.notes)


@pytest.mark.parametrize(("x", "sign"), [([0, 0, 0], -1), ([10, 20, 15], 1)])
def test_one_outcome_alone_gives_the_exact_interval(x, sign):
    pooled = glmm_proportion(x, [10, 20, 15])
    assert pooled.estimate == sign * math.inf
    finite = pooled.ci_high if sign < 0 else -pooled.ci_low
    assert 1 / (1 + math.exp(-finite)) == pytest.approx(1 - 0.025 ** (1 / 45), rel=1e-12)
    assert any("Clopper" in note for note in pooled.notes)


def test_one_study_is_itself_with_a_normal_interval():
    pooled = glmm_proportion([7], [18])
    assert pooled.estimate == pytest.approx(math.log(7 / 11), rel=1e-12)
    assert pooled.se == pytest.approx(math.sqrt(1 / 7 + 1 / 11), rel=1e-12)
    assert pooled.test == "z"
    assert math.isinf(pooled.df)


def test_all_or_nothing_in_every_study_has_no_finite_tau():
    pooled = glmm_proportion([0, 20, 0], [20, 20, 10])
    assert math.isnan(pooled.estimate)
    assert math.isnan(pooled.tau2)
    tests = proportion_heterogeneity([0, 20, 0], [20, 20, 10])
    # in the limit each study's kind is a draw with probability 1/3
    assert tests.tau2_lrt == pytest.approx(
        2 * (math.log(1 / 3) + 2 * math.log(2 / 3) - 20 * math.log(0.4) - 30 * math.log(0.6)), rel=1e-12
    )


def test_one_giant_study_is_weighed_like_any_other_when_studies_differ():
    pooled = glmm_proportion([0, 0, 3, 1_000_000], [20, 30, 30, 3_000_000])
    assert pooled.converged
    assert pooled.estimate < -2.0


# Side by side all studies share one number of nodes, which only makes the integrals finer than 1e-11.
SIDE_BY_SIDE = 1e-8


def assert_same(one, other):
    assert one.notes == other.notes
    assert (one.k, one.test, one.converged) == (other.k, other.test, other.converged)
    for field in (*FIELDS, "tau2_se", "pi_low", "pi_high", "i2", "q", "p"):
        ours, theirs = getattr(one, field), getattr(other, field)
        assert ours == pytest.approx(theirs, rel=SIDE_BY_SIDE, abs=SIDE_BY_SIDE, nan_ok=True), field
    np.testing.assert_allclose(one.weights, other.weights, rtol=SIDE_BY_SIDE, atol=SIDE_BY_SIDE)


def test_side_by_side_every_meta_analysis_is_as_if_alone():
    """Among them the edges: no event, all or nothing, one study, equal proportions, a lopsided one."""
    edges = [
        ([7, 3, 12, 0, 30], [18, 22, 20, 40, 45]),
        ([0, 0], [10, 20]),
        ([0, 20, 0], [20, 20, 10]),
        ([7], [18]),
        ([5, 10, 15, 20], [10, 20, 30, 40]),
        ([0, 0, 2, 30], [400, 500, 600, 700]),
        ([4, 20], [20, 89]),
    ]
    for together, (x, n) in zip(glmm_proportions(edges, level=0.9), edges, strict=True):
        assert_same(together, glmm_proportion(x, n, level=0.9))


@given(samples=st.lists(counts(least=1, most=5), min_size=1, max_size=6))
@settings(derandomize=True, max_examples=20, deadline=None)
def test_company_changes_no_meta_analysis(samples):
    for together, (x, n) in zip(glmm_proportions(samples), samples, strict=True):
        assert_same(together, glmm_proportion(x, n))


def test_no_meta_analysis_gives_no_line():
    assert glmm_proportions([]) == []


def test_t_is_wider_than_z_and_the_default():
    x, n = [7, 3, 12, 4], [18, 22, 20, 40]
    t, z = glmm_proportion(x, n), glmm_proportion(x, n, test="z")
    assert t.test == "t"
    assert t.df == 3.0
    # t(3) over the normal quantile
    assert (t.ci_high - t.estimate) / (z.ci_high - z.estimate) == pytest.approx(3.182446 / 1.959964, rel=1e-6)


def test_more_nodes_change_nothing():
    x, n = [7, 3, 12, 0, 30], [18, 22, 20, 40, 45]
    default, many = glmm_proportion(x, n), glmm_proportion(x, n, nodes=201)
    for field in FIELDS:
        assert getattr(default, field) == pytest.approx(getattr(many, field), rel=1e-9)


def test_thirty_studies_take_a_blink():
    """Leave-one-out and the robustness table fit dozens of models; a slow machine still gets them in seconds."""
    rng = np.random.default_rng(1)
    n = rng.integers(10, 80, 30)
    x = rng.binomial(n, 1 / (1 + np.exp(1 - 0.8 * rng.normal(size=30))))
    glmm_proportion(x, n)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        glmm_proportion(x, n)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.1


@given(mu=st.floats(-8, 8), tau=st.floats(0, 6))
@settings(derandomize=True, max_examples=40, deadline=None)
def test_population_mean_is_the_integral(mu, tau):
    expected = np.exp(-np.logaddexp(0.0, -(mu + tau * U)) + LOG_DENSITY).sum()
    assert float(population_mean_probability(mu, tau)) == pytest.approx(expected, rel=1e-11)


def test_population_mean_keeps_shape_and_infinite_logits():
    assert population_mean_probability([-math.inf, 0.0, math.inf], 2.0).tolist() == pytest.approx([0.0, 0.5, 1.0])


def test_negative_tau_is_refused():
    with pytest.raises(ValueError, match="tau must be a finite number"):
        population_mean_probability(0.0, -1.0)


@pytest.mark.parametrize("options", [{"test": "knha"}, {"prediction": "HK"}, {"level": 95}, {"nodes": 7}])
def test_options_that_do_not_exist_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        glmm_proportion([1, 2], [5, 5], **options)
