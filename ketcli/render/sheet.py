"""A report as a page shows it: columns that give way on narrow screens, cells with what they sort by, drawings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from markupsafe import Markup

from ketcli.render import vector
from ketcli.render.cells import cell
from ketcli.render.links import page_text, web_address
from ketcli.render.marks import made_of_several
from ketcli.render.ruler import Ruler, fitted, linear_ruler, ruler_of
from ketcli.report import Axis, Display, Fact, Report, Row, Share, Value
from ketcli.wording import UNICODE, limits, one_line, percent

TEXT_FORMS = ("text", "text-at")
NAME = ("label",)
# Forms written as an estimate with its limits in brackets: the two are set apart.
BRACKETED = ("percent-interval", "points-interval", "number-interval", "ratio-interval", "needed")
# Widths in letters by which a page decides which columns fit.
STRIP_WIDTH, WIDEST_TEXT, GAP, STEP = 20, 26, 2.4, 4
# What the style sheet gives the first column and other texts at least.
LEAST_FIRST, LEAST_TEXT = 18, 10
# Letters of a text are on average so wide, a digit being 1.
LETTER = 0.92
# Rows that stay behind the studies of their block however those are sorted.
FOLLOWING = ("pooled", "prediction", "alternative", "subgroup", "test", "incidence")
# Verdicts that a page marks with a sign of their own.
VERDICTS = ("supported", "partly", "unsupported", "contradicted")
FAINT = ("prediction", "alternative", "left-out")


@dataclass(frozen=True)
class Head:
    """A column's heading: label, its class, and the axis of a strip with its two sides.

    `need` is the width in letters from which it is shown, 0 always; a strip does not sort.
    """

    label: str
    css: str
    need: int = 0
    axis: Markup | None = None
    sides: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Cell:
    """A cell: its text and the width it is set in, the interval behind it, what it sorts by, its drawing."""

    text: str
    rest: str = ""
    pad: int = 0
    sort: str = ""
    drawing: Markup | None = None


@dataclass(frozen=True)
class Line:
    """A row: its cells, the page its numbers come from, its class, and whether sorting leaves it in its place."""

    cells: tuple[Cell, ...]
    url: str
    css: str
    stays: bool


@dataclass(frozen=True)
class Block:
    """Rows under one heading, marked by the verdict on it if there is one."""

    heading: str
    lines: tuple[Line, ...]
    verdict: str = ""


@dataclass(frozen=True)
class Group:
    """One group of an icon array: its name, its numbers in words, the drawing."""

    name: str
    numbers: str
    drawing: Markup


@dataclass(frozen=True)
class Link:
    """A source: its label, its address as text, and the address itself where a reader may follow it."""

    label: str
    text: str
    url: str


@dataclass(frozen=True)
class Sheet:
    """A table with everything around it, ready for a template."""

    title: str
    facts: tuple[Fact, ...]
    arrays: tuple[tuple[str, tuple[Group, ...]], ...]
    heads: tuple[Head, ...]
    blocks: tuple[Block, ...]
    cautions: tuple[str, ...]
    notes: tuple[str, ...]
    sources: tuple[Link, ...]
    empty: str
    null: str  # where the null line of the strips stands, 0 to 1; "" for none
    widest: int  # letters that all columns need side by side
    linked: int  # the column whose cells lead to their source: that of the study's name, or the first

    @property
    def rows(self) -> int:
        """Return the number of rows."""
        return sum(len(block.lines) for block in self.blocks)


def lay_out(report: Report) -> Sheet:
    """Return the report as a sheet; columns without anything to show are left out."""
    filled = _filled(report)
    rulers = {d: _ruler(report, d) for d in filled if d.form == "strip"}
    needs, widest = _needs(filled)
    null = None if report.axis is None else report.axis.null
    ruler = next(iter(rulers.values()), None)
    return Sheet(
        title=one_line(report.title),
        facts=tuple(Fact(one_line(f.label), one_line(f.text)) for f in report.facts),
        arrays=tuple((one_line(i.title), tuple(map(_group, i.shares))) for i in report.icons),
        heads=tuple(_head(report, d, needs[d], rulers.get(d)) for d in filled) if report.rows else (),
        blocks=_blocks(report, [_column(report, d, texts, rulers.get(d)) for d, texts in filled.items()]),
        cautions=tuple(one_line(n.text) for n in report.notes if n.kind == "caution"),
        notes=tuple(one_line(n.text) for n in report.notes if n.kind != "caution"),
        sources=tuple(Link(one_line(s.label), page_text(s.url), web_address(s.url)) for s in report.sources),
        empty=one_line(report.empty),
        null="" if ruler is None or null is None else f"{ruler.clipped(null):.4g}",
        widest=widest,
        linked=next((i for i, d in enumerate(filled) if d.of == NAME), 0),
    )


def _filled(report: Report) -> dict[Display, list[str]]:
    """Return the texts of every column that has anything to show."""
    texts = {d: [cell(d, row, UNICODE) for row in report.rows] for d in report.displays}
    drawn = {d for d in texts if d.form == "strip" and any(_drawable(d, row) for row in report.rows)}
    return {d: cells for d, cells in texts.items() if any(cells) or d in drawn}


def _drawable(display: Display, row: Row) -> bool:
    return any(_number(row.get(name)) is not None for name in display.of[:3])


def _needs(filled: Mapping[Display, Sequence[str]]) -> tuple[dict[Display, int], int]:
    """Return from which width in letters each column is shown: all that matter more must fit beside it."""
    needs: dict[Display, int] = {}
    used = 0.0
    first = next(iter(filled), None)
    for display in sorted(filled, key=lambda d: d.rank):
        used += _width(display, filled[display], LEAST_FIRST if display is first else LEAST_TEXT) + GAP
        needs[display] = STEP * math.ceil(used / STEP) if display.rank else 0
    return needs, STEP * math.ceil(used / STEP)


def _width(display: Display, texts: Sequence[str], least: int) -> int:
    """Return the width of a column in digits; `least` is that of one with texts."""
    if display.form == "strip":
        return STRIP_WIDTH
    heading = max((len(word) for word in display.label.split()), default=0)
    natural = max([heading, *map(len, texts)])
    return min(max(math.ceil(LETTER * natural), least), WIDEST_TEXT) if display.form in TEXT_FORMS else natural


def _ruler(report: Report, display: Display) -> Ruler:
    """Return the axis of the strips: every estimate and pooled line is on it, not every interval need be."""
    axis = report.axis or Axis()
    if any(d.form == "points-interval" and d.of[:3] == display.of[:3] for d in report.displays):
        axis = replace(axis, factor=100.0)
    if axis.scale == "percent":
        return linear_ruler(0.0, 1.0, wanted=4, factor=100.0)
    rows = ((*_values(display, row), row.get("kind") in report.emphasis) for row in report.rows)
    return ruler_of(fitted(axis, rows))


def _head(report: Report, display: Display, need: int, ruler: Ruler | None) -> Head:
    narrow = f"c{need}" if need else ""
    label = one_line(display.label)
    if ruler is not None:
        own = report.axis or Axis()
        sides = (one_line(own.left), one_line(own.right))
        return Head(label, f"strip {narrow}".strip(), need, vector.axis(ruler, own.null), sides)
    form = "words" if display.form in TEXT_FORMS else "number"
    side = "right" if display.align == "right" else ""
    # names of studies are the reader's own and may be one endless word
    named = "named" if display.of == NAME else ""
    return Head(label, " ".join(filter(None, (form, side, named, narrow))), need)


def _column(report: Report, display: Display, texts: Sequence[str], ruler: Ruler | None) -> list[Cell]:
    """Return the cells of one column, estimates of bracketed intervals set in a common width."""
    if ruler is not None:
        return [Cell("", drawing=mark) for mark in _strips(report, display, ruler)]
    sorts = [_sort(display, row) for row in report.rows]
    if display.form not in BRACKETED:
        return [Cell(text, sort=key) for text, key in zip(texts, sorts, strict=True)]
    split = [_split(display, text) for text in texts]
    pad = max((len(text) for text, _ in split), default=0)
    return [Cell(text, rest, pad, key) for (text, rest), key in zip(split, sorts, strict=True)]


def _split(display: Display, text: str) -> tuple[str, str]:
    """Return the estimate and what stands behind it: its limits in brackets, limits alone, words in its place."""
    head, bracket, tail = text.partition(" (")
    if bracket:
        return head, f"({tail}"
    behind = display.form == "needed" or UNICODE.dash in head or " to " in head
    return ("", head) if behind else (head, "")


def _sort(display: Display, row: Row) -> str:
    """Return what a cell sorts by, a number where it shows one; "" sorts last."""
    if display.only and row.get("kind") not in display.only:
        return ""
    names = display.of[1:] if display.form == "effect" else display.of
    value = row.get(names[0]) if names else None
    if display.form == "fraction":
        events, total = (_number(row.get(name)) for name in (*names, "")[:2])
        value = events / total if events is not None and total else value
    number = _number(value)
    if number is not None:
        return f"{number:.12g}"
    return "" if value is None else one_line(str(value)).casefold()


def _strips(report: Report, display: Display, ruler: Ruler) -> list[Markup]:
    """Return the strip of every row; in a block a study's square has the area of its weight, or of its people."""
    sizes = [_number(row.get("weight")) or _people(row) for row in report.rows]
    largest: dict[tuple[Value, ...], float] = {}
    keys = [tuple(row.get(name) for name in report.group_by) for row in report.rows]
    for key, size, row in zip(keys, sizes, report.rows, strict=True):
        if row.get("kind") not in FOLLOWING:
            largest[key] = max(largest.get(key, 0.0), size)
    strips = []
    for key, size, row in zip(keys, sizes, report.rows, strict=True):
        share = min(size / largest[key], 1.0) if largest.get(key) else 0.5
        strips.append(vector.strip(vector.Mark(*_values(display, row), _shape(report, row), share), ruler))
    return strips


