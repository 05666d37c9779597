"""The time window of each kind of comparison: its regimen's own, or the nearest standard one that holds any."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from ketcli.evidence.regimens import DAY_28, REGIMENS, Window, standard_window

# trials of other drugs and of stimulation, which have no regimen here, report after about eight weeks
OTHER = Window(42.5, 100.0, 56.0, "week 8 (days 43-100)")
OUTSIDE = 1000.0


@dataclass(frozen=True)
class Timed:
    """A rating to be placed: what it may be pooled with, its regimen, days since first dose, length of course."""

    cell: Hashable
    regimen: str
    days: float
    course: float | None


@dataclass(frozen=True)
class Placed:
    """The window of a cell; `nearest` when the regimen's own window held no rating of the cell."""

    window: Window
    nearest: bool = False


def usual_window(regimen: str) -> Window:
    """Return the regimen's own window."""
    return REGIMENS[regimen].window if regimen in REGIMENS else OTHER


def choose_windows(ratings: Iterable[Timed], at: Window | None) -> dict[Hashable, Placed]:
    """Return a window for every cell that has a rating; `at` is taken for all of them when given."""
    cells: dict[Hashable, list[Timed]] = defaultdict(list)
    for rating in ratings:
        cells[rating.cell].append(rating)
    return {cell: Placed(at) if at else _of_cell(group) for cell, group in cells.items()}


def distance(rating: Timed, window: Window) -> float:
    """Return how far a rating lies from the window's centre, from `OUTSIDE` up when it is outside."""
    inside = window.distance(rating.days, rating.course)
    if inside is not None:
        return inside
    target = _target(rating) if window.end else window.centre
    return OUTSIDE + abs(rating.days - target)


def _of_cell(group: list[Timed]) -> Placed:
    usual = usual_window(group[0].regimen)
    if any(distance(rating, usual) < OUTSIDE for rating in group):
        return Placed(usual)
    standard: dict[tuple[float, float], list[Timed]] = defaultdict(list)
    for rating in group:
        window = standard_window(rating.days)
        standard[window.low, window.high].append(rating)

    def merit(item: tuple[tuple[float, float], list[Timed]]) -> tuple[float, int, float]:
        limits, inside = item
        return min(distance(r, usual) for r in inside), -len(inside), -limits[1]

    (low, high), inside = min(standard.items(), key=merit)
    target = _target(inside[0]) if usual.end else usual.centre
    return Placed(Window(low, high, min(max(target, low), high), f"{low:g}-{high:g} days"), nearest=True)


def _target(rating: Timed) -> float:
    """Return the end of the course, or day 28 when its length is not known."""
    return DAY_28.centre if rating.course is None else rating.course
