"""Meta-regression: dependent columns, units of moderators, tests, R², predictions and exact fits."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketcli.stats.pooling import random_effects
from ketcli.stats.regression import Regression, meta_regression, predict
from tests.stats.meta_examples import HETEROGENEOUS, QUICK, meta_analyses

Y, V = HETEROGENEOUS
DOSE = np.array([0.2, 0.5, 0.5, 1.0, 0.3, 0.8, 0.5])
YEAR = np.array([2006.0, 2013, 2019, 2010, 2021, 2016, 2014])


def fields(line: Regression, *names: str) -> list[Any]:
    return [getattr(line, name) for name in names]


def test_without_moderators_it_is_the_random_effects_mean() -> None:
    for test in ("z", "t", "knha", "adhoc"):
        line, mean = meta_regression(Y, V, np.zeros((7, 0)), test=test), random_effects(Y, V, test=test)
        assert line.coefficients[0] == pytest.approx(mean.estimate, rel=1e-13)
        actual = [line.se[0], line.p[0], line.ci_low[0], line.tau2, line.tau2_se, line.i2, line.h2, line.qe]
        expected = [mean.se, mean.p, mean.ci_low, mean.tau2, mean.tau2_se, mean.i2, mean.h2, mean.q]
        assert actual == pytest.approx(expected, rel=1e-11)


def test_the_unit_and_origin_of_a_moderator_do_not_matter() -> None:
    """Calendar years and years since 2015 are the same question."""
    raw, centred = (meta_regression(Y, V, x, ["year"]) for x in (YEAR, (YEAR - 2015.0) / 10.0))
    assert raw.coefficients[1] == pytest.approx(centred.coefficients[1] / 10.0, rel=1e-10)
    names = ("tau2", "tau2_se", "r2", "i2", "qe", "qm", "qm_p")
    assert fields(raw, *names) == pytest.approx(fields(centred, *names), rel=1e-9)
    assert predict(raw, [[2020.0]]).ci_low[0] == pytest.approx(predict(centred, [[0.5]]).ci_low[0], rel=1e-9)


@QUICK
@given(meta_analyses(4), st.sampled_from(["REML", "DL", "PM", "HE", "CE"]))
def test_the_test_of_one_moderator_is_its_own(data: tuple[np.ndarray, np.ndarray], method: str) -> None:
    """Q_M is z², F is t², and the p-values agree."""
    y, v = data
    x = np.arange(y.size) % 3 + 0.5 * (np.arange(y.size) > 1)
    for test in ("z", "t" if method == "CE" else "knha"):
        line = meta_regression(y, v, x, tau2=method, test=test)
        assert line.qm == pytest.approx(line.statistic[1] ** 2, rel=1e-8, abs=1e-12, nan_ok=True)
        assert line.qm_p == pytest.approx(line.p[1], rel=1e-6, abs=1e-12, nan_ok=True)
        assert line.qm_df2 == (math.inf if test == "z" else y.size - 2)


def test_several_moderators_are_tested_together() -> None:
    line = meta_regression(Y, V, np.column_stack((DOSE, YEAR)), ["dose", "year"], test="knha")
    b, block = line.coefficients[1:], line.covariance[1:, 1:]
    assert line.names == ("intercept", "dose", "year")
    assert line.qm == pytest.approx(b @ np.linalg.solve(block, b) / 2.0, rel=1e-8)
    assert fields(line, "qm_df1", "qm_df2", "df", "k") == [2.0, 4.0, 4.0, 7]


def test_r2_is_the_fall_of_tau2_in_percent_and_never_negative() -> None:
    alone = random_effects(Y, V).tau2
    line = meta_regression(Y, V, DOSE)
    assert line.r2 == pytest.approx(max(0.0, 100 * (alone - line.tau2) / alone), rel=1e-12)
    useless = meta_regression(Y, V, [1.0, 0, 0, 1, 0, 0, 0.0])
    assert useless.r2 >= 0.0


def test_r2_without_heterogeneity_or_intercept() -> None:
    nothing = meta_regression([0.50, 0.51, 0.49, 0.5], [0.04] * 4, [1.0, 2, 3, 5])
    assert nothing.r2 == 0.0
    assert "nothing for R²" in nothing.notes[0]
    assert math.isnan(meta_regression(Y, V, DOSE, intercept=False).r2)
    assert math.isnan(meta_regression(Y, V, DOSE, tau2="CE", test="z").r2)


def test_two_ways_to_code_groups_fit_the_same() -> None:
    group = np.array([1.0, 0, 0, 1, 1, 0, 0])
    cells = meta_regression(Y, V, np.column_stack((1 - group, group)), ["a", "b"], intercept=False)
    contrast = meta_regression(Y, V, group, ["b"])
    assert cells.tau2 == pytest.approx(contrast.tau2, rel=1e-10)
    difference = cells.coefficients[1] - cells.coefficients[0]
    assert contrast.coefficients[1] == pytest.approx(difference, rel=1e-10)
    assert contrast.se[1] == pytest.approx(math.hypot(*cells.se), rel=1e-10)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.ones(7), "'dose' is constant"),
        (np.column_stack((DOSE, 2 * DOSE + 1)), "'copy' is constant or a combination"),
        (np.where(DOSE > 0.9, np.nan, DOSE), "'dose' has missing"),
    ],
)
def test_a_useless_moderator_is_named(x: np.ndarray, message: str) -> None:
    names = ["dose", "copy"][: 1 if x.ndim == 1 else 2]
    with pytest.raises(ValueError, match=message):
        meta_regression(Y, V, x, names)


def test_the_rows_of_x_must_be_the_studies() -> None:
    with pytest.raises(ValueError, match="one row for each of the 7 studies"):
        meta_regression(Y, V, [1.0, 2.0])


def test_as_many_coefficients_as_studies() -> None:
    """The line goes through both points: no spread is left, the normal is used, and it is said."""
    line = meta_regression([0.2, 0.8], [0.04, 0.09], [1.0, 3.0])
    assert line.coefficients == pytest.approx([-0.1, 0.3], rel=1e-12)
    assert fields(line, "tau2", "df", "test", "qe") == [0.0, 0.0, "z", 0.0]
    assert line.qm_p == pytest.approx(line.p[1], rel=1e-9)
    assert any("as many coefficients as studies" in note.lower() for note in line.notes)
    assert np.isnan(predict(line, [[2.0]]).pi_low[0])


def test_predictions_go_through_the_line_with_the_chosen_rule() -> None:
    line = meta_regression(Y, V, DOSE, ["dose"], test="knha")
    made = predict(line, [[0.5], [1.0]], prediction="HK")
    x = np.array([[1.0, 0.5], [1.0, 1.0]])
    assert made.estimate == pytest.approx(x @ line.coefficients, rel=1e-12)
    se = np.sqrt(np.diag(x @ line.covariance @ x.T))
    t5 = 2.570581835636314
    assert made.ci_high - made.estimate == pytest.approx(t5 * se, rel=1e-10)
    assert made.pi_high - made.estimate == pytest.approx(t5 * np.sqrt(line.tau2 + se**2), rel=1e-10)
    classic = predict(line, [[0.5]], prediction="V").pi_high[0] - made.estimate[0]
    assert classic == pytest.approx(t5 * math.sqrt(line.tau2 + se[0] ** 2 / line.factor), rel=1e-10)


def test_moderators_that_explain_everything_are_told() -> None:
    line = meta_regression([0.0, 0.0, 0.0, 0.0], [0.1] * 4, [1.0, 2, 3, 5], test="knha")
    assert math.isnan(line.qm)
    assert any("explain the effects exactly" in note for note in line.notes)


def test_a_common_effect_regression_is_tested_by_z_and_says_so() -> None:
    line = meta_regression(Y, V, DOSE, tau2="CE")
    assert (line.test, line.tau2, line.qm_df2) == ("z", 0.0, math.inf)
    assert any("Tested by z" in note for note in line.notes)


def test_predictions_need_every_moderator() -> None:
    line = meta_regression(Y, V, DOSE, ["dose"])
    with pytest.raises(ValueError, match="one column for each of dose"):
        predict(line, [[0.5, 2010.0]])


def test_weights_are_percent() -> None:
    line = meta_regression(Y, V, DOSE)
    assert line.weights == pytest.approx(100 / (V + line.tau2) / (1 / (V + line.tau2)).sum(), rel=1e-13)
