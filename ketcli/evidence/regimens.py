"""The regimens that rates are told apart by, and the time windows in which their rows are comparable."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from ketcli.errors import UsageError, unknown_value

# Windows of days since the first dose within which ratings count as one time point; each is (above, up to].
EDGES = (0.0, 0.5, 1.5, 4.5, 10.5, 21.5, 42.5, 200.0)
WEEK = 7.0
_TIME = re.compile(r"(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?\s*(min|h|d|w)")
_UNITS = {"min": 1.0 / 1440.0, "h": 1.0 / 24.0, "d": 1.0, "w": 7.0}


@dataclass(frozen=True)
class Window:
    """Days since the first dose: above `low` and up to `high`, rows nearest `centre` first.

    `end` means the end of the acute course instead: within a week of the arm's course length, in its second half.
    """

    low: float
    high: float
    centre: float
    label: str
    end: bool = False

    def distance(self, days: float, course_days: float | None) -> float | None:
        """Return how far a time lies from the centre, None when it is outside the window."""
        if self.end:
            if course_days is None:
                return None
            away = abs(days - course_days)
            return away if away <= WEEK and days >= 0.5 * course_days else None
        inside = self.low < days <= self.high or (days == 0.0 == self.low)
        return abs(days - self.centre) if inside else None


END = Window(0.0, 200.0, 0.0, "end of the course (within a week of the last dose)", end=True)
DAY_ONE = Window(0.5, 1.5, 1.0, "24 h after the first dose (0.5-1.5 days)")
DAY_28 = Window(21.5, 42.5, 28.0, "day 28 (days 22-42)")


@dataclass(frozen=True)
class Regimen:
    """A kind of treatment course whose rates are shown and pooled together, with its own time window."""

    code: str
    title: str
    window: Window
    meaning: str


REGIMENS = {
    r.code: r
    for r in (
        Regimen("single-dose", "One dose", DAY_ONE, "one infusion or dose, rated a day later"),
        Regimen(
            "repeated-course",
            "Repeated course",
            END,
            "several doses over weeks, rated at the end of the course",
        ),
        Regimen(
            "esketamine-oral-ad",
            "Nasal esketamine with an oral antidepressant",
            DAY_28,
            "trials of nasal esketamine added to a new or continued oral antidepressant",
        ),
        Regimen(
            "real-world",
            "Real-world care",
            END,
            "cohorts and registries of routine care, rated after the course",
        ),
        Regimen(
            "maintenance",
            "Maintenance",
            END,
            "people chosen for an earlier benefit who stop or go on: see durability",
        ),
    )
}


def classify(drug: str, route: str, regimen: str, background: str, design: str) -> str:
    """Return the regimen code of an active arm from its codes and its study's design; "" when none fits."""
    if regimen == "maintenance":
        return "maintenance"
    if regimen == "single-dose":
        return "single-dose"
    if design in ("cohort", "registry"):
        return "real-world"
    nasal_esketamine = drug == "esketamine" and route == "intranasal"
    if nasal_esketamine and background in ("new-oral-ad", "add-on", "mixed"):
        return "esketamine-oral-ad"
    return "repeated-course" if regimen == "repeated" else ""


def parse_window(text: str) -> Window:
    """Read `24h`, `7d`, `4w`, `2-4d` or `end`; a single time stands for the standard window that holds it."""
    if text.strip().lower() == "end":
        return END
    match = _TIME.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(
            f"cannot read the time {text!r}",
            code="unknown-time",
            hint="write 40min, 24h, 7d, 4w, 2-4d or end",
        )
    unit = _UNITS[match[3]]
    first = float(match[1]) * unit
    if match[2] is not None:
        last = float(match[2]) * unit
        if last < first:
            raise UsageError(f"the time {text!r} ends before it begins", code="unknown-time", hint="write 2-4d")
        return Window(
            max(first - 1e-9, 0.0), last + 1e-9, (first + last) / 2.0, f"{text.strip()} after the first dose"
        )
    if first > EDGES[-1]:
        raise UsageError(
            f"the time {text!r} is beyond {EDGES[-1]:g} days",
            code="unknown-time",
            hint="give a range: 200-400d",
        )
    low, high = next((a, b) for a, b in pairwise(EDGES) if first <= b)
    return Window(low, high, first, f"{text.strip()} after the first dose (window {low:g}-{high:g} days)")


def standard_window(days: float) -> Window:
    """Return the standard window that holds a time, centred on itself."""
    low, high = next(((a, b) for a, b in pairwise(EDGES) if days <= b), (EDGES[-1], 1e9))
    return Window(low, high, days, f"{low:g}-{high:g} days")


def check_regimen(value: str) -> str:
    """Return a valid regimen code or raise the usage error that names the nearest."""
    if value not in REGIMENS:
        raise unknown_value("regimen", value, REGIMENS)
    return value
