"""Q, I², H² and the intervals of tau²: their defining equations, empty sets, and no cap."""

import math

import numpy as np
import pytest
from hypothesis import given

from ketcli.stats.heterogeneity import cochran_q, i2_test_based, profile_likelihood, q_profile
from ketcli.stats.numeric.distributions import chi2_quantile
from ketcli.stats.tau2 import estimate_tau2
from tests.stats.meta_examples import (
    EXTREME,
    HETEROGENEOUS,
    HOMOGENEOUS,
    QUICK,
    meta_analyses,
    projection,
    restricted_log_likelihood,
)


def q_at(y: np.ndarray, v: np.ndarray, tau2: float) -> float:
    return float(y @ projection(np.ones((y.size, 1)), v, tau2) @ y)


@QUICK
@given(meta_analyses())
def test_q_profile_ends_are_where_q_meets_its_quantiles(data: tuple[np.ndarray, np.ndarray]) -> None:
    y, v = data
    low, high = (chi2_quantile(p, y.size - 1.0) for p in (0.975, 0.025))
    ends = q_profile(y, v).tau2
    assert ends.low <= ends.high
    for end, quantile in ((ends.low, low), (ends.high, high)):
        if end > 0.0:
            assert q_at(y, v, end) == pytest.approx(quantile, rel=1e-9)
        else:
            assert q_at(y, v, 0.0) <= quantile * (1.0 + 1e-9)


@QUICK
@given(meta_analyses())
def test_profile_likelihood_ends_are_1_92_below_the_peak(data: tuple[np.ndarray, np.ndarray]) -> None:
    y, v = data
    cut = restricted_log_likelihood(y, v, estimate_tau2(y, v, "REML").value) - 0.5 * chi2_quantile(0.95, 1.0)
    ends = profile_likelihood(y, v).tau2
    assert restricted_log_likelihood(y, v, ends.high) == pytest.approx(cut, abs=1e-9)
    if ends.low > 0.0:
        assert restricted_log_likelihood(y, v, ends.low) == pytest.approx(cut, abs=1e-9)
    else:
        assert restricted_log_likelihood(y, v, 0.0) >= cut


def test_the_upper_end_has_no_cap() -> None:
    """Two logits of 7/18 and 3/22: the end lies at 989, where a search stopped at 100 would say "> 100"."""
    y, v = [math.log(7 / 11), math.log(3 / 19)], [1 / 7 + 1 / 11, 1 / 3 + 1 / 19]
    assert q_profile(y, v).tau2.high == pytest.approx(988.8233223, rel=1e-8)
    assert profile_likelihood(y, v).tau2.high == pytest.approx(121.74617996, rel=1e-8)


def test_an_empty_interval_is_shown_as_zero_and_told() -> None:
    ends = q_profile(*HOMOGENEOUS)
    assert (ends.tau2.low, ends.tau2.high, ends.i2.high, ends.h2.high) == (0.0, 0.0, 0.0, 1.0)
    assert "empty" in ends.tau2.note


def test_limits_of_i2_h2_and_tau_follow_from_those_of_tau2() -> None:
    ends = q_profile(*HETEROGENEOUS)
    w = 1.0 / HETEROGENEOUS[1]
    typical = 6.0 * w.sum() / (w.sum() ** 2 - (w**2).sum())
    assert ends.tau.high == pytest.approx(math.sqrt(ends.tau2.high), rel=1e-14)
    assert ends.i2.high == pytest.approx(100 * ends.tau2.high / (ends.tau2.high + typical), rel=1e-12)
    assert ends.h2.high == pytest.approx(1 + ends.tau2.high / typical, rel=1e-12)


@pytest.mark.parametrize("interval", [q_profile, profile_likelihood])
def test_a_higher_level_is_wider(interval: type) -> None:
    narrow, wide = interval(*HETEROGENEOUS, level=0.8).tau2, interval(*HETEROGENEOUS, level=0.99).tau2
    assert wide.low < narrow.low < narrow.high < wide.high


@pytest.mark.parametrize("interval", [q_profile, profile_likelihood])
def test_one_study_has_no_interval(interval: type) -> None:
    ends = interval([0.3], [0.1])
    assert math.isnan(ends.tau2.low)
    assert math.isnan(ends.i2.high)
    assert "no degrees of freedom" in ends.tau2.note


@pytest.mark.parametrize("interval", [q_profile, profile_likelihood])
@pytest.mark.parametrize("name", sorted(EXTREME))
def test_extreme_variances_have_finite_intervals(name: str, interval: type) -> None:
    ends = interval(*EXTREME[name]).tau2
    assert 0.0 <= ends.low <= ends.high < math.inf


def test_a_likelihood_with_two_peaks_may_leave_a_gap() -> None:
    """Three precise studies agree and two others do not: tau² is near 0 or near 7, hardly between."""
    y, v = np.array([0.0, 1e-4, -1e-4, 5.0, 5.0]), np.array([3e-8, 3e-8, 3e-8, 1.0, 1.0])
    ends = profile_likelihood(y, v).tau2
    assert "not connected" in ends.note
    assert ends.low == 0.0
    cut = restricted_log_likelihood(y, v, ends.high)
    assert restricted_log_likelihood(y, v, 0.05) < cut < restricted_log_likelihood(y, v, 0.0)


def test_the_residual_q_of_a_design() -> None:
    y, v = HETEROGENEOUS
    x = np.column_stack((np.ones(7), np.arange(7.0)))
    residual = cochran_q(y, v, x)
    assert residual.q == pytest.approx(y @ projection(x, v, 0.0) @ y, rel=1e-12)
    assert residual.df == 5.0


def test_q_of_one_study_is_nothing() -> None:
    one = cochran_q([0.3], [0.1])
    assert (one.q, one.df, one.p) == (0.0, 0.0, 1.0)
    assert math.isnan(one.i2)


def test_i2_from_q_is_cut_at_zero_and_h2_at_one() -> None:
    low = cochran_q(*HOMOGENEOUS)
    assert low.q < low.df
    assert (low.i2, low.h2) == (0.0, 1.0)


def test_test_based_interval_of_i2() -> None:
    """Higgins and Thompson's example of 19 studies, Q = 35.83; an H below 1 still has an upper limit."""
    made = i2_test_based(35.8295362995928, 18.0)
    assert (made.low, made.high) == pytest.approx((14.7086855333249, 70.4091236405284), rel=1e-12)
    small = i2_test_based(0.00364864864864866, 2.0)
    assert (small.low, small.high) == pytest.approx((0.0, 89.5979935249104), rel=1e-12)


def test_test_based_interval_needs_three_studies() -> None:
    made = i2_test_based(2.0, 1.0)
    assert math.isnan(made.high)
    assert "at least three" in made.note
