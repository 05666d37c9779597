"""Q, I², H² and the intervals of tau² agree with metafor's on every measure of every worked example."""

from collections.abc import Callable

import numpy as np
import pytest

from ketcli.stats.heterogeneity import (
    HeterogeneityIntervals,
    cochran_q,
    i2_test_based,
    profile_likelihood,
    q_profile,
)
from ketcli.stats.tau2 import estimate_tau2
from tests.reference import meta_examples as ref
from tests.reference import pinned

SEVERAL = [case for case in ref.blocks("heterogeneity") if ref.effects(*case)[0].size > 1]
THREE = [case for case in SEVERAL if ref.effects(*case)[0].size > 2]

LOWER_PEAK = {("Fleiss1993bin", "PETO", "profile_likelihood_ml")}
"""R measures the likelihood from a lower peak, at tau² = 0; from the highest the interval is narrower."""

INTERVALS: dict[str, Callable[..., HeterogeneityIntervals]] = {
    "q_profile": q_profile,
    "profile_likelihood_reml": lambda y, v: profile_likelihood(y, v, method="REML"),
    "profile_likelihood_ml": lambda y, v: profile_likelihood(y, v, method="ML"),
}


@pytest.mark.parametrize(("name", "measure"), SEVERAL)
def test_q_and_what_follows_from_it(name: str, measure: str) -> None:
    """H² is cut at 1 here, as I² is at 0; R's Q/df is not."""
    expected = ref.block(name, measure)["heterogeneity"]
    made = cochran_q(*ref.effects(name, measure))
    wanted = [
        expected["q"],
        expected["q_df"],
        expected["q_p"],
        expected["i2_from_q"],
        max(1.0, expected["h2_from_q"]),
    ]
    assert [made.q, made.df, made.p, made.i2, made.h2] == pytest.approx(wanted, rel=pinned.CLOSED_FORM)


@pytest.mark.parametrize("kind", list(INTERVALS))
@pytest.mark.parametrize(("name", "measure"), SEVERAL)
def test_intervals_of_tau2(name: str, measure: str, kind: str) -> None:
    expected = ref.block(name, measure)["heterogeneity"][kind]
    assert not pinned.refused(expected)
    y, v = ref.effects(name, measure)
    made = INTERVALS[kind](y, v)
    if (name, measure, kind) in LOWER_PEAK:
        best, constant = estimate_tau2(y, v, "ML").value, np.ones((y.size, 1))
        assert ref.log_likelihood(y, v, constant, best) > ref.log_likelihood(y, v, constant, 0.0) + 0.001
        assert made.tau2.high < expected["tau2"][1]
        return
    for field in ("tau2", "i2", "h2"):
        ends = getattr(made, field)
        assert (ends.low, ends.high) == pytest.approx(tuple(expected[field]), rel=pinned.ITERATIVE)
    assert ("empty" in made.tau2.note) == expected["empty"]
    assert expected["empty"] or not expected["high_capped"]


@pytest.mark.parametrize(("name", "measure"), THREE)
def test_test_based_interval_of_i2(name: str, measure: str) -> None:
    """Where Q is below its degrees of freedom H is taken as 1 here; the formula without that gives 0 to 0."""
    given = ref.block(name, measure)["heterogeneity"]
    made = i2_test_based(given["q"], given["q_df"])
    if given["q"] >= given["q_df"]:
        assert (made.low, made.high) == pytest.approx(tuple(given["test_based"]["i2"]), rel=pinned.CLOSED_FORM)
    else:
        assert made.low == 0.0
        assert made.high >= given["test_based"]["i2"][1]
