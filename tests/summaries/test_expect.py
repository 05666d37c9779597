"""`ket expect`: the matching trials and no others, numbers of the tables, and what each thing given did."""

from __future__ import annotations

import csv
import io
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from ketcli.errors import UsageError
from ketcli.evidence import catalog
from ketcli.evidence.load import Evidence
from ketcli.evidence.overlap import build
from ketcli.report import Report
from ketcli.selection.filters import Filters, for_evidence
from ketcli.selection.people import person
from ketcli.stats.intervals import difference_interval, proportion_interval
from ketcli.stats.mixed.glmm_proportion import glmm_proportion
from ketcli.summaries import pooling
from ketcli.summaries.expect import COLUMNS, expect
from tests.command import ket
from tests.conftest import MakeDataset
from tests.snapshot import assert_snapshot

HOW = pooling.settings(pooling.PROPORTION_MODELS)
ESKETAMINE = {"drug": ["esketamine"]}
KETAMINE = {"drug": ["ketamine"]}
EXACT = 1e-12


def report(
    evidence: Evidence, *, studies: bool = False, who: dict[str, Any] | None = None, **options: Any
) -> Report:
    return expect(evidence, for_evidence(evidence, **options), HOW, person(**(who or {})), show_studies=studies)


def rows(found: Report, **wanted: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in found.rows if all(row.get(name) == value for name, value in wanted.items())]


def only(found: Report, **wanted: Any) -> dict[str, Any]:
    matching = rows(found, **wanted)
    assert len(matching) == 1, matching
    return matching[0]


def notes(found: Report) -> str:
    return "\n".join(note.text for note in found.notes)


