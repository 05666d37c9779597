"""Letters in pictures: which font has them, how wide a text is, where its lines break, where its baseline lies."""

from __future__ import annotations

import re
import warnings
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from unicodedata import east_asian_width

from matplotlib import font_manager
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font
from matplotlib.textpath import text_to_path

from ketcli.figures.drawing import style

# Height of a letter x above the baseline, as a share of the size: half of a capital's height centres a line.
HALF_CAPITAL = 0.365
LEADING = 1.32
MISSING_GLYPH = "Glyph .* missing from"
# Fonts with a sign for each script in place of its letters (matplotlib brings one), or with nothing at all.
NO_LETTERS = re.compile(r"\W*(last ?resort|adobe blank|unicode bmp fallback)", re.IGNORECASE)


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
