"""Icon arrays: as many squares as the number beside them, side by side as the width allows, readable in grey."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketcli.render.icons import draw, people
from ketcli.report import Icons, Share
from ketcli.wording import ASCII, UNICODE, percent

PAIR = Icons("Response, day 28", (Share("esketamine", 0.24, 0.16, 0.35), Share("placebo", 0.125, 0.06, 0.23)))


def lines(*pictures: Icons, width: int = 80, unicode: bool = True) -> list[str]:
    drawn = draw(pictures, width, UNICODE if unicode else ASCII, unicode=unicode)
    return ["".join(text for text, _ in line).rstrip() for line in drawn]


def test_a_square_has_ten_rows_of_ten_and_its_number_beneath() -> None:
    text = lines(PAIR)
    assert text[:4] == [
        "Each square is 100 people: ■ with it, · without",
        "",
        "Response, day 28",
        "esketamine   placebo",
    ]
    squares = text[4:14]
    assert squares[0] == "■■■■■ ■■■■■  ■■■■■ ■■■■■"
    assert squares[2] == "■■■■· ·····  ····· ·····"
    assert {len(row) for row in squares} == {24}
    assert "".join(squares).count("■") == 24 + 12
    assert text[14] == "24 (16–35)   12 (6–23)"


@given(st.floats(0.0, 1.0))
@settings(max_examples=60, derandomize=True)
def test_filled_squares_are_the_number_that_is_printed(rate: float) -> None:
    printed = percent(rate)
    drawn = "".join(lines(Icons("x", (Share("drug", rate, 0.0, 1.0),)))[3:]).count("■")
    assert drawn == people(rate)
    assert abs(drawn - float(printed)) <= 0.5
    if "." not in printed:
        assert drawn == int(printed)


@pytest.mark.parametrize(("width", "bands"), [(40, 6), (80, 2), (160, 2), (200, 1)])
def test_pictures_stand_side_by_side_as_the_width_allows(width: int, bands: int) -> None:
    text = lines(*(PAIR,) * 6, width=width)
    assert sum(line.startswith("Response, day 28") for line in text) == bands
    assert max(map(len, text[1:])) <= width


def test_long_titles_wrap_between_words_and_squares_stay_level() -> None:
    long = Icons("Stopped for an adverse event, acute course", PAIR.shares)
    text = lines(PAIR, long)
    assert text[2].strip() == "Stopped for an adverse"
    assert text[3] == "Response, day 28            event, acute course"
    assert text[5] == "■■■■■ ■■■■■  ■■■■■ ■■■■■    ■■■■■ ■■■■■  ■■■■■ ■■■■■"


def test_a_single_group_is_never_narrower_than_the_words_of_its_title() -> None:
    text = lines(Icons("Choreoathetoidhypersensitivity, day 1", PAIR.shares[:1]))
    assert text[2:4] == ["Choreoathetoidhypersensitivity,", "day 1"]


def test_ascii_stands_in_where_symbols_cannot_be_shown() -> None:
    text = "\n".join(lines(PAIR, unicode=False))
    assert text.isascii()
    assert "#####" in text
    assert "24 (16-35)" in text


def test_shape_alone_tells_with_from_without_and_data_are_not_executed() -> None:
    hostile = Icons("\x1b[31mred", (Share("[bold]x\x07", 0.5, 0.4, 0.6),))
    text = "\n".join(lines(hostile))
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "[bold]x" in text
