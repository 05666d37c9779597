"""Rows of a sheet as trials: named, numbered by line, their numbers checked for what cannot be."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ketcli.errors import DataError, Problem
from ketcli.naming.roles import squash, text_names
from ketcli.owndata.columns import Found
from ketcli.owndata.read import Sheet, is_missing, is_number, numbers
from ketcli.owndata.shape import Layout

# Roles whose number may not be negative, and those that must be one person or more.
_NOT_NEGATIVE = (
    "events",
    "nonevents",
    "control_events",
    "control_nonevents",
    "sd",
    "control_sd",
    "pre_sd",
    "vi",
    "se",
    "arm_se",
    "control_se",
)
_POSITIVE = ("total", "control_total")
# Names of columns with keys of studies, and of those with names to show for them.
_IDS = ("studyid", "trialid", "id")
_SHOWN = ("label", "studyname", "trialname", "studlab", "slab")
_COUNTS = ("events", "nonevents", "total", "control_events", "control_nonevents", "control_total")
# what a count that was worked out from a percent may come to, and more people than there are
LEAST_COUNT, MOST_PEOPLE = 1e-6, 1e10
# Roles that others are worked out from.
_SOURCES = {"arm_se": "sd", "control_se": "control_sd", "percent": "events", "control_percent": "control_events"}
_PAIRS = (("events", "total"), ("control_events", "control_total"))


@dataclass(frozen=True)
class Trial:
    """One row to pool: a study, or a comparison formed from its arms.

    `numbers` are by role, missing ones left out; `texts` are the cells of every column (of the first arm's row).
    `reason` says why the row cannot be pooled, "" when it can.
    """

    study: str
    label: str
    line: int
    numbers: Mapping[str, float]
    texts: Mapping[str, str] = field(default_factory=dict)
    arms: str = ""
    arm: str = ""
    part: str = ""
    crossover: str = ""
    reason: str = ""


def read_trials(sheet: Sheet, found: Found, layout: Layout) -> list[Trial]:
    """Return the rows of a sheet as trials; totals are added up from events and non-events where need be.

    Raises DataError with every cell that is no number and every row that cannot be: negative counts, events above
    totals, variances of nothing.
    """
    problems: list[Problem] = []
    columns = {
        role: numbers(sheet, column, problems, people=role in _COUNTS) for role, column in layout.columns.items()
    }
    if problems:
        raise DataError(problems, hint=also(problems))
    names, labels = _names(sheet, found)
    cells = {role: _cells(sheet, found, role) for role in ("arm", "part", "crossover")}
    trials = []
    for row in range(len(sheet.rows)):
        given = {role: value for role, values in columns.items() if (value := values[row]) is not None}
        values = {**layout.constants, **_worked_out(_totals(given))}
        problems += _impossible(sheet, layout, row, values)
        trials.append(
            Trial(
                study=names[row],
                label=labels[row],
                line=sheet.lines[row],
                numbers=values,
                texts=dict(zip(sheet.header, sheet.rows[row], strict=True)),
                arm=cells["arm"][row],
                part=cells["part"][row],
                crossover=cells["crossover"][row],
                reason=_missing(layout, values),
            )
        )
    if problems:
        raise DataError(problems, hint=also(problems))
    return trials


def also(problems: Sequence[Problem]) -> str:
    """Return the fix of the first problem, and where the next ones are."""
    rest = [f"line {p.line}: {p.message}" for p in problems[1:4]]
    more = f" ... and {len(problems) - 4} more" if len(problems) > 4 else ""
    return problems[0].fix + (f"; also {'; '.join(rest)}{more}" if rest else "")


def _totals(values: Mapping[str, float]) -> dict[str, float]:
    """Return the numbers with totals made of events and non-events where no total is given."""
    out = dict(values)
    for total, events, others in (
        ("total", "events", "nonevents"),
        ("control_total", "control_events", "control_nonevents"),
    ):
        if total not in out and events in out and others in out:
            out[total] = out[events] + out[others]
    return out


def _worked_out(values: dict[str, float]) -> dict[str, float]:
    """Return the numbers with what others tell in their place.

    Standard deviations from the standard errors of means (SE times root of n), events from the percent of a total.
    """
    out = dict(values)
    for events, percent, total in (("events", "percent", "total"),
                                   ("control_events", "control_percent", "control_total")):  # fmt: skip
        if percent in out and events not in out and total in out:
            out[events] = float(round(out.pop(percent) * out[total] / 100.0))
    for sd, error, total in (("sd", "arm_se", "total"), ("control_sd", "control_se", "control_total")):
        if sd not in out and error in out and total in out:
            out[sd] = out.pop(error) * math.sqrt(max(out[total], 0.0))
    return out


def _impossible(sheet: Sheet, layout: Layout, row: int, values: Mapping[str, float]) -> list[Problem]:
    """Return what cannot be in one row."""
    problems = []

    def wrong(role: str, code: str, message: str, fix: str) -> None:
        problems.append(sheet.problem(row, layout.columns.get(role, ""), code, message, fix))

    for role in _NOT_NEGATIVE:
        if values.get(role, 0.0) < 0.0:
            column = layout.columns[role]
            wrong(
                role, "negative", f"{column} ({values[role]:g}) is negative", "correct the number or leave it empty"
            )
    for role in _POSITIVE:
        if values.get(role, 1.0) < 1.0:
            column = layout.columns.get(role, role)
            message = f"{column} ({values[role]:g}) is less than one person"
            wrong(role, "no-people", message, "leave out arms of nobody, and give people, not shares")
    for role in _COUNTS:
        number = values.get(role, 0.0)
        if number > MOST_PEOPLE or 0.0 < number < LEAST_COUNT:
            column = layout.columns.get(role, role)
            message = f"{column} ({number:g}) is no number of people"
            wrong(role, "out-of-range", message, "look for a slip of the pen")
    for events, total in _PAIRS:
        if events in values and total in values and values[events] > values[total] > 0.0:
            message = f"{events.replace('_', ' ')} ({values[events]:g}) is larger than total ({values[total]:g})"
            wrong(events, "events-over-total", message, "look for swapped columns or a slip of the pen")
    if not -1.0 <= values.get("correlation", 0.0) <= 1.0:
        wrong("correlation", "bad-correlation", f"the correlation {values['correlation']:g} is not within -1 and 1",
              "correct the number")  # fmt: skip
    if {"ci_low", "ci_high", "yi"} <= values.keys():
        low, effect, high = (values[role] for role in ("ci_low", "yi", "ci_high"))
        if not low <= effect <= high:
            message = f"the interval {low:g} to {high:g} does not hold the effect {effect:g}"
            wrong("ci_low", "interval-order", message, "look for swapped columns or a lost minus sign")
    return problems


def _missing(layout: Layout, values: Mapping[str, float]) -> str:
    """Return which numbers a row lacks, in words, "" when it is complete."""
    lacking = [role for role in layout.columns if role not in values and _SOURCES.get(role) not in values]
    return f"no {' and '.join(role.replace('_', ' ') for role in lacking)}" if lacking else ""


def _names(sheet: Sheet, found: Found) -> tuple[list[str], list[str]]:
    """Return the study of each row and the name to show: a label beside a key, author and year beside a number."""
    column = found.get("study")
    lines = [f"line {line}" for line in sheet.lines]
    if column is None:
        return lines, lines
    studies = [cell or line for cell, line in zip(sheet.column(column), lines, strict=True)]
    numbered = all(is_number(cell) or is_missing(cell) for cell in sheet.column(column))
    shown = next((c for c in sheet.header if squash(c) in _SHOWN and c != column), None)
    if "study" not in found.given and squash(column) in _IDS and shown and not sheet.is_empty(shown):
        return studies, [cell or study for cell, study in zip(sheet.column(shown), studies, strict=True)]
    if "study" in found.given or not numbered:
        return studies, studies
    words = next((c for c in _wordy(sheet, found) if c != column), None)
    if words is None:
        return studies, [study if study.startswith("line") else f"Study {study}" for study in studies]
    year = found.get("year")
    years = sheet.column(year) if year and found.get("author") == words else [""] * len(studies)
    labels = [" ".join(filter(None, pair)) for pair in zip(sheet.column(words), years, strict=True)]
    return studies, [label or study for label, study in zip(labels, studies, strict=True)]


def _wordy(sheet: Sheet, found: Found) -> list[str]:
    """Return the columns that could name studies in words, the surest first."""
    named = [c for name in text_names("study") for c in sheet.header if squash(c) == name]
    author = [column] if (column := found.get("author")) else []
    return [c for c in (*author, *named) if not all(is_number(x) or is_missing(x) for x in sheet.column(c))]


def _cells(sheet: Sheet, found: Found, role: str) -> tuple[str, ...]:
    column = found.get(role)
    if column is None:
        return ("",) * len(sheet.rows)
    return tuple("" if is_missing(cell) else cell for cell in sheet.column(column))
