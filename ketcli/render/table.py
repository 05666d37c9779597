"""Tables on a terminal, by rich: fitted to the width, nothing cut, the least important columns go first."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ketcli.render import icons, strip
from ketcli.render.cells import cell
from ketcli.render.links import page_text
from ketcli.report import Display, Report
from ketcli.terminal import Terminal
from ketcli.wording import ASCII, UNICODE, Symbols, one_line, plain

TEXT_FORMS = ("text", "text-at")
Say = Callable[[str], str]  # a text on one line, in ASCII where nothing else can be shown
GAP = 2
NARROWEST_TEXT = 14
LONGEST_WORD = 28
# The label of a pooled line stays on one line when it is no longer: the eye looks for it.
LONGEST_STRONG = 20
STRIP_WIDTH = 25
NARROWEST_STRIP = 17
UNBREAKABLE = 10_000
# nobody reads on: of a table with more rows the first are shown, and all those of a rarer kind: pooled lines
MOST_ROWS = 2_000


def render(report: Report, terminal: Terminal, *, with_sources: bool = False) -> str:
    """Return the whole report as text for this terminal."""
    symbols, say = (UNICODE, one_line) if terminal.unicode else (ASCII, _plain_line)
    console = _console(terminal)
    _print(console, Text(say(report.title), style="bold"))
    for fact in report.facts:
        _print(console, Text.assemble((f"{say(fact.label)}: ", "dim"), say(fact.text)))
    if report.icons:
        console.print()
        for line in icons.draw(report.icons, terminal.width, symbols, unicode=terminal.unicode):
            _print(console, Text.assemble(*line))
    report, cut = _shortened(report)
    if report.rows:
        if not report.icons:
            console.print()
        dropped = _print_blocks(console, report, terminal, symbols, say)
    else:
        _print(console, Text(say(report.empty)))
        dropped = []
    _print_notes(console, report, [*cut, *_narrowed(dropped)], say)
    if with_sources and report.sources:
        _print_sources(console, report, say)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    lines = "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
    return lines if terminal.unicode else plain(lines)


def _shortened(report: Report) -> tuple[Report, list[str]]:
    """Return a report with no more rows than anybody reads, and what is to be said of the rest."""
    if len(report.rows) <= MOST_ROWS:
        return report, []
    first, more = report.rows[:MOST_ROWS], report.rows[MOST_ROWS:]
    ordinary = Counter(row.get("kind") for row in report.rows).most_common(1)[0][0]
    others = [row for row in more if row.get("kind") != ordinary]
    said = f"Not shown: {len(more) - len(others):,} rows after the first {MOST_ROWS:,}; --csv has everything."
    return replace(report, rows=(*first, *others)), [said]


def _narrowed(dropped: Sequence[str]) -> list[str]:
    """Return what is to be said of columns for which there was no room."""
    names = ", ".join(label for label in dropped if label)
    return [f"Not shown at this width: {names}; --csv has everything."] if dropped else []


def _plain_line(text: str) -> str:
    """Return a line in ASCII before it is laid out: what stands in for a letter may be wider than it."""
    return plain(one_line(text))


def _console(terminal: Terminal) -> Console:
    """Make a console that takes data literally; TERM=dumb would otherwise ignore the width."""
    return Console(
        file=io.StringIO(),
        width=terminal.width,
        height=terminal.height,
        force_terminal=terminal.colour,
        no_color=not terminal.colour,
        color_system="standard" if terminal.colour else None,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
        soft_wrap=False,
    )


def _print(console: Console, text: Text) -> None:
    console.print(text, overflow="fold")


def _print_blocks(console: Console, report: Report, terminal: Terminal, symbols: Symbols, say: Say) -> list[str]:
    """Print the rows block by block under common column widths; return the labels of dropped columns."""
    report = replace(report, displays=tuple(replace(d, label=say(d.label)) for d in report.displays))
    filled = {d: [say(cell(d, row, symbols)) for row in report.rows] for d in report.displays}
    strong = [row.get("kind") in report.emphasis for row in report.rows]
    shown = {d: c for d, c in filled.items() if any(c) or _drawn(d, report)}
    widths, dropped = _fit(shown, strong, terminal.width)
    for display in (d for d in widths if d.form == "strip"):
        filled[display] = _strips(report, display, widths[display], unicode=terminal.unicode)
    heads = {d: _head(report, d, width) for d, width in widths.items()}
    table = _empty_table(widths, heads)
    for index, block in enumerate(_blocks(report)):
        heading = ", ".join(say(str(report.rows[block[0]].get(n) or "")) for n in report.heading)
        if index:
            console.print()
        if heading.strip(", "):
            if index == 0:
                console.print(table)  # the header row alone, above the first heading
                table = _empty_table(widths)
            _print(console, Text(heading, style="bold cyan"))
        for i in block:
            table.add_row(*(Text(filled[d][i]) for d in widths), style="bold" if strong[i] else "")
        console.print(table)
        table = _empty_table(widths)
    return dropped


def _head(report: Report, display: Display, width: int) -> str:
    """Return the heading of a column: its label, or the axis of a wide strip."""
    if display.form == "strip" and display.width:
        return strip.ticks(strip.fit_scale(report, display, width), report.axis)
    return display.label


def _blocks(report: Report) -> list[list[int]]:
    """Return the row numbers of each block: a new one wherever the `group_by` values change."""
    keys = [tuple(row.get(name) for name in report.group_by) for row in report.rows]
    return [list(numbers) for _, numbers in groupby(range(len(keys)), key=keys.__getitem__)]


def _drawn(display: Display, report: Report) -> bool:
    """Return True for a strip with anything to draw."""
    return display.form == "strip" and any(row.get(name) is not None for row in report.rows for name in display.of)


def _strips(report: Report, display: Display, width: int, *, unicode: bool) -> list[str]:
    scale = strip.fit_scale(report, display, width)
    return [
        strip.draw(row, display, scale, report.axis, strong=row.get("kind") in report.emphasis, unicode=unicode)
        for row in report.rows
    ]


def _empty_table(widths: Mapping[Display, int], heads: Mapping[Display, str] | None = None) -> Table:
    table = Table(box=None, padding=(0, GAP, 0, 0), show_header=bool(heads), header_style="dim", pad_edge=False)
    for display, width in widths.items():
        head = Text((heads or {}).get(display, ""))
        table.add_column(head, justify=display.align, width=width, overflow="fold")
    return table


def _fit(
    filled: Mapping[Display, Sequence[str]], strong: Sequence[bool], width: int
) -> tuple[dict[Display, int], list[str]]:
    """Choose columns and widths: drop the highest rank until the rest fits, wrapping text if need be.

    Short labels of `strong` rows stay whole.
    """
    chosen = list(filled)
    natural = {d: d.width or STRIP_WIDTH if d.form == "strip" else _widest(d, cells) for d, cells in filled.items()}
    narrowest = {d: _narrowest(d, cells) for d, cells in filled.items()}
    if filled and chosen[0].form in TEXT_FORMS:
        labels = [cell_len(text) for text, on in zip(filled[chosen[0]], strong, strict=True) if on]
        kept = max((label for label in labels if label <= LONGEST_STRONG), default=0)
        narrowest[chosen[0]] = max(narrowest[chosen[0]], kept)
    dropped: list[str] = []
    while True:
        least = {d: min(natural[d], narrowest[d]) for d in chosen}
        room = width - GAP * (len(chosen) - 1)
        droppable = [d for d in chosen if d.rank > 0]
        if sum(least.values()) <= room:
            return _share(least, natural, room), dropped[::-1]
        if not droppable:  # long words break before a column that must stay is lost
            least = {d: min(w, NARROWEST_TEXT) if d.form in TEXT_FORMS else w for d, w in least.items()}
            return _share(least, natural, room), dropped[::-1]
        worst = max(droppable, key=lambda d: (d.rank, chosen.index(d)))
        chosen.remove(worst)
        dropped.append(worst.label)


def _widest(display: Display, cells: Sequence[str]) -> int:
    return max(cell_len(display.label), *map(cell_len, cells))


def _narrowest(display: Display, cells: Sequence[str]) -> int:
    """Return how far a column can shrink: text wraps between words, strips are redrawn, numbers never break."""
    match display.form:
        case "text" | "text-at":
            words = [cell_len(word) for text in cells for word in text.split()]
            # in a column that stays a longer word is broken anyway: it must not take the place of another column
            told = [min(word, LONGEST_WORD) for word in words if display.rank or word <= LONGEST_WORD]
            return max([NARROWEST_TEXT, *told])
        case "strip":
            return max(NARROWEST_STRIP, display.width // 2)
        case _:
            return UNBREAKABLE


def _share(least: Mapping[Display, int], natural: Mapping[Display, int], room: int) -> dict[Display, int]:
    """Give every column its least width, then spread what is left over the columns that wrap."""
    widths = dict(least)
    for _ in range(room - sum(widths.values())):
        short = [d for d in widths if widths[d] < natural[d]]
        if not short:
            break
        widths[max(short, key=lambda d: natural[d] - widths[d])] += 1
    return widths


def _print_notes(console: Console, report: Report, more: Sequence[str], say: Say) -> None:
    texts = [*((note.kind, note.text) for note in report.notes), *(("selection", text) for text in more)]
    if not texts:
        return
    console.print()
    for kind, text in texts:
        style = "yellow" if kind == "caution" else "dim"
        table = Table(box=None, show_header=False, padding=0, pad_edge=False)
        table.add_column(width=2)
        table.add_column(overflow="fold")
        table.add_row(Text("! " if kind == "caution" else "- ", style=style), Text(say(text), style=style))
        console.print(table)


def _print_sources(console: Console, report: Report, say: Say) -> None:
    console.print()
    _print(console, Text("Sources", style="bold"))
    for source in report.sources:
        _print(console, Text(f"{say(source.label)}: {say(page_text(source.url))}"))
