"""`ket compare`: contrasts by hand, pooled lines as R has them, indirect and other evidence marked and apart."""

from __future__ import annotations

import math
from typing import Any

import pytest

from ketcli.errors import UsageError
from ketcli.evidence.load import Evidence
from ketcli.report import Report
from ketcli.selection.filters import for_evidence
from ketcli.summaries.compare import COLUMNS, SCORE, as_risk, compare
from ketcli.summaries.compare.listing import listing
from ketcli.summaries.contrasts import MH_LEADS, MH_STRAINED, why_mh
from ketcli.summaries.pooling import Settings
from tests.command import ket
from tests.snapshot import assert_snapshot

Z = 1.959963984540054


def _compare(evidence: Evidence, first: str, second: str, how: Settings | None = None, **given: Any) -> Report:
    own = {n: given.pop(n) for n in ("force_indirect", "control_risk", "show_left_out") if n in given}
    return compare(
        evidence, for_evidence(evidence, more_outcomes=(SCORE,), **given), how or Settings(), first, second, **own
    )


def _kinds(report: Report, kind: str, **wanted: Any) -> list[dict[str, Any]]:
    rows = [dict(row) for row in report.rows if row["kind"] == kind]
    return [row for row in rows if all(row.get(name) == value for name, value in wanted.items())]


def _pooled_remission(evidence: Evidence, **given: Any) -> dict[str, Any]:
    report = _compare(evidence, "esketamine", "placebo", outcome=["remission"], **given)
    (line,) = _kinds(report, "pooled")
    return line


def test_murrough_2013_by_hand(shipped: Evidence) -> None:
    (row,) = _kinds(_compare(shipped, "ketamine", "midazolam"), "study", study_id="murrough-2013-ajp")
    counts = (row["events"], row["total"], row["control_events"], row["control_total"])
    assert counts == (30, 47, 7, 25)
    log_rr, se = math.log((30 / 47) / (7 / 25)), math.sqrt(1 / 30 - 1 / 47 + 1 / 7 - 1 / 25)
    assert row["rr"] == pytest.approx(math.exp(log_rr))
    assert row["rr_low"] == pytest.approx(math.exp(log_rr - Z * se))
    log_or, se = math.log(30 * 18 / (17 * 7)), math.sqrt(1 / 30 + 1 / 17 + 1 / 7 + 1 / 18)
    assert (row["or"], row["or_high"]) == pytest.approx((math.exp(log_or), math.exp(log_or + Z * se)))
    assert row["rd"] == pytest.approx(30 / 47 - 7 / 25)
    assert row["nnt"] == pytest.approx(1 / (30 / 47 - 7 / 25))
    # the further end of the number needed is one over the nearer end of the difference
    assert (row["nnt_low"], row["nnt_high"]) == pytest.approx((1 / row["rd_high"], 1 / row["rd_low"]))


def test_pooled_line_is_metafor_s(shipped: Evidence) -> None:
    # rma(REML, test="adhoc") on the four trials' log ratios, threshold 1e-12; rma.mh; metafor 3.8-1
    line = _pooled_remission(shipped)
    assert (line["k"], line["events"], line["total"]) == (4, 159, 520)
    ratio = (line["rr"], line["rr_low"], line["rr_high"])
    assert ratio == pytest.approx((1.400649407941, 0.968952921055, 2.024679136970), rel=1e-9)
    odds = (line["or"], line["or_low"], line["or_high"])
    assert odds == pytest.approx((1.63635720903, 0.938830771486, 2.85212734487), rel=1e-8)
    assert (line["tau2"], line["i2"]) == pytest.approx((0.000887262606951, 1.37070052223), rel=1e-6)
    report = _compare(shipped, "esketamine", "placebo", outcome=["remission"])
    (beside,) = _kinds(report, "alternative")
    assert beside["rr"] == pytest.approx(1.4043978661, rel=1e-9)


