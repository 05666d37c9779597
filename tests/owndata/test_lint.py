"""Rows that look wrong are asked about with their lines, and sound rows are not."""

from __future__ import annotations

import math

import pytest

from ketcli.owndata.lint import question_effects
from ketcli.owndata.table import Request, read_table
from tests.reference import pinned

COUNTS = "study,ai,n1i,ci,n2i"


def _asked(*lines: str, **columns: str) -> list[tuple[str, tuple[int, ...]]]:
    table = read_table(("\n".join(lines) + "\n").encode(), "f.csv", Request(columns=columns))
    return [(question.code, question.lines) for question in table.questions]


@pytest.mark.parametrize("name", ["bcg", "pritz1997", "normand1999", "hackshaw1998", "nielweise2007", "morris2008"])
def test_published_tables_are_left_in_peace(name: str) -> None:
    content = (pinned.HERE / "data" / f"{name}.csv").read_bytes()
    assert read_table(content, name, Request()).questions == ()


def test_a_standard_error_entered_as_a_deviation() -> None:
    rows = [f"s{i},40,10,{8 + i / 10},40,9,{7.5 + i / 10}" for i in range(5)]
    odd = "odd,40,10,1.2,40,9,1.3"
    asked = _asked("study,n1i,m1i,sd1i,n2i,m2i,sd2i", *rows, odd)
    assert asked == [("error-as-deviation", (7,))]


def test_a_percent_that_no_count_makes() -> None:
    header = "study,events,total,percent"
    assert _asked(header, "a,5,20,25", "b,5,21,24", "c,7,19,37.5") == [("percent-without-count", (4,))]
    assert _asked(header, "a,5,20,25", "b,5,20,30") == [("percent-differs", (3,))]


def test_events_and_others_that_do_not_make_the_total() -> None:
    assert _asked("study,ai,bi,n1i,ci,di,n2i", "a,3,7,10,1,9,10", "b,3,7,11,1,9,10") == [("parts-differ", (3,))]


def test_the_same_trial_twice() -> None:
    assert _asked(COUNTS, "Smith 2001,3,10,1,10", "Other,4,12,2,11", "smith-2001,5,20,2,19") == [
        ("same-trial-twice", (2, 4))
    ]


def test_the_same_numbers_under_two_names() -> None:
    assert _asked(COUNTS, "Smith 2001,3,10,1,10", "Jones 2003,3,10,1,10") == [("same-numbers", (2, 3))]


def test_one_control_for_two_rows() -> None:
    assert _asked(COUNTS, "Smith 2001 low,3,10,1,10", "Smith 2001 high,6,11,1,10") == [("control-twice", (2, 3))]


def test_a_count_that_is_not_whole() -> None:
    assert _asked("study,events,total", "a,3.5,10", "b,2,10") == [("fraction-of-person", (2,))]


def test_an_error_that_is_not_the_root_of_its_variance() -> None:
    assert _asked("study,yi,se,vi", "a,0.5,0.2,0.04", "b,0.5,0.04,0.04") == [("error-differs", (3,))]


def test_an_interval_that_is_lopsided_on_both_scales() -> None:
    header = "study,yi,lower,upper"
    assert _asked(header, "a,1.0,0.5,1.5", "b,1.0,0.5,2.0", "c,1.0,0.9,3.0") == [("lopsided-interval", (4,))]


def test_implausible_and_outlying_effects_but_not_zero_cells() -> None:
    lines = [f"s{i},{3 + i},40,3,40" for i in range(8)]
    table = read_table("\n".join([COUNTS, *lines]).encode(), "f.csv", Request())
    yi = [math.log((3 + i) / 3) for i in range(8)]
    ask = question_effects
    assert ask(table.trials, yi, [0.1] * 8, standardised=False, ratio=True) == []
    yi[3] = math.log(40.0)
    (found,) = ask(table.trials, yi, [0.1] * 8, standardised=False, ratio=True)
    assert (found.code, found.lines) == ("implausible-effect", (5,))
    yi[3] = -9.0
    (found,) = ask(table.trials, yi, [0.0001] * 8, standardised=False, ratio=False)
    assert (found.code, found.lines) == ("outlying-effect", (5,))
    (found,) = ask(table.trials[:1], [3.5], [0.1], standardised=True, ratio=False)
    assert found.code == "implausible-effect"
