"""Excess significance: power and tail against simpler routes, the limit, and directions."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketcli.stats.numeric.distributions import normal_cdf, normal_quantile
from ketcli.stats.small_studies.excess_significance import excess_significance

QUICK = settings(derandomize=True, max_examples=40, deadline=None)
STUDIES = st.lists(st.tuples(st.floats(-1, 1.5), st.integers(1, 60)), min_size=1, max_size=8)
DIRECTIONS = st.sampled_from(["greater", "less", "two-sided"])


def columns(rows: list[tuple[float, int]]) -> tuple[np.ndarray, np.ndarray]:
    y, v = np.array(rows, dtype=float).T
    return y, v / 100.0


@QUICK
@given(STUDIES, DIRECTIONS)
def test_the_exact_tail_adds_up_every_way_to_be_as_significant(
    rows: list[tuple[float, int]], alternative: str
) -> None:
    result = excess_significance(*columns(rows), alternative=alternative)
    ways = (
        np.prod([p if hit else 1.0 - p for hit, p in zip(way, result.power, strict=True)])
        for way in product((0, 1), repeat=result.k)
        if sum(way) >= result.observed
    )
    assert float(sum(ways)) == pytest.approx(result.p, rel=1e-9)


@QUICK
@given(STUDIES, DIRECTIONS, st.floats(0, 1))
def test_power_averages_over_true_effects(rows: list[tuple[float, int]], alternative: str, tau2: float) -> None:
    y, v = columns(rows)
    x = np.linspace(-8.0, 8.0, 4001)
    weight = np.exp(-0.5 * x**2)
    truth, bar = (0.3 + np.sqrt(tau2) * x)[:, None], normal_quantile(0.975 if alternative == "two-sided" else 0.95)
    above, below = normal_cdf(truth / np.sqrt(v) - bar), normal_cdf(-truth / np.sqrt(v) - bar)
    chance = {"greater": above, "less": below, "two-sided": above + below}[alternative]
    averaged = weight @ chance / weight.sum()
    result = excess_significance(y, v, alternative=alternative, theta=0.3, tau2=tau2)
    np.testing.assert_allclose(result.power, averaged, rtol=1e-8, atol=1e-12)


@QUICK
@given(STUDIES)
def test_less_is_greater_seen_from_the_other_side(rows: list[tuple[float, int]]) -> None:
    y, v = columns(rows)
    greater, less = excess_significance(y, v, alternative="greater"), excess_significance(-y, v, alternative="less")
    assert (greater.observed, greater.p) == (less.observed, pytest.approx(less.p, rel=1e-12))


def test_at_the_limit_the_excess_is_just_no_longer_significant() -> None:
    y, v = np.full(6, 0.62), np.linspace(0.05, 0.09, 6)
    result = excess_significance(y, v)
    assert result.observed == 6
    assert excess_significance(y, v, theta=result.limit).p == pytest.approx(0.10, rel=1e-9)
    assert result.limit > 0.0


def test_without_excess_there_is_no_limit_and_a_note() -> None:
    result = excess_significance([0.1, -0.1, 0.05], [0.1, 0.2, 0.3])
    assert result.observed == 0
    assert result.p == 1.0
    assert np.isnan(result.limit)
    assert "no limit" in result.notes[0]


def test_chi_square_compares_the_same_numbers() -> None:
    y, v = np.array([0.9, 0.1, 0.8, 0.2, 1.1]), np.array([0.1, 0.05, 0.2, 0.02, 0.15])
    result = excess_significance(y, v, test="chi2")
    k, expected = 5, result.expected
    z = (result.observed - expected) / np.sqrt(expected * (k - expected) / k)
    assert result.statistic == pytest.approx(z**2, rel=1e-12)
    assert (result.p < 0.5) == (z > 0)


def test_power_of_nothing_is_told_instead_of_dividing_by_zero() -> None:
    result = excess_significance([-3.0, -4.0], [1e-4, 1e-4], alternative="greater", test="chi2")
    assert (result.observed, result.expected, result.p) == (0, 0.0, 1.0)
    assert np.isnan(result.ratio)
    assert "No study has any power" in result.notes[-1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": 0.0}, "alpha must lie between"),
        ({"tau2": -0.1}, "tau2 must be"),
        ({"theta": np.inf}, "theta must be finite"),
        ({"test": "binom"}, "test must be one of"),
    ],
)
def test_bad_arguments_are_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        excess_significance([0.1], [0.1], **options)
