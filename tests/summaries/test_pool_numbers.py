"""`ket pool` against R: every pooled quantity of the worked examples as the command reports it."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.reference import pinned
from tests.summaries.pool_examples import example, numbers, only, rows

COUNTS = ("bcg", "Fleiss1993bin", "hine1989", "nielweise2007", "collins1985a", "edge_bin2_zero_cells")
RANDOM = (
    *((name, measure) for name in COUNTS for measure in ("RR", "OR", "RD", "AS")),
    *((name, measure) for name in ("pritz1997", "edge_tau0") for measure in ("PLO", "PR", "PAS", "PLN", "PFT")),
    *(("normand1999", measure) for measure in ("MD", "SMD", "SMD1")),
    *(("morris2008", measure) for measure in ("MC", "SMCC", "SMCR")),
    *((name, "GEN") for name in ("hackshaw1998", "raudenbush1985", "hksj_narrow_k3", "konstantopoulos2011")),
)


def _key(measure: str) -> str:
    return "SMD_LS" if measure == "SMD" else measure


def _line(row: dict[str, Any], expected: dict[str, Any], rel: float) -> None:
    assert row["yi"] == pytest.approx(expected["estimate"], rel=rel, abs=1e-12)
    assert row["se"] == pytest.approx(expected["se"], rel=rel)
    assert row["ci_low"] == pytest.approx(expected["ci_low"], rel=rel, abs=1e-9)
    assert row["ci_high"] == pytest.approx(expected["ci_high"], rel=rel, abs=1e-9)


@pytest.mark.parametrize(("name", "measure"), RANDOM)
def test_effects_and_random_effects_line_are_those_of_metafor(name: str, measure: str) -> None:
    expected = pinned.load(name)["measures"][_key(measure)]
    for tau2 in ("REML", "DL"):
        for test in ("z", "knha", "adhoc"):
            report = example(name, measure=measure, model="random", tau2=tau2, test=test, scale="model")
            pooled = only(report, "pooled")
            fit = expected["random"][tau2]
            _line(pooled, fit[test], pinned.ITERATIVE)
            assert pooled["tau2"] == pytest.approx(fit["tau2"], rel=pinned.ITERATIVE, abs=1e-12)
            assert pooled["i2"] == pytest.approx(fit["i2"], rel=pinned.ITERATIVE, abs=1e-8)
            assert pooled["q"] == pytest.approx(expected["heterogeneity"]["q"], rel=pinned.ITERATIVE, abs=1e-12)
            assert (pooled["k"], pooled["model"], pooled["test"]) == (
                expected["heterogeneity"]["k"],
                "random",
                test,
            )
    studies = rows(report, "study")
    assert numbers(studies, "yi") == pytest.approx(
        [expected["effects"]["yi"][i] for i in expected["included"]], rel=1e-10, abs=1e-14
    )
    assert numbers(studies, "vi") == pytest.approx(
        [expected["effects"]["vi"][i] for i in expected["included"]], rel=1e-10, abs=1e-300
    )


@pytest.mark.parametrize(("name", "measure"), [("bcg", "RR"), ("normand1999", "SMD"), ("hackshaw1998", "GEN")])
def test_every_estimator_of_tau2_reaches_the_command(name: str, measure: str) -> None:
    expected = pinned.load(name)["measures"][_key(measure)]["random"]
    for method in ("REML", "ML", "DL", "PM", "EB", "SJ", "HS", "HE"):
        pooled = only(example(name, measure=measure, tau2=method.lower()), "pooled")
        assert pooled["tau2"] == pytest.approx(expected[method]["tau2"], rel=pinned.ITERATIVE, abs=1e-12)
        assert pooled["tau2_method"] == method


def test_bcg_on_the_natural_scale_with_weights_limits_of_heterogeneity_and_prediction() -> None:
    expected = pinned.load("bcg")["measures"]["RR"]
    report = example("bcg")
    pooled, fit = only(report, "pooled"), expected["random"]["REML"]
    assert pooled["estimate"] == pytest.approx(math.exp(fit["adhoc"]["estimate"]), rel=pinned.ITERATIVE)
    assert pooled["ci_low"] == pytest.approx(math.exp(fit["adhoc"]["ci_low"]), rel=pinned.ITERATIVE)
    assert pooled["ci_high"] == pytest.approx(math.exp(fit["adhoc"]["ci_high"]), rel=pinned.ITERATIVE)
    assert pooled["p"] == pytest.approx(fit["adhoc"]["p"], rel=1e-6)
    assert pooled["h2"] == pytest.approx(fit["h2"], rel=pinned.ITERATIVE)
    profile = expected["heterogeneity"]["q_profile"]
    assert (pooled["tau2_ci_low"], pooled["tau2_ci_high"]) == pytest.approx(
        tuple(profile["tau2"]), rel=pinned.ITERATIVE
    )
    band = expected["prediction"]["REML"]["v"]
    low, high = band
    assert (pooled["pi_low"], pooled["pi_high"]) == pytest.approx((math.exp(low), math.exp(high)), rel=1e-7)
    prediction = only(report, "prediction")
    assert (prediction["ci_low"], prediction["ci_high"]) == (pooled["pi_low"], pooled["pi_high"])
    assert numbers(rows(report, "study"), "weight") == pytest.approx(fit["weights"], rel=pinned.ITERATIVE)


@pytest.mark.parametrize("rule", ["v", "hts", "hk", "z"])
def test_rules_of_the_prediction_interval(rule: str) -> None:
    band = pinned.load("bcg")["measures"]["OR"]["prediction"]["REML"][rule]
    low, high = band
    pooled = only(example("bcg", measure="OR", pi=rule, scale="model"), "pooled")
    assert (pooled["pi_low"], pooled["pi_high"]) == pytest.approx((low, high), rel=1e-7)


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
def test_mantel_haenszel_without_correction_stands_beside_the_answer(name: str, measure: str) -> None:
    expected = pinned.load(name)["mh"][measure]["exact_all_tables"]
    report = example(name, measure=measure, scale="model")
    line = next(row for row in rows(report, "alternative") if row["model"] == "mh")
    _line(line, expected, pinned.CLOSED_FORM)
    alone = only(example(name, measure=measure, model="mh", scale="model"), "pooled")
    assert (alone["yi"], alone["se"], alone["q"]) == (line["yi"], line["se"], line["q"])


@pytest.mark.parametrize("name", ["bcg", "nielweise2007"])
def test_mantel_haenszel_with_the_correction_asked_for(name: str) -> None:
    expected = pinned.load(name)["mh"]["OR"]["corrected"]
    row = only(example(name, measure="OR", model="mh", correction="0.5", scale="model"), "pooled")
    _line(row, expected, pinned.CLOSED_FORM)


@pytest.mark.parametrize("name", COUNTS)
def test_peto(name: str) -> None:
    row = only(example(name, model="peto", scale="model"), "pooled")
    _line(row, pinned.load(name)["peto"], pinned.CLOSED_FORM)
    assert row["measure"] == "PETO"


@pytest.mark.parametrize("name", ["bcg", "hine1989", "nielweise2007", "edge_bin2_zero_cells"])
def test_mixed_model_of_two_arms(name: str) -> None:
    expected = pinned.load(name)["glmm"]["UM.FS"]
    row = only(example(name, model="glmm", test="z", scale="model"), "pooled")
    assert (row["measure"], row["model"]) == ("OR", "glmm")
    _line(row, expected, pinned.QUADRATURE)


@pytest.mark.parametrize("name", ["pritz1997", "edge_tau0", "edge_k2"])
def test_mixed_model_is_the_answer_for_proportions(name: str) -> None:
    expected = pinned.load(name)["glmm"]["near_exact"]
    row = only(example(name, test="z"), "pooled")
    assert row["yi"] == pytest.approx(expected["mu"], rel=pinned.QUADRATURE, abs=1e-9)
    assert row["se"] == pytest.approx(expected["se"], rel=pinned.QUADRATURE)
    assert row["tau2"] == pytest.approx(expected["tau2"], rel=pinned.QUADRATURE, abs=1e-12)
    assert row["estimate"] == pytest.approx(expected["proportion"], rel=pinned.QUADRATURE)


def test_three_level_with_cluster_robust_interval_and_t_beside_it() -> None:
    expected = pinned.load("konstantopoulos2011")["measures"]["GEN"]["clustered"]["three_level"]
    report = example("konstantopoulos2011", cluster="district")
    pooled, beside = only(report, "pooled"), only(report, "alternative")
    for row, key in ((pooled, "cr2"), (beside, "t_contain")):
        for name in ("estimate", "se", "ci_low", "ci_high", "p", "df", "statistic"):
            column = "yi" if name == "estimate" else name
            assert row[column] == pytest.approx(expected[key][name][0], rel=1e-6)
    assert pooled["tau2"] == pytest.approx(expected["sigma2_between"] + expected["sigma2_within"], rel=1e-6)
    assert pooled["tau2_within"] == pytest.approx(expected["sigma2_within"], rel=1e-6)
    assert pooled["k"] == 56


@pytest.mark.parametrize("method", ["REML", "DL"])
def test_subgroups_with_their_own_and_with_one_tau2(method: str) -> None:
    expected = pinned.load("bcg")["measures"]["RR"]["subgroups"]["alloc"][method]
    report = example("bcg", by="alloc", tau2=method, test="z", scale="model")
    for row in rows(report, "subgroup"):
        _line(row, expected["separate"]["groups"][row["group"]], pinned.ITERATIVE)
    test = only(report, "test")
    assert test["statistic"] == pytest.approx(expected["separate"]["q_between"], rel=pinned.ITERATIVE)
    assert (test["df"], test["p"]) == pytest.approx((2, expected["separate"]["p"]), rel=1e-6)
    shared = example("bcg", by="alloc", tau2=method, test="z", scale="model", common_tau2=True)
    found = {row["group"]: row for row in rows(shared, "subgroup")}
    for label, estimate, se in zip(*(expected["shared"][n] for n in ("labels", "estimate", "se")), strict=True):
        assert (found[label]["yi"], found[label]["se"]) == pytest.approx((estimate, se), rel=pinned.ITERATIVE)
        assert found[label]["tau2"] == pytest.approx(expected["shared"]["tau2"], rel=pinned.ITERATIVE)
    test = only(shared, "test")
    assert test["statistic"] == pytest.approx(expected["shared"]["q_between"], rel=pinned.ITERATIVE)


def test_meta_regression_on_a_number() -> None:
    expected = pinned.load("bcg")["measures"]["RR"]["regression"]["ablat"]["REML_knha"]
    report = example("bcg", moderator="ablat", test="knha")
    found = rows(report, "moderator")
    assert [row["term"] for row in found] == ["intercept", "ablat"]
    for i, row in enumerate(found):
        assert (row["yi"], row["se"], row["p"]) == pytest.approx(
            (expected["estimate"][i], expected["se"][i], expected["p"][i]), rel=1e-6
        )
        assert row["estimate"] == pytest.approx(math.exp(expected["estimate"][i]), rel=1e-7)
        assert row["ci_low"] == pytest.approx(math.exp(expected["ci_low"][i]), rel=1e-7)
    together, left = rows(report, "test")
    assert (together["statistic"], together["df"], together["df2"]) == pytest.approx(
        (expected["qm"], *expected["qm_df"]), rel=1e-6
    )
    assert together["r2"] == pytest.approx(expected["r2"], rel=1e-6)
    assert (left["statistic"], left["df"], left["tau2"]) == pytest.approx(
        (expected["qe"], expected["qe_df"], expected["tau2"]), rel=1e-6
    )


def test_three_level_meta_regression() -> None:
    section = pinned.load("konstantopoulos2011")["measures"]["GEN"]["clustered"]["three_level_regression"]
    expected = section["t_contain"]
    found = rows(example("konstantopoulos2011", cluster="district", moderator="year", test="t"), "moderator")
    data = pinned.dataset("konstantopoulos2011")
    slope = found[1]
    assert slope["yi"] == pytest.approx(expected["estimate"][1], rel=1e-5)
    assert slope["se"] == pytest.approx(expected["se"][1], rel=1e-5)
    assert len(data["yi"]) == slope["k"] == 56


@pytest.mark.parametrize(("name", "measure"), [("bcg", "RR"), ("hackshaw1998", "GEN"), ("pritz1997", "PLO")])
def test_leave_one_out_and_cumulative(name: str, measure: str) -> None:
    expected = pinned.load(name)["measures"][measure]
    order = pinned.load(name)["columns"].get("order", "ni")
    options = {"measure": measure, "model": "random", "test": "z", "scale": "model"}
    report = example(name, leave_one_out=True, cumulative=order, **options)
    for kind, key in (("leave-one-out", "leave_one_out"), ("cumulative", "cumulative")):
        if kind == "cumulative" and "order" not in pinned.load(name)["columns"]:
            continue
        found, wanted = rows(report, kind), expected[key]["REML_z"]
        for column, field in (("yi", "estimate"), ("se", "se"), ("tau2", "tau2"), ("q", "q")):
            assert numbers(found, column) == pytest.approx(wanted[field], rel=pinned.ITERATIVE, abs=1e-9)


def test_influence_is_metafors() -> None:
    expected = pinned.load("bcg")["measures"]["RR"]["influence"]
    found = rows(example("bcg", influence=True), "study")
    for column, field in (
        *(("rstudent", "rstudent"), ("dffits", "dffits"), ("cook", "cook_d"), ("cov_ratio", "cov_r")),
        *(("hat", "hat"), ("tau2_deleted", "tau2_del"), ("q_deleted", "qe_del")),
    ):
        assert numbers(found, column) == pytest.approx(expected[field], rel=1e-7, abs=1e-10)
    baujat = pinned.load("bcg")["measures"]["RR"]["baujat"]["common"]
    assert numbers(found, "baujat_x") == pytest.approx(baujat["x"], rel=1e-9)
    assert numbers(found, "baujat_y") == pytest.approx(baujat["y"], rel=1e-9)


def test_small_study_tests_and_adjusted_estimates() -> None:
    expected = pinned.load("bcg")["measures"]["OR"]["bias"]
    report = example("bcg", measure="OR", bias=True, test="z")
    tests = {row["term"]: row for row in rows(report, "test")}
    for name in ("egger", "peters", "harbord"):
        assert tests[name]["p"] == pytest.approx(expected[name]["p"], rel=1e-8)
        assert tests[name]["statistic"] == pytest.approx(expected[name]["statistic"], rel=1e-8)
    assert tests["begg"]["p"] == pytest.approx(expected["begg"]["p"], rel=1e-8)
    adjusted = {row["term"]: row for row in rows(report, "adjusted")}
    filled = expected["trim_fill"]["L0_REML"]
    assert adjusted["trim-and-fill"]["yi"] == pytest.approx(filled["estimate"], rel=1e-8)
    selection = expected["selection"]["less"]
    assert adjusted["selection-model"]["yi"] == pytest.approx(selection["estimate"], rel=pinned.SELECTION)
    assert tests["selection-test"]["p"] == pytest.approx(selection["lrt_p"], rel=pinned.SELECTION)
    assert adjusted["selection-model"]["estimate"] == pytest.approx(math.exp(selection["estimate"]), rel=1e-5)
