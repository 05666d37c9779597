"""Tests and intervals of one estimate: reference distributions, Hartung-Knapp factors, undefined ratios."""

import math

import numpy as np
import pytest

from ketcli.stats.inference import degrees, variance_factor, wald
from ketcli.stats.prediction import prediction_interval

T1, T2, T4, Z = 12.706204736174694, 4.302652729749464, 2.7764451051977934, 1.959963984540054
"""97.5 % quantiles of t with 1, 2 and 4 degrees of freedom and of the normal (tables)."""


def test_reference_distribution_is_normal_for_z_and_where_nothing_is_left() -> None:
    df = np.array([0.0, 3.0])
    assert degrees("z", df).tolist() == [math.inf, math.inf]
    assert degrees("knha", df).tolist() == [math.inf, 3.0]


def test_hartung_knapp_factor() -> None:
    q, df = np.array([2.0, 8.0, 5.0]), np.array([4.0, 4.0, 0.0])
    assert variance_factor("knha", q, df).tolist() == [0.5, 2.0, 1.0]
    assert variance_factor("adhoc", q, df).tolist() == [1.0, 2.0, 1.0]
    assert variance_factor("z", q, df).tolist() == [1.0, 1.0, 1.0]


def test_each_row_has_its_own_degrees_of_freedom() -> None:
    """A batch of leave-one-out fits mixes them when studies are missing."""
    mean = wald(np.array([1.0, 1.0, 1.0]), np.full(3, 0.5), np.array([1.0, 4.0, math.inf]), 0.95)
    np.testing.assert_allclose(mean.ci_high - 1.0, [0.5 * T1, 0.5 * T4, 0.5 * Z], rtol=1e-12)
    np.testing.assert_allclose(mean.p, [0.29516723530086655, 0.11611652351681562, 0.04550026389635839], rtol=1e-10)


def test_a_standard_error_of_zero_is_infinite_evidence_or_none() -> None:
    mean = wald(np.array([-2.0, 0.0]), np.zeros(2), np.full(2, 3.0), 0.95)
    assert mean.statistic[0] == -math.inf
    assert mean.p[0] == 0.0
    assert np.isnan([mean.statistic[1], mean.p[1]]).all()


@pytest.mark.parametrize(
    ("rule", "quantile", "spread"), [("V", T2, 0.5), ("HTS", T1, 0.5), ("HK", T2, 0.7), ("z", Z, 0.5)]
)
def test_prediction_rules(rule: str, quantile: float, spread: float) -> None:
    """Three studies: t(2), t(1), t(2) with the Hartung-Knapp error, normal."""
    band = prediction_interval(rule, df=2.0, estimate=1.0, tau2=0.3, se=0.5, se_hk=0.7, level=0.95)
    half = quantile * math.sqrt(0.3 + spread**2)
    assert (band.low, band.high) == pytest.approx((1.0 - half, 1.0 + half), rel=1e-12)
    assert "very uncertain" in band.note


def test_prediction_needs_three_studies_and_warns_under_five() -> None:
    def band(df: float) -> tuple[bool, str]:
        made = prediction_interval("V", df=df, estimate=0.0, tau2=1.0, se=1.0, se_hk=1.0, level=0.95)
        return math.isnan(made.low), made.note

    assert band(1.0)[0]
    assert "at least three studies" in band(1.0)[1]
    assert band(3.0) == (False, "The prediction interval rests on 3 degrees of freedom and is very uncertain.")
    assert band(4.0) == (False, "")
