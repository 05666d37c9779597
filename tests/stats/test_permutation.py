"""Permutation tests against a loop over single fits; ties, repeated rows and reproducible random draws."""

from itertools import permutations, product

import numpy as np
import pytest

from ketcli.stats.permutation import permutation_test
from ketcli.stats.pooling import random_effects
from ketcli.stats.regression import meta_regression
from tests.stats.meta_examples import HETEROGENEOUS

Y, V = HETEROGENEOUS[0][:5], HETEROGENEOUS[1][:5]
TIE = 1.5e-8


@pytest.mark.parametrize("test", ["z", "knha"])
@pytest.mark.parametrize("method", ["REML", "DL"])
def test_signs_of_a_mean(method: str, test: str) -> None:
    seen = abs(random_effects(Y, V, tau2=method, test=test).statistic)
    all_signs = product((1.0, -1.0), repeat=5)
    values = [abs(random_effects(np.array(s) * Y, V, tau2=method, test=test).statistic) for s in all_signs]
    made = permutation_test(Y, V, tau2=method, test=test)
    assert (made.exact, made.iterations) == (True, 32)
    assert made.p[0] == np.mean(np.array(values) >= seen - TIE)
    assert made.qm_p == made.p[0]


def test_orders_of_a_moderator() -> None:
    x = np.array([0.1, 0.7, 0.4, 1.0, 0.2])
    seen = meta_regression(Y, V, x, test="z")
    fits = [meta_regression(Y, V, x[list(o)], test="z") for o in permutations(range(5))]
    made = permutation_test(Y, V, x, ["dose"])
    assert (made.exact, made.iterations, made.names) == (True, 120, ("intercept", "dose"))
    for j in range(2):
        assert made.p[j] == np.mean([abs(f.statistic[j]) >= abs(seen.statistic[j]) - TIE for f in fits])
    assert made.qm_p == np.mean([f.qm >= seen.qm - TIE for f in fits])


def test_equal_rows_are_arranged_once() -> None:
    """Two groups of 2 and 3 have 10 arrangements, each standing for 12 of the 120 orders."""
    x = np.array([1.0, 0, 0, 1, 0])
    seen = meta_regression(Y, V, x, test="z").qm
    fits = [meta_regression(Y, V, x[list(o)], test="z").qm for o in permutations(range(5))]
    made = permutation_test(Y, V, x)
    assert made.iterations == 10
    assert made.qm_p == pytest.approx(np.mean(np.array(fits) >= seen - TIE), rel=1e-12)


@pytest.mark.parametrize("x", [None, np.arange(7.0)])
def test_random_arrangements_are_reproducible_and_hold_the_observed_one(x: np.ndarray | None) -> None:
    """p is a multiple of 1/iterations and never 0."""
    first, again = (permutation_test(*HETEROGENEOUS, x, iterations=50, seed=3) for _ in range(2))
    other = permutation_test(*HETEROGENEOUS, x, iterations=50, seed=4)
    assert not first.exact
    assert first.p.tolist() == again.p.tolist()
    assert first.p.tolist() != other.p.tolist() or first.qm_p != other.qm_p
    assert (first.p * 50).round(9).tolist() == (first.p * 50).round().tolist()
    assert first.p.min() >= 1 / 50
    assert first.notes == ("50 random arrangements, seed 3.",)


def test_random_p_is_near_the_exact_one() -> None:
    exact = permutation_test(*HETEROGENEOUS, np.arange(7.0)).qm_p
    drawn = permutation_test(*HETEROGENEOUS, np.arange(7.0), iterations=4000, seed=1).qm_p
    assert drawn == pytest.approx(exact, abs=0.03)


def test_effects_of_zero_reach_the_observed_statistic_always() -> None:
    assert permutation_test([0.0, 0.0, 0.0], [1.0, 2.0, 3.0]).p.tolist() == [1.0]


def test_at_least_one_arrangement() -> None:
    with pytest.raises(ValueError, match="iterations must be at least 1"):
        permutation_test(Y, V, iterations=0)
