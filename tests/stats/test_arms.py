"""Several arms of one study: what they are together, and what effects against one control share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketcli.stats.effects.arms import Arm, combine_means, shared_by_counts, shared_by_means

PEOPLE = st.lists(st.floats(-50, 50), min_size=2, max_size=12)


@settings(derandomize=True, max_examples=60)
@given(st.lists(PEOPLE, min_size=1, max_size=4))
def test_combined_arms_have_the_mean_and_sd_of_all_their_people(groups: list[list[float]]) -> None:
    arms = [Arm(float(np.mean(g)), float(np.std(g, ddof=1)), float(len(g))) for g in groups]
    everyone = np.concatenate([np.asarray(g) for g in groups])
    one = combine_means(arms)
    assert one.n == everyone.size
    assert one.mean == pytest.approx(everyone.mean(), rel=1e-12, abs=1e-12)
    assert one.sd == pytest.approx(everyone.std(ddof=1), rel=1e-9, abs=1e-9)


def test_no_arms_are_an_error_and_one_person_has_no_spread() -> None:
    with pytest.raises(ValueError, match="no arms"):
        combine_means([])
    assert np.isnan(combine_means([Arm(3.0, 0.0, 1.0)]).sd)


@pytest.mark.parametrize(
    ("measure", "expected"),
    [("RR", 1 / 6 - 1 / 20), ("OR", 1 / 6 + 1 / 14), ("RD", 6 * 14 / 20**3), ("AS", 1 / 80)],
)
def test_counts_share_what_the_control_adds_to_each_variance(measure: str, expected: float) -> None:
    matrix = shared_by_counts(measure, [0.5, 0.7, 0.9], 6, 20)
    assert np.diag(matrix).tolist() == [0.5, 0.7, 0.9]
    assert matrix[0, 1] == matrix[2, 0] == pytest.approx(expected, rel=1e-14)


def test_a_control_without_events_is_corrected_as_its_effects_are() -> None:
    assert shared_by_counts("RR", [1.0, 1.0], 0, 10)[0, 1] == pytest.approx(1 / 0.5 - 1 / 11)
    assert shared_by_counts("OR", [1.0, 1.0], 10, 10)[0, 1] == pytest.approx(1 / 10.5 + 1 / 0.5)
    assert shared_by_counts("RD", [1.0, 1.0], 0, 10)[0, 1] == 0.0


def test_means_share_the_control_too() -> None:
    plain = shared_by_means("MD", [1.0, 2.0], [0.5, 0.6], [10, 12], 3.0, 15.0)
    assert plain[0, 1] == pytest.approx(9 / 15)
    standardised = shared_by_means("SMD", [0.4, 0.6], [0.2, 0.2], [10, 12], 3.0, 15.0)
    assert standardised[0, 1] == pytest.approx(1 / 15 + 0.4 * 0.6 / (2 * 37))
    assert np.linalg.eigvalsh(standardised).min() > 0.0


def test_unknown_measures_are_refused() -> None:
    with pytest.raises(ValueError, match="PETO"):
        shared_by_counts("PETO", [1.0], 1, 2)
