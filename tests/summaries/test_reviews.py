"""`ket reviews`: estimates as printed, our number beside them as the other commands give it, pools made again."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from ketcli.errors import UsageError
from ketcli.evidence.load import Evidence
from ketcli.report import Report
from ketcli.reviews.matches import comparators, negative_favours_drug, population
from ketcli.selection.filters import Filters
from ketcli.summaries.compare import compare
from ketcli.summaries.pooling import Settings
from ketcli.summaries.reviews import reviews
from ketcli.summaries.timeline import timeline
from tests.command import ket, process
from tests.snapshot import assert_snapshot


@pytest.fixture(scope="module")
def whole(shipped: Evidence) -> Report:
    return reviews(shipped, Settings())


def rows(report: Report, kind: str, review: str = "", **wanted: Any) -> list[dict[str, Any]]:
    found = [dict(r) for r in report.rows if r["kind"] == kind and review in ("", r["review_id"])]
    return [r for r in found if all(r.get(name) == value for name, value in wanted.items())]


def test_every_published_estimate_is_shown_once_as_printed(shipped: Evidence, whole: Report) -> None:
    names = ("review_id", "outcome", "subset", "drug", "time_days", "measure", "estimate", "ci_low", "ci_high")
    printed = sorted(str([row[name] for name in names]) for row in shipped.rows("reviews"))
    assert printed == sorted(str([row[name] for name in names]) for row in rows(whole, "review"))


def test_reviews_are_never_pooled_with_each_other(whole: Report) -> None:
    reviewed = {row["review_id"] for row in rows(whole, "review")}
    for row in rows(whole, "ours"):
        assert not reviewed & set(row["study_ids"].split()), row["what"]


def test_our_response_ratio_at_day_28_is_the_line_of_compare(shipped: Evidence, whole: Report) -> None:
    (ours,) = rows(whole, "ours", "frontpsych-2026-esketamine", outcome="response")
    found = compare(shipped, Filters(outcome=("response",)), Settings(), "esketamine", "placebo")
    (line,) = [
        r
        for r in found.rows
        if r["kind"] == "pooled" and r["new_antidepressant"] and r["outcome"] == "response" and r["k"] == ours["k"]
    ]
    assert (line["rr"], line["rr_low"], line["rr_high"]) == (ours["estimate"], ours["ci_low"], ours["ci_high"])


def test_our_score_difference_is_the_line_of_timeline(shipped: Evidence, whole: Report) -> None:
    (ours,) = rows(whole, "ours", "lim-2021", time_days=None)
    found = timeline(shipped, Filters(outcome=("effect",), population=()), Settings())
    (line,) = [
        r
        for r in found.rows
        if r["window"] == "22-42 d" and r["k"] == ours["k"] and r["control_drug"] == "placebo" and r["k"] > 1
    ]
    assert (line["smd"], line["smd_low"], line["smd_high"]) == (ours["estimate"], ours["ci_low"], ours["ci_high"])


def test_our_score_difference_takes_the_sign_of_the_review(whole: Report) -> None:
    (here,) = rows(whole, "ours", "lim-2021", time_days=None)
    (there,) = [r for r in rows(whole, "ours", "seshadri-2024") if r["drug"] == "esketamine"]
    assert there["estimate"] == -here["estimate"]
    assert (there["ci_low"], there["ci_high"]) == (-here["ci_high"], -here["ci_low"])


def test_one_dose_is_never_set_beside_a_repeated_course(whole: Report) -> None:
    assert rows(whole, "ours", "kryst-2020", subset="repeated-regimen-a") == []


def test_network_ratios_and_other_treatments_have_no_number_beside_them(whole: Report) -> None:
    for review in ("saelens-2024-nma", "nelson-2009", "heijnen-2010"):
        assert rows(whole, "ours", review) == []


def test_controls_that_a_review_adds_up_stay_apart_here(whole: Report) -> None:
    beside = rows(whole, "ours", "guo-2025-safety", outcome="discontinued-ae", subset="any-control")
    against = {r["why"].split(" alone as control")[0].split("; ")[-1] for r in beside if r["drug"] == "esketamine"}
    assert {"placebo", "quetiapine"} == against


def test_listed_trials_that_are_ours_too_are_counted(whole: Report) -> None:
    (ours,) = rows(whole, "ours", "lim-2021", time_days=None)
    # TRANSFORM-1 to -3; the Chinese trial came later, and the Japanese one, where current drugs went on, is apart
    assert "3 of our 4 are among its listed trials" in ours["why"]


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("trd", ("trd-mdd", "mixed-trd")),
        ("adults with unipolar MDD", ("trd-mdd", "mdd", "mdd-suicidal")),
        ("mixed MDD and bipolar", ()),
        ("trd/depression, dose-comparison RCTs", ()),
        ("MDD and bipolar", ()),
    ],
)
def test_the_population_is_the_nearest_to_the_review_s_words(words: str, codes: tuple[str, ...]) -> None:
    assert codes == population(words)


def test_comparators_come_from_the_comparison() -> None:
    assert comparators("ketamine vs saline or midazolam") == ("placebo", "midazolam")
    assert comparators("ketamine vs ECT") == ("ect",)
    assert comparators("esketamine + AD v placebo + AD") == ("placebo",)


@pytest.mark.parametrize(
    ("comparison", "sign", "expected"),
    [
        ("ketamine vs placebo", "negative-favours-first", True),
        ("ketamine vs placebo", "positive-favours-first", False),
        ("ECT vs ketamine", "negative-favours-first", False),
        ("ketamine vs ECT", "negative-favours-second", False),
    ],
)
def test_whom_a_negative_difference_favours(comparison: str, sign: str, expected: bool) -> None:
    assert expected == negative_favours_drug({"comparison": comparison, "sign": sign})


def test_filters_take_what_they_say_and_refuse_what_does_not_exist(shipped: Evidence) -> None:
    found = reviews(shipped, Settings(), outcome=("response",), drug=("ketamine",), search="dean")
    assert {("dean-2021", "response")} == {(r["review_id"], r["outcome"]) for r in found.rows}
    for wrong in ({"review": ("dean",)}, {"outcome": ("respnse",)}, {"drug": ("ketamin",)}):
        with pytest.raises(UsageError, match="unknown"):
            reviews(shipped, Settings(), **wrong)


def test_a_review_without_trial_data_cannot_be_made_again(shipped: Evidence) -> None:
    with pytest.raises(UsageError, match="not in this dataset"):
        reviews(shipped, Settings(), review=("dean-2021",), reproduce=True)


def test_made_again_the_printed_pool_the_reproduction_and_the_mended_one_stand_together(shipped: Evidence) -> None:
    found = reviews(shipped, Settings(), review=("ndt-2022-esketamine",), reproduce=True)
    assert [r["kind"] for r in found.rows] == ["review", "reproduced", "corrected"]
    assert [r.get("agrees") for r in found.rows] == [None, True, None]


def test_the_marchi_estimate_is_marked_as_not_to_be_used(whole: Report) -> None:
    (row,) = rows(whole, "review", "marchi-2022", outcome="depression-score")
    assert row["why"].startswith("do not use")


def test_a_pipe_gets_csv_with_the_columns_of_the_report(shipped: Evidence, whole: Report) -> None:
    done = process("reviews", "dean-2021", shell="$KET reviews dean-2021 | cat")
    table = list(csv.DictReader(io.StringIO(done.out)))
    assert [c.name for c in whole.columns] == list(table[0])
    assert [r["kind"] for r in whole.rows if r["review_id"] == "dean-2021"] == [r["kind"] for r in table]


def test_what_people_read() -> None:
    for name, argument in (("reviews-dean-80.txt", "dean-2021"), ("reviews-reproduce-80.txt", "--reproduce")):
        shown = ket("reviews", argument, "-f", "table", env={"NO_COLOR": "1"}).out
        assert max(map(len, shown.splitlines())) <= 80
        assert_snapshot(name, shown)
