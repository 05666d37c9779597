"""`ket studies`: the list with its search and order, and the card that holds every number of a study."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from ketcli.errors import UsageError
from ketcli.evidence import catalog
from ketcli.evidence.load import Evidence
from ketcli.selection.filters import Filters, for_evidence
from ketcli.summaries.studies import card, listing, matches
from tests.command import ket
from tests.conftest import MakeDataset
from tests.snapshot import assert_snapshot

EVERYONE = Filters(population=())
TABLES = ("arms", "outcomes", "scores", "side_effects", "factors", "durability", "safety")
PAGE = "https://example.org/a"
STUDY = {"study_id": "a-2001", "label": "A 2001", "design": "rct-parallel", "population": "mdd", "source_url": PAGE}
ARM = {
    "study_id": "a-2001",
    "arm_id": "k",
    "drug": "ketamine",
    "role": "active",
    "route": "oral",
    "source_url": PAGE,
}
ARM |= {"regimen": "repeated"}
RATE = {"study_id": "a-2001", "arm_id": "k", "outcome": "response", "time_days": 1, "time_anchor": "first-dose"}
RATE |= {"events": 3, "total": 10, "events_derived": 0, "source_kind": "registry", "source_url": PAGE}


def _evidence(make_dataset: MakeDataset, **tables: Any) -> Evidence:
    return Evidence(catalog.locate(str(make_dataset(**{"studies": [STUDY], "arms": [ARM], **tables})), {}))


def _ids(evidence: Evidence, **given: Any) -> list[str]:
    own = {name: given.pop(name) for name in ("search", "sort") if name in given}
    filters = for_evidence(evidence, **{"population": ["all"], **given})
    return [str(row["study_id"]) for row in listing(evidence, filters, **own).rows]


def test_the_list_holds_every_study_once(shipped: Evidence) -> None:
    assert sorted(row["study_id"] for row in shipped.rows("studies")) == _ids(shipped)


def test_the_command_lists_every_population_unless_one_is_asked_for(shipped: Evidence) -> None:
    everyone = list(csv.DictReader(io.StringIO(ket("studies").out)))
    bipolar = list(csv.DictReader(io.StringIO(ket("studies", "--population", "bipolar-trd").out)))
    assert len(everyone) == len(shipped.rows("studies"))
    assert {"bipolar-trd"} == {row["population"] for row in bipolar}


@pytest.mark.parametrize(
    ("search", "text", "found"),
    [
        ("ECT", "KetECT (Ekstrand 2022)", True),
        ("ECT", "no effect", False),
        ("ect", "ketamine v ect", True),
        ("ect", "no effect", False),
        ("anxi", "Anxious depression", True),
        ("zarate nimh", "Zarate 2006 (NIMH)", True),
        ("zarate yale", "Zarate 2006 (NIMH)", False),
        ("(nimh", "Zarate 2006 (NIMH)", True),
        ("", "anything", True),
    ],
)
def test_words_are_sought_at_word_beginnings_and_capitals_as_they_stand(
    search: str, text: str, found: bool
) -> None:
    assert found == matches(search, [text])


def test_a_search_for_ect_finds_the_trials_against_it(shipped: Evidence) -> None:
    found = _ids(shipped, search="ECT")
    assert {"anand-2023", "ekstrand-2022", "ghasemi-2014", "basso-2020"} <= set(found)
    assert "zarate-2006" not in found


def test_a_registration_or_doi_finds_its_study(shipped: Evidence) -> None:
    assert _ids(shipped, search="10.1016/j.jagp.2019.10.008") == ["ochs-ross-2020"]
    assert "ochs-ross-2020" in _ids(shipped, search="NCT02422186")


def test_the_order_by_people_is_the_largest_first_with_unknown_last(shipped: Evidence) -> None:
    sizes = [row["n"] for row in listing(shipped, EVERYONE, sort="n").rows]
    known = [n for n in sizes if n is not None]
    assert sizes == sorted(known, reverse=True) + [None] * (len(sizes) - len(known))


def test_an_unknown_order_is_refused(shipped: Evidence) -> None:
    with pytest.raises(UsageError) as caught:
        listing(shipped, EVERYONE, sort="yaer")
    assert "year" in caught.value.hint


def test_filters_on_arms_and_outcomes_limit_the_list(make_dataset: MakeDataset) -> None:
    evidence = _evidence(make_dataset, outcomes=[RATE])
    assert _ids(evidence, drug=["ketamine"], route=["oral"], regimen=["repeated-course"]) == ["a-2001"]
    assert _ids(evidence, route=["intravenous"]) == []
    assert _ids(evidence, regimen=["single-dose"]) == []
    assert _ids(evidence, outcome=["response"], at="24h") == ["a-2001"]
    assert _ids(evidence, outcome=["remission"]) == []
    assert _ids(evidence, at="7d") == []


def test_rows_of_outcomes_are_counted_per_study(make_dataset: MakeDataset) -> None:
    rows = [RATE, RATE | {"time_days": 7}, RATE | {"time_days": 14, "events_derived": 1}]
    evidence = _evidence(make_dataset, outcomes=rows)
    counts = [
        listing(evidence, for_evidence(evidence, population=["all"], exclude_derived=drop)).rows[0]["rows"]
        for drop in (False, True)
    ]
    assert counts == [3, 2]


def test_the_card_of_zarate_2006_has_its_response_and_remission_at_24_hours(shipped: Evidence) -> None:
    rows = [r for r in card(shipped, "zarate-2006").rows if r["arms"] == "ketamine-0.5" and r.get("time_days") == 1]
    found = {r["item"]: (r["events"], r["total"], r["estimate"]) for r in rows}
    assert found == {"response": (12, 17, 12 / 17), "remission": (5, 17, 5 / 17)}


@pytest.mark.parametrize("study", ["zarate-2006", "ochs-ross-2020", "daly-2019", "katz-2021", "janik-2025"])
def test_a_card_holds_every_row_of_its_study_with_its_page(shipped: Evidence, study: str) -> None:
    rows = card(shipped, study).rows
    expected = [row["source_url"] for table in TABLES for row in shipped.rows(table) if row["study_id"] == study]
    assert sorted(expected) == sorted(str(row["source_url"]) for row in rows)


def test_every_study_has_a_card(shipped: Evidence) -> None:
    for study in shipped.labels:
        report = card(shipped, study)
        assert report.facts
        assert {row["study_id"] for row in report.rows} <= {study}


def test_a_card_says_why_a_row_is_not_pooled(shipped: Evidence) -> None:
    (row,) = [
        r for r in card(shipped, "zarate-2006").rows if r["arms"] == "ketamine-0.5" and r.get("time_days") == 14
    ]
    assert "over several visits" in str(row["reason"])


def test_a_changed_count_changes_the_card(make_dataset: MakeDataset) -> None:
    def estimates(row: dict[str, Any]) -> list[Any]:
        return [r.get("estimate") for r in card(_evidence(make_dataset, outcomes=[row]), "a-2001").rows][1:]

    assert estimates(RATE) == [0.3]
    assert estimates(RATE | {"events": 4}) == [0.4]


def test_a_percent_without_counts_has_no_interval_and_missing_counts_stay_empty(make_dataset: MakeDataset) -> None:
    bare = RATE | {"events": "", "total": "", "percent": 28.3}
    row = card(_evidence(make_dataset, outcomes=[bare]), "a-2001").rows[1]
    assert [row.get(name) for name in ("estimate", "ci_low", "events", "total")] == [
        pytest.approx(0.283),
        None,
        None,
        None,
    ]


def test_facts_name_the_records_that_share_people(shipped: Evidence) -> None:
    facts = {fact.label: fact.text for fact in card(shipped, "zarate-2006").facts}
    assert facts["Design"] == "rct-crossover, double-blind"
    assert facts["People"] == "18"
    assert facts["Failures required"] == "2 failed antidepressants"
    assert "niciu-2014" in facts["Shares people with"]


def test_an_unknown_study_is_refused_with_the_nearest() -> None:
    result = ket("studies", "zarate-2005")
    assert (result.code, result.out) == (2, "")
    assert "zarate-2006" in result.err


def test_a_search_that_finds_nothing_is_an_answer() -> None:
    result = ket("studies", "--search", "xyzzy")
    assert result.code == 0
    assert len(result.out.splitlines()) == 1
    assert "xyzzy" in result.err


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("studies-zarate-2006-80.txt", ["zarate-2006"]), ("studies-ect-80.txt", ["--search", "ECT"])],
)
def test_what_people_read_at_80_columns(name: str, arguments: list[str]) -> None:
    result = ket("studies", *arguments, "-f", "table", env={"NO_COLOR": "1"})
    assert max(map(len, result.out.splitlines())) <= 80
    assert_snapshot(name, result.out)
