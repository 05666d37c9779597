"""How pictures look: sizes in points, colours that differ in grey too, and matplotlib's settings for them."""

from __future__ import annotations

from typing import Any

FONT = "DejaVu Sans"  # comes with matplotlib, so that widths are the same everywhere
# What a browser without that font may take: none of them is wider, so columns stay apart.
STANDS_IN = "'DejaVu Sans', Verdana, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"

TEXT, SMALL, TINY, TITLE = 7.5, 6.75, 6.0, 10.0
MARGIN = 14.0

INK = "#1b1f24"
MUTED = "#59636e"
RULE = "#b7bec6"
FAINT = "#e6e9ed"
STUDY = "#5b93c7"  # mid blue: a black interval stays visible on it, in grey too
POOLED = "#b5442c"
SUBGROUP = "#e3a08d"
BAND = "#f3dcd5"
PAPER = "#ffffff"
# Okabe and Ito (2008), dark enough for lines on white, in an order whose neighbours differ in lightness.
SERIES = ("#0072b2", "#d55e00", "#009e73", "#aa4499", "#444444", "#b8860b", "#56b4e9")
DASHES: tuple[tuple[float, ...], ...] = ((), (5, 2), (1.5, 1.5), (6, 2, 1.5, 2), (3, 1), (8, 2), (1, 2))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

DPI = 200
# Settings that are about windows and programs, not about looks; to touch them can start a graphical toolkit.
NO_STYLE = (
    "backend",
    "date.epoch",
    "docstring",
    "figure.max_open",
    "figure.raise",
    "interactive",
    "savefig.directory",
    "timezone",
    "tk.",
    "toolbar",
    "webagg",
)
LARGEST_SIDE = 30_000  # pixels; Agg refuses 65 536


def settings() -> Any:
    """Return matplotlib's settings: its own defaults, whatever the user's file says, and what a paper needs."""
    import matplotlib

    own: dict[Any, Any] = {k: v for k, v in matplotlib.rcParamsDefault.items() if not k.startswith(NO_STYLE)}
    return own | {
        "font.family": [FONT],
        "svg.fonttype": "none",
        "svg.hashsalt": "ket",
        "pdf.fonttype": 42,
        "text.parse_math": False,
        "text.hinting": "none",  # hinted letters are wider than the font says, and lines were wrapped by the font
        "figure.facecolor": PAPER,
        "savefig.facecolor": PAPER,
        "savefig.dpi": DPI,
    }
