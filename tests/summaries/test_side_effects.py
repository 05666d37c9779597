"""`ket side-effects`: whose counts stand beside which control, what shares a line, and what the line says."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from ketcli.errors import UsageError
from ketcli.evidence import catalog
from ketcli.evidence.load import Evidence
from ketcli.evidence.overlap import build
from ketcli.report import Report
from ketcli.selection.event_counts import Count
from ketcli.selection.event_names import SERIOUS, STOPPED, match, names, related
from ketcli.selection.events import select
from ketcli.selection.filters import Filters, for_evidence
from ketcli.summaries import pooling
from ketcli.summaries.contrasts import MH_LEADS
from ketcli.summaries.side_effects import COLUMNS, side_effects
from tests.command import ket
from tests.conftest import MakeDataset
from tests.snapshot import assert_snapshot

HOW = pooling.settings(pooling.TWO_ARM_MODELS)
# The pinned numbers were computed with metafor 3.8-1 (threshold 1e-13), whose iterations stop a little earlier.
ITERATIVE = 1e-6
CLOSED_FORM = 1e-9
# Mixed models of different reports share their integration nodes with different company: 1e-10 or less.
SIDE_BY_SIDE = 1e-9
EVERYBODY = Filters(population=())
Rows = list[dict[str, Any]]


def report(evidence: Evidence, *events: str, filters: Filters | None = None, **options: Any) -> Report:
    how = options.pop("how", HOW)
    return side_effects(evidence, filters or Filters(), how, event=events, **options)


def rows(found: Report, **wanted: Any) -> Rows:
    return [dict(row) for row in found.rows if all(row.get(name) == value for name, value in wanted.items())]


def only(found: Report, **wanted: Any) -> dict[str, Any]:
    matching = rows(found, **wanted)
    assert len(matching) == 1, matching
    return matching[0]


def notes(found: Report) -> str:
    return "\n".join(note.text for note in found.notes)


# The shipped data


def test_the_label_shows_its_grouped_counts_and_is_not_pooled_with_its_trials(shipped: Evidence) -> None:
    found = report(shipped, "dissociation")
    label = only(found, study_id="spravato-label-2019")
    assert (label["events"], label["total"]) == (142, 346)
    assert (label["control_events"], label["control_total"]) == (21, 222)
    assert (label["grouped"], label["pooled"]) == (True, False)
    assert "popova-2019" in str(label["reason"])
    assert "grouped" in str(label["shown"])


def test_the_pooled_line_adds_up_the_six_trials_and_nothing_else(shipped: Evidence) -> None:
    found = report(shipped, "dissociation")
    line = only(found, kind="pooled")
    members = rows(found, kind="study", block=line["block"], pooled=True)
    assert {m["study_id"]: (m["events"], m["total"], m["control_events"], m["control_total"]) for m in members} == {
        "fedgchin-2019": (62, 231, 4, 113),
        "popova-2019": (30, 115, 4, 109),
        "ochs-ross-2020": (9, 72, 1, 65),
        "takahashi-2021": (46, 122, 7, 80),
        "chen-2023": (75, 126, 8, 126),
        "janik-2025": (55, 226, 7, 250),
    }
    assert tuple(line[n] for n in ("events", "total", "control_events", "control_total")) == (277, 892, 31, 743)


def test_pooled_contrast_agrees_with_metafor(shipped: Evidence) -> None:
    line = only(report(shipped, "dissociation"), kind="pooled")
    assert (line["model"], line["rd_model"], line["k"]) == ("random", "random", 6)
    assert pytest.approx((7.2213876747, 4.5274084146, 11.5183864967), rel=ITERATIVE) == (
        line["rr"],
        line["rr_low"],
        line["rr_high"],
    )
    assert pytest.approx((0.2651585645, 0.1172589237, 0.4130582053), rel=ITERATIVE) == (
        line["rd"],
        line["rd_low"],
        line["rd_high"],
    )
    assert pytest.approx((0.0176990008, 91.50747487), rel=ITERATIVE) == (line["rd_tau2"], line["rd_i2"])


def test_mantel_haenszel_stands_beside_it_and_agrees_with_metafor(shipped: Evidence) -> None:
    beside = only(report(shipped, "dissociation"), kind="alternative")
    assert (beside["model"], beside["rd_model"]) == ("mh", "mh")
    assert pytest.approx((7.3641691068, 5.1634661505, 10.5028260189), rel=CLOSED_FORM) == (
        beside["rr"],
        beside["rr_low"],
        beside["rr_high"],
    )
    assert pytest.approx((0.2702483036, 0.2363800430, 0.3041165642), rel=CLOSED_FORM) == (
        beside["rd"],
        beside["rd_low"],
        beside["rd_high"],
    )


def test_a_zero_cell_hands_the_ratio_to_mantel_haenszel_and_says_so(shipped: Evidence) -> None:
    found = report(shipped, "blood pressure increased")
    line = only(found, kind="pooled")
    assert (line["model"], line["rd_model"]) == ("mh", "random")
    assert pytest.approx((3.3607771966, 2.3006748325, 4.9093523368), rel=CLOSED_FORM) == (
        line["rr"],
        line["rr_low"],
        line["rr_high"],
    )
    # metafor on the differences as observed, 0.5 added only for the variance of the table with the zero
    assert pytest.approx((0.1373101964, 0.0038981151, 0.2707222777), rel=ITERATIVE) == (
        line["rd"],
        line["rd_low"],
        line["rd_high"],
    )
    assert MH_LEADS in notes(found)


def test_peto_gives_an_odds_ratio_and_the_difference_it_makes_of_the_control_rate(shipped: Evidence) -> None:
    how = pooling.settings(pooling.TWO_ARM_MODELS, model="peto")
    line = only(report(shipped, "dizziness", how=how), kind="pooled")
    assert pytest.approx((4.6017373711, 3.5849744577, 5.9068724429), rel=CLOSED_FORM) == (
        line["or"],
        line["or_low"],
        line["or_high"],
    )
    odds = line["or"] * line["control_rate"] / (1 - line["control_rate"])
    assert pytest.approx(odds / (1 + odds) - line["control_rate"], rel=CLOSED_FORM) == line["rd"]
    assert line.get("rr") is None


@pytest.mark.parametrize("model", ["common", "mh", "random", "glmm"])
def test_a_model_asked_for_is_the_only_one(shipped: Evidence, model: str) -> None:
    how = pooling.settings(pooling.TWO_ARM_MODELS, model=model)
    found = report(shipped, "nausea", how=how)
    assert {model} == {str(r["model"]) for r in rows(found, kind="pooled")}
    assert rows(found, kind="alternative") == []


@pytest.mark.parametrize("population", [Filters().population, ()])
def test_nobody_is_pooled_twice(shipped: Evidence, population: tuple[str, ...]) -> None:
    overlaps = build(shipped.rows("studies"))
    poolable = [c for c in select(shipped, Filters(population=population)).kept if not c.reason]
    for first in poolable:
        for second in poolable:
            if first.pool == second.pool:
                assert not overlaps.share(first.study_id, second.study_id), (first.event, first.study_id)


def test_no_arm_stands_twice_in_a_pool_neither_drug_nor_control(shipped: Evidence) -> None:
    part_of = {(r["study_id"], r["arm_id"]): r["part_of"] for r in shipped.rows("arms")}
    used: Counter[tuple[object, ...]] = Counter()
    for count in select(shipped, EVERYBODY).kept:
        for side in (count, count.control):
            if side is None or count.reason:
                continue
            assert not any(part_of[side.study_id, arm] in side.arms for arm in side.arms)
            used.update((count.pool, side.study_id, arm) for arm in side.arms)
    assert {1} == set(used.values())


def test_ketamine_is_never_a_comparator(shipped: Evidence) -> None:
    drugs = {c.control.drug for c in select(shipped, EVERYBODY).kept if c.control}
    assert {"placebo", "midazolam", "ect", "quetiapine", "saline"} == drugs


def test_a_pool_holds_one_phase_one_comparator_and_either_serious_events_or_others(shipped: Evidence) -> None:
    pools: dict[tuple[object, ...], list[Count]] = {}
    for count in select(shipped, EVERYBODY).kept:
        pools.setdefault(count.pool, []).append(count)
    assert any(len(pool) > 4 for pool in pools.values())
    for pool in pools.values():
        kinds = {(c.event, c.phase, c.comparator, c.serious is True, c.one_dose, c.grouped) for c in pool}
        assert len(kinds) == 1


def test_serious_and_ordinary_counts_of_one_event_stay_apart(shipped: Evidence) -> None:
    found = rows(report(shipped, "blood pressure increased"), study_id="ochs-ross-2020")
    assert {(9, False), (1, True)} == {(r["events"], r["serious"]) for r in found}
    assert len({r["block"] for r in found}) == 2


def test_an_event_by_a_scale_is_shown_beside_the_reports_but_in_a_block_of_its_own(shipped: Evidence) -> None:
    found = rows(report(shipped, "dissociation"), study_id="chen-2023")
    assert {(75, 126), (91, 125)} == {(r["events"], r["total"]) for r in found}
    assert len({r["block"] for r in found}) == 2


def test_stopping_comes_from_the_outcomes_with_everyone_randomised(shipped: Evidence) -> None:
    found = report(shipped, STOPPED)
    popova = only(found, study_id="popova-2019")
    assert tuple(popova[n] for n in ("events", "total", "control_events", "control_total")) == (9, 116, 1, 111)
    reif = only(found, study_id="reif-2023")
    assert tuple(reif[n] for n in ("events", "total", "control_events", "control_total", "control_drug")) == (
        14,
        334,
        37,
        336,
        "quetiapine",
    )
    assert reif["rd_high"] < 0
    assert reif["nnh"] < 0
    left = report(shipped, STOPPED, show_left_out=True)
    assert [(r["events"], r["total"]) for r in rows(left, kind="left-out")] == [(8, 115)]


def test_arms_without_control_get_a_pooled_incidence(shipped: Evidence) -> None:
    line = only(report(shipped, STOPPED), kind="incidence")
    assert tuple(line[n] for n in ("drug", "phase", "k", "events", "total")) == (
        "ketamine",
        "acute-course",
        3,
        5,
        54,
    )
    assert line.get("rr") is None


def test_a_percent_without_counts_is_shown_and_never_contrasted(shipped: Evidence) -> None:
    found = rows(report(shipped, "dissociation"), study_id="singh-2016-esketamine")
    assert {0.08, 0.17} == {r["rate"] for r in found}
    assert {(False, None)} == {(r["pooled"], r.get("rd")) for r in found}


def test_a_record_of_several_trials_says_that_their_arms_were_added_up(shipped: Evidence) -> None:
    row = only(report(shipped, "systolic blood pressure 180 mmHg or more"), kind="study")
    assert (row["events"], row["total"], row["control_events"], row["control_total"]) == (11, 418, 1, 287)
    assert "arms of several trials added up" in row["shown"]


def test_every_shown_rate_has_its_counts_interval_and_page(shipped: Evidence) -> None:
    for name in names(shipped):
        for row in rows(report(shipped, name, filters=EVERYBODY), kind="study"):
            assert str(row["source_url"]).startswith("http")
            if row["reason"] != "" and row["events"] is None:
                continue
            assert row["events"] / row["total"] == row["rate"]
            assert row["ci_low"] <= row["rate"] <= row["ci_high"]


def test_other_populations_are_counted_in_the_notes_and_shown_on_request(shipped: Evidence) -> None:
    assert "mdd 3, mdd-suicidal 2" in notes(report(shipped, "dissociation"))
    everyone = report(shipped, "dissociation", filters=EVERYBODY)
    assert "Rows of other populations" not in notes(everyone)
    assert tuple(
        only(everyone, study_id="ekstrand-2022", event="dissociation", phase="whole-study")[n]
        for n in ("events", "total", "control_events", "control_total")
    ) == (55, 91, 14, 90)


def test_the_overview_has_one_line_per_drug_route_and_event(shipped: Evidence) -> None:
    found = report(shipped)
    lines = Counter((r["drug"], r["route"], r["event"]) for r in found.rows)
    assert {1} == set(lines.values())
    nasal = [r["event"] for r in rows(found, drug="esketamine", route="intranasal")]
    assert len(nasal) == 14
    assert {"dissociation", "dizziness", "nausea"} < set(nasal)
    assert sorted(nasal[-2:]) == [SERIOUS, STOPPED]
    assert {SERIOUS} == {r["event"] for r in found.rows if r["serious"]}


def test_the_overview_shows_the_line_of_the_event_view(shipped: Evidence) -> None:
    line = only(report(shipped), kind="pooled", event="nausea")
    same = only(report(shipped, "nausea"), kind="pooled")
    exact, solved = ("rd", "rr", "k", "nnh"), ("rate", "control_rate")
    assert [same[n] for n in exact] == [line[n] for n in exact]
    assert pytest.approx([same[n] for n in solved], rel=SIDE_BY_SIDE) == [line[n] for n in solved]


def test_pooled_only_and_phase_and_serious_limit_the_rows(shipped: Evidence) -> None:
    pooled = report(shipped, "dissociation", pooled_only=True)
    assert {"pooled", "prediction", "alternative"} == {r["kind"] for r in pooled.rows}
    maintenance = report(shipped, "dissociation", phase="maintenance")
    assert [(r["study_id"], r["events"], r["total"]) for r in maintenance.rows] == [("daly-2019", 35, 152)]
    assert {True} == {r["serious"] for r in report(shipped, serious=True).rows}


def test_what_has_no_effect_on_side_effects_is_refused(shipped: Evidence) -> None:
    with pytest.raises(UsageError, match="--at does not apply"):
        report(shipped, "nausea", filters=for_evidence(shipped, at="24h"))
    with pytest.raises(UsageError, match="unknown phase"):
        report(shipped, phase="acute")


# Names


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Nausea", ("nausea", "nausea lasting over 24 h")),
        ("hypesthesia", ("hypoaesthesia",)),
        ("blurred vision", ("vision blurred",)),
        ("emesis", ("vomiting",)),
        ("sedation", ("sedation", "sedation (MOAA/S 3 or less)")),
        ("diastolic pressure rise", ("diastolic blood pressure rise 25 mmHg or more",)),
    ],
)
def test_an_event_is_found_by_its_term_by_a_sources_term_and_by_words(
    shipped: Evidence, typed: str, meant: tuple[str, ...]
) -> None:
    assert meant == match(typed, names(shipped))


def test_an_unknown_event_is_refused_with_the_nearest(shipped: Evidence) -> None:
    with pytest.raises(UsageError) as error:
        report(shipped, "disociation")
    assert "'dissociation'" in error.value.hint
    with pytest.raises(UsageError):
        report(shipped, " ")


def test_events_with_a_longer_name_are_named_but_not_included(shipped: Evidence) -> None:
    assert related(["dizziness"], names(shipped)) == ("dizziness postural",)
    found = report(shipped, "dizziness")
    assert "dizziness postural" in notes(found)
    assert "dizziness postural" not in {r["event"] for r in found.rows}


# Data of a test's own

PAGE = {"source_url": "https://example.org/a", "source_kind": "registry", "label_grouped": 0, "serious": 0}


def study(name: str, **more: Any) -> dict[str, Any]:
    base = {"study_id": name, "label": name.title(), "year": 2001, "design": "rct-parallel", "cohort_id": name}
    return base | {"population": "trd-mdd", "source_url": "https://example.org/a"} | more


def arm(name: str, arm_id: str, drug: str = "esketamine", **more: Any) -> dict[str, Any]:
    role = "active" if drug in ("ketamine", "esketamine") else "control"
    base = {"study_id": name, "arm_id": arm_id, "drug": drug, "role": role, "route": "intranasal"}
    return base | {"regimen": "repeated", "source_url": "https://example.org/a"} | more


def count(name: str, arm_id: str, events: int, total: int, **more: Any) -> dict[str, Any]:
    base = {"study_id": name, "arm_id": arm_id, "event": "nausea", "term_reported": "nausea", **PAGE}
    return base | {"phase": "acute-course", "events": events, "total": total, "events_derived": 0} | more


def dataset(make: MakeDataset, studies: Rows, arms: Rows, counts: Rows) -> Evidence:
    # as they are, unchecked: the selection must hold for data nobody has checked
    folder = make(studies=studies, arms=arms, side_effects=counts, outcomes=[])
    return Evidence(catalog.locate(str(folder), {}))


def two_arms(*trials: tuple[str, int, int, int, int]) -> tuple[Rows, Rows, Rows]:
    arms = [a for name, *_ in trials for a in (arm(name, "drug"), arm(name, "pbo", "placebo"))]
    counts = [c for name, a, n1, b, n2 in trials for c in (count(name, "drug", a, n1), count(name, "pbo", b, n2))]
    return [study(name) for name, *_ in trials], arms, counts


def test_a_changed_count_changes_the_pooled_line(make_dataset: MakeDataset) -> None:
    before = only(
        report(dataset(make_dataset, *two_arms(("a", 20, 50, 5, 50), ("b", 30, 60, 6, 60))), "nausea"),
        kind="pooled",
    )
    after = only(
        report(dataset(make_dataset, *two_arms(("a", 21, 50, 5, 50), ("b", 30, 60, 6, 60))), "nausea"),
        kind="pooled",
    )
    assert (before["events"], after["events"]) == (50, 51)
    assert before["rr"] < after["rr"]
    assert before["rd"] < after["rd"]
    assert before["rate"] < after["rate"]


def test_difference_ratio_and_number_needed_follow_from_the_counts(make_dataset: MakeDataset) -> None:
    row = only(report(dataset(make_dataset, *two_arms(("a", 20, 50, 5, 50))), "nausea"), kind="study")
    half = 1.959963984540054 * math.sqrt(1 / 20 - 1 / 50 + 1 / 5 - 1 / 50)
    assert pytest.approx((0.3, 4.0, 10 / 3), rel=1e-12) == (row["rd"], row["rr"], row["nnh"])
    assert pytest.approx((4 * math.exp(-half), 4 * math.exp(half)), rel=1e-12) == (row["rr_low"], row["rr_high"])
    assert pytest.approx((1 / row["rd_high"], 1 / row["rd_low"]), rel=1e-12) == (row["nnh_low"], row["nnh_high"])
    assert "for one more to be harmed" in row["nnh_words"]


def test_an_interval_across_zero_has_no_further_limit_and_says_so(make_dataset: MakeDataset) -> None:
    row = only(report(dataset(make_dataset, *two_arms(("a", 6, 50, 5, 50))), "nausea"), kind="study")
    assert row["nnh_high"] is None
    assert pytest.approx(1 / row["rd_high"]) == row["nnh_low"]
    assert "includes no difference" in row["nnh_words"]


def test_nobody_with_the_event_gives_no_ratio_and_a_difference_of_zero(make_dataset: MakeDataset) -> None:
    row = only(report(dataset(make_dataset, *two_arms(("a", 0, 50, 0, 50))), "nausea"), kind="study")
    assert (row["rd"], row["nnh"], row.get("rr")) == (0.0, None, None)


def test_a_line_without_any_event_has_a_difference_and_no_ratio(make_dataset: MakeDataset) -> None:
    silent = dataset(make_dataset, *two_arms(("a", 0, 50, 0, 50), ("b", 0, 60, 0, 60)))
    line = only(report(silent, "nausea"), kind="pooled")
    assert (line["rd"], line.get("rr"), line["rate"], line["k"]) == (0.0, None, 0.0, 2)


def test_doses_are_added_up_against_the_one_control(make_dataset: MakeDataset) -> None:
    studies, arms, counts = two_arms(("a", 20, 50, 5, 40))
    high = arm("a", "high", dose=84, dose_unit="mg")
    more = dataset(make_dataset, studies, [*arms, high], [*counts, count("a", "high", 7, 30)])
    row = only(report(more, "nausea"), kind="study")
    assert tuple(row[n] for n in ("events", "total", "control_events", "control_total")) == (27, 80, 5, 40)
    assert row["arms"] == "drug high"


def test_an_arm_inside_another_is_not_added_to_it(make_dataset: MakeDataset) -> None:
    studies, arms, counts = two_arms(("a", 20, 50, 5, 40))
    inside = [arm("a", "part", part_of="drug"), arm("a", "pbo-part", "placebo", part_of="pbo")]
    more = [count("a", "part", 7, 30), count("a", "pbo-part", 2, 20)]
    row = only(report(dataset(make_dataset, studies, [*arms, *inside], [*counts, *more]), "nausea"), kind="study")
    assert tuple(row[n] for n in ("events", "total", "control_events", "control_total")) == (20, 50, 5, 40)


def test_a_ketamine_arm_that_plays_control_is_never_a_comparator(
    make_dataset: MakeDataset,
) -> None:
    studies, arms, counts = two_arms(("a", 20, 50, 5, 40))
    arms[1] |= {"drug": "ketamine"}
    row = only(report(dataset(make_dataset, studies, arms, counts), "nausea"), kind="study")
    assert (row["events"], row["total"]) == (20, 50)
    assert row.get("control_events") is None


def test_placebo_is_the_comparator_before_an_active_control(make_dataset: MakeDataset) -> None:
    studies, arms, counts = two_arms(("a", 20, 50, 5, 40))
    third = dataset(make_dataset, studies, [*arms, arm("a", "aa", "bupropion")], [*counts, count("a", "aa", 9, 40)])
    row = only(report(third, "nausea"), kind="study")
    assert (row["control_drug"], row["control_events"], row["control_total"]) == ("placebo", 5, 40)


def test_of_two_records_of_the_same_people_the_larger_is_pooled(make_dataset: MakeDataset) -> None:
    studies, arms, counts = two_arms(("a", 20, 50, 5, 40), ("b", 30, 60, 6, 60), ("c", 10, 40, 4, 40))
    studies[1]["cohort_id"] = "a"
    found = report(dataset(make_dataset, studies, arms, counts), "nausea")
    assert {"b", "c"} == {r["study_id"] for r in rows(found, kind="study", pooled=True)}
    assert "(b)" in only(found, study_id="a")["reason"]
    assert tuple(only(found, kind="pooled")[n] for n in ("events", "total")) == (40, 100)


def test_a_pool_of_trials_gives_way_to_each_trial_it_reuses(make_dataset: MakeDataset) -> None:
    studies, arms, counts = two_arms(("a", 20, 50, 5, 40), ("b", 30, 60, 6, 60), ("both", 50, 110, 11, 100))
    studies[2] |= {"cohort_id": "pool-a-b", "reuses": "a b"}
    found = report(dataset(make_dataset, studies, arms, counts), "nausea")
    assert tuple(only(found, kind="pooled")[n] for n in ("events", "total", "k")) == (50, 110, 2)
    assert False is only(found, study_id="both")["pooled"]


def test_grouped_terms_never_share_a_line_with_single_terms(make_dataset: MakeDataset) -> None:
    studies, arms, counts = two_arms(("a", 20, 50, 5, 40), ("b", 30, 60, 6, 60), ("c", 10, 40, 4, 40))
    for row in counts[4:]:
        row["label_grouped"] = 1
    found = report(dataset(make_dataset, studies, arms, counts), "nausea")
    assert only(found, kind="pooled")["k"] == 2
    assert only(found, study_id="c")["block"].endswith("related terms grouped")


def test_both_arms_of_a_crossover_are_never_pooled_as_a_contrast(make_dataset: MakeDataset) -> None:
    studies, arms, counts = two_arms(("a", 20, 50, 5, 50), ("b", 30, 60, 6, 60), ("c", 10, 40, 4, 40))
    studies[0]["design"] = "rct-crossover"
    found = report(dataset(make_dataset, studies, arms, counts), "nausea")
    assert only(found, kind="pooled")["k"] == 2
    assert "same people" in only(found, study_id="a")["reason"]


def test_one_dose_and_a_course_never_share_a_line(make_dataset: MakeDataset) -> None:
    studies, arms, counts = two_arms(("a", 20, 50, 5, 40), ("b", 30, 60, 6, 60))
    arms[0]["regimen"] = "single-dose"
    assert rows(report(dataset(make_dataset, studies, arms, counts), "nausea"), kind="pooled") == []


def test_derived_counts_and_small_studies_are_left_out_on_request(make_dataset: MakeDataset) -> None:
    studies, arms, counts = two_arms(("a", 20, 50, 5, 40), ("b", 30, 60, 6, 60))
    counts[0]["events_derived"] = 1
    evidence = dataset(make_dataset, studies, arms, counts)
    strict = report(evidence, "nausea", filters=Filters(exclude_derived=True, min_n=61), show_left_out=True)
    assert {("a", "left-out"), ("b", "left-out")} == {(r["study_id"], r["kind"]) for r in strict.rows}
    assert len({r["reason"] for r in strict.rows}) == 2


# The command


def test_csv_has_the_documented_columns_and_reads_back() -> None:
    done = ket("side-effects", "--event", "dissociation", "--csv")
    table = list(csv.DictReader(io.StringIO(done.out)))
    assert done.code == 0
    assert [column.name for column in COLUMNS] == list(table[0])
    label = next(row for row in table if row["study_id"] == "spravato-label-2019")
    assert tuple(label[n] for n in ("events", "total", "control_events", "control_total", "grouped", "pooled")) == (
        "142",
        "346",
        "21",
        "222",
        "1",
        "0",
    )
    assert float(label["rate"]) == 142 / 346
    assert "note: Contrasts are made inside a study" in done.err


def test_nothing_found_is_a_header_and_a_note() -> None:
    done = ket("side-effects", "--event", "nausea", "--route", "oral", "--csv")
    assert (done.code, len(done.out.splitlines())) == (0, 1)
    assert "route oral" in done.err


@pytest.mark.parametrize(
    "arguments", [("--event", "disociation"), ("--phase", "acute"), ("--at", "24h"), ("--model", "reml")]
)
def test_a_slip_is_a_usage_error(arguments: Sequence[str]) -> None:
    assert ket("side-effects", *arguments).code == 2


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("side-effects-80.txt", ()),
        ("side-effects-dissociation-80.txt", ("--event", "dissociation")),
    ],
)
def test_the_table_at_80_columns(name: str, arguments: Sequence[str]) -> None:
    done = ket("side-effects", *arguments, terminal=True, env={"NO_COLOR": "1"})
    assert done.code == 0
    assert "\x1b" not in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    assert_snapshot(name, done.out)
