"""The length of courses: worked out from schedules, so held against the schedules and the ratings."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ketcli.evidence.load import Evidence

WEEKS = re.compile(r"(?<!to )\b(\d+) weeks?\b(?! apart)")  # not the end of a range, not a gap between doses
DAYS = re.compile(r"(?:over|for|,|^) ?(\d+) days\b")


def arms(evidence: Evidence) -> list[Any]:
    return [row for row in evidence.rows("arms") if row["course_days"] is not None]


def test_schedules_in_weeks_and_days_give_the_course(shipped: Evidence) -> None:
    """`twice weekly for 4 weeks` is a course of 28 days, `3x/week over 12 days` one of 12; a first part counts."""
    compared = 0
    for arm in arms(shipped):
        weeks, days = WEEKS.search(arm["schedule"]), DAYS.search(arm["schedule"])
        if match := weeks or days:
            length = int(match[1]) * (7 if weeks else 1)
            compared += 1
            assert arm["course_days"] == length, (arm["study_id"], arm["arm_id"])
    assert compared > 100


def test_single_doses_are_no_course(shipped: Evidence) -> None:
    """A course has more than one dose; ratings of single doses are found by their own time."""
    assert [a["arm_id"] for a in arms(shipped) if a["regimen"] == "single-dose"] == []


def test_courses_fit_their_doses(shipped: Evidence) -> None:
    """Doses are at most daily and at least weekly: a count of doses bounds the length of the course."""
    for arm in arms(shipped):
        doses = arm["doses_n"]
        if doses is not None and arm["drug"] in ("ketamine", "esketamine"):
            assert doses - 1 <= arm["course_days"] <= 7 * doses, (arm["study_id"], arm["arm_id"])


@pytest.mark.parametrize("study", ["popova-2019", "fedgchin-2019", "anand-2023", "ionescu-2019", "jelovac-2025"])
def test_arms_of_a_trial_end_together(study: str, shipped: Evidence) -> None:
    """Drug and control arms of a randomised trial carry one course length, so their ratings meet."""
    lengths = {row["course_days"] for row in shipped.rows("arms") if row["study_id"] == study}
    assert len(lengths) == 1
    assert None not in lengths


def test_ratings_at_the_end_lie_within_a_week(shipped: Evidence) -> None:
    """Day 28 of the nasal trials, day 21 of ELEKT-D and day 12 of Murrough 2013 are ends of their courses."""
    course = {(a["study_id"], a["arm_id"]): a["course_days"] for a in arms(shipped)}
    expected = {
        ("popova-2019", "esk-flex"): 28,
        ("anand-2023", "ket-iv"): 21,
        ("anand-2023", "ect"): 21,
        ("murrough-2013-repeated", "ketamine-0.5x6"): 12,
    }
    for arm, days in expected.items():
        times = [
            row["time_days"]
            for row in shipped.rows("outcomes")
            if (row["study_id"], row["arm_id"], row["outcome"]) == (*arm, "response")
            and row["time_anchor"] == "first-dose"
        ]
        assert course[arm] == days
        assert any(abs(time - days) <= 7 for time in times if time is not None)
