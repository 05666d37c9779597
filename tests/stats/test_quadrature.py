"""Adaptive quadrature against integrals that are known, or summed by brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ketcli.stats.numeric.quadrature import Integrand, find_modes, integrate, place_nodes


def gaussian(mean, precision):
    """k normal log densities without their constants."""
    return Integrand(
        height=lambda u: -0.5 * np.einsum("ki,kij,kj->k", u - mean, precision, u - mean),
        slopes=lambda u: (-np.einsum("kij,kj->ki", precision, u - mean), precision),
        stretch=lambda shift: np.zeros(shift.shape[::2]),
    )


def total(integrand, d, k, count=None):
    mode, precision = find_modes(integrand, np.zeros((k, d)))
    rule = place_nodes(integrand, mode, precision, count)
    heights = np.stack([integrand.height(rule.points[:, j]) for j in range(rule.points.shape[1])], axis=1)
    return integrate(heights, rule)


@pytest.mark.parametrize("d", [1, 2])
def test_normal_integrals_are_exact(d):
    rng = np.random.default_rng(d)
    factor = rng.normal(size=(4, d, d))
    precision = factor @ np.swapaxes(factor, 1, 2) + np.eye(d)
    values, _ = total(gaussian(rng.normal(size=(4, d)) * 5, precision), d, 4)
    exact = 0.5 * d * math.log(2 * math.pi) - 0.5 * np.linalg.slogdet(precision)[1]
    np.testing.assert_allclose(values, exact, rtol=1e-12, atol=1e-12)


def lopsided(n, mu, tau):
    """No event among n patients: a half-line on one side, a normal tail on the other."""

    def eta(u):
        return mu + tau * u[:, 0]

    def slopes(u):
        p = 1 / (1 + np.exp(-eta(u)))
        return (-n * p * tau - u[:, 0])[:, None], (n * p * (1 - p) * tau**2 + 1)[:, None, None]

    return Integrand(
        height=lambda u: -n * np.logaddexp(0.0, eta(u)) - 0.5 * u[:, 0] ** 2,
        slopes=slopes,
        stretch=lambda shift: np.abs(tau * shift[:, 0]),
    )


@pytest.mark.parametrize(("n", "mu", "tau"), [(20, -1.0, 0.5), (500, -3.0, 2.0), (5000, 0.0, 6.0), (10, 2.0, 12.0)])
def test_lopsided_integrals_are_exact(n, mu, tau):
    values, shares = total(lopsided(n, mu, tau), 1, 1)
    u = np.linspace(-40.0, 40.0, 2_000_001)
    heights = -n * np.logaddexp(0.0, mu + tau * u) - 0.5 * u**2
    exact = heights.max() + math.log(np.exp(heights - heights.max()).sum() * 80.0 / 2_000_000)
    assert values[0] == pytest.approx(exact, abs=1e-11)
    assert shares.sum() == pytest.approx(1.0)


def test_more_nodes_change_nothing():
    few, many = total(lopsided(500, -3.0, 2.0), 1, 1), total(lopsided(500, -3.0, 2.0), 1, 1, count=2001)
    assert few[0][0] == pytest.approx(many[0][0], abs=1e-11)


def test_a_narrow_and_a_wide_study_share_one_rule():
    values, _ = total(gaussian(np.array([[3.0], [-50.0]]), np.array([[[1e8]], [[1.0]]])), 1, 2)
    np.testing.assert_allclose(values, 0.5 * np.log(2 * np.pi / np.array([1e8, 1.0])), atol=1e-12)


def test_without_random_effects_the_integral_is_the_value():
    rule = place_nodes(gaussian(np.zeros((3, 0)), np.zeros((3, 0, 0))), np.zeros((3, 0)), np.zeros((3, 0, 0)))
    values, shares = integrate(np.array([[0.5], [1.0], [-2.0]]), rule)
    assert values.tolist() == [0.5, 1.0, -2.0]
    assert shares.tolist() == [[1.0], [1.0], [1.0]]
