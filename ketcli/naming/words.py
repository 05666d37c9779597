"""Words in cells that decide something: which arm is a control, whether a row is of a crossover, and its period."""

from __future__ import annotations

from ketcli.naming.roles import squash

_ACTIVE = frozenset(
    ("active", "treatment", "treated", "treat", "experimental", "intervention", "drug", "exp", "t", "e", "test")
)
_CONTROL = frozenset(
    (
        "control",
        "controls",
        "ctrl",
        "ctl",
        "c",
        "placebo",
        "pbo",
        "comparator",
        "reference",
        "ref",
        "sham",
        "inactive",
    )
)
# How the name of an arm begins that can only be a control.
_CONTROL_NAMES = (
    *("control", "placebo", "sham", "saline", "vehicle", "usualcare", "treatmentasusual", "standardcare"),
    *("waitlist", "waitinglist", "notreatment", "comparator"),
)
_YES, _NO = frozenset(("1", "yes", "true", "y", "x")), frozenset(("", "0", "no", "false", "n"))
_FIRST = frozenset(("1", "first", "firstperiod", "period1", "i"))
_SECOND = frozenset(("2", "second", "secondperiod", "period2", "ii"))

ACTIVE, CONTROL = "active", "control"
CROSSOVER, FIRST, SECOND, POOLED = "crossover", "first-period", "second-period", "pooled-periods"


def part_of(cell: str) -> str:
    """Return active or control for the word in a role column, "" for any other word."""
    word = squash(cell)
    return ACTIVE if word in _ACTIVE else CONTROL if word in _CONTROL else ""


def part_of_name(name: str) -> str:
    """Return control for an arm whose name can only be a control's, else "" (it may be either)."""
    return CONTROL if squash(name).startswith(_CONTROL_NAMES) else ""


def crossover_of(column: str, cell: str) -> str:
    """Return what a cell of a crossover, period or design column says: crossover, a period, "" if parallel."""
    word, name = squash(cell), squash(column)
    if "design" in name:
        return CROSSOVER if "crossover" in word else ""
    if name != "period":
        if word in _NO:
            return ""
        if word in _YES or "crossover" in word:
            return CROSSOVER
    return _period(word)


def _period(word: str) -> str:
    if word in _FIRST:
        return FIRST
    if word in _SECOND:
        return SECOND
    return POOLED if "pool" in word or "both" in word or word == "all" else ""
