"""Names beside points: none on another, none outside, the telling ones first."""

from __future__ import annotations

import pytest

pytest.importorskip("matplotlib")

from hypothesis import given, settings
from hypothesis import strategies as st

from ketcli.figures.drawing import lettering, style
from ketcli.figures.drawing.canvas import Page, settled
from ketcli.figures.drawing.labels import Named, put
from ketcli.figures.drawing.lettering import NO_LETTERS, families, width_of, wrap
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


def test_no_name_stands_as_near_to_another_point_as_to_its_own() -> None:
    """Beside a dense cluster nobody could tell whose name it is; a point apart keeps its own."""
    with settled():
        page = Page(300.0, 200.0, "t")
        cluster = [Named(100.0 + 7.0 * i, 100.0 + 7.0 * j, 3.0, f"in {i}{j}") for i in range(3) for j in range(3)]
        put(page, [*cluster, Named(200.0, 50.0, 3.0, "apart")], FRAME)
    names = {box.text for box in boxes(page)}
    assert "apart" in names
    assert "in 11" not in names


def test_a_name_stands_where_no_line_crosses_it() -> None:
    """The best place is to the right; a line there sends the name to the left."""
    point = Named(150.0, 100.0, 3.0, "name")
    lefts = []
    for lines in ([], [[(160.0, 10.0), (160.0, 190.0)]]):
        with settled():
            page = Page(300.0, 200.0, "t")
            put(page, [point], FRAME, lines=lines)
        lefts += [box.left for box in boxes(page)]
    assert lefts[0] > 150.0
    assert lefts[1] < 150.0


def test_a_sign_in_place_of_letters_is_no_font_for_them() -> None:
    """matplotlib brings a font that has a box for every letter there is: it must never win over a real one."""
    names = families("研究 2021 \u0e17\u0e14\u0e25\u0e2d\u0e07 \u0915")
    assert names[0] == style.FONT
    assert not [name for name in names if NO_LETTERS.match(name)]


def test_letters_of_several_scripts_get_a_font_each(monkeypatch: pytest.MonkeyPatch) -> None:
    held = {"own": {97}, "many": {0x4E00, 0x4E01, 0x0E01}, "thai": {0x0E01, 0x0E02}, "none": set[int]()}
    monkeypatch.setattr(lettering.font_manager, "findfont", lambda name: "own")
    monkeypatch.setattr(lettering, "_letters", lambda path: frozenset(held[path]))
    fonts = (("Many Sans", "many"), ("Thai", "thai"), ("None", "none"))
    monkeypatch.setattr(lettering, "_installed", lambda: fonts)
    families.cache_clear()
    try:
        assert families("a\u4e00\u4e01\u0e01\u0e02\u0915") == (style.FONT, "Many Sans", "Thai")
    finally:
        families.cache_clear()


def test_wide_letters_without_a_font_here_keep_their_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens the SVG has the font: a name of ten Chinese letters is ten letters wide, not six."""
    monkeypatch.setattr(lettering, "_installed", lambda: ())
    for cached in (families, width_of):
        cached.cache_clear()
    try:
        with settled():
            assert width_of("研" * 10, 10.0) == pytest.approx(100.0, abs=1.0)
    finally:
        for cached in (families, width_of):
            cached.cache_clear()


def test_an_endless_word_is_broken_with_few_measurements() -> None:
    """Measuring every beginning of a word of thousands of letters takes seconds for each name."""
    width_of.cache_clear()
    lines = wrap("x" * 3000, 100.0)
    assert "".join(lines) == "x" * 3000
    assert max(map(width_of, lines)) <= 100.0
    assert width_of(lines[0] + "x") > 100.0
    assert width_of.cache_info().misses < 5000
