"""Counting studies on a factor: what is a test, whose vote it is, and nobody twice."""

from __future__ import annotations

from typing import Any

import pytest

from ketcli.claims.check import parse
from ketcli.claims.tally import AGAINST, FOR, NEITHER, UNTESTED, Vote, count, lines, told, votes
from ketcli.evidence import catalog
from ketcli.evidence.load import Evidence
from ketcli.evidence.overlap import build
from ketcli.summaries.pooling import Settings
from tests.conftest import MakeDataset

STUDY = {"label": "S", "design": "rct-parallel", "population": "trd-mdd", "source_url": "https://example.org"}
ROW = {
    "factor": "age",
    "factor_group": "patient",
    "drug": "ketamine",
    "outcome": "response",
    "effect_measure": "or",
    "source_url": "https://example.org",
}


def cast(
    make_dataset: MakeDataset, rows: list[dict[str, Any]], check: str, **studies: dict[str, Any]
) -> list[Vote]:
    ids = dict.fromkeys(str(row["study_id"]) for row in rows)
    folder = make_dataset(
        studies=[{**STUDY, "study_id": i, "cohort_id": i, **studies.get(i, {})} for i in ids],
        factors=[{**ROW, **row} for row in rows],
        arms=[],
    )
    return votes(Evidence(catalog.locate(str(folder), {})), parse(check)[0], Settings())


def sides(found: list[Vote]) -> dict[str, str]:
    return {vote.study_id: vote.side for vote in found}


BETTER = "table=factors;factor=age;better=young;expect=better"
LEVELS = {"level": "young", "reference_level": "old", "contrast_kind": "between-levels"}


@pytest.mark.parametrize(
    ("row", "side"),
    [
        ({"effect": 2.0, "ci_low": 1.2, "ci_high": 3.3}, FOR),
        ({"effect": 0.5, "ci_low": 0.3, "ci_high": 0.8}, AGAINST),
        ({"effect": 1.2, "ci_low": 0.6, "ci_high": 2.4}, NEITHER),
        ({"effect": 2.0, "p_value": 0.01}, FOR),
        ({"effect": 2.0, "p_value": 0.20}, NEITHER),
        ({"effect": 2.0, "p_text": "<0.001"}, FOR),
        ({"effect": 2.0}, UNTESTED),
        ({"effect": -3.0, "p_value": 0.01, "effect_measure": "md", "outcome": "madrs-change"}, FOR),
        ({"effect": 3.0, "p_value": 0.01, "effect_measure": "md", "outcome": "madrs-change"}, AGAINST),
        ({"p_value": 0.01, "effect_measure": "f-statistic", "effect": 4.0}, UNTESTED),
        ({"contrast_kind": "direction-only", "effect_measure": "direction-only"}, UNTESTED),
        ({"effect_measure": "not-significant", "contrast_kind": "direction-only"}, UNTESTED),
    ],
)
def test_the_side_of_one_comparison(make_dataset: MakeDataset, row: dict[str, Any], side: str) -> None:
    assert {"a": side} == sides(cast(make_dataset, [{**LEVELS, "study_id": "a", **row}], BETTER))


def test_levels_named_the_other_way_round_take_the_same_side(make_dataset: MakeDataset) -> None:
    turned = {"level": "old", "reference_level": "young", "contrast_kind": "between-levels", "study_id": "a"}
    found = cast(make_dataset, [{**turned, "effect": 0.5, "ci_low": 0.3, "ci_high": 0.8}], BETTER)
    assert sides(found) == {"a": FOR}


def test_a_statistic_without_a_sign_takes_the_side_told_in_words(make_dataset: MakeDataset) -> None:
    row = {**LEVELS, "study_id": "a", "p_value": 0.01, "effect_measure": "f-statistic", "effect": 4.0}
    check = "table=factors;factor=age;better=young;words_against=a;expect=better"
    assert sides(cast(make_dataset, [row], check)) == {"a": AGAINST}


