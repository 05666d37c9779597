"""Forms that need a library of their own: Excel, Parquet, Zstandard; and what is said without it."""

from __future__ import annotations

import builtins
import datetime
import io
import sys
import zipfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ketcli.errors import InputError, UsageError
from ketcli.evidence import intake
from ketcli.evidence.formats.anyfile import read_any
from ketcli.evidence.formats.cells import as_text
from tests.command import ket

HEADER = ["study", "drug", "outcome", "time_days", "events", "total", "dose"]
ROW: list[object] = ["Müller 2001", "ketamine", "response", 1, 9, 18.0, 0.5]
READ = ["Müller 2001", "ketamine", "response", "1", "9", "18", "0.5"]


def book(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    """A workbook of sheets, each a list of rows."""
    openpyxl = pytest.importorskip("openpyxl")
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def parquet(columns: Mapping[str, Sequence[object]]) -> bytes:
    pyarrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet as writer

    out = io.BytesIO()
    writer.write_table(pyarrow.table(dict(columns)), out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "1"),
        (False, "0"),
        (9, "9"),
        (9.0, "9"),
        (0.1, "0.1"),
        (float("nan"), ""),
        (float("inf"), "inf"),
        (1e300, "1e+300"),
        (Decimal("0.50"), "0.50"),
        (datetime.date(2026, 1, 31), "2026-01-31"),
        (datetime.datetime(2026, 1, 31), "2026-01-31"),
        (datetime.datetime(2026, 1, 31, 12), "2026-01-31T12:00:00"),
        ("=1+1", "=1+1"),
        ([1], None),
        (b"x", None),
    ],
)
def test_values_become_the_text_of_a_cell(value: object, text: str | None) -> None:
    """Whole numbers lose the point a spreadsheet keeps; what is no plain value is none."""
    assert as_text(value) == text


def test_workbook_is_read(tmp_path: Path) -> None:
    """The only sheet with cells, whatever empty sheets lie beside it, with the row numbers of the sheet."""
    content = book({"Trials": [[], HEADER, ROW, [], ROW], "Sheet2": []})
    read = read_any(content, "t.xlsx")
    assert (read.header, read.rows, read.lines) == (tuple(HEADER), [READ, READ], [3, 5])
    file = tmp_path / "t.xlsx"
    file.write_bytes(book({"Trials": [HEADER, ROW]}))
    assert ket("rates", "--data", str(file), "--csv").out.splitlines()[1].startswith("study,Müller 2001,")


def test_sheet_is_asked_for() -> None:
    """Two sheets with cells are two tables: which one is meant must be said."""
    content = book({"Trials": [HEADER, ROW], "Old": [HEADER, ROW]})
    with pytest.raises(UsageError) as caught:
        read_any(content, "t.xlsx")
    assert (caught.value.code, caught.value.hint) == ("which-sheet", "name one after a hash: 't.xlsx#Trials'")
    assert read_any(content, "t.xlsx#Old").rows == [READ]
    with pytest.raises(UsageError) as caught:
        read_any(content, "t.xlsx#Trails")
    assert "'Trials'" in caught.value.hint


def test_only_sheet_with_a_table_is_taken() -> None:
    """A sheet of remarks beside the data leaves one reading, which is said."""
    read = read_any(book({"README": [["Made in 2021"], ["by hand"]], "Trials": [HEADER, ROW]}), "t.xlsx")
    assert read.rows == [READ]
    assert read.notes[0] == "t.xlsx: sheet 'Trials'; no table of results: 'README'"


def test_formula_without_its_value_is_no_empty_cell() -> None:
    """A count that was never computed must not pass for a missing one."""
    with pytest.raises(InputError) as caught:
        read_any(book({"T": [HEADER, [*ROW[:4], "=4+5", 18, None]]}), "t.xlsx")
    assert caught.value.code == "formula-without-value"
    assert caught.value.message == "t.xlsx:2: column E is a formula whose value was not saved"


@pytest.mark.parametrize(
    ("rows", "columns", "said"),
    [
        ((), (), ()),
        ((3,), (), ("t.xlsx: row 3 is hidden in the sheet and read like the others",)),
        ((2, 3, 5), (), ("t.xlsx: 3 rows (2-3, 5) are hidden in the sheet and read like the others",)),
        ((), ("B",), ("t.xlsx: columns hidden in the sheet are read like the others",)),
        ((40,), ("Z",), ()),  # beyond the table
    ],
)
def test_what_a_sheet_hides_is_said(rows: tuple[int, ...], columns: tuple[str, ...], said: tuple[str, ...]) -> None:
    """A row hidden by a filter is pooled like the rest: nobody may find that out by chance."""
    openpyxl = pytest.importorskip("openpyxl")
    made = openpyxl.load_workbook(io.BytesIO(book({"Trials, all": [HEADER, *[ROW] * 4]})))
    for number in rows:
        made.active.row_dimensions[number].hidden = True
    for letter in columns:
        made.active.column_dimensions[letter].hidden = True
    out = io.BytesIO()
    made.save(out)
    grid = read_any(out.getvalue(), "t.xlsx")
    assert len(grid.rows) == 4
    assert grid.notes == said


def test_percent_format_is_not_read_as_a_small_number() -> None:
    """0.71 shown as 71 % is 71 of a percent."""
    openpyxl = pytest.importorskip("openpyxl")
    made = openpyxl.load_workbook(io.BytesIO(book({"T": [["study", "percent"], ["A", 0.71]]})))
    made["T"]["B2"].number_format = "0%"
    out = io.BytesIO()
    made.save(out)
    assert read_any(out.getvalue(), "t.xlsx").rows == [["A", "71"]]


