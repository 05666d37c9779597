"""Names beside points: none on another, none outside, the telling ones first."""

from __future__ import annotations

import pytest

pytest.importorskip("matplotlib")

from hypothesis import given, settings
from hypothesis import strategies as st

from ketcli.figures.drawing.canvas import Page, settled, width_of, wrap
from ketcli.figures.drawing.labels import Named, put
from tests.figures.trials import boxes, outside, overlaps

FRAME = (10.0, 10.0, 290.0, 190.0)
spots = st.lists(
    st.tuples(st.floats(10, 290), st.floats(10, 190), st.floats(1, 9), st.text("abc XYZ", min_size=1, max_size=30)),
    max_size=25,
)


@settings(derandomize=True, max_examples=30, deadline=None)
@given(spots)
def test_names_never_touch_and_never_leave_the_frame(points: list[tuple[float, float, float, str]]) -> None:
    with settled():
        page = Page(300.0, 200.0, "t")
        put(page, [Named(x, y, r, name.strip() or "a") for x, y, r, name in points], FRAME)
    assert overlaps(page) == []
    assert outside(page) == []


def test_the_weightier_of_two_names_gets_the_place() -> None:
    with settled():
        page = Page(300.0, 200.0, "t")
        # so near each other, in a corner so tight, that one name alone has room
        points = [Named(30.0, 30.0, 3.0, "light", 1.0), Named(31.0, 30.0, 3.0, "heavy", 2.0)]
        put(page, points, (24.0, 26.0, 70.0, 34.0))
    assert [box.text for box in boxes(page)] == ["heavy"]


@settings(derandomize=True, max_examples=40, deadline=None)
@given(st.text("abcdefg -/", max_size=80), st.floats(30, 200))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: float) -> None:
    lines = wrap(text, width)
    assert all(width_of(line) <= width + 1e-6 or len(line) == 1 for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
