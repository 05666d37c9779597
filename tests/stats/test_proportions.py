"""Proportions: events and non-events are equals, zeros follow the rule asked for, and nothing is lost silently."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketcli.stats.effects.proportions import MEASURES, proportion_effects
from ketcli.stats.effects.transforms import PFT_WARNING

QUICK = settings(derandomize=True, max_examples=60, deadline=None)
STUDY = st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
STUDIES = st.lists(STUDY, min_size=1, max_size=6)

ZERO = {"PLO": 0.0, "PAS": np.pi / 2, "PFT": np.pi / 2}
"""What effects of events and of non-events add up to."""


@QUICK
@given(STUDIES, st.sampled_from(sorted(ZERO)))
def test_counting_non_events_mirrors_the_effect(studies: list[tuple[int, int]], measure: str) -> None:
    x, n = np.array(studies).T
    events, others = proportion_effects(measure, x, n), proportion_effects(measure, n - x, n)
    np.testing.assert_allclose(events.yi + others.yi, ZERO[measure], atol=1e-12)
    np.testing.assert_allclose(events.vi, others.vi, rtol=1e-12)


@QUICK
@given(STUDIES, st.sampled_from(MEASURES))
def test_order_of_studies_does_not_matter(studies: list[tuple[int, int]], measure: str) -> None:
    x, n = np.array(studies).T
    forth, back = proportion_effects(measure, x, n), proportion_effects(measure, x[::-1], n[::-1])
    assert forth.yi.tolist() == back.yi[::-1].tolist()
    assert forth.vi.tolist() == back.vi[::-1].tolist()


@QUICK
@given(STUDIES, st.sampled_from(MEASURES), st.sampled_from(["only0", "all", "if0all", "none"]))
def test_a_missing_effect_always_has_a_reason(studies: list[tuple[int, int]], measure: str, to: str) -> None:
    x, n = np.array(studies).T
    effects = proportion_effects(measure, x, n, to=to)
    told = [reason != "" for reason in effects.excluded]
    assert told == np.isnan(effects.yi).tolist() == np.isnan(effects.vi).tolist()


def test_only_studies_with_a_zero_are_corrected_by_default() -> None:
    effects = proportion_effects("PLO", [0, 3, 8], [10, 10, 8])
    assert effects.corrected.tolist() == [True, False, True]
    assert effects.yi.tolist() == pytest.approx([np.log(0.5 / 10.5), np.log(3 / 7), np.log(8.5 / 0.5)])
    assert effects.notes == ("0.5 was added to events and non-events of 2 studies with a zero cell.",)


def test_one_zero_corrects_every_study_under_if0all() -> None:
    assert proportion_effects("PLO", [0, 3], [10, 10], to="if0all").corrected.all()
    assert not proportion_effects("PLO", [1, 3], [10, 10], to="if0all").corrected.any()


def test_no_correction_leaves_a_row_with_its_reason() -> None:
    effects = proportion_effects("PLO", [0, 3, 8], [10, 10, 8], to="none")
    assert effects.excluded == (
        "no events and no correction, so the effect is infinite",
        "",
        "events in everyone and no correction, so the effect is infinite",
    )
    assert len(effects.notes) == 2


def test_a_raw_proportion_of_zero_has_no_variance_of_its_own() -> None:
    effects = proportion_effects("PR", [0, 3], [10, 10], to="none")
    assert effects.excluded == ("no events and no correction, so the variance is zero", "")


def test_the_variance_alone_can_be_corrected() -> None:
    effects = proportion_effects("PR", [0], [10], correct_effect=False)
    assert effects.yi.tolist() == [0.0]
    assert effects.vi.tolist() == pytest.approx([0.5 * 10.5 / 11**3])


@pytest.mark.parametrize("measure", ["PAS", "PFT"])
def test_arcsine_forms_are_never_corrected(measure: str) -> None:
    effects = proportion_effects(measure, [0, 10], [10, 10], to="all")
    assert not effects.corrected.any()
    assert np.isfinite(effects.yi).all()


def test_the_double_arcsine_carries_its_warning() -> None:
    assert PFT_WARNING in proportion_effects("PFT", [3], [10]).notes


def test_sizes_are_those_of_the_people() -> None:
    assert proportion_effects("PLO", [0], [10]).ni.tolist() == [10.0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("PX", [1], [2]), "measure must be one of"),
        (("PLO", [3], [2]), "events must lie between 0 and total"),
        (("PLO", [np.nan], [2]), "finite"),
        (("PLO", [], []), "no studies"),
    ],
)
def test_impossible_arguments(arguments: tuple[str, list[float], list[float]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        proportion_effects(*arguments)


def test_impossible_corrections() -> None:
    with pytest.raises(ValueError, match="to must be one of"):
        proportion_effects("PAS", [1], [2], to="sometimes")
    with pytest.raises(ValueError, match="correction must not be negative"):
        proportion_effects("PLO", [1], [2], correction=-1)
