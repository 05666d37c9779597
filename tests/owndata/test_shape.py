"""A table is read in the one way its columns allow; two ways, or none, are told."""

from __future__ import annotations

from typing import Any

import pytest

from ketcli.errors import KetError, UsageError
from ketcli.owndata.columns import find_columns
from ketcli.owndata.read import Sheet, read_sheet
from ketcli.owndata.shape import Layout, find_layout
from tests.command import ket

HEADERS = {
    "study,events,total": "proportion",
    "study,xi,ni": "proportion",
    "study,events,nonevents": "proportion",
    "study,ai,n1i,ci,n2i": "two-arm",
    "study,ai,bi,ci,di": "two-arm",
    "study,event.e,n.e,event.c,n.c": "two-arm",
    "study,events_treatment,total_treatment,events_control,total_control": "two-arm",
    "study,m1i,sd1i,n1i,m2i,sd2i,n2i": "mean",
    "study,mean.e,sd.e,n.e,mean.c,sd.c,n.c": "mean",
    "study,m_pre,m_post,sd_pre,sd_post,n,r": "change",
    "study,yi,vi": "generic",
    "study,TE,seTE": "generic",
    "study,or,or.lb,or.ub": "generic",
    "study,n1i,n2i,yi,vi": "generic",
    "study,cases,or,or.lb,or.ub,yi,vi": "generic",
}


def _sheet(header: str, *rows: str) -> Sheet:
    width = header.count(",")
    body = rows or ("a" + ",1" * width, "b" + ",2" * width)
    return read_sheet("\n".join((header, *body, "")).encode(), "f.csv")


def _layout(sheet: Sheet, kind: Any = None, **given: str) -> Layout:
    return find_layout(sheet, find_columns(sheet, given), kind)


@pytest.mark.parametrize(("header", "kind"), HEADERS.items())
def test_shapes_by_name(header: str, kind: str) -> None:
    assert _layout(_sheet(header)).shape.kind == kind


def test_counts_and_effects_in_one_table_are_a_question() -> None:
    sheet = _sheet("study,ai,n1i,ci,n2i,yi,vi")
    with pytest.raises(UsageError) as caught:
        _layout(sheet)
    assert caught.value.code == "two-readings"
    assert "--measure" in caught.value.hint
    assert _layout(sheet, "generic").shape.kind == "generic"
    assert _layout(sheet, "two-arm").shape.kind == "two-arm"


def test_options_decide_before_names() -> None:
    sheet = _sheet("study,ai,n1i,ci,n2i,a,b,c,d")
    layout = _layout(sheet, events="a", total="b")
    assert (layout.shape.kind, dict(layout.columns)) == ("proportion", {"events": "a", "total": "b"})
    layout = _layout(sheet, events="a")
    assert layout.columns["events"] == "a"
    assert layout.columns["control_total"] == "n2i"


def test_two_columns_for_one_part_are_a_question_with_the_option() -> None:
    with pytest.raises(UsageError) as caught:
        _layout(_sheet("study,events,cases,total"))
    assert (caught.value.code, caught.value.hint) == ("ambiguous-column", "say --events COLUMN")
    assert _layout(_sheet("study,events,cases,total"), events="cases").columns["events"] == "cases"


def test_what_is_missing_is_named_with_its_option() -> None:
    with pytest.raises(UsageError) as caught:
        _layout(_sheet("study,d.asp,n.asp,d.plac,n.plac"))
    assert "--control-events COLUMN" in caught.value.hint
    assert "'d.asp'" in caught.value.message


def test_nothing_recognised_says_how_to_name_columns() -> None:
    with pytest.raises(KetError) as caught:
        _layout(_sheet("foo,bar"))
    assert caught.value.code == "no-columns"


def test_options_of_two_shapes_contradict() -> None:
    with pytest.raises(UsageError) as caught:
        _layout(_sheet("study,events,total,yi,vi"), events="events", yi="yi")
    assert caught.value.code == "option-conflict"


def test_one_column_cannot_be_two_parts() -> None:
    with pytest.raises(UsageError) as caught:
        _layout(_sheet("study,events,total"), events="total", total="total")
    assert caught.value.code == "column-twice"


def test_a_repeated_name_is_an_error_when_it_is_needed() -> None:
    with pytest.raises(UsageError) as caught:
        _layout(_sheet("study,events,total,total"))
    assert caught.value.code == "duplicate-column"


def test_a_column_without_numbers_counts_only_when_no_other_reading_is_complete() -> None:
    empty = _sheet("study,events,total,control_events,control_total", "a,1,9,,", "b,2,9,,")
    assert _layout(empty).shape.kind == "proportion"
    words = _sheet("study,events,total", "a,x,9", "b,y,9")
    assert _layout(words).shape.kind == "proportion"


def test_a_number_can_stand_for_the_correlation() -> None:
    layout = _layout(_sheet("study,m_pre,m_post,sd_pre,sd_post,n"), correlation="0.5")
    assert layout.constants == {"correlation": 0.5}


def test_one_row_per_arm_is_told_from_one_per_study() -> None:
    arms = _sheet("study,arm,events,total", "a,ket,1,9", "a,placebo,2,9")
    assert _layout(arms).arms
    single = _sheet("study,treatment,events,total", "a,ket,1,9", "b,ket,2,9")
    assert not _layout(single).arms


@pytest.mark.parametrize(
    "header", ["study,x1i,t1i,x2i,t2i", "study,events,person-years", "study,events,Patient days"]
)
def test_time_at_risk_is_no_number_of_people(header: str) -> None:
    """Events in person-time are rates, not proportions: the hint leads to what can be pooled."""
    row = ",".join(["A", *["5"] * header.count(",")])
    result = ket("pool", "-", stdin=f"{header}\n{row}\n".encode())
    assert result.code == 2
    assert "may be time at risk" in result.err
    assert "--effects-are log" in result.err
