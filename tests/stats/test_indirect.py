"""Bucher's indirect comparison: his formula where intervals are normal, symmetric, and never narrower."""

from __future__ import annotations

import math

import pytest

from ketcli.stats.indirect import Estimate, bucher, standard_error

Z = 1.959963984540054


def _normal(value: float, se: float) -> Estimate:
    return Estimate(value, value - Z * se, value + Z * se)


def test_normal_intervals_give_bucher_s_sum_of_variances() -> None:
    # d = 0.9 - 0.4, v = 0.3^2 + 0.4^2 = 0.25
    effect = bucher(_normal(0.9, 0.3), _normal(0.4, 0.4))
    assert effect.value == pytest.approx(0.5, abs=1e-15)
    assert standard_error(effect, 0.95) == pytest.approx(0.5, rel=1e-12)


def test_turning_the_comparison_round_turns_the_sign() -> None:
    there = bucher(Estimate(0.5, 0.1, 1.4), Estimate(-0.2, -0.3, 0.4))
    back = bucher(Estimate(-0.2, -0.3, 0.4), Estimate(0.5, 0.1, 1.4))
    assert (back.value, back.low, back.high) == pytest.approx((-there.value, -there.high, -there.low))


def test_ends_of_uneven_intervals_are_squared_and_added() -> None:
    effect = bucher(Estimate(1.0, 0.7, 1.8), Estimate(0.0, -0.6, 0.4))
    assert effect.low == pytest.approx(1.0 - math.hypot(0.3, 0.4))
    assert effect.high == pytest.approx(1.0 + math.hypot(0.8, 0.6))


def test_an_effect_outside_its_limits_is_refused() -> None:
    with pytest.raises(ValueError, match="enclose"):
        bucher(Estimate(1.0, 1.1, 1.2), Estimate(0.0, -1.0, 1.0))
