"""HTML: a table as a page that shows data as text, fetches nothing and tells a screen reader what is what."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from ketcli.document import Chapter, Document, Entry, Picture
from ketcli.render import html
from ketcli.render.inline import inline
from ketcli.render.links import web_address
from ketcli.render.sheet import lay_out
from ketcli.report import Axis, Display, Fact, Icons, Note, Report, Row, Share, Source
from tests.render.fixtures import HOSTILE, report

VOID = {"meta", "link", "input", "br", "path", "rect", "line", "circle"}


class Page(HTMLParser):
    """What a browser would make of a page: elements with their attributes and text, and whether tags match."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.open[-1] if self.open else "", data.strip()))

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def said(self, *tags: str) -> list[str]:
        return [text for tag, text in self.texts if tag in tags]


def labelled(label: str, **more: object) -> Report:
    """Return a report of one row with this label."""
    row: Row = {**report().rows[0], "label": label, **more}  # type: ignore[dict-item]
    return report((row,))


@pytest.mark.parametrize(
    "cell", [*HOSTILE, '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "</script>", "&lt;b&gt;"]
)
def test_data_is_text_never_markup(cell: str) -> None:
    """Tags, template code and entities in a cell are shown letter by letter, control characters spelled out."""
    plain = Page(html.render(labelled("plain")))
    page = Page(html.render(labelled(cell)))
    assert page.said("th")[-1] == cell.replace("\x1b", "\\x1b").replace("\x07", "\\x07").replace(
        "\u202e", "\\u202e"
    )
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in plain.elements]


@pytest.mark.parametrize("cell", HOSTILE)
def test_every_other_text_of_a_report_is_escaped_too(cell: str) -> None:
    whole = replace(
        report(({**report().rows[0], "block": cell},)),
        title=cell,
        displays=(Display(cell, "text", ("label",)), *report().displays[1:]),
        notes=(Note("method", cell), Note("caution", cell)),
        facts=(Fact(cell, cell),),
        sources=(Source("x", cell, cell),),
        group_by=("block",),
        heading=("block",),
        axis=Axis("percent", left=cell, right=cell),
        icons=(Icons(cell, (Share(cell, 0.5, 0.4, 0.6),)),),
        data_version=cell,
    )
    calm = html.render(replace(whole, title="x"))
    text = html.render(whole)
    assert text.count("<script") == calm.count("<script") == 1
    assert not set("\x1b\x07\u202e") & set(text)
    Page(text)


