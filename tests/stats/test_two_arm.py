"""Two arms of counts: swapping them changes the sign alone, and zero cells are handled as told."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketcli.stats.effects.continuity import TO
from ketcli.stats.effects.two_arm import MEASURES, two_arm_effects

QUICK = settings(derandomize=True, max_examples=60, deadline=None)
ARM = st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
STUDIES = st.lists(st.tuples(ARM, ARM), min_size=1, max_size=6)
Studies = list[tuple[tuple[int, int], tuple[int, int]]]


def columns(studies: Studies) -> tuple[np.ndarray, ...]:
    return tuple(np.array([[*one, *two] for one, two in studies]).T)


@QUICK
@given(STUDIES, st.sampled_from(MEASURES), st.sampled_from([0.5, "tacc"]))
def test_swapping_arms_flips_the_sign(studies: Studies, measure: str, correction: float | str) -> None:
    x1, n1, x2, n2 = columns(studies)
    forth = two_arm_effects(measure, x1, n1, x2, n2, correction=correction)
    back = two_arm_effects(measure, x2, n2, x1, n1, correction=correction)
    np.testing.assert_allclose(forth.yi, -back.yi, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(forth.vi, back.vi, rtol=1e-12)
    assert forth.excluded == back.excluded


@QUICK
@given(STUDIES, st.sampled_from(["OR", "RD", "AS", "PETO"]))
def test_counting_non_events_flips_the_sign_of_symmetric_measures(studies: Studies, measure: str) -> None:
    x1, n1, x2, n2 = columns(studies)
    events = two_arm_effects(measure, x1, n1, x2, n2)
    others = two_arm_effects(measure, n1 - x1, n1, n2 - x2, n2)
    np.testing.assert_allclose(events.yi, -others.yi, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(events.vi, others.vi, rtol=1e-9)


@QUICK
@given(STUDIES, st.sampled_from(MEASURES))
def test_order_of_studies_does_not_matter(studies: Studies, measure: str) -> None:
    forth = two_arm_effects(measure, *columns(studies))
    back = two_arm_effects(measure, *columns(studies[::-1]))
    assert np.array_equal(forth.yi, back.yi[::-1], equal_nan=True)
    assert np.array_equal(forth.vi, back.vi[::-1], equal_nan=True)


@QUICK
@given(STUDIES, st.sampled_from(MEASURES), st.sampled_from(TO), st.booleans())
def test_a_missing_effect_always_has_a_reason(studies: Studies, measure: str, to: str, drop: bool) -> None:
    effects = two_arm_effects(measure, *columns(studies), to=to, drop00=drop)
    told = [reason != "" for reason in effects.excluded]
    assert told == np.isnan(effects.yi).tolist() == np.isnan(effects.vi).tolist()
    assert not (effects.corrected & np.isnan(effects.yi)).any()


@pytest.mark.parametrize("measure", ["RR", "OR", "PETO"])
def test_studies_that_tell_nothing_keep_their_row_and_say_why(measure: str) -> None:
    effects = two_arm_effects(measure, [0, 5, 4], [10, 10, 4], [0, 3, 6], [12, 10, 6])
    assert effects.excluded == ("no events in either arm", "", "events in everyone in both arms")
    assert effects.notes == (
        "1 study without an effect: no events in either arm.",
        "1 study without an effect: events in everyone in both arms.",
    )


@pytest.mark.parametrize("measure", ["RD", "AS"])
def test_absolute_measures_keep_studies_without_events(measure: str) -> None:
    effects = two_arm_effects(measure, [0, 4], [10, 4], [0, 6], [10, 6])
    assert effects.excluded == ("", "")
    assert effects.yi[0] == 0.0


def test_a_study_that_is_left_out_does_not_count_as_a_zero() -> None:
    """Under if0all a study that is left out anyway must not change the others."""
    counts = ([0, 5], [10, 10], [0, 3], [12, 10])
    assert not two_arm_effects("OR", *counts, to="if0all").corrected.any()
    assert two_arm_effects("OR", *counts, to="if0all", drop00=False).corrected.all()


def test_a_study_that_is_left_out_is_not_corrected() -> None:
    effects = two_arm_effects("OR", [0, 5], [10, 10], [0, 3], [12, 10], to="all")
    assert effects.corrected.tolist() == [False, True]
    assert effects.notes[0] == "0.5 was added to every cell of 1 study with or without a zero cell."


def test_a_study_without_an_effect_is_not_marked_as_corrected() -> None:
    """With the variance alone corrected the log odds of a zero stay infinite."""
    effects = two_arm_effects("OR", [0], [10], [3], [12], correct_effect=False)
    assert effects.corrected.tolist() == [False]
    assert effects.excluded == ("a zero cell and no correction",)


def test_no_correction_leaves_a_row_with_its_reason() -> None:
    effects = two_arm_effects("OR", [0, 5], [10, 10], [2, 3], [12, 10], to="none")
    assert effects.excluded == ("a zero cell and no correction", "")


def test_treatment_arm_correction_makes_no_events_no_difference() -> None:
    effects = two_arm_effects("OR", [0], [10], [0], [30], correction="tacc", drop00=False)
    assert effects.yi.tolist() == pytest.approx([0.0], abs=1e-15)
    assert effects.corrected.tolist() == [True]
    assert effects.notes == (
        "The treatment-arm continuity correction was added to every cell of 1 study with a zero cell.",
    )


def test_correcting_the_events_alone() -> None:
    effects = two_arm_effects("RR", [0], [10], [2], [12], cells="events")
    assert effects.yi.tolist() == pytest.approx([np.log(0.5 / 10.5) - np.log(2.5 / 12.5)])
    assert effects.vi.tolist() == pytest.approx([1 / 0.5 - 1 / 10.5 + 1 / 2.5 - 1 / 12.5])
    with pytest.raises(ValueError, match="risk ratio alone"):
        two_arm_effects("OR", [0], [10], [2], [12], cells="events")


def test_correcting_the_variance_of_a_risk_difference_alone() -> None:
    raw = two_arm_effects("RD", [0], [10], [2], [12], correct_effect=False)
    both = two_arm_effects("RD", [0], [10], [2], [12])
    assert raw.yi.tolist() == [-2 / 12]
    assert both.yi.tolist() == pytest.approx([0.5 / 11 - 2.5 / 13])
    assert raw.vi.tolist() == both.vi.tolist()


def test_peto_without_correction_is_observed_minus_expected() -> None:
    effects = two_arm_effects("PETO", [0], [10], [2], [12], to="none")
    variance = 2 * 20 * 10 * 12 / (22**2 * 21)
    assert effects.yi.tolist() == pytest.approx([(0 - 2 * 10 / 22) / variance])
    assert effects.vi.tolist() == pytest.approx([1 / variance])


def test_the_arcsine_difference_is_never_corrected() -> None:
    assert not two_arm_effects("AS", [0], [10], [2], [12], to="all").corrected.any()


@pytest.mark.parametrize("n", [10, 100_000_000])
def test_a_risk_ratio_near_certainty_keeps_the_digits_of_its_variance(n: int) -> None:
    """1/a - 1/n1 cancels when nearly everyone has the event; b/(a n1) does not."""
    effects = two_arm_effects("RR", [n - 1], [n], [n - 1], [n])
    assert effects.vi[0] == pytest.approx(2 / (n * (n - 1)), rel=1e-14, abs=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"to": "never"}, "to must be one of"),
        ({"correction": "treatment"}, "correction must be one of tacc"),
        ({"correction": np.nan}, "correction must not be negative"),
        ({"cells": "some"}, "cells must be one of"),
    ],
)
def test_impossible_options(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        two_arm_effects("OR", [1], [10], [2], [12], **options)


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="lengths differ"):
        two_arm_effects("OR", [1, 2], [10, 10], [2], [12])
