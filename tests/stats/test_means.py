"""Means: swapping arms changes the sign alone, units cancel where they should, gaps keep their row and reason."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketcli.stats.effects.means import (
    CHANGES,
    VARIANCES,
    bias_correction,
    change_effects,
    generic_effects,
    mean_effects,
)

QUICK = settings(derandomize=True, max_examples=60, deadline=None)
ARM = st.tuples(st.floats(1, 60), st.floats(0.5, 20), st.integers(3, 300))
STUDIES = st.lists(st.tuples(ARM, ARM), min_size=1, max_size=5)
FORMS = [(measure, variance) for measure, all_forms in VARIANCES.items() for variance in all_forms]
Studies = list[tuple[tuple[float, float, int], tuple[float, float, int]]]


def columns(studies: Studies) -> tuple[np.ndarray, ...]:
    return tuple(np.array([[*one, *two] for one, two in studies]).T)


@QUICK
@given(STUDIES, st.sampled_from([form for form in FORMS if form[0] != "SMD1"]))
def test_swapping_arms_flips_the_sign(studies: Studies, form: tuple[str, str]) -> None:
    measure, variance = form
    m1, s1, n1, m2, s2, n2 = columns(studies)
    forth = mean_effects(measure, m1, s1, n1, m2, s2, n2, variance=variance)
    back = mean_effects(measure, m2, s2, n2, m1, s1, n1, variance=variance)
    np.testing.assert_allclose(forth.yi, -back.yi, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(forth.vi, back.vi, rtol=1e-10)


@QUICK
@given(STUDIES, st.sampled_from(FORMS), st.floats(0.1, 10))
def test_units_of_the_outcome(studies: Studies, form: tuple[str, str], factor: float) -> None:
    """Another unit scales a mean difference and leaves standardised differences and ratios alone."""
    measure, variance = form
    m1, s1, n1, m2, s2, n2 = columns(studies)
    one = mean_effects(measure, m1, s1, n1, m2, s2, n2, variance=variance)
    other = mean_effects(measure, factor * m1, factor * s1, n1, factor * m2, factor * s2, n2, variance=variance)
    scale = factor if measure == "MD" else 1.0
    np.testing.assert_allclose(other.yi, scale * one.yi, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(other.vi, scale**2 * one.vi, rtol=1e-9)


@QUICK
@given(STUDIES, st.sampled_from(FORMS))
def test_order_of_studies_does_not_matter(studies: Studies, form: tuple[str, str]) -> None:
    measure, variance = form
    forth = mean_effects(measure, *columns(studies), variance=variance)
    back = mean_effects(measure, *columns(studies[::-1]), variance=variance)
    assert forth.yi.tolist() == back.yi[::-1].tolist()
    assert forth.vi.tolist() == back.vi[::-1].tolist()


def test_equal_spreads_make_both_variances_of_a_mean_difference_equal() -> None:
    arms = ([5.0], [2.0], [10], [3.0], [2.0], [40])
    assert mean_effects("MD", *arms).vi == pytest.approx(mean_effects("MD", *arms, variance="HO").vi)


@pytest.mark.parametrize("m", [1.5, 40.0, 98.5, 99.0, 100.0, 250.0])
def test_bias_correction_obeys_its_recurrence(m: float) -> None:
    """J(m + 2) / J(m) = m/(m - 1) sqrt(m/(m + 2)), also where its series takes over from the gamma function."""
    here, there = bias_correction([m, m + 2])
    assert there / here == pytest.approx(m / (m - 1) * np.sqrt(m / (m + 2)), rel=4e-15, abs=0)


def test_bias_correction_known_values() -> None:
    """J(2) = 1/sqrt(pi), J(3) = sqrt(2/3) sqrt(pi)/2; too few degrees of freedom have none."""
    assert bias_correction([2, 3]) == pytest.approx([1 / np.sqrt(np.pi), np.sqrt(np.pi / 6)], rel=1e-15, abs=0)
    assert np.isnan(bias_correction([0, 1])).all()
    assert np.isnan(bias_correction([1], "approx")).all()
    assert bias_correction([1, 50], "none").tolist() == [1.0, 1.0]


@QUICK
@given(st.floats(1.5, 1e6))
def test_bias_correction_shrinks_and_is_near_its_approximation(m: float) -> None:
    exact = float(bias_correction(m))
    assert 0.0 < exact < 1.0
    assert exact == pytest.approx(float(bias_correction(m, "approx")), abs=0.06 / m**2)


def test_revman_variance() -> None:
    """Deeks & Higgins (2010): 1/n1 + 1/n2 + g^2/(2(N - 3.94)), with g = 0.5 (1 - 3/(4 * 28 - 1))."""
    effects = mean_effects("SMD", [6], [2], [10], [5], [2], [20], variance="RevMan", correction="approx")
    g = 0.5 * 108 / 111
    assert (effects.yi[0], effects.vi[0]) == pytest.approx((g, 0.15 + g**2 / 52.12), rel=1e-14, abs=0)


@pytest.mark.parametrize("measure", ["SMD", "SMDH", "SMD1"])
def test_no_spread_keeps_the_row_with_its_reason(measure: str) -> None:
    effects = mean_effects(measure, [5, 6], [0, 1], [10, 10], [3, 3], [0, 1], [10, 10])
    assert effects.excluded == ("no spread, or too few people to standardise", "")
    assert np.isnan(effects.vi).tolist() == [True, False]


def test_too_few_people_to_standardise() -> None:
    effects = mean_effects("SMD", [5], [1], [1], [3], [1], [2])
    assert effects.excluded == ("no spread, or too few people to standardise",)


def test_a_difference_of_means_without_spread() -> None:
    assert mean_effects("MD", [5], [0], [9], [3], [0], [9]).excluded == ("no spread in either arm",)


def test_ratio_of_means_needs_one_sign() -> None:
    effects = mean_effects("ROM", [5, -5, 0, -10], [1] * 4, [9] * 4, [-3, 3, 3, -5], [1] * 4, [9] * 4)
    assert np.isnan(effects.yi).tolist() == [True, True, True, False]
    assert effects.excluded[0].startswith("the means have not the same sign")


def test_ratio_of_means_without_correction_is_the_plain_log_ratio() -> None:
    effects = mean_effects("ROM", [10], [1], [9], [5], [2], [9], correction="none")
    assert effects.yi.tolist() == pytest.approx([np.log(2)])


@pytest.mark.parametrize("measure", CHANGES)
def test_change_of_nothing_is_zero_and_a_fall_negative(measure: str) -> None:
    effects = change_effects(measure, [20, 12], [20, 20], [6, 6], [5, 5], [30, 30], [0.5, 0.5])
    assert effects.yi[0] == 0.0
    assert effects.yi[1] < 0.0


def test_paired_change_without_correlation_is_two_independent_means() -> None:
    change = change_effects("MC", [12], [20], [6], [5], [30], [0])
    arms = mean_effects("MD", [12], [6], [30], [20], [5], [30])
    assert (change.yi[0], change.vi[0]) == pytest.approx((arms.yi[0], arms.vi[0]))


def test_perfectly_correlated_change_has_no_spread() -> None:
    effects = change_effects("SMCC", [12], [20], [5], [5], [30], [1])
    assert effects.excluded == ("no spread, or too few people to standardise",)
    assert change_effects("MC", [12], [20], [5], [5], [30], [1]).excluded == ("no spread in the change",)


def test_generic_effects_keep_missing_ones_with_a_reason() -> None:
    effects = generic_effects([0.1, np.nan, 0.3, 0.4], [0.01, 0.02, np.nan, 0.0])
    missing = "effect or variance missing"
    assert effects.excluded == ("", missing, missing, "its variance is zero")
    assert effects.notes == (
        "2 studies without an effect: effect or variance missing.",
        "1 study without an effect: its variance is zero.",
    )
    assert np.isnan(effects.ni).all()
    assert generic_effects([0.1], [0.2], [30]).ni.tolist() == [30.0]


@pytest.mark.parametrize(("yi", "vi"), [([np.inf], [1]), ([1], [np.inf]), ([1], [-1]), ([], [])])
def test_impossible_generic_effects(yi: list[float], vi: list[float]) -> None:
    with pytest.raises(ValueError, match=r"infinite|negative|no studies"):
        generic_effects(yi, vi)


def test_impossible_means() -> None:
    good = ([5.0], [1.0], [9], [3.0], [1.0], [9])
    with pytest.raises(ValueError, match=r"sd2 must not be negative \(study 1\)"):
        mean_effects("MD", *good[:4], [-1.0], [9])
    with pytest.raises(ValueError, match=r"m1 is missing or infinite \(study 1\)"):
        mean_effects("MD", [np.nan], *good[1:])
    with pytest.raises(ValueError, match="n2 must be at least 1"):
        mean_effects("MD", *good[:5], [0])
    with pytest.raises(ValueError, match="variance must be one of LS, HO"):
        mean_effects("MD", *good, variance="UB")
    with pytest.raises(ValueError, match="exact correction alone"):
        mean_effects("SMD", *good, variance="UB", correction="approx")
    with pytest.raises(ValueError, match="r must lie between -1 and 1"):
        change_effects("MC", [1], [2], [1], [1], [9], [1.2])
