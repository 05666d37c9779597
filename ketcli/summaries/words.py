"""Codes as people read them: hyphens become blanks, abbreviations capitals; the codes stay in machine columns."""

from __future__ import annotations

import re

# a hyphen between two digits is a range (65-74) and stays
_HYPHEN = re.compile(r"(?<!\d)-|-(?!\d)")
_CAPITALS = re.compile(
    r"\b(?:madrs|hdrs|qids|phq|cdrs|ssi|cadss|sds|sr|ect|cbt|ptsd|bmi|bpd|sud|crp|bdnf|iv|im|sc|er|ae)(?=\d*\b)"
)


def spoken(code: str) -> str:
    """Return a code in words: `madrs-change` is MADRS change, `75-plus` is 75 plus, `65-74` stays."""
    return _CAPITALS.sub(lambda match: match[0].upper(), _HYPHEN.sub(" ", code))
