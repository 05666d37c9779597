"""The vectorised root finder: many brackets at once, bad steps, roots at an end and roots near zero."""

import numpy as np
import pytest

from ketcli.stats.numeric.roots import falling_roots

TARGETS = np.array([1e-8, 0.5, 3.0, 1e6])


def cube(x: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    value = TARGETS[rows] - x**3
    return value, value / (3.0 * x**2)


def test_newton_steps_find_every_root_of_a_batch() -> None:
    low, high = np.full(4, 1e-6), np.full(4, 1e4)
    roots = falling_roots(cube, low, high, np.ones(4), np.ones(4))
    np.testing.assert_allclose(roots.value, np.cbrt(TARGETS), rtol=1e-14)
    assert roots.converged.all()
    assert roots.iterations < 60


@pytest.mark.parametrize("step", [np.nan, 1e9, -1e9])
def test_useless_steps_are_replaced_by_bisection(step: float) -> None:
    """A wild proposal may cost iterations, never the root."""

    def evaluate(x: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return 0.3 - x, np.full_like(x, step)

    roots = falling_roots(evaluate, np.zeros(1), np.full(1, 100.0), np.full(1, 50.0), np.ones(1))
    assert roots.value[0] == pytest.approx(0.3, rel=1e-9)
    assert roots.converged.all()


def test_a_root_at_the_start_stays() -> None:
    roots = falling_roots(lambda x, rows: (1.0 - x, 1.0 - x), np.zeros(1), np.full(1, 2.0), np.ones(1), np.ones(1))
    assert roots.value.tolist() == [1.0]


def test_no_rows_are_no_work() -> None:
    none = np.zeros(0)
    assert falling_roots(cube, none, none, none, none).iterations == 0


def test_running_out_of_iterations_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ketcli.stats.numeric.roots.LIMIT", 3)
    roots = falling_roots(cube, np.full(4, 1e-6), np.full(4, 1e4), np.ones(4), np.ones(4))
    assert roots.iterations == 3
    assert not roots.converged[:3].any()
