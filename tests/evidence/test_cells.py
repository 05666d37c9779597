"""Reading one cell: numbers strictly, text for what it hides."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketcli.evidence.cells import CellError, parse, parse_number, parse_whole, text_faults
from ketcli.evidence.fields import Field


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", None),
        ("0", 0.0),
        ("12", 12.0),
        ("-3.5", -3.5),
        ("+.5", 0.5),
        ("1.", 1.0),
        ("2e-3", 0.002),
        ("123456789012345678", 123456789012345678.0),
    ],
)
def test_numbers_are_read(text: str, number: float | None) -> None:
    """The ways people write decimal numbers with a point are read; an empty cell is missing, not zero."""
    assert parse_number(text) == number


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1,5", "not-a-number"),
        ("1_000", "not-a-number"),
        (" 1", "not-a-number"),
        ("12%", "not-a-number"),
        ("<0.001", "not-a-number"),
        ("0x1A", "not-a-number"),
        ("١٢", "not-a-number"),
        ("1 000", "not-a-number"),
        ("nan", "not-finite"),
        ("-Infinity", "not-finite"),
        ("1e999", "not-finite"),
        ("9" * 400, "not-finite"),
    ],
)
def test_what_is_no_number_is_refused(text: str, code: str) -> None:
    """Nothing is guessed: thousands marks, units, other digits, decimal commas and infinities are refused."""
    with pytest.raises(CellError) as caught:
        parse_number(text)
    assert caught.value.code == code


def test_decimal_comma_is_mended_in_the_fix() -> None:
    """A decimal comma gets the number as it should be written."""
    with pytest.raises(CellError) as caught:
        parse_number("-10,5")
    assert "-10.5" in caught.value.fix


@pytest.mark.parametrize(("text", "number"), [("", None), ("7", 7), ("7.0", 7), ("-0", 0)])
def test_whole_numbers_are_read(text: str, number: int | None) -> None:
    """Counts come back as int, also when a spreadsheet wrote them with a decimal."""
    assert parse_whole(text) == number
    assert parse_whole(text) is None or isinstance(parse_whole(text), int)


def test_fraction_is_not_whole() -> None:
    """Half a person is refused."""
    with pytest.raises(CellError) as caught:
        parse_whole("7.5")
    assert caught.value.code == "not-whole"


@pytest.mark.parametrize("text", ["9007199254740993", "99999999999999999999", "-1e300", "1" * 400])
def test_counts_beyond_every_count_are_refused(text: str) -> None:
    """A whole number too large to be held exactly would come back as another, or break a database."""
    with pytest.raises(CellError) as caught:
        parse_whole(text)
    assert caught.value.code in ("out-of-range", "not-finite")


@settings(max_examples=60, derandomize=True)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_float_survives_being_written(number: float) -> None:
    """What Python writes for a float is read back as the same float."""
    assert parse_number(repr(number)) == number


@settings(max_examples=60, derandomize=True)
@given(st.text(max_size=12))
def test_reading_never_fails_in_another_way(text: str) -> None:
    """Any text is a finite number, missing, or refused under one of two codes."""
    assert _outcome(text) in {"number", "missing", "not-a-number", "not-finite"}


def _outcome(text: str) -> str:
    try:
        number = parse_number(text)
    except CellError as error:
        return error.code
    if number is None:
        return "missing"
    return "number" if math.isfinite(number) else "infinite"


def test_type_decides_how_a_cell_is_read() -> None:
    """The same text is text in a text column and a number in a numeric one."""
    cells = [parse(Field("x", kind, ""), "1") for kind in ("text", "number", "integer", "flag")]
    assert cells == ["1", 1.0, 1, 1]
    assert [type(c) for c in cells] == [str, float, int, int]


@pytest.mark.parametrize(
    ("value", "codes"),
    [
        ("ketamine", []),
        ("", []),
        (">=50% fall", []),
        ("none of them", []),
        ("=SUM(A1)", ["formula-cell"]),
        ("@cmd", ["formula-cell"]),
        ("-2", ["formula-cell"]),
        ("\tx", ["formula-cell", "control-character", "outer-blank"]),
        ("a\x1b[0m", ["control-character"]),
        ("a\u202eb", ["control-character"]),
        ("a\u200bb", ["control-character"]),
        ("x ", ["outer-blank"]),
        ("N/A", ["missing-code"]),
        ("none", ["missing-code"]),
        ("unknown", ["missing-code"]),
    ],
)
def test_text_faults(value: str, codes: list[str]) -> None:
    """Text that a spreadsheet runs, a terminal obeys, a filter misses or that stands for missing is found."""
    assert [fault.code for fault in text_faults(Field("notes", "text", ""), value)] == codes


def test_negative_number_is_no_formula() -> None:
    """A minus sign in a numeric column is a number, not a formula."""
    assert list(text_faults(Field("mean", "number", ""), "-2")) == []
