"""Rulers: round ticks inside the limits, few enough to read, and axes that hold what must be seen."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketcli.render.ruler import linear_ruler, log_ruler, percent_ruler, round_up, spread_limits
from ketcli.render.strip import Scale, ticks
from ketcli.report import Axis, Display

ordinary = st.floats(-1e6, 1e6, allow_nan=False)
positive = st.floats(1e-3, 1e3)


@settings(derandomize=True, max_examples=60)
@given(ordinary, st.floats(1e-3, 1e6))
def test_linear_ticks_lie_inside_and_are_few(low: float, width: float) -> None:
    ruler = linear_ruler(low, low + width)
    slack = 1e-6 * max(abs(low), width)
    assert all(low - slack <= tick <= low + width + slack for tick in ruler.ticks)
    assert 2 <= len(ruler.ticks) <= 7
    assert len(set(ruler.labels)) == len(ruler.labels)


@settings(derandomize=True, max_examples=60)
@given(positive, st.floats(1.3, 1e5))
def test_ratio_ticks_lie_inside_and_are_few(low: float, factor: float) -> None:
    ruler = log_ruler(low, low * factor)
    assert all(-1e-6 <= ruler.share(tick) <= 1 + 1e-6 for tick in ruler.ticks)
    assert 1 <= len(ruler.ticks) <= 8
    assert len(set(ruler.labels)) == len(ruler.labels)


@pytest.mark.parametrize(("low", "high"), [(0.3, 3.0), (0.64, 4.97), (0.9, 1.3), (0.05, 90.0), (0.5, 1.02)])
def test_one_is_a_tick_of_an_axis_of_ratios_that_holds_it(low: float, high: float) -> None:
    assert 1.0 in [pytest.approx(tick) for tick in log_ruler(low, high).ticks]


def test_percent_axis_is_labelled_in_percent() -> None:
    ruler = percent_ruler()
    assert ruler.labels == ("0 %", "20 %", "40 %", "60 %", "80 %", "100 %")
    assert ruler.share(0.25) == 0.25


def test_labels_of_a_difference_multiply_by_the_factor() -> None:
    ruler = linear_ruler(-0.1, 0.3, factor=100.0)
    assert ruler.labels == ("−10", "0", "10", "20", "30")
    assert ruler.ticks == pytest.approx((-0.1, 0.0, 0.1, 0.2, 0.3))


def test_axis_without_width_gets_some() -> None:
    assert linear_ruler(3.0, 3.0).low < 3.0 < linear_ruler(3.0, 3.0).high
    assert log_ruler(2.0, 2.0).low < 2.0 < log_ruler(2.0, 2.0).high


@settings(derandomize=True, max_examples=60)
@given(st.lists(positive, min_size=1, max_size=9), st.lists(st.tuples(positive, positive), max_size=9))
def test_limits_hold_every_point_and_the_null(points: list[float], ends: list[tuple[float, float]]) -> None:
    intervals = [(min(pair), max(pair)) for pair in ends]
    low, high = spread_limits(points, intervals, null=1.0, log=True)
    assert low < min([*points, 1.0])
    assert high > max([*points, 1.0])


def test_values_without_a_logarithm_are_passed_over() -> None:
    low, high = spread_limits([2.0, 0.0, math.inf], [(0.0, 3.0)], null=1.0, log=True)
    assert 0.0 < low < 1.0
    assert 2.0 < high < 10.0


@pytest.mark.parametrize(("value", "end"), [(0.0, 0.1), (0.32, 0.4), (0.4, 0.4), (0.97, 1.0), (1.0, 1.0)])
def test_axis_of_risks_ends_at_a_whole_tenth(value: float, end: float) -> None:
    assert round_up(value) == pytest.approx(end)


def test_labels_of_a_strip_stand_where_their_values_are() -> None:
    line = ticks(Scale(0.1, 10.0, 41, log=True), Axis("log", null=1.0))
    assert len(line) == 41
    assert line[20] == "1"
    assert line.rstrip().endswith("10")


def test_wide_strip_carries_its_axis_in_the_heading() -> None:
    from dataclasses import replace

    from ketcli.render import table
    from tests.render.fixtures import report, terminal

    wide = Display("", "strip", ("rate", "ci_low", "ci_high"), width=61)
    plain = report()
    text = table.render(replace(plain, displays=(*plain.displays[:3], wide)), terminal(120))
    assert "0 %" in text.splitlines()[3]
    assert "100 %" in text.splitlines()[3]
