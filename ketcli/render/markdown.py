"""Markdown: the table people see, for GitHub, Quarto and notebooks, with its notes as a list."""

from __future__ import annotations

import re

from ketcli.render.cells import cell
from ketcli.render.links import page_text, web_address
from ketcli.report import Report
from ketcli.wording import UNICODE, one_line

# What means something to CommonMark, GitHub or Pandoc: markup, entities, mathematics, citations and mentions, emoji
# between colons, and what Pandoc would set as dashes, ellipses and curly quotes (a copied command must still work).
_SPECIAL = re.compile(r"""([\\`*_{}\[\]<>|\#~$&^@"]|-(?=-)|\.(?=\.)|:(?=[\w+-]+:)|(?<![^\W_])'|'(?![^\W_]))""")


def escape(text: str) -> str:
    """Return text that Markdown shows letter by letter: data is never markup."""
    return _SPECIAL.sub(r"\\\1", one_line(text))


def render(report: Report, *, with_sources: bool = False) -> str:
    """Return the report as a pipe table; block headings become a first column."""
    displays = [d for d in report.displays if d.form != "strip"]
    named = {c.name: c.label for c in report.columns}
    labels = [named.get(name, "Group") for name in report.heading] + [d.label for d in displays]
    lines = [f"**{escape(report.title)}**", ""]
    lines += [f"- {escape(fact.label)}: {escape(fact.text)}" for fact in report.facts]
    lines += [""] if report.facts else []
    if report.rows:
        rule = ["---"] * len(report.heading) + ["--:" if d.align == "right" else "---" for d in displays]
        lines += [_line([escape(label) for label in labels]), _line(rule)]
        for row in report.rows:
            heads = [escape(str(row.get(name) or "")) for name in report.heading]
            cells = [escape(cell(d, row, UNICODE)) for d in displays]
            strong = row.get("kind") in report.emphasis
            lines.append(_line(heads + [f"**{c}**" if strong and c else c for c in cells]))
    else:
        lines.append(f"*{escape(report.empty)}*")
    if report.notes:
        lines += ["", *(f"- {escape(note.text)}" for note in report.notes)]
    if with_sources and report.sources:
        lines += ["", "Sources:", *(f"- {escape(s.label)}: {_address(s.url)}" for s in report.sources)]
    return "\n".join(lines) + "\n"


def _address(text: str) -> str:
    """Return an address as a link, or as text when it is none of the web."""
    address = web_address(text)
    return f"<{address}>" if address else escape(page_text(text))


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
