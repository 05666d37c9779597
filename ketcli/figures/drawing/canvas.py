"""A page measured in points from its upper left corner, drawn by matplotlib and saved the same way every time."""

from __future__ import annotations

import io
import logging
import math
import re
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Literal
from unicodedata import east_asian_width

import matplotlib
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Polygon, Rectangle
from matplotlib.text import Text
from matplotlib.textpath import text_to_path

from ketcli import __version__
from ketcli.figures.drawing import style

Anchor = Literal["left", "center", "right"]
Point = tuple[float, float]
# Height of a letter x above the baseline, as a share of the size: half of a capital's height centres a line.
HALF_CAPITAL = 0.365
LEADING = 1.32
MISSING_GLYPH = "Glyph .* missing from"
# Fonts with a sign for each script in place of its letters (matplotlib brings one), or with nothing at all.
NO_LETTERS = re.compile(r"\W*(last ?resort|adobe blank|unicode bmp fallback)", re.IGNORECASE)


@contextmanager
def settled() -> Iterator[None]:
    """Draw under the settings of `style`, with missing glyphs left to whatever shows the file.

    A font without a bold face stands in as it is, which matplotlib would tell.
    """
    log = logging.getLogger("matplotlib.font_manager")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        with matplotlib.rc_context(style.settings()), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=MISSING_GLYPH)
            yield
    finally:
        log.setLevel(before)


class Page:
    """A blank page of `width` by `height` points on which pictures are put together."""

    def __init__(self, width: float, height: float, title: str, texts: Iterable[str] = ()) -> None:
        self.width, self.height, self.title = width, height, title
        self.figure = Figure(figsize=(width / 72.0, height / 72.0))
        FigureCanvasAgg(self.figure)
        self._families = families("".join(texts))
        axes: Any = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_axis_off()
        axes.set_xlim(0.0, width)
        axes.set_ylim(height, 0.0)
        self._axes = axes
        self._count = 0

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = style.TEXT,
        bold: bool = False,
        italic: bool = False,
        colour: str = style.INK,
        anchor: Anchor = "left",
        turned: bool = False,
    ) -> None:
        """Put one line of text with its baseline at `y`; data is never read as mathematics."""
        if not text:
            return
        artist = Text(
            x,
            y,
            text,
            fontproperties=font(size, bold=bold, italic=italic, families=self._families),
            color=colour,
            ha=anchor,
            va="baseline",
            rotation=90 if turned else 0,
            rotation_mode="anchor",
            parse_math=False,
            transform=self._axes.transData,
        )
        self._add(artist, None)

    def line(
        self,
        points: Sequence[Point],
        *,
        width: float = 0.8,
        colour: str = style.INK,
        dashes: Sequence[float] = (),
        within: Rectangle | None = None,
    ) -> None:
        """Draw a line through points."""
        xs, ys = zip(*points, strict=True)
        pattern: Any = (0, tuple(dashes)) if dashes else "-"
        artist = Line2D(xs, ys, linewidth=width, color=colour, linestyle=pattern, solid_capstyle="butt")
        self._add(artist, within)

    def area(
        self,
        points: Sequence[Point],
        *,
        fill: str | None = style.INK,
        edge: str | None = None,
        width: float = 0.8,
        opacity: float = 1.0,
        within: Rectangle | None = None,
    ) -> None:
        """Draw a closed shape."""
        shape = Polygon(
            points,
            closed=True,
            facecolor=fill or "none",
            edgecolor=edge or "none",
            linewidth=width if edge else 0.0,
            alpha=opacity if opacity < 1.0 else None,
            joinstyle="miter",
        )
        self._add(shape, within)

    def square(self, x: float, y: float, side: float, *, fill: str | None, edge: str | None = None) -> None:
        """Draw a square around a point."""
        h = side / 2.0
        self.area([(x - h, y - h), (x + h, y - h), (x + h, y + h), (x - h, y + h)], fill=fill, edge=edge)

    def circle(
        self,
        x: float,
        y: float,
        radius: float,
        *,
        fill: str | None,
        edge: str | None = None,
        width: float = 0.8,
        opacity: float = 1.0,
        within: Rectangle | None = None,
    ) -> None:
        """Draw a circle around a point."""
        shape = Circle(
            (x, y), radius, facecolor=fill or "none", edgecolor=edge or "none", linewidth=width if edge else 0.0
        )
        shape.set_alpha(opacity if opacity < 1.0 else None)
        self._add(shape, within)

    def clip(self, left: float, top: float, width: float, height: float) -> Rectangle:
        """Return a window for `within`: nothing is drawn outside it."""
        return Rectangle((left, top), width, height, transform=self._axes.transData)

    def _add(self, artist: Any, within: Rectangle | None) -> None:
        """Put an artist above all that are there: what is drawn later lies on top, whatever its kind."""
        self._count += 1
        artist.set_zorder(self._count)
        self._axes.add_artist(artist)
        if within is not None:
            artist.set_clip_path(within)

    def saved(self, form: str) -> bytes:
        """Return the page as svg, pdf or png: the same bytes for the same picture, without a date."""
        buffer = io.BytesIO()
        program = f"ket {__version__}"
        match form:
            case "svg":
                self.figure.savefig(
                    buffer, format="svg", metadata={"Title": self.title, "Creator": program, "Date": None}
                )
                return _finished(buffer.getvalue().decode("utf-8")).encode("utf-8")
            case "pdf":
                about = {"Title": self.title, "Creator": program, "CreationDate": None}
                self.figure.savefig(buffer, format="pdf", metadata=about)
            case _:
                dpi = min(style.DPI, style.LARGEST_SIDE * 72.0 / max(self.width, self.height))
                about = {"Title": self.title, "Software": program}
                self.figure.savefig(buffer, format="png", dpi=dpi, metadata=about)
        return buffer.getvalue()