def counts(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["events"], row["total"], row.get("control_events"), row.get("control_total")


# Matching


def test_at_70_the_trial_in_older_adults_answers_and_the_report_says_so(shipped: Evidence) -> None:
    found = report(shipped, who={"age": 70}, **ESKETAMINE)
    assert {row["study_ids"] for row in found.rows} == {"ochs-ross-2020"}
    assert counts(only(found, outcome="response")) == (17, 71, 8, 64)
    assert counts(only(found, outcome="remission")) == (11, 71, 4, 64)
    assert counts(only(found, outcome="discontinued-ae")) == (4, 72, 2, 66)
    assert counts(only(found, event="dissociation")) == (9, 72, 1, 65)
    assert "TRANSFORM-3 (Ochs-Ross 2020), people aged 65 and over" in found.facts[0].text
    assert (
        notes(found).count("Age 70: used. The evidence is TRANSFORM-3 (Ochs-Ross 2020), people aged 65 and over")
        == 1
    )


def test_the_five_side_effects_are_those_that_the_drug_adds_most_to(shipped: Evidence) -> None:
    # counted by hand: 15/72-4/65, 13/72-3/65, 9/72-1/65, 9/72-2/65, 8/72-2/65; blood pressure is 9/72-3/65
    found = report(shipped, who={"age": 70}, **ESKETAMINE)
    assert [row["event"] for row in rows(found, outcome="side-effect")] == [
        *("dizziness", "nausea", "dissociation", "headache", "vertigo"),
    ]


def test_one_trial_has_its_own_intervals_and_no_prediction(shipped: Evidence) -> None:
    row = only(report(shipped, who={"age": 70}, **ESKETAMINE), outcome="response")
    low, high = proportion_interval(17, 71, "wilson", 0.95)
    assert (row["ci_low"], row["ci_high"]) == (pytest.approx(low[0], abs=EXACT), pytest.approx(high[0], abs=EXACT))
    low, high = difference_interval([17], [71], [8], [64], level=0.95)
    assert row["rd"] == pytest.approx(17 / 71 - 8 / 64, abs=EXACT)
    assert (row["rd_low"], row["rd_high"]) == (pytest.approx(low[0], abs=EXACT), pytest.approx(high[0], abs=EXACT))
    assert row.get("pi_low") is None


def test_adults_get_the_four_trials_pooled_beside_their_control(shipped: Evidence) -> None:
    row = only(report(shipped, **ESKETAMINE), outcome="response")
    events, totals = [115, 71, 42, 21], [228, 112, 112, 109]
    fit = glmm_proportion(events, totals)
    back = pooling.natural(fit, "PLO")
    assert row["study_ids"].split() == ["fedgchin-2019", "popova-2019", "takahashi-2021", "chen-2023"]
    assert counts(row) == (sum(events), sum(totals), 42 + 54 + 27 + 17, 113 + 109 + 72 + 106)
    for name, key in (("rate", "estimate"), ("ci_low", "ci_low"), ("ci_high", "ci_high"), ("pi_low", "pi_low")):
        assert row[name] == pytest.approx(back[key], abs=EXACT)
    assert row["pi_low"] < row["ci_low"] < row["rate"] < row["ci_high"] < row["pi_high"]
    control = pooling.natural(glmm_proportion([42, 54, 27, 17], [113, 109, 72, 106]), "PLO")
    assert row["control_rate"] == pytest.approx(control["estimate"], abs=EXACT)


def test_a_control_that_only_some_studies_have_stands_beside_those_studies(shipped: Evidence) -> None:
    found = report(shipped, **KETAMINE)
    whole = only(found, outcome="response", kind="expected")
    assert (whole["k"], whole.get("control_total")) == (10, None)
    part = only(found, outcome="response", kind="controlled")
    assert (part["study_ids"], part["control_drug"], *counts(part)) == ("anand-2023", "ect", 108, 195, 70, 170)
    one_dose = report(shipped, regimen=["single-dose"], **KETAMINE)
    assert counts(only(one_dose, outcome="response", kind="controlled")) == (30, 47, 7, 25)
    assert len(found.icons) == len(rows(found, kind="expected")) + len(rows(found, kind="controlled"))


def test_old_age_without_a_matching_trial_is_said_not_hidden(shipped: Evidence) -> None:
    found = report(shipped, route=["oral"], who={"age": 80})
    assert counts(only(found, outcome="response")) == (168, 231, None, None)
    assert "Age 80: not used." in notes(found)
    assert "adults of all ages stand in" in notes(found)
    assert "age 80 (not used)" in found.facts[-1].text
    assert "No matched study has a control arm" in notes(found)


def test_age_not_given_names_the_trials_left_out(shipped: Evidence) -> None:
    assert "Age not given: studies of an age group are left out: TRANSFORM-3" in notes(
        report(shipped, **ESKETAMINE)
    )
    assert "Age 40: used. Studies of other ages are left out: TRANSFORM-3" in notes(
        report(shipped, who={"age": 40}, **ESKETAMINE)
    )


@pytest.mark.parametrize("who", [{}, {"age": 70}, {"age": 30}, {"prior_failures": 2}])
@pytest.mark.parametrize("drug", ["ketamine", "esketamine"])
@pytest.mark.parametrize("regimen", [None, "single-dose", "repeated-course", "real-world"])
def test_every_row_has_counts_interval_and_source_and_nobody_twice(
    shipped: Evidence, who: dict[str, Any], drug: str, regimen: str | None
) -> None:
    overlaps = build(shipped.rows("studies"))
    found = report(shipped, who=who, drug=[drug], regimen=[regimen] if regimen else None, studies=True)
    for row in found.rows:
        assert 0 <= row["ci_low"] <= row["rate"] <= row["ci_high"] <= 1
        assert 0 <= row["events"] <= row["total"]
        assert all(url.startswith("http") for url in str(row["source_urls"]).split())
        assert row["source_urls"]
        assert row["when"]
        ids = str(row["study_ids"]).split()
        assert len(ids) == len(set(ids)) == row["k"]
        assert not any(overlaps.share(a, b) for a in ids for b in ids)
        if row.get("rd") is not None:
            assert -1 <= row["rd_low"] <= row["rd"] <= row["rd_high"] <= 1
    assert {row["drug"] for row in found.rows} <= {drug}


def test_studies_on_request_add_up_to_their_line(shipped: Evidence) -> None:
    found = report(shipped, studies=True, **ESKETAMINE)
    for whole in rows(found, kind="expected"):
        members = rows(found, kind="study", outcome=whole["outcome"], event=whole["event"])
        assert [m["study_ids"] for m in members] == whole["study_ids"].split()
        for name in ("events", "total", "control_events", "control_total"):
            assert sum(m[name] for m in members) == whole[name]


def small(make_dataset: MakeDataset, **study: Any) -> Evidence:
    """Return a dataset of one study of one infusion with a placebo arm."""
    arms = [
        {"arm_id": "ket", "drug": "ketamine", "role": "active", "route": "intravenous", "regimen": "single-dose"},
        {"arm_id": "pbo", "drug": "placebo", "role": "control", "route": "intravenous", "regimen": "single-dose"},
    ]
    outcome = {"outcome": "response", "scale": "MADRS", "time_days": 1, "time_anchor": "first-dose", "total": 20}
    outcome |= {"analysis_set": "itt", "crossover_data": study.pop("crossover_data", "")}
    common = {"study_id": "a-2001", "source_url": "https://example.org/a"}
    folder = make_dataset(
        studies=[{**common, "label": "A 2001", "population": "trd-mdd", **study}],
        arms=[{**common, **arm} for arm in arms],
        outcomes=[{**common, **outcome, "arm_id": arm, "events": n} for arm, n in (("ket", 12), ("pbo", 5))],
    )
    return Evidence(catalog.locate(str(folder), {}))


@pytest.mark.parametrize(
    ("design", "periods", "difference"),
    [
        ("rct-parallel", "", 0.35),
        ("rct-crossover", "first-period", 0.35),
        ("rct-crossover", "pooled-periods", None),
    ],
)
def test_the_same_people_in_both_arms_have_no_difference(
    make_dataset: MakeDataset, design: str, periods: str, difference: float | None
) -> None:
    evidence = small(make_dataset, design=design, crossover_data=periods)
    row = only(report(evidence, regimen=["single-dose"]), outcome="response")
    assert counts(row) == (12, 20, 5, 20)
    assert row.get("rd") == (None if difference is None else pytest.approx(difference, abs=EXACT))


def test_a_readers_own_table_without_designs_and_factors_is_answered_too(make_dataset: MakeDataset) -> None:
    found = report(small(make_dataset), regimen=["single-dose"], who={"age": 70, "anxiety": True})
    assert found.facts[0].text == "A 2001"
    assert "Anxiety: not used. No evidence on it for this drug and route." in notes(found)


# Factors


def test_a_factor_without_a_difference_inside_a_trial_changes_nothing_and_is_told_with_numbers(
    shipped: Evidence,
) -> None:
    plain = report(shipped, **ESKETAMINE)
    found = report(shipped, who={"anxiety": True, "sex": "female"}, **ESKETAMINE)
    assert found.rows == plain.rows
    text = notes(found)
    assert "Anxiety: not used. No difference between drug and control by it was found inside a trial" in text
    # Daly 2021, counts and interaction as printed
    assert (
        "with anxiety OR 1.59 (0.81-3.11), without anxiety OR 4.42 (1.38-14.19), p of the difference 0.14" in text
    )
    # Jones 2022: female -4.5 (-7.26 to -1.70), male -1.6 (-5.60 to 2.41), interaction 0.3546
    assert "female MD -4.5 (-7.3 to -1.7), male MD -1.6 (-5.6 to 2.4), p of the difference 0.35" in text


def test_a_difference_without_counts_by_level_is_told_and_not_used(shipped: Evidence) -> None:
    plain = report(shipped, regimen=["single-dose"], **KETAMINE)
    found = report(shipped, regimen=["single-dose"], who={"having": ["benzodiazepine"]}, **KETAMINE)
    assert found.rows == plain.rows
    assert "Benzodiazepine: not used. A test inside a trial found a difference" in notes(found)
    assert "p of the difference 0.018" in notes(found)  # Feeney 2022


def test_a_factor_nobody_looked_at_is_said_to_have_no_evidence(shipped: Evidence) -> None:
    found = report(shipped, who={"comorbidity": ["personality"]}, **ESKETAMINE)
    assert "Personality: not used. No evidence on it for this drug and route." in notes(found)


def test_inside_the_trial_in_older_adults_the_strata_are_told(shipped: Evidence) -> None:
    text = notes(report(shipped, who={"age": 80}, **ESKETAMINE))
    assert "65-74 MD -4.9 (-9.0 to -0.9), 75 plus MD -0.4 (-10.4 to 9.5), p of the difference 0.41" in text


def changed(tmp_path: Path, table: str, change: Any) -> Evidence:
    """Return the shipped data with `change` applied to every row of one table."""
    original = Evidence.open().location.path
    assert original is not None
    folder = tmp_path / "data"
    shutil.copytree(original, folder)
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    for row in found:
        change(row)
    with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, found[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)
    return Evidence(catalog.locate(str(folder), {}))


def test_an_interaction_that_becomes_clear_makes_the_persons_level_the_answer(tmp_path: Path) -> None:
    def clearer(row: dict[str, str]) -> None:
        asked = (row["study_id"], row["factor"], row["outcome"]) == ("daly-2021", "comorbid-anxiety", "response")
        if asked and row["contrast_kind"] == "treatment-within-level":
            row["p_value"] = "0.01"

    evidence = changed(tmp_path, "factors", clearer)
    found = report(evidence, who={"anxiety": True}, **ESKETAMINE)
    assert counts(only(found, outcome="response")) == (47, 72, 39, 72)
    assert counts(only(report(evidence, who={"anxiety": False}, **ESKETAMINE), outcome="response")) == (
        23,
        29,
        13,
        28,
    )
    # the other outcome was tested too, without such a p, and stays
    assert only(found, outcome="remission")["k"] == 4
    assert "Anxiety: used. For response stands TRANSFORM-2 by comorbid anxiety (Daly 2021), with anxiety." in notes(
        found
    )


def test_a_changed_count_changes_the_answer(tmp_path: Path) -> None:
    def one_more(row: dict[str, str]) -> None:
        where = (row["study_id"], row["arm_id"], row["outcome"], row["analysis_set"])
        if where == ("ochs-ross-2020", "esk-flex", "response", "mitt"):
            row["events"] = "18"

    found = report(changed(tmp_path, "outcomes", one_more), who={"age": 70}, **ESKETAMINE)
    assert counts(only(found, outcome="response")) == (18, 71, 8, 64)


# What is chosen, and what cannot be answered


def test_usual_routes_and_regimens_are_chosen_and_named(shipped: Evidence) -> None:
    assert "Not given, so chosen: route intranasal, regimen esketamine-oral-ad." in notes(
        report(shipped, **ESKETAMINE)
    )
    assert "drug ketamine, route intravenous, regimen repeated-course" in notes(report(shipped))
    bipolar = notes(report(shipped, population=["bipolar-trd"]))
    assert "regimen single-dose (no study of repeated-course matches)" in bipolar


@pytest.mark.parametrize(
    ("options", "who", "said"),
    [
        (
            {"drug": ["esketamine"], "route": ["oral"]},
            {},
            "There is evidence for: one dose, intravenous esketamine",
        ),
        ({"drug": ["ketamine"]}, {"age": 16}, "Studies of adults are no evidence for minors"),
        ({"drug": ["esketamine"]}, {"prior_failures": 1}, "are of more failed treatments: TRANSFORM-1"),
        ({"regimen": ["maintenance"]}, {}, "ket durability"),
        ({"drug": ["ketamine"], "regimen": ["esketamine-oral-ad"]}, {}, "No matching evidence"),
    ],
)
def test_what_no_study_answers_is_one_clear_sentence(
    shipped: Evidence, options: dict[str, Any], who: dict[str, Any], said: str
) -> None:
    found = report(shipped, who=who, **options)
    assert (found.rows, found.icons, found.notes) == ((), (), ())
    assert found.empty.startswith("No matching evidence: ")
    assert said in found.empty


@pytest.mark.parametrize(
    "filters",
    [
        Filters(drug=("ketamine", "esketamine")),
        Filters(route=("oral", "sublingual")),
        Filters(regimen=("single-dose", "repeated-course")),
        Filters(population=()),
        Filters(population=("trd-mdd", "bipolar-trd")),
    ],
)
def test_several_groups_of_people_are_refused(shipped: Evidence, filters: Filters) -> None:
    with pytest.raises(UsageError, match="at a time"):
        expect(shipped, filters, HOW, person())


# The command


def test_the_table_at_80_columns_for_an_older_person() -> None:
    result = ket("expect", "--drug", "esketamine", "--age", "70", terminal=True, env={"NO_COLOR": "1"})
    assert result.code == 0
    assert max(map(len, result.out.splitlines())) <= 80
    assert_snapshot("expect-esketamine-70-80.txt", result.out)


def test_the_table_at_80_columns_for_a_course_of_infusions() -> None:
    result = ket("expect", "--drug", "ketamine", "--anxiety", terminal=True, env={"NO_COLOR": "1"})
    assert_snapshot("expect-ketamine-80.txt", result.out)


def test_a_wide_terminal_shows_every_column() -> None:
    result = ket("expect", "--drug", "esketamine", terminal=True, env={"NO_COLOR": "1", "COLUMNS": "160"})
    assert "Not shown at this width" not in result.out
    assert max(map(len, result.out.splitlines())) <= 160


def test_csv_has_the_numbers_of_the_pictures_and_notes_stay_off_it() -> None:
    result = ket("expect", "--drug", "esketamine", "--age", "70", "--csv")
    found = list(csv.DictReader(io.StringIO(result.out)))
    assert list(found[0]) == [column.name for column in COLUMNS]
    assert (found[0]["outcome"], found[0]["events"], found[0]["total"]) == ("response", "17", "71")
    assert float(found[0]["rate"]) == 17 / 71
    assert "note: Age 70: used." in result.err
    assert "■" not in result.out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--age", "700"), "[out-of-range]"),
        (("--sex", "unknown"), "[unknown-value]"),
        (("--drug", "ketamin"), "[unknown-value]"),
        (("--drug", "ketamine,esketamine"), "[one-at-a-time]"),
        (("--include-overlapping",), "[option-without-effect]"),
    ],
)
def test_impossible_questions_are_usage_errors(arguments: tuple[str, ...], code: str) -> None:
    result = ket("expect", *arguments)
    assert (result.code, result.out) == (2, "")
    assert code in result.err


def test_no_evidence_is_no_failure() -> None:
    result = ket("expect", "--drug", "esketamine", "--route", "oral", "--csv")
    assert result.code == 0
    assert result.out.count("\n") == 1
    assert "note: No matching evidence" in result.err


def test_an_entry_rule_that_no_study_states_is_said_to_be_supposed(shipped: Evidence) -> None:
    """Studies that give no number of failed treatments are taken to have required two, and a reader is told so."""
    said = notes(report(shipped, who={"prior_failures": 1}, **KETAMINE))
    assert re.search(r"\(\d+ of \d+ state no number and are taken to have required two\)", said)