@pytest.mark.parametrize(
    ("address", "followed"),
    [
        ("https://example.org/a?b=1&c=2", True),
        ("http://example.org", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//example.org", False),
        ("https://", False),
        ("https://[", False),
        ("https://example.org/a b", False),
        ("https://example.org/<b>", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_only_web_addresses_become_links(address: str, *, followed: bool) -> None:
    assert web_address(address) == (address if followed else "")
    page = Page(html.render(replace(labelled("x", source_url=address), sources=(Source("x", "X", address),))))
    external = [a["href"] for a in page.attributes("a") if a.get("rel")]
    assert external == ([address] * 2 if followed else [])


def test_the_name_of_the_study_leads_to_its_source_wherever_it_stands() -> None:
    shown = labelled("Alpha", source_url="https://example.org/x", what="peak")
    shown = replace(shown, displays=(Display("What", "text", ("what",)), *shown.displays))
    page = Page(html.render(shown))
    assert page.said("a")[1] == "Alpha"
    assert "peak" in page.said("th")


def test_links_tell_their_target_nothing() -> None:
    page = Page(html.render(labelled("x", source_url="https://example.org/x")))
    (link,) = [a for a in page.attributes("a") if a["href"] == "https://example.org/x"]
    assert link["rel"] == "external noreferrer noopener"


def test_the_page_fetches_nothing_and_only_its_own_script_may_run() -> None:
    """No element loads anything, and the policy names the hash of the script: an injected one would not run."""
    text = html.render(report())
    page = Page(text)
    assert [a for _, a in page.elements if "src" in a or (a.get("href") or "").startswith("//")] == []
    assert [a["href"] for a in page.attributes("link")] == ["data:,"]
    assert re.findall(r"url\(|@import", text) == []
    (policy,) = [a["content"] for a in page.attributes("meta") if a.get("http-equiv")]
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy is not None
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{digest}'" in policy


def test_a_page_has_landmarks_a_skip_link_a_caption_and_scopes() -> None:
    page = Page(html.render(report()))
    tags = [tag for tag, _ in page.elements]
    assert {"header", "main", "footer"} <= set(tags)
    assert page.attributes("html") == [{"lang": "en-GB"}]
    assert page.attributes("a")[0]["href"] == "#main"
    assert page.said("caption") == ["Response by study: 3 rows"]
    assert [a["scope"] for a in page.attributes("th")] == ["col"] * 5 + ["row"] * 3
    assert page.said("h1") == ["Response by study"]
    assert tags.count("h1") == 1


def test_a_single_table_shows_facts_notes_and_sources() -> None:
    page = Page(html.render(report()))
    assert page.said("dt", "dd") == ["Asked", "response"]
    assert page.said("li") == ["Small studies.", "Wilson intervals.", "Alpha 2001:"]
    assert ("a", "https://example.org/alpha") in page.texts
    assert ("p", "Data version 2026.1") in page.texts


def test_estimates_and_their_intervals_are_set_apart() -> None:
    page = Page(html.render(report()))
    assert page.said("b") == ["71 %", "0 %", "40 %"]
    assert page.said("i") == ["(47–87)", "(0–28)", "(10–80)"]


def test_pooled_rows_are_strong_and_stay_behind_their_studies() -> None:
    page = Page(html.render(report()))
    rows = [a for a in page.attributes("tr") if a]
    assert rows == [{"class": "strong", "data-stays": None}]


def test_rows_that_are_all_pooled_lines_can_be_sorted() -> None:
    rows = tuple({**row, "kind": "pooled"} for row in report().rows)
    assert [line.stays for block in lay_out(report(rows)).blocks for line in block.lines] == [False] * 3


def test_cells_sort_by_their_numbers_and_missing_ones_have_none() -> None:
    sheet = lay_out(report())
    keys = [[cell.sort for cell in line.cells] for line in sheet.blocks[0].lines]
    assert [k[1] for k in keys] == ["0.705882352941", "0", "0.444444444444"]
    assert [k[2] for k in keys] == ["0.705882352941", "0", "0.4"]
    assert [k[4] for k in keys] == ["1", "28", ""]
    assert keys[0][0] == "alpha 2001"


def test_columns_without_anything_to_show_are_left_out() -> None:
    rows = tuple({**row, "time_days": None, "rate": None, "ci_low": None, "ci_high": None} for row in report().rows)
    assert [head.label for head in lay_out(report(rows)).heads] == ["Study", "n/N"]


def test_less_important_columns_give_way_first() -> None:
    """Each column is shown from the width at which all that matter more fit beside it; rank 0 always."""
    sheet = lay_out(report())
    needs = {head.label: head.need for head in sheet.heads}
    assert needs["Study"] == needs["n/N"] == needs["Rate"] == 0
    assert 0 < needs["Forest"] < needs["Time"] == sheet.widest
    text = html.render(report())
    assert f"@container (width < {needs['Time']}ch)" in text
    assert f"@container (width >= {needs['Time']}ch) {{ .a{needs['Time']} {{ display: none; }} }}" in text


def test_no_rows_say_so_without_a_table() -> None:
    page = Page(html.render(report(())))
    assert page.attributes("table") == []
    assert ("p", "Nothing matches.") in page.texts


def test_blocks_have_headings_that_span_the_table() -> None:
    rows = tuple({**row, "block": name} for row, name in zip(report().rows, "AAB", strict=True))
    page = Page(html.render(replace(report(rows), group_by=("block",), heading=("block",))))
    heads = [a for a in page.attributes("th") if a["scope"] == "rowgroup"]
    assert heads == [{"scope": "rowgroup", "colspan": "5"}] * 2
    assert page.said("caption") == ["Response by study: 3 rows in 2 groups"]


def test_a_verdict_marks_its_block_and_nothing_else_becomes_a_class() -> None:
    rows = tuple(
        {**row, "block": v, "verdict": v} for row, v in zip(report().rows, ("partly", 'x" y', ""), strict=True)
    )
    sheet = lay_out(replace(report(rows), group_by=("block",), heading=("block",)))
    assert [block.verdict for block in sheet.blocks] == ["partly", "", ""]


def test_strips_are_placed_by_share_of_their_axis() -> None:
    """71 % (47-87) on an axis of 0 to 100 %: line from 47 to 87, square at 71; the pooled line is a diamond."""
    text = html.render(report())
    assert '<line x1="46.87%" x2="86.72%" y1="8" y2="8"/>' in text
    assert '<svg x="70.59%" y="8" overflow="visible"><rect' in text
    assert '<svg class="pooled" height="16" aria-hidden="true"><svg x="10%" width="70%" y="2"' in text


def test_an_interval_that_leaves_the_axis_gets_an_arrow_and_the_null_line_its_place() -> None:
    rows = tuple(
        {"kind": "study", "label": f"S{i}", "rate": 1.0 + i / 10, "ci_low": 0.8, "ci_high": 1.3 + i / 10}
        for i in range(6)
    )
    wide: Row = {"kind": "study", "label": "Wide", "rate": 1.2, "ci_low": 0.001, "ci_high": 900.0}
    sheet = lay_out(replace(report((*rows, wide)), axis=Axis("log", null=1.0)))
    drawings = [str(line.cells[2].drawing) for line in sheet.blocks[0].lines]
    assert [drawing.count('class="head"') for drawing in drawings] == [0] * 6 + [2]
    assert 0.0 < float(sheet.null) < 1.0


def test_icon_arrays_show_100_people_and_their_number() -> None:
    share = Share("ketamine", 0.604, 0.48, 0.72)
    sheet = lay_out(replace(report(), icons=(Icons("Response", (share,)),)))
    ((title, (group,)),) = sheet.arrays
    assert (title, group.name, group.numbers) == ("Response", "ketamine", "60 of 100 (48–72)")
    with_it, without = re.findall(r' d="(.*?)"', str(group.drawing))
    assert (with_it.count("M"), without.count("M")) == (60, 40)


def test_the_same_report_makes_the_same_bytes() -> None:
    assert html.render(report()) == html.render(report())


def document(**more: object) -> Document:
    chapters = (
        Chapter("first", "First?", "Lead.", (Entry(report(), "ket rates"), Entry(report(), folded=True))),
        Chapter("second", "Second?", "", (Entry(report(()), "ket safety"),), facts=(Fact("Who", "all"),)),
    )
    return Document("All", ("About.",), chapters, **more)  # type: ignore[arg-type]


def test_a_document_lists_its_chapters_and_gives_each_table_its_command() -> None:
    page = Page(html.render_document(document(command="ket report x.html")))
    assert [a["href"] for a in page.attributes("a") if a["href"] in ("#first", "#second")] == ["#first", "#second"]
    ids = [a["id"] for _, a in page.elements if a.get("id")]
    assert {"first", "second", "first-1", "first-2", "second-1"} <= set(ids)
    assert len(ids) == len(set(ids))
    assert page.said("code") == ["ket rates", "ket safety", "ket report x.html"]
    assert page.attributes("nav") == [{"aria-label": "Contents"}]
    assert page.said("h2") == ["Contents", "First?", "Second?"]
    assert len([a for a in page.attributes("details") if a["class"] == "fold"]) == 1


def test_what_names_another_element_names_one_that_exists() -> None:
    """aria-labelledby and links inside the page point to ids that are there."""
    page = Page(html.render_document(document()))
    ids = {a["id"] for _, a in page.elements if a.get("id")}
    named = {a["aria-labelledby"] for _, a in page.elements if a.get("aria-labelledby")}
    named |= {(a["href"] or "")[1:] for a in page.attributes("a") if (a["href"] or "").startswith("#")}
    assert named <= ids


def test_a_date_is_printed_only_when_there_is_one() -> None:
    assert Page(html.render_document(document())).attributes("time") == []
    page = Page(html.render_document(document(date="2026-11-25")))
    assert page.attributes("time") == [{"datetime": "2026-11-25"}]


SVG = """<?xml version="1.0"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="10pt" height="5pt"
 viewBox="0 0 10 5" onload="alert(1)"><metadata><x/></metadata><style>*{fill:red}</style><script>alert(1)</script>
 <defs><clipPath id="p1"><rect width="3" height="3"/></clipPath></defs><foreignObject><p>x</p></foreignObject>
 <g id="axes_1" clip-path="url(#p1)"><text style="fill: #1b1f24">a &lt;b&gt; <tspan>c</tspan> d</text>
 <use xlink:href="#p1" style="fill: #0072b2"/><use xlink:href="https://example.org/x.svg#y"/>
 <rect style="fill: url(https://example.org/x)"/></g></svg>"""


def test_a_picture_keeps_shapes_and_text_and_loses_all_that_runs_or_fetches() -> None:
    text = str(inline(SVG, "c-1-"))
    assert "a &lt;b&gt; <tspan>c</tspan> d" in text
    for lost in ("script", "alert", "style>", "metadata", "foreign", "example.org", 'width="10pt"', "axes_1"):
        assert lost not in text
    assert 'viewBox="0 0 10 5"' in text


def test_pictures_keep_their_ids_apart_and_take_the_colours_of_the_page() -> None:
    text = str(inline(SVG, "c-1-"))
    assert 'id="c-1-p1"' in text
    assert 'clip-path="url(#c-1-p1)"' in text
    assert 'href="#c-1-p1"' in text
    assert "fill: var(--ink)" in text
    assert "fill: light-dark(#0072b2, #07a6ff)" in text


@pytest.mark.parametrize(
    ("colour", "themed"),
    [
        ("#1b1f24", "var(--ink)"),
        ("#FFFFFF", "var(--paper)"),
        ("#f2f4f6", "light-dark(#f2f4f6, #252d35)"),
        ("#444444", "light-dark(#444444, #e6e6e6)"),
        ("#d55e00", "light-dark(#d55e00, #ff7e19)"),
    ],
)
def test_colours_of_pictures_have_a_counterpart_on_dark_paper(colour: str, themed: str) -> None:
    """Named ones follow the page, greys and pale tints change sides, the others become lighter."""
    text = inline(SVG.replace("#0072b2", colour), "x-")
    assert f'style="fill: {themed}"' in text


def test_a_document_puts_pictures_under_their_table() -> None:
    entry = Entry(report(), "ket rates", (Picture(SVG, "Rates <b>"),))
    page = Page(html.render_document(Document("All", (), (Chapter("a", "A", "", (entry,)),))))
    assert page.said("figcaption") == ["Rates <b>"]
    assert [a["viewbox"] for a in page.attributes("svg") if a.get("viewbox") == "0 0 10 5"] == ["0 0 10 5"]


def test_an_estimate_of_several_studies_never_looks_like_one_study() -> None:
    """Without each study in turn, and on the first screen: small diamonds; squares are for studies."""
    study, _, pooled = report().rows
    rows = (study, {**pooled, "kind": "leave-one-out"}, {**pooled, "kind": "headline", "k": 3}, {**study, "k": 1})
    page = html.render(report(rows))
    strips = re.findall(r'<svg(?: class="(\w+)")? height="16"', page)
    assert strips == ["", "estimate", "estimate", ""]
