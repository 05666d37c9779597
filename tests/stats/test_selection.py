"""The selection model: likelihood and derivatives, symmetries, and what it does when it cannot be fitted."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketcli.stats.numeric.distributions import normal_cdf, normal_quantile
from ketcli.stats.small_studies.selection import selection_model
from ketcli.stats.small_studies.selection_likelihood import step_data, surface, without_steps

QUICK = settings(derandomize=True, max_examples=30, deadline=None)
POINT = st.tuples(st.floats(-1.5, 1.5), st.floats(0.05, 2), st.floats(-1.5, 1.5), st.floats(-1.5, 1.5))
SIDES = st.booleans()


def draw(seed: int, k: int, *, mu: float = 0.2, tau: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """Simulate k unselected studies."""
    rng = np.random.default_rng(seed)
    v = rng.uniform(0.005, 0.2, k)
    return mu + rng.normal(0, tau, k) + rng.normal(0, 1, k) * np.sqrt(v), v


def published(seed: int, k: int, chance: float) -> tuple[np.ndarray, np.ndarray]:
    """Simulate studies of which those with one-sided p > 0.025 are published with `chance` only."""
    y, v = draw(seed, 20 * k)
    seen = (y / np.sqrt(v) > normal_quantile(0.975)) | (
        np.random.default_rng(seed + 1).uniform(size=y.size) < chance
    )
    return y[seen][:k], v[seen][:k]


def numeric(f: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
    h = 1e-5
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(x.size)])


@QUICK
@given(POINT, SIDES)
def test_gradient_and_hessian_are_the_derivatives_of_the_likelihood(
    point: tuple[float, ...], two_sided: bool
) -> None:
    y, v = draw(3, 15)
    data, x = step_data(y / 0.3, v / 0.09, (0.05, 0.4), two_sided=two_sided), np.array(point)
    _, gradient, hessian = surface(data, x)
    np.testing.assert_allclose(gradient, numeric(lambda p: np.array(surface(data, p)[0]), x), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(hessian, numeric(lambda p: surface(data, p)[1], x), rtol=1e-5, atol=1e-5)


@QUICK
@given(POINT, SIDES)
def test_equal_deltas_are_no_selection(point: tuple[float, ...], two_sided: bool) -> None:
    y, v = draw(5, 12)
    data = step_data(y, v, (0.05, 0.4), two_sided=two_sided)
    x = np.array([*point[:2], 0.0, 0.0])
    assert surface(data, x)[0] == pytest.approx(surface(without_steps(data), x[:2])[0], rel=1e-12)


@QUICK
@given(POINT, SIDES)
def test_a_study_s_density_is_its_weighted_normal_over_the_weighted_mass(
    point: tuple[float, ...], two_sided: bool
) -> None:
    """The chance to be seen, which the likelihood has in closed form, is what all possible results add up to."""
    x, v, steps, y = np.array(point), 0.5, np.array([0.05, 0.4]), 0.3
    grid = np.linspace(-15.0, 15.0, 300_001)
    z = np.abs(grid) / np.sqrt(v) if two_sided else grid / np.sqrt(v)
    delta = np.exp([0.0, x[2], x[3]])[np.searchsorted(steps, (1.0 + two_sided) * normal_cdf(-z))]
    spread = v + x[1]
    mass = delta * np.exp(-0.5 * (grid - x[0]) ** 2 / spread)
    at = int(np.argmin(np.abs(grid - y)))
    expected = np.log(mass[at] / (mass.sum() * (grid[1] - grid[0])))
    data = step_data(grid[[at]], np.array([v]), tuple(steps), two_sided=two_sided)
    assert expected == pytest.approx(surface(data, x)[0], abs=1e-3)


def test_less_is_greater_seen_from_the_other_side() -> None:
    y, v = published(1, 30, 0.3)
    greater, less = selection_model(y, v), selection_model(-y, v, alternative="less")
    assert greater.estimate == -less.estimate
    assert (greater.delta, greater.lrt) == (less.delta, less.lrt)
    assert (greater.ci_low, greater.ci_high) == pytest.approx((-less.ci_high, -less.ci_low), rel=1e-12)


def test_units_do_not_matter() -> None:
    y, v = published(1, 30, 0.3)
    one, other = selection_model(y, v), selection_model(1000.0 * y, 1e6 * v)
    assert other.estimate == pytest.approx(1000.0 * one.estimate, rel=1e-9)
    assert other.tau2 == pytest.approx(1e6 * one.tau2, rel=1e-9)
    assert other.delta == pytest.approx(one.delta, rel=1e-9)
    assert other.lrt == pytest.approx(one.lrt, rel=1e-8)
    assert other.log_likelihood == pytest.approx(one.log_likelihood - 30 * np.log(1000.0), rel=1e-10)


def test_strong_selection_is_found_and_undone() -> None:
    y, v = published(7, 200, 0.1)
    result = selection_model(y, v)
    assert result.lrt_p < 0.001
    assert result.delta[1] == pytest.approx(0.1, abs=0.06)
    assert abs(result.estimate - 0.2) < 0.5 * abs(result.unadjusted - 0.2)


def test_no_selection_leaves_the_mean_where_it_was() -> None:
    y, v = draw(11, 200)
    result = selection_model(y, v)
    assert result.lrt_p > 0.05
    assert result.ci_low < 0.2 < result.ci_high


def test_general_steps_contain_the_three_parameter_model() -> None:
    y, v = published(3, 60, 0.3)
    one, three = selection_model(y, v), selection_model(y, v, steps=(0.025, 0.3, 0.7))
    assert three.log_likelihood >= one.log_likelihood
    assert (one.lrt_df, three.lrt_df, len(three.delta)) == (1, 3, 4)
    assert sum(three.counts) == 60


def test_an_interval_without_studies_is_named_and_not_estimated() -> None:
    y, v = np.full(8, 2.0), np.linspace(0.01, 0.08, 8)
    result = selection_model(y, v)
    assert result.counts == (8, 0)
    assert np.isnan([result.estimate, result.se, result.p, result.tau2, result.lrt, *result.delta]).all()
    assert result.unadjusted == pytest.approx(2.0)
    assert "No study has p > 0.025" in result.notes[-1]


def test_a_likelihood_that_rises_without_end_has_no_estimate() -> None:
    """Eleven results just significant, one far below: ever more selection around an ever lower mean fits better."""
    z = np.concatenate([[-3.0], 1.97 + np.linspace(0.001, 0.03, 11)])
    result = selection_model(0.2 * z, np.full(12, 0.04))
    assert np.isnan([result.estimate, result.lrt_p]).all()
    assert not result.converged
    assert "rises without end" in result.notes[-1]


@pytest.mark.parametrize(("k", "steps"), [(1, (0.025,)), (3, (0.025,)), (4, (0.025, 0.5))])
def test_no_more_studies_than_parameters_are_refused(k: int, steps: tuple[float, ...]) -> None:
    y, v = published(1, 30, 0.3)
    result = selection_model(y[:k], v[:k], steps=steps)
    assert np.isnan(result.estimate)
    assert f"need more studies than {k}." in result.notes[-1]


def test_a_thin_interval_gets_a_caution() -> None:
    y = np.array([1.0, 0.1, 0.2, 0.15, -0.1, 0.3])
    result = selection_model(y, np.full(6, 0.09) + np.arange(6) * 0.01)
    assert result.counts == (1, 5)
    assert "Fewer than 4 studies have p <= 0.025" in result.notes[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": (0.5, 0.025)}, "steps must be increasing"),
        ({"steps": ()}, "steps must be increasing"),
        ({"steps": (0.5, 1.0)}, "steps must lie between"),
        ({"alternative": "two.sided"}, "alternative must be one of"),
    ],
)
def test_bad_arguments_are_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        selection_model([0.1, 0.2], [0.1, 0.2], **options)
