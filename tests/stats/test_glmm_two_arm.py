"""Mixed models for two arms: symmetries, brute-force likelihoods, zero cells, data without a finite maximum."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, nchypergeom_fisher, norm

from ketcli.stats.mixed.glmm import glmm_two_arm, two_arm_heterogeneity
from ketcli.stats.mixed.glmm_families import Hypergeometric
from ketcli.stats.tables.mantel_haenszel import mantel_haenszel

MODELS = ("UM.FS", "UM.RS", "CM.EL")
# Two routes to the same maximum, each found to about 1e-9.
SAME = 1e-6
TABLES = ([3, 0, 9, 5, 12], [20, 15, 30, 40, 25], [7, 4, 6, 11, 10], [22, 14, 31, 38, 24])


@st.composite
def tables(draw):
    """2 to 5 tables with 5 to 30 patients an arm and some events and non-events in each."""
    k = draw(st.integers(2, 5))
    n1 = draw(st.lists(st.integers(5, 30), min_size=k, max_size=k))
    n2 = draw(st.lists(st.integers(5, 30), min_size=k, max_size=k))
    a = [draw(st.integers(0, n)) for n in n1]
    c = [draw(st.integers(1, n - 1)) for n in n2]
    return tuple(np.array(column, float) for column in (a, n1, c, n2))


def close(left, right):
    return (math.isnan(left) and math.isnan(right)) or math.isclose(left, right, rel_tol=SAME, abs_tol=SAME)


@pytest.mark.parametrize("model", ["UM.FS", "CM.EL"])
@given(t=tables())
@settings(derandomize=True, max_examples=20, deadline=None)
def test_swapping_the_arms_flips_the_sign(model, t):
    a, n1, c, n2 = t
    one, other = glmm_two_arm(a, n1, c, n2, model=model), glmm_two_arm(c, n2, a, n1, model=model)
    assert close(one.estimate, -other.estimate)
    assert close(one.se, other.se)
    assert close(one.tau2, other.tau2)
    assert close(one.q, other.q)


@pytest.mark.parametrize("model", ["UM.FS", "CM.EL"])
@given(t=tables())
@settings(derandomize=True, max_examples=15, deadline=None)
def test_events_and_non_events_mirror_each_other(model, t):
    a, n1, c, n2 = t
    one, other = glmm_two_arm(a, n1, c, n2, model=model), glmm_two_arm(n1 - a, n1, n2 - c, n2, model=model)
    assert close(one.estimate, -other.estimate)
    assert close(one.tau2, other.tau2)


def test_random_baselines_have_the_same_symmetries():
    a, n1, c, n2 = (np.array(column) for column in TABLES)
    pooled = glmm_two_arm(a, n1, c, n2, model="UM.RS")
    swapped = glmm_two_arm(c, n2, a, n1, model="UM.RS")
    mirrored = glmm_two_arm(n1 - a, n1, n2 - c, n2, model="UM.RS")
    for other in (swapped, mirrored):
        assert close(pooled.estimate, -other.estimate)
        assert close(pooled.se, other.se)
        assert close(pooled.tau2, other.tau2)


@pytest.mark.parametrize("model", MODELS)
def test_order_of_studies_does_not_matter(model):
    order = [3, 1, 4, 0, 2]
    one = glmm_two_arm(*TABLES, model=model)
    other = glmm_two_arm(*([column[i] for i in order] for column in TABLES), model=model)
    for field in ("estimate", "se", "tau2", "q"):
        assert close(getattr(one, field), getattr(other, field))


@given(t=tables())
@settings(derandomize=True, max_examples=30, deadline=None)
def test_an_answer_or_a_sentence(t):
    for model in ("UM.FS", "CM.EL"):
        pooled = glmm_two_arm(*t, model=model)
        if math.isfinite(pooled.estimate):
            assert pooled.ci_low < pooled.estimate < pooled.ci_high
        else:
            assert any("no finite estimate" in note.lower() for note in pooled.notes)


def conditional(theta, tau):
    """The log-likelihood of CM.EL on TABLES by a Riemann sum over scipy's own distribution."""
    u = np.linspace(-8.5, 8.5, 1001)
    weight = norm.pdf(u) * (u[1] - u[0])
    total = 0.0
    for a, n1, c, n2 in zip(*TABLES, strict=True):
        pmf = nchypergeom_fisher.pmf(a, n1 + n2, n1, a + c, np.exp(theta + tau * u))
        total += math.log(pmf @ weight)
    return total


