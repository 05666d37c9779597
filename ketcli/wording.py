"""Numbers and text as people read them: the one place where values are rounded and text is made harmless."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from ketcli.report import Value

# C0 and C1 controls, delete, and the bidirectional overrides and isolates that reorder what is read
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True)
class Symbols:
    """The few characters beyond ASCII that output uses, and what stands in for them."""

    dash: str = "–"
    minus: str = "−"
    diamond: str = "◆"
    missing: str = "·"
    ellipsis: str = "…"


# from here on a number is written with its exponent: its digits would fill the line and say nothing
ENDLESS = 1e7
UNICODE = Symbols()
ASCII = Symbols(dash="-", minus="-", diamond="*", missing="-", ellipsis="...")

_PLAIN = str.maketrans(
    {"–": "-", "−": "-", "²": "2", "τ": "tau", "·": "-", "…": "...", "≥": ">=", "≤": "<=", "×": "x"}
)


# How an effect measure is written: the name before the number ("" for none), the form of the number, decimals.
_EFFECTS = {
    "rate": ("", "percent", 0),
    "rd": ("RD", "points", 0),
    "md": ("MD", "number", 1),
    "smd": ("SMD", "number", 2),
    "rr": ("RR", "ratio", 2),
    "or": ("OR", "ratio", 2),
    "hr": ("HR", "ratio", 2),
    "nnt": ("NNT", "number", 1),
    "beta": ("slope", "number", 2),
    "beta-standardised": ("std slope", "number", 2),
    "f-statistic": ("F", "number", 2),
    "t-statistic": ("t", "number", 2),
    "chi2-statistic": ("chi²", "number", 2),
    "q-statistic": ("Q", "number", 2),
    "mean-change": ("", "number", 1),
    "mean-percent-change": ("mean %", "number", 1),
    "median-days": ("median d", "number", 0),
    "smd-pre-post": ("SMC", "number", 2),
    "sensitivity": ("sensitivity", "number", 2),
    "sensitivity-lower-bound": ("sensitivity ≥", "number", 2),
    "auc": ("AUC", "number", 2),
    "accuracy": ("accuracy", "number", 2),
    "difference": ("", "number", 1),
    "rd-difference": ("", "points", 0),
    "smd-difference": ("", "number", 2),
    "ratio": ("ratio", "ratio", 2),
    "bare-ratio": ("", "ratio", 2),
    **{f"number-{digits}": ("", "number", digits) for digits in range(5)},
}
_WORDS = {
    "direction-only": "in words",
    "not-significant": "not significant",
    "not-tested": "not tested",
}


def visible(text: str) -> str:
    """Return `text` with control and direction-changing characters spelled out instead of executed."""
    return _HIDDEN.sub(lambda m: f"\\x{ord(m[0]):02x}" if ord(m[0]) < 256 else f"\\u{ord(m[0]):04x}", text)


def one_line(text: str) -> str:
    """Return visible text on a single line."""
    return visible(" ".join(text.split()))


def plain(text: str) -> str:
    """Return `text` in ASCII: symbols spelled out, accents taken off, any other character as its escape."""
    return "".join(c if c.isascii() else _ascii(c) for c in text.translate(_PLAIN))


def _ascii(character: str) -> str:
    """Return what stands in for a character beyond ASCII, nothing for an accent that stands alone."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
    return bare if bare.isascii() else character.encode("ascii", "backslashreplace").decode("ascii")


def percent(proportion: float, digits: int | None = None) -> str:
    """Return a proportion as percent without the sign: whole, one decimal below 1 and above 99."""
    value = 100.0 * proportion
    if digits is None:
        near_an_end = 0.0 < value < 1.0 or 99.0 < value < 100.0
        digits = 1 if near_an_end else 0
    return f"{value:.{digits}f}"


def number(value: float, digits: int, symbols: Symbols, *, sign: bool = False) -> str:
    """Return a number with `digits` decimals and a typographic minus; a rounded zero has no sign."""
    text = f"{abs(value):.{digits}f}" if abs(value) < ENDLESS else f"{abs(value):.1e}"
    if not any(c in "123456789" for c in text):
        return text
    return (symbols.minus if value < 0 else "+" if sign else "") + text


