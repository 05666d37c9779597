"""`ket pool` as typed: files and pipes, formats that agree, one clear error, tables that people can read."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.command import Result, ket, process
from tests.reference import pinned
from tests.snapshot import assert_snapshot

PLAIN = {"COLUMNS": "80", "NO_COLOR": "1"}
DATA = pinned.HERE / "data"
BCG = str(DATA / "bcg.csv")
ARMS = """study,arm,role,events,total,design,period
Alpha 2001,Ketamine 0.5,active,12,20,rct-parallel,
Alpha 2001,Ketamine 1.0,active,14,21,rct-parallel,
Alpha 2001,Placebo,control,4,20,rct-parallel,
Beta 2004,Ketamine,active,9,17,rct-crossover,first-period
Beta 2004,Placebo,control,2,16,rct-crossover,first-period
Beta 2004,Ketamine,active,20,33,rct-crossover,pooled
Beta 2004,Placebo,control,3,33,rct-crossover,pooled
Gamma 2010,Esketamine,active,30,60,rct-parallel,
Gamma 2010,Midazolam,control,15,61,rct-parallel,
Delta 2012,Ketamine,active,8,15,rct-parallel,
Epsilon 2015,Ketamine,active,11,22,rct-parallel,
Epsilon 2015,Saline,control,6,23,rct-parallel,
"""
VIEWS = {
    "bcg": ("bcg",),
    "bcg-more": ("bcg", "--moderator", "ablat", "--leave-one-out", "--influence"),
    "bcg-bias": ("bcg", "--measure", "OR", "--bias", "--robustness", "--explain"),
    "pritz": ("pritz1997",),
    "normand": ("normand1999", "--measure", "SMD"),
    "konstantopoulos": ("konstantopoulos2011", "--cluster", "district"),
    "hackshaw": ("hackshaw1998", "--by", "design", "--effects-are", "log"),
    "zero-cells": ("edge_bin2_zero_cells",),
    "one-study": ("edge_k1",),
}


def _read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def _pooled(result: Result) -> dict[str, str]:
    return next(row for row in _read(result.out) if row["kind"] == "pooled")


@pytest.mark.parametrize("view", VIEWS)
def test_what_people_read_at_80_columns(view: str) -> None:
    name, *options = VIEWS[view]
    content = (DATA / f"{name}.csv").read_bytes()
    result = ket("pool", "-", *options, stdin=content, terminal=True, env=PLAIN)
    assert result.code == 0
    assert all(len(line) <= 80 for line in result.out.splitlines())
    assert_snapshot(f"pool-{view}-80.txt", result.out)


@pytest.mark.parametrize(("view", "options"), [("arms", ()), ("arms-apart", ("--keep-arms",))])
def test_one_row_per_arm_at_80_columns(view: str, options: tuple[str, ...]) -> None:
    result = ket("pool", "-", *options, stdin=ARMS.encode(), terminal=True, env=PLAIN)
    assert_snapshot(f"pool-{view}-80.txt", result.out)


def test_a_file_and_a_pipe_give_the_same_numbers() -> None:
    file, pipe = ket("pool", BCG), ket("pool", "-", stdin=Path(BCG).read_bytes())
    assert (file.code, file.out) == (0, pipe.out)
    assert float(_pooled(file)["estimate"]) == pytest.approx(0.48942094, rel=1e-7)


def test_options_name_columns() -> None:
    named = ("--events", "tpos", "--total", "n1i", "--control-events", "cpos", "--control-total", "n2i")
    assert ket("pool", BCG, *named).out == ket("pool", BCG).out
    swapped = ("--events", "cpos", "--n", "n2i", "--control-events", "tpos", "--control-n", "n1i")
    inverse = float(_pooled(ket("pool", BCG, *swapped))["estimate"])
    assert inverse == pytest.approx(1.0 / float(_pooled(ket("pool", BCG))["estimate"]), rel=1e-9)


def test_all_formats_have_the_same_rows_and_columns() -> None:
    options = ("pool", BCG, "--by", "alloc", "--moderator", "ablat", "--influence")
    table = _read(ket(*options, "--csv").out)
    document = json.loads(ket(*options, "--json").out)
    lines = [json.loads(line) for line in ket(*options, "-f", "ndjson").out.splitlines()]
    assert document["rows"] == lines
    assert [column["name"] for column in document["columns"]] == list(table[0])
    assert [row["label"] for row in table] == [row["label"] for row in lines]
    for text, row in zip(table, lines, strict=True):
        for name, value in row.items():
            if isinstance(value, float):
                assert float(text[name]) == value
    markdown = ket(*options, "-f", "markdown").out
    assert markdown.count("\n| ") == len(lines) + 2


def test_every_column_has_a_meaning() -> None:
    columns = json.loads(ket("pool", BCG, "--json").out)["columns"]
    assert len({column["name"] for column in columns}) == len(columns)
    assert all(column["label"] for column in columns)
    undescribed = [column["name"] for column in columns if not column["description"]]
    assert set(undescribed) <= {"sd"}


def test_columns_are_the_same_whatever_is_asked() -> None:
    head = ket("pool", BCG).out.splitlines()[0]
    for name, *options in VIEWS.values():
        assert ket("pool", str(DATA / f"{name}.csv"), *options).out.splitlines()[0] == head


def test_notes_go_to_standard_error_and_can_be_left_out() -> None:
    assert "note: Pooled: inverse variance" in ket("pool", BCG).err
    assert ket("pool", BCG, "--quiet").err == ""


@pytest.mark.parametrize(
    ("content", "options", "code", "word"),
    [
        *(("", (), 1, "[empty-file]"), ("a,b\n1,2\n", (), 1, "[no-columns]")),
        *(("study,events,total\na,3,2\n", (), 1, "standard input:2: events (3) is larger than total (2)"),),
        *(("study,events,total\na,x,2\n", (), 1, "standard input:2: events: 'x' is not a number"),),
        *(("study,events,total\na,1\n", (), 1, "[ragged-row]"), ('study,events\n"a,1\n', (), 1, "[bad-quoting]")),
        *(("study,events,total\na,1,9\n", ("--measure", "XX"), 2, "unknown --measure 'XX'"),),
        *(("study,events,total\na,1,9\n", ("--events", "evnts"), 2, "there is no column 'evnts'"),),
        *(("study,ai,n1i,ci,n2i,yi,vi\na,1,9,1,9,1,1\n", (), 2, "[two-readings]"),),
        *(("study,events,cases,total\na,1,1,9\n", (), 2, "[ambiguous-column]"),),
        *(("study,events,total\na,1,9\n", ("--cumulative", "yer"), 2, "[unknown-column]"),),
    ],
)
def test_bad_input_is_one_clear_error(content: str, options: tuple[str, ...], code: int, word: str) -> None:
    result = ket("pool", "-", *options, stdin=content.encode())
    assert (result.code, result.out) == (code, "")
    first, *rest = result.err.splitlines()
    assert first.startswith("ket: error: ")
    assert word in first
    assert [line[:6] for line in rest] == ["hint: "]


def test_errors_are_json_when_json_is_asked_for() -> None:
    result = ket("pool", "-", "--json", stdin=b"study,events,total\na,3,2\nb,5,4\n")
    error = json.loads(result.err)["error"]
    assert (result.code, error["code"], [p["line"] for p in error["problems"]]) == (1, "events-over-total", [2, 3])


def test_a_keyboard_is_not_waited_for() -> None:
    result = ket("pool", "-")
    assert (result.code, "nothing is piped in" in result.err) == (1, True)


def test_a_folder_and_a_missing_file_are_told(tmp_path: Path) -> None:
    assert "is a folder" in ket("pool", str(tmp_path)).err
    assert "no such file" in ket("pool", str(tmp_path / "no.csv")).err


def test_a_header_alone_is_an_empty_answer() -> None:
    result = ket("pool", "-", stdin=b"study,events,total\n")
    assert (result.code, len(result.out.splitlines())) == (0, 1)
    assert "has no rows" in result.err


def test_hostile_cells_stay_data() -> None:
    rows = b"study,events,total\n[b]x[/b],1,9\n\x1b[31mred,2,9\n=1+1,3,9\n"
    table = ket("pool", "-", stdin=rows, terminal=True).out
    assert "[b]x[/b]" in table
    assert "\x1b[31m" not in table
    names = [row["study"] for row in _read(ket("pool", "-", stdin=rows).out)]
    assert "'=1+1" in names


def test_rates_of_ket_can_be_piped_in() -> None:
    result = process(shell="$KET rates --outcome response --csv -q | $KET pool - --measure PLO --csv -q")
    assert result.code == 0
    assert int(_pooled(result)["k"]) > 5