def test_empty_and_damaged_workbooks() -> None:
    """A workbook without cells, and one with a broken part, are one clear error each."""
    with pytest.raises(InputError) as caught:
        read_any(book({"T": []}), "t.xlsx")
    assert caught.value.code == "empty-file"
    whole = zipfile.ZipFile(io.BytesIO(book({"T": [HEADER, ROW]})))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as broken:
        for name in whole.namelist():
            broken.writestr(name, b"<x" if "sheet1" in name else whole.read(name))
    with pytest.raises(InputError) as caught:
        read_any(out.getvalue(), "t.xlsx")
    assert caught.value.code == "broken-archive"


def test_other_archives_are_no_tables() -> None:
    """A zip file without a workbook in it is refused as before."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", "x")
    with pytest.raises(InputError) as caught:
        read_any(out.getvalue(), "t.zip")
    assert caught.value.code == "binary"


def test_huge_workbook_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small archive may hold a huge sheet: its declared size counts."""
    content = book({"T": [HEADER, ["x" * 30_000, *ROW[1:]]]})
    monkeypatch.setattr(intake, "LIMIT", 5_000)
    with pytest.raises(InputError) as caught:
        read_any(content, "t.xlsx")
    assert caught.value.code == "too-large"


def test_parquet_is_read(tmp_path: Path) -> None:
    """Typed columns, with missing values, as the text of a CSV."""
    columns = {name: [value, None] for name, value in zip(HEADER, ROW, strict=True)}
    read = read_any(parquet(columns), "t.parquet")
    assert (read.header, read.rows) == (tuple(HEADER), [READ])
    assert read.notes == ("t.parquet: 1 row without any value left out",)


def test_parquet_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nested columns are no table, damage is told, a billion equal cells take no bytes and are refused."""
    with pytest.raises(InputError) as caught:
        read_any(parquet({"a": [[1], [2]]}), "t.parquet")
    assert caught.value.code == "binary"
    with pytest.raises(InputError) as caught:
        read_any(parquet({"a": [1]})[:-20] + b"PAR1", "t.parquet")
    assert caught.value.code == "broken-archive"
    monkeypatch.setattr("ketcli.evidence.formats.parquet.CELLS", 999)
    with pytest.raises(InputError) as caught:
        read_any(parquet({"a": [1] * 1000}), "t.parquet")
    assert caught.value.code == "too-large"


def test_zstandard_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compressed text is read, half a file is refused, and so is one that expands beyond the limit."""
    zstandard = pytest.importorskip("zstandard")
    text = ",".join(HEADER).encode() + b"\n" + ",".join(READ).encode() + b"\n"
    content = zstandard.ZstdCompressor().compress(text)
    assert read_any(content, "t.csv.zst").rows == [READ]
    with pytest.raises(InputError) as caught:
        read_any(content[:-6], "t.csv.zst")
    assert caught.value.code == "broken-archive"
    monkeypatch.setattr(intake, "LIMIT", 1000)
    with pytest.raises(InputError) as caught:
        read_any(zstandard.ZstdCompressor().compress(text * 1000), "t.csv.zst")
    assert caught.value.code == "too-large"


@pytest.mark.parametrize(
    ("content", "extra"),
    [(b"PAR1rest", "parquet"), (b"\x28\xb5\x2f\xfd\x00", "zst"), (None, "excel")],
    ids=["parquet", "zst", "excel"],
)
def test_missing_library_is_named_with_its_remedy(
    content: bytes | None, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the extra the error says which library is missing and how to get it."""
    if content is None:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("xl/workbook.xml", "<workbook/>")
        content = out.getvalue()
    for name in ("openpyxl", "pyarrow", "zstandard"):
        monkeypatch.setitem(sys.modules, name, None)
    result = ket("rates", "--data", "-", stdin=content)
    assert (result.code, result.out) == (1, "")
    assert "[missing-extra]" in result.err
    assert f"pip install 'ketcli[{extra}]'" in result.err


def test_plain_files_need_no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CSV is read without trying for any of these libraries."""
    real = builtins.__import__
    asked: list[str] = []

    def watched(name: str, *rest: Any, **more: Any) -> Any:
        asked.append(name.partition(".")[0])
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", watched)
    read_any(b"study,events\nA,1\n", "t.csv")
    assert not {"openpyxl", "pyarrow", "zstandard", "pandas"} & set(asked)


def test_workbook_of_tables_is_a_folder_in_one_file(tmp_path: Path) -> None:
    """An exported workbook comes back as the dataset it was made of, checked and pooled like the folder."""
    pytest.importorskip("openpyxl")
    folder, file = tmp_path / "mine", tmp_path / "mine.xlsx"
    ket("data", "new", str(folder))
    assert ket("data", "export", "--data", str(folder), "-o", str(file)).code == 0
    assert ket("check", str(file), "--csv").out.count("\n") == 1
    assert "No difference." in ket("data", "diff", str(folder), str(file), "--format", "table").out
    same = [ket("rates", "--data", str(place), "--csv", "-q").out for place in (folder, file)]
    assert same[0] == same[1]


def test_problems_of_a_workbook_name_the_sheet(tmp_path: Path) -> None:
    """A fault in a sheet is told by workbook, sheet and row."""
    openpyxl = pytest.importorskip("openpyxl")
    folder, file = tmp_path / "mine", tmp_path / "mine.xlsx"
    ket("data", "new", str(folder))
    ket("data", "export", "--data", str(folder), "-o", str(file))
    book = openpyxl.load_workbook(file)
    column = [cell.value for cell in book["outcomes"][1]].index("events") + 1
    book["outcomes"].cell(row=3, column=column).value = 99
    book.save(file)
    result = ket("rates", "--data", str(file))
    assert result.code == 1
    assert "mine.xlsx/outcomes.csv:3: events (99) is larger than total (40)" in result.err
