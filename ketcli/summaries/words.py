"""Codes as people read them: hyphens become blanks, abbreviations capitals; the codes stay in machine columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

# a hyphen between two digits is a range (65-74) and stays
_HYPHEN = re.compile(r"(?<!\d)-|-(?!\d)")
_CAPITALS = re.compile(
    r"\b(?:madrs|hdrs|qids|phq|cdrs|ssi|cadss|sds|sr|ect|cbt|ptsd|bmi|bpd|sud|crp|bdnf|iv|im|sc|er|ae)(?=\d*\b)"
)


def spoken(code: str) -> str:
    """Return a code in words: `madrs-change` is MADRS change, `75-plus` is 75 plus, `65-74` stays."""
    return _CAPITALS.sub(lambda match: match[0].upper(), _HYPHEN.sub(" ", code))


def when(days: float) -> str:
    """Return a time since the first dose for a heading: 40 min, 24 h, day 28."""
    if days * 24.0 < 1.0:
        return f"{days * 1440:.0f} min"
    return f"{days * 24:.0f} h" if days <= 1.5 else f"day {days:g}"


def when_all(days: Sequence[float | None]) -> str:
    """Return the time, or the earliest and the latest, of several ratings; "" when none is known."""
    known = sorted({when(day): day for day in days if day is not None}.items(), key=lambda item: item[1])
    if not known:
        return ""
    return known[0][0] if len(known) == 1 else f"{known[0][0]} to {known[-1][0]}"
