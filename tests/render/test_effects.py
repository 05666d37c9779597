"""Effects of several measures in one column: each says what it is, and no number loses its side of zero."""

from __future__ import annotations

import pytest

from ketcli.render.cells import cell
from ketcli.report import Display, Value
from ketcli.wording import ASCII, effect


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (("rate", 12 / 17, 0.47, 0.87), "71 % (47-87)"),
        (("rate", 12 / 17, 0.47, 0.87, 12, 17), "12/17 = 71 % (47-87)"),
        (("rate", 0.283, None, None, None, None), "28 %"),
        (("md", -4.9, -8.96, -0.89), "MD -4.9 (-9.0 to -0.9)"),
        (("or", 4.42, 1.38, 14.19), "OR 4.42 (1.38-14.2)"),
        (("rd", 0.151, 0.0253, 0.2766), "RD 15 (3-28)"),
        (("smd", -0.48, -0.75, -0.2), "SMD -0.48 (-0.75 to -0.20)"),
        (("days", 19.0, None, None), "19"),
        (("ls-change", -18.25, None, None), "-18.25"),
        (("rd", 0.053, -0.136, None), "RD 5 (from -14)"),
        (("md", None, -7.87, 8.76), "MD (-7.9 to 8.8)"),
        (("f-statistic", 0.84, None, None, None, None, 0.54, ""), "F 0.84, p 0.54"),
        (("p-only", None, None, None, None, None, None, "<0.001"), "p <0.001"),
        (("not-significant", None, None, None, None, None, 0.9, ""), "not significant, p 0.90"),
        (("direction-only", None, None, None), "in words"),
        (("or", None, None, None), ""),
    ],
)
def test_an_effect_names_its_measure_and_shows_what_is_known(values: tuple[Value, ...], text: str) -> None:
    assert text == effect(values, ASCII)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (("md", -3.6, -7.16, -0.03), "MD -3.6 (-7.2 to -0.03)"),
        (("rd", 0.151, -0.0008, 0.3027), "RD 15 (-0.1 to 30)"),
        (("md", 0.0, -1.0, 1.0), "MD 0.0 (-1.0 to 1.0)"),
    ],
)
def test_an_end_close_to_no_effect_keeps_its_side(values: tuple[Value, ...], text: str) -> None:
    """An interval that just leaves out zero must not read as one that ends there."""
    assert text == effect(values, ASCII)


def test_text_with_its_time_and_without() -> None:
    display = Display("Outcome", "text-at", ("outcome", "time_days"))
    assert cell(display, {"outcome": "response", "time_days": 28.0}, ASCII) == "response, 28 d"
    assert cell(display, {"outcome": "response", "time_days": None}, ASCII) == "response"


def test_half_known_counts_show_what_is_missing() -> None:
    display = Display("n/N", "fraction", ("events", "total"))
    assert cell(display, {"events": 0, "total": None}, ASCII) == "0/?"
    assert cell(display, {"events": None, "total": 11}, ASCII) == "?/11"


def test_an_inequality_stands_in_for_a_p_value() -> None:
    display = Display("p", "p-value", ("p", "p_text"))
    assert cell(display, {"p": None, "p_text": "<0.001"}, ASCII) == "<0.001"
    assert cell(display, {"p": 0.0213, "p_text": ""}, ASCII) == "0.021"
