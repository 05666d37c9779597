"""What `ket pool` reports: the right rows, defaults that are said, odd data with a defined result, nobody twice."""

from __future__ import annotations

import math
from typing import Any

import pytest

import ketcli
from ketcli.errors import InputError, UsageError
from ketcli.report import Report
from ketcli.stats.effects.transforms import absolute_difference
from tests.reference import pinned
from tests.summaries.pool_examples import example, numbers, only, rows, said, table

COUNTS = "study,ai,n1i,ci,n2i"
LOOSE = 1e-5
"""Relative; R's package meta stops the Paule-Mandel iteration at a step of 1e-5."""
TRIALS = ("Alpha 2001,12,40,5,41", "Beta 2004,9,30,6,29", "Gamma 2009,20,60,9,61", "Delta 2012,7,25,7,26")
MANY = [f"S{i} {2000 + i},{5 + i % 4},{40 + i},{3 + i % 3},{41 + i}" for i in range(12)]


def _facts(report: Report) -> dict[str, str]:
    return {fact.label: fact.text for fact in report.facts}


def test_bcg_answer_is_the_risk_ratio_everybody_knows() -> None:
    report = example("bcg")
    pooled = only(report, "pooled")
    assert (round(pooled["estimate"], 3), pooled["k"], pooled["measure"]) == (0.489, 13, "RR")
    assert _facts(report)["Answer"].startswith("risk ratio 0.49 (0.33–0.73), p 0.002")
    assert _facts(report)["Between studies"].startswith("τ² 0.313 (0.120–1.11); I² 92 % (82–98); Q 152.2 on 12 df")


def test_every_default_that_shapes_a_number_is_in_the_notes() -> None:
    text = said(example("bcg"))
    for words in (
        "τ² by REML",
        "factor kept at 1 or more",
        "Q-profile",
        "I² from τ²",
        "t with k-1 df",
        "logarithms",
    ):
        assert words in text
    text = said(example("edge_bin2_zero_cells"))
    assert "0.5 was added to every cell of 2 studies with a zero cell." in text


@pytest.mark.parametrize(
    ("name", "model", "beside"),
    [
        *(("bcg", "random", ["mh"]), ("edge_bin2_zero_cells", "random", ["mh", "glmm"])),
        *(("pritz1997", "glmm", ["random"]), ("edge_k2", "glmm", ["random"]), ("hackshaw1998", "random", [])),
        ("normand1999", "random", []),
    ],
)
def test_default_models_and_the_lines_beside_them(name: str, model: str, beside: list[str]) -> None:
    report = example(name)
    assert only(report, "pooled")["model"] == model
    assert [row["model"] for row in rows(report, "alternative")] == beside


def test_two_studies_show_the_common_effect_too() -> None:
    report = table(COUNTS, *TRIALS[:2])
    assert [row["model"] for row in rows(report, "alternative")] == ["mh", "common"]
    assert "t with 1 degree of freedom is uninformative" in said(report)


def test_a_chosen_model_stands_alone() -> None:
    assert rows(example("bcg", model="random"), "alternative") == []


def test_rare_events_in_even_arms_bring_petos_method() -> None:
    report = table(COUNTS, "a,1,900,0,910", "b,0,800,2,805", "c,3,1000,1,990")
    assert [row["model"] for row in rows(report, "alternative")] == ["mh", "glmm", "peto"]


def test_an_odds_ratio_beside_risk_ratios_is_named() -> None:
    line = next(row for row in rows(example("edge_bin2_zero_cells"), "alternative") if row["model"] == "glmm")
    assert (line["measure"], line["label"], line["form"]) == ("OR", "Mixed model, odds ratio", "or")


def test_study_rows_keep_counts_line_and_interval() -> None:
    first = rows(table(COUNTS, *TRIALS), "study")[0]
    assert [first[c] for c in ("study", "events", "total", "control_events", "control_total", "line")] == [
        *("Alpha 2001", 12, 40, 5, 41, 2)
    ]
    assert first["estimate"] == pytest.approx((12 / 40) / (5 / 41))
    assert first["ci_low"] == pytest.approx(math.exp(first["yi"] - 1.959963984540054 * first["se"]))
    assert sum(numbers(rows(table(COUNTS, *TRIALS), "study"), "weight")) == pytest.approx(100.0)


