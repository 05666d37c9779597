"""Properties of the reading path: any bytes give a table or one clear error, and what was written is read."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ketcli.entry.document import read_document
from ketcli.errors import KetError
from ketcli.evidence import catalog
from ketcli.evidence.cells import CellError, decimal_point, parse_number
from ketcli.evidence.check import inspect
from ketcli.evidence.flat import expand
from ketcli.evidence.flat_names import in_days, means_something
from ketcli.evidence.flat_read import to_flat
from ketcli.evidence.formats.anyfile import read_any
from ketcli.owndata.read import read_sheet
from tests.fuzz.inputs import FITTING, HEADERS, HOSTILE, NUMBERS, SEEDS, WORDS

TOKENS = st.sampled_from((*HOSTILE, *NUMBERS, *WORDS))
CELLS = TOKENS | st.text(max_size=12)
TABLES = st.lists(st.lists(CELLS, max_size=6), max_size=6)
HALF_SOUND = st.builds(
    lambda seed, place, token: seed[:place] + token.encode("utf-8", "surrogatepass") + seed[place:],
    st.sampled_from(SEEDS),
    st.integers(0, 300),
    TOKENS,
)
QUICK = settings(max_examples=60, derandomize=True, deadline=None)


T = TypeVar("T")


def outcome(read: Callable[[], T]) -> T | KetError:
    """What a reader gives: its result, or an error of ours; any other exception is a failure of the test."""
    try:
        return read()
    except KetError as error:
        return error


def as_csv(rows: list[list[str]], delimiter: str = ",") -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    return buffer.getvalue().encode("utf-8", "replace")


@QUICK
@given(st.binary(max_size=400) | HALF_SOUND | TABLES.map(as_csv))
@example(b"\x1f\x8b\x08\x00")
@example(b"PK\x03\x04" + b"\x00" * 30)
@example(b"sep=;\n")
@example(b'"')
def test_any_bytes_are_a_table_or_one_error(content: bytes) -> None:
    """Nothing but a KetError ever leaves the reader, and every row of a table is as long as its header."""
    grid = outcome(lambda: read_any(content, "t.csv"))
    if isinstance(grid, KetError):
        assert grid.code
        assert grid.hint
        return
    assert len(set(grid.header)) == len(grid.header)
    assert all(len(row) == len(grid.header) for row in grid.rows)
    assert len(grid.lines) == len(grid.rows)


@QUICK
@given(st.lists(st.sampled_from(HEADERS), min_size=1, max_size=8, unique=True), st.data())
def test_any_table_is_checked_without_a_surprise(header: list[str], data: st.DataObject) -> None:
    """Whatever the columns and cells, checking ends with problems; what has none becomes three tables."""
    cells = {name: st.sampled_from(FITTING.get(name, WORDS)) | TOKENS for name in header}
    rows = data.draw(st.lists(st.tuples(*(cells[name] for name in header)), max_size=4))
    content = as_csv([header, *map(list, rows)])
    try:
        inspection = inspect(catalog.Location("t.csv", content=content))
    except KetError:
        return
    for problem in inspection.problems:
        assert problem.message
        assert problem.fix
    if not inspection.errors:
        tables = expand(inspection.columns["flat"])
        assert set(tables) == {"studies", "arms", "outcomes"}


@QUICK
@given(TABLES.map(as_csv) | HALF_SOUND)
def test_any_table_for_pooling_is_a_sheet_or_one_error(content: bytes) -> None:
    """The reader of `ket pool` raises its own errors alone."""
    sheet = outcome(lambda: read_sheet(content, "t.csv"))
    if isinstance(sheet, KetError):
        assert sheet.hint
        return
    assert all(len(row) == len(sheet.header) for row in sheet.rows)


@QUICK
@given(
    st.lists(st.sampled_from(("a", "7", "Müller", "x y", "'", "0,5", "研究")), min_size=3, max_size=3), st.data()
)
def test_dialects_do_not_change_cells(row: list[str], data: st.DataObject) -> None:
    """Delimiter, quoting, line end, encoding and compression leave the cells as they were."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(
        buffer,
        delimiter=data.draw(st.sampled_from(",;\t|")),
        quoting=data.draw(st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))),
        lineterminator=data.draw(st.sampled_from(("\n", "\r\n"))),
    )
    writer.writerows([["study", "events", "total"], row])
    content = buffer.getvalue().encode(data.draw(st.sampled_from(("utf-8", "utf-8-sig", "utf-16"))))
    if data.draw(st.booleans()):
        content = gzip.compress(content)
    assert read_any(content, "t.csv").rows == [row]


@QUICK
@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**15), 10**15))
def test_numbers_survive_a_decimal_comma(number: float) -> None:
    """A number written with a comma is the number, unless the comma may part thousands."""
    text = repr(number)
    if "e" in text:
        assert parse_number(decimal_point(text)) == number
        return
    whole, _, part = text.partition(".")
    if len(part) == 3 and whole.lstrip("-") != "0":
        with pytest.raises(CellError) as caught:
            decimal_point(text.replace(".", ","))
        assert caught.value.code == "ambiguous-comma"
    else:
        assert parse_number(decimal_point(text.replace(".", ","))) == number


@QUICK
@given(st.text(max_size=20))
def test_any_text_may_be_asked_for_its_meaning(text: str) -> None:
    """Names, times and fixed words are looked up without a surprise, whatever stands there."""
    assert means_something(text) in (True, False)
    days = in_days(text)
    assert days is None or days >= 0.0


@QUICK
@given(st.lists(st.tuples(CELLS, CELLS), max_size=4), CELLS, CELLS, st.sampled_from(("\n", "\r\n")))
def test_a_row_put_in_changes_no_other(rows: list[tuple[str, str]], first: str, second: str, end: str) -> None:
    """A document with one row more has the same rows and that one, byte by byte around it."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator=end).writerows([("study", "events"), *rows])
    content = buffer.getvalue().encode("utf-8", "replace")
    try:
        document = read_document(content, "t.csv")
    except KetError:
        return
    after = document.insert([{"study": first, "events": second}])
    try:
        written = after.encoded()
        again = read_document(written, "t.csv")
    except KetError:
        return  # a cell that no table may hold (a NUL)
    assert written.startswith(content.rstrip(b"\r\n"))
    added = [first, second] if first or second else []
    assert again.grid.rows == [*document.grid.rows, *([added] if added else [])]


@QUICK
@given(TABLES.map(as_csv) | HALF_SOUND)
def test_matching_keeps_rows(content: bytes) -> None:
    """Turned into the flat layout a table has each of its rows, or two for a row with a control."""
    try:
        grid = read_any(content, "t.csv")
    except KetError:
        return
    flat = to_flat(grid)
    assert set(flat.lines) <= set(grid.lines)
    assert len(grid.rows) <= len(flat.rows) <= 2 * len(grid.rows)
    assert all(len(row) == len(flat.header) for row in flat.rows)
