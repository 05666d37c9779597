"""Names beside points: each where it touches no other name and no point, or not at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ketcli.figures.drawing import style
from ketcli.figures.drawing.canvas import Page, Point
from ketcli.figures.drawing.lettering import HALF_CAPITAL, width_of

GAP = 2.0
LINE = 1.2  # height of a name in sizes of its letters: accents and descenders do not touch the next
LONGEST = 24
Box = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True)
class Named:
    """A point of a plot with its radius and its name; names of greater `weight` are placed first."""

    x: float
    y: float
    radius: float
    name: str
    weight: float = 0.0


def put(
    page: Page,
    points: Sequence[Named],
    frame: Box,
    *,
    size: float = style.TINY,
    lines: Sequence[Sequence[Point]] = (),
) -> None:
    """Write the names of points inside the frame; a name that finds no free place is left out.

    A place is free when no other name or point is on it and no other point is as near to it: nobody could tell
    whose name it is. Of free places one that none of the `lines` of the plot crosses is the better.
    """
    taken: list[Box] = [(p.x - p.radius, p.y - p.radius, p.x + p.radius, p.y + p.radius) for p in points]
    for point in sorted(points, key=lambda point: -point.weight):
        name = _short(point.name)
        width, height = width_of(name, size), LINE * size
        boxes = ((left, top, left + width, top + height) for left, top in _places(point, width, height))
        free = [
            box
            for box in boxes
            if _inside(box, frame)
            and not any(_meet(box, other) for other in taken)
            and not any(_nearer(other, point, box) for other in points)
        ]
        if free:
            box = next((box for box in free if not any(_crosses(line, box) for line in lines)), free[0])
            page.text(box[0], box[1] + height / 2.0 + HALF_CAPITAL * size, name, size=size)
            taken.append(box)


def _short(name: str) -> str:
    """Return a name without what stands in brackets when it is long, cut with an ellipsis when it still is."""
    if len(name) <= LONGEST:
        return name
    name = name.partition(" (")[0]
    return name if len(name) <= LONGEST else name[: LONGEST - 1].rstrip() + "…"


def _places(point: Named, width: float, height: float) -> list[tuple[float, float]]:
    """Return where a name can stand, best first: right, left, above, below, then the corners."""
    x, y, away = point.x, point.y, point.radius + GAP
    right, left, middle = x + away, x - away - width, x - width / 2.0
    level, above, below = y - height / 2.0, y - away - height, y + away
    return [
        *((right, level), (left, level), (middle, above), (middle, below)),
        *((right, above), (right, below), (left, above), (left, below)),
    ]


def _inside(box: Box, frame: Box) -> bool:
    return box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]


def _nearer(other: Named, point: Named, box: Box) -> bool:
    """Return True when another point is as near to a name as its own, or nearly; points on its own are one."""
    if math.hypot(other.x - point.x, other.y - point.y) < point.radius:
        return False
    return _distance(other, box) < _distance(point, box) + GAP


def _distance(point: Named, box: Box) -> float:
    """Return how far the edge of a point is from a box."""
    across = max(box[0] - point.x, point.x - box[2], 0.0)
    along = max(box[1] - point.y, point.y - box[3], 0.0)
    return math.hypot(across, along) - point.radius


def _crosses(line: Sequence[Point], box: Box) -> bool:
    """Return True when a line through points runs through a box; it is looked at in steps of about a point."""
    for (x0, y0), (x1, y1) in pairwise(line):
        steps = max(1, min(int(math.hypot(x1 - x0, y1 - y0)), 2000))
        for i in range(steps + 1):
            x, y = x0 + (x1 - x0) * i / steps, y0 + (y1 - y0) * i / steps
            if box[0] <= x <= box[2] and box[1] <= y <= box[3]:
                return True
    return False


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