def test_a_study_without_an_effect_stays_with_weight_zero_and_the_reason() -> None:
    report = table(COUNTS, *TRIALS, "None,0,20,0,21")
    row = rows(report, "study")[-1]
    assert (row["weight"], row["reason"], row["estimate"]) == (0.0, "no events in either arm", None)
    difference = rows(table(COUNTS, *TRIALS, "None,0,20,0,21", measure="RD", model="mh"), "study")[-1]
    assert (difference["estimate"], difference["weight"] > 0.0) == (0.0, True)


def test_a_row_with_a_missing_number_is_listed_and_not_pooled() -> None:
    report = table(COUNTS, *TRIALS, "Gone,NA,20,3,21")
    assert only(report, "pooled")["k"] == 4
    assert rows(report, "study")[-1]["reason"] == "no events"
    assert "Gone (line 6): no events" in said(report)


def test_wilson_and_other_intervals_of_single_proportions() -> None:
    lines = ("study,events,total", "a,1,10", "b,3,12")
    wilson = rows(table(*lines), "study")[0]
    exact = rows(table(*lines, interval="clopper-pearson"), "study")[0]
    assert (round(wilson["ci_low"], 4), round(wilson["ci_high"], 4)) == (0.0179, 0.4042)
    assert (round(exact["ci_low"], 4), round(exact["ci_high"], 4)) == (0.0025, 0.4450)


def test_proportions_stay_within_0_and_1_on_every_scale() -> None:
    for measure in ("PLO", "PLN", "PR", "PAS", "PFT"):
        report = table("study,events,total", "a,10,10", "b,9,10", "c,12,12", measure=measure)
        for row in (*rows(report, "pooled"), *rows(report, "alternative"), *rows(report, "prediction")):
            for name in ("estimate", "ci_low", "ci_high"):
                assert row.get(name) is None or 0.0 <= row[name] <= 1.0


def test_the_double_arcsine_comes_with_its_warning() -> None:
    assert "Freeman-Tukey" in said(example("pritz1997", measure="PFT"))


def test_mean_differences_of_several_scales_are_cautioned() -> None:
    assert "--measure SMD compares them" in said(example("normand1999"))
    assert "--measure SMD compares them" not in said(example("normand1999", measure="SMD"))
    alike = ("study,n1,m1,sd1,n2,m2,sd2", "a,20,5,2,21,4,2.2", "b,30,6,2.4,31,5,2", "c,25,5,1.9,24,4,2.1")
    assert "--measure SMD compares them" not in said(table(*alike))


def test_no_null_no_p_value() -> None:
    assert only(example("pritz1997"), "pooled")["p"] is None
    assert only(example("bcg"), "pooled")["p"] is not None


def test_absolute_effect_at_the_pooled_or_given_risk() -> None:
    row = only(example("bcg"), "pooled")
    assert row["rd"] == pytest.approx(row["control_risk"] * (row["estimate"] - 1.0))
    given = only(example("bcg", control_risk=20), "pooled")
    assert given["control_risk"] == 0.2
    ends = absolute_difference("RR", [given[n] for n in ("estimate", "ci_low", "ci_high")], 0.2)
    assert [given[n] for n in ("rd", "rd_low", "rd_high")] == pytest.approx(ends.tolist())
    assert given["nnt"] == pytest.approx(1.0 / given["rd"])
    assert "given 20 with the event in controls" in _facts(example("bcg", control_risk=0.2))["Of 100 people"]


def test_a_number_needed_whose_interval_crosses_zero_has_no_far_end() -> None:
    row = only(example("edge_bin2_zero_cells"), "pooled")
    assert (row["nnt"] is not None, row["nnt_high"]) == (True, None)


def test_model_scale_shows_the_analysis_scale() -> None:
    row = only(example("bcg", scale="model"), "pooled")
    assert row["estimate"] == row["yi"] < 0.0


@pytest.mark.parametrize(("given", "shown"), [("log", math.exp), ("plain", float)])
def test_effects_given_as_they_are(given: str, shown: Any) -> None:
    row = only(example("hackshaw1998", effects_are=given), "pooled")
    assert row["estimate"] == pytest.approx(shown(row["yi"]))