def _shape(report: Report, row: Row) -> vector.Shape:
    """Return the sign of a row: a diamond for what is pooled, a square for a study."""
    kind = row.get("kind")
    if kind in report.emphasis:
        return "pooled"
    return "other" if kind == "alternative" else "estimate" if made_of_several(row) else "study"


def _people(row: Row) -> float:
    return sum(_number(row.get(name)) or 0.0 for name in ("total", "control_total"))


def _values(display: Display, row: Row) -> tuple[float | None, float | None, float | None]:
    estimate, low, high = (_number(row.get(name)) for name in (*display.of, "", "")[:3])
    return estimate, low, high


def _number(value: Value) -> float | None:
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None


def _blocks(report: Report, columns: Sequence[Sequence[Cell]]) -> tuple[Block, ...]:
    """Return the rows block by block, a new one wherever the `group_by` values change."""
    blocks = []
    numbered = list(enumerate(report.rows))
    for _, group in groupby(numbered, key=lambda pair: tuple(pair[1].get(name) for name in report.group_by)):
        members = list(group)
        heading = ", ".join(filter(None, (one_line(str(members[0][1].get(n) or "")) for n in report.heading)))
        studies = any(row.get("kind") not in FOLLOWING for _, row in members)
        lines = tuple(_line(report, row, [c[i] for c in columns], studies=studies) for i, row in members)
        verdict = str(members[0][1].get("verdict") or "")
        blocks.append(Block(heading, lines, verdict if verdict in VERDICTS else ""))
    return tuple(blocks)


def _line(report: Report, row: Row, cells: Sequence[Cell], *, studies: bool) -> Line:
    kind = row.get("kind")
    css = "strong" if kind in report.emphasis else "faint" if kind in FAINT else ""
    return Line(tuple(cells), web_address(str(row.get("source_url") or "")), css, studies and kind in FOLLOWING)


def _group(share: Share) -> Group:
    ends = limits(percent(share.low), percent(share.high), UNICODE)
    return Group(one_line(share.name), f"{percent(share.rate)} of 100 ({ends})", vector.icon_array(share.rate))