def _finished(svg: str) -> str:
    """Name fonts that may stand in, and say to a screen reader that this is one picture."""
    svg = svg.replace(f"'{style.FONT}'", style.STANDS_IN)
    return re.sub(r"<svg ", '<svg role="img" ', svg, count=1)


def font(
    size: float, *, bold: bool = False, italic: bool = False, families: Sequence[str] = (style.FONT,)
) -> FontProperties:
    """Return the font of a text."""
    return FontProperties(
        family=list(families),
        size=size,
        weight="bold" if bold else "normal",
        style="italic" if italic else "normal",
    )


@lru_cache(maxsize=8192)
def width_of(text: str, size: float = style.TEXT, *, bold: bool = False) -> float:
    """Return how wide a line of text is, in points, by the font's own measures."""
    if not text:
        return 0.0
    known = font(size, bold=bold, families=families(text))
    # letters of East Asia that no font here has are as wide as high to whoever has one
    lacking = _unknown_wide(text)
    rest = "".join(c for c in text if c not in lacking)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=MISSING_GLYPH)
        width, _, _ = text_to_path.get_text_width_height_descent(rest, known, ismath=False)
    return float(width) + size * (len(text) - len(rest))


def _unknown_wide(text: str) -> set[str]:
    """Return the wide letters of a text that no font here has."""
    wide = {c for c in text if ord(c) > 126 and east_asian_width(c) in "WF"}
    held = set[int]().union(*(_letters(font_manager.findfont(name)) for name in families(text))) if wide else set()
    return {c for c in wide if ord(c) not in held}


def wrap(text: str, width: float, size: float = style.TEXT, *, bold: bool = False) -> list[str]:
    """Return text in lines no wider than `width` points; a word that is wider is broken, nothing is cut."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if width_of(longer, size, bold=bold) <= width:
            line = longer
            continue
        lines += [line] if line else []
        *full, line = _pieces(word, width, size, bold=bold)
        lines += full
    return [*lines, line] if line or not lines else lines


def _pieces(word: str, width: float, size: float, *, bold: bool) -> list[str]:
    """Break a word that is wider than the line, after a hyphen or slash when one is near."""
    pieces: list[str] = []
    while width_of(word, size, bold=bold) > width and len(word) > 1:
        parts = range(1, len(word))
        end = max(1, bisect_right(parts, width, key=lambda i: width_of(word[:i], size, bold=bold)))
        soft = max(word.rfind("-", 0, end), word.rfind("/", 0, end)) + 1
        end = soft if soft > end // 2 else end
        pieces.append(word[:end])
        word = word[end:]
    return [*pieces, word]


def baseline(middle: float, size: float) -> float:
    """Return the baseline of a line of text whose capitals are centred on `middle`."""
    return middle + HALF_CAPITAL * size


@lru_cache(maxsize=64)
def families(text: str) -> tuple[str, ...]:
    """Return the fonts for a text: matplotlib's own, and installed ones for the letters that it lacks.

    Of several the one with most of the letters comes first, one without serifs before others.
    """
    missing = _beyond_own(text)
    found = [style.FONT]
    while missing:
        best = max(
            _installed(),
            key=lambda other: (len(missing & _letters(other[1])), "Sans" in other[0]),
            default=("", ""),
        )
        if not missing & _letters(best[1]):
            break
        missing -= _letters(best[1])
        found.append(best[0])
    return tuple(found)


def _beyond_own(text: str) -> set[int]:
    """Return the letters of a text that matplotlib's own font lacks."""
    return {ord(c) for c in text if ord(c) > 126} - _letters(font_manager.findfont(style.FONT))


@lru_cache(maxsize=1)
def _installed() -> tuple[tuple[str, str], ...]:
    """Return name and file of every upright font, those included that were installed after matplotlib last looked.

    Fonts that hold a sign for each script in place of its letters are none.
    """
    known = {entry.fname for entry in font_manager.fontManager.ttflist}
    for path in sorted(set(font_manager.findSystemFonts()) - known):
        try:
            font_manager.fontManager.addfont(path)
        except (OSError, RuntimeError, ValueError, NotImplementedError):
            continue  # broken, or of pixels alone
    upright = {(e.name, e.fname) for e in font_manager.fontManager.ttflist if e.style == "normal"}
    return tuple(sorted(pair for pair in upright if not NO_LETTERS.match(pair[0])))


@lru_cache(maxsize=512)
def _letters(path: str) -> frozenset[int]:
    try:
        return frozenset(FT2Font(path).get_charmap())
    except (OSError, RuntimeError):
        return frozenset()


def side_of(share: float, largest: float, smallest: float) -> float:
    """Return the side (or radius) of a mark whose area is in proportion to `share`, 0-1."""
    return max(largest * math.sqrt(max(share, 0.0)), smallest)