def test_ratios_with_limits_are_analysed_as_logarithms() -> None:
    lines = ("study,or,or.lb,or.ub", "a,2,1,4", "b,1.5,0.75,3", "c,1,0.5,2")
    row = only(table(*lines), "pooled")
    se = math.log(4) / (2 * 1.959963984540054)
    assert row["yi"] == pytest.approx((math.log(2) + math.log(1.5)) / 3)
    assert rows(table(*lines), "study")[0]["se"] == pytest.approx(se)


def test_subgroups_with_missing_values_have_a_group_of_their_own() -> None:
    regions = ("N", "N", "S", "")
    report = table(f"{COUNTS},region", *(f"{t},{r}" for t, r in zip(TRIALS, regions, strict=True)), by="region")
    assert [row["group"] for row in rows(report, "subgroup")] == ["N", "S", "not stated"]
    assert only(report, "test")["term"] == "between-groups"


def test_groups_that_share_a_control_are_neither_pooled_together_nor_compared() -> None:
    lines = (
        "study,arm,role,drug,events,total",
        *("A,k,active,ket,5,10", "A,e,active,esk,4,11", "A,p,control,,1,12"),
        *("B,k,active,ket,6,20", "B,p,control,,3,21", "C,e,active,esk,9,30", "C,p,control,,4,31"),
    )
    report = table(*lines, by="drug")
    assert [row["group"] for row in rows(report, "subgroup")] == ["ket", "esk"]
    assert (rows(report, "pooled"), rows(report, "test")) == ([], [])
    assert "neither" in said(report)
    weights = [row["weight"] for row in rows(report, "study")]
    assert weights[0] + weights[1] == pytest.approx(100.0)
    assert weights[2] + weights[3] == pytest.approx(100.0)


def test_arms_kept_apart_are_pooled_with_the_covariance_of_their_control() -> None:
    lines = (
        "study,arm,role,events,total",
        *("A,low,active,5,10", "A,high,active,7,11", "A,p,control,2,12"),
        *("B,k,active,6,20", "B,p,control,3,21", "C,k,active,9,30", "C,p,control,4,31"),
    )
    together, apart = table(*lines), table(*lines, keep_arms=True)
    assert (only(together, "pooled")["k"], only(apart, "pooled")["k"]) == (3, 4)
    assert (only(apart, "pooled")["model"], only(apart, "pooled")["test"]) == ("three-level", "cr2")
    alone = table(
        "study,ai,n1i,ci,n2i,s",
        "low,5,10,2,12,A",
        "high,7,11,2,12,A",
        "B,6,20,3,21,B",
        "C,9,30,4,31,C",
        cluster="s",
    )
    assert only(apart, "pooled")["se"] != pytest.approx(only(alone, "pooled")["se"], rel=1e-3)


# metafor's rma.mv(yi, V, random = ~ 1 | study/id) with covariances 1/x - 1/n, and clubSandwich's CR2 on it
KEPT_APART = {"yi": 0.6267553, "se": 0.1577798, "df": 3.7436076, "ci_low": 0.1765984, "ci_high": 1.0769122}
OPTIM = 1e-4
"""Relative; R's optimiser stops short of the boundary that the variance between studies lies on."""


def test_arms_kept_apart_are_what_r_computes() -> None:
    arms = (
        *("A,k1,active,12,40", "A,k2,active,22,41", "A,p,control,6,40", "B,k,active,9,37", "B,p,control,7,36"),
        *("C,k1,active,30,60", "C,k2,active,12,60", "C,k3,active,33,61", "C,p,control,15,61"),
        *("D,k,active,18,45", "D,p,control,3,44", "E,k,active,11,52", "E,p,control,6,53"),
        *("F,k,active,21,52", "F,p,control,16,53"),
    )
    row = only(table("study,arm,role,events,total", *arms, keep_arms=True, scale="model"), "pooled")
    assert {name: row[name] for name in KEPT_APART} == pytest.approx(KEPT_APART, rel=OPTIM)


@pytest.mark.parametrize("model", ["random", "common", "mh"])
def test_rows_that_depend_on_each_other_are_not_pooled_as_if_they_did_not(model: str) -> None:
    with pytest.raises(UsageError) as caught:
        example("bcg", cluster="alloc", model=model)
    assert caught.value.code == "option-conflict"


def test_whole_clusters_are_left_out() -> None:
    found = rows(example("konstantopoulos2011", cluster="district", leave_one_out=True), "leave-one-out")
    assert len(found) == 11
    assert (found[0]["label"], found[0]["k"]) == ("without district 11", 52)


