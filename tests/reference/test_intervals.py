"""Intervals of single studies agree with R on every worked example."""

from typing import Any

import numpy as np
import pytest

from ketcli.stats.intervals import PROPORTION_METHODS, difference_interval, proportion_interval, ratio_interval
from tests.reference import pinned
from tests.reference.test_effects import PROPORTIONS, TWO_ARM, counts

SEARCHED = 1e-10
"""Absolute for differences, relative for ratios: R's uniroot stops where its function can no longer be told from
zero, up to 1e-12 off; the limits here are good to 1e-14 against 40-digit arithmetic."""


@pytest.mark.parametrize("method", sorted(PROPORTION_METHODS))
@pytest.mark.parametrize("name", PROPORTIONS)
def test_proportion(name: str, method: str) -> None:
    given = pinned.arguments(name)
    low, high = proportion_interval(given["events"], given["total"], method)
    expected = pinned.load(name)["study_intervals"][method]
    np.testing.assert_allclose(low, np.maximum(expected["low"], 0), rtol=pinned.CLOSED_FORM, atol=1e-15)
    np.testing.assert_allclose(high, np.minimum(expected["high"], 1), rtol=pinned.CLOSED_FORM)


@pytest.mark.parametrize("method", ["newcombe", "miettinen-nurminen", "wald"])
@pytest.mark.parametrize("name", TWO_ARM)
def test_difference(name: str, method: str) -> None:
    low, high = difference_interval(*counts(name), method=method)
    expected = pinned.load(name)["study_intervals"]["difference"][method]
    np.testing.assert_allclose(low, expected["low"], rtol=0, atol=SEARCHED)
    np.testing.assert_allclose(high, expected["high"], rtol=0, atol=SEARCHED)


@pytest.mark.parametrize("method", ["koopman", "miettinen-nurminen"])
@pytest.mark.parametrize("name", TWO_ARM)
def test_score_ratio(name: str, method: str) -> None:
    low, high = ratio_interval("RR", *counts(name), method=method)
    expected = pinned.load(name)["study_intervals"]["ratio"][method]
    np.testing.assert_allclose(low, expected["low"], rtol=SEARCHED)
    np.testing.assert_allclose(high, expected["high"], rtol=SEARCHED)


@pytest.mark.parametrize("name", TWO_ARM)
def test_log_ratio_of_tables_without_zero(name: str) -> None:
    """Where R has no limits or no width, from a zero cell, the project corrects the table first."""
    arms: list[Any] = [np.array(column) for column in counts(name)]
    events1, total1, events2, total2 = arms
    full = (events1 > 0) & (events1 < total1) & (events2 > 0) & (events2 < total2)
    low, high = ratio_interval("RR", *(column[full] for column in arms))
    expected = pinned.load(name)["study_intervals"]["ratio"]["katz"]
    np.testing.assert_allclose(low, np.array(expected["low"])[full], rtol=pinned.CLOSED_FORM)
    np.testing.assert_allclose(high, np.array(expected["high"])[full], rtol=pinned.CLOSED_FORM)
