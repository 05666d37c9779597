"""CSV, TSV, JSON and Markdown: the same rows and columns, raw numbers, nothing executed."""

import csv
import io
import json
import math

import pandas as pd
import pytest

from ketcli.render import delimited, markdown
from ketcli.render import json as as_json
from tests.render.fixtures import HOSTILE, report


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_delimited_reads_back_identically(delimiter: str) -> None:
    text = delimited.render(report(), delimiter)
    frame = pd.read_csv(io.StringIO(text), sep=delimiter)
    assert list(frame.columns) == [c.name for c in report().columns]
    assert frame["rate"].tolist() == [row["rate"] for row in report().rows]
    assert frame["events"].tolist() == [12, 0, 12]
    assert math.isnan(frame["time_days"].iloc[2])
    assert "\r" not in text


def test_header_stays_when_there_are_no_rows() -> None:
    assert delimited.render(report(())) == "kind,label,events,total,rate,ci_low,ci_high,time_days\n"


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_formula_cells_get_an_apostrophe_and_are_counted(start: str) -> None:
    hostile = report((dict(report().rows[0], label=start + "1+1", rate=-0.5),))
    (row,) = csv.DictReader(io.StringIO(delimited.render(hostile)))
    assert row["label"] == "'" + start + "1+1"
    assert row["rate"] == "-0.5"
    assert delimited.neutralised(hostile) == 1


def test_json_has_columns_rows_notes_and_versions() -> None:
    document = json.loads(as_json.render(report((dict(report().rows[0], rate=math.nan),))))
    assert document["title"] == "Response by study"
    assert document["columns"][2] == {
        "name": "events",
        "label": "Events",
        "unit": "people",
        "kind": "integer",
        "description": "",
    }
    assert document["rows"][0]["rate"] is None
    assert document["notes"][0] == {"kind": "method", "text": "Wilson intervals."}
    assert document["data_version"] == "2026.1"
    assert document["ket_version"]


def test_json_lines_are_one_object_each() -> None:
    lines = as_json.render_lines(report()).splitlines()
    assert [json.loads(line)["events"] for line in lines] == [12, 0, 12]


@pytest.mark.parametrize("cell", HOSTILE)
def test_hostile_cells_survive_json_and_never_reach_a_terminal_raw(cell: str) -> None:
    hostile = report((dict(report().rows[0], label=cell),))
    text = as_json.render(hostile)
    assert json.loads(text)["rows"][0]["label"] == cell
    for raw in ("\x1b", "\u202e", "\x9b", "\x07"):
        assert raw not in text
        assert raw not in delimited.render(hostile)
        assert raw not in markdown.render(hostile)


def test_markdown_escapes_data_and_keeps_the_table_whole() -> None:
    text = markdown.render(report((dict(report().rows[0], label="a|b *c* <i>"),)))
    assert r"a\|b \*c\* \<i\>" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.replace(r"\|", "").count("|") for line in rows}) == 1


def test_markdown_makes_pooled_rows_strong_and_lists_sources_on_request() -> None:
    text = markdown.render(report(), with_sources=True)
    assert "**Pooled, 2 studies**" in text
    assert "<https://example.org/alpha>" in text
