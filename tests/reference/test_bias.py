"""Small-study tests, trim and fill, selection models and excess significance against what R computed.

A section R refused must come back here as NaN with a reason in the notes, never as a number.
"""

import math
from typing import Any

import numpy as np
import pytest

from ketcli.stats.small_studies import bias
from ketcli.stats.small_studies.excess_significance import excess_significance
from ketcli.stats.small_studies.selection import SelectionModel, selection_model
from ketcli.stats.small_studies.small_study import SmallStudyTest
from ketcli.stats.small_studies.trim_and_fill import trim_and_fill
from tests.reference import pinned

ZERO = 1e-12
"""Absolute; an estimate that is zero but for rounding."""

CASES = [
    (name, measure)
    for name in pinned.names()
    for measure, block in pinned.load(name).get("measures", {}).items()
    if "bias" in block
]
COUNTED = [(name, measure) for name, measure in CASES if "peters" in pinned.load(name)["measures"][measure]["bias"]]
SIZED = [
    (name, measure) for name, measure in CASES if "macaskill" in pinned.load(name)["measures"][measure]["bias"]
]
DIRECTIONS = ("greater", "less", "two.sided")


def block(name: str, measure: str) -> dict[str, Any]:
    return pinned.load(name)["measures"][measure]


def studies(name: str, measure: str) -> tuple[np.ndarray, np.ndarray]:
    effects, included = block(name, measure)["effects"], block(name, measure)["included"]
    return tuple(np.atleast_1d(np.asarray(effects[key], dtype=float))[included] for key in ("yi", "vi"))


def counts(name: str, measure: str) -> dict[str, np.ndarray]:
    included, columns = block(name, measure)["included"], pinned.arguments(name)
    return {role: np.asarray(columns[role])[included] for role in ("events1", "total1", "events2", "total2")}


def sizes(name: str, measure: str) -> np.ndarray:
    columns = pinned.dataset(name) | pinned.arguments(name)
    arms = [("total1", "total2"), ("n1i", "n2i"), ("total",)]
    found = next(arm for arm in arms if all(column in columns for column in arm))
    return np.sum([columns[column] for column in found], axis=0)[block(name, measure)["included"]]


def agree(expected: float, actual: float, tolerance: float) -> bool:
    return math.isclose(expected, actual, rel_tol=tolerance, abs_tol=ZERO)


def differences(expected: Any, values: dict[str, float], tolerance: float) -> dict[str, tuple[float, float]]:
    """Return the fields where R (first) and we (second) differ."""
    return {
        key: (expected[key], value) for key, value in values.items() if not agree(expected[key], value, tolerance)
    }


def check_line(expected: Any, actual: SmallStudyTest, tolerance: float) -> None:
    if pinned.refused(expected) or math.isnan(expected["bias"]):
        assert math.isnan(actual.statistic)
        assert actual.notes
        return
    values = {"bias": actual.bias, "bias_se": actual.bias_se}
    if actual.method != "macaskill":
        values |= {
            "limit": actual.limit,
            "limit_se": actual.limit_se,
            "limit_ci_low": actual.limit_low,
            "limit_ci_high": actual.limit_high,
        }
    if not any("exactly on one line" in note for note in actual.notes):
        values |= {"statistic": actual.statistic, "p": actual.p}
    assert differences(expected, values, tolerance) == {}


@pytest.mark.parametrize(("name", "measure"), CASES)
def test_egger_is_r_s_weighted_regression(name: str, measure: str) -> None:
    expected = block(name, measure)["bias"]["egger"]
    check_line(expected, bias.egger(*studies(name, measure)), pinned.CLOSED_FORM)


@pytest.mark.parametrize(("name", "measure"), CASES)
def test_random_effects_egger_is_metafor_s_regression_on_the_standard_error(name: str, measure: str) -> None:
    expected = block(name, measure)["bias"]["egger_random"]
    check_line(expected, bias.egger(*studies(name, measure), model="random"), pinned.ITERATIVE)


@pytest.mark.parametrize(("name", "measure"), COUNTED)
def test_peters_and_harbord_are_r_s_regressions_on_the_cells(name: str, measure: str) -> None:
    expected, cells = block(name, measure)["bias"], counts(name, measure)
    yi = studies(name, measure)[0]
    check_line(expected["peters"], bias.peters(yi, **cells), pinned.CLOSED_FORM)
    check_line(expected["harbord"], bias.harbord(**cells), pinned.CLOSED_FORM)


@pytest.mark.parametrize(("name", "measure"), SIZED)
def test_macaskill_is_r_s_regression_on_the_sample_size(name: str, measure: str) -> None:
    expected = block(name, measure)["bias"]["macaskill"]
    actual = bias.macaskill(*studies(name, measure), sizes(name, measure))
    check_line(expected, actual, pinned.CLOSED_FORM)


