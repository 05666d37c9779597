"""Sums over studies give what the k x k matrices of the textbook give, masks and extreme weights included."""

from fractions import Fraction

import numpy as np
import pytest

from ketcli.stats import least_squares as ls
from ketcli.stats.design import orthonormal
from tests.stats.meta_examples import EXTREME, projection

DENSE = 1e-10
"""Relative; the dense matrices themselves lose digits."""

EXACT = 1e-9
"""Relative to rational arithmetic; single weights of 1e24 times another leave no more than this."""


def example(p: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = np.column_stack((np.ones(9), rng.normal(size=(9, 3))))[:, :p]
    return rng.normal(size=9), rng.uniform(0.05, 2.0, 9), x


def arranged(y: np.ndarray, v: np.ndarray, x: np.ndarray) -> ls.Studies:
    return ls.arrange(y[None, :], v[None, :], orthonormal(x).columns)


@pytest.mark.parametrize("tau2", [0.0, 0.3])
@pytest.mark.parametrize("p", [1, 2, 3, 4])
def test_forms_and_traces_agree_with_dense_matrices(p: int, tau2: float) -> None:
    y, v, x = example(p)
    fit = ls.weighted_fit(arranged(y, v, x), np.array([tau2]))
    m = projection(x, v, tau2)
    d, e = v, v**2 + 1.0
    actual = [
        ls.q_statistic(fit)[0],
        ls.q_slope(fit)[0],
        ls.q_curvature(fit)[0],
        ls.trace(fit)[0],
        ls.trace(fit, v[None, :])[0],
        ls.trace_square(fit)[0],
        ls.trace_square(fit, d[None, :])[0],
        ls.trace_square(fit, d[None, :], e[None, :])[0],
    ]
    expected = [
        y @ m @ y,
        y @ m @ m @ y,
        y @ m @ m @ m @ y,
        np.trace(m),
        np.trace(m @ np.diag(v)),
        np.trace(m @ m),
        np.trace(m @ np.diag(d) @ m),
        np.trace(m @ np.diag(d) @ m @ np.diag(e)),
    ]
    np.testing.assert_allclose(actual, expected, rtol=DENSE)


@pytest.mark.parametrize("p", [1, 3])
def test_coefficients_and_covariance_go_back_to_the_given_columns(p: int) -> None:
    y, v, x = example(p)
    plan = orthonormal(x)
    studies = arranged(y, v, x)
    fit = ls.weighted_fit(studies, np.array([0.2]))
    w = np.diag(1.0 / (v + 0.2))
    expected = np.linalg.inv(x.T @ w @ x)
    np.testing.assert_allclose(plan.back @ ls.covariance(fit)[0] @ plan.back.T, expected, rtol=DENSE)
    actual = plan.back @ (studies.origin + ls.coefficients(fit))[0]
    np.testing.assert_allclose(actual, expected @ x.T @ w @ y, rtol=DENSE)


def test_absent_studies_are_as_if_never_given() -> None:
    """Whatever stands in a masked cell, a missing value above all, must not reach a result."""
    y, v, x = example(2)
    keep = np.array([True, True, False, True, True, False, True, True, True])
    dirty_y, dirty_v = np.where(keep, y, np.nan), np.where(keep, v, -1.0)
    plan = orthonormal(x)
    masked = ls.arrange(dirty_y[None, :], dirty_v[None, :], plan.columns, keep[None, :])
    less = ls.arrange(y[keep][None, :], v[keep][None, :], tuple(c[:, keep] for c in plan.columns))
    tau2 = np.array([0.1])
    for function in (ls.q_statistic, ls.q_slope, ls.trace, ls.trace_square, ls.log_determinant):
        actual, expected = (function(ls.weighted_fit(s, tau2)) for s in (masked, less))
        np.testing.assert_allclose(actual, expected, rtol=1e-12)
    assert masked.k.tolist() == [7.0]
    np.testing.assert_allclose(masked.scatter, less.scatter, rtol=1e-12)


def test_a_column_that_vanishes_with_the_absent_studies_is_singular() -> None:
    x = np.column_stack((np.ones(4), [1.0, 0.0, 0.0, 0.0]))
    present = np.array([[False, True, True, True], [True, True, True, False]])
    y = np.broadcast_to([1.0, 2.0, 3.0, 4.0], (2, 4))
    studies = ls.arrange(y, np.ones((2, 4)), orthonormal(x).columns, present)
    assert studies.singular.tolist() == [True, False]


@pytest.mark.parametrize("name", sorted(EXTREME))
def test_traces_of_a_mean_keep_their_digits_under_extreme_weights(name: str) -> None:
    """sum w - sum w²/sum w and its square, which cancel to nothing in the obvious form."""
    y, v = EXTREME[name]
    fit = ls.weighted_fit(ls.arrange(np.array([y]), np.array([v])), np.zeros(1))
    w = [1 / Fraction(x) for x in v]
    total = sum(w)
    others = [sum(w[:i] + w[i + 1 :]) for i in range(len(w))]
    trace = sum(wi * oi for wi, oi in zip(w, others, strict=True)) / total
    square = sum(wi * wi * oi * oi for wi, oi in zip(w, others, strict=True)) / total**2
    square += sum((w[i] * w[j] / total) ** 2 for i in range(len(w)) for j in range(len(w)) if i != j)
    mean = sum(wi * Fraction(yi) for wi, yi in zip(w, y, strict=True)) / total
    q = sum(wi * (Fraction(yi) - mean) ** 2 for wi, yi in zip(w, y, strict=True))
    assert ls.trace(fit)[0] == pytest.approx(float(trace), rel=EXACT)
    assert ls.trace_square(fit)[0] == pytest.approx(float(square), rel=EXACT)
    assert ls.q_statistic(fit)[0] == pytest.approx(float(q), rel=EXACT)


def test_traces_of_a_line_keep_their_digits_under_extreme_weights() -> None:
    """With two columns the dominant study's own terms are summed apart."""
    v, z = [1e-10, 1.0, 2.0, 5.0, 1e8], [0, 1, 2, 3, 5]
    x = np.column_stack((np.ones(5), z))
    studies = ls.arrange(np.array([[0.1, 0.5, 0.2, 0.9, 3.0]]), np.array([v]), orthonormal(x).columns)
    fit = ls.weighted_fit(studies, np.zeros(1))
    w = [1 / Fraction(value) for value in v]
    s0, s1, s2 = (sum(wi * Fraction(zi) ** n for wi, zi in zip(w, z, strict=True)) for n in range(3))
    det = s0 * s2 - s1 * s1

    def cell(i: int, j: int) -> Fraction:
        part = w[i] * w[j] * (s2 - (z[i] + z[j]) * s1 + z[i] * z[j] * s0) / det
        return (w[i] if i == j else Fraction(0)) - part

    trace = sum(cell(i, i) for i in range(5))
    square = sum(cell(i, j) ** 2 for i in range(5) for j in range(5))
    assert ls.trace(fit)[0] == pytest.approx(float(trace), rel=EXACT)
    assert ls.trace_square(fit)[0] == pytest.approx(float(square), rel=EXACT)


def test_effects_that_agree_leave_nothing() -> None:
    """Rounding in the mean of equal numbers must not pass for heterogeneity."""
    studies = ls.arrange(np.full((1, 3), 0.1), np.array([[1.0, 2.0, 3.0]]))
    assert studies.yi.tolist() == [[0.0, 0.0, 0.0]]


@pytest.mark.parametrize(("y", "v"), [(1e60, 1.0), (0.0, 1e60), (0.0, 1e-60)])
def test_numbers_whose_squares_overflow_are_refused(y: float, v: float) -> None:
    with pytest.raises(ValueError, match="change their unit"):
        ls.arrange(np.array([[y, 0.0]]), np.array([[v, 1.0]]))
