"""Cells are read forgivingly, doubt is an error, and what is left out is said."""

from __future__ import annotations

import pytest

from ketcli.errors import DataError, InputError, UsageError
from ketcli.evidence.cells import CellError
from ketcli.owndata.read import is_missing, numbers, read_number, read_sheet

PLAIN = {"3": 3.0, " 2.5 ": 2.5, "-1": -1.0, "−1.5": -1.5, "1e-3": 0.001, "2,5": 2.5, "0,350": 0.35, "+4": 4.0}


@pytest.mark.parametrize(("text", "value"), PLAIN.items())
def test_numbers_as_people_write_them(text: str, value: float) -> None:
    assert read_number(text.strip()) == value


@pytest.mark.parametrize("text", ["", "NA", "n/a", "-", ".", "?", "None", "NaN", "not reported", "NR", "–"])
def test_words_for_missing(text: str) -> None:
    assert is_missing(text)
    assert read_number(text) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(("1,500", "ambiguous-comma"), ("35%", "not-a-number"), ("abc", "not-a-number"), ("1e400", "not-finite")),
        ("inf", "not-finite"),
    ],
)
def test_what_may_mean_two_things_is_an_error(text: str, code: str) -> None:
    with pytest.raises(CellError) as caught:
        read_number(text)
    assert caught.value.code == code


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters_marks_and_line_ends(delimiter: str) -> None:
    text = delimiter.join(("study", "events", "total")) + "\r\n" + delimiter.join(("a", "1", "20")) + "\r\n"
    for encoding in ("utf-8-sig", "utf-8", "utf-16"):
        sheet = read_sheet(text.encode(encoding), "f.csv")
        assert sheet.header == ("study", "events", "total")
        assert sheet.rows == (("a", "1", "20"),)
        assert sheet.lines == (2,)


def test_row_numbers_of_a_data_frame_are_no_column() -> None:
    sheet = read_sheet(b",study,events\n0,a,1\n1,b,2\n", "f.csv")
    assert sheet.header == ("study", "events")


def test_lines_count_blank_and_quoted_lines() -> None:
    sheet = read_sheet(b'study,events\n\n"a\nb",1\nc,2\n', "f.csv")
    assert sheet.lines == (3, 5)


def test_rows_of_another_length_are_told_with_their_lines() -> None:
    with pytest.raises(DataError) as caught:
        read_sheet(b"study,events\na,1\nb,2,3\nc\n", "f.csv")
    assert [(p.code, p.line) for p in caught.value.problems] == [("ragged-row", 3), ("ragged-row", 4)]


def test_every_cell_that_is_no_number_is_a_problem_with_its_line() -> None:
    sheet = read_sheet(b"study,events\na,1\nb,x\nc,NA\nd,y\n", "f.csv")
    problems = []
    assert numbers(sheet, "events", problems) == [1.0, None, None, None]
    assert [str(p) for p in problems] == [
        "f.csv:3: events: 'x' is not a number [not-a-number]",
        "f.csv:5: events: 'y' is not a number [not-a-number]",
    ]


def test_columns_are_found_whatever_their_case_and_signs() -> None:
    sheet = read_sheet(b"Study ID,Events (n)\na,1\n", "f.csv")
    assert sheet.find("study_id", "--study") == "Study ID"
    with pytest.raises(UsageError) as caught:
        sheet.find("evnts n", "--events")
    assert "Events (n)" in caught.value.hint


def test_a_repeated_column_is_an_error_only_when_used() -> None:
    sheet = read_sheet(b"study,notes,events,notes\na,x,1,y\n", "f.csv")
    assert sheet.find("events", "--events") == "events"
    with pytest.raises(UsageError) as caught:
        sheet.find("notes", "--by")
    assert caught.value.code == "duplicate-column"


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "empty-file"), (b"PK\x03\x04", "binary"), (b"a\x81,b\n", "encoding")]
)
def test_what_is_no_csv_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(InputError) as caught:
        read_sheet(content, "f.csv")
    assert caught.value.code == code


def test_decimal_commas_are_said() -> None:
    assert "Decimal commas are read as points." in read_sheet(b"study;yi;vi\na;0,5;0,25\n", "f.csv").notes
