"""Estimators of tau²: the equations they solve, the symmetries they keep, the highest of several maxima."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketcli.stats.tau2 import METHODS, Tau2, estimate_tau2
from tests.stats.meta_examples import (
    EXTREME,
    HETEROGENEOUS,
    QUICK,
    exact_reml_score,
    meta_analyses,
    projection,
    restricted_log_likelihood,
)

CONVERGED = 1e-10
"""Relative; the equations are solved to about 1e-14, and this is how far rounding in the data moves the root."""

NEAR = 1e-9
"""Relative distance from the root at which the exact score must have the right sign."""

TWO_PEAKS = ([1.0, 2.0, -1.0, 0.5], [1e-12, 1.0, 1e12, 1e-3])


def same(actual: Tau2, expected: float, scale: float) -> None:
    """Near zero a root is known only to rounding in the variances, not to itself."""
    assert actual.value == pytest.approx(expected, rel=CONVERGED, abs=1e-12 * scale)


@QUICK
@given(meta_analyses())
def test_reml_is_the_highest_point_of_the_restricted_likelihood(data: tuple[np.ndarray, np.ndarray]) -> None:
    """No tau² on a dense grid, 0 included, may be more likely."""
    y, v = data
    best = restricted_log_likelihood(y, v, estimate_tau2(y, v, "REML").value)
    grid = np.concatenate(([0.0], np.geomspace(1e-6, 100.0, 400)))
    assert max(restricted_log_likelihood(y, v, t) for t in grid) <= best + 1e-10


@QUICK
@given(meta_analyses())
def test_ml_is_the_highest_point_of_the_likelihood(data: tuple[np.ndarray, np.ndarray]) -> None:
    y, v = data

    def likelihood(tau2: float) -> float:
        return restricted_log_likelihood(y, v, tau2) + 0.5 * float(np.log((1.0 / (v + tau2)).sum()))

    best = likelihood(estimate_tau2(y, v, "ML").value)
    grid = np.concatenate(([0.0], np.geomspace(1e-6, 100.0, 400)))
    assert max(map(likelihood, grid)) <= best + 1e-10


@pytest.mark.parametrize("name", sorted(EXTREME))
def test_reml_root_is_exact_under_extreme_variances(name: str) -> None:
    """The score in rational arithmetic changes sign within 1e-9 of the root."""
    y, v = EXTREME[name]
    value = estimate_tau2(y, v, "REML").value
    if value == 0.0:
        assert exact_reml_score(y, v, 0.0) <= 0
    else:
        assert exact_reml_score(y, v, value * (1 - NEAR)) > 0 > exact_reml_score(y, v, value * (1 + NEAR))


def test_several_maxima_are_told() -> None:
    """The likelihood of these studies has a peak at 0 and a higher one inside."""
    found = estimate_tau2(*TWO_PEAKS, "ML")
    assert found.value == pytest.approx(0.0639397413, rel=1e-8)
    assert found.notes == ("The likelihood has more than one local maximum in tau²; the highest was taken.",)


@QUICK
@given(meta_analyses(), st.sampled_from(["PM", "EB"]))
def test_paule_mandel_makes_q_its_degrees_of_freedom(data: tuple[np.ndarray, np.ndarray], method: str) -> None:
    y, v = data
    value = estimate_tau2(y, v, method).value
    q = y @ projection(np.ones((y.size, 1)), v, value) @ y
    if value > 0.0:
        assert q == pytest.approx(y.size - 1, rel=1e-9)
    else:
        assert q <= y.size - 1 + 1e-9


@QUICK
@given(meta_analyses(), st.sampled_from(METHODS), st.sampled_from([1e-6, 0.1, 300.0]), st.randoms())
def test_shift_scale_and_order(
    data: tuple[np.ndarray, np.ndarray], method: str, scale: float, random: np.random.Generator
) -> None:
    """A new unit multiplies tau² by its square; a shift and another order change nothing."""
    y, v = data
    order = list(range(y.size))
    random.shuffle(order)
    expected = estimate_tau2(y, v, method)
    actual = estimate_tau2(7.5 * scale + scale * y[order], scale**2 * v[order], method)
    same(actual, expected.value * scale**2, scale**2)


@QUICK
@given(meta_analyses())
def test_ml_does_not_mind_every_study_twice(data: tuple[np.ndarray, np.ndarray]) -> None:
    y, v = data
    same(estimate_tau2(np.tile(y, 2), np.tile(v, 2), "ML"), estimate_tau2(y, v, "ML").value, 1.0)


@pytest.mark.parametrize("method", METHODS)
def test_an_intercept_given_as_a_design_is_the_mean(method: str) -> None:
    y, v = HETEROGENEOUS
    mean, design = estimate_tau2(y, v, method), estimate_tau2(y, v, method, np.full((7, 1), 3.0))
    assert design.value == pytest.approx(mean.value, rel=1e-12)
    assert design.se == pytest.approx(mean.se, rel=1e-12)


@pytest.mark.parametrize("method", [m for m in METHODS if m != "SJ"])
def test_identical_effects_have_no_variance_between_them(method: str) -> None:
    assert estimate_tau2([0.1] * 5, [0.1, 0.2, 0.3, 0.1, 0.2], method).value == 0.0


@pytest.mark.parametrize("method", METHODS)
def test_without_degrees_of_freedom_tau2_is_zero_and_told(method: str) -> None:
    one = estimate_tau2([0.3], [0.1], method)
    assert (one.value, one.converged) == (0.0, True)
    assert np.isnan(one.se)
    assert "one study" in one.notes[0]
    assert "2 studies and as many coefficients" in estimate_tau2([1, 2], [1, 1], method, [[1, 0], [1, 1]]).notes[0]


def test_an_unknown_estimator_is_refused() -> None:
    with pytest.raises(ValueError, match="tau2 must be one of REML, ML"):
        estimate_tau2([1.0], [1.0], "GENQ")
