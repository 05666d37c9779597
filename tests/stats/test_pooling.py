"""The pooled mean: arithmetic by hand, symmetries, one and two studies, the rules of test and prediction."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketcli.stats.pooling import common_effect, random_effects
from ketcli.stats.results import Pooled
from ketcli.stats.tau2 import METHODS
from tests.stats.meta_examples import EXTREME, HETEROGENEOUS, HOMOGENEOUS, QUICK, meta_analyses

SAME = 1e-9
"""Relative, to the size of the numbers: how far rounding in the data moves a converged result."""

T1 = 12.706204736174694
TESTS = ("z", "t", "knha", "adhoc", "iqwig6")


def undefined(line: Pooled) -> set[str]:
    """Names of the NaN fields."""
    values = dataclasses.asdict(line)
    return {name for name, value in values.items() if isinstance(value, float) and math.isnan(value)}


def test_common_effect_by_hand() -> None:
    line = common_effect([1.0, 2.0, 4.0], [0.5, 1.0, 0.25])
    assert line.estimate == pytest.approx(20 / 7, rel=1e-14)
    assert line.se == pytest.approx(math.sqrt(1 / 7), rel=1e-14)
    assert line.weights == pytest.approx([200 / 7, 100 / 7, 400 / 7], rel=1e-14)
    q = 2 * (13 / 7) ** 2 + (6 / 7) ** 2 + 4 * (8 / 7) ** 2
    assert (line.q, line.q_df) == pytest.approx((q, 2.0), rel=1e-14)
    assert (line.i2, line.h2) == pytest.approx((100 * (q - 2) / q, q / 2), rel=1e-13)
    assert (line.model, line.method, line.test, line.df, line.tau2) == ("common", "", "z", math.inf, 0.0)
    assert undefined(line) == {"tau2_se", "pi_low", "pi_high"}


def test_common_effect_offers_t_but_not_hartung_knapp() -> None:
    assert common_effect(*HETEROGENEOUS, test="t").df == 6.0
    with pytest.raises(ValueError, match="test must be one of z, t"):
        common_effect(*HETEROGENEOUS, test="knha")


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("method", METHODS)
def test_one_study_is_itself(method: str, test: str) -> None:
    line = random_effects([0.3], [0.04], tau2=method, test=test)
    assert (line.estimate, line.se, line.test, line.df, line.tau2) == (0.3, 0.2, "z", math.inf, 0.0)
    assert (line.q, line.q_df, line.q_p, line.weights.tolist()) == (0.0, 0.0, 1.0, [100.0])
    assert line.ci_low == pytest.approx(0.3 - 1.959963984540054 * 0.2, rel=1e-12)
    assert undefined(line) == {"tau2_se", "i2", "h2", "pi_low", "pi_high"}
    assert len(line.notes) == 1
    assert line.notes[0].startswith("One study")


def test_two_studies_get_their_interval_and_a_warning() -> None:
    """t(1) is drawn but called uninformative, and there is no prediction interval."""
    line = random_effects([-0.4519851237, -1.8458266904], [0.2337662338, 0.3859649123])
    assert line.ci_high - line.estimate == pytest.approx(T1 * line.se, rel=1e-10)
    assert "uninformative" in line.notes[0]
    assert "at least three studies" in line.notes[1]
    assert undefined(line) == {"pi_low", "pi_high"}


def test_equal_variances_give_the_plain_mean_and_its_t_interval() -> None:
    """Hartung-Knapp is then the textbook one-sample t interval, whatever tau² is."""
    y = np.array([0.2, 0.9, -0.4, 1.4])
    line = random_effects(y, [0.01] * 4, test="knha")
    assert line.estimate == pytest.approx(y.mean(), rel=1e-13)
    assert line.se == pytest.approx(y.std(ddof=1) / 2, rel=1e-12)
    assert line.tau2 == pytest.approx(y.var(ddof=1) - 0.01, rel=1e-12)


@QUICK
@given(meta_analyses(3), st.sampled_from(METHODS), st.sampled_from(TESTS), st.sampled_from([1e-5, 1.0, 400.0]))
def test_unit_origin_and_order(data: tuple[np.ndarray, np.ndarray], method: str, test: str, scale: float) -> None:
    """Percent, another zero or a sorted table must tell the same story."""
    y, v = data
    order = np.argsort(-v, kind="stable")
    shift = 3.0 * scale
    expected = random_effects(y, v, tau2=method, test=test)
    actual = random_effects(scale * y[order] + shift, scale**2 * v[order], tau2=method, test=test)
    size = scale * (1.0 + np.abs(y).max())
    for name in ("estimate", "ci_low", "ci_high", "pi_low", "pi_high"):
        assert getattr(actual, name) == pytest.approx(
            scale * getattr(expected, name) + shift, rel=SAME, abs=SAME * size
        )
    assert actual.se == pytest.approx(scale * expected.se, rel=1e-7, abs=SAME * size)
    assert actual.i2 == pytest.approx(expected.i2, rel=SAME, abs=1e-7)
    np.testing.assert_allclose(actual.weights, expected.weights[order], rtol=1e-7)


@QUICK
@given(meta_analyses(2), st.sampled_from(METHODS))
def test_the_mean_lies_among_the_studies_and_within_its_interval(
    data: tuple[np.ndarray, np.ndarray], method: str
) -> None:
    y, v = data
    line = random_effects(y, v, tau2=method)
    assert y.min() - SAME <= line.estimate <= y.max() + SAME
    assert line.ci_low < line.estimate < line.ci_high
    assert line.weights.sum() == pytest.approx(100.0, rel=1e-12)
    assert 0.0 <= line.i2 < 100.0
    assert line.h2 == pytest.approx(1.0 / (1.0 - line.i2 / 100.0), rel=1e-9)


@QUICK
@given(meta_analyses(2))
def test_adhoc_is_never_narrower_than_classic_t_or_plain_hartung_knapp(
    data: tuple[np.ndarray, np.ndarray],
) -> None:
    widths = {test: random_effects(*data, test=test) for test in ("t", "knha", "adhoc")}
    wider = max(widths["t"].se, widths["knha"].se)
    assert widths["adhoc"].se == pytest.approx(wider, rel=1e-12)


@QUICK
@given(meta_analyses(2))
def test_twice_the_studies_halve_the_common_variance(data: tuple[np.ndarray, np.ndarray]) -> None:
    y, v = data
    once, twice = common_effect(y, v), common_effect(np.tile(y, 2), np.tile(v, 2))
    assert twice.estimate == pytest.approx(once.estimate, rel=SAME, abs=1e-12)
    assert twice.se == pytest.approx(once.se / math.sqrt(2.0), rel=1e-12)
    assert twice.q == pytest.approx(2.0 * once.q, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", sorted(EXTREME))
def test_extreme_variances_leave_nothing_undefined(name: str, method: str) -> None:
    line = random_effects(*EXTREME[name], tau2=method)
    assert undefined(line) == set()
    assert line.converged


def test_homogeneous_studies_keep_the_classic_error_and_say_so() -> None:
    """Plain Hartung-Knapp would give an interval of ±0.02 to three studies with errors of 0.2."""
    line = random_effects(*HOMOGENEOUS)
    assert line.tau2 == 0.0
    assert line.se == pytest.approx(common_effect(*HOMOGENEOUS).se, rel=1e-14)
    assert "factor 0.00 was raised to 1" in line.notes[0]
    assert random_effects(*HOMOGENEOUS, test="knha").se < 0.1 * line.se


def test_iqwig6_corrects_only_an_interval_narrower_than_dersimonian_laird() -> None:
    narrow = random_effects(*HOMOGENEOUS, tau2="PM", test="iqwig6")
    assert narrow.test == "adhoc"
    assert "narrower than the DerSimonian-Laird" in narrow.notes[0]
    wide = random_effects(*HETEROGENEOUS, tau2="PM", test="iqwig6")
    assert wide.test == "knha"
    assert wide.ci_low == random_effects(*HETEROGENEOUS, tau2="PM", test="knha").ci_low


def test_studies_that_agree_exactly_test_nothing_under_plain_hartung_knapp() -> None:
    line = random_effects([0.0, 0.0, 0.0], [1.0, 2.0, 3.0], test="knha")
    assert (line.estimate, line.se) == (0.0, 0.0)
    assert undefined(line) == {"statistic", "p"}
    assert any("agree exactly" in note for note in line.notes)


def test_i2_may_come_from_q() -> None:
    line = random_effects(*HETEROGENEOUS, i2="q")
    common = common_effect(*HETEROGENEOUS)
    assert (line.i2, line.h2) == (common.i2, common.h2)
    assert line.i2 != random_effects(*HETEROGENEOUS).i2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tau2": "XX"}, "tau2 must be one of"),
        ({"test": "wald"}, "test must be one of"),
        ({"prediction": "none"}, "prediction must be one of"),
        ({"i2": "Q"}, "i2 must be one of"),
        ({"level": 95.0}, "level must lie between 0 and 1"),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        random_effects(*HETEROGENEOUS, **arguments)


@pytest.mark.parametrize(
    ("y", "v", "message"),
    [
        ([], [], "no studies"),
        ([1.0], [1.0, 2.0], "lengths differ"),
        ([1.0], [0.0], "variances must be positive"),
        ([math.nan], [1.0], "finite"),
    ],
)
def test_bad_studies_are_named(y: list[float], v: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        random_effects(y, v)