def test_conditional_model_is_a_brute_force_maximum():
    pooled = glmm_two_arm(*TABLES, model="CM.EL")
    theta, tau = pooled.estimate, math.sqrt(pooled.tau2)
    assert tau > 0.1
    top = conditional(theta, tau)
    for h in (3e-3, -3e-3):
        assert conditional(theta + h, tau) < top
        assert conditional(theta, tau + h) < top
    common = glmm_two_arm(*TABLES, model="CM.EL", method="EE").estimate
    tests = two_arm_heterogeneity(*TABLES, model="CM.EL")
    assert tests.tau2_lrt == pytest.approx(2 * (top - conditional(common, 0.0)), rel=1e-7)


def test_random_baselines_are_a_brute_force_maximum():
    """The two-dimensional integral against a plain grid of 101 x 101 points."""
    a, n1, c, n2 = TABLES
    u = np.linspace(-7.5, 7.5, 101)
    weight = np.outer(norm.pdf(u), norm.pdf(u)) * (u[1] - u[0]) ** 2

    def loglik(gamma, theta, sigma, tau):
        base = gamma + sigma * u[:, None]
        p1, p2 = (1 / (1 + np.exp(-(base + shift))) for shift in (theta + tau * u / 2, -tau * u / 2))
        return sum(
            math.log((binom.pmf(x, n, p1) * binom.pmf(y, m, p2) * weight).sum())
            for x, n, y, m in zip(a, n1, c, n2, strict=True)
        )

    pooled = glmm_two_arm(*TABLES, model="UM.RS")
    tests = two_arm_heterogeneity(*TABLES, model="UM.RS")
    theta, tau = pooled.estimate, math.sqrt(pooled.tau2)
    note = next(n for n in pooled.notes if "baseline logits" in n)
    sigma = math.sqrt(float(note.split("variance ")[1].rstrip(".")))
    gammas = np.linspace(-1.3, -0.7, 13)
    heights = [loglik(g, theta, sigma, tau) for g in gammas]
    top, best = max(heights), gammas[int(np.argmax(heights))]
    assert gammas[0] < best < gammas[-1]
    for h in (0.15, -0.15):
        assert loglik(best, theta + h, sigma, tau) < top
        assert loglik(best, theta, sigma, max(tau + h, 0.0)) < top
    assert tests.tau2_lrt >= 0.0


def test_fixed_and_conditional_models_agree_with_mantel_haenszel_for_large_studies():
    t = ([400, 300, 250], [1000, 1100, 900], [500, 380, 300], [1000, 1100, 900])
    reference = mantel_haenszel("OR", *t).estimate
    for model in MODELS:
        assert glmm_two_arm(*t, model=model, method="EE").estimate == pytest.approx(reference, abs=2e-3)


@pytest.mark.parametrize("model", MODELS)
def test_tables_without_information_are_left_out_and_counted(model):
    more = [[*column, x, x] for column, x in zip(TABLES, (0, 9, 0, 9), strict=True)]
    more[0][-1], more[2][-1] = 9, 9
    one, other = glmm_two_arm(*TABLES, model=model), glmm_two_arm(*more, model=model)
    assert close(one.estimate, other.estimate)
    assert other.k == 5
    assert other.weights[5:].tolist() == [0.0, 0.0]
    assert any("2 studies without events" in note for note in other.notes)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("events1", "events2", "words"), [([0, 0], [3, 4], "is 0"), ([3, 4], [0, 0], "infinite")])
def test_an_arm_without_events_gives_a_sentence(model, events1, events2, words):
    pooled = glmm_two_arm(events1, [10, 10], events2, [10, 10], model=model)
    assert math.isnan(pooled.estimate)
    assert any(words in note for note in pooled.notes)
    assert words in two_arm_heterogeneity(events1, [10, 10], events2, [10, 10], model=model).note