def test_moderators_in_words_use_the_first_or_the_named_reference() -> None:
    report = example("bcg", moderator="alloc")
    assert [row["term"] for row in rows(report, "moderator")] == ["intercept", "alloc=random", "alloc=systematic"]
    report = example("bcg", moderator=["alloc=random", "ablat"])
    assert [row["term"] for row in rows(report, "moderator")] == [
        *("intercept", "alloc=alternate", "alloc=systematic", "ablat")
    ]
    assert "ecological fallacy" in said(report)


def test_the_slope_of_rates_is_an_odds_ratio() -> None:
    slope = rows(
        table("study,events,total,dose", "a,3,10,1", "b,5,12,2", "c,8,13,3", "d,9,12,5", moderator="dose"),
        "moderator",
    )[1]
    assert (slope["form"], slope["estimate"]) == ("or", pytest.approx(math.exp(slope["yi"])))


def test_cumulative_goes_by_size_and_ends_at_the_answer() -> None:
    report = example("bcg", cumulative="year")
    found = rows(report, "cumulative")
    assert [row["k"] for row in found] == list(range(1, 14))
    assert found[0]["study"] == "1"
    assert found[-1]["estimate"] == pytest.approx(only(report, "pooled")["estimate"])


def test_leaving_out_uses_the_model_of_the_answer() -> None:
    report = example("pritz1997", leave_one_out=True)
    found = rows(report, "leave-one-out")
    assert {row["model"] for row in found} == {"glmm"}
    assert len(found) == 14


def test_small_study_tests_are_refused_under_ten_studies_unless_forced() -> None:
    few = table(COUNTS, *TRIALS, bias=True)
    assert rows(few, "test") == []
    assert "4 studies are fewer than the 10 that the Cochrane Handbook" in said(few)
    assert rows(table(COUNTS, *TRIALS, bias=True, force=True), "test")
    assert {row["term"] for row in rows(table(COUNTS, *MANY, bias=True), "adjusted")} >= {"pet-peese"}


def test_robustness_spans_other_choices_and_says_the_range() -> None:
    report = example("edge_bin2_zero_cells", robustness=True)
    found = {row["term"] for row in rows(report, "robustness")}
    assert {
        "Mantel-Haenszel, no correction",
        "τ² DL, normal",
        "common effect",
        "tables with a zero left out",
    } <= found
    text = _facts(report)["Other choices"]
    values = [*numbers(rows(report, "robustness"), "estimate"), only(report, "pooled")["estimate"]]
    assert f"estimates {min(values):.2f}–{max(values):.2f}" in text


def test_robustness_repeats_no_choice_and_not_the_answers_own() -> None:
    for name, options in (
        ("bcg", {}),
        ("pritz1997", {}),
        ("normand1999", {"measure": "SMD"}),
        ("hackshaw1998", {}),
    ):
        report = example(name, robustness=True, **options)
        own = only(report, "pooled")
        found = rows(report, "robustness")
        assert len({row["term"] for row in found}) == len(found) >= 5
        same = [
            r
            for r in found
            if (r["model"], r["test"], r["tau2_method"], r["measure"])
            == tuple(own[n] for n in ("model", "test", "tau2_method", "measure"))
        ]
        assert all(
            "variance" in r["term"] or "correction" in r["term"] or "without" in r["term"] or "SD" in r["term"]
            for r in same
        )


def test_rows_in_question_are_marked_and_left_out_on_trial() -> None:
    report = table(COUNTS, *TRIALS, "Alpha 2001,30,40,5,41", robustness=True)
    assert [row["question"] for row in rows(report, "study")] == [
        *("same-trial-twice, control-twice", "", "", "", "same-trial-twice, control-twice")
    ]
    assert "Look again: lines 2, 6" in said(report)
    trial = next(row for row in rows(report, "robustness") if row["term"] == "without rows in question")
    assert trial["k"] == 3


def test_explanation_names_rows_formula_example_and_command() -> None:
    text = said(example("bcg", explain=True))
    for words in (
        *("13 of 13", "lines 2-14", "y = ln(a/n1) - ln(c/n2)", "Aronson 1948 (line 2)", "y −0.889"),
        *(
            "Röver, Knapp & Friede 2015",
            "ket pool bcg.csv --events tpos --total n1i",
            'method="REML", test="adhoc"',
        ),
    ):
        assert words in text


