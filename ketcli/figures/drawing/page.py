"""One page from its parts: title, sections one below another, small print; as high as they need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ketcli.figures.drawing import style
from ketcli.figures.drawing.canvas import Page
from ketcli.figures.drawing.lettering import LEADING, wrap

BETWEEN_SECTIONS = 14.0
BETWEEN_NOTES = 1.8
ABOVE_NOTES = 8.0
NARROW = 440.0


@dataclass(frozen=True)
class Section:
    """A part of a page: its width with both margins, its height, and what draws it below a given height."""

    width: float
    height: float
    draw: Callable[[Page, float], None]
    texts: tuple[str, ...] = ()


def sentence(text: str) -> Section:
    """Return a section of one sentence, for an answer without rows."""
    lines = wrap(text, NARROW - 2 * style.MARGIN)

    def draw(page: Page, top: float) -> None:
        for i, line in enumerate(lines):
            page.text(style.MARGIN, top + (i + 1) * style.TEXT * LEADING, line)

    return Section(NARROW, (len(lines) + 0.5) * style.TEXT * LEADING, draw, (text,))


def compose(title: str, sections: Sequence[Section], footnotes: Sequence[str]) -> Page:
    """Return the page that holds the sections; it is as wide as the widest, and titles and notes wrap to that."""
    width = max(section.width for section in sections)
    room = width - 2 * style.MARGIN
    heads = wrap(title, room, style.TITLE, bold=True)
    notes = [wrap(note, room, style.TINY) for note in footnotes if note]
    head = style.MARGIN + len(heads) * style.TITLE * LEADING + 4.0
    body = sum(section.height for section in sections) + BETWEEN_SECTIONS * (len(sections) - 1)
    foot = ABOVE_NOTES + sum(len(note) * style.TINY * LEADING + BETWEEN_NOTES for note in notes)
    texts = (title, *footnotes, *(text for section in sections for text in section.texts))
    page = Page(width, head + body + foot + style.MARGIN, title, texts)
    for i, words in enumerate(heads):
        y = style.MARGIN + (i + 0.8) * style.TITLE * LEADING
        page.text(style.MARGIN, y, words, size=style.TITLE, bold=True)
    top = head
    for section in sections:
        section.draw(page, top)
        top += section.height + BETWEEN_SECTIONS
    y = head + body + ABOVE_NOTES
    for note in notes:
        for line in note:
            page.text(style.MARGIN, y + style.TINY, line, size=style.TINY, colour=style.MUTED)
            y += style.TINY * LEADING
        y += BETWEEN_NOTES
    return page
