"""Names beside points: each where it touches no other name and no point, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ketcli.figures.drawing import style
from ketcli.figures.drawing.canvas import HALF_CAPITAL, Page, width_of

GAP = 2.0
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


def put(page: Page, points: Sequence[Named], frame: Box, *, size: float = style.TINY) -> None:
    """Write the names of points inside the frame; a name that finds no free place is left out."""
    taken: list[Box] = [(p.x - p.radius, p.y - p.radius, p.x + p.radius, p.y + p.radius) for p in points]
    for point in sorted(points, key=lambda point: -point.weight):
        name = _short(point.name)
        width, height = width_of(name, size), size
        for left, top in _places(point, width, height):
            box = (left, top, left + width, top + height)
            if _inside(box, frame) and not any(_meet(box, other) for other in taken):
                page.text(left, top + height / 2.0 + HALF_CAPITAL * size, name, size=size)
                taken.append(box)
                break


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


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
