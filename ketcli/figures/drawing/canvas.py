"""A page measured in points from its upper left corner, drawn by matplotlib and saved the same way every time."""

from __future__ import annotations

import io
import logging
import math
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Polygon, Rectangle
from matplotlib.text import Text

from ketcli import __version__
from ketcli.figures.drawing import style
from ketcli.figures.drawing.lettering import MISSING_GLYPH, families, font

Anchor = Literal["left", "center", "right"]
Point = tuple[float, float]


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


def side_of(share: float, largest: float, smallest: float) -> float:
    """Return the side (or radius) of a mark whose area is in proportion to `share`, 0-1."""
    return max(largest * math.sqrt(max(share, 0.0)), smallest)
