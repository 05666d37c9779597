"""Which studies are of people like a person: age groups, entry rules, and nobody of another population."""

from __future__ import annotations

from typing import Any

import pytest

from ketcli.evidence import catalog
from ketcli.evidence.load import Evidence
from ketcli.selection.filters import Filters
from ketcli.selection.matching import ages, find
from ketcli.selection.people import Person, Span
from tests.conftest import MakeDataset

NASAL = Filters(drug=("esketamine",), route=("intranasal",), regimen=("esketamine-oral-ad",))
COURSE = Filters(drug=("ketamine",), route=("intravenous",), regimen=("repeated-course",))
ONE_DOSE = Filters(drug=("ketamine",), route=("intravenous",), regimen=("single-dose",))
OUTCOMES = ("response", "remission")
ADULTS = {"fedgchin-2019", "popova-2019", "takahashi-2021", "chen-2023"}


def matched(evidence: Evidence, filters: Filters, **given: Any) -> set[str]:
    return {rate.study_id for rate in find(evidence, filters, Person(**given), OUTCOMES).rates}


def test_studies_of_an_age_group_are_those_whose_ages_leave_out_adults_of_25(shipped: Evidence) -> None:
    stated = ages(shipped)
    assert {study: group for study, group in stated.items() if not group.holds(25)} == {
        "crtce-older-2021": Span(60),
        "dandrea-2023": Span(65),
        "dwyer-2021": Span(13, 17),
        "george-2017": Span(60),
        "in-esk-adolescent": Span(12, 17),
        "iv-esk-adolescent-2024": Span(13, 18),
        "lenze-2023": Span(60),
        "lijffijt-2022": Span(55, 72),
        "ochs-ross-2020": Span(65),
        "oughli-2023": Span(60),
    }
    # two strata of one study, and a range in its notes
    assert (stated["ochs-ross-2021"], stated["anand-2023"]) == (Span(18), Span(21, 75))


def test_a_study_of_all_ages_that_reports_one_level_is_no_study_of_that_age(make_dataset: MakeDataset) -> None:
    folder = make_dataset(
        studies=[{"study_id": "a"}, {"study_id": "b"}, {"study_id": "c", "notes": "Ages 12-17, inpatients"}],
        arms=[{"study_id": "a", "arm_id": "x", "age_mean": 45}, {"study_id": "b", "arm_id": "x", "age_mean": 71}],
        factors=[{"study_id": s, "factor": "age", "level": "65-plus"} for s in ("a", "b")],
    )
    assert ages(Evidence(catalog.locate(str(folder), {}))) == {"b": Span(65), "c": Span(12, 17)}


@pytest.mark.parametrize("age", [65, 70, 90])
def test_from_65_the_trial_in_older_adults_stands_alone(shipped: Evidence, age: int) -> None:
    assert matched(shipped, NASAL, age=age) == {"ochs-ross-2020"}


@pytest.mark.parametrize("age", [None, 18, 40, 64])
def test_adults_and_unknown_ages_are_matched_without_studies_of_an_age_group(
    shipped: Evidence, age: int | None
) -> None:
    assert matched(shipped, NASAL, age=age) == ADULTS
    assert "oughli-2023" not in matched(shipped, COURSE, age=age)


def test_an_age_group_ends_where_it_ends(shipped: Evidence) -> None:
    # the late-life trial of one dose (55 to 72) has no count to show, so adults stand in, and it is named
    found = find(shipped, ONE_DOSE, Person(age=70), OUTCOMES)
    assert set(found.unusable) == {"lijffijt-2022", "oughli-2023"}
    assert "lijffijt-2022" not in find(shipped, ONE_DOSE, Person(age=75), OUTCOMES).unusable
    assert found.ages == {}
    assert {r.study_id for r in found.rates} == matched(shipped, ONE_DOSE)


def test_a_study_whose_ages_leave_the_person_out_is_not_matched(shipped: Evidence) -> None:
    assert "anand-2023" in matched(shipped, COURSE, age=21)  # 21 to 75
    assert "anand-2023" not in matched(shipped, COURSE, age=20)
    assert find(shipped, COURSE, Person(age=20), OUTCOMES).passed_over["anand-2023"] == Span(21, 75)


def test_minors_are_never_matched_with_studies_of_adults(shipped: Evidence) -> None:
    for filters in (NASAL, COURSE, ONE_DOSE):
        assert matched(shipped, filters, age=16) == set()
    assert set(find(shipped, ONE_DOSE, Person(age=16), OUTCOMES).unusable) == {"dwyer-2021"}


def test_a_study_that_required_more_failures_is_not_matched(shipped: Evidence) -> None:
    # every trial of nasal esketamine required two; unstated counts as two where depression is resistant
    assert matched(shipped, NASAL, prior_failures=2) == ADULTS
    assert matched(shipped, NASAL, prior_failures=1) == set()
    # one open series of courses asked for one failed treatment; the others for two or more, or did not say
    assert matched(shipped, COURSE, prior_failures=1) == {"wilkinson-2017"}
    assert "murrough-2013-ajp" not in matched(shipped, ONE_DOSE, prior_failures=2)  # three
    assert "murrough-2013-ajp" in matched(shipped, ONE_DOSE, prior_failures=3)


def test_only_the_population_asked_for_is_matched(shipped: Evidence) -> None:
    everybody = {r["study_id"]: r["population"] for r in shipped.rows("studies")}
    for filters in (NASAL, COURSE, ONE_DOSE):
        assert {everybody[study] for study in matched(shipped, filters)} <= {"trd-mdd", "mixed-trd"}