@pytest.mark.parametrize(("name", "measure"), CASES)
def test_begg_is_metafor_s_rank_test(name: str, measure: str) -> None:
    expected, actual = block(name, measure)["bias"]["begg"], bias.begg(*studies(name, measure))
    if pinned.refused(expected) or actual.k < 3:
        assert math.isnan(actual.p)
        assert actual.notes
    elif math.isnan(expected["tau"]):
        assert math.isnan(actual.tau)
        assert "undefined" in actual.notes[-1]
    else:
        assert agree(expected["tau"], actual.tau, pinned.CLOSED_FORM)
        assert agree(expected["p"], actual.p, pinned.CLOSED_FORM)


@pytest.mark.parametrize(("name", "measure"), CASES)
def test_pet_and_peese_are_r_s_weighted_regressions(name: str, measure: str) -> None:
    expected, actual = block(name, measure)["bias"], bias.pet_peese(*studies(name, measure))
    for key, line in (("pet", actual.pet), ("peese", actual.peese)):
        if pinned.refused(expected[key]):
            assert line is None
            continue
        assert line is not None
        low, high = line.interval_intercept(0.95)
        values = {"estimate": line.intercept, "se": line.intercept_se, "ci_low": low, "ci_high": high}
        for field, value in values.items():
            assert agree(expected[key][field], value, pinned.CLOSED_FORM), (key, field)
        if not line.exact:
            assert agree(expected[key]["p"], line.test_intercept()[1], pinned.CLOSED_FORM), key


@pytest.mark.parametrize("case", [f"{e}_{m}" for e in ("L0", "R0") for m in ("EE", "REML", "DL")])
@pytest.mark.parametrize(("name", "measure"), CASES)
def test_trim_and_fill_is_metafor_s(name: str, measure: str, case: str) -> None:
    expected = block(name, measure)["bias"]["trim_fill"][case]
    estimator, model = case.split("_")
    yi, vi = studies(name, measure)
    model = "common" if model == "EE" else model
    actual = trim_and_fill(yi, vi, estimator=estimator, model=model, test="z")
    if yi.size < 3:
        assert actual.missing is None
        assert "at least three" in actual.notes[-1]
        return
    assert actual.adjusted is not None
    if pinned.refused(expected):
        assert np.ptp(yi) == 0.0, "R gives R0 up only where every study has the same effect"
        assert actual.missing == 0
        return
    assert expected["k0"] == actual.missing
    assert expected["side"] == actual.side
    adjusted, tolerance = actual.adjusted, pinned.ITERATIVE if model == "REML" else pinned.CLOSED_FORM
    values = {
        "k0_se": actual.missing_se,
        "tau2": adjusted.tau2,
        "estimate": adjusted.estimate,
        "se": adjusted.se,
        "p": adjusted.p,
        "ci_low": adjusted.ci_low,
        "ci_high": adjusted.ci_high,
    }
    known = {key: value for key, value in values.items() if not math.isnan(expected[key])}
    assert differences(expected, known, tolerance) == {}
    np.testing.assert_allclose(actual.filled_yi, np.atleast_1d(expected["filled_yi"]), rtol=tolerance, atol=ZERO)
    np.testing.assert_array_equal(actual.filled_vi, np.atleast_1d(expected["filled_vi"]))


def fit(name: str, measure: str, direction: str) -> SelectionModel:
    steps = (0.05,) if direction == "two.sided" else (0.025,)
    return selection_model(*studies(name, measure), steps=steps, alternative=direction.replace(".", "-"))


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize(("name", "measure"), CASES)
def test_three_parameter_selection_model_is_the_maximum_r_finds(name: str, measure: str, direction: str) -> None:
    expected, actual = block(name, measure)["bias"]["selection"][direction], fit(name, measure, direction)
    if math.isnan(actual.estimate):
        assert pinned.refused(expected)
        assert actual.notes
        return
    if pinned.refused(expected):
        assert "did not achieve convergence" in expected["error"], (
            "R gives up where its optimiser fails, and there alone"
        )
        assert actual.converged
        return
    values = {
        "estimate": actual.estimate,
        "se": actual.se,
        "tau2": actual.tau2,
        "delta": actual.delta[1],
        "delta_se": actual.delta_se[1],
        "loglik": actual.log_likelihood,
        "lrt": actual.lrt,
        "lrt_p": actual.lrt_p,
    }
    assert differences(expected, values, pinned.SELECTION) == {}


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize(("name", "measure"), CASES)
def test_excess_significance_is_metafor_s(name: str, measure: str, direction: str) -> None:
    expected, (yi, vi) = block(name, measure)["bias"]["excess_significance"][direction], studies(name, measure)
    exact = excess_significance(yi, vi, alternative=direction.replace(".", "-"))
    chi2 = excess_significance(yi, vi, alternative=direction.replace(".", "-"), test="chi2")
    values = {
        "observed": exact.observed,
        "expected": exact.expected,
        "ratio": exact.ratio,
        "theta": exact.theta,
        "p_exact": exact.p,
        "p_chi2": chi2.p,
        "chi2": chi2.statistic,
    }
    assert differences(expected, values, pinned.CLOSED_FORM) == {}
    np.testing.assert_allclose(exact.power, np.atleast_1d(expected["power"]), rtol=pinned.CLOSED_FORM)