def test_the_command_in_the_explanation_repeats_the_numbers(tmp_path: Any) -> None:
    import shlex

    from tests.command import ket

    source = pinned.HERE / "data" / "bcg.csv"
    asked = (
        "pool",
        str(source),
        "--measure",
        "OR",
        "--tau2",
        "PM",
        "--pi",
        "hts",
        "--level",
        "90",
        "--explain",
        "--csv",
    )
    first = ket(*asked)
    command = next(line for line in first.err.splitlines() if "To repeat it: " in line).split("To repeat it: ")[1]
    again = ket(*shlex.split(command)[1:], "--csv")
    assert again.out == first.out


@pytest.mark.parametrize("style", ["revman5", "revman", "meta", "iqwig6"])
@pytest.mark.parametrize("name", ["bcg", "pritz1997", "normand1999", "hackshaw1998", "edge_bin2_zero_cells"])
def test_presets_pool_everything_and_say_so(style: str, name: str) -> None:
    report = example(name, style=style)
    assert only(report, "pooled")["estimate"] is not None
    assert "Settings of" in said(report)


def test_revman5_is_what_review_manager_prints() -> None:
    common = only(example("bcg", style="revman5", scale="model"), "pooled")
    assert (common["model"], round(common["yi"], 6)) == ("mh", -0.45371)
    random = only(example("bcg", style="revman5", model="random", scale="model"), "pooled")
    assert (random["yi"], random["tau2"], random["i2"]) == pytest.approx(
        (-0.714186119568731, 0.309496853763867, 92.1346316973064), rel=1e-12
    )
    assert random["pi_low"] is None


def test_iqwig6_is_paule_mandel_with_its_own_rule() -> None:
    row = only(example("bcg", style="iqwig6", scale="model"), "pooled")
    assert (row["yi"], row["ci_low"], row["ci_high"]) == pytest.approx(
        (-0.714970405632446, -1.10910176781714, -0.320839043447757), rel=LOOSE
    )


def test_limits_of_i2_follow_what_it_is_made_from() -> None:
    expected = pinned.load("bcg")["measures"]["RR"]["heterogeneity"]
    row = only(example("bcg", i2="q"), "pooled")
    assert row["i2"] == pytest.approx(expected["i2_from_q"], rel=1e-10)
    assert [row["i2_ci_low"], row["i2_ci_high"]] == pytest.approx(expected["test_based"]["i2"], rel=1e-10)
    assert "limits test-based" in said(example("bcg", i2="q"))


def test_what_is_typed_goes_before_the_preset() -> None:
    row = only(example("bcg", style="iqwig6", tau2="DL", test="z"), "pooled")
    assert (row["tau2_method"], row["test"]) == ("DL", "z")


def test_choices_of_inverse_variance_choose_it_for_proportions() -> None:
    assert only(example("pritz1997", tau2="DL"), "pooled")["model"] == "random"
    assert only(example("pritz1997", test="knha"), "pooled")["model"] == "random"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        *(({"measure": "XX"}, "unknown-value"), ({"model": "glmm", "measure": "RR"}, "model-measure")),
        *(({"model": "three-level"}, "no-cluster"), ({"test": "cr2"}, "option-conflict")),
        *(({"model": "mh", "tau2": "DL"}, "option-conflict"), ({"interval": "wilson"}, "option-conflict")),
        *(({"effects_are": "log"}, "option-conflict"), ({"variance": "UB"}, "option-conflict")),
        *(({"correction": "x"}, "bad-correction"), ({"control_risk": 500}, "bad-risk")),
        *(({"level": 100}, "bad-level"), ({"common_tau2": True}, "option-without-effect")),
        *(({"moderator": "author"}, "too-many-levels"), ({"moderator": ["ablat", "ablat"]}, "bad-moderators")),
        *(({"total": "n1i", "n": "n2i"}, "option-conflict"), ({"by": "nope"}, "unknown-column")),
    ],
)
def test_choices_that_make_no_sense_are_usage_errors(options: dict[str, Any], code: str) -> None:
    with pytest.raises(UsageError) as caught:
        example("bcg", **options)
    assert caught.value.code == code


