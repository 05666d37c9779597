"""Meta-regression, subgroups and permutation tests agree with metafor's."""

import math
from typing import Any

import numpy as np
import pytest

from ketcli.stats.permutation import permutation_test
from ketcli.stats.regression import meta_regression, predict
from ketcli.stats.subgroups import subgroup_analysis
from tests.reference import meta_examples as ref

COLUMNS = {
    ("bcg", "ablat"): ["ablat"],
    ("bcg", "ablat_year"): ["ablat", "year"],
    ("Fleiss1993bin", "year"): ["year"],
    ("raudenbush1985", "weeks"): ["weeks.c"],
}
"""The columns behind each regression (Fleiss's year counts from 1980)."""

REGRESSIONS = [
    (name, measure, title, case)
    for name, measure in ref.blocks("regression")
    for title, cases in ref.block(name, measure)["regression"].items()
    for case in cases
]
GROUPS = [
    (name, measure, title, method)
    for name, measure in ref.blocks("subgroups")
    for title, methods in ref.block(name, measure)["subgroups"].items()
    for method in methods
]
PERMUTATIONS = [
    (name, measure, title, method)
    for name, measure in ref.blocks("permutation")
    for title in ref.block(name, measure)["permutation"]
    for method in ("REML", "DL")
    if (title, method) != ("year", "REML")  # R drops the orders whose fit does not converge, and counts the rest
]

LOWER_PEAK = {("Fleiss1993bin", "OR", "ML"), ("Fleiss1993bin", "RR", "ML")}
"""R's Fisher scoring stays on a lower peak of the likelihood, at tau² = 0."""

MANY_COLUMNS = 1e-8
"""Relative; R solves normal equations in calendar years, which loses digits that the orthonormal design keeps."""


def moderators(name: str, measure: str, title: str) -> np.ndarray:
    x = np.column_stack([ref.column(name, measure, c) for c in COLUMNS[name, title]]).astype(float)
    return x - 1980.0 if name == "Fleiss1993bin" else x


def test_every_regression_subgroup_and_permutation_is_found() -> None:
    assert {(n, t) for n, _, t, _ in REGRESSIONS} == set(COLUMNS)
    assert {(n, t) for n, _, t, _ in GROUPS} == {
        ("bcg", "alloc"),
        ("hackshaw1998", "design"),
        ("raudenbush1985", "tester"),
    }
    assert {n for n, _, _, _ in PERMUTATIONS} == {"Fleiss1993bin", "hine1989", "hksj_narrow_k3"}


def assert_higher_peak(y: np.ndarray, v: np.ndarray, x: np.ndarray, tau2: float, lower: float) -> None:
    design = np.column_stack((np.ones(y.size), x))
    here, there = (ref.log_likelihood(y, v, design, value) for value in (tau2, lower))
    assert here > there + 0.01


@pytest.mark.parametrize(("name", "measure", "title", "case"), REGRESSIONS)
def test_meta_regression(name: str, measure: str, title: str, case: str) -> None:
    y, v = ref.effects(name, measure)
    method, test = case.split("_")
    x = moderators(name, measure, title)
    expected = ref.block(name, measure)["regression"][title][case]
    made = meta_regression(y, v, x, tau2=method, test=test)
    if (name, measure, method) in LOWER_PEAK:
        assert_higher_peak(y, v, x, made.tau2, expected["tau2"])
        return
    rel = max(ref.tolerance(method), MANY_COLUMNS if x.shape[1] > 1 else 0.0)
    for j in range(len(made.names)):
        one = {field: value for field, value in expected.items() if field != "df"}
        ref.assert_line(made, one, rel, j)
    assert made.df == expected["qe_df"]
    np.testing.assert_allclose(made.covariance.ravel(), expected["vcov"], rtol=10 * rel)
    ref.assert_tau2(made.tau2, expected["tau2"], v, rel)
    assert made.tau2_se == pytest.approx(expected["tau2_se"], rel=rel)
    assert (made.r2, made.i2) == pytest.approx((expected["r2"], expected["i2"]), rel=rel, abs=ref.PERCENT)
    assert (made.h2, made.qe, made.qe_p) == pytest.approx([expected[key] for key in ("h2", "qe", "qe_p")], rel=rel)
    assert (made.qm, made.qm_df1) == pytest.approx((expected["qm"], expected["qm_df"][0]), rel=10 * rel)
    assert made.qm_p == pytest.approx(expected["qm_p"], rel=10 * rel * (1.0 + expected["qm"]))
    assert made.qm_df2 == (math.inf if test == "z" else expected["qm_df"][1])