@pytest.mark.parametrize("model", MODELS)
def test_a_likelihood_without_a_maximum_is_noticed(model):
    """Opposite extremes in every study: tau² runs away, while one common odds ratio still has an estimate."""
    t = ([0, 10], [10, 10], [10, 0], [10, 10])
    pooled = glmm_two_arm(*t, model=model)
    assert math.isnan(pooled.estimate)
    assert "no finite estimate" in pooled.notes[-1].lower()
    assert glmm_two_arm(*t, model=model, method="EE").estimate == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_nothing_informative_gives_a_sentence(model):
    pooled = glmm_two_arm([0, 10], [10, 10], [0, 10], [10, 10], model=model)
    assert pooled.k == 0
    assert math.isnan(pooled.estimate)
    assert "nothing to pool" in pooled.notes[-1]


def test_one_table_is_itself():
    pooled = glmm_two_arm([5], [12], [3], [14])
    assert pooled.estimate == pytest.approx(math.log(5 * 11 / (7 * 3)), rel=1e-9)
    assert pooled.se == pytest.approx(math.sqrt(1 / 5 + 1 / 7 + 1 / 3 + 1 / 11), rel=1e-9)
    assert pooled.test == "z"


def test_equal_tables_show_no_heterogeneity():
    pooled = glmm_two_arm([5, 5], [10, 10], [3, 3], [10, 10])
    assert pooled.tau2 == 0.0
    assert pooled.q == pytest.approx(0.0, abs=1e-15)


def test_one_giant_study_decides_in_the_common_model():
    t = ([40_000, 3], [200_000, 10], [50_000, 1], [200_000, 10])
    for model in MODELS:
        estimate = glmm_two_arm(*t, model=model, method="EE").estimate
        assert estimate == pytest.approx(math.log(40 * 150 / (160 * 50)), abs=1e-3)


def test_coding_moves_the_random_effect_between_the_arms():
    """metafor 3.8's estimates with 25 nodes, good to about 1e-4."""
    n = [100, 90, 100, 50, 200]
    a, c = [48, 30, 60, 5, 120], [60, 20, 30, 15, 80]
    estimates = {coding: glmm_two_arm(a, n, c, n, coding=coding).estimate for coding in (0.0, 0.5, 1.0)}
    assert estimates == pytest.approx({0.0: 0.24452, 0.5: 0.23081, 1.0: 0.22476}, abs=5e-5)
    assert glmm_two_arm(c, n, a, n, coding=0.0).estimate == pytest.approx(-estimates[1.0], rel=SAME)


def test_conditional_model_refuses_fractions_of_patients():
    with pytest.raises(ValueError, match="whole numbers"):
        glmm_two_arm([1.5], [5], [2], [5], model="CM.EL")


@pytest.mark.parametrize("options", [{"model": "UM.XX"}, {"method": "REML"}, {"coding": 2.0}, {"test": "adhoc"}])
def test_options_that_do_not_exist_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        glmm_two_arm([1], [5], [2], [5], **options)


def test_long_supports_are_summed_where_they_matter():
    """A thousand possible counts, of which each node needs a few dozen; scipy has its own formula."""
    a, n1, c, n2 = 300.0, 700.0, 550.0, 1100.0
    family = Hypergeometric.of(*(np.array([count]) for count in (a, n1, c, n2)))
    psi = np.array([-2.0, -0.5, 0.0, 0.7, 1.5])
    density, residual, variance = (part[0, 0] for part in family.terms(psi[None, None, :]))
    reference = [nchypergeom_fisher(n1 + n2, n1, a + c, math.exp(p)) for p in psi]
    np.testing.assert_allclose(density, [law.logpmf(a) for law in reference], rtol=1e-11)
    np.testing.assert_allclose(a - residual, [law.mean() for law in reference], rtol=1e-11)
    np.testing.assert_allclose(variance, [law.var() for law in reference], rtol=1e-10)
