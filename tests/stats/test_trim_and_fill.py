"""Trim and fill: a symmetric funnel stays as it is, a lopsided one gets mirror images, its mirror the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketcli.stats.small_studies.trim_and_fill import trim_and_fill

QUICK = settings(derandomize=True, max_examples=40, deadline=None)
STUDIES = st.lists(
    st.tuples(st.floats(-2, 2).map(lambda y: round(y, 3)), st.integers(1, 60)), min_size=3, max_size=12
)
MODELS = st.sampled_from(["common", "REML", "DL"])
LOPSIDED = np.array([0.30, 0.32, 0.36, 0.41, 0.52, 0.60, 0.75, 0.90, 1.10, 1.30])
VARIANCES = np.array([0.005, 0.006, 0.01, 0.015, 0.03, 0.05, 0.09, 0.13, 0.2, 0.3])


def columns(rows: list[tuple[float, int]]) -> tuple[np.ndarray, np.ndarray]:
    y, v = np.array(rows, dtype=float).T
    return y, v / 50.0


@QUICK
@given(STUDIES, MODELS, st.sampled_from(["L0", "R0"]))
def test_the_mirrored_funnel_lacks_as_many_on_the_other_side(
    rows: list[tuple[float, int]], model: str, estimator: str
) -> None:
    y, v = columns(rows)
    left = trim_and_fill(y, v, model=model, estimator=estimator, side="left")
    right = trim_and_fill(-y, v, model=model, estimator=estimator, side="right")
    assert left.missing == right.missing
    np.testing.assert_allclose(left.filled_yi, -right.filled_yi, rtol=1e-9, atol=1e-12)


@QUICK
@given(STUDIES, MODELS)
def test_filled_studies_mirror_the_most_extreme_ones_around_one_centre(
    rows: list[tuple[float, int]], model: str
) -> None:
    y, v = columns(rows)
    result = trim_and_fill(y, v, model=model, side="left")
    if not result.missing:
        assert result.adjusted in (None, result.observed)
        return
    order = np.argsort(y, kind="stable")[-result.missing :]
    centres = (result.filled_yi + y[order]) / 2.0
    np.testing.assert_allclose(centres, centres[0], rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(result.filled_vi, v[order])


@pytest.mark.parametrize("model", ["common", "REML", "DL", "PM"])
def test_filling_pulls_a_lopsided_mean_towards_the_precise_studies(model: str) -> None:
    result = trim_and_fill(LOPSIDED, VARIANCES, model=model)
    assert result.side == "left"
    assert result.missing is not None
    assert result.missing > 0
    assert result.adjusted is not None
    assert result.adjusted.estimate < result.observed.estimate
    assert result.adjusted.k == result.k + result.missing


@pytest.mark.parametrize("estimator", ["L0", "R0"])
def test_a_symmetric_funnel_lacks_nothing(estimator: str) -> None:
    y = np.concatenate([0.5 + LOPSIDED, 0.5 - LOPSIDED])
    v = np.concatenate([VARIANCES, VARIANCES])
    result = trim_and_fill(y, v, estimator=estimator, side="left")
    assert result.missing == 0
    assert result.adjusted is result.observed


@pytest.mark.parametrize("estimator", ["L0", "R0"])
@pytest.mark.parametrize("effect", [0.0, 0.1, 1 / 3, -7e5])
def test_identical_effects_lack_nothing_whatever_the_rounding(effect: float, estimator: str) -> None:
    assert trim_and_fill(np.full(10, effect), VARIANCES, estimator=estimator).missing == 0


def test_r0_alone_tests_that_nothing_is_missing() -> None:
    assert np.isnan(trim_and_fill(LOPSIDED, VARIANCES).missing_p)
    r0 = trim_and_fill(LOPSIDED, VARIANCES, estimator="R0", model="common")
    assert r0.missing is not None
    assert r0.missing_p == 0.5 ** (r0.missing + 1)


@pytest.mark.parametrize("k", [1, 2])
def test_fewer_than_three_studies_give_no_number_but_a_reason(k: int) -> None:
    result = trim_and_fill(LOPSIDED[:k], VARIANCES[:k])
    assert (result.missing, result.adjusted, result.filled_yi.size) == (None, None, 0)
    assert "at least three" in result.notes[-1]
    assert result.observed.k == k


def test_equal_standard_errors_do_not_tell_the_side_and_the_note_says_so() -> None:
    result = trim_and_fill(LOPSIDED, np.full(10, 0.04))
    assert result.side == "left"
    assert any("do not show which side" in note for note in result.notes)


def test_every_result_says_what_trim_and_fill_assumes() -> None:
    assert "sensitivity analysis" in trim_and_fill(LOPSIDED, VARIANCES).notes[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"estimator": "Q0"}, "estimator must be"),
        ({"side": "up"}, "side must be"),
        ({"model": "XX"}, "tau2 must be"),
    ],
)
def test_bad_arguments_are_named(options: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trim_and_fill(LOPSIDED, VARIANCES, **options)