def test_rates_of_two_levels_are_a_test_when_one_p_stands_between_them(make_dataset: MakeDataset) -> None:
    level = {"study_id": "a", "contrast_kind": "level-rate", "effect_measure": "rate", "total": 20, "p_value": 0.01}
    rows = [{**level, "level": "young", "events": 15}, {**level, "level": "old", "events": 5}]
    assert sides(cast(make_dataset, rows, BETTER)) == {"a": FOR}
    assert sides(cast(make_dataset, rows[:1], BETTER)) == {"a": UNTESTED}


def test_changes_within_levels_are_no_test_between_them(make_dataset: MakeDataset) -> None:
    level = {
        "study_id": "a",
        "contrast_kind": "level-rate",
        "effect_measure": "smd-pre-post",
        "p_text": "<0.001",
        "outcome": "madrs-change",
    }
    rows = [{**level, "level": "young", "effect": 1.0}, {**level, "level": "old", "effect": 0.5}]
    assert sides(cast(make_dataset, rows, BETTER)) == {"a": UNTESTED}


def test_an_effect_in_one_level_alone_is_no_difference_between_levels(make_dataset: MakeDataset) -> None:
    level = {
        "study_id": "a",
        "contrast_kind": "treatment-within-level",
        "comparator": "placebo",
        "effect_measure": "md",
        "outcome": "madrs-change",
    }
    young = {**level, "level": "young", "effect": -4.9, "ci_low": -8.96, "ci_high": -0.89}
    old = {**level, "level": "old", "effect": -0.4, "ci_low": -10.38, "ci_high": 9.5}
    (vote,) = cast(make_dataset, [young, old], BETTER)
    assert (vote.side, vote.controlled) == (NEITHER, True)


def test_a_study_has_one_vote_and_a_tie_is_no_difference(make_dataset: MakeDataset) -> None:
    row = {**LEVELS, "study_id": "a"}
    rows = [
        {**row, "effect": 2.0, "p_value": 0.01, "outcome": "response"},
        {**row, "effect": 1.1, "p_value": 0.60, "outcome": "remission"},
    ]
    found = cast(make_dataset, rows, BETTER)
    assert sides(found) == {"a": NEITHER}
    assert sum(count(found, controlled=False).values()) == 1


def test_records_of_the_same_people_vote_once_per_factor(make_dataset: MakeDataset) -> None:
    row = {**LEVELS, "effect": 2.0, "p_value": 0.01}
    rows = [{**row, "study_id": "a", "n_total": 90}, {**row, "study_id": "b", "n_total": 40}]
    found = cast(make_dataset, rows, BETTER, a={"cohort_id": "same"}, b={"cohort_id": "same"})
    assert sides(found) == {"a": FOR, "b": UNTESTED}


def test_a_review_does_not_vote(make_dataset: MakeDataset) -> None:
    row = {**LEVELS, "study_id": "a", "effect": 2.0, "p_value": 0.01}
    assert sides(cast(make_dataset, [row], BETTER, a={"design": "review"})) == {"a": UNTESTED}


def test_without_named_levels_any_difference_counts(make_dataset: MakeDataset) -> None:
    row = {**LEVELS, "study_id": "a", "p_value": 0.01, "effect_measure": "f-statistic", "effect": 4.0}
    assert sides(cast(make_dataset, [row], "table=factors;factor=age;expect=differs")) == {"a": FOR}


def test_in_the_shipped_data_no_two_votes_on_a_factor_are_of_the_same_people(shipped: Evidence) -> None:
    overlaps = build(shipped.rows("studies"))
    for claim in shipped.rows("claims"):
        for check in parse(claim["check"]):
            if check.table != "factors":
                continue
            voting = [v for v in votes(shipped, check, Settings()) if v.side != UNTESTED]
            for i, one in enumerate(voting):
                for other in voting[i + 1 :]:
                    if one.factor == other.factor:
                        assert not overlaps.share(one.study_id, other.study_id)


def test_the_tally_line_holds_every_finding_and_then_one_per_vote(shipped: Evidence) -> None:
    check = parse("table=factors;factor=age;better=65-74|18-64;expect=better")[0]
    found = votes(shipped, check, Settings())
    tally, *spoken = lines(found, ("age",))
    assert sum(len(vote.findings) for vote in found) == len(tally.members)
    assert [vote.side for vote in found if vote.side != UNTESTED] == [line.side for line in spoken]
    assert told(found) in tally.what