def test_numbers_beyond_the_arithmetic_are_one_clear_error() -> None:
    with pytest.raises(InputError) as caught:
        table("study,yi,vi", "a,1e300,1e-300", "b,1,1")
    assert caught.value.code == "not-computable"


@pytest.mark.parametrize(
    "lines",
    [
        *((COUNTS, "a,0,10,0,10"), (COUNTS, "a,10,10,10,10", "b,9,9,8,8"), (COUNTS, "a,0,10,3,10")),
        *(("study,events,total", "a,0,10"), ("study,events,total", "a,10,10", "b,0,10"), ("study,yi,vi", "a,1,0")),
        *(
            ("study,n1,m1,sd1,n2,m2,sd2", "a,1,5,1,1,4,1"),
            ("study,events,total",),
            ("study,events,total", "a,NA,9"),
        ),
    ],
)
def test_odd_data_have_a_defined_result_or_a_sentence(lines: tuple[str, ...]) -> None:
    report = table(*lines, leave_one_out=True, influence=True, bias=True, robustness=True, explain=True)
    for row in report.rows:
        assert not any(isinstance(value, float) and math.isnan(value) for value in row.values())
    assert len(rows(report, "study")) == len(lines) - 1
    if not rows(report, "pooled"):
        assert "nothing can be pooled" in said(report)


def test_order_of_rows_changes_nothing_but_their_order() -> None:
    forward, back = table(COUNTS, *MANY), table(COUNTS, *reversed(MANY))
    for name in ("estimate", "ci_low", "ci_high", "tau2", "q"):
        assert only(forward, "pooled")[name] == pytest.approx(only(back, "pooled")[name], rel=1e-9)


def test_the_python_api_takes_a_file_or_a_frame() -> None:
    import pandas as pd

    path = pinned.HERE / "data" / "bcg.csv"
    first = ketcli.pool(path, measure="OR", by="alloc", level=90)
    second = ketcli.pool(pd.read_csv(path), measure="OR", by="alloc", level=90)
    pd.testing.assert_frame_equal(first, second)
    assert first.loc[first["kind"] == "pooled", "k"].tolist() == [13]
    assert any("recognised by name" in note for note in second.attrs["notes"])
    with pytest.raises(TypeError, match="no option 'measures'"):
        ketcli.pool(path, measures="OR")


def test_two_papers_of_one_author_both_count_in_the_risk_of_the_controls() -> None:
    named = table(COUNTS, "Alpha,2,40,5,41", "Beta,9,30,6,29", "Alpha,7,25,12,26")
    apart = table(COUNTS, "Alpha,2,40,5,41", "Beta,9,30,6,29", "Gamma,7,25,12,26")
    assert only(named, "pooled")["control_risk"] == only(apart, "pooled")["control_risk"]


def test_an_answer_without_an_estimate_says_so() -> None:
    report = table(COUNTS, "a,0,10,0,10", "b,0,20,0,21", model="mh", measure="RR")
    assert _facts(report)["Answer"] == "no risk ratio can be estimated; the notes say why"


def test_the_exact_interval_of_no_events_is_not_called_a_t_interval() -> None:
    text = said(table("study,events,total", "a,0,10", "b,0,20"))
    assert ("Clopper-Pearson interval" in text, "maximum likelihood" in text) == (True, False)


def test_ratios_by_their_limits_are_asked_about_when_taken_as_plain() -> None:
    lines = ("study,yi,lower,upper", "a,1.5,1.0,2.25", "b,1.2,0.9,1.6", "c,2.0,1.1,3.6")
    assert "ratio-taken-plain" in said(table(*lines))
    assert "ratio-taken-plain" not in said(table(*lines, effects_are="ratio"))
    assert "ratio-taken-plain" not in said(table("study,yi,lower,upper", "a,1.5,1.0,2.0", "b,1.2,0.9,1.5"))


def test_the_risk_behind_the_absolute_effect_is_said_where_it_was_not_given() -> None:
    words = "at the controls' pooled risk"
    assert (words in said(example("bcg")), words in said(example("bcg", control_risk=0.2))) == (True, False)
    assert words not in said(example("normand1999"))


def test_one_study_is_not_said_to_be_pooled_by_an_estimator_of_heterogeneity() -> None:
    text = said(table("study,yi,vi", "a,0.5,0.2"))
    assert ("the one study's own effect; normal interval" in text, "Q-profile" in text) == (True, False)
