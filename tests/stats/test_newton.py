"""The ascent: it finds maxima where the surface is not concave, and stops at bounds."""

import numpy as np
import pytest

from ketcli.stats.numeric.newton import maximise

FREE = np.array([-np.inf, -np.inf])


def rosenbrock(x: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Minus Rosenbrock's valley: curved, and not concave away from its maximum at (1, 1)."""
    a, b = x
    value = -((1 - a) ** 2) - 100 * (b - a * a) ** 2
    gradient = np.array([2 * (1 - a) + 400 * a * (b - a * a), -200 * (b - a * a)])
    hessian = np.array([[-2 + 400 * b - 1200 * a * a, 400 * a], [400 * a, -200.0]])
    return value, gradient, hessian


@pytest.mark.parametrize("start", [(-1.2, 1.0), (3.0, -4.0), (0.0, 10.0)])
def test_the_maximum_is_found_to_rounding(start: tuple[float, float]) -> None:
    top = maximise(rosenbrock, np.array(start), FREE, -FREE)
    assert top.converged
    assert top.free.all()
    np.testing.assert_allclose(top.x, [1.0, 1.0], rtol=1e-7)


def test_a_bound_holds_the_parameter_that_would_cross_it() -> None:
    top = maximise(rosenbrock, np.array([0.0, 0.2]), FREE, np.array([np.inf, 0.25]))
    assert top.converged
    assert top.x[1] == 0.25
    assert top.free.tolist() == [True, False]
    assert rosenbrock(top.x)[1][0] == pytest.approx(0.0, abs=1e-6)


def test_a_bound_met_on_the_way_is_left_again() -> None:
    def hill(x: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        return -float((x - 2.0) @ (x - 2.0)), -2.0 * (x - 2.0), -2.0 * np.eye(2)

    top = maximise(hill, np.zeros(2), np.zeros(2), -FREE)
    assert top.converged
    np.testing.assert_allclose(top.x, [2.0, 2.0], rtol=1e-7)


def test_running_out_of_iterations_is_told() -> None:
    assert not maximise(rosenbrock, np.array([-1.2, 1.0]), FREE, -FREE, iterations=3).converged
