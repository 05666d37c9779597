"""The benchmarks still run: what they report is made rarely, so a change could break them unseen."""

import re

import numpy as np
import pytest

from tests.benchmarks import coverage, engine
from tests.benchmarks.coverage import Scenario
from tests.benchmarks.programs import ket_batch, ket_single, python


def test_coverage_counts_intervals_that_hold_the_truth() -> None:
    low, high = np.array([0.0, 0.6, np.nan, -1.0]), np.array([1.0, 1.0, np.nan, 2.0])
    found = coverage.judge((low, high), 0.5, lambda x: 10.0 * x)
    assert (found.coverage, found.missing) == (0.5, 0.25)
    assert found.width == pytest.approx(10.0 * (1.0 + 0.4 + 3.0) / 3.0)


def test_coverage_makes_a_line_for_every_scenario_it_can() -> None:
    chosen = [Scenario(5, 0.05, 0.1), Scenario(5, 0.5, 0.5)]
    page = coverage.report(3, chosen)
    assert page.count("| 0.05 | 0.1 | 5 |") == 2
    assert page.count("| 0.5 | 0.5 | 5 |") == 1
    assert "Left out" in page
    assert "nan" not in page


def test_a_scenario_draws_the_same_data_whatever_ran_before() -> None:
    scenario, other = Scenario(5, 0.2, 0.0), Scenario(5, 0.2, 0.1)
    first = coverage.risk_ratios(scenario, 4)
    assert first != coverage.risk_ratios(other, 4)
    assert first == coverage.risk_ratios(scenario, 4)


def test_engine_gives_ratios_of_one_round_for_every_method() -> None:
    yi, vi = (values[:20] for values in engine.simulate())
    programs = [
        (program, 2)
        for method in engine.METHODS
        for name, run in ((engine.BATCH, ket_batch(method)), (engine.SINGLE, ket_single(method)))
        for program in python(name, method, run, yi, vi)
    ]
    *_, line = engine.compare(programs, engine.BATCH, same=False, count=2)
    assert len(re.findall(r"[\d.,-]+ \([\d.,-]+ to [\d.,-]+\)", line)) == len(engine.METHODS)
