"""Rules of effects: intervals, ranges of measures, contrasts that say against what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ketcli.errors import Problem
from ketcli.evidence.checks.tables import CheckedTable, Tables
from ketcli.evidence.codes import STUDY_DRUGS

RATIOS = frozenset({"rr", "or", "hr"})
_ESTIMATES = ("effect", "estimate", "mean", "value")
_MEASURES = ("effect_measure", "measure")
# limits are printed with fewer digits than the estimate in some papers; equal to the last digit is inside
_SLACK = 1e-9


def intervals(table: CheckedTable) -> Iterator[Problem]:
    """Yield `interval-reversed` and `estimate-outside-interval`."""
    if not table.has("ci_low", "ci_high"):
        return
    column = next((name for name in _ESTIMATES if table.has(name)), "")
    for place, row in enumerate(table.rows):
        low, high = row["ci_low"], row["ci_high"]
        estimate = row[column] if column else None
        if low is None or high is None:
            continue
        if low > high:
            yield table.problem(
                "interval-reversed",
                place,
                "ci_low",
                f"ci_low ({low:g}) is above ci_high ({high:g})",
                "swap the limits",
            )
        elif estimate is not None and not low - _SLACK <= estimate <= high + _SLACK:
            yield table.problem(
                "estimate-outside-interval",
                place,
                column,
                f"{column} ({estimate:g}) lies outside its interval ({low:g} to {high:g})",
                "look up the three numbers in the source",
            )


def ranges(table: CheckedTable) -> Iterator[Problem]:
    """Yield `effect-out-of-range` for proportions outside 0-1 and ratios that are not positive."""
    measure = next((name for name in _MEASURES if table.has(name)), "")
    column = next((name for name in _ESTIMATES if table.has(name)), "")
    if not measure or not column:
        return
    for place, row in enumerate(table.rows):
        for name in (column, "ci_low", "ci_high"):
            if (limits := _limits(row[measure], row.get(name))) is not None:
                yield table.problem(
                    "effect-out-of-range",
                    place,
                    name,
                    f"{name} ({row[name]:g}) cannot be a {row[measure]}",
                    f"a {row[measure]} lies {limits}",
                )


def _limits(measure: str, value: Any) -> str | None:
    """Return the range that a value of this measure violates, None when it does not."""
    if value is None:
        return None
    if measure == "proportion" and not 0 <= value <= 1:
        return "between 0 and 1"
    return "above 0" if measure in RATIOS and value <= 0 else None


def factor_rows(tables: Tables) -> Iterator[Problem]:
    """Yield `level-with-comparator`, `contrast-without-comparator` and `rate-without-number`."""
    table = tables.get("factors")
    if table is None:
        return
    for place, row in enumerate(table.rows):
        kind = row["contrast_kind"]
        if kind == "level-rate" and (row["comparator"] or row["reference_level"]):
            yield table.problem(
                "level-with-comparator",
                place,
                "comparator" if row["comparator"] else "reference_level",
                "a level-rate row has a comparator or reference level",
                "empty them or change contrast_kind",
            )
        if kind in ("treatment", "treatment-within-level") and not row["comparator"]:
            yield table.problem(
                "contrast-without-comparator",
                place,
                "comparator",
                f"a {kind} row has no comparator",
                "name the control",
            )
        if kind == "level-rate" and row["effect_measure"] == "rate" and row["percent"] is row["events"] is None:
            yield table.problem(
                "rate-without-number",
                place,
                "events",
                "a rate has neither events nor percent",
                "add the number or leave the row out",
            )


def regimens(tables: Tables) -> Iterator[Problem]:
    """Yield `regimen-mismatch` for ketamine and esketamine arms filed as other treatment."""
    table = tables.get("arms")
    if table is None:
        return
    for place, row in enumerate(table.rows):
        if row["drug"] in STUDY_DRUGS and row["regimen"] == "not-applicable":
            yield table.problem(
                "regimen-mismatch",
                place,
                "regimen",
                f"a {row['drug']} arm has the regimen not-applicable",
                "write single-dose, repeated or maintenance, or leave it empty",
            )
