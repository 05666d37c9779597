"""`ket factors`: levels inside studies, their comparison, what is told in words, what differs between studies."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from typing import Any

import pytest

from ketcli.errors import UsageError
from ketcli.evidence import catalog
from ketcli.evidence.load import Evidence
from ketcli.evidence.topic_codes import FACTORS
from ketcli.report import Report
from ketcli.selection.aspects import ASPECTS, WIDER, codes_of
from ketcli.selection.factors import KINDS, kind_of, select
from ketcli.selection.filters import Filters, for_evidence
from ketcli.summaries.factors import factors
from ketcli.summaries.factors.between_studies import between_studies
from ketcli.summaries.factors.interactions import compare, with_interactions
from ketcli.summaries.factors.overview import summed_up
from ketcli.summaries.pooling import Settings
from ketcli.summaries.words import spoken
from tests.command import ket
from tests.conftest import MakeDataset
from tests.snapshot import assert_snapshot

Z = 1.959963984540054
EVERYONE = Filters(population=())
PAGE = "https://example.org/a"
STUDY = {"study_id": "a-2001", "label": "A 2001", "year": 2001, "design": "rct-parallel", "population": "trd-mdd"}
STUDY |= {"n_randomised": 100, "cohort_id": "a", "source_url": PAGE}
ROW = {"study_id": "a-2001", "factor": "age", "factor_group": "patient", "level": "young", "drug": "ketamine"}
ROW |= {"contrast_kind": "treatment-within-level", "comparator": "placebo", "outcome": "madrs-change"}
ROW |= {"time_days": 1, "events_derived": 0, "effect_measure": "md", "source_kind": "registry", "source_url": PAGE}
LEVELS = [
    ROW | {"effect": -6, "ci_low": -10, "ci_high": -2},
    ROW | {"level": "old", "effect": -1, "ci_low": -3, "ci_high": 1},
]


def _evidence(make_dataset: MakeDataset, **tables: Any) -> Evidence:
    # the tables as they are: these tests are about selection, which must hold for data nobody has checked
    return Evidence(catalog.locate(str(make_dataset(**{"studies": [STUDY], **tables})), {}))


def _rows(report: Report, **wanted: object) -> list[dict[str, Any]]:
    return [dict(r) for r in report.rows if all(r.get(name) == value for name, value in wanted.items())]


def _age(evidence: Evidence, filters: Filters | None = None) -> Report:
    return factors(evidence, filters or Filters(), Settings(), groups=("age",))


def test_every_factor_of_the_dataset_belongs_to_exactly_one_flag() -> None:
    """A factor without a flag could only be found by who knows its code; one in two would be listed twice."""
    assigned = [code for codes in ASPECTS.values() for code in codes]
    assert sorted(FACTORS) == sorted(assigned)


def test_protocol_stands_for_dose_frequency_route_and_what_is_given_along() -> None:
    assert set(codes_of(["protocol"])) == set(codes_of(["dose", "frequency", "route", "concomitant"]))
    assert set(WIDER["protocol"]) <= set(ASPECTS)


def test_a_name_that_is_flag_and_factor_means_the_group_as_flag_and_itself_as_factor() -> None:
    assert codes_of(["route"]) == ("route", "formulation")
    assert codes_of([], ["route"]) == ("route",)


def test_an_unknown_factor_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        codes_of([], ["comorbid-anxeity"])
    assert "comorbid-anxiety" in caught.value.hint


@pytest.mark.parametrize(
    ("contrast", "comparator", "group", "design", "kind"),
    [
        ("treatment-within-level", "placebo", "patient", "rct-parallel", "within-level"),
        ("treatment-within-level", "placebo", "protocol", "review", "indirect"),
        ("treatment", "placebo", "other", "rct-parallel", "overall"),
        ("between-levels", "ect", "patient", "rct-parallel", "modification"),
        ("between-levels", "", "protocol", "rct-parallel", "randomised-levels"),
        ("between-levels", "", "protocol", "cohort", "prognostic"),
        ("between-levels", "", "patient", "rct-parallel", "prognostic"),
        ("level-rate", "", "patient", "cohort", "level"),
        ("direction-only", "", "patient", "pooled", "in-words"),
    ],
)
def test_a_contrast_is_told_apart_by_its_control_and_by_what_was_randomised(
    contrast: str, comparator: str, group: str, design: str, kind: str
) -> None:
    """Prognostic contrasts read as effect modification are the commonest error with such tables."""
    row = {"contrast_kind": contrast, "comparator": comparator, "factor_group": group}
    assert kind == kind_of(row, design)


def test_both_age_strata_of_transform_3_stand_as_esketamine_minus_placebo_with_their_intervals(
    shipped: Evidence,
) -> None:
    rows = _rows(_age(shipped), kind="within-level", study_id="ochs-ross-2020", factor="age", measure="md")
    found = {
        r["level"]: (r["estimate"], r["ci_low"], r["ci_high"], r["p"], r["drug"], r["comparator"]) for r in rows
    }
    assert found == {
        "65-74": (-4.9, -8.96, -0.89, 0.017, "esketamine", "placebo"),
        "75-plus": (-0.4, -10.38, 9.5, 0.93, "esketamine", "placebo"),
    }


def test_the_age_strata_are_compared_by_the_difference_of_their_differences(shipped: Evidence) -> None:
    """Altman & Bland (2003): the standard errors are those of the printed intervals."""
    (row,) = _rows(_age(shipped), kind="interaction", study_id="ochs-ross-2020", factor="age")
    half = Z * math.hypot((-0.89 + 8.96) / (2 * Z), (9.5 + 10.38) / (2 * Z))
    assert row["level"] == "65-74 v 75-plus"
    assert (row["estimate"], row["ci_low"], row["ci_high"]) == pytest.approx((-4.5, -4.5 - half, -4.5 + half))
    assert row["p"] == pytest.approx(math.erfc(4.5 / (half / Z) / math.sqrt(2)), rel=1e-9)


@pytest.mark.parametrize(
    ("outcome", "printed"), [("response", 0.136), ("remission", 0.088), ("madrs-change", 0.371)]
)
def test_the_comparison_of_levels_reproduces_the_interaction_p_that_the_trial_printed(
    shipped: Evidence, outcome: str, printed: float
) -> None:
    """Daly 2021 printed both the intervals inside each level and p of the interaction."""
    found, _ = select(shipped, Filters(study=("daly-2021",), outcome=(outcome,)), ("comorbid-anxiety",))
    levels = [f for f in found if f.kind == "within-level"]
    comparison = compare(levels, None, 0.95)
    assert comparison is not None
    assert comparison.p == pytest.approx(printed, abs=0.008)


def test_a_p_that_all_levels_share_is_of_the_interaction_and_moves_there(shipped: Evidence) -> None:
    report = factors(shipped, Filters(study=("daly-2021",)), Settings(), groups=("comorbidity",))
    assert [r["p"] for r in _rows(report, kind="within-level")] == [None] * 6
    assert [r["p"] for r in _rows(report, kind="interaction")] == [0.136, 0.088, 0.371]


def test_ratios_are_compared_by_their_ratio(shipped: Evidence) -> None:
    report = factors(
        shipped, Filters(study=("daly-2021",), outcome=("response",)), Settings(), groups=("comorbidity",)
    )
    (row,) = _rows(report, kind="interaction")
    assert (row["measure"], row["estimate"]) == ("ratio", pytest.approx(1.59 / 4.42))


def test_three_levels_are_compared_by_cochrans_q(shipped: Evidence) -> None:
    found, _ = select(shipped, replace(EVERYONE, study=("abbar-2022",)), ("diagnosis",))
    (comparison,) = [f for f in with_interactions(found, 0.95) if f.kind == "interaction"]
    logs = [(math.log(f.estimate or 1), math.log((f.ci_high or 1) / (f.ci_low or 1)) / (2 * Z)) for f in found]
    weights = [1 / se**2 for _, se in logs]
    mean = sum(w * y for w, (y, _) in zip(weights, logs, strict=True)) / sum(weights)
    q = sum(w * (y - mean) ** 2 for w, (y, _) in zip(weights, logs, strict=True))
    assert (comparison.measure, comparison.estimate) == ("q-statistic", pytest.approx(q))
    assert comparison.p == pytest.approx(math.exp(-q / 2))  # chi-square on 2 df


def test_levels_of_the_protocol_share_a_control_arm_and_are_never_compared(shipped: Evidence) -> None:
    report = factors(shipped, EVERYONE, Settings(), groups=("protocol",))
    assert len(_rows(report, kind="within-level")) > 20
    assert _rows(report, kind="interaction") == []


def test_a_changed_interval_changes_the_comparison(make_dataset: MakeDataset) -> None:
    def interaction(levels: list[Any]) -> dict[str, Any]:
        (row,) = _rows(_age(_evidence(make_dataset, factors=levels)), kind="interaction")
        return row

    before, after = interaction(LEVELS), interaction([LEVELS[0] | {"ci_low": -12, "ci_high": 0}, LEVELS[1]])
    assert before["estimate"] == after["estimate"] == 5.0  # levels in alphabetical order: old minus young
    # half widths 4 and 2, then 6 and 2
    found = [before["p"], after["p"]]
    assert found == pytest.approx([math.erfc(5 * Z / math.sqrt(s) / math.sqrt(2)) for s in (20, 40)], rel=1e-9)


def test_a_level_without_an_interval_is_shown_and_not_compared(make_dataset: MakeDataset) -> None:
    report = _age(_evidence(make_dataset, factors=[LEVELS[0], LEVELS[1] | {"ci_low": "", "ci_high": ""}]))
    assert [(r["level"], r["ci_low"]) for r in _rows(report, kind="within-level")] == [
        ("old", None),
        ("young", -10),
    ]
    assert _rows(report, kind="interaction") == []


def test_what_is_told_in_words_has_no_number_and_counts_as_no_test(make_dataset: MakeDataset) -> None:
    words = ROW | {"contrast_kind": "direction-only", "comparator": "", "effect_measure": "not-significant"}
    evidence = _evidence(make_dataset, factors=[words | {"p_value": 0.9}, words | {"effect_measure": "not-tested"}])
    found, _ = select(evidence, Filters(), ())
    assert {(f.kind, f.estimate, f.ci_low) for f in found} == {("in-words", None, None)}
    assert summed_up(found) == "in words: 1 no difference, 1 not tested"


def test_the_line_on_a_factor_counts_intervals_that_leave_out_no_effect(make_dataset: MakeDataset) -> None:
    found, _ = select(_evidence(make_dataset, factors=LEVELS), Filters(), ())
    assert summed_up(found) == "effect inside 1 of 2 levels; levels differ in 1 of 1 comparisons"


def test_blocks_come_in_the_order_of_kinds_within_each_factor(shipped: Evidence) -> None:
    report = factors(shipped, EVERYONE, Settings(), groups=ASPECTS)
    order = list(KINDS)
    seen = [(r["factor"], order.index(r["kind"])) for r in report.rows if r["kind"] in KINDS]
    by_factor = {factor: [kind for f, kind in seen if f == factor] for factor, _ in seen}
    assert by_factor == {factor: sorted(kinds) for factor, kinds in by_factor.items()}


def test_a_rate_has_its_counts_and_wilson_interval_and_a_bare_percent_has_none(shipped: Evidence) -> None:
    report = _age(shipped, Filters(study=("ochs-ross-2020",), outcome=("response",)))
    levels = {(r["level"], r["drug"]): r for r in _rows(report, kind="level")}
    counted, bare = levels["65-plus-overall", "esketamine"], levels["65-74", "esketamine"]
    n, share, z2 = 63, 17 / 63, Z * Z
    centre, half = (share + z2 / 2 / n) / (1 + z2 / n), Z * math.sqrt(share * (1 - share) / n + z2 / 4 / n**2)
    assert (counted["events"], counted["total"], counted["estimate"]) == (17, 63, share)
    assert (counted["ci_low"], counted["ci_high"]) == pytest.approx(
        (centre - half / (1 + z2 / n), centre + half / (1 + z2 / n))
    )
    assert bare["estimate"] == pytest.approx(0.283)
    assert [bare[name] for name in ("ci_low", "ci_high", "events", "total")] == [None] * 4


def test_risk_differences_are_proportions_in_machine_columns(shipped: Evidence) -> None:
    (row,) = _rows(_age(shipped), kind="within-level", level="65-74", outcome="remission")
    assert (row["estimate"], row["ci_low"], row["ci_high"]) == pytest.approx((0.151, 0.0253, 0.2766))


def test_other_populations_are_left_out_and_said_to_be(shipped: Evidence) -> None:
    def zheng(filters: Filters) -> Report:
        return factors(shipped, filters, Settings(), names=("benzodiazepine",))

    assert set() == {r["population"] for r in _rows(zheng(Filters()))} - {"trd-mdd", "mixed-trd"}
    assert any("--population all adds them" in note.text for note in zheng(Filters()).notes)
    assert "mdd" in {r["population"] for r in _rows(zheng(EVERYONE))}


def test_a_drug_brings_its_placebo_rows_and_not_the_other_drug(shipped: Evidence) -> None:
    report = factors(shipped, for_evidence(shipped, drug=["ketamine"]), Settings(), groups=("dose",))
    drugs = {r["drug"] for r in report.rows if r["kind"] in KINDS}
    assert drugs == {"ketamine", "midazolam", "placebo", "saline"}
    assert _rows(report, study_id="fedgchin-2019") == []


def test_regimen_time_route_and_size_limit_the_rows(shipped: Evidence) -> None:
    def kept(**given: Any) -> set[str]:
        found, _ = select(shipped, for_evidence(shipped, **given), codes_of(["age"]))
        return {f.study_id for f in found}

    assert kept(regimen=["esketamine-oral-ad"]) == {"ochs-ross-2020", "turkoz-2023"}
    assert kept(at="24h") == {"dwyer-2021"}
    assert kept(route=["subcutaneous"]) == set()
    assert kept(min_n=800) == {"ochs-ross-2021", "price-2022-ipd"}


def test_records_that_share_people_are_marked(shipped: Evidence) -> None:
    (row, *_) = _rows(factors(shipped, Filters(study=("jones-2022",)), Settings(), groups=("sex",)))
    assert {"ochs-ross-2020", "popova-2019", "fedgchin-2019"} <= set(str(row["shares_with"]).split())


def test_the_overview_counts_people_of_overlapping_records_once(make_dataset: MakeDataset) -> None:
    part = STUDY | {"study_id": "b-2002", "n_randomised": 30}
    apart = STUDY | {"study_id": "c-2003", "cohort_id": "c", "n_randomised": 7}
    rows = [ROW | {"study_id": s} | {"effect": -1} for s in ("a-2001", "b-2002", "c-2003")]
    evidence = _evidence(make_dataset, studies=[STUDY, part, apart], factors=rows)
    (row,) = factors(evidence, Filters(), Settings()).rows
    assert (row["studies"], row["people"], row["rows"]) == (3, 107, 3)


def test_what_the_article_says_of_a_factor_stands_above_its_rows(shipped: Evidence) -> None:
    texts = [fact.text for fact in _age(shipped).facts]
    assert any("younger" in text and "unsupported" in text for text in texts)


# metafor 3.8-1: rma(yi, vi, mods = ~ m, test = "adhoc") on escalc("PLO") of the same counts, and permutest of it
PINNED = {
    "age": (0.8801070369, 0.2775846024, 2.7904587997, 0.7479620083, 0.7833333333),
    "sex": (1.5975108804, 0.5537837200, 4.6083713203, 0.2540840301, 0.2666666667),
    "number-of-infusions": (1.02901683108, 0.50217516846, 2.10857825146, 0.92752884934, 0.9166666667),
}
# metafor stops its REML at a step of 1e-5, this engine at the maximum
METAFOR = 2e-6


@pytest.mark.parametrize("factor", PINNED)
def test_the_slope_between_studies_is_that_of_metafor(shipped: Evidence, factor: str) -> None:
    counts = {"age": (115, 71, 17, 42, 21), "number-of-infusions": (17, 8, 11, 7, 5, 8, 66, 28, 108)}
    (row,) = between_studies(shipped, Filters(), Settings(), (factor,)).rows
    assert row["k"] == len(counts.get(factor, counts["age"]))
    found = [row[name] for name in ("estimate", "ci_low", "ci_high", "p", "p_permutation")]
    assert found == pytest.approx(PINNED[factor], rel=METAFOR)


def test_a_slope_between_studies_comes_with_its_cautions(shipped: Evidence) -> None:
    text = " ".join(note.text for note in between_studies(shipped, Filters(), Settings(), ("age",)).notes)
    assert "ecological fallacy" in text
    assert "Fewer than 10 studies" in text
    assert "known in fewer than 5 studies: mean age: One dose, intravenous ketamine: response, 2 of 3" in text


def test_no_slope_is_drawn_through_one_study_that_differs_from_all_others(shipped: Evidence) -> None:
    """Ten infusion trials gave 0.5 mg/kg but for one: the slope would be that trial."""
    found = between_studies(shipped, Filters(), Settings(), ("dose",))
    assert found.rows == ()
    assert any("the same in all studies but one: dose in mg/kg" in note.text for note in found.notes)


def test_scores_have_no_rates_to_compare_between_studies(shipped: Evidence) -> None:
    assert between_studies(shipped, Filters(outcome=("madrs-change",)), Settings(), ("age",)).rows == ()


def test_routes_are_compared_in_groups_of_studies_of_one_regimen_and_drug(make_dataset: MakeDataset) -> None:
    arm = {"arm_id": "k", "drug": "ketamine", "role": "active", "regimen": "repeated", "course_days": 14}
    rate = {"arm_id": "k", "outcome": "response", "time_days": 14, "time_anchor": "first-dose", "total": 20}
    rate |= {"events_derived": 0, "analysis_set": "itt", "source_kind": "registry", "pool_rank": 1}
    routes = {
        "a": ("intravenous", 10),
        "b": ("intravenous", 10),
        "c": ("oral", 5),
        "d": ("oral", 5),
        "e": ("oral", 5),
    }
    evidence = _evidence(
        make_dataset,
        # e has the people of d, so that it may not count beside it
        studies=[STUDY | {"study_id": s, "cohort_id": "d" if s == "e" else s} for s in routes],
        arms=[arm | {"study_id": s, "route": route} for s, (route, _) in routes.items()],
        outcomes=[rate | {"study_id": s, "events": events} for s, (_, events) in routes.items()],
    )
    rows = between_studies(evidence, Filters(), Settings(), ("route",)).rows
    groups = [(r["level"], r["k"], r["events"], r["total"]) for r in rows if r["kind"] == "subgroup"]
    assert groups == [("intravenous", 2, 20, 40), ("oral", 2, 10, 40)]
    assert [r["estimate"] for r in rows][:2] == pytest.approx([0.5, 0.25])
    assert rows[2]["level"] == "intravenous v oral"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("madrs-change", "MADRS change"),
        ("65-74", "65-74"),
        ("75-plus", "75 plus"),
        ("2-mg-per-kg-oral", "2 mg per kg oral"),
        ("qids-sr16-change", "QIDS SR16 change"),
        ("periods-1-2-combined", "periods 1-2 combined"),
    ],
)
def test_codes_are_shown_as_words_and_ranges_stay(code: str, words: str) -> None:
    assert words == spoken(code)


def test_a_route_typed_behind_the_flag_is_told_the_option_that_takes_it() -> None:
    result = ket("factors", "--route", "intravenous")
    assert result.code == 2
    assert "--via intravenous" in result.err


def test_via_limits_to_a_route_and_composes_with_the_flag() -> None:
    result = ket("factors", "--route", "--via", "oral", "--csv")
    assert result.code == 0
    assert [line.split(",")[0] for line in result.out.splitlines()] == ["kind"]


def test_a_pipe_gets_csv_with_the_columns_of_the_report(shipped: Evidence) -> None:
    result = ket("factors", "--age")
    rows = list(csv.DictReader(io.StringIO(result.out)))
    report = _age(shipped)
    assert [c.name for c in report.columns] == list(rows[0])
    assert len(report.rows) == len(rows)
    assert "nothing is pooled" in result.err


def test_a_markdown_table_has_a_heading_for_every_cell() -> None:
    """The block of a row is no machine column, yet its cell needs one."""
    lines = [line for line in ket("factors", "--sex", "-f", "markdown").out.splitlines() if line.startswith("|")]
    assert len({line.replace("\\|", "").count("|") for line in lines}) == 1


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("factors-age-80.txt", ["--age"]), ("factors-80.txt", []), ("factors-sex-80.txt", ["--sex"])],
)
def test_what_people_read_at_80_columns(name: str, arguments: list[str]) -> None:
    result = ket("factors", *arguments, "-f", "table", env={"NO_COLOR": "1"})
    assert max(map(len, result.out.splitlines())) <= 80
    assert_snapshot(name, result.out)