def ratio(value: float) -> str:
    """Return a ratio with two decimals, three significant figures below 0.1, none above 100."""
    if math.isinf(value):
        return "inf"
    if value >= 100:
        return f"{value:.0f}" if value < ENDLESS else f"{value:.1e}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 0.095 or value == 0 else f"{value:.2g}"


def duration(days: float) -> str:
    """Return a time since dose in the unit people use: minutes, hours up to a day, then days."""
    minutes = days * 24 * 60
    if minutes < 59.5:
        return f"{minutes:.0f} min"
    if days <= 1.0:
        return f"{days * 24:.0f} h"
    return f"{days:g} d" if days < 1000 else f"{days:.0f} d"


def p_value(p: float) -> str:
    """Return a p-value to two significant figures, never as 0."""
    if p < 0.001:
        return "<0.001"
    return f"{p:.3f}" if p < 0.095 else f"{p:.2f}"


def limits(low: str, high: str, symbols: Symbols) -> str:
    """Join the ends of an interval: a dash, or 'to' where an end carries a sign."""
    signed = any(end[:1] in ("-", "+", symbols.minus) for end in (low, high))
    return f"{low} to {high}" if signed else f"{low}{symbols.dash}{high}"


def needed(values: Sequence[Value], symbols: Symbols) -> str:
    """Return a number needed to treat or harm and its limits: one decimal below ten, whole from there.

    Without the further limit the interval of the difference includes none: a number would say too much.
    """

    def written(value: float) -> str:
        return number(value, 1 if abs(value) < 9.95 else 0, symbols)

    estimate, low, high = values
    if low is None or high is None:
        return "crosses 0"
    return f"{written(as_number(estimate))} ({limits(written(as_number(low)), written(as_number(high)), symbols)})"


def effect(values: Sequence[Value], symbols: Symbols) -> str:
    """Return an effect: its measure's name, estimate and limits; events and total before a rate, a p behind.

    `values` are measure, estimate, limits and, if given, events, total, p and its inequality. What has no number
    is said in words; a measure that is not known is a bare number as printed.
    """
    events, total, p, p_text = (*values[4:8], *(None,) * 4)[:4]
    measure = as_text(values[0])
    estimate, low, high = (None if v is None else as_number(v) for v in values[1:4])
    name, form, digits = _EFFECTS.get(measure, ("", "printed", 4))
    ends = ["" if end is None else _written(end, form, digits, symbols) for end in (low, high)]
    match ends:
        case ["", ""]:
            interval = ""
        case [start, ""]:
            interval = f"(from {start})"
        case ["", stop]:
            interval = f"(to {stop})"
        case _:
            interval = f"({limits(ends[0], ends[1], symbols)})"
    middle = "" if estimate is None else _written(estimate, form, digits, symbols)
    if middle and form == "percent":
        counts = "" if events is None or total is None else f"{as_text(events)}/{as_text(total)} = "
        middle = f"{counts}{middle} %"
    number_part = " ".join(part for part in (name, middle, interval) if part) if middle or interval else ""
    p_part = (
        "" if p is None and not p_text else f"p {one_line(as_text(p_text)) if p is None else p_value(as_number(p))}"
    )
    return ", ".join(part for part in (number_part or _WORDS.get(measure, ""), p_part) if part)


def _written(value: float, form: str, digits: int, symbols: Symbols) -> str:
    """Return one number of an effect; points are proportions told in per cent."""
    match form:
        case "percent":
            return percent(value)
        case "ratio":
            return ratio(value)
        case "printed":
            return ("" if value >= 0 else symbols.minus) + f"{abs(value):.{digits}g}"
        case "points":
            value = 100.0 * value
    # an end of an interval that would be rounded to zero keeps the decimals that show its side
    while digits < 3 and 0.0 < abs(value) < 0.5 * 10.0**-digits:
        digits += 1
    return number(value, digits, symbols)


def as_number(value: Value) -> float:
    """Return a value as a number, NaN when missing."""
    return float(value) if value is not None else math.nan


def as_text(value: Value) -> str:
    """Return a value as people write it, "" when missing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)
