"""What may be given of a person: read, checked, and set against the levels that studies report."""

from __future__ import annotations

import pytest

from ketcli.errors import ExitStatus, UsageError
from ketcli.selection.people import Person, Span, person, span


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("65-74", Span(65, 74)),
        ("75-plus", Span(75)),
        ("65-plus-overall", Span(65)),
        ("0-failed", Span(0, 0)),
        ("2-plus-failed", Span(2)),
        ("continuous", None),
        ("0.1-mg-per-kg", None),
        ("with-anxiety", None),
    ],
)
def test_numbers_are_read_from_levels_and_from_nothing_else(level: str, expected: Span | None) -> None:
    assert span(level) == expected


def test_a_span_holds_its_ends_and_the_fractions_before_the_next_number() -> None:
    assert [Span(65, 74).holds(age) for age in (64.9, 65, 74, 74.6, 75)] == [False, True, True, True, False]
    assert Span(75).holds(103)


def fitting(who: Person, *levels: str) -> list[str]:
    return [level for level in levels if who.traits[0].fits(level)]


def test_a_person_fits_the_level_of_their_age_and_number() -> None:
    assert fitting(person(age=70), "65-74", "75-plus", "18-64", "continuous") == ["65-74"]
    assert fitting(person(prior_failures=3), "0-failed", "1-failed", "2-plus-failed") == ["2-plus-failed"]
    assert fitting(person(sex="F"), "female", "male") == ["female"]


@pytest.mark.parametrize("absent", ["without-anxiety", "nonanxious-depression", "no-significant-anxiety", "absent"])
def test_levels_without_a_condition_are_told_from_levels_with_it(absent: str) -> None:
    assert fitting(person(anxiety=True), "with-anxiety", "anxious-depression", absent) == [
        "with-anxiety",
        "anxious-depression",
    ]
    assert fitting(person(anxiety=False), "with-anxiety", "anxious-depression", absent) == [absent]


def test_conditions_are_known_with_and_without_their_prefix_and_each_once() -> None:
    who = person(anxiety=True, comorbidity=["PTSD, comorbid-pain", "anxiety"], having=["prior-ect"])
    assert who.has == (
        ("comorbid-anxiety", True),
        ("comorbid-ptsd", True),
        ("comorbid-pain", True),
        ("prior-ect", True),
    )


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"age": 700}, "out-of-range"),
        ({"age": -1}, "out-of-range"),
        ({"prior_failures": 51}, "out-of-range"),
        ({"prior_failures": -1}, "out-of-range"),
        ({"sex": "other"}, "unknown-value"),
        ({"comorbidity": ["gout"]}, "unknown-value"),
        ({"having": ["age"]}, "unknown-value"),
        ({"having": ["shoe-size"]}, "unknown-value"),
        ({"anxiety": False, "comorbidity": ["anxiety"]}, "contradiction"),
    ],
)
def test_impossible_and_unknown_values_are_usage_errors(given: dict[str, object], code: str) -> None:
    with pytest.raises(UsageError) as error:
        person(**given)  # type: ignore[arg-type]
    assert (error.value.code, error.value.status) == (code, ExitStatus.USAGE)
    assert error.value.hint
