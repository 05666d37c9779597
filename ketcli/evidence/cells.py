"""One cell at a time: reading numbers strictly, and faults of the text itself."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ketcli.evidence.fields import Field

Value = str | int | float | None

# from here on not every whole number has a float of its own
MOST_EXACT = 2**53
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
_MISSING = re.compile(
    r"none|n/?a|n\.a\.|#n/a|null|nil|n\.?r\.?|n\.?d\.?|unknown|missing|not (?:available|reported|stated|given)|"
    r"\.+|\?|-+|–|—|k\.a\.",
    re.IGNORECASE,
)
THOUSANDS = re.compile(r"[0-9]{1,3}\.[0-9]{3}")  # in a number of people
COMMA_NUMBER = re.compile(r"([+-]?[0-9]+),([0-9]+)")
# thousands that can be nothing else: parted by blanks or apostrophes, in two groups, or before a decimal sign
_BLANKS = re.compile(r"[+-]?[0-9]{1,3}(?:[ \u00a0\u2009\u202f'’][0-9]{3})+(?:[.,][0-9]+)?")
_ENGLISH = re.compile(r"[+-]?[0-9]{1,3}(?:(?:,[0-9]{3})+\.[0-9]+|(?:,[0-9]{3}){2,})")
_CONTINENTAL = re.compile(r"[+-]?[0-9]{1,3}(?:(?:\.[0-9]{3})+,[0-9]+|(?:\.[0-9]{3}){2,})")
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE = re.compile(
    rf"[0-9]{{1,2}}[-. ]{_MONTH}(?:[-. ][0-9]+)?|{_MONTH}[-. ][0-9]+|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:T.*)?",
    re.IGNORECASE,
)
# C0 and C1 controls, and characters that are invisible or turn the direction of writing
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class CellError(ValueError):
    """What is wrong with a cell: the code of the rule it breaks, one clause, and how to mend it."""

    def __init__(self, code: str, message: str, fix: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fix = fix


@dataclass(frozen=True)
class Fault:
    """A rule that the text of a cell breaks whatever its column means."""

    code: str
    message: str
    fix: str


def shown(value: str, width: int = 60) -> str:
    """Return a value quoted for a message: cut to `width`, control characters escaped."""
    return repr(value if len(value) <= width else value[: width - 1] + "…")


def parse_number(text: str) -> float | None:
    """Read a decimal number with a point; an empty cell is None; CellError for anything else or not finite."""
    if not text:
        return None
    if text.isdigit() and text.isascii() and len(text) < 16:  # most cells: no need for the slower look
        return float(text)
    if _NUMBER.fullmatch(text):
        number = float(text)
        if math.isfinite(number):
            return number
        raise CellError("not-finite", f"{shown(text)} is too large for a number", "check the exponent")
    if _NOT_FINITE.fullmatch(text):
        raise CellError("not-finite", f"{shown(text)} is not a finite number", "leave the cell empty when missing")
    fix = "write the number alone, with a decimal point and without units"
    if COMMA_NUMBER.fullmatch(text):
        fix = f"write {text.replace(',', '.')} with a decimal point"
    elif _DATE.fullmatch(text):
        fix = "a spreadsheet makes dates of entries such as 12/1: type it anew in a cell formatted as text"
    raise CellError("not-a-number", f"{shown(text)} is not a number", fix)


def is_missing_word(text: str) -> bool:
    """Return whether a cell holds a word for a missing value (NA, null, unknown, a lone point ...)."""
    return not text.isdecimal() and _MISSING.fullmatch(text.strip()) is not None  # most cells: no need to look


def decimal_point(text: str) -> str:
    """Return a number with a decimal comma or a typographic minus as it is written with a point and a hyphen.

    Thousands parted in a way that can mean nothing else are put together. Other text is returned as it is;
    CellError `ambiguous-comma` for a comma that may part thousands.
    """
    plain = text.replace("−", "-")
    if _BLANKS.fullmatch(plain):
        plain = re.sub(r"[^0-9.,+-]", "", plain)
    elif _ENGLISH.fullmatch(plain):
        return plain.replace(",", "")
    elif _CONTINENTAL.fullmatch(plain):
        return plain.replace(".", "").replace(",", ".")
    plain = plain.replace("\u00a0", "")
    if comma := COMMA_NUMBER.fullmatch(plain):
        whole, part = comma.groups()
        if len(part) == 3 and whole.lstrip("+-") != "0":
            raise CellError(
                "ambiguous-comma",
                f"{shown(text)} may be {whole}.{part} or {whole}{part}",
                "write the number with a decimal point and without a sign between thousands",
            )
        return f"{whole}.{part}"
    return plain


def parse_whole(text: str) -> int | None:
    """Read a whole number (12 or 12.0); an empty cell is None; CellError for anything else."""
    number = parse_number(text)
    if number is None:
        return None
    if not number.is_integer():
        raise CellError(
            "not-whole", f"{shown(text)} is not a whole number", "write a whole number or leave it empty"
        )
    if abs(number) >= MOST_EXACT:
        raise CellError("out-of-range", f"{shown(text)} is too large for a count", "look for a slip of the pen")
    return int(number)


def parse(field: Field, text: str) -> Value:
    """Read a cell by its column's type: text as it is, numbers as float or int, None when missing."""
    if field.type == "number":
        return parse_number(text)
    return parse_whole(text) if field.numeric else text


def text_faults(field: Field, value: str) -> Iterator[Fault]:
    """Yield what is wrong with the text of a cell: formulas, control characters, blanks, words for missing."""
    if not value:
        return
    if value.startswith(_FORMULA) and not field.numeric:
        yield Fault(
            "formula-cell",
            f"{shown(value)} would be run as a formula by a spreadsheet",
            "put a word, a letter or a bracket before the sign",
        )
    if found := _CONTROL.search(value):
        yield Fault(
            "control-character",
            f"{shown(value)} holds the control or invisible character U+{ord(found[0]):04X}",
            "delete the character",
        )
    if value != value.strip():
        yield Fault("outer-blank", f"{shown(value)} begins or ends with a blank", "delete the blank")
    if _MISSING.fullmatch(value.strip()):
        yield Fault("missing-code", f"{shown(value)} stands for a missing value", "leave the cell empty")
