"""Icon arrays: 100 people as ten rows of ten, one square of them per group, the numbers always beneath.

Those with the outcome are filled squares, the others dots: told apart by shape, so neither colour nor a dark or
light background is needed. A share below half of 1 % fills none; its number says what it is.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ketcli.report import Icons, Share
from ketcli.wording import Symbols, limits, one_line, percent

PEOPLE = 100
ROW = 10
HALF = 5
BESIDE = 2
APART = 4
NARROWEST = 20
FILLED, EMPTY = ("■", "·")
FILLED_ASCII, EMPTY_ASCII = ("#", ".")
STYLES = ("bold cyan", "bold yellow")
FAINT = "dim"
Piece = tuple[str, str]


@dataclass(frozen=True)
class Block:
    """One picture: the lines of its heading and of its squares, each a sequence of (text, style)."""

    width: int
    head: tuple[tuple[Piece, ...], ...]
    body: tuple[tuple[Piece, ...], ...]


def draw(pictures: Sequence[Icons], width: int, symbols: Symbols, *, unicode: bool) -> list[list[Piece]]:
    """Return the lines of all pictures, as many side by side as the width holds, each a list of (text, style)."""
    filled, empty = (FILLED, EMPTY) if unicode else (FILLED_ASCII, EMPTY_ASCII)
    blocks = [_block(picture, symbols, filled, empty) for picture in pictures]
    lines: list[list[Piece]] = [[(f"Each square is 100 people: {filled} with it, {empty} without", FAINT)], []]
    for band in _bands(blocks, width):
        deepest = max(len(block.head) for block in band)
        columns = [(*_above(block, deepest), *block.head, *block.body) for block in band]
        for parts in zip(*columns, strict=True):
            line: list[Piece] = []
            for block, part in zip(band, parts, strict=True):
                missing = block.width - sum(len(text) for text, _ in part)
                line += [*part, (" " * (missing + APART), "")]
            lines.append(line)
        lines.append([])
    return lines


def _bands(blocks: Sequence[Block], width: int) -> Iterator[list[Block]]:
    """Yield the blocks that stand side by side; one that is wider than the terminal stands alone."""
    band: list[Block] = []
    used = 0
    for block in blocks:
        if band and used + APART + block.width > width:
            yield band
            band, used = [], 0
        used += (APART if band else 0) + block.width
        band.append(block)
    if band:
        yield band


def _above(block: Block, depth: int) -> tuple[tuple[Piece, ...], ...]:
    """Return the blank lines that bring a short heading down to the pictures."""
    return ((),) * (depth - len(block.head))


def _block(picture: Icons, symbols: Symbols, filled: str, empty: str) -> Block:
    numbers = [_number(share, symbols) for share in picture.shares]
    names = [one_line(share.name) for share in picture.shares]
    square = ROW + ROW // HALF - 1
    widths = [max(square, len(name), len(text)) for name, text in zip(names, numbers, strict=True)]
    words = one_line(picture.title).split()
    width = max(sum(widths) + BESIDE * (len(widths) - 1), NARROWEST, *map(len, words))
    title = textwrap.wrap(" ".join(words), width) or [""]
    rows = [_row(picture.shares, number, widths, filled, empty) for number in range(PEOPLE // ROW)]
    return Block(
        width,
        tuple(((text, "bold"),) for text in title),
        (_beside(names, widths, FAINT), *rows, _beside(numbers, widths, "")),
    )


def _row(shares: Sequence[Share], number: int, widths: Sequence[int], filled: str, empty: str) -> tuple[Piece, ...]:
    """Return one row of ten people of every group, a gap after five so that they can be counted."""
    pieces: list[Piece] = []
    for index, (share, width) in enumerate(zip(shares, widths, strict=True)):
        if index:
            pieces.append((" " * BESIDE, ""))
        with_it = min(max(people(share.rate) - number * ROW, 0), ROW)
        first, second = min(with_it, HALF), max(with_it - HALF, 0)
        style = STYLES[index % len(STYLES)]
        pieces += [
            (filled * first, style),
            (empty * (HALF - first), FAINT),
            (" ", ""),
            (filled * second, style),
            (empty * (HALF - second), FAINT),
            (" " * (width - ROW - 1), ""),
        ]
    return tuple(piece for piece in pieces if piece[0])


def people(rate: float) -> int:
    """Return how many of 100 are filled: the same rounding as the number that is printed."""
    return int(f"{PEOPLE * rate:.0f}")


def _number(share: Share, symbols: Symbols) -> str:
    return f"{percent(share.rate)} ({limits(percent(share.low), percent(share.high), symbols)})"


def _beside(texts: Sequence[str], widths: Sequence[int], style: str) -> tuple[Piece, ...]:
    cells = (text.ljust(width) for text, width in zip(texts, widths, strict=True))
    return (((" " * BESIDE).join(cells), style),)
