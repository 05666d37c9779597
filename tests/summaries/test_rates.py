"""`ket rates`: the right row of each study, nobody twice, pooled lines of what is shown."""

from __future__ import annotations

from typing import Any

import pytest

from ketcli.errors import UsageError
from ketcli.evidence import catalog
from ketcli.evidence.load import Evidence
from ketcli.evidence.overlap import build
from ketcli.report import Report
from ketcli.selection.filters import Filters, for_evidence
from ketcli.selection.rates import pool_of, select
from ketcli.stats.mixed.glmm_proportion import glmm_proportion
from ketcli.summaries.pooling import Settings
from ketcli.summaries.rates import rates
from tests.conftest import MakeDataset

STUDY = {
    "study_id": "a-2001",
    "label": "A 2001",
    "design": "rct-parallel",
    "population": "trd-mdd",
    "cohort_id": "a",
}
ARM = {
    "study_id": "a-2001",
    "arm_id": "ket",
    "label": "Ketamine",
    "drug": "ketamine",
    "role": "active",
    "route": "intravenous",
}
ARM |= {"regimen": "single-dose"}
ROW = {"study_id": "a-2001", "arm_id": "ket", "outcome": "response", "scale": "MADRS", "time_days": 1}
ROW |= {"time_anchor": "first-dose", "events": 5, "total": 10, "analysis_set": "itt", "events_derived": 0}
ROW |= {"source_kind": "registry", "source_url": "https://example.org/a", "pool_rank": 1}


def _evidence(make_dataset: MakeDataset, studies: list[Any], arms: list[Any], outcomes: list[Any]) -> Evidence:
    for rows in (studies, arms, outcomes):
        for row in rows:
            row.setdefault("source_url", "https://example.org/a")
    # the tables as they are: these tests are about selection, which must hold for data nobody has checked
    return Evidence(catalog.locate(str(make_dataset(studies=studies, arms=arms, outcomes=outcomes)), {}))


def _kinds(report: Report, kind: str) -> list[dict[str, Any]]:
    return [dict(row) for row in report.rows if row["kind"] == kind]


def test_zarate_2006_is_shown_with_its_counts_a_day_after_one_infusion(shipped: Evidence) -> None:
    report = rates(shipped, Filters(study=("zarate-2006",)), Settings())
    found = {r["outcome"]: (r["events"], r["total"], r["time_days"], r["regimen"]) for r in _kinds(report, "study")}
    assert found == {"response": (12, 17, 1.0, "single-dose"), "remission": (5, 17, 1.0, "single-dose")}


def test_every_study_row_has_counts_interval_time_and_source(shipped: Evidence) -> None:
    for row in _kinds(rates(shipped, Filters(), Settings()), "study"):
        assert 0 <= row["ci_low"] <= row["rate"] <= row["ci_high"] <= 1
        assert row["rate"] == row["events"] / row["total"]
        assert row["time_days"] is not None
        assert row["source_url"].startswith("http")


def test_pooled_line_is_the_model_of_the_rows_above_it(shipped: Evidence) -> None:
    report = rates(shipped, Filters(), Settings())
    blocks = {row["block"] for row in _kinds(report, "pooled")}
    assert len(blocks) > 5
    for block in blocks:
        rows = [r for r in _kinds(report, "study") if r["block"] == block and r["pooled"]]
        line = next(r for r in _kinds(report, "pooled") if r["block"] == block)
        fit = glmm_proportion([r["events"] for r in rows], [r["total"] for r in rows])
        assert (line["k"], line["events"], line["total"]) == (
            len(rows),
            sum(r["events"] for r in rows),
            sum(r["total"] for r in rows),
        )
        assert line["tau2"] == pytest.approx(fit.tau2, rel=1e-9, abs=1e-12)
        assert line["ci_low"] < line["rate"] < line["ci_high"]


@pytest.mark.parametrize("population", ["trd", "all", "trd-any"])
def test_nobody_is_pooled_twice(shipped: Evidence, population: str) -> None:
    filters = for_evidence(shipped, population=[population], include_overlapping=True)
    overlaps = build(shipped.rows("studies"))
    kept = [r for r in select(shipped, filters, ("response", "remission")).kept if not r.reason]
    for first in kept:
        for second in kept:
            if pool_of(first) == pool_of(second) and first is not second:
                assert not overlaps.share(first.study_id, second.study_id)
                assert first.study_id != second.study_id


def test_only_treatment_resistant_depression_unless_asked(shipped: Evidence) -> None:
    shown = {r["population"] for r in _kinds(rates(shipped, Filters(), Settings()), "study")}
    assert shown <= {"trd-mdd", "mixed-trd"}
    bipolar = rates(shipped, for_evidence(shipped, population=["bipolar-trd"]), Settings())
    assert {r["population"] for r in _kinds(bipolar, "study")} == {"bipolar-trd"}


