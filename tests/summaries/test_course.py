"""Timeline, durability and safety: times never mixed, denominators kept, numbers that can be counted by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from ketcli.errors import UsageError
from ketcli.evidence.load import Evidence
from ketcli.report import Report
from ketcli.selection.filters import Filters, for_evidence
from ketcli.selection.scores import Group, combine
from ketcli.summaries.durability import durability
from ketcli.summaries.pooling import Settings
from ketcli.summaries.safety import SECTIONS, safety
from ketcli.summaries.timeline import WINDOWS, timeline
from tests.command import ket
from tests.snapshot import assert_snapshot


def rows(report: Report, **wanted: Any) -> list[dict[str, Any]]:
    return [dict(r) for r in report.rows if all(r.get(k) == v for k, v in wanted.items())]


def test_response_to_one_infusion_peaks_at_a_day_and_has_fallen_by_a_week(shipped: Evidence) -> None:
    limits = {"drug": ["ketamine"], "route": ["intravenous"], "regimen": ["single-dose"], "outcome": ["response"]}
    report = timeline(shipped, for_evidence(shipped, **limits), Settings())
    course = {r["window"]: r for r in rows(report)}
    assert max(course, key=lambda w: course[w]["rate"]) == "24 h"
    assert course["5-10 d"]["rate"] < 0.5 * course["24 h"]["rate"]
    assert all(r["k"] >= 1 and r["ci_low"] < r["rate"] < r["ci_high"] for r in course.values())


def test_single_doses_and_courses_are_never_in_one_line(shipped: Evidence) -> None:
    regimens = {
        r["block"]: {q["regimen"] for q in rows(timeline(shipped, Filters(), Settings()), block=r["block"])}
        for r in timeline(shipped, Filters(), Settings()).rows
    }
    assert all(len(found) == 1 for found in regimens.values())


def test_windows_follow_each_other_without_gap() -> None:
    assert [w.low for w in WINDOWS[1:]] == [w.high for w in WINDOWS[:-1]]


def test_every_row_lies_in_its_window(shipped: Evidence) -> None:
    for row in rows(timeline(shipped, Filters(), Settings(), show_studies=True), kind="study"):
        assert row["from_days"] < row["time_days"] <= row["to_days"]


def test_effect_of_one_trial_is_hedges_g_by_hand(shipped: Evidence) -> None:
    limits = {"study": ["evans-2025"], "outcome": ["effect"], "regimen": ["single-dose"]}
    report = timeline(shipped, for_evidence(shipped, more_outcomes=("effect",), **limits), Settings())
    (row,) = rows(report, window="2-4 d")
    n1, m1, s1, n2, m2, s2 = 15, -10.6, 11.46, 13, -1.08, 3.95
    pooled = math.sqrt(((n1 - 1) * s1**2 + (n2 - 1) * s2**2) / (n1 + n2 - 2))
    m = n1 + n2 - 2
    j = math.exp(math.lgamma(m / 2) - math.log(math.sqrt(m / 2)) - math.lgamma((m - 1) / 2))
    assert row["estimate"] == pytest.approx(j * (m1 - m2) / pooled, rel=1e-9)
    assert row["control_drug"] == "placebo"


def test_controls_of_different_kinds_are_never_pooled(shipped: Evidence) -> None:
    filters = for_evidence(shipped, more_outcomes=("effect",), outcome=["effect"], population=["all"])
    for row in rows(timeline(shipped, filters, Settings(), show_studies=True)):
        kind = ", each with a new antidepressant" * row["new_antidepressant"]
        assert row["block"].endswith(row["control_drug"] + kind)


def test_groups_are_combined_as_one_sample() -> None:
    values = [[1.0, 2.0, 4.0], [7.0, 9.0], [3.0, 3.5, 8.0, 2.0]]

    def group(v: list[float]) -> Group:
        mean = sum(v) / len(v)
        return Group(len(v), mean, math.sqrt(sum((x - mean) ** 2 for x in v) / (len(v) - 1)))

    whole, parts = group([x for v in values for x in v]), combine([group(v) for v in values])
    assert (parts.n, parts.mean, parts.sd) == pytest.approx((whole.n, whole.mean, whole.sd), rel=1e-12)


def test_unknown_outcome_of_the_timeline_is_refused(shipped: Evidence) -> None:
    with pytest.raises(UsageError):
        timeline(shipped, Filters(outcome=("relapse",)), Settings())


def test_withdrawal_trial_stands_beside_its_own_stratum(shipped: Evidence) -> None:
    report = durability(shipped, Filters(study=("daly-2019",)), Settings())
    strata = {r["arms"]: r for r in rows(report, kind="relapse")}
    assert (strata["rem-esk"]["events"], strata["rem-esk"]["total"]) == (24, 90)
    assert (strata["rem-esk"]["control_events"], strata["rem-esk"]["control_total"]) == (39, 86)
    assert (strata["resp-esk"]["control_events"], strata["resp-esk"]["control_total"]) == (34, 59)
    assert strata["resp-esk"]["rr"] == pytest.approx((16 / 62) / (34 / 59), rel=1e-12)


def test_strata_of_one_trial_give_one_hazard_ratio(shipped: Evidence) -> None:
    (line,) = rows(durability(shipped, Filters(), Settings()), kind="pooled")
    z = 1.959963984540054
    logs = [
        (math.log(hr), (math.log(high) - math.log(low)) / (2 * z))
        for hr, low, high in ((0.49, 0.29, 0.84), (0.30, 0.16, 0.55))
    ]
    weights = [1 / se**2 for _, se in logs]
    mean = sum(w * y for w, (y, _) in zip(weights, logs, strict=True)) / sum(weights)
    assert line["value"] == pytest.approx(math.exp(mean), rel=1e-9)
    assert line["value_high"] == pytest.approx(math.exp(mean + z / math.sqrt(sum(weights))), rel=1e-9)


def test_relapse_rows_are_never_of_people_counted_elsewhere(shipped: Evidence) -> None:
    report = durability(shipped, Filters(population=()), Settings())
    assert "aan-het-rot-2010" not in {r["study_id"] for r in rows(report, kind="relapse")}


def test_extensions_are_marked_and_can_be_left_out(shipped: Evidence) -> None:
    with_them = durability(shipped, Filters(), Settings())
    assert all("chosen" in r["reason"] for r in rows(with_them, kind="extension"))
    assert not rows(durability(shipped, Filters(), Settings(), show_extensions=False), kind="extension")


def test_every_topic_of_the_safety_table_has_its_section(shipped: Evidence) -> None:
    topics = {t for group in SECTIONS.values() for t in group}
    assert {row["topic"] for row in shipped.rows("safety")} <= topics
    assert len(safety(shipped, Filters()).rows) == len(shipped.rows("safety"))


def test_safety_filters_by_topic_and_drug(shipped: Evidence) -> None:
    shown = rows(safety(shipped, Filters(drug=("esketamine",)), ["blood-pressure"]))
    assert shown
    assert {r["topic"] for r in shown} == {"blood-pressure"}
    assert {r["drug"] for r in shown} <= {"esketamine", ""}
    assert any(r["drug"] == "esketamine" for r in shown)
    with pytest.raises(UsageError) as caught:
        safety(shipped, Filters(), ["blood-presure"])
    assert "blood-pressure" in caught.value.hint


@pytest.mark.parametrize("command", ["timeline", "durability", "safety", "trd", "mechanism", "outlook"])
def test_what_people_read(command: str) -> None:
    assert_snapshot(f"{command}-80.txt", ket(command, "--format", "table").out)


def test_the_one_screen_summary_reads_as_before() -> None:
    assert_snapshot("overview-80.txt", ket("--format", "table").out)
    assert_snapshot("rates-80.txt", ket("rates", "--format", "table").out)
    assert_snapshot("rates-160.txt", ket("rates", "--format", "table", env={"COLUMNS": "160"}).out)


def test_mechanism_and_outlook_filter() -> None:
    assert len(ket("mechanism", "--level", "human", "--csv").out.splitlines()) < len(
        ket("mechanism", "--csv").out.splitlines()
    )
    assert ket("outlook", "biomarkers", "--csv").out.count("biomarker,") == 23
    found = ket("outlook", "--search", "kappa opioid", "--csv").out
    assert "aticaprant" in found
    assert "psilocybin" not in found


def test_a_placebo_of_two_kinds_never_shares_a_line(shipped: Evidence) -> None:
    """Where every arm began an antidepressant, placebo is that drug; elsewhere current drugs went on."""
    found = rows(timeline(shipped, for_evidence(shipped, regimen=["esketamine-oral-ad"]), Settings()))
    effects = [row for row in found if row["outcome"] == "effect" and row["window"] == "22-42 d"]
    against_placebo = [row for row in effects if row["control_drug"] == "placebo"]
    assert [(row["new_antidepressant"], row["k"]) for row in against_placebo] == [(False, 1), (True, 4)]
