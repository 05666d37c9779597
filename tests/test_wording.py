"""How numbers read: rounding, signs, times, and cells that do nothing but show."""

import pytest

from ketcli import wording as text
from ketcli.render.cells import cell
from ketcli.report import Display
from ketcli.wording import ASCII, UNICODE


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (40 / 1440, "40 min"),
        (0.083, "2 h"),
        (0.167, "4 h"),
        (1.0, "24 h"),
        (2, "2 d"),
        (28.0, "28 d"),
        (10.5, "10.5 d"),
    ],
)
def test_durations_read_in_the_unit_people_use(days: float, expected: str) -> None:
    assert text.duration(days) == expected


@pytest.mark.parametrize(
    ("share", "expected"),
    [(12 / 17, "71"), (0.004, "0.4"), (0.0, "0"), (1.0, "100"), (0.999, "99.9"), (0.996, "99.6"), (0.5, "50")],
)
def test_percentages_are_whole_except_near_the_ends(share: float, expected: str) -> None:
    assert text.percent(share) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1.385, "1.39"), (0.049, "0.049"), (12.34, "12.3"), (350.2, "350"), (0.0, "0.00"), (float("inf"), "inf")],
)
def test_ratios_keep_two_significant_decimals(value: float, expected: str) -> None:
    assert text.ratio(value) == expected


def test_a_rounded_zero_has_no_sign() -> None:
    assert text.number(-0.04, 1, UNICODE) == "0.0"
    assert text.number(-0.4, 1, UNICODE) == "−0.4"
    assert text.number(0.4, 1, ASCII, sign=True) == "+0.4"


def test_p_values_are_never_zero() -> None:
    assert [text.p_value(p) for p in (0.0, 0.00099, 0.0012, 0.049, 0.2)] == [
        "<0.001",
        "<0.001",
        "0.001",
        "0.049",
        "0.20",
    ]


@pytest.mark.parametrize(
    ("form", "values", "expected"),
    [
        ("fraction", (12, 17), "12/17"),
        ("percent-interval", (0.7059, 0.4687, 0.8672), "71 % (47–87)"),
        ("percent-interval", (None, 0.42, 0.83), "42–83 %"),
        ("points-interval", (0.14, 0.039, 0.242), "+14 (4–24)"),
        ("points-interval", (-0.05, -0.12, 0.02), "−5 (−12 to 2)"),
        ("ratio-interval", (1.39, 1.1, 1.76), "1.39 (1.10–1.76)"),
        ("number-interval", (-3.6, -7.2, 0.07), "−3.6 (−7.2 to 0.1)"),
        ("text", (None,), ""),
        ("percent", (0.41,), "41 %"),
    ],
)
def test_forms(form: str, values: tuple[float | None, ...], expected: str) -> None:
    names = ("a", "b", "c")[: len(values)]
    display = Display("", form, names)  # type: ignore[arg-type]
    assert cell(display, dict(zip(names, values, strict=True)), UNICODE) == expected


def test_a_percent_without_limits_shows_no_empty_brackets() -> None:
    display = Display("", "percent-interval", ("a", "b", "c"))
    assert cell(display, {"a": 0.5, "b": None, "c": None}, UNICODE) == "50 %"


def test_control_and_direction_characters_are_spelled_out() -> None:
    assert text.visible("a\x1b[31m\u202eb\x00\x9b") == "a\\x1b[31m\\u202eb\\x00\\x9b"
    assert text.one_line("two\nlines\tand tab") == "two lines and tab"


def test_ascii_fallback_keeps_letters() -> None:
    assert text.plain("τ² 0.4 – Müller ≥ 5") == "tau2 0.4 - Muller >= 5"


def test_endless_numbers_are_written_with_their_exponent() -> None:
    assert text.ratio(4.717516563283488e29) == "4.7e+29"
    assert text.number(-123456789012.0, 1, UNICODE) == "−1.2e+11"
    assert text.ratio(350.0) == "350"
