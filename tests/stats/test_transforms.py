"""The way back to natural scales never leaves them, never falls, and undoes the way there."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketcli.stats.effects.proportions import proportion_effects
from ketcli.stats.effects.transforms import (
    MEASURES,
    absolute_difference,
    display_name,
    harmonic_mean,
    inverse_double_arcsine,
    is_ratio,
    measure,
    null_value,
    to_natural,
)

QUICK = settings(derandomize=True, max_examples=60, deadline=None)
PROPORTIONS = ("PLO", "PLN", "PR", "PAS", "PFT")


def sizes(code: str) -> list[float] | None:
    return [20.0, 50.0] if code == "PFT" else None


def test_every_measure_is_described_under_its_own_code() -> None:
    assert list(MEASURES) == [described.code for described in MEASURES.values()]
    assert set(MEASURES) >= {"PLO", "PFT", "OR", "RR", "RD", "AS", "PETO", "MD", "SMD", "ROM", "MC", "GEN"}


def test_null_line_is_where_no_difference_is() -> None:
    assert (null_value("RR"), null_value("SMD"), null_value("GEN")) == (1.0, 0.0, 0.0)
    assert math.isnan(null_value("PLO"))


def test_ratios_are_those_whose_null_is_one() -> None:
    assert {code for code in MEASURES if is_ratio(code)} == {"RR", "OR", "PETO", "ROM"}
    assert {code for code in MEASURES if null_value(code) == 1.0} == {"RR", "OR", "PETO", "ROM"}


@pytest.mark.parametrize("code", [code for code in MEASURES if measure(code).kind != "proportion"])
def test_no_difference_on_the_analysis_scale_is_the_null(code: str) -> None:
    assert to_natural(code)(0.0) == null_value(code)


def test_names_are_words() -> None:
    assert display_name("OR") == "odds ratio"


def test_unknown_measure_names_the_choices() -> None:
    with pytest.raises(ValueError, match="measure must be one of PLO, PLN"):
        to_natural("HR")


@QUICK
@given(st.sampled_from(PROPORTIONS), st.lists(st.floats(-40, 40), min_size=2, max_size=5))
def test_proportions_stay_within_0_and_1_and_in_order(code: str, values: list[float]) -> None:
    natural = to_natural(code, sizes(code))(np.sort(values))
    assert ((natural >= 0) & (natural <= 1)).all()
    assert (np.diff(natural) >= 0).all()


@pytest.mark.parametrize("code", [*PROPORTIONS, "OR", "RD", "SMD"])
def test_missing_stays_missing_and_shape_is_kept(code: str) -> None:
    values = np.array([[0.1, np.nan, 0.3]])
    natural = to_natural(code, sizes(code))(values)
    assert natural.shape == values.shape
    assert np.isnan(natural).tolist() == [[False, True, False]]


@QUICK
@given(st.integers(1, 400), st.integers(1, 400), st.sampled_from(PROPORTIONS))
def test_a_single_study_comes_back_as_its_proportion(events: int, others: int, code: str) -> None:
    total = events + others
    effects = proportion_effects(code, [events], [total])
    assert to_natural(code, [total])(effects.yi)[0] == pytest.approx(events / total, rel=1e-9)


def test_double_arcsine_ends_are_exact() -> None:
    none, every = (proportion_effects("PFT", [x], [12]).yi for x in (0, 12))
    assert inverse_double_arcsine(none, 12.0).tolist() == [0.0]
    assert inverse_double_arcsine(every, 12.0).tolist() == [1.0]


def test_values_beyond_the_double_arcsine_are_cut_at_the_ends() -> None:
    assert to_natural("PFT", [10, 30])([-0.2, 0.0, np.pi / 2, 3.0]).tolist() == [0.0, 0.0, 1.0, 1.0]


def test_arcsine_beyond_its_range_is_cut_at_the_ends() -> None:
    assert to_natural("PAS")([-0.3, np.pi / 2 + 0.3]).tolist() == [0.0, 1.0]


def test_double_arcsine_needs_sizes() -> None:
    with pytest.raises(ValueError, match="PFT needs the sample sizes"):
        to_natural("PFT")


def test_harmonic_mean() -> None:
    assert harmonic_mean([10, 40]) == 16.0
    with pytest.raises(ValueError, match="positive"):
        harmonic_mean([10, 0])


def test_logistic_does_not_overflow() -> None:
    assert to_natural("PLO")([-800.0, 800.0]).tolist() == [0.0, 1.0]


def test_absolute_difference_of_a_risk_ratio_is_cut_at_certainty() -> None:
    expected = [-0.2, 0.1, 0.6]
    assert absolute_difference("RR", [0.5, 1.25, 9.0], 0.4).tolist() == pytest.approx(expected)


@QUICK
@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_absolute_difference_recovers_the_treated_risk(p1: float, p0: float) -> None:
    odds_ratio = p1 / (1 - p1) / (p0 / (1 - p0))
    assert absolute_difference("OR", odds_ratio, p0) == pytest.approx(p1 - p0, abs=1e-12)
    assert absolute_difference("RR", p1 / p0, p0) == pytest.approx(p1 - p0, abs=1e-12)
    assert absolute_difference("RD", p1 - p0, p0) == p1 - p0


def test_absolute_difference_at_the_ends() -> None:
    assert absolute_difference("OR", [0.0, np.inf], 0.3).tolist() == pytest.approx([-0.3, 0.7])
    assert absolute_difference("OR", [0.0, np.inf], 1.0).tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="control_risk"):
        absolute_difference("RR", 2.0, 1.2)