@pytest.mark.parametrize(
    ("name", "measure", "title", "case"),
    [c for c in REGRESSIONS if (c[0], c[1], c[3].split("_")[0]) not in LOWER_PEAK],
)
def test_predictions(name: str, measure: str, title: str, case: str) -> None:
    """metafor's own prediction interval is the rule HK for knha and z for z."""
    y, v = ref.effects(name, measure)
    method, test = case.split("_")
    x = moderators(name, measure, title)
    expected = ref.block(name, measure)["regression"][title][case]["first_three"]
    fit = meta_regression(y, v, x, tau2=method, test=test)
    made = predict(fit, x[:3], prediction={"z": "z", "knha": "HK"}.get(test, "V"))
    fields = ["estimate", "se", "ci_low", "ci_high"]
    if test != "adhoc" or fit.factor == 1.0:
        fields += ["pi_low", "pi_high"]
    rel = max(ref.tolerance(method), MANY_COLUMNS)
    for field in fields:
        np.testing.assert_allclose(getattr(made, field), expected[field], rtol=rel, atol=rel * max(expected["se"]))


def assert_between(made: Any, expected: dict[str, Any], rel: float) -> None:
    assert (made.statistic, made.df1) == pytest.approx((expected["q_between"], expected["df"]), rel=rel, abs=rel)
    assert made.p == pytest.approx(expected["p"], rel=rel * (1.0 + expected["q_between"]))


@pytest.mark.parametrize(("name", "measure", "title", "method"), GROUPS)
def test_subgroups_with_separate_tau2(name: str, measure: str, title: str, method: str) -> None:
    y, v = ref.effects(name, measure)
    expected = ref.block(name, measure)["subgroups"][title][method]["separate"]
    made = subgroup_analysis(y, v, ref.column(name, measure, title), tau2=method, test="z")
    rel = ref.tolerance(method)
    assert set(made.labels) == set(expected["groups"])
    for label, line in zip(made.labels, made.groups, strict=True):
        group = expected["groups"][label]
        ref.assert_line(line, group, rel)
        ref.assert_tau2(line.tau2, group["tau2"], v, rel)
        assert (line.k, line.q) == pytest.approx((group["k"], group["q"]), rel=rel)
    assert_between(made.between, expected, rel)


@pytest.mark.parametrize(("name", "measure", "title", "method"), GROUPS)
def test_subgroups_with_shared_tau2(name: str, measure: str, title: str, method: str) -> None:
    y, v = ref.effects(name, measure)
    expected = ref.block(name, measure)["subgroups"][title][method]["shared"]
    groups = ref.column(name, measure, title)
    made = subgroup_analysis(y, v, groups, tau2=method, test="z", common_tau2=True)
    rel = ref.tolerance(method)
    for label, estimate, se in zip(expected["labels"], expected["estimate"], expected["se"], strict=True):
        line = made.groups[made.labels.index(label)]
        assert (line.estimate, line.se) == pytest.approx((estimate, se), rel=rel)
        ref.assert_tau2(line.tau2, expected["tau2"], v, rel)
    assert_between(made.between, expected, rel)
    assert made.r2 == pytest.approx(expected["r2"], rel=rel, abs=ref.PERCENT)
    f = subgroup_analysis(y, v, groups, tau2=method, test="knha", common_tau2=True).between
    assert (f.statistic, f.p) == pytest.approx((expected["knha_f"], expected["knha_p"]), rel=10 * rel)
    assert [f.df1, f.df2] == expected["knha_df"]


@pytest.mark.parametrize(("name", "measure", "title", "method"), PERMUTATIONS)
def test_exact_permutation_p_values(name: str, measure: str, title: str, method: str) -> None:
    """R goes through every order; distinct arrangements, each the same number of orders, are enough."""
    y, v = ref.effects(name, measure)
    expected = ref.block(name, measure)["permutation"][title][f"{method}_z"]
    x = None if title == "mean" else moderators(name, measure, title)
    made = permutation_test(y, v, x, tau2=method)
    assert made.exact
    assert expected["permutations"] % made.iterations == 0
    assert made.p.tolist() == pytest.approx(expected["p"], rel=1e-12)
    assert made.qm_p == pytest.approx(expected["qm_p"], rel=1e-12)
