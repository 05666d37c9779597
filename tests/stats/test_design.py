"""The design is orthonormal, goes back exactly, and names the column that cannot be estimated."""

import numpy as np
import pytest

from ketcli.stats.design import orthonormal


def test_columns_are_orthonormal_and_go_back() -> None:
    """Calendar years beside an intercept are the ordinary ill-conditioned case."""
    x = np.column_stack((np.ones(6), [1999.0, 2004, 2006, 2011, 2015, 2020]))
    plan = orthonormal(x)
    q = np.concatenate(plan.columns).T
    np.testing.assert_allclose(q.T @ q, np.eye(2), atol=1e-14)
    np.testing.assert_allclose(q @ np.linalg.inv(plan.back), x, rtol=1e-12)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([3.0, 3.0, 3.0, 3.0], "'dose' is constant or a combination"),
        ([0.0, 0.0, 0.0, 0.0], "'dose' is zero"),
        ([1.0, np.nan, 2.0, 3.0], "'dose' has missing"),
        ([1.0, np.inf, 2.0, 3.0], "'dose' has missing or infinite"),
    ],
)
def test_a_column_without_information_is_named(column: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        orthonormal(np.column_stack((np.ones(4), column)), ("intercept", "dose"))


def test_the_later_of_two_dependent_columns_is_named() -> None:
    a, b = np.array([1.0, 2, 4, 8, 16]), np.array([5.0, 3, 1, 1, 0])
    with pytest.raises(ValueError, match="'sum' is constant or a combination"):
        orthonormal(np.column_stack((a, b, a + b)), ("a", "b", "sum"))


@pytest.mark.parametrize(
    ("matrix", "names", "k", "message"),
    [
        (np.ones((3, 1, 1)), None, None, "one row per study"),
        (np.ones((3, 1)), None, 4, "3 rows for 4 studies"),
        (np.ones((3, 1)), ("a", "b"), None, "2 names for 1 columns"),
        (np.ones((1, 2)), None, None, "2 coefficients cannot be estimated from 1 studies"),
    ],
)
def test_shapes_that_do_not_fit(
    matrix: np.ndarray, names: tuple[str, ...] | None, k: int | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        orthonormal(matrix, names, k)
