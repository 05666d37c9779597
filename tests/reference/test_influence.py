"""Leave-one-out, cumulative, influence and Baujat results agree with metafor's on every worked example."""

import numpy as np
import pytest

from ketcli.stats.influence import baujat, cumulative, influence, leave_one_out
from tests.reference import meta_examples as ref
from tests.reference import pinned

DEEP = [case for case in ref.blocks("leave_one_out", "influence") if ref.effects(*case)[0].size > 1]
CUMULATED = ref.blocks("cumulative")
CASES = {"REML_z": ("REML", "z"), "REML_knha": ("REML", "knha"), "common": ("CE", "z")}

DELETED = 1e-7
"""Relative; differences between two converged fits keep fewer digits than the fits."""


def test_the_examples_are_all_there() -> None:
    assert len(DEEP) >= 25
    assert len(CUMULATED) >= 11


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("name", "measure"), DEEP)
def test_leave_one_out(name: str, measure: str, case: str) -> None:
    y, v = ref.effects(name, measure)
    method, test = CASES[case]
    made = leave_one_out(y, v, tau2=method, test=test)
    ref.assert_rows(made, ref.block(name, measure)["leave_one_out"][case], v, ref.tolerance(method))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("name", "measure"), CUMULATED)
def test_cumulative(name: str, measure: str, case: str) -> None:
    y, v = ref.effects(name, measure)
    method, test = CASES[case]
    expected = ref.block(name, measure)["cumulative"]
    made = cumulative(y, v, by=ref.column(name, measure, "year"), tau2=method, test=test)
    assert made.study.tolist() == expected["order"]
    ref.assert_rows(made, expected[case], v, ref.tolerance(method))


@pytest.mark.parametrize(("name", "measure"), DEEP)
def test_influence(name: str, measure: str) -> None:
    y, v = ref.effects(name, measure)
    expected = ref.block(name, measure)["influence"]
    made = influence(y, v)
    names = {
        "rstudent": made.rstudent,
        "dffits": made.dffits,
        "cook_d": made.cook,
        "cov_r": made.cov_ratio,
        "qe_del": made.qe_deleted,
        "hat": made.hat,
        "weight": made.weight,
        "dfbs": made.dfbetas[:, 0],
    }
    for field, actual in names.items():
        wanted = np.array(expected[field])
        largest = float(np.abs(wanted).max())
        np.testing.assert_allclose(actual, wanted, rtol=DELETED, atol=DELETED * 1e-2 * largest, err_msg=field)
    for actual_tau2, wanted_tau2 in zip(made.tau2_deleted, expected["tau2_del"], strict=True):
        ref.assert_tau2(actual_tau2, wanted_tau2, v, pinned.ITERATIVE)
    assert made.influential.tolist() == expected["influential"]


@pytest.mark.parametrize(("case", "method"), [("common", "CE"), ("REML", "REML")])
@pytest.mark.parametrize(("name", "measure"), DEEP)
def test_baujat(name: str, measure: str, case: str, method: str) -> None:
    expected = ref.block(name, measure)["baujat"][case]
    made = baujat(*ref.effects(name, measure), tau2=method)
    for actual, field in zip(made, ("x", "y"), strict=True):
        largest = float(np.abs(expected[field]).max())
        np.testing.assert_allclose(actual, expected[field], rtol=DELETED, atol=DELETED * 1e-2 * largest)
