"""Markdown as GitHub, Quarto and notebooks read it: cells letter by letter, the table whole, commands intact."""

from __future__ import annotations

from dataclasses import replace
from html import unescape

import pytest
from markdown_it import MarkdownIt

from ketcli.render import markdown
from ketcli.report import Source
from ketcli.wording import one_line
from tests.render.fixtures import HOSTILE, report

CELLS = (
    *HOSTILE,
    *("a^2^ b~x~ $x$", "--left-out ... 'q' \"d\"", "&copy; &lt;b&gt;", "@smith2020 [@x]", "1. not a list", "# no"),
    *("a | b", "x*y*z _u_ __v__", "`code` ``", "![x](y)", "<https://x.y>", "\\", "a\\", "{{< x >}}", "word---word"),
    *("^[foot]", "==hi==", "don't", "Egger's", "-0.5", "p < 0.05, I² 0 %"),
)


def first_cells(text: str) -> list[str]:
    """Return what a reader sees in the first cell of every row, by a parser of CommonMark with GitHub's tables."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    cells = [tokens[i + 1] for i, token in enumerate(tokens) if token.type == "td_open"]
    starts = [tokens[i + 2] for i, token in enumerate(tokens) if token.type == "tr_open"][1:]
    return ["".join(child.content for child in cell.children or ()) for cell in cells if cell in starts]


def test_every_cell_is_shown_letter_by_letter() -> None:
    rows = tuple({**report().rows[0], "label": cell} for cell in CELLS)
    assert first_cells(markdown.render(report(rows))) == [one_line(cell) for cell in CELLS]


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("--left-out", r"\--left-out"),
        ("a---b", r"a\-\--b"),
        ("...", r"\.\.."),
        ('--event "x"', r"\--event \"x\""),
        ("'x' don't", r"\'x\' don't"),
        ("1:100:2", r"1\:100:2"),
        ("09:30", "09:30"),
        ("x@y a^2^", r"x\@y a\^2\^"),
        ("&copy;", r"\&copy;"),
    ],
)
def test_what_pandoc_and_github_would_change_is_escaped(text: str, escaped: str) -> None:
    """Dashes, ellipses, quotes, emoji, citations and entities: a command pasted from the page must still work."""
    assert markdown.escape(text) == escaped
    assert MarkdownIt("commonmark").renderInline(escaped) == MarkdownIt("zero").renderInline(text)


@pytest.mark.parametrize("address", ["javascript:alert(1)", "https://example.org/<b>", "no page"])
def test_only_web_addresses_become_links(address: str) -> None:
    text = markdown.render(replace(report(), sources=(Source("x", "X", address),)), with_sources=True)
    html = MarkdownIt("commonmark").enable("table").render(text)
    assert "<a " not in html
    assert f"X: {address}" in unescape(html)