def test_absolute_effect_is_what_the_ratio_makes_of_the_control_risk(shipped: Evidence) -> None:
    line = _pooled_remission(shipped)
    # the pooled control risk is that of the binomial mixed model (rma.glmm, PLO, 25 nodes)
    risk = line["control_rate"]
    assert risk == pytest.approx(0.169517793431, rel=1e-4)
    assert line["rd"] == pytest.approx(risk * (line["rr"] - 1))
    assert line["rd_low"] == pytest.approx(risk * (line["rr_low"] - 1))
    assert line["nnt"] == pytest.approx(1 / line["rd"])
    assert line["nnt_high"] is None
    given = _pooled_remission(shipped, control_risk=0.3)
    assert (given["rd"], given["rate"]) == pytest.approx((0.3 * (given["rr"] - 1), 0.3 * given["rr"]))


def test_the_rate_that_the_ratio_makes_is_not_called_a_pooled_rate(shipped: Evidence) -> None:
    line = _pooled_remission(shipped)
    assert line["ci_low"] == pytest.approx(line["control_rate"] * line["rr_low"])
    notes = [note.text for note in _compare(shipped, "esketamine", "placebo").notes]
    assert any("Its rate of the first arms, 'In 100' and NNT: what the pooled ratio makes of" in n for n in notes)


def test_no_risk_passes_everybody(shipped: Evidence) -> None:
    line = _pooled_remission(shipped, control_risk=0.6)
    assert line["ci_high"] == 1.0
    assert line["rd_high"] == pytest.approx(0.4)


def test_swapping_the_sides_turns_ratios_and_signs(shipped: Evidence) -> None:
    there = _kinds(_compare(shipped, "esketamine", "quetiapine"), "study")[0]
    back = _kinds(_compare(shipped, "quetiapine", "esketamine"), "study")[0]
    assert back["rr"] == pytest.approx(1 / there["rr"])
    assert (back["rd_low"], back["rd_high"]) == pytest.approx((-there["rd_high"], -there["rd_low"]))
    assert back["nnt"] == pytest.approx(-there["nnt"])


def test_a_zero_cell_hands_the_ratio_to_mantel_haenszel_with_the_mixed_model_beside(shipped: Evidence) -> None:
    report = _compare(shipped, "esketamine", "placebo", outcome=["remission"], at="24h")
    (line,) = _kinds(report, "pooled")
    # Daly 9/34 v 0/33, Takahashi 7/119 v 3/78: sum(a n2/N) / sum(c n1/N)
    expected = (9 * 33 / 67 + 7 * 78 / 197) / (0 * 34 / 67 + 3 * 119 / 197)
    assert (line["model"], line["rr"]) == ("mh", pytest.approx(expected))
    (beside,) = _kinds(report, "alternative")
    assert (beside["model"], beside["measure"]) == ("glmm", "or")


def test_where_mantel_haenszel_leads_trials_that_differ_are_a_caution(shipped: Evidence) -> None:
    """One supposed ratio makes the interval too narrow when the trials do not share one; alike ones say nothing."""
    unlike = _compare(shipped, "esketamine", "placebo", outcome=["remission"], at="24h")
    pooled = next(row for row in unlike.rows if row["kind"] == "pooled" and row["model"] == "mh")
    assert pooled["i2"] >= 50.0
    (said,) = [note for note in unlike.notes if note.text.startswith(MH_STRAINED)]
    assert said.kind == "caution"
    assert "remission, 24 h" in said.text
    assert why_mh(49.9) == (MH_LEADS,)
    assert why_mh(None) == (MH_LEADS,)


def test_crossover_of_both_periods_shows_rates_without_a_contrast(shipped: Evidence) -> None:
    (row,) = _kinds(_compare(shipped, "ketamine", "midazolam"), "study", study_id="dwyer-2021")
    assert (row["events"], row["control_events"], row["pooled"]) == (13, 6, False)
    assert "rr" not in row
    assert "same people" in row["reason"]


def test_observational_cohorts_are_marked_and_apart(shipped: Evidence) -> None:
    report = _compare(shipped, "ketamine", "esketamine")
    (cohort,) = _kinds(report, "study", study_id="in-racemic-vs-esk-2026")
    (trial,) = _kinds(report, "study", study_id="correia-melo-2020")
    assert (cohort["evidence"], cohort["pooled"]) == ("observational", False)
    assert (trial["evidence"], trial["pooled"]) == ("randomised", True)
    assert (trial["events"], trial["control_events"]) == (7, 10)


