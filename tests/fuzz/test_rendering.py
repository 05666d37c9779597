"""Properties of the renderers: whatever cells hold, nothing is executed, cut, or read back as something else."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketcli.render import delimited, html, markdown, table
from ketcli.render import json as as_json
from ketcli.report import Column, Display, Fact, Note, Report, Row, Source
from ketcli.wording import visible
from tests.fuzz.inputs import HOSTILE, NUMBERS, SOUND_NAMES
from tests.render.fixtures import terminal

RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
TEXT = st.sampled_from((*HOSTILE, *SOUND_NAMES, *NUMBERS)) | st.text(
    st.characters(exclude_categories=("Cs",)), max_size=30
)
VALUES = TEXT | st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(allow_nan=False)
QUICK = settings(max_examples=60, derandomize=True, deadline=None)


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """A report with hostile text wherever text may stand."""
    rows: list[Row] = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "kind": st.sampled_from(("study", "pooled")),
                    "label": TEXT,
                    "value": VALUES,
                    "rate": st.none() | st.floats(0, 1),
                    "block": TEXT,
                }
            ),
            max_size=4,
        )
    )
    return Report(
        title=draw(TEXT) or "title",
        columns=(
            Column("kind", "Kind", "code"),
            Column("label", "Label", "text"),
            Column("value", "Value", "text"),
            Column("rate", "Rate", "proportion"),
        ),
        rows=tuple(rows),
        displays=(
            Display("Label", "text", ("label",)),
            Display("Value", "text", ("value",)),
            Display("Rate", "percent", ("rate",), align="right"),
        ),
        notes=(Note("choice", draw(TEXT)), Note("caution", draw(TEXT))),
        facts=(Fact("Fact", draw(TEXT)),),
        sources=(Source("a", draw(TEXT), draw(TEXT)),),
        group_by=("block",),
        heading=("block",),
    )


@QUICK
@given(reports(), st.integers(40, 200), st.booleans())
def test_tables_show_and_never_execute(report: Report, width: int, unicode: bool) -> None:
    """No control character, no turned writing, no line wider than the terminal, in colour or without."""
    from rich.cells import cell_len

    text = table.render(report, terminal(width, unicode=unicode), with_sources=True)
    assert not RAW.search(text)
    assert max(map(cell_len, text.splitlines())) <= width or "http" in text
    assert "Traceback" not in text


@QUICK
@given(reports())
def test_delimited_text_reads_back(report: Report) -> None:
    """As many rows and cells as there are, no control characters, no cell that a spreadsheet would run."""
    for delimiter in (",", "\t"):
        text = delimited.render(report, delimiter)
        assert not RAW.search(text)
        header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        assert header == ["kind", "label", "value", "rate"]
        assert len(rows) == len(report.rows)
        for cells, row in zip(rows, report.rows, strict=True):
            label = visible(str(row["label"]))
            assert cells[1] in (label, "'" + label)
            assert not cells[1].startswith(("=", "+", "-", "@", "\t", "\r"))
            if isinstance(row["rate"], float):
                assert float(cells[3]) == row["rate"]


@QUICK
@given(reports())
def test_json_holds_the_very_values(report: Report) -> None:
    """JSON gives back every value as it was, infinite ones as null, in one object and line by line."""
    whole: dict[str, Any] = json.loads(as_json.render(report))
    lines = [json.loads(line) for line in as_json.render_lines(report).splitlines()]
    assert len(whole["rows"]) == len(lines) == len(report.rows)
    for got, line, row in zip(whole["rows"], lines, report.rows, strict=True):
        assert got == {name: line[name] for name in got}
        assert got["label"] == row["label"]
        value = row["value"]
        finite = not isinstance(value, float) or abs(value) != float("inf")
        assert got["value"] == (value if finite else None)
    assert not RAW.search(as_json.render(report))


@QUICK
@given(reports())
def test_markdown_keeps_its_table(report: Report) -> None:
    """No cell ends a row or opens a tag: every row of a table has the cells of its header."""
    text = markdown.render(report, with_sources=True)
    assert not RAW.search(text)
    assert not re.search(r"(?<!\\)<(script|img|iframe|a)\b", text)
    widths = [len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines() if line.startswith("|")]
    assert len(set(widths)) <= 1


class _Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


@QUICK
@given(reports())
def test_pages_hold_no_tag_from_data(report: Report) -> None:
    """A page has the tags of the renderer alone: no script, no handler, no address that runs."""
    page = html.render(report)
    assert not RAW.search(page)
    parser, empty = _Tags(), _Tags()
    parser.feed(page)
    empty.feed(html.render(Report("t", report.columns, (), report.displays)))
    assert not {"img", "iframe", "object", "embed", "link", "marquee", "b", "bold"} & (parser.tags - empty.tags)
    assert ("script" in parser.tags) == ("script" in empty.tags)
    assert not [name for name, _ in parser.attributes if name.startswith("on")]
    assert not [value for name, value in parser.attributes if name == "href" and value.startswith("javascript")]


@settings(max_examples=8, derandomize=True, deadline=None)
@given(st.lists(st.sampled_from((*SOUND_NAMES, *HOSTILE)), min_size=2, max_size=4))
def test_pictures_hold_no_markup_from_data(names: list[str]) -> None:
    """An SVG is well-formed XML without scripts, whatever the studies are called."""
    pytest.importorskip("matplotlib")
    import xml.etree.ElementTree as tree

    from ketcli.figures import draw
    from tests.render.fixtures import report

    rows = tuple(
        {"kind": "study", "label": name, "events": 3, "total": 9, "rate": 1 / 3, "ci_low": 0.1, "ci_high": 0.7}
        for name in names
    )
    picture = draw.draw(report(rows), "svg")
    text = picture.decode() if isinstance(picture, bytes) else picture
    root = tree.fromstring(text)
    assert not [element for element in root.iter() if "script" in str(element.tag)]
