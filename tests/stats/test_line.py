"""The weighted line: least squares as any solver finds it, with the two dispersions apart."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketcli.stats.numeric.line import fit_line

QUICK = settings(derandomize=True, max_examples=60, deadline=None)
POINTS = st.lists(
    st.tuples(st.floats(-5, 5), st.integers(1, 40), st.floats(0.1, 9)), min_size=3, max_size=12
).filter(lambda points: len({x for _, x, _ in points}) > 1)


def columns(points: list[tuple[float, int, float]]) -> tuple[np.ndarray, ...]:
    y, x, w = np.array(points, dtype=float).T
    return y, x, w


@QUICK
@given(POINTS)
def test_coefficients_solve_the_weighted_normal_equations(points: list[tuple[float, int, float]]) -> None:
    y, x, w = columns(points)
    line = fit_line(y, x, w)
    assert line is not None
    residual = y - line.intercept - line.slope * x
    scale = float(w @ (np.abs(y) + np.abs(line.slope * x) + 1.0))
    assert w @ residual == pytest.approx(0.0, abs=1e-10 * scale)
    assert w @ (x * residual) == pytest.approx(0.0, abs=1e-9 * scale * x.max())


@QUICK
@given(POINTS)
def test_known_dispersion_takes_the_standard_errors_from_the_weights(
    points: list[tuple[float, int, float]],
) -> None:
    y, x, w = columns(points)
    line = fit_line(y, x, w, dispersion="one")
    assert line is not None
    design = np.column_stack([np.ones_like(x), x])
    covariance = np.linalg.inv(design.T @ (w[:, None] * design))
    np.testing.assert_allclose([line.intercept_se, line.slope_se], np.sqrt(np.diag(covariance)), rtol=1e-8)
    assert line.df == np.inf


def test_free_dispersion_scales_the_known_one_by_the_residual_variance() -> None:
    y, x, w = np.array([0.1, 0.7, 0.2, 1.4]), np.array([1.0, 2.0, 3.0, 4.0]), np.array([3.0, 1.0, 2.0, 1.0])
    free, known = fit_line(y, x, w), fit_line(y, x, w, dispersion="one")
    assert free is not None
    assert known is not None
    phi = float(w @ (y - free.intercept - free.slope * x) ** 2) / 2.0
    assert free.slope_se == pytest.approx(known.slope_se * np.sqrt(phi), rel=1e-12)
    assert free.df == 2.0


@pytest.mark.parametrize(
    ("y", "x"), [([1.0, 2.0], [1.0, 2.0]), ([1.0, 2.0, 3.0], [0.3, 0.3, 0.3])], ids=["two points", "equal x"]
)
def test_no_line_without_three_points_that_differ(y: list[float], x: list[float]) -> None:
    assert fit_line(np.array(y), np.array(x), np.ones(len(y))) is None


def test_points_on_the_line_leave_nothing_to_test() -> None:
    x = np.array([0.1, 0.25, 0.4, 0.7])
    line = fit_line(0.3 + 0.2 * x, x, np.array([1.0, 2.0, 3.0, 4.0]))
    assert line is not None
    assert line.exact
    assert np.isnan(line.test_slope()).all()
    assert line.interval_slope(0.95) == (line.slope, line.slope)
