"""The project's own quantiles and tails agree with SciPy's, so that the fast path changes no number."""

import numpy as np
import pytest
from scipy import special as scipy_special

from ketcli.stats.numeric import distributions as d
from ketcli.stats.numeric import special

RELATIVE = 1e-12


@pytest.mark.parametrize("df", [1, 2, 3, 4.7, 12, 100, 5000])
def test_t_quantile_and_tail(df: float) -> None:
    for p in (0.6, 0.9, 0.975, 0.999, 0.999999):
        tail = 2 * (1 - p)
        expected = np.sqrt(df * (1 / scipy_special.betaincinv(df / 2, 0.5, tail) - 1))
        assert d.t_quantile(p, df) == pytest.approx(expected, rel=1e-11)
        assert d.t_quantile(1 - p, df) == pytest.approx(-expected, rel=1e-9)
        assert d.t_two_sided(expected, df) == pytest.approx(tail, rel=1e-11)


def test_normal() -> None:
    p = np.array([1e-300, 1e-20, 1e-8, 0.001, 0.02425, 0.3, 0.5, 0.8, 0.975, 1 - 1e-9])
    np.testing.assert_allclose(d.normal_quantile(p), scipy_special.ndtri(p), rtol=RELATIVE, atol=1e-16)
    x = np.linspace(-30, 8, 41)
    np.testing.assert_allclose(d.normal_cdf(x), scipy_special.ndtr(x), rtol=RELATIVE)
    assert d.normal_quantile(0.0) == -np.inf
    assert np.isnan(d.normal_quantile(1.5))


@pytest.mark.parametrize("df", [0.5, 1, 2, 7, 30, 199, 4000])
def test_chi_square(df: float) -> None:
    x = df * np.array([0.01, 0.3, 0.9, 1.0, 1.1, 2.0, 5.0])
    np.testing.assert_allclose(d.chi2_sf(x, df), scipy_special.chdtrc(df, x), rtol=1e-11)
    for p in (1e-6, 0.025, 0.5, 0.975, 0.999):
        assert d.chi2_quantile(p, df) == pytest.approx(2 * scipy_special.gammaincinv(df / 2, p), rel=1e-11)


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (1, 9), (13, 5), (7, 8000), (3000, 9000), (0.5, 120)])
def test_beta(a: float, b: float) -> None:
    p = np.array([1e-8, 0.025, 0.31, 0.5, 0.975])
    x = scipy_special.betaincinv(a, b, p)
    np.testing.assert_allclose(d.beta_quantile(p, a, b), x, rtol=1e-10)
    np.testing.assert_allclose(d.beta_cdf(x, a, b), p, rtol=1e-9)


def test_f_tail_with_infinite_denominator_is_chi_square() -> None:
    assert d.f_sf(2.5, 3, np.inf) == pytest.approx(d.chi2_sf(7.5, 3), rel=1e-13)
    assert d.f_sf(2.5, 3, 17) == pytest.approx(scipy_special.fdtrc(3, 17, 2.5), rel=1e-12)


def test_long_arrays_give_what_single_numbers_give() -> None:
    x = np.linspace(0.01, 40, d.LONG)
    np.testing.assert_allclose(d.chi2_sf(x, 5), [d.chi2_sf(float(v), 5) for v in x], rtol=1e-11)
    np.testing.assert_allclose(d.normal_cdf(-x), [d.normal_cdf(float(-v)) for v in x], rtol=1e-11, atol=1e-300)


def test_ends() -> None:
    assert (special.beta_inverse(2, 3, 0.0), special.beta_inverse(2, 3, 1.0)) == (0.0, 1.0)
    assert (special.gamma_inverse(2, 0.0), special.gamma_inverse(2, 1.0)) == (0.0, np.inf)
    assert d.chi2_sf(3.0, 0.0) == 1.0
    assert np.isnan(d.chi2_sf(np.nan, 2.0))