def test_routes_have_no_trial_head_to_head_and_one_indirect_estimate(shipped: Evidence) -> None:
    report = _compare(shipped, "iv", "nasal")
    assert not [row for row in report.rows if row.get("evidence") == "randomised" and row["kind"] == "study"]
    (estimate,) = _kinds(report, "indirect")
    assert (estimate["evidence"], estimate["via"], estimate["outcome"]) == ("indirect", "placebo", "remission")
    # Ionescu 2/13 v 1/13 at day 21 through placebo to Takahashi 9/114 v 11/74 at day 21
    d = math.log((2 / 13) / (1 / 13)) - math.log((9 / 114) / (11 / 74))
    v = (1 / 2 - 1 / 13 + 1 - 1 / 13) + (1 / 9 - 1 / 114 + 1 / 11 - 1 / 74)
    limits = [math.exp(d + sign * Z * math.sqrt(v)) for sign in (0, -1, 1)]
    assert [estimate["rr"], estimate["rr_low"], estimate["rr_high"]] == pytest.approx(limits)
    assert any("not a trial of" in note.text for note in report.notes)
    assert {row["study_id"] for row in _kinds(report, "published")} >= {"nikayin-2022", "iv-vs-esk-ma-2025"}


def test_unlike_trials_are_not_compared_indirectly_unless_forced(shipped: Evidence) -> None:
    calm = _compare(shipped, "iv", "nasal")
    assert all(not row["reason"] for row in _kinds(calm, "indirect"))
    refusal = " ".join(note.text for note in calm.notes)
    assert "a new antidepressant was begun beside placebo on one side alone" in refusal
    forced = _kinds(_compare(shipped, "iv", "nasal", force_indirect=True), "indirect")
    assert any("new antidepressant" in row["reason"] for row in forced)
    assert all("rated at different times" in row["reason"] for row in forced if row["reason"])


def test_legs_of_an_indirect_estimate_are_the_direct_lines(shipped: Evidence) -> None:
    report = _compare(shipped, "ect", "midazolam", population=["all"])
    first, second = _kinds(report, "leg")
    direct = _kinds(_compare(shipped, "midazolam", "ketamine", population=["all"]), "pooled")[0]
    assert second["rr"] == pytest.approx(direct["rr"])
    (estimate,) = _kinds(report, "indirect")
    assert estimate["rr"] == pytest.approx(first["rr"] / second["rr"])
    assert estimate["k"] == 3


def test_frequencies_are_compared_by_scores_where_there_are_no_counts(shipped: Evidence) -> None:
    report = _compare(shipped, "twice-weekly", "thrice-weekly")
    (row,) = _kinds(report, "study")
    assert (row["study_id"], row["mean"], row["control_mean"]) == ("singh-2016-ketamine", -18.4, -17.7)
    assert row["estimate"] == pytest.approx(-0.7)
    assert "estimate_low" not in row
    (apart,) = _kinds(_compare(shipped, "weekly", "twice-weekly"), "study")
    assert (apart["study_id"], apart["events"], apart["control_events"]) == ("diamond-2014", 5, 3)
    assert not apart["pooled"]


def test_scores_by_hand(shipped: Evidence) -> None:
    report = _compare(shipped, "esketamine", "placebo", outcome=["score"])
    (row,) = _kinds(report, "study", study_id="chen-2023")
    half = Z * math.sqrt(10.8**2 / 109 + 10.26**2 / 106)
    assert (row["estimate"], row["estimate_low"]) == pytest.approx((-2.0, -2.0 - half))
    assert {r["outcome"] for r in report.rows} == {"score"}


def test_conventional_steps_are_rates_marked_as_unlike(shipped: Evidence) -> None:
    rows = _kinds(_compare(shipped, "ketamine", "star-d"), "reference")
    steps = [row for row in rows if "control_rate" in row]
    assert {(row["control_rate"], row["control_total"]) for row in steps} >= {(0.368, 3671), (0.13, 123)}
    assert all(row["evidence"] == "reference" and "like for like" in row["reason"] for row in rows)
    assert all("rr" not in row for row in rows)