def test_arms_of_one_drug_are_added_up_and_nested_arms_counted_once(make_dataset: MakeDataset) -> None:
    arms = [dict(ARM, arm_id=name) for name in ("low", "high", "any")]
    arms[0]["part_of"] = arms[1]["part_of"] = "any"
    rows = [
        dict(ROW, arm_id=arm, events=e, total=n) for arm, e, n in (("low", 2, 8), ("high", 3, 9), ("any", 5, 17))
    ]
    evidence = _evidence(make_dataset, [dict(STUDY)], arms, rows)
    (study,) = _kinds(rates(evidence, Filters(), Settings()), "study")
    assert (study["events"], study["total"], study["arms"]) == (5, 17, "any")
    apart = _evidence(make_dataset, [dict(STUDY)], [dict(a, part_of="") for a in arms[:2]], rows[:2])
    (study,) = _kinds(rates(apart, Filters(), Settings()), "study")
    assert (study["events"], study["total"], study["arms"]) == (5, 17, "high low")


def test_rule_prefers_centre_then_scale_then_set_then_source(make_dataset: MakeDataset) -> None:
    rows = [
        dict(ROW, time_days=1.4, events=1),
        dict(ROW, scale="HDRS-17", events=2),
        dict(ROW, analysis_set="completers", events=3),
        dict(ROW, source_kind="secondary-review", analysis_set="mitt", events=4),
        dict(ROW, events=6),
    ]
    for i, row in enumerate(rows):
        row["definition"] = str(i)
        row["pool_rank"] = ""
        row["exclude_reason"] = ""
    for best, expected in ((5, 6), (4, 4), (3, 3), (2, 2), (1, 1)):
        evidence = _evidence(make_dataset, [dict(STUDY)], [dict(ARM)], [dict(r) for r in rows[:best]])
        (study,) = select(evidence, Filters(), ("response",)).kept
        assert study.events == expected


def test_changed_row_changes_the_answer(make_dataset: MakeDataset) -> None:
    before = _evidence(make_dataset, [dict(STUDY)], [dict(ARM)], [dict(ROW)])
    assert _kinds(rates(before, Filters(), Settings()), "study")[0]["rate"] == 0.5
    after = _evidence(make_dataset, [dict(STUDY)], [dict(ARM)], [dict(ROW, events=6)])
    assert _kinds(rates(after, Filters(), Settings()), "study")[0]["rate"] == 0.6


def test_ketamine_is_never_its_own_comparator(shipped: Evidence) -> None:
    for filters in (Filters(population=()), Filters()):
        for row in _kinds(rates(shipped, filters, Settings()), "study"):
            assert row.get("control_drug") not in ("ketamine", "esketamine")


def test_left_out_rows_are_listed_with_their_reason(shipped: Evidence) -> None:
    silent = rates(shipped, Filters(), Settings())
    assert not _kinds(silent, "left-out")
    listed = _kinds(rates(shipped, Filters(), Settings(), show_left_out=True), "left-out")
    assert listed
    assert all(row["reason"] for row in listed)
    assert any("left-out lists them" in note.text for note in silent.notes)


def test_filters_that_empty_the_answer_say_so(shipped: Evidence) -> None:
    report = rates(shipped, Filters(since=2090), Settings())
    assert report.rows == ()
    assert "2090" in report.empty


@pytest.mark.parametrize(
    ("name", "value", "near"),
    [
        ("drug", "ketmine", "ketamine"),
        ("route", "intravenus", "intravenous"),
        ("study", "zarate-2005", "zarate-2006"),
    ],
)
def test_unknown_values_are_refused_with_the_nearest(shipped: Evidence, name: str, value: str, near: str) -> None:
    with pytest.raises(UsageError) as caught:
        for_evidence(shipped, **{name: [value]})
    assert near in caught.value.hint


def test_nested_control_arms_are_counted_once(make_dataset: MakeDataset) -> None:
    control = dict(ARM, drug="placebo", role="control")
    arms = [dict(ARM), dict(control, arm_id="all"), dict(control, arm_id="some", part_of="all")]
    rows = [dict(ROW), dict(ROW, arm_id="all", events=2, total=9), dict(ROW, arm_id="some", events=1, total=4)]
    (study,) = select(_evidence(make_dataset, [dict(STUDY)], arms, rows), Filters(), ("response",)).kept
    assert study.control is not None
    assert (study.control.events, study.control.total) == (2, 9)


def test_an_early_row_of_a_short_course_is_not_its_end(shipped: Evidence) -> None:
    kept = select(shipped, Filters(population=(), study=("ghasemi-2014",)), ("response",)).kept
    assert kept == ()
