"""Kendall's test: the exact distribution against counting every order, and the ties' correction."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketcli.stats.numeric import kendall as kendall_module
from ketcli.stats.numeric.kendall import kendall

QUICK = settings(derandomize=True, max_examples=60, deadline=None)


def score(x: tuple[int, ...]) -> int:
    return sum((b > a) - (b < a) for i, a in enumerate(x) for b in x[i + 1 :])


@pytest.mark.parametrize("n", [3, 4, 5, 6])
def test_exact_p_value_counts_the_orders_at_least_as_extreme(n: int) -> None:
    orders = list(permutations(range(n)))
    scores = np.array([score(order) for order in orders])
    for order in orders[:: max(1, len(orders) // 30)]:
        expected = min(1.0, 2.0 * float((scores >= abs(score(order))).mean()))
        result = kendall(np.arange(n, dtype=float), np.array(order, dtype=float))
        assert result.exact
        assert expected == pytest.approx(result.p, rel=1e-12)


def test_the_far_tail_keeps_its_relative_accuracy() -> None:
    n = 25
    result = kendall(np.arange(n, dtype=float), np.arange(n, dtype=float))
    factorial = float(np.prod(np.arange(1.0, n + 1.0)))
    assert 2.0 / factorial == pytest.approx(result.p, rel=1e-12)


def test_ties_use_tau_b_and_the_corrected_variance() -> None:
    """By hand: four concordant pairs of six, one tied in x and one in y; the variance is Kendall 1970, 4.4."""
    result = kendall(np.array([1.0, 1.0, 2.0, 3.0]), np.array([1.0, 2.0, 2.0, 4.0]))
    variance = (4 * 3 * 13 - 2 * 1 * 9 - 2 * 1 * 9) / 18 + (2 * 2) / (2 * 4 * 3)
    assert result.tied
    assert not result.exact
    assert result.score == 4.0
    assert result.tau == pytest.approx(4.0 / 5.0, rel=1e-14)
    assert result.z == pytest.approx(4.0 / np.sqrt(variance), rel=1e-14)


@QUICK
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=15))
def test_reversing_one_ranking_flips_tau_and_keeps_p(pairs: list[tuple[int, int]]) -> None:
    x, y = np.array(pairs, dtype=float).T
    forth, back = kendall(x, y), kendall(x, -y)
    np.testing.assert_array_equal([forth.tau, forth.p], [-back.tau, back.p])


def test_a_constant_has_no_rank_correlation() -> None:
    result = kendall(np.ones(4), np.arange(4.0))
    assert np.isnan(result.tau)
    assert np.isnan(result.p)


def test_long_rankings_use_the_normal_test_close_to_the_exact_one(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.arange(60.0)
    y = (x * 37.0) % 60.0 + 0.11 * x
    exact = kendall_module.kendall(x, y)
    monkeypatch.setattr(kendall_module, "EXACT_LIMIT", 59)
    normal = kendall_module.kendall(x, y)
    assert (exact.exact, normal.exact) == (True, False)
    assert exact.p == pytest.approx(normal.p, abs=0.005)
