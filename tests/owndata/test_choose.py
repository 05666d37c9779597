"""Rows asked for by value; nobody in one pool twice for another outcome, time, scale or analysis set."""

from __future__ import annotations

import csv
import io

import pytest

from tests.command import Result, ket

TABLE = b"""study,outcome,days,events,total
A,response,1,7,10
A,remission,1,4,10
B,Response,1,5,12
B,remission,1,2,12
B,remission,7.0,1,12
"""


def pool(table: bytes, *options: str) -> Result:
    return ket("pool", "-", "--csv", *options, stdin=table)


def rows(result: Result, kind: str) -> list[dict[str, str]]:
    assert result.code == 0, result.err
    return [row for row in csv.DictReader(io.StringIO(result.out)) if row["kind"] == kind]


@pytest.mark.parametrize(
    ("header", "values", "what"),
    [
        ("Outcome", ("response", "remission"), "outcome"),
        ("endpoint", ("response", "remission"), "outcome"),
        ("Adverse event", ("nausea", "headache"), "outcome"),
        ("week", ("4", "8"), "time"),
        ("time point", ("post", "follow-up"), "time"),
        ("Scale", ("MADRS", "HDRS"), "scale"),
        ("analysis", ("itt", "completers"), "analysis set"),
    ],
)
def test_people_never_count_twice_in_silence(header: str, values: tuple[str, str], what: str) -> None:
    """Rows of one study that differ in what was counted, or when, are the same people: ket asks which are meant."""
    table = f"study,{header},events,total\nA,{values[0]},7,10\nA,{values[1]},4,10\nB,{values[0]},5,12\n".encode()
    result = pool(table)
    assert (result.code, result.out) == (2, "")
    assert f"'A' stands on lines 2, 3 with more than one {what}" in result.err
    assert "[people-twice]" in result.err
    assert [row["study"] for row in rows(pool(table, "--where", f"{header}={values[0]}"), "study")] == ["A", "B"]
    assert rows(pool(table, "--by", header), "pooled") == []  # the groups share people
    assert len(rows(pool(table, "--cluster", "study"), "pooled")) == 1


def test_studies_that_differ_share_a_line_whatever_their_times() -> None:
    """Another time of another study is no repetition."""
    assert [row["k"] for row in rows(pool(b"study,week,events,total\nA,4,7,10\nB,8,5,12\n"), "pooled")] == ["2"]


def test_the_length_of_a_treatment_is_no_time_of_rating() -> None:
    """Two trials of one author may last 4 and 8 weeks: other numbers of people are other people, and a question."""
    result = pool(b"study,weeks,events,total\nA,4,7,10\nA,8,5,14\nB,8,5,12\n")
    assert [row["k"] for row in rows(result, "pooled")] == ["3"]
    assert "same-trial-twice" in result.err


def test_groups_of_different_people_are_pooled_together_too() -> None:
    """Men and women of one study are other people: their rows, and the line of all, stand."""
    table = b"study,sex,events,total\nA,men,7,10\nA,women,4,10\nB,men,5,12\nB,women,3,11\n"
    assert [row["k"] for row in rows(pool(table, "--by", "sex"), "pooled")] == ["4"]
    assert "same-trial-twice" in pool(table).err
    assert "same-trial-twice" not in pool(table, "--by", "sex").err


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        (("outcome=response",), ["2", "4"]),
        (("OUTCOME=Remission", "days=1"), ["3", "5"]),
        (("outcome=remission", "days=7"), ["6"]),
        (("days=1.0", "days=7", "outcome=remission", "study=A"), ["3"]),
    ],
)
def test_rows_by_value(wanted: tuple[str, ...], kept: list[str]) -> None:
    """Numbers are numbers, words have no case, values of one column are alternatives; what is left out is said."""
    result = pool(TABLE, *(word for value in wanted for word in ("--where", value)))
    assert [row["line"] for row in rows(result, "study")] == kept
    assert f"{5 - len(kept)} rows left out by --where" in result.err


@pytest.mark.parametrize(
    ("wanted", "code", "named"),
    [
        ("outcome", "bad-where", "COLUMN=VALUE"),
        ("=x", "bad-where", "COLUMN=VALUE"),
        ("outcom=response", "unknown-column", "outcome"),
        ("outcome=respons", "unknown-value", "'Response'"),
    ],
)
def test_values_that_are_not_there_are_named_with_what_is(wanted: str, code: str, named: str) -> None:
    """A filter that finds nothing is a slip of the pen."""
    result = pool(TABLE, "--where", wanted)
    assert (result.code, result.out) == (2, "")
    assert f"[{code}]" in result.err
    assert named in result.err


def test_values_that_no_row_has_together() -> None:
    """Each is there, but not in one row."""
    result = pool(TABLE, "--where", "outcome=response", "--where", "days=7")
    assert (result.code, result.out) == (1, "")
    assert "[no-rows]" in result.err
