"""The `check` of a statement: which table answers it, which of its rows, and what they are expected to show.

`table=outcomes;outcome=remission;drug=ketamine;regimen=repeated-course` names a table and filters. `|` means or,
`day=a-b` a span of days since the first dose. ` + ` joins several questions: the first is tested, the others stand
beside it. `expect=more` or `less` says which side of no effect the statement claims, `better` that the levels
named in `better=` do better, `differs` that the levels of a factor differ either way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ketcli.errors import UsageError, unknown_value
from ketcli.evidence.regimens import Window
from ketcli.evidence.schema import TABLES
from ketcli.summaries.words import spoken

# keys of the tables whose numbers are computed; other tables take their own columns as filters, and `field`
_SELECTION = ("drug", "route", "regimen", "population", "design", "study_id", "day")
KEYS: Mapping[str, tuple[str, ...]] = {
    "outcomes": (*_SELECTION, "outcome", "against", "measure"),
    "scores": (*_SELECTION, "against", "measure"),
    "side_effects": (*_SELECTION, "event", "phase", "against", "measure"),
    "factors": ("factor", "population", "better", "words_for", "words_against"),
    "reviews": ("review_id", "journal", "outcome", "measure", "drug", "route", "subset", "day"),
    "durability": ("kind", "metric", "drug", "study_id", "population"),
}
EXPECT = ("more", "less", "better", "differs")
LISTED = ("studies", "prevalence", "conventional", "pipeline", "biomarkers", "mechanism", "safety")
_DAYS = re.compile(r"(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?")
_JOINED = re.compile(r"\s\+\s")
_NARROW = 0.1


@dataclass(frozen=True)
class Check:
    """One question to one table: `wanted` are its filters by name, each with the values that will do."""

    table: str
    wanted: Mapping[str, tuple[str, ...]]
    expect: str = ""

    def values(self, name: str) -> tuple[str, ...]:
        """Return the values that a filter admits; () when it does not limit."""
        return self.wanted.get(name, ())

    def one(self, name: str, default: str = "") -> str:
        """Return the first value of a filter."""
        return self.values(name)[0] if self.values(name) else default

    @property
    def window(self) -> Window | None:
        """Return the span of days asked for; a single day stands for itself."""
        text = self.one("day")
        if not text:
            return None
        match = _DAYS.fullmatch(text)
        assert match is not None  # parse() has looked
        low = float(match[1])
        high = low if match[2] is None else float(match[2])
        if match[2] is None:
            return Window(max(low - _NARROW, 0.0), high + _NARROW, low, f"day {low:g}")
        return Window(low, high, (low + high) / 2.0, f"days {low:g} to {high:g}")

    def told(self) -> str:
        """Return the question in words; which levels are expected to do better is left to the check itself."""
        pairs = (f"{spoken(name)} {' or '.join(v)}" for name, v in self.wanted.items() if name not in _LEVELS)
        return f"{spoken(self.table)}: {', '.join(pairs)}"


_LEVELS = ("better", "words_for", "words_against")


def parse(text: str) -> tuple[Check, ...]:
    """Return the questions of a check, none for an empty one; UsageError says what cannot be read."""
    return tuple(_one(part) for part in _JOINED.split(text.strip()) if part.strip())


def _one(text: str) -> Check:
    pairs: dict[str, tuple[str, ...]] = {}
    for part in (part.strip() for part in text.split(";")):
        name, equals, value = part.partition("=")
        name = name.strip().replace("-", "_")
        if not part:
            continue
        if not equals or not value.strip():
            raise _unreadable(f"{part!r} is no pair key=value")
        if name in pairs:
            raise _unreadable(f"{name!r} stands twice; write {name}=a|b for several values")
        pairs[name] = tuple(v.strip() for v in value.split("|") if v.strip())
    table = pairs.pop("table", ("outcomes",))[0]
    known = (*KEYS, *LISTED)
    if table not in known:
        raise unknown_value("table to check", table, known, code="bad-check")
    expect = pairs.pop("expect", ("",))[0]
    if expect and expect not in EXPECT:
        raise unknown_value("expect=", expect, EXPECT, code="bad-check")
    allowed = KEYS.get(table) or (*TABLES[table].columns, "field", "population")
    for name in pairs:
        if name not in allowed:
            raise unknown_value(f"filter of {table}", name, allowed, code="bad-check")
    if "day" in pairs and not _DAYS.fullmatch(pairs["day"][0]):
        raise _unreadable(f"{pairs['day'][0]!r} is no day or span of days")
    return Check(table, pairs, expect)


def _unreadable(what: str) -> UsageError:
    return UsageError(
        f"the check cannot be read: {what}",
        code="bad-check",
        hint="such as table=outcomes;outcome=response;drug=ketamine;day=0-1.5",
    )