def test_the_trial_against_quetiapine_is_not_shown_twice_beside_conventional_steps(shipped: Evidence) -> None:
    report = _compare(shipped, "esketamine", "conventional")
    assert [row["kind"] for row in report.rows if row.get("study_id") == "reif-2023"] == ["study"]


def test_rows_hold_nothing_outside_the_columns_but_what_is_shown(shipped: Evidence) -> None:
    hidden = {"block", "shown", "bare_rate", "counted_rate", "shown_events", "shown_total"}
    names = {c.name for c in COLUMNS} | hidden | {f"control_{name}" for name in hidden} | {"rd_tau2", "rd_i2"}
    for first, second in (("ketamine", "placebo"), ("iv", "nasal"), ("esketamine", "conventional")):
        for row in _compare(shipped, first, second, show_left_out=True).rows:
            assert set(row) <= names


def test_every_pooled_number_has_its_studies_above_it(shipped: Evidence) -> None:
    report = _compare(shipped, "esketamine", "placebo")
    for line in _kinds(report, "pooled"):
        studies = [row for row in _kinds(report, "study", block=line["block"]) if row["pooled"]]
        assert line["k"] == len(studies)
        assert line["events"] == sum(row["events"] for row in studies)
        assert line["control_total"] == sum(row["control_total"] for row in studies)
        assert sum(row["weight"] for row in studies) == pytest.approx(100.0)


def test_dropping_out_is_harm(shipped: Evidence) -> None:
    report = _compare(shipped, "esketamine", "placebo", outcome=["discontinued-ae"])
    (row,) = _kinds(report, "study", study_id="popova-2019")
    assert (row["events"], row["control_events"]) == (9, 1)
    assert "one more to be harmed" in row["nnt_words"]


def test_peto_and_the_mixed_model_give_odds_ratios(shipped: Evidence) -> None:
    for model in ("peto", "glmm"):
        line = _kinds(_compare(shipped, "esketamine", "placebo", Settings(model=model)), "pooled")[0]
        assert line["measure"] == "or"
        assert line["or_low"] < line["or"] < line["or_high"]
        assert "rr" not in line


def test_nothing_to_compare_says_so(shipped: Evidence) -> None:
    report = _compare(shipped, "psilocybin", "quetiapine")
    assert report.rows == ()
    assert "No study compares psilocybin with quetiapine" in report.empty


@pytest.mark.parametrize(("first", "second"), [("ketamine", "racemic"), ("ketamine", "plazebo")])
def test_same_and_unknown_treatments_are_refused(shipped: Evidence, first: str, second: str) -> None:
    with pytest.raises(UsageError):
        _compare(shipped, first, second)


@pytest.mark.parametrize("percent", [0.0, 100.0, -5.0])
def test_impossible_risks_are_refused(percent: float) -> None:
    with pytest.raises(UsageError):
        as_risk(percent)


def test_list_counts_what_the_comparisons_hold(shipped: Evidence) -> None:
    rows = {(row["first"], row["second"]): row for row in listing(shipped, for_evidence(shipped)).rows}
    row = rows["esketamine", "placebo"]
    kept = _kinds(_compare(shipped, "esketamine", "placebo"), "study", pooled=True)
    assert row["k"] == len({r["study_id"] for r in kept})
    assert rows["ketamine", "ect"]["n"] == 365
    assert rows["twice-weekly", "thrice-weekly"]["k_score"] == 1
    one = listing(shipped, for_evidence(shipped), "midazolam").rows
    assert all("midazolam" in (row["first"], row["second"]) for row in one)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("compare-list", ()),
        ("compare-ketamine-midazolam", ("ketamine", "midazolam")),
        ("compare-esketamine-placebo", ("esketamine", "placebo")),
        ("compare-iv-nasal", ("iv", "nasal")),
    ],
)
def test_tables_read_well_at_80_columns(name: str, arguments: tuple[str, ...]) -> None:
    result = ket("compare", *arguments, "-f", "table", env={"COLUMNS": "80"})
    assert result.code == 0
    assert all(len(line) <= 80 for line in result.out.splitlines())
    assert_snapshot(f"{name}-80.txt", result.out)
