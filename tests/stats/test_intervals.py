"""Intervals of single studies: they hold the estimate, stay in range, and move with the counts as they should."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketcli.stats.intervals import (
    PROPORTION_METHODS,
    difference_interval,
    number_needed,
    proportion_interval,
    ratio_interval,
)

QUICK = settings(derandomize=True, max_examples=50, deadline=None)
ARM = st.integers(1, 150).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
METHODS = sorted(PROPORTION_METHODS)
DIFFERENCES = ("newcombe", "miettinen-nurminen", "wald")
RATIOS = (("RR", "log"), ("RR", "koopman"), ("RR", "miettinen-nurminen"), ("OR", "log"))
ROUNDING = 1e-12

NEWCOMBE_1998 = {
    "miettinen-nurminen": [
        (0.0528, 0.3382), (0.1700, 0.8406), (0.0342, 0.8534), (-0.0326, 0.1933),
        (-0.1658, 0.2844), (-0.2879, 0.2879), (0.7156, 1.0000), (0.6636, 1.0000),
    ],
    "newcombe": [
        (0.0524, 0.3339), (0.1705, 0.8090), (0.0582, 0.8062), (-0.0381, 0.1926),
        (-0.1611, 0.2775), (-0.2775, 0.2775), (0.6791, 1.0000), (0.6075, 1.0000),
    ],
}  # fmt: skip
"""Table II of Newcombe (1998, Statistics in Medicine 17: 873-890), methods 6 and 10."""

NEWCOMBE_ARMS = (
    [56, 9, 6, 5, 0, 0, 10, 10],
    [70, 10, 7, 56, 10, 10, 10, 10],
    [48, 3, 2, 0, 0, 0, 0, 0],
    [80, 10, 7, 29, 20, 10, 20, 10],
)


def ends(arm: tuple[int, int], method: str, level: float = 0.95) -> tuple[float, float]:
    low, high = proportion_interval([arm[0]], [arm[1]], method, level)
    return float(low[0]), float(high[0])


@QUICK
@given(ARM, st.sampled_from(METHODS))
def test_interval_holds_the_proportion_within_0_and_1(arm: tuple[int, int], method: str) -> None:
    low, high = ends(arm, method)
    assert 0.0 <= low <= arm[0] / arm[1] + ROUNDING
    assert arm[0] / arm[1] - ROUNDING <= high <= 1.0


@QUICK
@given(ARM, st.sampled_from(METHODS))
def test_counting_non_events_mirrors_the_interval(arm: tuple[int, int], method: str) -> None:
    low, high = ends(arm, method)
    other_low, other_high = ends((arm[1] - arm[0], arm[1]), method)
    assert (other_low, other_high) == pytest.approx((1 - high, 1 - low), abs=ROUNDING)


@QUICK
@given(ARM, st.sampled_from(METHODS))
def test_a_higher_level_is_wider(arm: tuple[int, int], method: str) -> None:
    low, high = ends(arm, method, 0.9)
    wider_low, wider_high = ends(arm, method, 0.99)
    assert wider_low <= low
    assert wider_high >= high
    if method != "wald":
        assert wider_high - wider_low > high - low


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("total", [1, 7, 40])
def test_limits_rise_with_the_events(method: str, total: int) -> None:
    low, high = proportion_interval(np.arange(total + 1), np.full(total + 1, total), method)
    assert (np.diff(low) >= 0).all()
    assert (np.diff(high) >= 0).all()


@pytest.mark.parametrize("method", METHODS)
def test_no_and_all_events_have_exact_ends(method: str) -> None:
    low, high = proportion_interval([0, 12], [12, 12], method)
    assert (low[0], high[1]) == (0.0, 1.0)


def test_exact_and_mid_p_limits_without_events_have_a_closed_form() -> None:
    """(1 - p)^n equals the tail, or twice the tail when the observed probability counts half."""
    assert ends((0, 20), "clopper-pearson")[1] == pytest.approx(1 - 0.025 ** (1 / 20), rel=1e-13, abs=0)
    assert ends((0, 20), "mid-p")[1] == pytest.approx(1 - 0.05 ** (1 / 20), rel=1e-13, abs=0)


@QUICK
@given(ARM)
def test_mid_p_limits_halve_the_observed_probability(arm: tuple[int, int]) -> None:
    x, n = arm
    low, high = ends(arm, "mid-p")

    def probability(count: int, p: float) -> float:
        return math.comb(n, count) * p**count * (1 - p) ** (n - count)

    if x > 0:
        above = sum(probability(count, low) for count in range(x + 1, n + 1))
        assert above + probability(x, low) / 2 == pytest.approx(0.025, abs=ROUNDING)
    if x < n:
        below = sum(probability(count, high) for count in range(x))
        assert below + probability(x, high) / 2 == pytest.approx(0.025, abs=ROUNDING)


@pytest.mark.parametrize("method", METHODS)
def test_many_studies_at_once_give_what_single_ones_give(method: str) -> None:
    """Long arrays take another way to the beta distribution."""
    x = np.arange(601) % 31
    low, high = proportion_interval(x, np.full(601, 30), method)
    for i in (0, 1, 17, 30):
        assert (low[i], high[i]) == pytest.approx(ends((i, 30), method), rel=1e-11, abs=1e-300)


@pytest.mark.parametrize("method", sorted(NEWCOMBE_1998))
def test_differences_of_newcombe_1998(method: str) -> None:
    low, high = difference_interval(*NEWCOMBE_ARMS, method=method)
    assert list(zip(low.round(4), high.round(4), strict=True)) == NEWCOMBE_1998[method]


@QUICK
@given(ARM, ARM, st.sampled_from(DIFFERENCES))
def test_difference_interval_holds_the_difference(one: tuple[int, int], two: tuple[int, int], method: str) -> None:
    low, high = difference_interval([one[0]], [one[1]], [two[0]], [two[1]], method=method)
    difference = one[0] / one[1] - two[0] / two[1]
    assert -1.0 <= low[0] <= difference + ROUNDING
    assert difference - ROUNDING <= high[0] <= 1.0


@QUICK
@given(ARM, ARM, st.sampled_from(DIFFERENCES))
def test_swapping_arms_mirrors_the_difference(one: tuple[int, int], two: tuple[int, int], method: str) -> None:
    low, high = difference_interval([one[0]], [one[1]], [two[0]], [two[1]], method=method)
    back_low, back_high = difference_interval([two[0]], [two[1]], [one[0]], [one[1]], method=method)
    assert (back_low[0], back_high[0]) == pytest.approx((-high[0], -low[0]), abs=ROUNDING)


@QUICK
@given(ARM, ARM, st.sampled_from(DIFFERENCES), st.sampled_from(RATIOS))
def test_a_higher_level_is_wider_for_two_arms(
    one: tuple[int, int], two: tuple[int, int], method: str, ratio: tuple[str, str]
) -> None:
    arms = ([one[0]], [one[1]], [two[0]], [two[1]])
    (low, high), (wider_low, wider_high) = (
        difference_interval(*arms, method=method, level=level) for level in (0.8, 0.99)
    )
    assert wider_low[0] <= low[0] <= high[0] <= wider_high[0]
    (low, high), (wider_low, wider_high) = (
        ratio_interval(ratio[0], *arms, method=ratio[1], level=level) for level in (0.8, 0.99)
    )
    assert wider_low[0] <= low[0] <= high[0] <= wider_high[0]


@QUICK
@given(ARM, ARM, st.sampled_from(RATIOS))
def test_swapping_arms_turns_the_ratio_over(
    one: tuple[int, int], two: tuple[int, int], ratio: tuple[str, str]
) -> None:
    low, high = ratio_interval(ratio[0], [one[0]], [one[1]], [two[0]], [two[1]], method=ratio[1])
    back_low, back_high = ratio_interval(ratio[0], [two[0]], [two[1]], [one[0]], [one[1]], method=ratio[1])
    with np.errstate(divide="ignore"):
        assert (back_low[0], back_high[0]) == pytest.approx((1 / high[0], 1 / low[0]), rel=1e-9)


@QUICK
@given(ARM, ARM, st.sampled_from(["koopman", "miettinen-nurminen"]))
def test_score_interval_holds_the_ratio(one: tuple[int, int], two: tuple[int, int], method: str) -> None:
    low, high = ratio_interval("RR", [one[0]], [one[1]], [two[0]], [two[1]], method=method)
    treated, control = one[0] / one[1], two[0] / two[1]
    assert low[0] * control <= treated * (1 + ROUNDING)
    assert control == 0 or high[0] * control >= treated * (1 - ROUNDING)


@QUICK
@given(ARM, ARM)
def test_both_score_limits_of_no_difference_agree_on_it(one: tuple[int, int], two: tuple[int, int]) -> None:
    """Score intervals of difference and ratio hold the same test of no difference, so they exclude it together."""
    arms = ([one[0]], [one[1]], [two[0]], [two[1]])
    low, high = difference_interval(*arms, method="miettinen-nurminen")
    ratio_low, ratio_high = ratio_interval("RR", *arms, method="miettinen-nurminen")
    assert (low[0] > ROUNDING) == (ratio_low[0] > 1 + ROUNDING)
    assert (high[0] < -ROUNDING) == (ratio_high[0] < 1 - ROUNDING)


@pytest.mark.parametrize("method", ["koopman", "miettinen-nurminen"])
def test_zero_cells_leave_score_ratios_open_on_their_side(method: str) -> None:
    low, high = ratio_interval("RR", [0, 5, 0], [20, 20, 20], [4, 0, 0], [20, 20, 20], method=method)
    assert (low[0], low[2]) == (0.0, 0.0)
    assert low[1] > 1.0
    assert high[0] < 1.5
    assert (high[1], high[2]) == (math.inf, math.inf)


def test_a_ratio_without_any_events_is_unbounded() -> None:
    for measure in ("RR", "OR"):
        low, high = ratio_interval(measure, [0], [20], [0], [20])
        assert (low[0], high[0]) == (0.0, math.inf)


def test_number_needed_to_benefit() -> None:
    needed = number_needed(0.25, 0.125, 0.5)
    assert (needed.value, needed.direction, needed.benefit, needed.harm) == (4.0, "benefit", (2.0, 8.0), None)
    assert needed.sentence == "4 people treated for one more to benefit (interval 2 to 8)."


def test_more_of_a_bad_event_is_a_harm() -> None:
    needed = number_needed(0.25, 0.125, 0.5, event_is_good=False)
    assert (needed.value, needed.direction, needed.benefit, needed.harm) == (4.0, "harm", None, (2.0, 8.0))
    assert needed.sentence == "4 people treated for one more to be harmed (interval 2 to 8)."


def test_an_interval_over_no_difference_runs_through_infinity() -> None:
    needed = number_needed(0.1, -0.05, 0.25)
    assert needed.benefit == (4.0, math.inf)
    assert needed.harm == (20.0, math.inf)
    assert needed.sentence == (
        "10 people treated for one more to benefit; the interval includes no difference: it runs from "
        "4 for one more to benefit, through infinity, to 20 for one more to be harmed."
    )


def test_an_interval_that_touches_no_difference_ends_at_infinity() -> None:
    needed = number_needed(0.1, 0.0, 0.25)
    assert (needed.benefit, needed.harm) == ((4.0, math.inf), None)
    assert needed.sentence.endswith("(interval 4 to infinity).")


def test_no_difference_needs_no_number() -> None:
    needed = number_needed(0.0, -0.1, 0.2)
    assert (needed.value, needed.direction) == (math.inf, "none")
    assert needed.sentence.startswith("No difference was found")
    assert number_needed(0.0, 0.0, 0.0).sentence.endswith("the interval has no width.")


@QUICK
@given(st.floats(-1, 1), st.floats(0, 0.5), st.floats(0, 0.5))
def test_the_other_outcome_turns_benefit_into_harm(difference: float, below: float, above: float) -> None:
    good = number_needed(difference, difference - below, difference + above)
    bad = number_needed(difference, difference - below, difference + above, event_is_good=False)
    assert (good.benefit, good.harm, good.value) == (bad.harm, bad.benefit, bad.value)


def test_impossible_arguments() -> None:
    with pytest.raises(ValueError, match="method must be one of wilson"):
        proportion_interval([1], [2], "exact")
    with pytest.raises(ValueError, match="level must lie between 0 and 1"):
        proportion_interval([1], [2], level=95)
    with pytest.raises(ValueError, match="method must be one of log"):
        ratio_interval("OR", [1], [2], [1], [2], method="koopman")
    with pytest.raises(ValueError, match="method must be one of newcombe"):
        difference_interval([1], [2], [1], [2], method="exact")
    with pytest.raises(ValueError, match="limits must enclose the difference"):
        number_needed(0.3, 0.1, 0.2)
