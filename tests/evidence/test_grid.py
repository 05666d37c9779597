"""CSV bytes to a grid: encodings, delimiters, quoting and shape, as people's files come."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketcli.errors import InputError
from ketcli.evidence.grid import FIELD_LIMIT, read_grid

TEXT = "study,events,total\nÉtude 2020,7,10\n"
ROWS = [["Étude 2020", "7", "10"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_encodings_are_read(encoding: str) -> None:
    """UTF-8 with and without mark, and UTF-16 with mark, give the same cells."""
    marks = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}
    grid = read_grid(marks.get(encoding, b"") + TEXT.encode(encoding), "t.csv")
    assert (grid.header, grid.rows) == (("study", "events", "total"), ROWS)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_other_encodings_are_refused_with_place_and_remedy(encoding: str) -> None:
    """A file in a Windows encoding is not guessed at: the error names the byte, its line and the remedy."""
    with pytest.raises(InputError) as caught:
        read_grid(TEXT.encode(encoding), "t.csv")
    assert caught.value.code == "encoding"
    assert "byte 19 (line 2)" in caught.value.message
    assert "iconv -f WINDOWS-1252" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"", "empty-file", id="nothing"),
        pytest.param(b"\xef\xbb\xbf\r\n", "empty-file", id="mark alone"),
        pytest.param(b"a,b\n1,\x002\n", "binary", id="NUL"),
        pytest.param(TEXT.encode("utf-16-le"), "binary", id="UTF-16 without mark"),
        pytest.param(b"PK\x03\x04\x14\x00", "binary", id="zip"),
        pytest.param(b"\xff\xfea", "encoding", id="half a UTF-16 character"),
        pytest.param(b'a,b\n"1,2\n', "bad-quoting", id="open quote"),
        pytest.param(b'a,b\n"1"x,2\n', "bad-quoting", id="stray quote"),
        pytest.param(b"a,b\n" + b"x" * (FIELD_LIMIT + 1) + b",2\n", "huge-field", id="huge cell"),
        pytest.param(b"x" * (FIELD_LIMIT + 1) + b",b\n1,2\n", "huge-field", id="huge header"),
    ],
)
def test_what_is_no_csv_text_is_refused(content: bytes, code: str) -> None:
    """Each way in which a file is no table has its own error."""
    with pytest.raises(InputError) as caught:
        read_grid(content, "t.csv")
    assert caught.value.code == code
    assert caught.value.hint


def test_long_cells_are_read_and_the_limit_is_given_back() -> None:
    """A cell beyond Python's default limit is read, and the limit of the process stays as it was."""
    before = csv.field_size_limit()
    grid = read_grid(b"a,b\n" + b"x" * 500_000 + b",2\n", "t.csv")
    assert len(grid.rows[0][0]) == 500_000
    assert csv.field_size_limit() == before


@pytest.mark.parametrize(("delimiter", "word"), [(";", "semicolons"), ("\t", "tabs")])
def test_other_delimiters_are_read_and_noted(delimiter: str, word: str) -> None:
    """A file separated by semicolons or tabs, as spreadsheets write it, is read, and a note says so."""
    grid = read_grid(TEXT.replace(",", delimiter).encode(), "t.csv", ("study", "events", "total"))
    assert grid.rows == ROWS
    assert grid.notes == (f"t.csv: columns are separated by {word}",)


def test_known_columns_settle_the_delimiter() -> None:
    """A header with more commas than semicolons is still split by what gives known names."""
    grid = read_grid(b"study;a, b, c, d;events\nX;1;2\n", "t.csv", ("study", "events"))
    assert grid.header == ("study", "a, b, c, d", "events")


def test_known_columns_are_found_in_any_case() -> None:
    """`Time days` is the known column time_days; unknown names stay as they are written."""
    grid = read_grid(b"Study, Time Days,Remark X\nA,1,b\n", "t.csv", ("study", "time_days"))
    assert grid.header == ("study", "time_days", "Remark X")


def test_line_endings_and_blank_lines() -> None:
    """Windows and old Mac line ends are read; blank lines are passed over, rows of empty cells noted."""
    grid = read_grid(b"\r\na,b\r\n1,2\r\n\r\n,\r\n3,4\r", "t.csv")
    assert grid.rows == [["1", "2"], ["3", "4"]]
    assert grid.lines == [3, 6]
    assert grid.notes == ("t.csv: 1 row without any value left out",)


def test_ragged_rows_are_reported_with_their_line() -> None:
    """Rows of another length are left out of the grid and reported, each with its own line."""
    grid = read_grid(b'a,b\n"1\n1",2\n3\n4,5,6\n7,8\n', "t.csv")
    assert [(p.code, p.line) for p in grid.problems] == [("ragged-row", 4), ("ragged-row", 5)]
    assert grid.lines == [2, 6]


def test_columns_left_by_a_spreadsheet_are_dropped_when_empty() -> None:
    """A comma at the end of each line is no fault; a value in a column without a name is."""
    assert read_grid(b"a,b,\n1,2,\n", "t.csv").problems == ()
    assert [p.code for p in read_grid(b"a,b,\n1,2,3\n", "t.csv").problems] == ["unnamed-column"]


def test_duplicate_columns_are_reported() -> None:
    """A column name that stands twice is reported and the first one kept."""
    grid = read_grid(b"a,b,a\n1,2,3\n", "t.csv")
    assert [(p.code, p.column) for p in grid.problems] == [("duplicate-column", "a")]
    assert grid.rows == [["1", "2"]]


CELLS = st.text(st.characters(blacklist_characters="\x00\r", blacklist_categories=("Cs",)), max_size=8)


@settings(max_examples=60, derandomize=True)
@given(st.lists(st.tuples(CELLS, CELLS), max_size=5), st.sampled_from(",;\t"))
def test_what_was_written_is_read(rows: list[tuple[str, str]], delimiter: str) -> None:
    """Any cells, quoted as need be, come back unchanged, whatever the delimiter."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows([("a", "b"), *rows])
    grid = read_grid(out.getvalue().encode(), "t.csv", ("a", "b"))
    assert grid.rows == [list(row) for row in rows if any(row)]
