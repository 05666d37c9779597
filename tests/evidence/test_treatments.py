"""Names of treatments: what people type, and the arms it means."""

from __future__ import annotations

import pytest

from ketcli.errors import UsageError
from ketcli.selection.treatments import frequency, kind, parse

ARM = {"drug": "ketamine", "route": "intravenous", "schedule": "twice weekly, 4 weeks", "background": "add-on"}


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("iv", "intravenous"),
        ("Intravenous ketamine", "intravenous ketamine"),
        ("ketamine-iv", "intravenous ketamine"),
        ("S-ketamine", "esketamine"),
        ("racemic", "ketamine"),
        ("quetiapine-xr", "quetiapine"),
        ("STAR*D", "star-d"),
        ("three times a week", "thrice-weekly"),
        ("placebo with a new antidepressant", "placebo with a new antidepressant"),
        ("placebo + new antidepressant", "placebo with a new antidepressant"),
    ],
)
def test_forgiving_words_mean_one_treatment(typed: str, name: str) -> None:
    assert parse(typed).name == name


@pytest.mark.parametrize(("typed", "near"), [("ketmine", "ketamine"), ("quetiapin", "quetiapine"), ("iv zz", "iv")])
def test_unknown_words_are_refused_with_the_nearest(typed: str, near: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(typed)
    assert near in caught.value.hint


@pytest.mark.parametrize("typed", ["ketamine ect", "iv oral", "", "  "])
def test_contradictions_and_empty_names_are_refused(typed: str) -> None:
    with pytest.raises(UsageError):
        parse(typed)


def test_every_word_of_a_name_must_hold_for_an_arm() -> None:
    assert parse("iv ketamine twice-weekly").admits(ARM)
    assert not parse("iv ketamine weekly").admits(ARM)
    assert not parse("nasal ketamine").admits(ARM)
    assert not parse("ketamine with a new antidepressant").admits(ARM)


def test_a_route_alone_means_the_study_drugs_alone() -> None:
    assert parse("iv").admits(ARM)
    assert not parse("iv").admits(ARM | {"drug": "midazolam"})


def test_placebo_holds_saline_but_saline_no_placebo() -> None:
    saline = ARM | {"drug": "saline"}
    assert parse("placebo").admits(saline)
    assert kind(saline) == "placebo"
    assert not parse("saline").admits(ARM | {"drug": "placebo"})


def test_a_drug_that_replaces_is_another_kind_than_one_added() -> None:
    bupropion = ARM | {"drug": "bupropion", "route": "oral"}
    assert kind(bupropion) == "bupropion"
    assert kind(bupropion | {"background": "monotherapy"}) == "bupropion alone"


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("twice weekly 4 weeks, then weekly or every 2 weeks", "twice-weekly"),
        ("3x/week over 12 days", "thrice-weekly"),
        ("Mon-Wed-Fri, 12 days", "thrice-weekly"),
        ("weekly for 6 weeks", "weekly"),
        ("weekly or twice weekly", ""),
        ("three times daily for 6 weeks", ""),
        ("single", ""),
    ],
)
def test_frequency_is_that_of_the_first_weeks(schedule: str, expected: str) -> None:
    assert frequency(schedule) == expected
